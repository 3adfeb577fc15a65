/* A pool without processes: a board, the host's account of it, and a map of numbers. The test plays
 * the workers. Its functions run in the host's place: settling needs no more than this. */
#ifndef POOL_UNIT_STAGE_H
#define POOL_UNIT_STAGE_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/chunk.h"
#include "common/failure.h"
#include "common/flat.h"
#include "host/base/arena.h"
#include "host/engine/step.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/report.h"
#include "host/pool.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/audit.h"
#include "host/transport/board/settle.h"
#include "host/transport/transport.h"
#include "unit/unit.h"

enum { STAGE_WORKERS = 3, STAGE_ITEMS = 48, STAGE_CHUNK = 12, STAGE_UNTOUCHED = -1 };

struct stage {
    struct pool pool;
    struct pool_future job;
    int items[STAGE_ITEMS], results[STAGE_ITEMS];
    char *texts[STAGE_ITEMS]; /* results, when they are texts */
    struct pool__member members[STAGE_WORKERS];
};

/* A chunk in the hands of a worker. */
struct part {
    uint32_t number, generation;
    int worker;
    uint32_t life;
};

static inline int stage_function(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return 0;
}

static inline int stage_result(int item)
{
    return item * item + 7;
}

/* Submits the job. Plain data have no type in a job. */
static inline void stage_submit(struct stage *stage, struct pool_future *job)
{
    job->pool = &stage->pool;
    if (job->in.type == &pool_type_plain)
        job->in.type = NULL;
    if (job->out.type == &pool_type_plain)
        job->out.type = NULL;
    assert_int_equal(pool__queue_reserve(&stage->pool.queue, true), 0);
    pool__submit(&stage->pool, job);
}

/* Forgets all jobs. */
static inline void stage_drop(struct stage *stage)
{
    pool__queue_fini(&stage->pool.queue);
    pool__queue_init(&stage->pool.queue);
}

/* Opens the stage: all workers in their first life, all items in chunks of so many that are
 * queued. Those of STAGE_CHUNK lie in the arenas, smaller ones in order and cell. */
static inline void stage_open(struct stage *stage, size_t chunk)
{
    struct pool *pool = &stage->pool;
    memset(stage, 0, sizeof *stage);
    pool->owner = getpid();
    pool->transport = &pool__board_transport;
    assert_int_equal(pool__board_map(&pool->board, NULL, STAGE_WORKERS, 2), 0);
    pool->writable = pool__writable(pool->board);
    pool->launch.board = pool->board;
    pool->launch.options.budget = 32 << 20;
    pool->launch.control_host = -1;
    pool->numbers_given = STAGE_WORKERS;
    pool__arena_init(&pool->items_arena, pool->board->items_start, pool->board->host_half);
    pool__arena_init(&pool->results_arena, pool->board->results_start, pool->board->size);
    assert_int_equal(pool__chunks_init(pool), 0);
    memset(pool->chunks, 0xff,
           POOL__CHUNKS * sizeof *pool->chunks); /* never used: never looked at */
    pool->members = stage->members;
    for (int i = 0; i < STAGE_WORKERS; i++)
        stage->members[i] = (struct pool__member){.pid = 1000 + i, .life = 1};
    for (int i = 0; i < STAGE_ITEMS; i++) {
        stage->items[i] = i;
        stage->results[i] = STAGE_UNTOUCHED;
    }
    stage->job = (struct pool_future){.pool = &stage->pool,
                                      .function = stage_function,
                                      .in = POOL_IN(stage->items, STAGE_ITEMS),
                                      .out = POOL_OUT(stage->results),
                                      .options = {.chunksize = chunk}};
    pool__queue_init(&pool->queue);
    stage_submit(stage, &stage->job);
}

/* The same for texts as results. */
static inline void stage_open_texts(struct stage *stage, size_t chunk)
{
    stage_open(stage, chunk);
    pool__give_up(&stage->pool); /* what is queued would give numbers */
    pool__report_clear(&stage->job.report);
    stage_drop(stage);
    stage->job = (struct pool_future){.pool = &stage->pool,
                                      .function = stage_function,
                                      .in = stage->job.in,
                                      .out = POOL_OUT(stage->texts),
                                      .options = {.chunksize = chunk}};
    stage_submit(stage, &stage->job);
}

static inline void stage_close(struct stage *stage)
{
    struct pool *pool = &stage->pool;
    pool_release(&pool_type_text, stage->texts, STAGE_ITEMS);
    pool__report_clear(&stage->job.report);
    stage_drop(stage);
    pool__arena_fini(&pool->items_arena);
    pool__arena_fini(&pool->results_arena);
    pool__chunks_fini(pool);
    pool__board_unmap(pool->board);
}

/* Setups and a teardown for cmocka: the stage is the case's state. */
static inline int stage_setup(void **test)
{
    static struct stage stage;
    stage_open(&stage, STAGE_CHUNK);
    *test = &stage;
    return 0;
}

static inline int stage_setup_texts(void **test)
{
    static struct stage stage;
    stage_open_texts(&stage, STAGE_CHUNK);
    *test = &stage;
    return 0;
}

static inline int stage_teardown(void **test)
{
    stage_close(*test);
    return 0;
}

static inline struct pool__cell *stage_cell(struct stage *stage, uint32_t number)
{
    return &stage->pool.writable->cells[number];
}

/* Claims the next chunk, as a worker does; false when there is none. */
static inline bool stage_claim(struct stage *stage, int worker, uint32_t life, struct part *part)
{
    struct pool__board *board = stage->pool.board;
    for (unsigned ring = 0; ring < POOL__RINGS; ring++)
        for (uint64_t at = 0; at < board->tails[ring]; at++) {
            uint64_t ticket = board->rings[ring][at % POOL__CHUNKS];
            *part = (struct part){pool__ticket_chunk(ticket), pool__ticket_generation(ticket),
                                  worker, life};
            if (pool__claim(&stage_cell(stage, part->number)->state, part->generation, worker,
                            life)) {
                atomic_store(&stage->pool.writable->heads[ring], at + 1);
                return true;
            }
        }
    return false;
}

/* Claims the oldest queued chunk, as a worker does. Asserts that there is one. */
static inline struct part stage_take(struct stage *stage, int worker, uint32_t life)
{
    struct part part = {0};
    assert_true(stage_claim(stage, worker, life, &part));
    return part;
}

/* Runs the chunk's first `count` items: writes their results, and how far it came. */
static inline void stage_run(struct stage *stage, const struct part *part, uint64_t count)
{
    struct pool__board *board = stage->pool.board;
    const struct pool__order *order = &board->orders[part->number];
    const int *items = (const int *)(const void *)pool__board_at(board, order->items);
    int *results = (int *)(void *)pool__board_at(board, order->results);
    for (uint64_t i = 0; i < count; i++)
        results[i] = stage_result(items[i]);
    stage_cell(stage, part->number)->progress = 2 * count;
}

/* Writes an entry with a text for the chunk's item `i`; false when there is no room for it, and then
 * says how much it wants. */
static inline bool stage_write_text(struct stage *stage, const struct part *part, uint64_t i,
                                    const char *text)
{
    const struct pool__order *order = &stage->pool.board->orders[part->number];
    struct pool__cell *cell = stage_cell(stage, part->number);
    struct pool__entry entry = {order->first + i, 0};
    unsigned char *at = pool__board_at(stage->pool.board, order->results) + cell->stream.used;
    uint64_t left = cell->stream.used < order->room ? order->room - cell->stream.used : 0;
    struct pool_writer writer = {.base = at + sizeof entry,
                                 .room = left > sizeof entry ? left - sizeof entry : 0};
    assert_int_equal(pool__pack(&writer, &pool_type_text, sizeof text, &text), 0);
    entry.size = writer.used;
    if (pool__entry_stride(entry.size) > left) {
        cell->stream.wanted = pool__entry_stride(entry.size);
        return false;
    }
    memcpy(at, &entry, sizeof entry);
    cell->stream.used += pool__entry_stride(entry.size);
    return true;
}

/* Records that the chunk's item `i` failed. */
static inline void stage_failure(struct stage *stage, const struct part *part, uint64_t i, int code)
{
    struct pool__cell *cell = stage_cell(stage, part->number);
    struct pool__failure failure = {.item = i, .code = code, .message = "recorded"};
    cell->failures = pool__failure_write(pool__chunk_failures(stage->pool.board, part->number),
                                         cell->failures, &failure);
}

static inline void stage_set_bit(struct stage *stage, uint32_t number)
{
    atomic_fetch_or(&stage->pool.writable->done[number / 64], (uint64_t)1 << number % 64);
    atomic_fetch_add(&stage->pool.writable->commits, 1);
}

static inline bool stage_commit(struct stage *stage, const struct part *part)
{
    struct pool__cell *cell = stage_cell(stage, part->number);
    if (!pool__commit(&cell->state, part->generation, part->worker, part->life))
        return false;
    stage_set_bit(stage, part->number);
    return true;
}

/* Hands the stream over: there is no room for the next result. */
static inline bool stage_hand_over(struct stage *stage, const struct part *part)
{
    struct pool__cell *cell = stage_cell(stage, part->number);
    uint64_t owned = pool__word(POOL__RUNNING, part->worker, part->life, part->generation);
    if (!pool__move(&cell->state, POOL__RUNNING, POOL__FULL, owned))
        return false;
    stage_set_bit(stage, part->number);
    return true;
}

/* The host hears of a death. */
static inline void stage_hear(struct stage *stage, const struct pool__death *death)
{
    struct pool__member *member = &stage->members[death->worker];
    if (member->life <= death->life)
        *member = (struct pool__member){.pid = 0, .life = death->life};
    pool__reconcile(&stage->pool, death);
}

/* The chunk's owner dies with this wait status, and the host hears of it. */
static inline void stage_die(struct stage *stage, const struct part *part, int status)
{
    struct pool__death death = {
        .worker = part->worker, .life = part->life, .pid = 1000 + part->worker, .status = status};
    stage_hear(stage, &death);
}

/* Lets worker 2 run everything that is queued. */
static inline void stage_finish(struct stage *stage)
{
    struct part part = {0};
    while (stage_claim(stage, 2, stage->members[2].life, &part)) {
        stage_run(stage, &part, stage->pool.board->orders[part.number].count);
        assert_true(stage_commit(stage, &part));
        pool__collect(&stage->pool);
    }
}

static inline const pool_error_t *stage_error(const struct stage *stage, size_t index)
{
    const struct pool__report *report = &stage->job.report;
    for (size_t i = 0; i < report->count; i++)
        if (report->errors[i].index == index)
            return &report->errors[i];
    return NULL;
}

/* Asserts that every item has one end, a result or an error, and that nothing is left over. */
static inline void stage_assert_ended(struct stage *stage)
{
    const struct pool *pool = &stage->pool;
    assert_int_equal(stage->job.ended, STAGE_ITEMS);
    assert_int_equal(stage->job.failed, stage->job.report.count);
    size_t failed = 0;
    for (size_t i = 0; i < STAGE_ITEMS; i++) {
        bool error = stage_error(stage, i) != NULL;
        assert_int_equal(stage->results[i],
                         error ? STAGE_UNTOUCHED : stage_result(stage->items[i]));
        failed += error;
    }
    assert_int_equal(failed, stage->job.report.count);
    uint32_t awaited = 0, condemned = 0;
    for (uint32_t number = 0; number < pool->numbers; number++) {
        const struct pool__chunk *chunk = &pool->chunks[number];
        awaited += chunk->awaited && chunk->owner >= 0;
        condemned += chunk->awaited && chunk->owner < 0;
        assert_false(chunk->awaited && chunk->job);
    }
    assert_int_equal(pool__outstanding(pool), awaited);
    assert_int_equal(pool->condemned, condemned);
    if (awaited > 0)
        return;
    assert_int_equal(pool->bytes, 0);
    if (condemned > 0) /* what an unknown owner may still write to is not used again */
        return;
    assert_int_equal(pool->items_arena.fresh, pool->items_arena.start);
    assert_int_equal(pool->results_arena.fresh, pool->results_arena.start);
}

#endif
