/* Broadcasts, played without processes: whose chunk is in a worker's mailbox. */
#include <signal.h>

#include "unit/stage.h"

static int results[2][STAGE_WORKERS];

static void submit_broadcast(struct stage *stage, struct pool_future *job, int *places)
{
    *job = (struct pool_future){.function = stage_function,
                                .in = POOL_IN(stage->items, 1),
                                .out = pool_out(places, sizeof *places, NULL),
                                .broadcast = true};
    job->in.count = STAGE_WORKERS;
    stage_submit(stage, job);
}

/* Claims what is in the worker's mailbox. */
static struct part take_mail(struct stage *stage, int worker, uint32_t life)
{
    uint64_t ticket = stage->pool.board->mailboxes[worker];
    struct part part = {pool__ticket_chunk(ticket), pool__ticket_generation(ticket), worker, life};
    assert_true(pool__claim(&stage_cell(stage, part.number)->state, part.generation, worker, life));
    return part;
}

static const struct pool_future *job_of(const struct stage *stage, const struct part *part)
{
    return stage->pool.chunks[part->number].job;
}

static void run(struct stage *stage, const struct part *part)
{
    stage_run(stage, part, 1);
    assert_true(stage_commit(stage, part));
    pool__collect(&stage->pool);
    pool__tend(&stage->pool);
}

/* A worker has claimed its chunk of the first broadcast, and the second's is in its mailbox. When it
 * dies before its first item, both chunks are for the same mailbox. */
static void two_chunks_for_one_mailbox_come_one_after_the_other(void **test)
{
    struct stage *stage = *test;
    struct pool_future first, second;
    stage_finish(stage);
    submit_broadcast(stage, &first, results[0]);
    struct part part = take_mail(stage, 0, 1);
    assert_ptr_equal(job_of(stage, &part), &first);
    submit_broadcast(stage, &second, results[1]);
    stage_die(stage, &part, SIGKILL);
    pool__tend(&stage->pool);
    part = take_mail(stage, 0, 2);
    assert_ptr_equal(job_of(stage, &part), &second);
    run(stage, &part);
    part = take_mail(stage, 0, 2);
    assert_ptr_equal(job_of(stage, &part), &first);
    run(stage, &part);
    for (int worker = 1; worker < STAGE_WORKERS; worker++)
        for (int i = 0; i < 2; i++) {
            part = take_mail(stage, worker, 1);
            run(stage, &part);
        }
    assert_true(first.done && second.done);
    assert_int_equal(first.failed + second.failed, 0);
}

/* A second broadcast waits for a mailbox that is full, and goes on when that is not. */
static void a_full_mailbox_holds_a_broadcast_up(void **test)
{
    struct stage *stage = *test;
    struct pool_future first, second;
    stage_finish(stage);
    submit_broadcast(stage, &first, results[0]);
    submit_broadcast(stage, &second, results[1]);
    assert_int_equal(first.given, STAGE_WORKERS);
    assert_int_equal(second.given, 0);
    for (int worker = 0; worker < STAGE_WORKERS; worker++) {
        struct part part = take_mail(stage, worker, 1);
        assert_ptr_equal(job_of(stage, &part), &first);
        run(stage, &part);
        assert_int_equal(second.given, worker + 1);
    }
    for (int worker = 0; worker < STAGE_WORKERS; worker++) {
        struct part part = take_mail(stage, worker, 1);
        run(stage, &part);
    }
    assert_true(first.done && second.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_chunks_for_one_mailbox_come_one_after_the_other,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(a_full_mailbox_holds_a_broadcast_up, stage_setup,
                                        stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
