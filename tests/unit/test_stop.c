/* Stopping a call: what has not started ends at once, what runs is left to its worker or taken away
 * from it, and everything has exactly one end. */
#include "host/engine/stop.h"
#include "host/transport/board/recall.h"
#include "unit/scene.h"

static void stop(struct scene *scene, bool kill)
{
    pool__stop(&scene->stage.pool, &scene->stage.job, POOL_CANCELLED, kill);
}

static void assert_told_to_kill(const struct scene *scene, int worker, uint32_t life)
{
    struct pool__message message;
    assert_int_equal(pool__control_receive(scene->supervisor, &message), 1);
    assert_int_equal(message.type, POOL__LOOK);
    assert_int_equal(scene->stage.pool.board->doomed[worker], life);
}

static void assert_told_nothing(const struct scene *scene)
{
    struct pool__message message;
    assert_int_equal(pool__control_receive(scene->supervisor, &message), -EAGAIN);
}

static void assert_cancelled(const struct stage *stage, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const pool_error_t *error = stage_error(stage, i);
        assert_non_null(error);
        assert_int_equal(error->kind, POOL_CANCELLED);
        assert_int_equal(error->code, -ECANCELED);
        assert_int_equal(error->worker, -1);
    }
}

/* ---- What is queued ---- */

static void what_has_not_started_ends_at_once(void **test)
{
    struct scene *scene = *test;
    stop(scene, false);
    assert_cancelled(&scene->stage, 0, STAGE_ITEMS);
    stage_assert_ended(&scene->stage);
    struct part part = {0};
    assert_false(stage_claim(&scene->stage, 1, 1, &part));
    assert_told_nothing(scene);
}

static void what_was_never_given_out_ends_too(void **test)
{
    struct scene *scene = *test;
    struct pool_future *job = &scene->stage.job;
    stop(scene, false);
    pool__report_clear(&job->report);
    job->given = job->ended = job->failed = 0;
    pool__stop(&scene->stage.pool, job, POOL_TIMED_OUT, false);
    assert_int_equal(job->failed, STAGE_ITEMS);
    for (size_t i = 0; i < STAGE_ITEMS; i++) {
        assert_int_equal(stage_error(&scene->stage, i)->kind, POOL_TIMED_OUT);
        assert_int_equal(stage_error(&scene->stage, i)->code, -ETIMEDOUT);
    }
    stage_assert_ended(&scene->stage);
}

static void another_call_goes_on(void **test)
{
    struct scene *scene = *test;
    struct pool_future other = {.pool = &scene->stage.pool, .options = {.chunksize = 1}};
    pool__stop(&scene->stage.pool, &other, POOL_CANCELLED, true);
    stage_finish(&scene->stage);
    assert_int_equal(scene->stage.job.failed, 0);
    stage_assert_ended(&scene->stage);
}

/* ---- What runs, and is left alone ---- */

static void a_running_item_may_end(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stage_cell(stage, part.number)->progress = 1;
    stop(scene, false);
    assert_int_equal(stage->pool.board->orders[part.number].cancelled, 1);
    assert_cancelled(stage, STAGE_CHUNK, STAGE_ITEMS);
    stage_run(stage, &part, 1);
    assert_true(stage_commit(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_cancelled(stage, 1, STAGE_CHUNK);
    stage_assert_ended(stage);
    assert_told_nothing(scene);
}

static void a_worker_may_stop_before_its_first_item(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stop(scene, false);
    assert_true(stage_commit(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_cancelled(stage, 0, STAGE_ITEMS);
    stage_assert_ended(stage);
}

static void a_worker_that_dies_meanwhile_is_blamed_for_its_item_alone(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, 3);
    stage_cell(stage, part.number)->progress += 1;
    stop(scene, false);
    stage_die(stage, &part, SIGSEGV);
    assert_int_equal(stage_error(stage, 3)->kind, POOL_CRASHED);
    assert_cancelled(stage, 4, STAGE_ITEMS);
    stage_assert_ended(stage);
}

/* ---- What runs, and is taken away ---- */

static void what_has_ended_in_a_chunk_that_is_taken_away_counts(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, 5);
    stage_failure(stage, &part, 2, 50);
    stage_cell(stage, part.number)->progress = 2 * 5 + 1;
    stop(scene, true);
    assert_int_equal(stage->job.ended, STAGE_ITEMS);
    assert_int_equal(stage_error(stage, 2)->kind, POOL_FAILED);
    assert_cancelled(stage, 5, STAGE_ITEMS);
    assert_told_to_kill(scene, 1, 1);
    assert_told_nothing(scene);
    assert_false(stage_commit(stage, &part));
    stage_die(stage, &part, SIGKILL);
    stage_assert_ended(stage);
}

static void its_memory_is_kept_until_its_owner_is_dead(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    struct part other = {.worker = 2, .life = 1}, earlier = {.worker = 1, .life = 0};
    stop(scene, true);
    uint64_t bytes = stage->pool.bytes;
    assert_true(bytes > 0);
    stage_die(stage, &other, SIGKILL);
    stage_die(stage, &earlier, SIGKILL);
    pool__reconcile(&stage->pool, NULL);
    assert_int_equal(stage->pool.bytes, bytes);
    assert_int_equal(pool__outstanding(&stage->pool), 1);
    stage_die(stage, &part, SIGKILL);
    assert_int_equal(stage->pool.bytes, 0);
    stage_assert_ended(stage);
    stage_die(stage, &part, SIGKILL);
    stage_assert_ended(stage);
}

static void a_life_the_host_has_not_heard_of_is_killed_by_its_number(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = {0};
    stage->members[1].life = 0x2ffff;
    assert_true(stage_claim(stage, 1, 0x30001, &part));
    stop(scene, true);
    assert_told_to_kill(scene, 1, 0x30001);
    stage_die(stage, &part, SIGKILL);
    stage_assert_ended(stage);
}

static void what_was_committed_in_time_counts(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    stop(scene, true);
    assert_told_nothing(scene);
    pool__collect(&stage->pool);
    assert_cancelled(stage, STAGE_CHUNK, STAGE_ITEMS);
    assert_int_equal(stage->job.failed, STAGE_ITEMS - STAGE_CHUNK);
    stage_assert_ended(stage);
}

static void first_gently_then_with_force(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stage_cell(stage, part.number)->progress = 1;
    stop(scene, false);
    assert_told_nothing(scene);
    stop(scene, true);
    stop(scene, true);
    assert_told_to_kill(scene, 1, 1);
    assert_told_nothing(scene);
    assert_cancelled(stage, 0, STAGE_ITEMS);
    stage_die(stage, &part, SIGKILL);
    stage_assert_ended(stage);
}

static void impossible_progress_takes_no_results(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct part part = stage_take(stage, 1, 1);
    stage_run(stage, &part, 2);
    stage_cell(stage, part.number)->progress = UINT64_MAX;
    stop(scene, true);
    assert_cancelled(stage, 0, STAGE_ITEMS);
    stage_die(stage, &part, SIGKILL);
    stage_assert_ended(stage);
}

static void when_the_pool_is_gone_no_owner_is_awaited(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    stage_take(stage, 1, 1);
    stop(scene, true);
    stage->pool.phase = POOL__GONE_PHASE;
    pool__give_up(&stage->pool);
    assert_cancelled(stage, 0, STAGE_ITEMS);
    stage_assert_ended(stage);
}

static void an_owner_is_doomed_although_the_channel_is_full(void **test)
{
    struct scene *scene = *test;
    struct stage *stage = &scene->stage;
    struct pool__message message = {.type = POOL__LOOK};
    stage_take(stage, 1, 1);
    while (pool__control_send(stage->pool.launch.control_host, &message) == 0)
        ;
    stop(scene, true);
    assert_int_equal(stage->pool.board->doomed[1], 1);
    assert_true(stage->pool.tell_at > 0);
}

#define IN_SCENE(function) cmocka_unit_test_setup_teardown(function, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_has_not_started_ends_at_once),
        IN_SCENE(what_was_never_given_out_ends_too),
        IN_SCENE(another_call_goes_on),
        IN_SCENE(a_running_item_may_end),
        IN_SCENE(a_worker_may_stop_before_its_first_item),
        IN_SCENE(a_worker_that_dies_meanwhile_is_blamed_for_its_item_alone),
        IN_SCENE(what_has_ended_in_a_chunk_that_is_taken_away_counts),
        IN_SCENE(its_memory_is_kept_until_its_owner_is_dead),
        IN_SCENE(a_life_the_host_has_not_heard_of_is_killed_by_its_number),
        IN_SCENE(what_was_committed_in_time_counts),
        IN_SCENE(first_gently_then_with_force),
        IN_SCENE(impossible_progress_takes_no_results),
        IN_SCENE(when_the_pool_is_gone_no_owner_is_awaited),
        IN_SCENE(an_owner_is_doomed_although_the_channel_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
