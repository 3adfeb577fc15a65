/* Runs in a worker: runs the items of one chunk in order. Before an item runs, its index is on the
 * board. So the host knows which item to blame, whatever happens in it. */
#include "worker/run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "common/clock.h"
#include "common/failure.h"
#include "common/flat.h"
#include "common/image.h"
#include "worker/limits.h"
#include "worker/scratch.h"
#include "worker/task.h"

/* A chunk that is being run. */
struct run {
    struct worker *worker;
    const struct pool__order *order;
    struct pool__cell *cell;
    uint32_t chunk, generation;
    const unsigned char *item; /* the next item, or the entry before it */
    int *error;                /* where this thread's errno lies */
    /* Bytes of failure records and of results. The cell has copies for the host. The worker does
     * not read those, since other workers may overwrite them. */
    uint32_t failures;
    uint64_t used;
};

static void record_failure(struct run *run, uint64_t i, int code)
{
    struct worker *worker = run->worker;
    unsigned char *page = pool__chunk_failures(worker->board, run->chunk);
    run->failures =
        pool__failure_write(page, run->failures, pool__task_failure(&worker->task, i, code));
    atomic_store_explicit(&run->cell->failures, run->failures, memory_order_release);
}

/* Whether there may be no room for another failure. */
static bool records_full(const struct run *run)
{
    return run->failures + pool__failure_limit() > POOL__FAILURES;
}

/* ---- Items ---- */

static void *alloc_scratch(void *task, size_t size)
{
    return pool_task_alloc(task, size);
}

/* Records what failed, unless the user's functions have recorded something. Returns `code`. */
static int explain(struct pool_task *task, int code, const char *what)
{
    if (!task->recorded)
        pool_fail_at(task, NULL, 0, code, "%s: %s", what, pool_strerror(code));
    return code;
}

/* Unpacks the next entry into a value. The value itself lies in the task's memory, while texts,
 * blobs and plain elements stay on the board. */
static int unpack_item(const struct run *run, const void **item)
{
    struct pool_task *task = &run->worker->task;
    const struct pool__entry *entry = (const void *)run->item;
    const struct pool__memory memory = {.alloc = alloc_scratch, .context = task, .in_place = true};
    struct pool_reader reader = {
        .base = run->item + sizeof *entry, .size = entry->size, .memory = &memory};
    void *value = pool_task_alloc(task, run->order->item_size);
    int error = value ? pool__unpack(&reader, run->order->item_type, run->order->item_size, value)
                      : -ENOMEM;
    *item = value;
    return error ? explain(task, error, "the item could not be unpacked") : 0;
}

/* Finds the next item and moves `run->item` behind it. Returns 0 or an error. */
static int next_item(struct run *run, const void **item)
{
    int error = 0;
    if (!run->order->item_type) {
        *item = run->order->item_size ? run->item : NULL;
        run->item += run->order->item_size;
        return 0;
    }
    const struct pool__entry *entry = (const void *)run->item;
    error = unpack_item(run, item);
    run->item += pool__entry_stride(entry->size);
    return error;
}

/* ---- Results ---- */

/* Frees memory that the function allocated for its result. A result may also point into the item,
 * into the task's memory, into static memory, or to arguments and environment: that is not freed.
 */
static void drop_result(void *context, void *memory)
{
    const struct run *run = context;
    const struct worker *worker = run->worker;
    bool in_item = (uintptr_t)memory - (uintptr_t)worker->board < worker->board->size;
    bool in_scratch = pool__scratch_has(&worker->task.scratch, memory);
    bool in_image = pool__image_has(&worker->launch->image, (uintptr_t)memory);
    /* Arguments and environment lie between these two addresses, at the end of the main stack. */
    bool in_environment =
        (uintptr_t)memory >= getauxval(AT_RANDOM) && (uintptr_t)memory <= getauxval(AT_EXECFN);
    if (!in_item && !in_scratch && !in_image && !in_environment)
        free(memory);
}

enum { NO_ROOM = INT_MIN }; /* a code that no other function returns */

/* Packs the value behind the entries that are there already. Returns 0, an error, or NO_ROOM when
 * it does not fit. `*wanted` is the room that it needs. */
static int pack_result(struct run *run, uint64_t i, const void *value, uint64_t *wanted)
{
    const struct pool__order *order = run->order;
    unsigned char *to = pool__board_at(run->worker->board, order->results) + run->used;
    struct pool__entry entry = {.index = order->first + i};
    uint64_t room = order->room > run->used ? order->room - run->used : 0;
    struct pool_writer writer = {.base = to + sizeof entry,
                                 .room = room > sizeof entry ? room - sizeof entry : 0};
    int error = pool__pack(&writer, order->result_type, order->result_size, value);
    entry.size = writer.used;
    *wanted = pool__entry_stride(entry.size);
    if (error)
        return error;
    if (writer.used > (uint64_t)INT64_MAX)
        return -EOVERFLOW;
    if (*wanted > room)
        return NO_ROOM;
    memcpy(to, &entry, sizeof entry);
    run->used += *wanted;
    atomic_store_explicit(&run->cell->stream.used, run->used, memory_order_release);
    return 0;
}

/* Gives the value to the host. When it does not fit, hands over the results so far, and the host
 * makes room. */
static int send_result(struct run *run, uint64_t i, void *value)
{
    uint64_t wanted;
    int error = pack_result(run, i, value, &wanted);
    if (error == NO_ROOM) {
        run->worker->hand_over(run->worker, run->chunk, run->generation, wanted);
        run->used = 0;
        error = pack_result(run, i, value, &wanted);
    }
    struct pool__dropper dropper = {drop_result, run, false};
    pool__drop(&dropper, run->order->result_type, value);
    if (error == NO_ROOM)
        error = -ENOMEM;
    return error ? explain(&run->worker->task, error, "the result could not be packed") : 0;
}

/* ---- The chunk ---- */

/* Calls the user's function. What left an errno before depends on the chunks and on the number of
 * workers, so no function gets to see it. */
static inline int call(const struct run *run, const void *item, void *result)
{
    *run->error = 0;
    return run->order->function(item, result, &run->worker->task);
}

/* Runs one item. A plain result goes to `result`. Returns 0 or the code that the item failed with.
 */
static int run_item(struct run *run, uint64_t i, unsigned char *result)
{
    const struct pool__order *order = run->order;
    struct pool_task *task = &run->worker->task;
    const void *item;
    pool__task_begin(task, order->first + i);
    int code = next_item(run, &item);
    if (code)
        return code;
    if (!order->result_type)
        return call(run, item, result);
    void *value = pool_task_alloc(task, order->result_size);
    if (!value)
        return explain(task, -ENOMEM, "no memory for the result");
    code = call(run, item, value);
    return code ? code : send_result(run, i, value);
}

/* Adds one item to the accumulator. The function works on the copy that is not valid; see
 * host/transport/board/block.h. */
static int fold_item(struct run *run, uint64_t i, unsigned char *copies)
{
    const size_t size = run->order->result_size, stride = pool__accumulator_stride(size);
    unsigned char *valid = copies + i % 2 * stride, *next = copies + (i + 1) % 2 * stride;
    memcpy(next, valid, size);
    int code = run_item(run, i, next);
    if (code)
        memcpy(next, valid, size);
    return code;
}

/* Runs the chunk's item i. `results`: the chunk's plain results, or the two copies of an
 * accumulator; NULL: neither. */
static int run_next(struct run *run, uint64_t i, unsigned char *results)
{
    if (run->order->fold && results) /* a fold always has results */
        return fold_item(run, i, results);
    return run_item(run, i, results ? results + i * run->order->result_size : NULL);
}

/* The same for plain items and plain results: little more than the call of the function. */
static inline __attribute__((always_inline)) int run_plain(struct run *run, uint64_t i,
                                                           unsigned char *results)
{
    const struct pool__order *order = run->order;
    const unsigned char *item = run->item;
    run->item += order->item_size;
    pool__task_begin(&run->worker->task, order->first + i);
    return call(run, item, results + i * order->result_size);
}

/* Whether to end the chunk before its item i. The host sets `cancelled` and then reads the progress
 * of a fold, where it must find all items that have ended. So this load must come after the store
 * of the progress: both are sequentially consistent. A worker that has become superfluous still
 * runs the first item of a chunk that it has claimed. */
static inline bool should_stop(const struct run *run, uint64_t i)
{
    return atomic_load(&run->order->cancelled) || (i > 0 && pool__superfluous(run->worker));
}

/* Runs the items one after the other. `plain` is constant at each call, so the compiler makes a
 * short loop for plain items: that loop is the whole cost beside a very small function. */
static inline __attribute__((always_inline)) void run_items(struct run *run, uint64_t count,
                                                            unsigned char *results, bool plain)
{
    struct worker *worker = run->worker;
    _Atomic uint64_t *progress = &run->cell->progress;
    bool over = false;
    for (uint64_t i = 0; i < count && !over && !should_stop(run, i); i++) {
        atomic_store_explicit(progress, 2 * i + 1, memory_order_release);
        int code = plain ? run_plain(run, i, results) : run_next(run, i, results);
        if (code != 0) {
            record_failure(run, i, code);
            over = records_full(run);
        }
        if (plain)
            atomic_store_explicit(progress, 2 * i + 2, memory_order_release);
        else
            atomic_store(progress, 2 * i + 2);
        if (worker->limits.any)
            over |= pool__limits_watch(worker, 1);
    }
}

void pool__run_chunk(struct worker *worker, uint32_t chunk, uint32_t generation)
{
    const struct pool__order *order = &worker->board->orders[chunk];
    struct pool__cell *cell = &worker->writable->cells[chunk];
    struct run run = {.worker = worker,
                      .order = order,
                      .cell = cell,
                      .chunk = chunk,
                      .generation = generation,
                      .item = pool__board_at(worker->board, order->items),
                      .error = &errno};
    const uint64_t count = order->count;
    bool plain_results = order->result_size && !order->result_type;
    unsigned char *results = plain_results ? pool__board_at(worker->board, order->results) : NULL;
    uint64_t began = pool__now();
    if (results && !order->shared && !order->fold)
        memset(results, 0, count * order->result_size);
    worker->task.cancelled = &order->cancelled;
    worker->task.seed = order->seed;
    worker->task.seeds =
        order->keyed ? (const void *)pool__board_at(worker->board, order->seed) : NULL;
    worker->task.first = order->first;
    worker->limits.seen = began;
    if (results && !order->item_type && order->item_size && !order->fold)
        run_items(&run, count, results, true);
    else
        run_items(&run, count, results, false);
    cell->nanoseconds = pool__now() - began;
}
