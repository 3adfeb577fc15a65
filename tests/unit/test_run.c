/* A worker that runs a chunk while others write over the chunk's cell: it writes its failure records and results
 * where they belong, whatever the cell says. */
#include "unit/stage.h"
#include "worker/run.h"

static struct pool__cell *cell; /* of the chunk that runs */

static int fail_and_overwrite(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    cell->failures = UINT32_MAX - 4096;
    return pool_fail(task, 50, "item %d", *(const int *)item);
}

static int write_and_overwrite(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    cell->stream.used = UINT64_MAX / 2;
    *(char **)result = (char *)(uintptr_t) "text";
    return 0;
}

/* A worker runs the first chunk and commits it; how much it then says to have written is not looked at. */
static void run_first(struct stage *stage, pool_function_t function)
{
    static struct worker worker;
    struct part part = {0};
    assert_true(stage_claim(stage, 1, 1, &part));
    assert_int_equal(pool__image_take(&stage->pool.launch.image), 0);
    worker = (struct worker){.launch = &stage->pool.launch,
                             .board = stage->pool.board,
                             .writable = stage->pool.writable,
                             .slot = pool__slot(stage->pool.board, 1, 1),
                             .number = 1,
                             .life = 1};
    cell = stage_cell(stage, part.number);
    stage->pool.board->orders[part.number].function = function;
    pool__run_chunk(&worker, part.number, part.generation);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    pool__task_begin(&worker.task, 0);
    free(worker.task.scratch.blocks);
    pool__image_fini(&stage->pool.launch.image);
}

static void notes_are_written_where_they_belong(void **test)
{
    static struct stage stage;
    (void)test;
    stage_open(&stage, 4);
    run_first(&stage, fail_and_overwrite);
    assert_int_equal(stage.job.failed, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(stage_error(&stage, i)->kind, POOL_FAILED);
    stage_close(&stage);
}

static void results_are_written_where_they_belong(void **test)
{
    static struct stage stage;
    (void)test;
    stage_open_texts(&stage, 4);
    run_first(&stage, write_and_overwrite);
    assert_int_equal(stage.job.failed, 0);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(stage.texts[i], "text");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_written_where_they_belong),
        cmocka_unit_test(results_are_written_where_they_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
