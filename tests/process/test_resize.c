/* pool_resize(): there come to be as many workers as were asked for, at any moment, and no item is
 * harmed. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { MOST = 8, ITEMS = 20000, SECOND = 1000 };

struct answer {
    int triple;
    int worker;
    bool initialized;
};

static struct ledger *started, *finalized; /* by worker number */
static struct ledger *runs;                /* by item */
static struct gate *gate;
static int items[ITEMS];
static struct answer answers[ITEMS];

static int initialize(void *unused, void **state, pool_task_t *task)
{
    static int number;
    (void)unused;
    number = pool_task_worker(task);
    *state = &number;
    ledger_mark(started, (size_t)number);
    return 0;
}

static void finalize(void *state)
{
    ledger_mark(finalized, (size_t) * (int *)state);
}

static void finalize_at_gate(void *state)
{
    finalize(state);
    gate_pass(gate);
}

static int answer(const void *item, void *result, pool_task_t *task)
{
    struct answer *answer = result;
    answer->triple = 3 * *(const int *)item;
    answer->worker = pool_task_worker(task);
    const int *state = pool_task_state(task);
    answer->initialized = state && *state == answer->worker;
    ledger_mark(runs, pool_task_index(task));
    return 0;
}

static int answer_slowly(const void *item, void *result, pool_task_t *task)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    nanosleep(&moment, NULL);
    return answer(item, result, task);
}

static int answer_at_gate(const void *item, void *result, pool_task_t *task)
{
    ledger_mark(runs, pool_task_index(task));
    gate_pass(gate);
    return answer(item, result, task);
}

static pool_t *make_pool(int workers, pool_finalizer_t finalizer)
{
    pool_options_t options = {
        .processes = workers, .initializer = initialize, .finalizer = finalizer, .grace = 20000};
    started = ledger_make(MOST);
    finalized = ledger_make(MOST);
    runs = ledger_make(ITEMS);
    gate = gate_make();
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    memset(answers, 0, sizeof answers);
    return world_pool_with(&options);
}

static void answers_are_right(int count, int workers)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(answers[i].triple, 3 * i);
        assert_in_range(answers[i].worker, 0, workers - 1);
        assert_true(answers[i].initialized);
    }
}

static bool all_left_are_finalized(void *workers)
{
    return ledger_total(started) == ledger_total(finalized) + (uint64_t) * (int *)workers;
}

/* Resizes, and waits until it is so. */
static void resize(pool_t *pool, pid_t supervisor, int workers)
{
    assert_int_equal(pool_resize(pool, workers), 0);
    assert_int_equal(pool_processes(pool), workers);
    assert_true(crew_told(pool, supervisor, workers));
    assert_true(deadline_met(5000, all_left_are_finalized, &workers));
}

static void an_idle_pool_grows_and_shrinks(void **state)
{
    static const int sizes[] = {4, 2, 8, 1};
    (void)state;
    pool_t *pool = make_pool(1, finalize);
    pid_t supervisor = crew_supervisor(pool);
    for (int i = 0; i < 4; i++) {
        resize(pool, supervisor, sizes[i]);
        assert_int_equal(pool_map(pool, answer, POOL_IN(items, 200), POOL_OUT(answers)), 0);
        answers_are_right(200, sizes[i]);
    }
    assert_int_equal(ledger_count(finalized, 0), 0);
    assert_int_equal(ledger_total(started), 1 + 3 + 6);
}

static void the_lowest_numbers_stay(void **state)
{
    pid_t before[MOST], after[MOST];
    (void)state;
    pool_t *pool = make_pool(MOST, finalize);
    pid_t supervisor = crew_supervisor(pool);
    assert_int_equal(pool_pids(pool, before, MOST), MOST);
    resize(pool, supervisor, 3);
    assert_int_equal(pool_pids(pool, after, MOST), 3);
    for (int i = 0; i < MOST; i++)
        assert_int_equal(process_ended(before[i]), i >= 3);
    assert_memory_equal(before, after, 3 * sizeof *before);
    assert_int_equal(pool_replaced(pool), 0);
}

static void the_same_size_changes_nothing(void **state)
{
    pid_t before[4], after[4];
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    pid_t supervisor = crew_supervisor(pool);
    assert_true(crew_told(pool, supervisor, 4));
    pool_pids(pool, before, 4);
    for (int i = 0; i < 100; i++)
        assert_int_equal(pool_resize(pool, 4), 0);
    assert_int_equal(pool_map(pool, answer, POOL_IN(items, 100), POOL_OUT(answers)), 0);
    assert_int_equal(pool_pids(pool, after, 4), 4);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(ledger_total(started), 4);
}

static void impossible_sizes_are_refused(void **state)
{
    static const int sizes[] = {0, -1, INT_MIN, POOL_PROCESSES_MAX + 1, INT_MAX};
    (void)state;
    pool_t *pool = make_pool(2, finalize);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pool_resize(pool, sizes[i]), POOL_EPROCESSES);
    assert_int_equal(pool_resize(NULL, 1), POOL_ENOPOOL);
    assert_int_equal(pool_processes(pool), 2);
    outcome_pool_works(pool);
}

static void resize_in_copy(void *pool)
{
    SUBHOST_EQUAL(pool_resize(pool, 1), POOL_EFORKED);
    SUBHOST_EQUAL(pool_resize(pool, 8), POOL_EFORKED);
}

static void a_copy_of_the_host_changes_nothing(void **state)
{
    (void)state;
    pool_t *pool = make_pool(3, finalize);
    int status = subhost_wait(subhost_start(resize_in_copy, pool));
    assert_int_equal(status, 0);
    assert_int_equal(pool_processes(pool), 3);
    assert_true(crew_told(pool, crew_supervisor(pool), 3));
}

static void a_pool_that_ended_is_not_resized(void **state)
{
    (void)state;
    pool_t *closed = make_pool(2, finalize);
    pool_close(closed);
    assert_int_equal(pool_resize(closed, 4), POOL_ECLOSED);
    pool_join(closed);
    assert_int_equal(pool_resize(closed, 4), POOL_ECLOSED);
    pool_t *terminated = world_pool(2);
    pool_terminate(terminated);
    assert_int_equal(pool_resize(terminated, 1), POOL_ECLOSED);
    pool_t *broken = world_pool(2);
    world_expect_orphans();
    assert_true(process_kill(crew_supervisor(broken)));
    assert_int_equal(pool_map(broken, answer, POOL_IN(items, 10), POOL_OUT(answers)), POOL_EBROKEN);
    assert_int_equal(pool_resize(broken, 4), POOL_EBROKEN);
}

/* ---- During calls ---- */

static pool_future_t *map_async(pool_t *pool, pool_function_t function, int count, size_t chunksize)
{
    pool_future_t *future;
    pool_map_options_t options = {.chunksize = chunksize};
    ledger_clear(runs);
    assert_int_equal(pool_map_async(pool, function, POOL_IN(items, (size_t)count),
                                    POOL_OUT(answers), &options, &future),
                     0);
    return future;
}

static void finish(pool_future_t *future, int count, int workers)
{
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    answers_are_right(count, workers);
    for (int i = 0; i < count; i++)
        assert_int_equal(ledger_count(runs, (size_t)i), 1);
}

static void those_who_are_too_many_finish_their_items(void **state)
{
    int workers = 4;
    (void)state;
    pool_t *pool = make_pool(workers, finalize);
    pid_t supervisor = crew_supervisor(pool);
    pool_future_t *future = map_async(pool, answer_at_gate, 8, 1);
    assert_true(ledger_becomes(runs, (uint64_t)workers, 5000));
    assert_int_equal(pool_resize(pool, 1), 0);
    assert_int_equal(crew_count(supervisor), workers);
    gate_open(gate);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    answers_are_right(8, workers);
    assert_true(crew_told(pool, supervisor, 1));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(ledger_count(runs, i), 2);
}

/* Whatever is queued or in their chunks: that is for the others. */
static void they_leave_though_there_is_work(void **state)
{
    static const size_t chunks[] = {1, 400};
    enum { MANY = 1600 };
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    pid_t supervisor = crew_supervisor(pool);
    for (int k = 0; k < 2; k++) {
        resize(pool, supervisor, 4);
        pool_future_t *future = map_async(pool, answer_slowly, MANY, chunks[k]);
        assert_int_equal(pool_future_wait(future, 50), -ETIMEDOUT);
        assert_int_equal(pool_resize(pool, 1), 0);
        assert_true(crew_told(pool, supervisor, 1));
        assert_false(pool_future_ready(future));
        assert_int_equal(pool_resize(pool, MOST), 0);
        assert_true(crew_told(pool, supervisor, MOST));
        finish(future, MANY, MOST);
    }
}

static void new_ones_work_at_a_map_that_runs(void **state)
{
    enum { MANY = 400 };
    bool worked[4] = {false};
    (void)state;
    pool_t *pool = make_pool(1, finalize);
    pool_future_t *future = map_async(pool, answer_slowly, MANY, 1);
    assert_int_equal(pool_resize(pool, 4), 0);
    finish(future, MANY, 4);
    for (int i = 0; i < MANY; i++)
        worked[answers[i].worker] = true;
    assert_true(worked[0] && worked[1] && worked[2] && worked[3]);
}

/* Who was woken for a chunk may be the one that leaves; another must take it. */
static void what_was_meant_for_those_who_leave_is_not_late(void **state)
{
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    for (int round = 0; round < 200; round++) {
        const struct timespec pause = {.tv_nsec = round % 7 * 100000};
        assert_int_equal(pool_resize(pool, 4), 0);
        nanosleep(&pause, NULL);
        int64_t began = deadline_now();
        pool_future_t *future = map_async(pool, answer, 4, 1);
        assert_int_equal(pool_resize(pool, 1), 0);
        finish(future, 4, 4);
        assert_true(deadline_kept(began, SECOND * 3 / 4));
    }
}

/* The second worker is longer at it. */
static int linger(const void *item, void *result, pool_task_t *task)
{
    const struct timespec while_the_first_falls_asleep = {.tv_nsec = 1000000};
    if (pool_task_worker(task) == 1)
        nanosleep(&while_the_first_falls_asleep, NULL);
    return answer(item, result, task);
}

/* Nor what one looks out for, spinning, that leaves; though the host is not in the library. */
static void nor_is_what_they_were_about_to_take(void **state)
{
    (void)state;
    pool_t *pool = make_pool(2, finalize);
    for (int round = 0; round < 150; round++) {
        pid_t pids[2] = {0};
        assert_int_equal(pool_resize(pool, 2), 0);
        while (pids[1] == 0) {
            pool_pids(pool, pids, 2);
            for (int i = 0; i < 20; i++) /* they learn that spinning pays */
                assert_int_equal(pool_map(pool, answer, POOL_IN(items, 2), POOL_OUT(answers)), 0);
        }
        assert_int_equal(pool_map(pool, linger, POOL_IN(items, 2), POOL_OUT(answers)), 0);
        pool_future_t *future = map_async(pool, answer, 1, 1);
        assert_int_equal(pool_resize(pool, 1), 0);
        assert_true(ledger_becomes(runs, 1, SECOND * 3 / 4));
        finish(future, 1, 2);
    }
}

struct resizer {
    pool_t *pool;
    _Atomic bool over;
    unsigned seed;
    _Atomic int count;
    int failures;
    int64_t heard; /* when this thread had heard of the death */
};

static void *resize_at_random(void *argument)
{
    struct resizer *resizer = argument;
    while (resizer->count < 100 || !atomic_load(&resizer->over)) {
        const struct timespec pause = {.tv_nsec = rand_r(&resizer->seed) % 3000000};
        int size = 1 + rand_r(&resizer->seed) % MOST;
        resizer->failures += pool_resize(resizer->pool, size) != 0;
        resizer->failures += pool_processes(resizer->pool) != size;
        resizer->count++;
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void another_thread_may_resize_it_all_the_time(void **state)
{
    static const size_t chunks[] = {0, 1, 50};
    pthread_t thread;
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    for (unsigned k = 0; k < 3; k++) {
        struct resizer resizer = {.pool = pool, .seed = k};
        pool_map_options_t options = {.chunksize = chunks[k]};
        ledger_clear(runs);
        assert_int_equal(pthread_create(&thread, NULL, resize_at_random, &resizer), 0);
        int failed = 0;
        do
            failed |=
                pool_map_with(pool, answer, POOL_IN(items, ITEMS), POOL_OUT(answers), &options);
        while (resizer.count < 100 && k != 1);
        atomic_store(&resizer.over, true);
        pthread_join(thread, NULL);
        assert_int_equal(failed, 0);
        assert_int_equal(resizer.failures, 0);
        answers_are_right(ITEMS, MOST);
    }
    assert_int_equal(pool_errors(pool, NULL), 0);
    resize(pool, crew_supervisor(pool), 2);
}

static _Atomic pid_t *victim; /* the second worker, while it is at the gate */

/* Of two that have begun together the second crashes at the gate. */
static int crash_at_gate(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    if (pool_task_worker(task) == 1)
        atomic_store(victim, getpid());
    ledger_mark(runs, pool_task_index(task));
    while (ledger_total(runs) < 2)
        ;
    if (pool_task_worker(task) == 0)
        return 0;
    gate_pass(gate);
    return raise(SIGKILL);
}

/* Dismisses the second worker, and asks again and again. Once the worker is reaped its death has been
 * told, and whoever asks next hears of it: here that is this thread, if not the one that waits. */
static void *dismiss_second(void *argument)
{
    const struct timespec breath = {.tv_nsec = 20000}; /* or who waits would hardly get the lock */
    struct resizer *resizer = argument;
    bool reaped = false;
    resizer->failures += !ledger_becomes(runs, 2, 5000);
    resizer->failures += pool_resize(resizer->pool, 1) != 0;
    gate_open(gate);
    while (!reaped && !atomic_load(&resizer->over)) {
        reaped = process_state(atomic_load(victim)) == 0;
        resizer->failures += pool_resize(resizer->pool, 1) != 0;
        nanosleep(&breath, NULL);
    }
    resizer->heard = deadline_now();
    return NULL;
}

/* Who resizes may be the one that hears of a death, for which another thread waits. If that were not
 * told, the other would wait for the next tick, nearly a second, in one of ten rounds. */
static void who_waits_learns_what_was_heard(void **state)
{
    enum { ROUNDS = 200 };
    pthread_t thread;
    int late = 0;
    (void)state;
    victim = world_shared(sizeof *victim);
    pool_t *pool = make_pool(2, finalize);
    for (int round = 0; round < ROUNDS; round++) {
        struct resizer resizer = {.pool = pool};
        gate_close(gate);
        assert_int_equal(pool_resize(pool, 2), 0);
        pool_future_t *future = map_async(pool, crash_at_gate, 2, 1);
        assert_int_equal(pthread_create(&thread, NULL, dismiss_second, &resizer), 0);
        int failed = pool_future_get(future, -1);
        int64_t learned = deadline_now();
        atomic_store(&resizer.over, true);
        pthread_join(thread, NULL);
        pool_future_free(future);
        assert_int_equal(failed, 1);
        assert_int_equal(resizer.failures, 0);
        late += learned - resizer.heard > SECOND * 3 / 4;
    }
    assert_int_equal(late, 0);
}

static void each_item_runs_once_whatever_the_sizes(void **state)
{
    unsigned seed = 7;
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    pool_future_t *future = map_async(pool, answer, ITEMS, 20);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pool_resize(pool, 1 + rand_r(&seed) % MOST), 0);
        pool_future_wait(future, i % 3);
    }
    finish(future, ITEMS, MOST);
    assert_true(crew_told(pool, crew_supervisor(pool), pool_processes(pool)));
}

static int told;

static void on_end(pool_future_t *future, void *pool)
{
    (void)future;
    told = pool_resize(pool, 3);
}

static void a_callback_may_resize(void **state)
{
    pool_future_t *future;
    (void)state;
    pool_t *pool = make_pool(1, finalize);
    pool_map_options_t options = {.callback = on_end, .context = pool};
    told = -1;
    assert_int_equal(
        pool_map_async(pool, answer, POOL_IN(items, 10), POOL_OUT(answers), &options, &future), 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    assert_int_equal(told, 0);
    assert_true(crew_told(pool, crew_supervisor(pool), 3));
}

/* ---- Resizes upon resizes, deaths and ends ---- */

/* Who had begun to leave is wanted again. */
static void growing_again_brings_back_those_who_still_leave(void **state)
{
    (void)state;
    pool_t *pool = make_pool(4, finalize_at_gate);
    pid_t supervisor = crew_supervisor(pool), pids[4];
    int two = 2;
    assert_true(crew_told(pool, supervisor, 4));
    pool_pids(pool, pids, 4);
    assert_int_equal(pool_resize(pool, two), 0);
    assert_true(deadline_met(5000, all_left_are_finalized, &two));
    assert_int_equal(pool_resize(pool, 4), 0);
    gate_open(gate);
    assert_true(process_end(pids + 2, 2, 5000));
    assert_true(crew_told(pool, supervisor, 4));
    outcome_pool_works(pool);
    assert_true(crew_told(pool, supervisor, 4));
}

static void quick_changes_end_with_the_last(void **state)
{
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    pid_t supervisor = crew_supervisor(pool);
    int last = 4;
    for (int round = 0; round < 40; round++) {
        const struct timespec pause = {.tv_nsec = round * 50000};
        last = 1 + round % MOST;
        assert_int_equal(pool_resize(pool, MOST), 0);
        nanosleep(&pause, NULL);
        assert_int_equal(pool_resize(pool, 1), 0);
        nanosleep(&pause, NULL);
        assert_int_equal(pool_resize(pool, last), 0);
        assert_true(crew_told(pool, supervisor, last));
    }
    assert_true(deadline_met(5000, all_left_are_finalized, &last));
}

static void a_worker_that_died_is_replaced_only_if_it_is_wanted(void **state)
{
    pid_t pids[4];
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    pid_t supervisor = crew_supervisor(pool);
    assert_int_equal(pool_pids(pool, pids, 4), 4);
    assert_true(process_kill_child(supervisor, pids[3]));
    assert_true(process_kill_child(supervisor, pids[0]));
    assert_int_equal(pool_resize(pool, 2), 0);
    assert_true(crew_told(pool, supervisor, 2));
    outcome_pool_works(pool);
    assert_true(crew_told(pool, supervisor, 2));
    assert_int_equal(pool_resize(pool, 4), 0);
    assert_true(crew_told(pool, supervisor, 4));
    outcome_pool_works(pool);
}

/* With a pool of any size that has just been given another, and no time for it. */
static void it_may_end_just_after(void **state)
{
    (void)state;
    for (int round = 0; round < 36; round++) {
        pool_t *pool = world_pool(1 + round % 4);
        int64_t began = deadline_now();
        assert_int_equal(pool_map(pool, work_nothing, POOL_IN(items, 10), POOL_NONE), 0);
        assert_int_equal(pool_resize(pool, 1 + round % 5), 0);
        if (round % 3 == 0)
            assert_int_equal(pool_close(pool), 0);
        else if (round % 3 == 1)
            assert_int_equal(pool_terminate(pool), 0);
        world_free(pool);
        assert_true(deadline_kept(began, SECOND * 3 / 4));
    }
}

static void a_shrunk_pool_finishes_what_it_took_before_it_closes(void **state)
{
    (void)state;
    pool_t *pool = make_pool(4, finalize);
    pool_future_t *future = map_async(pool, answer_slowly, 400, 1);
    assert_int_equal(pool_resize(pool, 1), 0);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    finish(future, 400, 4);
    assert_int_equal(ledger_total(started), ledger_total(finalized));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_idle_pool_grows_and_shrinks),
        WORLD_TEST(the_lowest_numbers_stay),
        WORLD_TEST(the_same_size_changes_nothing),
        WORLD_TEST(impossible_sizes_are_refused),
        WORLD_TEST(a_copy_of_the_host_changes_nothing),
        WORLD_TEST(a_pool_that_ended_is_not_resized),
        WORLD_TEST(those_who_are_too_many_finish_their_items),
        WORLD_TEST(they_leave_though_there_is_work),
        WORLD_TEST(new_ones_work_at_a_map_that_runs),
        WORLD_TEST(what_was_meant_for_those_who_leave_is_not_late),
        WORLD_TEST(nor_is_what_they_were_about_to_take),
        WORLD_TEST(who_waits_learns_what_was_heard),
        WORLD_TEST(another_thread_may_resize_it_all_the_time),
        WORLD_TEST(each_item_runs_once_whatever_the_sizes),
        WORLD_TEST(a_callback_may_resize),
        WORLD_TEST(growing_again_brings_back_those_who_still_leave),
        WORLD_TEST(quick_changes_end_with_the_last),
        WORLD_TEST(a_worker_that_died_is_replaced_only_if_it_is_wanted),
        WORLD_TEST(it_may_end_just_after),
        WORLD_TEST(a_shrunk_pool_finishes_what_it_took_before_it_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
