/* Folds in which something goes wrong: exactly the items that did not fail are in the sum, in their
 * order; and a call that fails leaves the accumulator alone. */
#include "process/fold.h"
#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/process.h"
#include "support/work.h"

enum { COUNT = 3000, LONG = 10000 };

static const struct total initial = {.sum = 0.1, .hash = 77, .count = 1000};

/* What an item does, beside being added, which it is first in any case. */
enum deed { GOOD, FAIL, CRASH, EXIT, FAIL_LOUDLY };

static int do_deed(enum deed deed, void *result, pool_task_t *task)
{
    total_add(result, total_value(pool_task_index(task)));
    switch (deed) {
    case FAIL:
        memset(result, 0xee, sizeof(struct total));
        return 42;
    case CRASH:
        memset(result, 0xcc, sizeof(struct total));
        raise(SIGKILL);
        return 0;
    case EXIT:
        _exit(7);
    case FAIL_LOUDLY:
        return pool_fail(task, 43, "%1000d", 43);
    default:
        return 0;
    }
}

static int act(const void *item, void *result, pool_task_t *task)
{
    return do_deed(*(const enum deed *)item, result, task);
}

static bool failed_as(enum deed deed, const pool_error_t *error)
{
    switch (deed) {
    case FAIL:
        return error->kind == POOL_FAILED && error->code == 42;
    case CRASH:
        return error->kind == POOL_CRASHED && error->code == SIGKILL;
    case EXIT:
        return error->kind == POOL_EXITED && error->code == 7;
    case FAIL_LOUDLY:
        return error->kind == POOL_FAILED && error->code == 43 && strlen(error->message) == 1000;
    default:
        return false;
    }
}

static void check(pool_t *pool, const enum deed *deeds, size_t count, size_t chunksize)
{
    struct total total = {0};
    size_t bad = 0;
    const pool_error_t *errors = NULL;
    pool_map_options_t options = {.chunksize = chunksize};
    for (size_t i = 0; i < count; i++)
        bad += deeds[i] != GOOD;
    assert_int_equal(
        pool_fold(pool, act, total_merge, POOL_IN(deeds, count), POOL_OUT(&total), &options), bad);
    assert_int_equal(pool_errors(pool, &errors), bad);
    for (size_t i = 0; i < bad; i++)
        assert_true(failed_as(deeds[errors[i].index], &errors[i]));
    total_survives(pool, &total, count, chunksize);
}

/* ---- Items that fail ---- */

/* So many items of 10000 do each of the deeds. */
static enum deed *make_deeds(size_t count, unsigned failing, unsigned dying, uint64_t seed)
{
    enum deed *deeds = world_alloc(count, sizeof *deeds);
    for (size_t i = 0; i < count; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        unsigned draw = (unsigned)(seed >> 33) % 10000;
        deeds[i] = draw < failing           ? FAIL
                   : draw < failing + dying ? (draw % 2 ? CRASH : EXIT)
                                            : GOOD;
    }
    return deeds;
}

static void items_that_fail_or_die_are_left_out(void **state)
{
    static const size_t chunks[] = {0, 1, 10, 77, COUNT};
    (void)state;
    for (int workers = 1; workers <= 7; workers += workers == 3 ? 4 : 1) {
        pool_t *pool = world_pool(workers);
        for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
            check(pool, make_deeds(COUNT, 500, 80, chunks[i] + (uint64_t)workers), COUNT,
                  chunks[i]);
        world_free(pool);
    }
}

static void the_same_with_short_lives(void **state)
{
    (void)state;
    for (size_t life = 1; life < 12; life += 3) {
        pool_options_t options = {.processes = 3, .maxtasksperchild = life};
        pool_t *pool = world_pool_with(&options);
        check(pool, make_deeds(40 * life, 1000, 500, life), 40 * life, 13);
        world_free(pool);
    }
}

/* Each place in a block of eight: the valid copy is the first, or the second. */
static void each_place_in_a_block(void **state)
{
    static const enum deed kinds[] = {FAIL, CRASH, EXIT, FAIL_LOUDLY};
    enum deed deeds[24];
    (void)state;
    pool_t *pool = world_pool(2);
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
        for (size_t place = 8; place < 16; place++) {
            memset(deeds, 0, sizeof deeds);
            deeds[place] = kinds[kind];
            check(pool, deeds, 24, 8);
            deeds[place + 1] = kinds[(kind + 1) % 4];
            check(pool, deeds, 24, 8);
        }
}

static void a_block_of_nothing_but_failures_is_left_out(void **state)
{
    enum deed deeds[30] = {GOOD};
    struct total total = initial;
    (void)state;
    pool_t *pool = world_pool(2);
    for (size_t i = 0; i < 10; i++)
        deeds[i] = deeds[20 + i] = i % 3 ? FAIL : EXIT;
    check(pool, deeds, 30, 10);
    for (size_t i = 0; i < 30; i++)
        deeds[i] = FAIL;
    check(pool, deeds, 30, 10);
    assert_int_equal(pool_fold(pool, act, total_merge, POOL_IN(deeds, 30), POOL_OUT(&total), NULL),
                     30);
    total_is(&total, initial);
}

/* Three such messages fill the notes of a chunk. */
static void notes_may_run_full(void **state)
{
    enum deed deeds[200];
    (void)state;
    for (size_t i = 0; i < 200; i++)
        deeds[i] = i % 5 == 2 ? GOOD : FAIL_LOUDLY;
    pool_t *pool = world_pool(2);
    check(pool, deeds, 200, 0);
    check(pool, deeds, 200, 67);
    check(pool, deeds, 200, 200);
    for (size_t i = 0; i < 200; i++)
        deeds[i] = i % 7 == 2 ? CRASH : i % 7 < 4 ? FAIL_LOUDLY : GOOD;
    check(pool, deeds, 200, 50);
}

struct line {
    char *text;
    enum deed deed;
};
POOL_STRUCT(line, (text), (deed));

static int act_on_line(const void *item, void *result, pool_task_t *task)
{
    const struct line *line = item;
    return strlen(line->text) == pool_task_index(task) * 40 ? do_deed(line->deed, result, task)
                                                            : 99;
}

static void items_of_structs_with_texts(void **state)
{
    enum { LINES = 300 };
    static const size_t chunks[] = {0, 40, LINES};
    (void)state;
    struct line *lines = world_alloc(LINES, sizeof *lines);
    char *longest = world_alloc(40 * LINES + 1, 1);
    memset(longest, 'x', 40 * LINES);
    const enum deed *deeds = make_deeds(LINES, 1000, 200, 5);
    for (size_t i = 0; i < LINES; i++) {
        lines[i].text = longest + 40 * (LINES - i);
        lines[i].deed = deeds[i];
    }
    pool_t *pool = world_pool(3);
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct total total = {0};
        pool_map_options_t options = {.chunksize = chunks[i]};
        assert_true(pool_fold(pool, act_on_line, total_merge, POOL_IN_AS(lines, LINES, &line_type),
                              POOL_OUT(&total), &options) > 0);
        total_survives(pool, &total, LINES, chunks[i]);
    }
}

/* ---- Items that cannot be packed ---- */

struct odd {
    size_t index;
    enum deed deed;
};

static int pack_odd(const void *value, pool_writer_t *writer)
{
    const struct odd *odd = value;
    if (odd->deed == CRASH)
        raise(SIGSEGV);
    return odd->deed == FAIL ? 42 : pool_write_u64(writer, odd->index);
}

static int unpack_odd(void *value, pool_reader_t *reader)
{
    struct odd *odd = value;
    uint64_t index;
    int error = pool_read_u64(reader, &index);
    odd->index = index;
    return error ? error : index % 11 == 5 ? -EILSEQ : 0;
}

static const pool_type_t odd_type = {.name = "odd",
                                     .kind = POOL_KIND_CUSTOM,
                                     .size = sizeof(struct odd),
                                     .pack = pack_odd,
                                     .unpack = unpack_odd};

static int add_odd(const void *item, void *result, pool_task_t *task)
{
    const struct odd *odd = item;
    total_add(result, total_value(odd->index));
    return odd->index == pool_task_index(task) ? 0 : 99;
}

static void items_that_cannot_be_packed_are_left_out(void **state)
{
    enum { ODD = 60 };
    static const size_t chunks[] = {0, 1, 20, ODD};
    struct odd items[ODD];
    (void)state;
    pool_t *pool = world_pool(2);
    for (size_t i = 0; i < ODD; i++)
        items[i] = (struct odd){i, i % 9 == 3                         ? CRASH
                                   : i % 7 == 0 || (i > 19 && i < 40) ? FAIL
                                                                      : GOOD};
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct total total = {0};
        pool_map_options_t options = {.chunksize = chunks[i]};
        int failed = pool_fold(pool, add_odd, total_merge, POOL_IN_AS(items, ODD, &odd_type),
                               POOL_OUT(&total), &options);
        size_t bad = 0;
        for (size_t j = 0; j < ODD; j++)
            bad += items[j].deed != GOOD || j % 11 == 5;
        assert_int_equal(failed, bad);
        total_survives(pool, &total, ODD, chunks[i]);
    }
}

/* ---- Calls that end early ---- */

static struct gate *gate;
static struct ledger *started;

/* Items whose number in their block of ten is that of the block stay until the gate opens, or for
 * ever. */
static int stay(pool_task_t *task, bool for_ever)
{
    size_t index = pool_task_index(task);
    if (index % 10 != index / 10 % 10)
        return 0;
    ledger_mark(started, 0);
    if (for_ever)
        return work_hang(NULL, NULL, task);
    return gate_pass(gate) ? 0 : 1;
}

static int add_and_stay(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    total_add(result, total_value(pool_task_index(task)));
    return stay(task, true);
}

static int add_behind_gate(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    total_add(result, total_value(pool_task_index(task)));
    return stay(task, false);
}

static pool_t *make_pool(int workers)
{
    gate = gate_make();
    started = ledger_make(1);
    return world_pool(workers);
}

static void assert_kinds(const pool_t *pool, size_t count, pool_error_kind_t kind)
{
    const pool_error_t *errors = NULL;
    assert_int_equal(pool_errors(pool, &errors), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(errors[i].kind, kind);
}

/* What the workers did of the blocks in which they were is in the sum. */
static void what_has_ended_in_time_is_in_the_sum(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 7; workers += 2) {
        pool_t *pool = make_pool(workers);
        pool_map_options_t options = {.chunksize = 10, .timeout = 300 * deadline_slowness()};
        struct total total = {0};
        int failed =
            pool_fold(pool, add_and_stay, total_merge, POOL_RANGE(200), POOL_OUT(&total), &options);
        size_t ended = 0;
        for (int i = 0; i < workers; i++)
            ended += (size_t)i;
        assert_int_equal(failed, 200 - ended);
        assert_int_equal(total.count, ended);
        assert_kinds(pool, 200 - ended, POOL_TIMED_OUT);
        total_survives(pool, &total, 200, 10);
        outcome_pool_works(pool);
        world_free(pool);
    }
}

/* Cancels a fold while so many of its items stay; `grace` is that of pool_future_cancel(). */
static void check_cancelled(int workers, int grace)
{
    size_t all = (size_t)workers;
    struct total total = {0};
    pool_map_options_t options = {.chunksize = 10};
    pool_future_t *future;
    const pool_error_t *errors;
    pool_t *pool = make_pool(workers);
    assert_int_equal(pool_fold_async(pool, grace < 0 ? add_behind_gate : add_and_stay, total_merge,
                                     POOL_RANGE(200), POOL_OUT(&total), &options, &future),
                     0);
    assert_true(ledger_reaches(started, all, LONG));
    assert_int_equal(pool_future_cancel(future, grace), 0);
    gate_open(gate);
    int failed = pool_future_get(future, -1);
    assert_int_equal(pool_future_errors(future, &errors), failed);
    assert_int_equal(total.count, 200 - failed);
    assert_int_equal(total.count, all * (all - 1) / 2 + (grace < 0 ? all : 0));
    for (int i = 0; i < failed; i++)
        assert_int_equal(errors[i].kind, POOL_CANCELLED);
    total_is(&total, total_without(errors, (size_t)failed, 200, 10, (struct total){0}));
    pool_future_free(future);
    outcome_pool_works(pool);
    world_free(pool);
}

static void what_has_ended_before_a_cancel_is_in_the_sum(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 5; workers++) {
        check_cancelled(workers, -1);
        check_cancelled(workers, 0);
        check_cancelled(workers, 20);
    }
}

/* Cancelled at any moment. */
static void a_cancel_at_any_moment_leaves_a_right_sum(void **state)
{
    enum { TIMES = 60 };
    enum deed *deeds = make_deeds(COUNT, 300, 30, 3);
    (void)state;
    pool_t *pool = world_pool(3);
    for (int i = 0; i < TIMES; i++) {
        struct total total = {0};
        pool_map_options_t options = {.chunksize = 1 + (size_t)i % 30};
        pool_future_t *future;
        const pool_error_t *errors;
        assert_int_equal(pool_fold_async(pool, act, total_merge, POOL_IN(deeds, COUNT),
                                         POOL_OUT(&total), &options, &future),
                         0);
        for (int step = 0; step < i; step++)
            pool_step(pool);
        pool_future_cancel(future, i % 3 - 1);
        int failed = pool_future_get(future, -1);
        assert_int_equal(pool_future_errors(future, &errors), failed);
        total_is(&total, total_without(errors, (size_t)failed, COUNT, options.chunksize,
                                       (struct total){0}));
        pool_future_free(future);
    }
}

static bool is_cancelled(void *task)
{
    return pool_task_cancelled(task);
}

/* Item 50 crashes; those behind it wait until they are not wanted any more. */
static int crash_at_fifty(const void *item, void *result, pool_task_t *task)
{
    size_t index = pool_task_index(task);
    if (index > 60 && !deadline_met(LONG, is_cancelled, task))
        return 1;
    return act(item, result, task);
}

static void a_failure_ends_the_call_if_asked(void **state)
{
    enum deed *deeds = world_alloc(COUNT, sizeof *deeds);
    struct total total = {0};
    pool_map_options_t options = {.chunksize = 5, .fail_fast = true};
    (void)state;
    deeds[50] = CRASH;
    pool_t *pool = world_pool(2);
    int failed = pool_fold(pool, crash_at_fifty, total_merge, POOL_IN(deeds, COUNT),
                           POOL_OUT(&total), &options);
    assert_in_range(failed, COUNT - 80, COUNT - 40);
    outcome_is(pool, 50, POOL_CRASHED, SIGKILL);
    outcome_is(pool, COUNT - 1, POOL_CANCELLED, -ECANCELED);
    total_survives(pool, &total, COUNT, 5);
}

/* ---- Calls that fail ---- */

static int merges_left, merge_code;

static int merge_some(void *into, const void *from)
{
    if (merges_left-- == 0)
        return merge_code;
    return total_merge(into, from);
}

static void check_merge(pool_t *pool, int left, int code, int result)
{
    enum deed deeds[400] = {GOOD};
    struct total total = initial;
    pool_map_options_t options = {.chunksize = 2};
    merges_left = left;
    merge_code = code;
    assert_int_equal(
        pool_fold(pool, act, merge_some, POOL_IN(deeds, 400), POOL_OUT(&total), &options), result);
    assert_int_equal(merges_left, -1); /* it was not called again */
    total_is(&total, initial);
    assert_kinds(pool, pool_errors(pool, NULL), POOL_CANCELLED);
    outcome_pool_works(pool);
}

static void a_merge_that_fails_ends_the_call(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    check_merge(pool, 0, -EDOM, -EDOM);
    check_merge(pool, 1, -7, -7);
    check_merge(pool, 20, ERANGE, -ERANGE);
    check_merge(pool, 198, EDOM, -EDOM); /* the last */
}

static void accumulators_without_room_fail_the_call(void **state)
{
    struct total total = initial;
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_fold(pool, act, total_merge, POOL_RANGE(3),
                               pool_out(&total, PTRDIFF_MAX / 4, &pool_type_plain), NULL),
                     -ENOMEM);
    total_is(&total, initial);
    outcome_pool_works(pool);
}

static void check_ended(bool broken)
{
    size_t all = 2;
    struct total total = initial;
    pool_map_options_t options = {.chunksize = 10};
    pool_future_t *future;
    pid_t worker;
    pool_t *pool = make_pool(2);
    assert_int_equal(pool_fold_async(pool, add_and_stay, total_merge, POOL_RANGE(200),
                                     POOL_OUT(&total), &options, &future),
                     0);
    assert_true(ledger_reaches(started, all, LONG));
    if (broken) {
        pool_pids(pool, &worker, 1);
        assert_true(process_kill(process_supervisor(worker)));
    } else {
        assert_int_equal(pool_terminate(pool), 0);
    }
    assert_int_equal(pool_future_get(future, -1), broken ? POOL_EBROKEN : POOL_ECLOSED);
    total_is(&total, initial);
    pool_future_free(future);
}

static void the_accumulator_stays_when_the_pool_ends(void **state)
{
    (void)state;
    check_ended(false);
    world_expect_orphans();
    check_ended(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(items_that_fail_or_die_are_left_out, 60),
        WORLD_TEST(the_same_with_short_lives),
        WORLD_TEST(each_place_in_a_block),
        WORLD_TEST(a_block_of_nothing_but_failures_is_left_out),
        WORLD_TEST(notes_may_run_full),
        WORLD_TEST(items_of_structs_with_texts),
        WORLD_TEST(items_that_cannot_be_packed_are_left_out),
        WORLD_TEST(what_has_ended_in_time_is_in_the_sum),
        WORLD_TEST_WITHIN(what_has_ended_before_a_cancel_is_in_the_sum, 40),
        WORLD_TEST(a_cancel_at_any_moment_leaves_a_right_sum),
        WORLD_TEST(a_failure_ends_the_call_if_asked),
        WORLD_TEST(a_merge_that_fails_ends_the_call),
        WORLD_TEST(accumulators_without_room_fail_the_call),
        WORLD_TEST(the_accumulator_stays_when_the_pool_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
