/* Whatever wild writes make of the workers' half of the board: the host reads and writes nothing
 * outside its arrays, every item has exactly one end, and all memory comes back. */
#include "unit/stage.h"

enum { STEPS = 120, SEEDS = 150 };

struct hostile {
    struct stage stage;
    bool texts; /* results are texts, not numbers */
    uint64_t seed;
    struct part part[STAGE_WORKERS]; /* what each holds, by its own account */
    bool holds[STAGE_WORKERS];
};

static uint64_t below(struct hostile *hostile, uint64_t limit)
{
    return random_below(&hostile->seed, limit);
}

/* Small, near what is right, or anything. */
static uint64_t any_number(struct hostile *hostile)
{
    uint64_t number = random_next(&hostile->seed);
    switch (below(hostile, 4)) {
    case 0:
        return number % 64;
    case 1:
        return number % 8192;
    case 2:
        return UINT64_MAX - number % 64;
    default:
        return number;
    }
}

/* ---- What a worker does ---- */

static struct part *claimed(struct hostile *hostile, int worker)
{
    struct part *part = &hostile->part[worker];
    if (!hostile->holds[worker])
        hostile->holds[worker] =
            stage_claim(&hostile->stage, worker, hostile->stage.members[worker].life, part);
    return hostile->holds[worker] ? part : NULL;
}

static bool known(const struct hostile *hostile, const struct part *part)
{
    return part->number < hostile->stage.pool.numbers;
}

/* Goes on with the chunk, as far as there is room. */
static void work_on_texts(struct hostile *hostile, const struct part *part)
{
    char text[300];
    struct stage *stage = &hostile->stage;
    struct pool__cell *cell = stage_cell(stage, part->number);
    uint64_t count = stage->pool.board->orders[part->number].count;
    for (uint64_t i = cell->progress / 2; i < count && below(hostile, 8); i++) {
        memset(text, 'a' + (int)(i % 26), sizeof text);
        text[below(hostile, sizeof text)] = '\0';
        cell->progress = 2 * i + 1;
        if (!stage_write_text(stage, part, i, text)) {
            stage_hand_over(stage, part);
            return;
        }
        cell->progress = 2 * i + 2;
    }
}

static void work_honestly(struct hostile *hostile, int worker)
{
    struct stage *stage = &hostile->stage;
    struct part *part = claimed(hostile, worker);
    if (!part || !known(hostile, part))
        return;
    uint64_t count = stage->pool.board->orders[part->number].count;
    uint64_t used = stage_cell(stage, part->number)->stream.used;
    if (!hostile->texts)
        stage_run(stage, part, below(hostile, count + 1));
    else if (used <= stage->pool.board->orders[part->number].room)
        work_on_texts(hostile, part);
    if (below(hostile, 2)) {
        stage_commit(stage, part);
        hostile->holds[worker] = false;
    }
}

static void die(struct hostile *hostile, int worker)
{
    struct part *part = claimed(hostile, worker);
    if (!part || !known(hostile, part))
        return;
    stage_cell(&hostile->stage, part->number)->progress |= below(hostile, 2);
    stage_die(&hostile->stage, part, below(hostile, 2) ? SIGSEGV : 0);
    hostile->stage.members[worker].life++;
    hostile->stage.members[worker].pid = 1000 + worker;
    hostile->holds[worker] = false;
}

/* ---- What a wild write does ---- */

static void spoil_cell(struct hostile *hostile)
{
    struct stage *stage = &hostile->stage;
    struct pool__cell *cell = stage_cell(stage, (uint32_t)below(hostile, stage->pool.numbers + 1));
    switch (below(hostile, 16)) {
    case 0:
        cell->state = any_number(hostile);
        break;
    case 1:
        cell->state ^= (uint64_t)1 << below(hostile, 64);
        break;
    case 2:
        cell->progress = any_number(hostile);
        break;
    case 3:
        cell->nanoseconds = any_number(hostile);
        break;
    case 4:
    case 5:
        cell->stream.used = any_number(hostile);
        break;
    case 6:
    case 7:
    case 8:
        cell->failures = (uint32_t)any_number(hostile);
        break;
    default:
        cell->stream.wanted = any_number(hostile);
    }
}

/* A move that the owner may make, at a moment when it should not. */
static void move(struct hostile *hostile)
{
    struct pool__cell *cell =
        stage_cell(&hostile->stage, (uint32_t)below(hostile, hostile->stage.pool.numbers));
    uint64_t state = below(hostile, 2) ? POOL__FULL : POOL__DONE;
    cell->state = (cell->state & ~((uint64_t)0xf << 60)) | state << 60;
}

static void spoil_memory(struct hostile *hostile)
{
    struct pool *pool = &hostile->stage.pool;
    uint32_t number = (uint32_t)below(hostile, pool->numbers);
    unsigned char *bytes = pool__chunk_failures(pool->board, number);
    uint64_t size = POOL__FAILURES;
    if (below(hostile, 2)) {
        bytes = pool__board_at(pool->board, pool->board->orders[number].results);
        size = pool->board->orders[number].room;
    }
    for (uint64_t at = below(hostile, 64); at + sizeof at <= size;
         at += 8 + 8 * below(hostile, 9)) {
        uint64_t number_there = any_number(hostile);
        memcpy(bytes + at, &number_there, sizeof number_there);
    }
}

/* Lies about the first entry of a stream. */
static void forge_entry(struct hostile *hostile)
{
    struct pool *pool = &hostile->stage.pool;
    uint32_t number = (uint32_t)below(hostile, pool->numbers);
    const struct pool__order *order = &pool->board->orders[number];
    struct pool__entry entry = {order->first, any_number(hostile)};
    uint64_t length = any_number(hostile);
    if (!hostile->texts || order->room < sizeof entry + sizeof length)
        return;
    unsigned char *at = pool__board_at(pool->board, order->results);
    memcpy(at, &entry, sizeof entry);
    memcpy(at + sizeof entry, &length, sizeof length);
}

static void spoil_hints(struct hostile *hostile)
{
    struct pool__writable *writable = hostile->stage.pool.writable;
    writable->done[below(hostile, 4)] = random_next(&hostile->seed);
    if (below(hostile, 4) == 0)
        writable->heads[POOL__COMMON] = any_number(hostile);
    pool__slot(hostile->stage.pool.board, (int)below(hostile, STAGE_WORKERS), 1)->signal =
        (int32_t)any_number(hostile);
}

/* ---- A life among vandals ---- */

static void step(struct hostile *hostile)
{
    int worker = (int)below(hostile, STAGE_WORKERS);
    static void (*const writes[])(struct hostile *) = {spoil_cell, move, spoil_memory, forge_entry,
                                                       spoil_hints};
    switch (below(hostile, 8)) {
    case 0:
        die(hostile, worker);
        break;
    case 1:
    case 2:
        pool__collect(&hostile->stage.pool);
        break;
    case 3:
        pool__reconcile(&hostile->stage.pool, NULL);
        break;
    case 4:
        writes[below(hostile, COUNT(writes))](hostile);
        break;
    default:
        work_honestly(hostile, worker);
    }
}

/* Results go to memory of exactly their size, which an address sanitizer watches. */
static void open_hostile(struct hostile *hostile, uint64_t seed, bool texts)
{
    size_t chunk = seed % 3 ? STAGE_CHUNK : 4;
    memset(hostile, 0, sizeof *hostile);
    hostile->seed = seed;
    hostile->texts = texts;
    if (texts)
        stage_open_texts(&hostile->stage, chunk);
    else
        stage_open(&hostile->stage, chunk);
    pool_out_t *out = &hostile->stage.job.out;
    out->data = calloc(STAGE_ITEMS, out->size);
}

static void close_hostile(struct hostile *hostile)
{
    void *results = hostile->stage.job.out.data;
    if (hostile->texts)
        pool_release(&pool_type_text, results, STAGE_ITEMS);
    free(results);
    stage_close(&hostile->stage);
}

static void assert_each_ended_once(const struct stage *stage)
{
    const struct pool__report *report = &stage->job.report;
    bool seen[STAGE_ITEMS] = {false};
    assert_int_equal(stage->job.ended, STAGE_ITEMS);
    assert_int_equal(stage->job.failed, report->count);
    for (size_t i = 0; i < report->count; i++) {
        assert_true(report->errors[i].index < STAGE_ITEMS);
        assert_false(seen[report->errors[i].index]);
        seen[report->errors[i].index] = true;
    }
    assert_int_equal(pool__outstanding(&stage->pool), 0);
    assert_int_equal(stage->pool.bytes, 0);
    assert_int_equal(stage->pool.items_arena.fresh, stage->pool.items_arena.start);
    assert_int_equal(stage->pool.results_arena.fresh, stage->pool.results_arena.start);
}

static void live(uint64_t seed, bool texts)
{
    static struct hostile hostile;
    open_hostile(&hostile, seed, texts);
    struct stage *stage = &hostile.stage;
    for (int i = 0; i < STEPS && pool__outstanding(&stage->pool) > 0; i++)
        step(&hostile);
    stage->pool.phase = POOL__GONE_PHASE;
    pool__give_up(&stage->pool);
    assert_each_ended_once(stage);
    for (int i = 0; i < STAGE_ITEMS; i++)
        assert_int_equal(stage->items[i], i);
    close_hostile(&hostile);
}

static void every_item_ends_once_whatever_is_written_to_the_board(void **test)
{
    (void)test;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        live(seed, false);
}

static void every_text_ends_once_whatever_is_written_to_the_board(void **test)
{
    (void)test;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        live(seed, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_ends_once_whatever_is_written_to_the_board),
        cmocka_unit_test(every_text_ends_once_whatever_is_written_to_the_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
