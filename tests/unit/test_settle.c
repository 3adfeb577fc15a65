/* How chunks end: committed, died over, lost. Whatever happens, every item has exactly one end. */
#include <sys/wait.h>

#include "unit/stage.h"

static void assert_error(const struct stage *stage, size_t index, pool_error_kind_t kind, int code)
{
    const pool_error_t *error = stage_error(stage, index);
    assert_non_null(error);
    assert_int_equal(error->kind, kind);
    assert_int_equal(error->code, code);
}

/* ---- Commits ---- */

static void committed_results_come_to_their_places(void **test)
{
    struct stage *stage = *test;
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 0);
    assert_int_equal(stage->pool.repairs, 0);
    stage_assert_ended(stage);
}

static void noted_items_fail_and_no_others(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, STAGE_CHUNK);
    stage_failure(stage, &part, 0, 50);
    stage_failure(stage, &part, 2, -60);
    assert_true(stage_commit(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_error(stage, 0, POOL_FAILED, 50);
    assert_error(stage, 2, POOL_FAILED, -60);
    assert_string_equal(stage_error(stage, 2)->message, "recorded");
    assert_int_equal(stage_error(stage, 2)->worker, 1);
    assert_int_equal(stage_error(stage, 2)->pid, 1001);
    assert_int_equal(stage->job.failed, 2);
    stage_finish(stage);
    stage_assert_ended(stage);
}

static void a_chunk_committed_halfway_goes_on_with_its_next_item(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 0, 1);
    stage_run(stage, &part, 1);
    stage_failure(stage, &part, 0, 50);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.ended, 1);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 1);
    stage_assert_ended(stage);
}

/* An inline worker that is told in time commits a chunk of which it has run nothing. */
static void a_chunk_committed_unrun_as_the_pool_ends_goes_back(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 0, 1);
    stage->pool.ending = true;
    assert_true(stage_commit(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_int_equal(stage->job.ended, 0);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 0);
    stage_assert_ended(stage);
}

static void nothing_is_collected_while_nothing_is_done(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 0, 1);
    assert_false(pool__collect(&stage->pool));
    stage_set_bit(stage, part.number);
    stage_set_bit(stage, POOL__CHUNKS - 1);
    stage_cell(stage, POOL__CHUNKS - 1)->state = pool__word(POOL__DONE, 0, 1, 0xffffffff);
    assert_false(pool__collect(&stage->pool));
    assert_int_equal(stage->job.ended, 0);
}

/* ---- Deaths ---- */

/* A worker that dies after `ended` items, in the next one if `running`: that one alone is blamed. */
static void die_at(size_t chunk, uint64_t ended, bool running, int status)
{
    static struct stage stage;
    stage_open(&stage, chunk);
    struct part part = stage_take(&stage, 1, 1);
    stage_run(&stage, &part, ended);
    stage_cell(&stage, part.number)->progress += running;
    stage_die(&stage, &part, status);
    assert_int_equal(stage.job.ended, ended + running);
    assert_int_equal(stage.job.failed, running);
    if (running) {
        bool crashed = WIFSIGNALED(status);
        assert_error(&stage, ended, crashed ? POOL_CRASHED : POOL_EXITED,
                     crashed ? WTERMSIG(status) : WEXITSTATUS(status));
        assert_int_equal(stage_error(&stage, ended)->worker, 1);
        assert_int_equal(stage_error(&stage, ended)->pid, 1001);
    }
    assert_false(stage_commit(&stage, &part));
    stage_finish(&stage);
    assert_int_equal(stage.job.failed, running);
    stage_assert_ended(&stage);
    stage_close(&stage);
}

static void a_death_costs_the_item_that_ran_and_no_other(void **test)
{
    (void)test;
    static const int statuses[] = {SIGKILL, SIGSEGV | 0x80, 0, 255 << 8};
    static const size_t chunks[] = {1, 4, STAGE_CHUNK};
    for (size_t c = 0; c < COUNT(chunks); c++)
        for (uint64_t ended = 0; ended <= chunks[c]; ended++)
            for (size_t i = 0; i < COUNT(statuses); i++) {
                die_at(chunks[c], ended, false, statuses[i]);
                if (ended < chunks[c])
                    die_at(chunks[c], ended, true, statuses[i]);
            }
}

/* The message of a crash with this report. */
static void assert_crash_message(bool faulted, bool overflow, const char *message)
{
    static struct stage stage;
    stage_open(&stage, STAGE_CHUNK);
    struct part part = stage_take(&stage, 1, 1);
    stage_cell(&stage, part.number)->progress = 1;
    struct pool__death death = {.worker = 1,
                                .life = 1,
                                .pid = 1001,
                                .status = SIGSEGV,
                                .faulted = faulted,
                                .overflow = overflow,
                                .address = 0x1234};
    stage_hear(&stage, &death);
    assert_string_equal(stage_error(&stage, 0)->message, message);
    stage_close(&stage);
}

static void a_crash_is_reported_with_its_address(void **test)
{
    (void)test;
    assert_crash_message(true, false, "address 0x1234");
    assert_crash_message(true, true, "stack overflow");
    assert_crash_message(false, false, "");
}

static void failures_noted_before_the_death_are_kept(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, 2);
    stage_failure(stage, &part, 1, 50);
    stage_cell(stage, part.number)->progress = 2 * 2 + 1;
    stage_die(stage, &part, SIGKILL);
    assert_error(stage, 1, POOL_FAILED, 50);
    assert_error(stage, 2, POOL_CRASHED, SIGKILL);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 2);
    stage_assert_ended(stage);
}

static void a_note_of_the_item_that_ran_is_not_believed(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, 1);
    stage_failure(stage, &part, 1, 50);
    stage_cell(stage, part.number)->progress = 2 + 1;
    stage_die(stage, &part, SIGKILL);
    assert_error(stage, 1, POOL_CRASHED, SIGKILL);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 1);
    stage_assert_ended(stage);
}

static void what_goes_back_has_a_new_generation(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1), other;
    stage_die(stage, &part, SIGKILL);
    while (stage_claim(stage, 0, 1, &other) && other.number != part.number)
        ;
    assert_int_equal(other.number, part.number);
    assert_int_equal(other.generation, part.generation + 1);
}

static void what_the_dead_had_committed_counts(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    stage_die(stage, &part, SIGKILL);
    assert_int_equal(stage->job.ended, STAGE_CHUNK);
    assert_int_equal(stage->job.failed, 0);
    stage_finish(stage);
    stage_assert_ended(stage);
}

static void a_death_costs_others_nothing(void **test)
{
    struct stage *stage = *test;
    struct part mine = stage_take(stage, 0, 1), others = stage_take(stage, 1, 1);
    stage_run(stage, &others, 2);
    stage_cell(stage, mine.number)->progress = 1;
    stage_die(stage, &mine, SIGKILL);
    assert_int_equal(stage->job.ended, 1);
    stage_run(stage, &others, STAGE_CHUNK);
    assert_true(stage_commit(stage, &others));
    pool__collect(&stage->pool);
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 1);
    stage_assert_ended(stage);
}

/* ---- Births and deaths that the host has not heard of yet ---- */

static void a_chunk_of_a_life_to_come_is_left_alone(void **test)
{
    struct stage *stage = *test;
    struct part first = stage_take(stage, 0, 1), second = stage_take(stage, 0, 2),
                third = stage_take(stage, 0, 9);
    stage_cell(stage, first.number)->progress = 1;
    stage_cell(stage, second.number)->progress = 1;
    stage_die(stage, &first, SIGKILL);
    assert_int_equal(stage->job.ended, 1);
    stage_die(stage, &second, SIGKILL);
    assert_int_equal(stage->job.ended, 2);
    stage_run(stage, &third, STAGE_CHUNK);
    assert_true(stage_commit(stage, &third));
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 2);
    assert_error(stage, STAGE_CHUNK, POOL_CRASHED, SIGKILL);
    stage_assert_ended(stage);
}

static void lives_wrap(void **test)
{
    struct stage *stage = *test;
    stage->members[0].life = 0xffff;
    struct part before = stage_take(stage, 0, 0xffff), after = stage_take(stage, 0, 0x10001);
    stage_die(stage, &before, SIGKILL);
    assert_int_equal(stage->job.ended, 0);
    stage_run(stage, &after, STAGE_CHUNK);
    assert_true(stage_commit(stage, &after));
    stage_finish(stage);
    assert_int_equal(stage->job.failed, 0);
    stage_assert_ended(stage);
}

/* ---- Lost hints ---- */

/* An owner that is awake may be about to set it. */
static void a_commit_without_its_bit_is_found(void **test)
{
    struct stage *stage = *test;
    static const enum pool__wake_state rests[] = {POOL__AWAKE, POOL__SPINNING, POOL__ASLEEP};
    for (size_t i = 0; i < COUNT(rests); i++) {
        struct part part = stage_take(stage, 0, 1);
        stage_run(stage, &part, STAGE_CHUNK);
        assert_true(pool__commit(&stage_cell(stage, part.number)->state, part.generation, 0, 1));
        assert_false(pool__collect(&stage->pool));
        pool__slot(stage->pool.board, 0, 1)->wake_state = rests[i];
        pool__reconcile(&stage->pool, NULL);
        assert_int_equal(stage->job.ended, (i + 1) * STAGE_CHUNK);
        assert_int_equal(stage->pool.repairs, rests[i] == POOL__ASLEEP);
    }
}

static void a_ticket_that_everybody_has_passed_is_written_again(void **test)
{
    struct stage *stage = *test;
    uint64_t tail = stage->pool.board->tails[POOL__COMMON];
    stage->pool.writable->heads[POOL__COMMON] = 2;
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->pool.board->tails[POOL__COMMON], tail + 2);
    assert_int_equal(stage->pool.repairs, 2);
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->pool.board->tails[POOL__COMMON], tail + 2);
    stage_finish(stage);
    stage_assert_ended(stage);
}

static void a_head_beyond_the_tail_is_set_back(void **test)
{
    struct stage *stage = *test;
    uint64_t tail = stage->pool.board->tails[POOL__COMMON];
    stage->pool.writable->heads[POOL__COMMON] = tail + 1;
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(pool__queued(stage->pool.board), tail);
    assert_int_equal(stage->pool.board->tails[POOL__COMMON], tail);
    stage_finish(stage);
    stage_assert_ended(stage);
}

/* ---- The end of the pool ---- */

/* What was done counts, the rest is lost for this reason. */
static void assert_given_up(struct stage *stage, int reason)
{
    struct part done = stage_take(stage, 0, 1), running = stage_take(stage, 1, 1);
    stage_run(stage, &done, STAGE_CHUNK);
    stage_cell(stage, running.number)->progress = 1;
    assert_true(stage_commit(stage, &done));
    stage->pool.phase = POOL__GONE_PHASE;
    pool__give_up(&stage->pool);
    assert_false(stage_commit(stage, &running));
    assert_int_equal(stage->job.status, reason);
    assert_int_equal(stage->job.failed, STAGE_ITEMS - STAGE_CHUNK);
    for (size_t i = STAGE_CHUNK; i < STAGE_ITEMS; i++)
        assert_error(stage, i, POOL_LOST, reason);
    stage_assert_ended(stage);
}

static void when_the_pool_was_ended_the_rest_is_lost(void **test)
{
    assert_given_up(*test, POOL_ECLOSED);
}

static void when_the_pool_broke_the_rest_is_lost(void **test)
{
    struct stage *stage = *test;
    stage->pool.broken = true;
    strcpy(stage->pool.why, "the reason");
    assert_given_up(stage, POOL_EBROKEN);
    assert_string_equal(stage_error(stage, STAGE_ITEMS - 1)->message, "the reason");
}

#define ON_STAGE(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)

/* All workers are gone: what a chunk's owner had started counts as started. */
static void what_had_started_is_lost_as_started(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    stage_cell(stage, part.number)->progress = 2 * 3 + 1;
    stage->pool.broken = true;
    stage->pool.phase = POOL__GONE_PHASE;
    pool__give_up(&stage->pool);
    assert_int_equal(stage->job.failed, STAGE_ITEMS);
    for (size_t i = 0; i < STAGE_ITEMS; i++) {
        assert_int_equal(stage_error(stage, i)->kind, POOL_LOST);
        assert_int_equal(stage_error(stage, i)->attempt, i < 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(committed_results_come_to_their_places),
        ON_STAGE(noted_items_fail_and_no_others),
        ON_STAGE(a_chunk_committed_halfway_goes_on_with_its_next_item),
        ON_STAGE(a_chunk_committed_unrun_as_the_pool_ends_goes_back),
        ON_STAGE(nothing_is_collected_while_nothing_is_done),
        cmocka_unit_test(a_death_costs_the_item_that_ran_and_no_other),
        cmocka_unit_test(a_crash_is_reported_with_its_address),
        ON_STAGE(failures_noted_before_the_death_are_kept),
        ON_STAGE(a_note_of_the_item_that_ran_is_not_believed),
        ON_STAGE(what_goes_back_has_a_new_generation),
        ON_STAGE(what_the_dead_had_committed_counts),
        ON_STAGE(what_had_started_is_lost_as_started),
        ON_STAGE(a_death_costs_others_nothing),
        ON_STAGE(a_chunk_of_a_life_to_come_is_left_alone),
        ON_STAGE(lives_wrap),
        ON_STAGE(a_commit_without_its_bit_is_found),
        ON_STAGE(a_ticket_that_everybody_has_passed_is_written_again),
        ON_STAGE(a_head_beyond_the_tail_is_set_back),
        ON_STAGE(when_the_pool_was_ended_the_rest_is_lost),
        ON_STAGE(when_the_pool_broke_the_rest_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
