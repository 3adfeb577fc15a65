/* Functions that end their process: an exit is an error of the item whatever its status, and what
 * the host registered or had not printed yet stays the host's. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/subhost.h"
#include "support/world.h"

static int exit_0(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    exit(0);
}

static int exit_3(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    exit(3);
}

static int leave_0(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    _exit(0);
}

static int leave_3(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    _exit(3);
}

static int leave_99(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    _exit(99);
}

static int leave_255(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    _exit(255);
}

static int leave_quickly(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    quick_exit(4);
}

static void exit_costs_one_item(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    outcome_costs_one(pool, exit_0, POOL_EXITED, 0);
    outcome_costs_one(pool, exit_3, POOL_EXITED, 3);
    outcome_costs_one(pool, leave_0, POOL_EXITED, 0);
    outcome_costs_one(pool, leave_3, POOL_EXITED, 3);
    outcome_costs_one(pool, leave_99, POOL_EXITED, 99);
    outcome_costs_one(pool, leave_255, POOL_EXITED, 255);
    outcome_costs_one(pool, leave_quickly, POOL_EXITED, 4);
}

static void ignore_exit(void)
{
}

/* Handlers of the function's own come before the worker's. */
static int exit_with_own_handler(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    atexit(ignore_exit);
    exit(5);
}

static void exit_handlers_of_functions_do_no_harm(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), exit_with_own_handler, POOL_EXITED, 5);
}

static int end_thread(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    pthread_exit(NULL);
}

static void ending_the_only_thread_costs_one_item(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* it finds a leak then, and exits by itself */
    outcome_costs_one(world_pool(2), end_thread, POOL_EXITED, 0);
}

static void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* The process has another thread then, and would go on. */
static int end_first_of_two_threads(const void *item, void *result, pool_task_t *task)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, wait_for_ever, NULL);
    return error ? error : end_thread(item, result, task);
}

static void *cancel(void *thread)
{
    pthread_cancel(*(pthread_t *)thread);
    return wait_for_ever(NULL);
}

static int be_cancelled(const void *item, void *result, pool_task_t *task)
{
    pthread_t self = pthread_self(), thread;
    (void)item;
    (void)result;
    (void)task;
    int error = pthread_create(&thread, NULL, cancel, &self);
    if (!error)
        wait_for_ever(NULL);
    return error;
}

static void ending_the_first_of_several_threads_costs_one_item(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* as above */
    outcome_costs_one(world_pool(2), end_first_of_two_threads, POOL_EXITED, 0);
    outcome_costs_one(world_pool(2), be_cancelled, POOL_EXITED, 0);
}

static struct ledger *cleanups;

static void mark_cleanup(void *unused)
{
    (void)unused;
    ledger_mark(cleanups, 0);
}

/* The worker has a copy of the host's stack, with the handlers that the host's thread has pushed. */
static void ending_a_thread_runs_no_cleanup_handler_of_the_host(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* as above */
    cleanups = ledger_make(1);
    pthread_cleanup_push(mark_cleanup, NULL);
    outcome_costs_one(world_pool(2), end_thread, POOL_EXITED, 0);
    pthread_cleanup_pop(0);
    assert_int_equal(ledger_total(cleanups), 0);
}

static int become_program(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
    return 1;
}

static void becoming_another_program_costs_one_item(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), become_program, POOL_EXITED, 7);
}

/* A program that outlives everything else must not be taken for a worker. */
static int become_long_program(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    if (fork() == 0)
        execl("/bin/sleep", "sleep", "1000", (char *)NULL);
    return 0;
}

static void programs_that_functions_start_end_with_the_pool(void **state)
{
    char items[10] = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, become_long_program, POOL_IN(items, 10), POOL_NONE), 0);
}

/* ---- What is printed, and who runs exit handlers ---- */

enum { ITEMS = 40 };

static int marker = -1;

static void mark_exit(void)
{
    if (write(marker, "E", 1) != 1)
        _exit(1);
}

/* Prints a letter without flushing it, then ends in one of many ways. */
static int print_and_end(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    fputs("t", stdout);
    switch (*(const int *)item % 4) {
    case 0:
        exit(0);
    case 1:
        exit(9);
    default:
        return 0;
    }
}

struct files {
    int output, marker;
};

/* A host that has printed something, but not flushed it, and has an exit handler. */
static void print_in_host(void *argument)
{
    const struct files *files = argument;
    int items[ITEMS];
    pool_t *pool;
    pool_options_t options = {.processes = 3};
    marker = files->marker;
    SUBHOST_CHECK(dup2(files->output, STDOUT_FILENO) >= 0);
    SUBHOST_CHECK(setvbuf(stdout, NULL, _IOFBF, 4096) == 0);
    SUBHOST_CHECK(atexit(mark_exit) == 0);
    FILE *log = fdopen(dup(files->marker), "w");
    fputs("L", log);
    fputs("h", stdout);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    SUBHOST_EQUAL(pool_map(pool, print_and_end, POOL_IN(items, ITEMS), POOL_NONE), ITEMS / 2);
    pool_free(pool);
    exit(0);
}

static size_t count_bytes(int file, char wanted)
{
    char bytes[4096];
    size_t count = 0;
    ssize_t got = pread(file, bytes, sizeof bytes, 0);
    for (ssize_t i = 0; i < got; i++)
        count += bytes[i] == wanted;
    return count;
}

static size_t file_size(int file)
{
    struct stat stat;
    assert_int_equal(fstat(file, &stat), 0);
    return (size_t)stat.st_size;
}

static void the_host_prints_and_exits_once(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* the host that exits seems to leak what its test had */
    FILE *output = tmpfile(), *marks = tmpfile();
    struct files files = {fileno(output), fileno(marks)};
    fcntl(files.output, F_SETFL, O_APPEND);
    fcntl(files.marker, F_SETFL, O_APPEND);
    subhost_passes(print_in_host, &files);
    assert_int_equal(count_bytes(files.output, 'h'), 1);
    assert_int_equal(count_bytes(files.output, 't'), ITEMS); /* nor is a function's output lost */
    assert_int_equal(file_size(files.output), ITEMS + 1);
    assert_int_equal(count_bytes(files.marker, 'E'), 1);
    assert_int_equal(count_bytes(files.marker, 'L'), 1);
    assert_int_equal(file_size(files.marker), 2);
    fclose(output);
    fclose(marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(exit_costs_one_item),
        WORLD_TEST(exit_handlers_of_functions_do_no_harm),
        WORLD_TEST(ending_the_only_thread_costs_one_item),
        WORLD_TEST(ending_the_first_of_several_threads_costs_one_item),
        WORLD_TEST(ending_a_thread_runs_no_cleanup_handler_of_the_host),
        WORLD_TEST(becoming_another_program_costs_one_item),
        WORLD_TEST(programs_that_functions_start_end_with_the_pool),
        WORLD_TEST(the_host_prints_and_exits_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
