/* Many threads on one pool, with calls of all kinds at once: each gets what is its own. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { THREADS = 8, ITEMS = 200, KINDS = 11, MOST = 6 };

/* What a thread works with; asserted on by the test alone. */
struct party {
    pool_t *pool;
    pthread_t thread;
    int number, rounds, faults, fault_line;
    unsigned seed;
    bool mixed;         /* calls come in any order */
    _Atomic int called; /* by whatever thread turns the pool */
    _Atomic int mapped;
    int items[ITEMS], results[ITEMS];
};

#define EXPECT(party, condition)                                                                   \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (party)->faults++;                                                                     \
            (party)->fault_line = __LINE__;                                                        \
        }                                                                                          \
    } while (0)

/* Two of each party's items fail, one crashes. */
static int triple_some(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    if (value % 100 == 50)
        return pool_fail(task, 1 + value, "%d", value);
    if (value % ITEMS == 150 + 1)
        raise(SIGKILL);
    return work_triple(item, result, task);
}

static void on_end(pool_future_t *future, void *context)
{
    struct party *party = context;
    (void)future;
    party->called++;
}

static bool all_triples(const struct party *party)
{
    for (int i = 0; i < ITEMS; i++)
        if (party->results[i] != 3 * party->items[i])
            return false;
    return true;
}

static pool_future_t *start(struct party *party, pool_function_t function, size_t chunksize)
{
    pool_map_options_t options = {
        .chunksize = chunksize, .callback = on_end, .error_callback = on_end, .context = party};
    pool_future_t *future = NULL;
    EXPECT(party, pool_map_async(party->pool, function, POOL_IN(party->items, ITEMS),
                                 POOL_OUT(party->results), &options, &future) == 0);
    return future;
}

/* ---- The kinds of calls ---- */

static void map(struct party *party)
{
    EXPECT(party, pool_map(party->pool, work_triple, POOL_IN(party->items, ITEMS),
                           POOL_OUT(party->results)) == 0);
    EXPECT(party, all_triples(party));
}

static void map_async(struct party *party)
{
    pool_future_t *future = start(party, work_triple, 3);
    EXPECT(party, pool_future_get(future, -1) == 0);
    EXPECT(party, pool_future_successful(future));
    EXPECT(party, party->called == 1);
    EXPECT(party, all_triples(party));
    pool_future_free(future);
}

static void fail_async(struct party *party)
{
    const pool_error_t *errors;
    pool_future_t *future = start(party, triple_some, 0);
    EXPECT(party, pool_future_get(future, -1) == 3);
    EXPECT(party, pool_future_errors(future, &errors) == 3);
    EXPECT(party, errors[0].index == 50 && errors[0].code == 1 + party->items[50]);
    EXPECT(party, errors[1].index == 150 && errors[1].code == 1 + party->items[150]);
    EXPECT(party, errors[2].index == 151 && errors[2].kind == POOL_CRASHED);
    pool_future_free(future);
}

static void apply_several(struct party *party)
{
    pool_future_t *futures[10];
    for (int i = 0; i < 10; i++)
        EXPECT(party, pool_apply_async(party->pool, work_triple, POOL_IN(&party->items[i], 1),
                                       POOL_OUT(&party->results[i]), NULL, &futures[i]) == 0);
    for (int i = 0; i < 10; i++) {
        pool_future_t *ready = NULL;
        int place = pool_as_completed(futures, 10, -1, &ready);
        EXPECT(party, place >= 0 && pool_future_get(ready, 0) == 0);
        EXPECT(party, place >= 0 && party->results[place] == 3 * party->items[place]);
        pool_future_free(ready);
    }
}

static void iterate(struct party *party, bool ordered)
{
    pool_source_t source = {.in = POOL_IN(party->items, ITEMS)};
    pool_iterator_t *iterator;
    int count = 0, result;
    int error =
        ordered ? pool_imap(party->pool, work_triple, &source, POOL_RESULT(int), NULL, &iterator)
                : pool_imap_unordered(party->pool, work_triple, &source, POOL_RESULT(int), NULL,
                                      &iterator);
    EXPECT(party, error == 0);
    while (pool_next(iterator, &result, -1) == 1) {
        size_t index = pool_next_index(iterator);
        EXPECT(party, !ordered || index == (size_t)count);
        EXPECT(party, index < ITEMS && result == 3 * party->items[index]);
        count++;
    }
    EXPECT(party, count == ITEMS);
    pool_iterator_free(iterator);
}

static void cancel(struct party *party)
{
    pool_future_t *future = start(party, work_triple, 1);
    pool_future_cancel(future, party->number % 2 - 1);
    int failed = pool_future_get(future, -1);
    EXPECT(party, failed >= 0 && failed <= ITEMS);
    EXPECT(party, (int)pool_future_errors(future, NULL) == failed);
    EXPECT(party, party->called == 1);
    pool_future_free(future);
}

static int add(const void *item, void *sum, pool_task_t *task)
{
    *(int64_t *)sum += item ? *(const int *)item : (int)pool_task_index(task);
    return 0;
}

static void fold(struct party *party)
{
    int64_t sum = 0, should = 0;
    pool_map_options_t options = {.chunksize = 7, .priority = party->number % 3};
    pool_future_t *future = NULL;
    for (int i = 0; i < ITEMS; i++)
        should += party->items[i];
    EXPECT(party, pool_fold_async(party->pool, add, work_merge_int64, POOL_IN(party->items, ITEMS),
                                  POOL_OUT(&sum), &options, &future) == 0);
    EXPECT(party, pool_future_get(future, -1) == 0);
    EXPECT(party, sum == should);
    pool_future_free(future);
}

static void fold_range(struct party *party)
{
    int64_t sum = 0;
    EXPECT(party, pool_fold(party->pool, add, work_merge_int64, POOL_RANGE(3000), POOL_OUT(&sum),
                            NULL) == 0);
    EXPECT(party, sum == (int64_t)3000 * 2999 / 2);
}

static int number(const void *item, void *result, pool_task_t *task)
{
    *(int *)result = *(const int *)item + pool_task_worker(task);
    return 0;
}

/* Who leaves meanwhile does not answer. */
static void broadcast(struct party *party)
{
    int answers[MOST] = {0}, one = 1;
    const pool_error_t *errors;
    pool_future_t *future = NULL;
    EXPECT(party, pool_broadcast_async(party->pool, number, POOL_IN(&one, 1), POOL_OUT(answers),
                                       NULL, &future) == 0);
    int failed = pool_future_get(future, -1);
    EXPECT(party, failed >= 0 && failed < MOST);
    EXPECT(party, (int)pool_future_errors(future, &errors) == failed);
    for (int i = 0; i < failed; i++)
        EXPECT(party, errors[i].kind == POOL_CANCELLED);
    EXPECT(party, answers[0] == 1);
    for (int i = 0; i < MOST; i++)
        EXPECT(party, answers[i] == 0 || answers[i] == 1 + i);
    pool_future_free(future);
}

static void resize(struct party *party)
{
    EXPECT(party, pool_resize(party->pool, 1 + rand_r(&party->seed) % MOST) == 0);
    EXPECT(party, pool_step(party->pool) >= 0);
}

static void run_kind(struct party *party, int kind)
{
    party->called = 0;
    memset(party->results, 0, sizeof party->results);
    switch (kind) {
    case 0:
        map(party);
        break;
    case 1:
        map_async(party);
        break;
    case 2:
        fail_async(party);
        break;
    case 3:
        apply_several(party);
        break;
    case 4:
        cancel(party);
        break;
    case 5:
        fold(party);
        break;
    case 6:
        fold_range(party);
        break;
    case 7:
        broadcast(party);
        break;
    case 8:
        resize(party);
        break;
    default:
        iterate(party, kind == 9);
    }
}

static void *run_party(void *argument)
{
    struct party *party = argument;
    for (int round = 0; round < party->rounds; round++)
        run_kind(party, (party->mixed ? rand_r(&party->seed) : round + party->number) % KINDS);
    return NULL;
}

static struct party *make_parties(pool_t *pool, int rounds)
{
    struct party *parties = world_alloc(THREADS, sizeof *parties);
    for (int t = 0; t < THREADS; t++) {
        parties[t].pool = pool;
        parties[t].number = t;
        parties[t].rounds = rounds;
        for (int i = 0; i < ITEMS; i++)
            parties[t].items[i] = t * 1000 + i;
    }
    return parties;
}

static void start_threads(struct party *parties)
{
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&parties[t].thread, NULL, run_party, &parties[t]), 0);
}

static void join_threads(struct party *parties)
{
    for (int t = 0; t < THREADS; t++)
        pthread_join(parties[t].thread, NULL);
}

static void check_parties(pool_t *pool, unsigned seed)
{
    struct party *parties = make_parties(pool, 20 * KINDS / deadline_slowness());
    for (unsigned t = 0; t < THREADS; t++) {
        parties[t].mixed = seed > 0;
        parties[t].seed = seed + t;
    }
    start_threads(parties);
    join_threads(parties);
    for (int t = 0; t < THREADS; t++)
        if (parties[t].faults)
            fail_msg("seed %u, thread %d: %d faults, the last in line %d", seed, t,
                     parties[t].faults, parties[t].fault_line);
    outcome_pool_works(pool);
}

static void threads_get_what_is_their_own(void **state)
{
    (void)state;
    check_parties(world_pool(3), 0);
}

/* Beside workers that come and go, and who polls. */
static void they_do_in_any_order_and_of_any_pool(void **state)
{
    pool_options_t options[] = {{.processes = 3},
                                {.processes = 3, .idle_timeout = 1},
                                {.processes = 2, .maxtasksperchild = 400},
                                {.processes = 3, .budget = 20000}};
    (void)state;
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        pool_t *pool = world_pool_with(&options[i]);
        assert_true(pool_fileno(pool) >= 0);
        check_parties(pool, 100 * (i + 1));
        world_free(pool);
    }
}

/* ---- All on one future ---- */

static void threads_may_wait_for_one_future(void **state)
{
    (void)state;
    struct party *parties = make_parties(world_pool(2), 0);
    for (int round = 0; round < 50; round++) {
        pthread_t threads[THREADS];
        pool_future_t *future = start(&parties[0], triple_some, 1);
        for (int t = 0; t < THREADS; t++)
            assert_int_equal(pthread_create(&threads[t], NULL, host_get, future), 0);
        for (int t = 0; t < THREADS; t++) {
            void *failed;
            pthread_join(threads[t], &failed);
            assert_int_equal((intptr_t)failed, 3);
        }
        assert_int_equal(parties[0].called, round + 1);
        assert_int_equal(parties[0].faults, 0);
        pool_future_free(future);
    }
}

/* ---- The pool ends meanwhile ---- */

/* Submits until the pool takes no more. */
static void *submit_until_closed(void *argument)
{
    struct party *party = argument;
    for (;;) {
        int got = pool_map(party->pool, work_triple, POOL_IN(party->items, ITEMS),
                           POOL_OUT(party->results));
        if (got == POOL_ECLOSED)
            return NULL;
        /* Terminated meanwhile, a call ends as closed too, and is the last. */
        EXPECT(party, got == 0 && all_triples(party));
        party->mapped++;
    }
}

static bool all_have_begun(void *argument)
{
    const struct party *parties = argument;
    for (int t = 0; t < THREADS; t++)
        if (parties[t].mapped < 3)
            return false;
    return true;
}

static void check_end(int (*end)(pool_t *))
{
    pool_t *pool = world_pool(3);
    struct party *parties = make_parties(pool, 0);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&parties[t].thread, NULL, submit_until_closed, &parties[t]),
                         0);
    assert_true(deadline_met(10000, all_have_begun, parties));
    assert_int_equal(end(pool), 0);
    join_threads(parties);
    assert_int_equal(pool_join(pool), 0);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(parties[t].faults, 0);
    world_free(pool);
}

static void a_pool_may_be_closed_or_terminated_while_threads_use_it(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        check_end(pool_close);
        check_end(pool_terminate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(threads_get_what_is_their_own),
        WORLD_TEST_WITHIN(they_do_in_any_order_and_of_any_pool, 60),
        WORLD_TEST(threads_may_wait_for_one_future),
        WORLD_TEST(a_pool_may_be_closed_or_terminated_while_threads_use_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
