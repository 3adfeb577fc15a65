/* Results that are not plain data: entries that the host takes one after the other, also on the way
 * when there is no room for more. */
#include "unit/stage.h"

static const char short_text[] = "text";

/* Writes the texts of the chunk's items from `from` to before `to`, and says that they have ended. */
static void write_texts(struct stage *stage, const struct part *part, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        assert_true(stage_write_text(stage, part, i, short_text));
    stage_cell(stage, part->number)->progress = 2 * to;
}

/* Begins item `i`, whose text takes so many bytes more than there is room for, and hands over. */
static void overflow(struct stage *stage, const struct part *part, uint64_t i, uint64_t wanted)
{
    stage_cell(stage, part->number)->progress = 2 * i + 1;
    stage_cell(stage, part->number)->stream.wanted = wanted;
    assert_true(stage_hand_over(stage, part));
    assert_true(pool__collect(&stage->pool));
}

static void assert_texts(const struct stage *stage, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        assert_non_null(stage->texts[i]);
        assert_string_equal(stage->texts[i], short_text);
    }
}

static void assert_errors(const struct stage *stage, size_t from, size_t to, pool_error_kind_t kind)
{
    for (size_t i = from; i < to; i++) {
        const pool_error_t *error = stage_error(stage, i);
        assert_non_null(error);
        assert_int_equal(error->kind, kind);
        assert_null(stage->texts[i]);
    }
}

/* ---- Whole streams ---- */

static void texts_come_to_their_places(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    assert_true(pool__collect(&stage->pool));
    assert_int_equal(stage->job.ended, STAGE_CHUNK);
    assert_int_equal(stage->job.failed, 0);
    assert_texts(stage, 0, STAGE_CHUNK);
}

static void failed_items_have_no_entry(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 3);
    stage_failure(stage, &part, 3, 50);
    stage_failure(stage, &part, 4, 50);
    write_texts(stage, &part, 5, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.failed, 2);
    assert_texts(stage, 0, 3);
    assert_errors(stage, 3, 5, POOL_FAILED);
    assert_texts(stage, 5, STAGE_CHUNK);
}

static void entries_that_are_missing_are_corrupt(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 7);
    stage_cell(stage, part.number)->progress = 2 * STAGE_CHUNK;
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.failed, STAGE_CHUNK - 7);
    assert_texts(stage, 0, 7);
    assert_errors(stage, 7, STAGE_CHUNK, POOL_CORRUPT);
}

static void an_entry_of_another_item_ends_belief(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 2);
    assert_true(stage_write_text(stage, &part, 1, "again"));
    write_texts(stage, &part, 3, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_texts(stage, 0, 2);
    assert_errors(stage, 2, STAGE_CHUNK, POOL_CORRUPT);
}

/* The second entry begins within the room and ends outside. */
static void an_entry_that_leaves_the_room_is_corrupt(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    const struct pool__order *order = &stage->pool.board->orders[part.number];
    struct pool__cell *cell = stage_cell(stage, part.number);
    const uint64_t second = order->room - 32;
    char *text = calloc(1, second);
    assert_non_null(text);
    memset(text, 'x', second - 40);
    assert_true(stage_write_text(stage, &part, 0, text));
    free(text);
    assert_int_equal(cell->stream.used, second);
    const uint64_t entry[] = {order->first + 1, 64, 56};
    unsigned char *at = pool__board_at(stage->pool.board, order->results) + second;
    memset(at, 'x', 16 + 64);
    memcpy(at, entry, sizeof entry);
    at[16 + 64 - 1] = '\0';
    cell->stream.used = second + 16 + 64;
    cell->progress = 2 * 2;
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_non_null(stage->texts[0]);
    assert_errors(stage, 1, 2, POOL_CORRUPT);
}

static void entries_behind_the_end_of_the_stream_are_not_taken(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, STAGE_CHUNK);
    stage_cell(stage, part.number)->stream.used =
        sizeof(struct pool__entry) + 8 + sizeof short_text; /* before the gap behind the first */
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_texts(stage, 0, 1);
    assert_errors(stage, 1, STAGE_CHUNK, POOL_CORRUPT);
}

/* ---- On the way ---- */

static void a_full_stream_is_taken_and_goes_on_from_its_start(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    struct pool__cell *cell = stage_cell(stage, part.number);
    uint32_t turn = cell->answered;
    write_texts(stage, &part, 0, 5);
    overflow(stage, &part, 5, 100);
    assert_int_equal(stage->job.ended, 5);
    assert_int_equal(cell->stream.used, 0);
    assert_int_equal(cell->answered, turn + 1);
    assert_true(cell->state == pool__word(POOL__RUNNING, 1, 1, part.generation));
    write_texts(stage, &part, 5, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.failed, 0);
    assert_texts(stage, 0, STAGE_CHUNK);
}

static void a_large_result_gets_room(void **test)
{
    struct stage *stage = *test;
    const struct part part = stage_take(stage, 1, 1);
    const struct pool__order *order = &stage->pool.board->orders[part.number];
    const uint64_t wanted = 1 << 20;
    write_texts(stage, &part, 0, 1);
    assert_true(order->room < wanted);
    overflow(stage, &part, 1, wanted);
    assert_true(order->room >= wanted);
    char *text = malloc(wanted);
    assert_non_null(text);
    memset(text, 'x', wanted);
    text[wanted - 100] = '\0';
    assert_true(stage_write_text(stage, &part, 1, text));
    stage_cell(stage, part.number)->progress = 2 * 2;
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    bool same = stage->texts[1] && strcmp(stage->texts[1], text) == 0;
    free(text);
    assert_true(same);
    assert_int_equal(stage->job.ended, 2);
}

static void a_result_larger_than_the_board_gets_none(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    const struct pool__order *order = &stage->pool.board->orders[part.number];
    static const uint64_t sizes[] = {UINT64_MAX, (uint64_t)1 << 60};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint64_t room = order->room;
        overflow(stage, &part, 0, sizes[i]);
        assert_int_equal(order->room, room);
    }
    stage_failure(stage, &part, 0, -ENOMEM);
    write_texts(stage, &part, 1, STAGE_CHUNK);
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_errors(stage, 0, 1, POOL_FAILED);
    assert_texts(stage, 1, STAGE_CHUNK);
}

static void a_worker_that_dies_while_it_waits_costs_its_item(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 4);
    stage_cell(stage, part.number)->progress = 2 * 4 + 1;
    assert_true(stage_hand_over(stage, &part));
    stage_die(stage, &part, SIGKILL);
    assert_int_equal(stage->job.ended, 5);
    assert_texts(stage, 0, 4);
    assert_errors(stage, 4, 5, POOL_CRASHED);
    assert_int_equal(stage->job.failed, 1);
}

static void it_costs_no_more_when_the_host_has_not_seen_that_it_waits(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    uint64_t owned = stage_cell(stage, part.number)->state;
    write_texts(stage, &part, 0, 4);
    stage_cell(stage, part.number)->progress = 2 * 4 + 1;
    assert_true(
        pool__move(&stage_cell(stage, part.number)->state, POOL__RUNNING, POOL__FULL, owned));
    stage_die(stage, &part, SIGKILL);
    assert_int_equal(stage->job.ended, 5);
    assert_texts(stage, 0, 4);
    assert_errors(stage, 4, 5, POOL_CRASHED);
}

static void what_was_taken_on_the_way_stays_when_the_worker_dies_later(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 4);
    overflow(stage, &part, 4, 0);
    stage_cell(stage, part.number)->progress = 2 * 4 + 1;
    stage_die(stage, &part, SIGKILL);
    assert_texts(stage, 0, 4);
    assert_errors(stage, 4, 5, POOL_CRASHED);
    assert_int_equal(stage->job.ended, 5);
}

static void another_goes_on_where_the_dead_one_stopped(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1), other = {.number = POOL__CHUNKS};
    write_texts(stage, &part, 0, 4);
    stage_cell(stage, part.number)->progress = 2 * 4 + 1;
    stage_die(stage, &part, SIGKILL);
    while (other.number != part.number)
        assert_true(stage_claim(stage, 2, 1, &other));
    write_texts(stage, &other, 0, STAGE_CHUNK - 5);
    assert_true(stage_commit(stage, &other));
    pool__collect(&stage->pool);
    assert_int_equal(stage->job.ended, STAGE_CHUNK);
    assert_texts(stage, 0, 4);
    assert_errors(stage, 4, 5, POOL_CRASHED);
    assert_texts(stage, 5, STAGE_CHUNK);
}

static void to_have_done_less_than_was_taken_is_corrupt(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 4);
    overflow(stage, &part, 4, 0);
    stage_cell(stage, part.number)->progress = 2 * 2;
    assert_true(stage_commit(stage, &part));
    pool__collect(&stage->pool);
    assert_texts(stage, 0, 4);
    assert_errors(stage, 4, STAGE_CHUNK, POOL_CORRUPT);
    assert_int_equal(stage->job.ended, STAGE_CHUNK);
}

static void a_hand_over_between_items_is_not_believed(void **test)
{
    struct stage *stage = *test;
    struct part part = stage_take(stage, 1, 1);
    write_texts(stage, &part, 0, 4);
    assert_true(stage_hand_over(stage, &part));
    pool__collect(&stage->pool);
    assert_errors(stage, 0, STAGE_CHUNK, POOL_CORRUPT);
    assert_false(stage_commit(stage, &part));
}

#define ON_STAGE(function)                                                                         \
    cmocka_unit_test_setup_teardown(function, stage_setup_texts, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(texts_come_to_their_places),
        ON_STAGE(failed_items_have_no_entry),
        ON_STAGE(entries_that_are_missing_are_corrupt),
        ON_STAGE(an_entry_of_another_item_ends_belief),
        ON_STAGE(an_entry_that_leaves_the_room_is_corrupt),
        ON_STAGE(entries_behind_the_end_of_the_stream_are_not_taken),
        ON_STAGE(a_full_stream_is_taken_and_goes_on_from_its_start),
        ON_STAGE(a_large_result_gets_room),
        ON_STAGE(a_result_larger_than_the_board_gets_none),
        ON_STAGE(a_worker_that_dies_while_it_waits_costs_its_item),
        ON_STAGE(it_costs_no_more_when_the_host_has_not_seen_that_it_waits),
        ON_STAGE(what_was_taken_on_the_way_stays_when_the_worker_dies_later),
        ON_STAGE(another_goes_on_where_the_dead_one_stopped),
        ON_STAGE(to_have_done_less_than_was_taken_is_corrupt),
        ON_STAGE(a_hand_over_between_items_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
