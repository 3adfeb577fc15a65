/* One item for every worker: each runs it once, whatever else they do. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

enum { WORKERS = 4, PROMPT = 2000 };

static struct ledger *ran;

struct answer {
    int number, argument;
    pid_t pid;
    size_t index;
};

static int answer(const void *item, void *result, pool_task_t *task)
{
    *(struct answer *)result = (struct answer){.number = pool_task_worker(task),
                                               .argument = *(const int *)item,
                                               .pid = getpid(),
                                               .index = pool_task_index(task)};
    return 0;
}

static void check_answers(pool_t *pool, const struct answer *answers, int count, int argument)
{
    pid_t pids[16];
    assert_int_equal(pool_pids(pool, pids, 16), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(answers[i].number, i);
        assert_int_equal(answers[i].index, i);
        assert_int_equal(answers[i].argument, argument);
        assert_int_equal(answers[i].pid, pids[i]);
    }
}

static void every_worker_answers_once_at_its_place(void **state)
{
    struct answer answers[WORKERS];
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    for (int round = 0; round < 200; round++) {
        memset(answers, 0xff, sizeof answers);
        assert_int_equal(pool_broadcast(pool, answer, POOL_IN(&round, 1), POOL_OUT(answers)), 0);
        check_answers(pool, answers, WORKERS, round);
    }
    outcome_pool_works(pool);
    world_free(pool);
}

static char *word;

static int keep(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    free(word);
    word = strdup(*(const char *const *)item);
    *(char **)result = word ? strdup(word) : NULL;
    return word ? 0 : ENOMEM;
}

static int recite(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)task;
    *(char **)result = strdup(word ? word : "nothing");
    return 0;
}

static void what_it_leaves_is_there_for_later_items(void **state)
{
    const char *text = "what a broadcast leaves behind";
    char *echoes[WORKERS], *recited[50];
    int items[50] = {0};
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(pool_broadcast(pool, keep, POOL_IN(&text, 1), POOL_OUT(echoes)), 0);
    assert_int_equal(pool_map(pool, recite, POOL_IN(items, 50), POOL_OUT(recited)), 0);
    for (int i = 0; i < WORKERS; i++)
        assert_string_equal(echoes[i], text);
    for (int i = 0; i < 50; i++)
        assert_string_equal(recited[i], text);
    pool_release(&pool_type_text, echoes, WORKERS);
    pool_release(&pool_type_text, recited, 50);
    world_free(pool);
}

static int misbehave(const void *item, void *result, pool_task_t *task)
{
    int number = pool_task_worker(task);
    ledger_mark(ran, (size_t)number);
    *(int *)result = number;
    if (number == *(const int *)item)
        abort();
    return number == *(const int *)item + 1 ? pool_fail(task, 77, "not me") : 0;
}

static void a_worker_that_fails_or_crashes_costs_its_own_answer(void **state)
{
    int numbers[WORKERS] = {-1, -1, -1, -1}, victim = 1;
    (void)state;
    ran = ledger_make(WORKERS);
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(pool_broadcast(pool, misbehave, POOL_IN(&victim, 1), POOL_OUT(numbers)), 2);
    outcome_errors_in_order(pool, WORKERS, 2);
    outcome_is(pool, 1, POOL_CRASHED, SIGABRT);
    outcome_is(pool, 2, POOL_FAILED, 77);
    assert_true(numbers[0] == 0 && numbers[1] == -1 && numbers[2] == -1 && numbers[3] == 3);
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(ledger_count(ran, i), 1);
    outcome_pool_works(pool);
    world_free(pool);
}

static int pass(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    usleep(100);
    *(int *)result = *(const int *)item;
    return 0;
}

static void it_reaches_workers_that_are_busy_with_a_map(void **state)
{
    enum { ITEMS = 3000, ROUNDS = 20 };
    static int items[ITEMS], results[ITEMS];
    struct answer answers[ROUNDS][WORKERS];
    pool_future_t *map, *futures[ROUNDS];
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    assert_int_equal(
        pool_map_async(pool, pass, POOL_IN(items, ITEMS), POOL_OUT(results), NULL, &map), 0);
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(pool_broadcast_async(pool, answer, POOL_IN(&items[i], 1),
                                              POOL_OUT(answers[i]), NULL, &futures[i]),
                         0);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(pool_future_get(futures[i], -1), 0);
        check_answers(pool, answers[i], WORKERS, i);
        pool_future_free(futures[i]);
    }
    assert_int_equal(pool_future_get(map, -1), 0);
    pool_future_free(map);
    assert_memory_equal(items, results, sizeof items);
    world_free(pool);
}

static void killed_workers_are_asked_in_their_replacements(void **state)
{
    struct answer answers[WORKERS];
    pid_t pids[WORKERS];
    (void)state;
    pool_t *pool = world_pool(WORKERS);
    for (int round = 0; round < 30; round++) {
        pool_pids(pool, pids, WORKERS);
        for (int i = 0; i < WORKERS; i++)
            if (pids[i] > 0 && i != round % WORKERS)
                kill(pids[i], SIGKILL);
        int failed = pool_broadcast(pool, answer, POOL_IN(&round, 1), POOL_OUT(answers));
        assert_in_range(failed, 0, WORKERS - 1); /* one may be killed in its answer */
        for (int i = 0; i < WORKERS; i++)
            if (!outcome_of(pool, (size_t)i))
                assert_true(answers[i].number == i && answers[i].argument == round);
    }
    world_free(pool);
}

static void workers_that_left_for_want_of_work_come_for_it(void **state)
{
    struct answer answers[WORKERS];
    pool_options_t options = {.processes = WORKERS, .idle_timeout = 1};
    (void)state;
    pool_t *pool = world_pool_with(&options);
    for (int round = 0; round < 50; round++) {
        int64_t began = deadline_now();
        assert_int_equal(pool_broadcast(pool, answer, POOL_IN(&round, 1), POOL_OUT(answers)), 0);
        for (int i = 0; i < WORKERS; i++)
            assert_true(answers[i].number == i && answers[i].argument == round);
        assert_true(deadline_kept(began, PROMPT));
        usleep((useconds_t)(round * 100));
    }
    world_free(pool);
}

static int wait_for_cancel(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)result;
    ledger_mark(ran, 0);
    while (!pool_task_cancelled(task))
        usleep(1000);
    return 0;
}

static void who_is_not_wanted_any_more_is_not_waited_for(void **state)
{
    struct answer answers[WORKERS];
    int item = 5;
    pool_future_t *blockers, *asked;
    (void)state;
    ran = ledger_make(1);
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(
        pool_broadcast_async(pool, wait_for_cancel, POOL_IN(&item, 1), POOL_NONE, NULL, &blockers),
        0);
    assert_true(ledger_becomes(ran, WORKERS, PROMPT));
    assert_int_equal(
        pool_broadcast_async(pool, answer, POOL_IN(&item, 1), POOL_OUT(answers), NULL, &asked), 0);
    assert_int_equal(pool_resize(pool, 2), 0);
    assert_int_equal(pool_future_wait(asked, 10), -ETIMEDOUT);
    assert_int_equal(pool_future_cancel(blockers, -1), 0);
    assert_int_equal(pool_future_get(asked, -1), 2);
    const pool_error_t *errors;
    assert_int_equal(pool_future_errors(asked, &errors), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(errors[i].index, i + 2);
        assert_int_equal(errors[i].kind, POOL_CANCELLED);
        assert_int_equal(answers[i].number, i);
    }
    assert_int_equal(pool_future_get(blockers, -1), 0);
    pool_future_free(asked);
    pool_future_free(blockers);
    world_free(pool);
}

static int hang_in_first(const void *item, void *result, pool_task_t *task)
{
    return pool_task_worker(task) > 0 ? 0 : wait_for_cancel(item, result, task);
}

/* One hangs in an item of an earlier broadcast; the others answer meanwhile. */
static void who_is_free_answers_while_another_runs_an_earlier_one(void **state)
{
    struct answer answers[WORKERS];
    int item = 7;
    pool_future_t *earlier, *later;
    const pool_error_t *errors;
    (void)state;
    ran = ledger_make(1);
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(
        pool_broadcast_async(pool, hang_in_first, POOL_IN(&item, 1), POOL_NONE, NULL, &earlier), 0);
    assert_true(ledger_becomes(ran, 1, PROMPT));
    pool_map_options_t options = {.timeout = 300 * deadline_slowness()};
    assert_int_equal(
        pool_broadcast_async(pool, answer, POOL_IN(&item, 1), POOL_OUT(answers), &options, &later),
        0);
    assert_int_equal(pool_future_get(later, -1), 1);
    assert_int_equal(pool_future_errors(later, &errors), 1);
    assert_true(errors[0].index == 0 && errors[0].kind == POOL_TIMED_OUT);
    for (int i = 1; i < WORKERS; i++)
        assert_true(answers[i].number == i && answers[i].argument == item);
    pool_future_free(later);
    assert_int_equal(
        pool_broadcast_async(pool, answer, POOL_IN(&item, 1), POOL_OUT(answers), NULL, &later), 0);
    assert_int_equal(pool_future_cancel(earlier, -1), 0);
    assert_int_equal(pool_future_get(later, -1), 0);
    check_answers(pool, answers, WORKERS, item);
    pool_future_free(earlier);
    pool_future_free(later);
    world_free(pool);
}

static void it_can_be_cancelled_and_timed_out(void **state)
{
    int item = 1;
    pool_map_options_t options = {.timeout = 50};
    pool_future_t *first, *second;
    (void)state;
    ran = ledger_make(1);
    pool_t *pool = world_pool(WORKERS);
    assert_int_equal(
        pool_broadcast_async(pool, wait_for_cancel, POOL_IN(&item, 1), POOL_NONE, &options, &first),
        0);
    assert_int_equal(
        pool_broadcast_async(pool, wait_for_cancel, POOL_IN(&item, 1), POOL_NONE, NULL, &second),
        0);
    assert_int_equal(pool_future_cancel(second, -1), 0);
    assert_int_equal(pool_future_get(second, -1), WORKERS);
    assert_in_range(pool_future_get(first, -1), 0, WORKERS); /* some see it and end in time */
    pool_future_free(first);
    pool_future_free(second);
    outcome_pool_works(pool);
    world_free(pool);
}

static void bad_input_is_refused(void **state)
{
    int items[2] = {1, 2};
    struct answer answers[2];
    (void)state;
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_broadcast(pool, answer, POOL_IN(items, 2), POOL_OUT(answers)),
                     POOL_EOPTION);
    assert_int_equal(pool_broadcast(pool, answer, POOL_IN(items, 0), POOL_OUT(answers)),
                     POOL_EOPTION);
    assert_int_equal(pool_broadcast(pool, answer, POOL_IN(items, 1),
                                    pool_out(answers, PTRDIFF_MAX / 2 + 1, &pool_type_plain)),
                     POOL_EOVERFLOW);
    assert_int_equal(pool_broadcast(NULL, answer, POOL_IN(items, 1), POOL_OUT(answers)),
                     POOL_ENOPOOL);
    assert_int_equal(pool_broadcast(pool, NULL, POOL_IN(items, 1), POOL_OUT(answers)),
                     POOL_ENOFUNCTION);
    pool_close(pool);
    assert_int_equal(pool_broadcast(pool, answer, POOL_IN(items, 1), POOL_OUT(answers)),
                     POOL_ECLOSED);
    world_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(every_worker_answers_once_at_its_place),
        WORLD_TEST(what_it_leaves_is_there_for_later_items),
        WORLD_TEST(a_worker_that_fails_or_crashes_costs_its_own_answer),
        WORLD_TEST(it_reaches_workers_that_are_busy_with_a_map),
        WORLD_TEST(killed_workers_are_asked_in_their_replacements),
        WORLD_TEST(workers_that_left_for_want_of_work_come_for_it),
        WORLD_TEST(who_is_not_wanted_any_more_is_not_waited_for),
        WORLD_TEST(who_is_free_answers_while_another_runs_an_earlier_one),
        WORLD_TEST(it_can_be_cancelled_and_timed_out),
        WORLD_TEST(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
