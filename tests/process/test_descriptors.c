/* The host's descriptors, standard streams and memory: none is taken, none is left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_FREED_MEMORY true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_FREED_MEMORY true
#endif
#endif
#ifndef KEEPS_FREED_MEMORY
#define KEEPS_FREED_MEMORY false
#endif

enum { ITEMS = 100 };

static void check_map(pool_t *pool)
{
    int items[ITEMS], results[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    items[50] = -SIGABRT;
    SUBHOST_EQUAL(pool_map(pool, work_copy_or_raise, POOL_IN(items, ITEMS), POOL_OUT(results)), 1);
    for (int i = 0; i < ITEMS; i++)
        if (i != 50)
            SUBHOST_EQUAL(results[i], i);
}

/* ---- Standard streams ---- */

/* Those whose bit is set in `closed` are; the pool must not take their numbers. */
static void live_with_closed_streams(void *closed)
{
    for (int i = 0; i < 3; i++)
        if (*(int *)closed >> i & 1)
            close(i);
    pool_t *pool = subhost_pool(2, 0);
    for (int i = 0; i < 3; i++)
        if (*(int *)closed >> i & 1 && fcntl(i, F_GETFD) >= 0)
            _exit(2);
    check_map(pool);
    pool_free(pool);
    for (int i = 0; i < 3; i++)
        if (*(int *)closed >> i & 1 && fcntl(i, F_GETFD) >= 0)
            _exit(3);
}

static void a_host_may_have_closed_its_standard_streams(void **state)
{
    (void)state;
    for (int closed = 1; closed < 8; closed++)
        subhost_passes(live_with_closed_streams, &closed);
}

static int read_input(const void *item, void *result, pool_task_t *task)
{
    char byte;
    (void)item;
    (void)result;
    (void)task;
    return (int)read(STDIN_FILENO, &byte, 1);
}

/* The host's input is in a pipe, and stays there. */
static void keep_input(void *unused)
{
    int ends[2], items[10] = {0};
    char bytes[16];
    (void)unused;
    SUBHOST_EQUAL(pipe(ends), 0);
    SUBHOST_EQUAL(write(ends[1], "0123456789", 10), 10);
    SUBHOST_EQUAL(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    pool_t *pool = subhost_pool(2, 0);
    SUBHOST_EQUAL(pool_map(pool, read_input, POOL_IN(items, 10), POOL_NONE), 0);
    pool_free(pool);
    SUBHOST_EQUAL(read(STDIN_FILENO, bytes, sizeof bytes), 10);
}

static void workers_do_not_read_the_hosts_input(void **state)
{
    (void)state;
    subhost_passes(keep_input, NULL);
}

/* ---- Descriptors ---- */

static void check_close_on_exec(void *unused)
{
    struct world *before = world_take();
    bool open[1024];
    (void)unused;
    for (int i = 0; i < 1024; i++)
        open[i] = fcntl(i, F_GETFD) >= 0;
    pool_t *pool = subhost_pool(2, 0);
    int made = 0;
    for (int i = 0; i < 1024; i++) {
        int flags = fcntl(i, F_GETFD);
        if (open[i] || flags < 0)
            continue;
        made++;
        SUBHOST_CHECK(flags & FD_CLOEXEC);
        SUBHOST_CHECK(i > 2);
    }
    SUBHOST_CHECK(made > 0 && made <= 8);
    pool_free(pool);
    SUBHOST_CHECK(world_same(before));
    free(before);
}

static void a_pool_has_few_descriptors_and_none_survives_exec(void **state)
{
    (void)state;
    subhost_passes(check_close_on_exec, NULL);
}

/* Counts the descriptors of the process whose files are in memory. */
static int count_memory_files(pid_t pid)
{
    char path[64], target[256];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *directory = opendir(path);
    SUBHOST_CHECK(directory);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        count += strncmp(target, "/memfd:", 7) == 0;
    }
    closedir(directory);
    return count;
}

/* What lies behind the shared memory could be resized or written by its descriptor. The workers
 * that the map replaces are as the first ones. */
static void look_for_memory_files(void *unused)
{
    pid_t pids[2] = {0, 0};
    (void)unused;
    pool_t *pool = subhost_pool(2, 0);
    for (int i = 0; i < 2; i++) {
        check_map(pool);
        SUBHOST_EQUAL(pool_pids(pool, pids, 2), 2);
        SUBHOST_EQUAL(count_memory_files(getpid()), 0);
        for (int k = 0; k < 2; k++)
            if (pids[k])
                SUBHOST_EQUAL(count_memory_files(pids[k]), 0);
        SUBHOST_EQUAL(count_memory_files(process_supervisor(pids[0] ? pids[0] : pids[1])), 0);
    }
    pool_free(pool);
}

static void no_process_has_a_descriptor_of_shared_memory(void **state)
{
    (void)state;
    subhost_passes(look_for_memory_files, NULL);
}

static void use_large_numbers(void *unused)
{
    struct rlimit limit = {4096, 4096};
    (void)unused;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        subhost_skip("not so many descriptors are allowed");
    for (int i = 0; i < 2000; i++)
        SUBHOST_CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
    pool_t *pool = subhost_pool(2, 0);
    check_map(pool);
    pool_free(pool);
}

static void numbers_of_descriptors_may_be_large(void **state)
{
    (void)state;
    subhost_passes(use_large_numbers, NULL);
}

static void the_first_pool_leaves_nothing(void *unused)
{
    struct world *before = world_take();
    (void)unused;
    pool_free(subhost_pool(2, 0));
    SUBHOST_CHECK(world_same(before));
    free(before);
}

static void even_the_first_pool_of_a_program_leaves_nothing(void **state)
{
    (void)state;
    subhost_passes(the_first_pool_leaves_nothing, NULL);
}

/* ---- Slopes ---- */

static int count_mappings(void)
{
    int lines = 0, c;
    FILE *file = fopen("/proc/self/maps", "re");
    while (file && (c = getc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void make_pools(int count)
{
    for (int i = 0; i < count; i++) {
        pool_t *pool = subhost_pool(2, 0);
        if (i % 10 == 0)
            check_map(pool);
        if (i % 3 == 0)
            pool_terminate(pool);
        pool_free(pool);
    }
}

static void make_hundreds_of_pools(void *unused)
{
    const int count = 300 / deadline_slowness();
    (void)unused;
    make_pools(count / 3);
    struct world *before = world_take();
    long resident = process_kilobytes(getpid(), "VmRSS");
    SUBHOST_CHECK(resident > 0);
    int mappings = count_mappings();
    make_pools(count - count / 3);
    SUBHOST_CHECK(world_same(before));
    SUBHOST_CHECK(KEEPS_FREED_MEMORY || count_mappings() <= mappings + 2);
    SUBHOST_CHECK(KEEPS_FREED_MEMORY || deadline_valgrind() ||
                  process_kilobytes(getpid(), "VmRSS") < resident + 512);
    free(before);
}

static void hundreds_of_pools_leave_nothing(void **state)
{
    (void)state;
    subhost_passes(make_hundreds_of_pools, NULL);
}

/* A pool that could not be made leaves nothing either. */
static int refuse(void *argument, void **state, pool_task_t *task)
{
    (void)argument;
    (void)state;
    return pool_fail(task, 1, "no");
}

static void fail_to_make_pools(void *unused)
{
    pool_t *pool;
    pool_options_t options = {.processes = 3, .initializer = refuse};
    struct world *before = world_take();
    (void)unused;
    for (int i = 0; i < 20; i++)
        SUBHOST_EQUAL(pool_create(&pool, &options), POOL_EINIT);
    SUBHOST_CHECK(world_same(before));
    free(before);
}

static void pools_that_could_not_be_made_leave_nothing(void **state)
{
    (void)state;
    subhost_passes(fail_to_make_pools, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_host_may_have_closed_its_standard_streams),
        WORLD_TEST(workers_do_not_read_the_hosts_input),
        WORLD_TEST(a_pool_has_few_descriptors_and_none_survives_exec),
        WORLD_TEST(no_process_has_a_descriptor_of_shared_memory),
        WORLD_TEST(numbers_of_descriptors_may_be_large),
        WORLD_TEST(even_the_first_pool_of_a_program_leaves_nothing),
        WORLD_TEST(hundreds_of_pools_leave_nothing),
        WORLD_TEST(pools_that_could_not_be_made_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
