/* pool_interrupt(): calls that wait return -EINTR, and what has not started never starts. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "process/cancel.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

static pool_t *pool; /* the one that the handler interrupts */
static struct ledger *told;
static struct gate *gate;

/* ---- Functions ---- */

static int hang_when_cancelled(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    ledger_mark(started, pool_task_index(task));
    while (!pool_task_cancelled(task))
        poll(NULL, 0, 1);
    ledger_mark(told, 0);
    for (;;)
        poll(NULL, 0, -1);
    return 0;
}

static int wait_at_gate(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    ledger_mark(started, pool_task_index(task));
    *(size_t *)result = 3 * pool_task_index(task);
    return gate_pass(gate) ? 0 : 1;
}

/* ---- Interrupting ---- */

static void on_interrupt(int signal)
{
    int before = errno;
    (void)signal;
    if (pool_interrupt(pool) < 0 || errno != before)
        ledger_mark(told, 1);
}

/* A thread that interrupts: it sends SIGINT to the thread `to` when the ledger has counted so much. */
struct interrupter {
    pthread_t thread, to;
    const struct ledger *ledger;
    uint64_t total;
    const struct ledger *then; /* NULL, or: sends a second one when this has counted WORKERS */
};

static void *interrupt_later(void *argument)
{
    const struct interrupter *this = argument;
    if (!ledger_reaches(this->ledger, this->total, LONG))
        return NULL;
    pthread_kill(this->to, SIGINT);
    if (this->then && ledger_reaches(this->then, WORKERS, LONG))
        pthread_kill(this->to, SIGINT);
    return NULL;
}

static void interrupt_at(struct interrupter *this, const struct ledger *ledger, uint64_t total)
{
    this->ledger = ledger;
    this->total = total;
    this->to = pthread_self();
    assert_int_equal(pthread_create(&this->thread, NULL, interrupt_later, this), 0);
}

static void interrupted(struct interrupter *this)
{
    assert_int_equal(pthread_join(this->thread, NULL), 0);
    assert_int_equal(ledger_count(told, 1), 0);
}

static void prepare(bool serial)
{
    const pool_options_t options = {.processes = WORKERS, .serial = serial};
    struct sigaction action = {.sa_handler = on_interrupt};
    cancel_prepare();
    told = ledger_make(2);
    gate = gate_make();
    pool = world_pool_with(&options);
    sigaction(SIGINT, &action, NULL);
}

/* Items that ended have results, all others are listed as cancelled; there are `good` of them. */
static void check_cancelled(size_t good)
{
    const pool_error_t *errors;
    assert_int_equal(pool_errors(pool, &errors), ITEMS - good);
    cancel_check(errors);
}

static int map(pool_function_t function, size_t chunksize)
{
    const pool_map_options_t options = {.chunksize = chunksize};
    return pool_map_with(pool, function, POOL_IN(items, ITEMS), POOL_OUT(results), &options);
}

/* ---- Calls that run items ---- */

static void a_map_ends_with_the_items_that_run(void **state)
{
    static const size_t chunks[] = {0, 1, 7, ITEMS / WORKERS};
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        struct interrupter interrupter = {.then = NULL};
        prepare(false);
        interrupt_at(&interrupter, started, WORKERS);
        assert_int_equal(map(cancel_awaited, chunks[k]), -EINTR);
        interrupted(&interrupter);
        check_cancelled(WORKERS);
        assert_int_equal(ledger_total(started), WORKERS);
        outcome_pool_works(pool);
        assert_int_equal(pool_replaced(pool), 0);
        world_free(pool);
    }
}

static void a_second_interrupt_ends_the_items_that_run(void **state)
{
    struct interrupter interrupter = {.then = NULL};
    (void)state;
    prepare(false);
    interrupter.then = told;
    interrupt_at(&interrupter, started, WORKERS);
    assert_int_equal(map(hang_when_cancelled, 1), -EINTR);
    interrupted(&interrupter);
    check_cancelled(0);
    outcome_pool_works(pool);
    assert_true(outcome_replaced(pool, WORKERS));
}

static void all_calls_that_run_items_end(void **state)
{
    int64_t sum = 7;
    char item = 0;
    (void)state;
    for (int call = 0; call < 3; call++) {
        struct interrupter interrupter = {.then = NULL};
        int code = 0;
        prepare(false);
        interrupt_at(&interrupter, started, call == 2 ? 1 : WORKERS);
        if (call == 0)
            code = pool_fold(pool, cancel_awaited, work_merge_int64, POOL_IN(items, ITEMS),
                             POOL_OUT(&sum), NULL);
        else if (call == 1)
            code = pool_broadcast(pool, cancel_awaited, POOL_IN(&item, 1), POOL_NONE);
        else
            code = pool_apply(pool, cancel_awaited, POOL_IN(&item, 1), POOL_NONE);
        interrupted(&interrupter);
        assert_int_equal(code, -EINTR);
        assert_int_equal(pool_errors(pool, NULL), call == 0 ? ITEMS - WORKERS : 0);
        outcome_pool_works(pool);
        world_free(pool);
    }
    assert_int_equal(sum, 7);
}

static void the_next_call_ends_at_once_if_none_waits(void **state)
{
    (void)state;
    for (int serial = 0; serial < 2; serial++) {
        prepare(serial);
        for (int i = 0; i < 3; i++)
            assert_int_equal(pool_interrupt(pool), 0);
        assert_int_equal(map(cancel_awaited, 0), -EINTR);
        assert_int_equal(ledger_total(started), 0);
        check_cancelled(0);
        outcome_pool_works(pool);
        world_free(pool);
    }
}

static void note_code(pool_future_t *future, void *context)
{
    int *codes = context;
    codes[0]++;
    codes[1] = pool_future_get(future, 0);
}

static void the_error_callback_is_called_once(void **state)
{
    int codes[2] = {0, 0};
    const pool_map_options_t options = {
        .callback = note_code, .error_callback = note_code, .context = codes};
    struct interrupter interrupter = {.then = NULL};
    (void)state;
    prepare(false);
    interrupt_at(&interrupter, started, WORKERS);
    assert_int_equal(
        pool_map_with(pool, cancel_awaited, POOL_IN(items, ITEMS), POOL_NONE, &options), -EINTR);
    interrupted(&interrupter);
    assert_int_equal(codes[0], 1);
    assert_int_equal(codes[1], POOL_EBUSY); /* a callback must not wait, and gets no code */
}

static int interrupt_in_item(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    ledger_mark(started, pool_task_index(task));
    *(size_t *)result = 3 * pool_task_index(task);
    ledger_mark(ended, pool_task_index(task));
    if (pool_task_index(task) == 6)
        raise(SIGINT);
    return 0;
}

static void a_serial_pool_ends_the_chunk_first(void **state)
{
    (void)state;
    prepare(true);
    assert_int_equal(map(interrupt_in_item, 10), -EINTR);
    check_cancelled(10);
    assert_int_equal(ledger_count(told, 1), 0);
    outcome_pool_works(pool);
}

/* ---- Calls that wait for futures ---- */

enum { WAIT, GET, SET, COMPLETED, NEXT, JOIN, WAITS };

static int wait_by(int way, pool_future_t **future, pool_iterator_t *iterator)
{
    pool_future_t *ready;
    size_t result;
    switch (way) {
    case WAIT:
        return pool_future_wait(*future, -1);
    case GET:
        return pool_future_get(*future, LONG);
    case SET:
        return pool_wait(future, 1, POOL_WAIT_ALL, -1);
    case COMPLETED:
        return pool_as_completed(future, 1, -1, &ready);
    case NEXT:
        return pool_next(iterator, &result, -1);
    default:
        return pool_join(pool);
    }
}

/* Waits in this way until it is interrupted; the items go on, and it can be done again. */
static void check_wait(int way)
{
    struct interrupter interrupter = {.then = NULL};
    pool_future_t *future = NULL;
    pool_iterator_t *iterator = NULL;
    pool_source_t source = {.in = POOL_IN(items, WORKERS)};
    prepare(false);
    int error = way == NEXT
                    ? pool_imap(pool, wait_at_gate, &source, POOL_RESULT(size_t), NULL, &iterator)
                    : pool_map_async(pool, wait_at_gate, POOL_IN(items, WORKERS), POOL_OUT(results),
                                     NULL, &future);
    assert_int_equal(error, 0);
    pool_future_t *made = future; /* COMPLETED sets `future` to NULL */
    if (way == JOIN)
        assert_int_equal(pool_close(pool), 0);
    interrupt_at(&interrupter, started, WORKERS);
    assert_int_equal(wait_by(way, &future, iterator), -EINTR);
    interrupted(&interrupter);
    assert_int_equal(ledger_total(started), WORKERS);
    gate_open(gate);
    assert_int_equal(wait_by(way, &future, iterator), way == SET || way == NEXT ? 1 : 0);
    if (way == COMPLETED)
        assert_null(future);
    else if (way != NEXT)
        assert_true(pool_future_successful(future));
    pool_future_free(made);
    pool_iterator_free(iterator);
    world_free(pool);
}

static void waits_for_futures_end_and_the_items_go_on(void **state)
{
    (void)state;
    for (int way = 0; way < WAITS; way++)
        check_wait(way);
}

static void a_result_that_is_there_comes_first(void **state)
{
    pool_future_t *future;
    (void)state;
    prepare(false);
    gate_open(gate);
    assert_int_equal(
        pool_map_async(pool, wait_at_gate, POOL_IN(items, ITEMS), POOL_OUT(results), NULL, &future),
        0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_int_equal(pool_interrupt(pool), 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    assert_true(pool_step(pool) >= 0);
    assert_int_equal(map(wait_at_gate, 0), -EINTR);
    pool_future_free(future);
}

/* ---- Threads, copies, no pool ---- */

static void *apply_in_thread(void *code)
{
    char item = 0;
    *(int *)code = pool_apply(pool, cancel_awaited, POOL_IN(&item, 1), POOL_NONE);
    return NULL;
}

static void all_calls_that_wait_are_interrupted(void **state)
{
    pthread_t threads[WORKERS];
    int codes[WORKERS] = {0};
    (void)state;
    prepare(false);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, apply_in_thread, &codes[i]), 0);
    assert_true(ledger_reaches(started, WORKERS, LONG));
    assert_int_equal(pool_interrupt(pool), 0);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(codes[i], -EINTR);
    outcome_pool_works(pool);
}

static void interrupt_copy(void *unused)
{
    (void)unused;
    SUBHOST_EQUAL(pool_interrupt(pool), POOL_EFORKED);
}

static void elsewhere_it_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(pool_interrupt(NULL), POOL_ENOPOOL);
    prepare(false);
    world_expect_orphans();
    assert_int_equal(subhost_wait(subhost_start(interrupt_copy, NULL)), 0);
    outcome_pool_works(pool);
}

/* ---- At any moment ---- */

enum { MANY = 20000 };

static int triple_number(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    ledger_mark(ended, *(const size_t *)item);
    *(double *)result = 3.0 * (double)*(const size_t *)item;
    return 0;
}

static _Atomic int returns;         /* of calls, interrupted or not */
static _Atomic bool calls_are_over; /* so there is none to wait for */

static bool has_returned_since(void *before)
{
    return atomic_load(&returns) != *(int *)before || atomic_load(&calls_are_over);
}

/* Sends SIGINT each time that another 50th of the numbers has been run, and no second one to the same
 * call: that would kill its workers, perhaps between an item's end and the note of it. */
static void *interrupt_often(void *argument)
{
    const struct interrupter *this = argument;
    for (int i = 1; i < 50 && ledger_reaches(ended, (uint64_t)i * MANY / 50, LONG); i++) {
        int before = atomic_load(&returns);
        pthread_kill(this->to, SIGINT);
        if (!deadline_met(LONG, has_returned_since, &before))
            ledger_mark(told, 1);
    }
    return NULL;
}

/* Maps all numbers that have no value yet. Returns what the map returned. */
static int map_rest(double *values, size_t *numbers, double *found)
{
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++)
        if (isnan(values[i]))
            numbers[count++] = i;
    for (size_t i = 0; i < count; i++)
        found[i] = NAN;
    int code = pool_map(pool, triple_number, POOL_IN(numbers, count), POOL_OUT(found));
    atomic_fetch_add(&returns, 1);
    for (size_t i = 0; i < count; i++)
        values[numbers[i]] = found[i];
    return code;
}

/* As the recipe of map.h: what has no result yet is run by the next call. */
static void what_was_interrupted_is_resumed(void **state)
{
    const struct sigaction action = {.sa_handler = on_interrupt};
    struct interrupter interrupter = {.to = pthread_self()};
    double *values = world_alloc(MANY, sizeof *values), *found = world_alloc(MANY, sizeof *found);
    size_t *numbers = world_alloc(MANY, sizeof *numbers);
    int code, interrupts = 0;
    (void)state;
    told = ledger_make(2);
    ended = ledger_make(MANY);
    pool = world_pool(WORKERS);
    for (size_t i = 0; i < MANY; i++)
        values[i] = NAN;
    sigaction(SIGINT, &action, NULL);
    assert_int_equal(pthread_create(&interrupter.thread, NULL, interrupt_often, &interrupter), 0);
    while ((code = map_rest(values, numbers, found)) == -EINTR)
        interrupts++;
    atomic_store(&calls_are_over, true);
    assert_int_equal(pthread_join(interrupter.thread, NULL), 0);
    assert_int_equal(code, 0);
    while ((code = map_rest(values, numbers, found)) == -EINTR) /* the last may have come late */
        interrupts++;
    assert_int_equal(code, 0);
    assert_true(interrupts > 0);
    for (size_t i = 0; i < MANY; i++)
        assert_true(values[i] == 3.0 * (double)i);
    assert_true(ledger_all_within(ended, 1, 1));
    assert_int_equal(ledger_count(told, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_map_ends_with_the_items_that_run),
        WORLD_TEST(a_second_interrupt_ends_the_items_that_run),
        WORLD_TEST(all_calls_that_run_items_end),
        WORLD_TEST(the_next_call_ends_at_once_if_none_waits),
        WORLD_TEST(the_error_callback_is_called_once),
        WORLD_TEST(a_serial_pool_ends_the_chunk_first),
        WORLD_TEST(waits_for_futures_end_and_the_items_go_on),
        WORLD_TEST(a_result_that_is_there_comes_first),
        WORLD_TEST(all_calls_that_wait_are_interrupted),
        WORLD_TEST(elsewhere_it_does_nothing),
        WORLD_TEST(what_was_interrupted_is_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
