/* Functions that crash: each costs its own item, says which signal it was, and nothing else. */
#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

/* ---- Faults ---- */

static OUTCOME_UNCHECKED int write_to_item(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    *(volatile int *)(uintptr_t)item = 1;
    return 0;
}

static void writing_to_null_costs_one_item(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), work_write_to_null, POOL_CRASHED, SIGSEGV);
}

static void items_are_read_only(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), write_to_item, POOL_CRASHED, SIGSEGV);
}

static void large_items_are_read_only(void **state)
{
    unsigned char *items = world_alloc(4, 100000);
    (void)state;
    pool_in_t in = pool_in(items, 4, 100000, &pool_type_plain);
    assert_int_equal(pool_map(world_pool(1), write_to_item, in, POOL_NONE), 4);
    for (size_t i = 0; i < 400000; i++)
        assert_int_equal(items[i], 0);
}

static OUTCOME_UNCHECKED int divide_by_zero(const void *item, void *result, pool_task_t *task)
{
    volatile int one = 1, zero = 0;
    (void)item;
    (void)result;
    (void)task;
    return one / zero;
}

static void dividing_by_zero_costs_one_item(void **state)
{
    (void)state;
#if defined(__x86_64__) || defined(__i386__)
    outcome_costs_one(world_pool(2), divide_by_zero, POOL_CRASHED, SIGFPE);
#else
    (void)divide_by_zero;
    skip();
#endif
}

/* ---- Stack overflow ---- */

static OUTCOME_UNCHECKED int descend(volatile int *depth)
{
    volatile char frame[512];
    frame[0] = (char)++*depth;
    return *depth < 0 ? frame[0] : descend(depth) + frame[0];
}

static int overflow_stack(const void *item, void *result, pool_task_t *task)
{
    volatile int depth = 0;
    (void)item;
    (void)result;
    (void)task;
    return descend(&depth);
}

static const char *message_of(pool_t *pool, pool_function_t function)
{
    int item = 0;
    assert_int_equal(pool_map(pool, function, POOL_IN(&item, 1), POOL_NONE), 1);
    return outcome_of(pool, 0)->message;
}

static void a_stack_overflow_costs_one_item_and_says_so(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* it ends the whole process by itself */
    pool_t *pool = world_pool(2);
    outcome_costs_one(pool, overflow_stack, POOL_CRASHED, SIGSEGV);
    assert_non_null(strstr(message_of(pool, overflow_stack), "stack overflow"));
    assert_null(strstr(message_of(pool, work_write_to_null), "stack overflow"));
}

/* ---- Signals that functions raise ---- */

static int call_abort(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    abort();
}

static int fail_assert(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    if (!freopen("/dev/null", "w", stderr)) /* its message is of no interest here */
        return 1;
    assert(result == NULL);
    abort(); /* where assertions are compiled out */
}

static void abort_costs_one_item(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), call_abort, POOL_CRASHED, SIGABRT);
}

static void a_failed_assertion_costs_one_item(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), fail_assert, POOL_CRASHED, SIGABRT);
}

static int kill_itself(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return raise(SIGKILL);
}

static void sigkill_costs_one_item(void **state)
{
    (void)state;
    outcome_costs_one(world_pool(2), kill_itself, POOL_CRASHED, SIGKILL);
}

static int raise_item(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    (void)task;
    raise(*(const int *)item);
    return 0;
}

static bool stops(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static bool harmless(int signal)
{
    return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
}

/* Prints the errors and looks for the signal's name. */
static void check_printed_name(const pool_t *pool, int signal)
{
    char *text = NULL, name[32];
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    pool_print_errors(pool, stream);
    fclose(stream);
    const char *known = sigabbrev_np(signal);
    snprintf(name, sizeof name, "SIG%s", known ? known : "RTMIN");
    if (known || (signal > SIGRTMIN && signal < SIGRTMAX))
        assert_non_null(strstr(text, name));
    free(text);
}

static void every_signal_that_kills_is_named(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* it has a use for some of them */
    pool_t *pool = world_pool(1);
    for (int signal = 1; signal < NSIG; signal++) {
        bool reserved = signal > SIGSYS && signal < SIGRTMIN; /* of the C library */
        if (stops(signal) || reserved)
            continue;
        int failed = pool_map(pool, raise_item, POOL_IN(&signal, 1), POOL_NONE);
        assert_int_equal(failed, !harmless(signal));
        if (!failed)
            continue;
        outcome_is(pool, 0, POOL_CRASHED, signal);
        check_printed_name(pool, signal);
    }
}

/* ---- Many ---- */

/* Every seventh one ends badly, in another way each time. */
static int crash_sometimes(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    if (value % 7 == 3) {
        switch (value / 7 % 4) {
        case 0:
            abort();
        case 1:
            raise(SIGKILL);
            break;
        case 2:
            _exit(value % 100);
        default:
            return pool_fail(task, value, "item %d", value);
        }
    }
    *(int *)result = 5 * value;
    return 0;
}

static void check_mixed_outcomes(const pool_t *pool, const int *results, int count)
{
    outcome_errors_in_order(pool, (size_t)count, (size_t)((count + 3) / 7));
    for (int i = 0; i < count; i++) {
        size_t index = (size_t)i;
        if (i % 7 != 3)
            assert_int_equal(results[i], 5 * i);
        else if (i / 7 % 4 == 0)
            outcome_is(pool, index, POOL_CRASHED, SIGABRT);
        else if (i / 7 % 4 == 1)
            outcome_is(pool, index, POOL_CRASHED, SIGKILL);
        else if (i / 7 % 4 == 2)
            outcome_is(pool, index, POOL_EXITED, i % 100);
        else
            outcome_is(pool, index, POOL_FAILED, i);
    }
}

static void crashes_among_many_items_keep_results_in_order(void **state)
{
    enum { COUNT = 700 };
    static const size_t chunks[] = {0, 1, 10, COUNT};
    int items[COUNT], results[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
    pool_t *pool = world_pool(3);
    for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
        pool_map_options_t options = {.chunksize = chunks[k]};
        memset(results, 0, sizeof results);
        assert_int_equal(pool_map_with(pool, crash_sometimes, POOL_IN(items, COUNT),
                                       POOL_OUT(results), &options),
                         COUNT / 7);
        check_mixed_outcomes(pool, results, COUNT);
    }
    outcome_pool_works(pool);
    assert_true(outcome_replaced(pool, 4 * COUNT / 7 * 3 / 4));
}

static void every_item_may_crash(void **state)
{
    enum { COUNT = 300 };
    char items[COUNT] = {0};
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, call_abort, POOL_IN(items, COUNT), POOL_NONE), COUNT);
    outcome_errors_in_order(pool, COUNT, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        outcome_is(pool, i, POOL_CRASHED, SIGABRT);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(writing_to_null_costs_one_item),
        WORLD_TEST(items_are_read_only),
        WORLD_TEST(large_items_are_read_only),
        WORLD_TEST(dividing_by_zero_costs_one_item),
        WORLD_TEST(a_stack_overflow_costs_one_item_and_says_so),
        WORLD_TEST(abort_costs_one_item),
        WORLD_TEST(a_failed_assertion_costs_one_item),
        WORLD_TEST(sigkill_costs_one_item),
        WORLD_TEST(every_signal_that_kills_is_named),
        WORLD_TEST(crashes_among_many_items_keep_results_in_order),
        WORLD_TEST(every_item_may_crash),
    };
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    return cmocka_run_group_tests(tests, NULL, NULL);
}
