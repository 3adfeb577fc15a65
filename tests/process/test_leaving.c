/* Ways out of a call other than its return: handlers that exit, jumps, and exit() in another thread.
 * A call that finds its own thread inside says so, and pool_free() never hangs or crashes. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { WORKERS = 2, COUNT = 2000, LONG = 10000 };

static pool_t *pool;
static struct ledger *started;
static int numbers[COUNT], results[COUNT];

/* Where a call is interrupted. */
enum place { WITH_THE_LOCK, ASLEEP, PLACES };

static int mark_and_hang(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(started, 0);
    return work_hang(item, result, task);
}

/* A source whose second item raises SIGUSR1: sources run with the lock of the pool held. */
static int raise_at_second(void *context, void *item)
{
    int *next = context;
    if (*next == 1)
        raise(SIGUSR1);
    *(int *)item = *next;
    return ++*next <= WORKERS;
}

/* The body of a thread: sends SIGUSR1 to the thread at `argument` when all workers run an item. */
static void *signal_later(void *argument)
{
    if (ledger_reaches(started, WORKERS, LONG))
        pthread_kill(*(pthread_t *)argument, SIGUSR1);
    return NULL;
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(signal, &action, NULL);
}

/* Makes a call that is interrupted by SIGUSR1 in this place. Returns what the call returned. */
static int call_interrupted(enum place place, pool_function_t function)
{
    static pool_iterator_t *iterator;
    static pthread_t self, thread;
    static int next;
    pool_source_t source = {POOL_IN((int *)NULL, 0), raise_at_second, &next};
    next = 0;
    if (place == WITH_THE_LOCK) {
        int error = pool_imap(pool, function, &source, POOL_RESULT(int), NULL, &iterator);
        if (error == 0)
            pool_iterator_free(iterator);
        return error;
    }
    self = pthread_self();
    if (pthread_create(&thread, NULL, signal_later, &self) != 0)
        return 1;
    int code = pool_map(pool, function, POOL_IN(numbers, WORKERS), POOL_OUT(results));
    pthread_join(thread, NULL);
    return code;
}

/* ---- Handlers that exit ---- */

/* Registered with atexit() by the host: its last handler is called first. */
static void free_and_end(void)
{
    pool_free(pool);
    _exit(0);
}

static void on_signal_exit(int signal)
{
    (void)signal;
    exit(7);
}

static void exit_in_a_call(void *place)
{
    pool = subhost_pool(WORKERS, 0);
    handle(SIGUSR1, on_signal_exit);
    atexit(free_and_end);
    call_interrupted(*(enum place *)place, mark_and_hang);
    subhost_fail(__FILE__, __LINE__, "the call returned");
}

static void a_handler_may_exit_where_atexit_frees_the_pool(void **state)
{
    (void)state;
    for (enum place place = 0; place < PLACES; place++) {
        started = ledger_make(1);
        subhost_passes(exit_in_a_call, &place);
    }
}

static int raise_in_item(const void *item, void *result, pool_task_t *task)
{
    raise(SIGUSR1);
    return work_copy(item, result, task);
}

static void exit_in_a_serial_call(void *place)
{
    const pool_options_t options = {.serial = true};
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    handle(SIGUSR1, on_signal_exit);
    atexit(free_and_end);
    if (*(enum place *)place == WITH_THE_LOCK)
        call_interrupted(WITH_THE_LOCK, work_copy);
    else
        pool_map(pool, raise_in_item, POOL_IN(numbers, 1), POOL_OUT(results));
    subhost_fail(__FILE__, __LINE__, "the call returned");
}

static void a_handler_may_exit_in_a_call_on_a_serial_pool(void **state)
{
    (void)state;
    for (enum place place = 0; place < PLACES; place++)
        subhost_passes(exit_in_a_serial_call, &place);
}

static void exit_after(void *microseconds)
{
    const struct itimerval time = {.it_value = {.tv_usec = *(int *)microseconds}};
    pool = subhost_pool(WORKERS, 0);
    handle(SIGALRM, on_signal_exit);
    atexit(free_and_end);
    setitimer(ITIMER_REAL, &time, NULL);
    for (;;)
        SUBHOST_EQUAL(pool_map(pool, work_copy, POOL_IN(numbers, COUNT), POOL_OUT(results)), 0);
}

static void it_may_at_any_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        int microseconds = 1 + i * 7919 % 3000;
        subhost_passes(exit_after, &microseconds);
    }
}

/* ---- Handlers that call ---- */

static struct {
    int codes[8];
    bool called, frees;
} visit;

static void on_signal_call(int signal)
{
    int i = 0;
    pool_future_t *future = NULL;
    (void)signal;
    visit.codes[i++] = pool_map(pool, work_copy, POOL_IN(numbers, 1), POOL_OUT(results));
    visit.codes[i++] =
        pool_map_async(pool, work_copy, POOL_IN(numbers, 1), POOL_OUT(results), NULL, &future);
    visit.codes[i++] = pool_step(pool);
    visit.codes[i++] = pool_resize(pool, 1);
    visit.codes[i++] = pool_close(pool);
    visit.codes[i++] = pool_join(pool);
    visit.codes[i++] = pool_terminate(pool);
    visit.codes[i++] = future || pool_shared_alloc(pool, 1, 1) ? 0 : POOL_EBUSY;
    visit.called = true;
    if (visit.frees)
        pool_free(pool);
}

static int mark_and_copy_soon(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(started, 0);
    ledger_reaches(started, WORKERS + 1, LONG); /* the handler has returned */
    return work_copy(item, result, task);
}

static void on_signal_call_and_mark(int signal)
{
    on_signal_call(signal);
    ledger_mark(started, 0);
}

static void calls_of_a_handler_within_a_call_are_refused(void **state)
{
    (void)state;
    for (enum place place = 0; place < PLACES; place++) {
        memset(&visit, 0, sizeof visit);
        started = ledger_make(1);
        pool = world_pool(WORKERS);
        handle(SIGUSR1, on_signal_call_and_mark);
        assert_int_equal(call_interrupted(place, place == ASLEEP ? mark_and_copy_soon : work_copy),
                         0);
        assert_true(visit.called);
        for (int i = 0; i < 8; i++)
            assert_int_equal(visit.codes[i], POOL_EBUSY);
        outcome_pool_works(pool);
        world_free(pool);
    }
}

static void a_handler_that_frees_the_pool_breaks_it(void **state)
{
    (void)state;
    memset(&visit, 0, sizeof visit);
    visit.frees = true;
    started = ledger_make(1);
    pool = world_pool(WORKERS);
    handle(SIGUSR1, on_signal_call);
    assert_int_equal(call_interrupted(ASLEEP, mark_and_hang), POOL_EBROKEN);
    assert_int_equal(pool_errors(pool, NULL), WORKERS);
    assert_int_equal(pool_step(pool), 0);
}

/* ---- Jumps ---- */

static sigjmp_buf start;

static void on_signal_jump(int signal)
{
    (void)signal;
    siglongjmp(start, 1);
}

static bool other_works(void)
{
    int number = 3, result = 0;
    pool_t *other = subhost_pool(WORKERS, 0);
    int code = pool_map(other, work_triple, POOL_IN(&number, 1), POOL_OUT(&result));
    pool_free(other);
    return code == 0 && result == 9;
}

static void jump(void *place)
{
    pid_t pids[WORKERS];
    pool = subhost_pool(WORKERS, 0);
    SUBHOST_EQUAL(pool_pids(pool, pids, WORKERS), WORKERS);
    handle(SIGUSR1, on_signal_jump);
    if (sigsetjmp(start, 1) == 0) {
        call_interrupted(*(enum place *)place, mark_and_hang);
        subhost_fail(__FILE__, __LINE__, "the call returned");
    }
    SUBHOST_EQUAL(pool_map(pool, work_copy, POOL_IN(numbers, 1), POOL_OUT(results)), POOL_EBUSY);
    SUBHOST_EQUAL(pool_step(pool), POOL_EBUSY);
    SUBHOST_EQUAL(pool_terminate(pool), POOL_EBUSY);
    SUBHOST_CHECK(other_works());
    pool_free(pool);
    SUBHOST_CHECK(process_end(pids, WORKERS, LONG));
    SUBHOST_CHECK(other_works());
}

static void after_a_jump_the_pool_is_busy_and_can_be_freed(void **state)
{
    (void)state;
    for (enum place place = 0; place < PLACES; place++) {
        started = ledger_make(1);
        subhost_passes(jump, &place);
    }
}

/* ---- Other threads ---- */

static void *map_once(void *code)
{
    *(int *)code = pool_map(pool, mark_and_hang, POOL_IN(numbers, 1), POOL_NONE);
    return NULL;
}

static void free_below_calls(void *unused)
{
    pthread_t threads[WORKERS];
    static int codes[WORKERS];
    (void)unused;
    pool = subhost_pool(WORKERS, 0);
    for (int i = 0; i < WORKERS; i++)
        SUBHOST_EQUAL(pthread_create(&threads[i], NULL, map_once, &codes[i]), 0);
    SUBHOST_CHECK(ledger_reaches(started, WORKERS, LONG));
    pool_free(pool);
    for (int i = 0; i < WORKERS; i++) {
        SUBHOST_EQUAL(pthread_join(threads[i], NULL), 0);
        SUBHOST_EQUAL(codes[i], POOL_ECLOSED);
    }
}

static void exit_below_calls(void *unused)
{
    pthread_t threads[WORKERS];
    static int codes[WORKERS];
    (void)unused;
    pool = subhost_pool(WORKERS, 0);
    atexit(free_and_end);
    for (int i = 0; i < WORKERS; i++)
        SUBHOST_EQUAL(pthread_create(&threads[i], NULL, map_once, &codes[i]), 0);
    SUBHOST_CHECK(ledger_reaches(started, WORKERS, LONG));
    exit(7);
}

static void other_threads_are_let_out_before_the_pool_is_freed(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        started = ledger_make(1);
        subhost_passes(i % 2 ? free_below_calls : exit_below_calls, NULL);
    }
}

static _Atomic bool in_callback, callback_returns;

static void be_slow(pool_future_t *future, void *forever)
{
    (void)future;
    in_callback = true;
    poll(NULL, 0, forever ? -1 : 100);
    callback_returns = true;
}

static void *map_with_callback(void *forever)
{
    pool_map_options_t options = {.callback = be_slow, .context = forever};
    pool_map_with(pool, work_copy, POOL_IN(numbers, 1), POOL_OUT(results), &options);
    return NULL;
}

static bool is_in_callback(void *unused)
{
    (void)unused;
    return in_callback;
}

static void free_below_callback(void *forever)
{
    pthread_t thread;
    pid_t pids[WORKERS];
    pool = subhost_pool(WORKERS, 1);
    SUBHOST_EQUAL(pool_pids(pool, pids, WORKERS), WORKERS);
    SUBHOST_EQUAL(pthread_create(&thread, NULL, map_with_callback, forever), 0);
    SUBHOST_CHECK(deadline_met(LONG, is_in_callback, NULL));
    pool_free(pool);
    SUBHOST_CHECK(process_end(pids, WORKERS, LONG));
    if (forever)
        return;
    SUBHOST_CHECK(callback_returns);
    SUBHOST_EQUAL(pthread_join(thread, NULL), 0);
}

static void a_callback_in_another_thread_is_waited_for_but_not_for_ever(void **state)
{
    int forever = 1;
    (void)state;
    subhost_passes(free_below_callback, NULL);
    subhost_passes(free_below_callback, &forever);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_handler_may_exit_where_atexit_frees_the_pool),
        WORLD_TEST(a_handler_may_exit_in_a_call_on_a_serial_pool),
        WORLD_TEST(it_may_at_any_moment),
        WORLD_TEST(calls_of_a_handler_within_a_call_are_refused),
        WORLD_TEST(a_handler_that_frees_the_pool_breaks_it),
        WORLD_TEST(after_a_jump_the_pool_is_busy_and_can_be_freed),
        WORLD_TEST(other_threads_are_let_out_before_the_pool_is_freed),
        WORLD_TEST(a_callback_in_another_thread_is_waited_for_but_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
