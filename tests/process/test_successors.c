/* Successors are started before their predecessor leaves: nobody waits for them, and whatever befalls
 * them harms nobody. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/world.h"

enum { ITEMS = 600, NUMBERS = 4, START = 50, STEP = 5, MILLISECOND = 1000000 };

struct stamp {
    int64_t initialized, began, ended; /* nanoseconds */
    pid_t pid;
    int worker;
};

static struct plan {
    _Atomic int gate;    /* items that wait go on when it is 1 */
    _Atomic int starts;  /* initializers so far */
    _Atomic int waiting; /* items at the gate */
    _Atomic int clashes; /* items that ran beside another of their worker's number */
    _Atomic int running[NUMBERS];
    int start, step; /* how long initializer and item take */
    int fails_every; /* of initializers, but for the first; 0: none */
    int hangs_at;    /* the initializer that never ends */
} * plan;

static struct ledger *finalized;
static int64_t initialized; /* in each worker */
static int items[ITEMS];
static struct stamp stamps[ITEMS];

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void pause_for(int milliseconds)
{
    struct timespec time = {.tv_nsec = (long)milliseconds * MILLISECOND};
    nanosleep(&time, NULL);
}

static int initialize(void *unused, void **state, pool_task_t *task)
{
    int start = atomic_fetch_add(&plan->starts, 1) + 1;
    (void)unused;
    (void)state;
    (void)task;
    pause_for(plan->start);
    while (start == plan->hangs_at)
        pause_for(100);
    initialized = now();
    return start > NUMBERS && plan->fails_every && start % plan->fails_every == 0;
}

static void finalize(void *state)
{
    (void)state;
    ledger_mark(finalized, 0);
}

static int stamp(const void *item, void *result, pool_task_t *task)
{
    struct stamp *stamp = result;
    (void)item;
    stamp->pid = getpid();
    stamp->worker = pool_task_worker(task);
    _Atomic int *running = &plan->running[stamp->worker];
    atomic_fetch_add(&plan->clashes, atomic_exchange(running, 1));
    stamp->initialized = initialized;
    stamp->began = now();
    if (plan->step)
        pause_for(plan->step);
    stamp->ended = now();
    atomic_store(running, 0);
    return 0;
}

/* The second item of each worker's waits. */
static int wait_at_gate(const void *item, void *result, pool_task_t *task)
{
    static int count;
    if (++count == 2)
        atomic_fetch_add(&plan->waiting, 1);
    while (count == 2 && !atomic_load(&plan->gate))
        pause_for(1);
    return stamp(item, result, task);
}

static int become_nobody(const void *item, void *result, pool_task_t *task)
{
    return setresuid(65534, 65534, 65534) < 0 && geteuid() == 0 ? -1 : stamp(item, result, task);
}

static pool_t *make_pool(int workers, size_t life, struct plan with)
{
    pool_options_t options = {.processes = workers,
                              .maxtasksperchild = life,
                              .initializer = initialize,
                              .finalizer = finalize,
                              .start_timeout = with.hangs_at ? 300 * deadline_slowness() : 0,
                              .grace = 10000};
    plan = world_shared(sizeof *plan);
    plan->start = with.start;
    plan->step = with.step;
    plan->fails_every = with.fails_every;
    plan->hangs_at = with.hangs_at;
    finalized = ledger_make(1);
    memset(stamps, 0, sizeof stamps);
    return world_pool_with(&options);
}

static int map(pool_t *pool, pool_function_t function, int count, size_t chunksize)
{
    pool_map_options_t options = {.chunksize = chunksize};
    return pool_map_with(pool, function, POOL_IN(items, (size_t)count), POOL_OUT(stamps), &options);
}

static int by_time(const void *a, const void *b)
{
    int64_t first = ((const struct stamp *)a)->began, second = ((const struct stamp *)b)->began;
    return (first > second) - (first < second);
}

static int by_value(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

static int64_t median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* ---- Nobody waits ---- */

static void between_two_lives_there_is_no_gap(void **state)
{
    enum { LIFE = 20, LIVES = 8 };
    static const size_t chunks[] = {1, 0};
    (void)state;
    for (int k = 0; k < 2; k++) {
        int64_t gaps[LIVES - 1];
        pool_t *pool = make_pool(1, LIFE, (struct plan){.start = START, .step = STEP});
        assert_int_equal(map(pool, stamp, LIFE * LIVES, chunks[k]), 0);
        qsort(stamps, LIFE * LIVES, sizeof *stamps, by_time);
        for (int i = 1; i < LIFE * LIVES; i++) {
            bool first = i % LIFE == 0; /* of its process */
            assert_int_equal(stamps[i].pid != stamps[i - 1].pid, first);
            if (first)
                gaps[i / LIFE - 1] = stamps[i].began - stamps[i - 1].ended;
        }
        assert_true(median(gaps, LIVES - 1) <
                    (int64_t)START / 2 * MILLISECOND * deadline_slowness());
        world_free(pool);
    }
}

/* They are started when they will be needed soon, not as early as there can be one. */
static void nor_do_they_wait_for_long(void **state)
{
    enum { LIFE = 60, LIVES = 7 };
    int64_t waits[3], lives[3];
    (void)state;
    pool_t *pool = make_pool(1, LIFE, (struct plan){.start = 10, .step = STEP});
    assert_int_equal(map(pool, stamp, LIFE * LIVES, 1), 0);
    qsort(stamps, LIFE * LIVES, sizeof *stamps, by_time);
    for (int i = 0; i < 3; i++) {
        const struct stamp *first = &stamps[(LIVES - 1 - i) * LIFE];
        waits[i] = first->began - first->initialized;
        lives[i] = first->began - first[-LIFE].began;
    }
    assert_true(median(waits, 3) < median(lives, 3) / 2);
}

/* How long items take, by which it is known when a successor is needed, has nothing to do with how long a
 * worker waited for them. */
static void idle_workers_ask_in_time_as_well(void **state)
{
    enum { LIFE = 40, LIVES = 4, FIRST = 2 };
    int64_t gaps[LIVES - 1], ended = 0;
    (void)state;
    pool_t *pool = make_pool(1, LIFE, (struct plan){.start = START, .step = STEP});
    for (int i = 0; i < LIVES; i++) {
        assert_int_equal(map(pool, stamp, FIRST, 1), 0);
        if (i > 0)
            gaps[i - 1] = stamps[0].began - ended;
        pause_for(900);
        assert_int_equal(map(pool, stamp, LIFE - FIRST, 1), 0);
        ended = stamps[LIFE - FIRST - 1].ended;
    }
    assert_true(median(gaps, LIVES - 1) < (int64_t)START / 2 * MILLISECOND * deadline_slowness());
}

static void two_of_one_number_never_work_at_once(void **state)
{
    static const size_t lives[] = {1, 2, 7};
    (void)state;
    for (int k = 0; k < 3; k++) {
        for (int workers = 1; workers <= NUMBERS; workers += 3) {
            pool_t *pool = make_pool(workers, lives[k], (struct plan){0});
            assert_int_equal(map(pool, stamp, ITEMS / 2, (size_t)k), 0);
            assert_int_equal(atomic_load(&plan->clashes), 0);
            for (int i = 0; i < ITEMS / 2; i++)
                assert_in_range(stamps[i].worker, 0, workers - 1);
            world_free(pool);
        }
    }
}

/* ---- What befalls them ---- */

static bool have_asked(void *workers)
{
    return atomic_load(&plan->waiting) == *(int *)workers;
}

struct successors {
    pool_t *pool;
    pid_t supervisor;
    pid_t pids[CREW_MOST];
    int count, starts;
};

static bool are_there(void *argument)
{
    struct successors *successors = argument;
    pid_t pids[CREW_MOST];
    return crew_successors(successors->pool, successors->supervisor, pids) == successors->count &&
           atomic_load(&plan->starts) >= successors->starts;
}

/* Waits until all workers are at their last item, and each has a successor that has started. */
static void wait_for_successors(struct successors *successors, pool_t *pool, int workers)
{
    assert_true(deadline_met(5000, have_asked, &workers));
    *successors = (struct successors){
        .pool = pool, .supervisor = crew_supervisor(pool), .count = workers, .starts = 2 * workers};
    assert_true(deadline_met(5000, are_there, successors));
    assert_int_equal(crew_successors(pool, successors->supervisor, successors->pids), workers);
}

static pool_future_t *begin_to_wait(pool_t *pool, struct successors *successors, int workers)
{
    pool_future_t *future;
    pool_map_options_t options = {.chunksize = 1};
    assert_int_equal(pool_map_async(pool, wait_at_gate, POOL_IN(items, 6 * (size_t)workers),
                                    POOL_OUT(stamps), &options, &future),
                     0);
    wait_for_successors(successors, pool, workers);
    return future;
}

static void they_are_not_told_before_they_succeed(void **state)
{
    struct successors successors;
    (void)state;
    pool_t *pool = make_pool(2, 2, (struct plan){0});
    pool_future_t *future = begin_to_wait(pool, &successors, 2);
    assert_int_equal(pool_processes(pool), 2);
    assert_int_equal(pool_replaced(pool), 0);
    atomic_store(&plan->gate, 1);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    for (int i = 0; i < 12; i++)
        assert_true(stamps[i].pid != 0);
}

static void killed_ones_are_followed_by_others(void **state)
{
    struct successors successors;
    (void)state;
    pool_t *pool = make_pool(2, 2, (struct plan){0});
    pool_future_t *future = begin_to_wait(pool, &successors, 2);
    for (int round = 0; round < 20; round++) {
        successors.starts = atomic_load(&plan->starts) + 2;
        assert_int_equal(crew_successors(pool, successors.supervisor, successors.pids), 2);
        for (int i = 0; i < 2; i++)
            assert_true(process_kill_child(successors.supervisor, successors.pids[i]));
        assert_true(deadline_met(5000, are_there, &successors));
    }
    assert_int_equal(pool_replaced(pool), 0);
    atomic_store(&plan->gate, 1);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    outcome_pool_works(pool);
}

static void they_may_die_just_as_their_predecessors_leave(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        struct successors successors;
        pool_t *pool = make_pool(2, 2, (struct plan){0});
        pool_future_t *future = begin_to_wait(pool, &successors, 2);
        atomic_store(&plan->gate, 1);
        for (int i = 0; i < 2; i++)
            if (process_parent(successors.pids[i]) == successors.supervisor)
                kill(successors.pids[i], SIGKILL);
        assert_in_range(pool_future_get(future, -1), 0, 2);
        pool_future_free(future);
        outcome_pool_works(pool);
        assert_int_equal(atomic_load(&plan->clashes), 0);
        world_free(pool);
    }
}

static void their_starts_may_fail_at_times(void **state)
{
    (void)state;
    pool_t *pool = make_pool(2, 3, (struct plan){.step = 1, .fails_every = 3});
    for (int round = 0; round < 3; round++)
        assert_int_equal(map(pool, stamp, 60, (size_t)round), 0);
    assert_int_equal(atomic_load(&plan->clashes), 0);
}

/* Longer than start_timeout: the successor is killed, and its predecessor knows nothing of it. */
static void one_whose_start_hangs_is_given_up(void **state)
{
    (void)state;
    pool_t *pool = make_pool(1, 5, (struct plan){.step = 2, .hangs_at = 3});
    int64_t began = deadline_now();
    assert_int_equal(map(pool, stamp, 40, 1), 0);
    assert_true(deadline_kept(began, 3000));
    assert_true(atomic_load(&plan->starts) >= 8);
}

static void another_user_is_replaced_too(void **state)
{
    pid_t last = 0;
    int lives = 0;
    (void)state;
    if (geteuid() != 0)
        skip(); /* nobody but root may change into another */
    pool_t *pool = make_pool(1, 3, (struct plan){0});
    assert_int_equal(map(pool, become_nobody, 30, 1), 0);
    qsort(stamps, 30, sizeof *stamps, by_time);
    for (int i = 0; i < 30; i++) {
        lives += stamps[i].pid != last;
        last = stamps[i].pid;
    }
    assert_int_equal(lives, 10);
}

/* ---- Ends ---- */

static void a_pool_with_successors_closes_at_once(void **state)
{
    struct successors successors;
    (void)state;
    pool_t *pool = make_pool(3, 2, (struct plan){0});
    pool_future_t *future = begin_to_wait(pool, &successors, 3);
    int64_t began = deadline_now();
    atomic_store(&plan->gate, 1);
    assert_int_equal(pool_close(pool), 0);
    assert_int_equal(pool_join(pool), 0);
    assert_int_equal(pool_future_get(future, 0), 0);
    pool_future_free(future);
    world_free(pool);
    assert_true(deadline_kept(began, 750));
    assert_int_equal(ledger_total(finalized), atomic_load(&plan->starts));
}

static void an_idle_pool_with_successors_is_freed_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) { /* the successors are anywhere in their starts */
        pool_t *pool = make_pool(3, 1, (struct plan){.start = round % 3});
        if (round % 2)
            assert_int_equal(map(pool, stamp, round, 1), 0);
        int64_t began = deadline_now();
        world_free(pool);
        assert_true(deadline_kept(began, 750));
        assert_int_equal(ledger_total(finalized), atomic_load(&plan->starts));
    }
}

static void terminating_ends_successors_too(void **state)
{
    struct successors successors;
    (void)state;
    pool_t *pool = make_pool(3, 2, (struct plan){0});
    pool_future_t *future = begin_to_wait(pool, &successors, 3);
    int64_t began = deadline_now();
    assert_int_equal(pool_terminate(pool), 0);
    assert_true(deadline_kept(began, 750));
    for (int i = 0; i < 3; i++)
        assert_true(process_ended(successors.pids[i]));
    pool_future_free(future);
}

static void they_end_with_the_supervisor(void **state)
{
    struct successors successors;
    (void)state;
    pool_t *pool = make_pool(2, 2, (struct plan){0});
    pool_future_t *future = begin_to_wait(pool, &successors, 2);
    world_expect_orphans();
    assert_true(process_kill(successors.supervisor));
    assert_true(process_end(successors.pids, successors.count, 2000));
    assert_int_equal(pool_future_get(future, -1), POOL_EBROKEN);
    pool_future_free(future);
}

static void a_smaller_pool_needs_none(void **state)
{
    struct successors successors;
    (void)state;
    pool_t *pool = make_pool(3, 2, (struct plan){0});
    pool_future_t *future = begin_to_wait(pool, &successors, 3);
    assert_int_equal(pool_resize(pool, 1), 0);
    atomic_store(&plan->gate, 1);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    pid_t pids[1];
    for (int i = 0; i < 50; i++) {
        assert_int_equal(map(pool, stamp, 3, 1), 0);
        assert_int_equal(pool_pids(pool, pids, 1), 1);
    }
    pool_close(pool);
    pool_join(pool);
    assert_int_equal(ledger_total(finalized), atomic_load(&plan->starts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(between_two_lives_there_is_no_gap),
        WORLD_TEST(nor_do_they_wait_for_long),
        WORLD_TEST(idle_workers_ask_in_time_as_well),
        WORLD_TEST(two_of_one_number_never_work_at_once),
        WORLD_TEST(they_are_not_told_before_they_succeed),
        WORLD_TEST(killed_ones_are_followed_by_others),
        WORLD_TEST(they_may_die_just_as_their_predecessors_leave),
        WORLD_TEST(their_starts_may_fail_at_times),
        WORLD_TEST(one_whose_start_hangs_is_given_up),
        WORLD_TEST(another_user_is_replaced_too),
        WORLD_TEST(a_pool_with_successors_closes_at_once),
        WORLD_TEST(an_idle_pool_with_successors_is_freed_at_once),
        WORLD_TEST(terminating_ends_successors_too),
        WORLD_TEST(they_end_with_the_supervisor),
        WORLD_TEST(a_smaller_pool_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
