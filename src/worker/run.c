/* Runs in a worker: the items of one chunk, in order. Before each item its index is on the board,
 * so that the host knows whom to blame whatever happens in it. */
#include "worker/worker.h"

#include <string.h>

#include "common/clock.h"

/* An element as the function expects it, made from where the chunk's items lie. */
union element {
    const char *text;
    pool_bytes_t bytes;
};

static const void *item_at(const struct pool__order *order, const unsigned char *items, uint64_t i,
                           union element *element)
{
    if (order->layout == POOL__PLAIN)
        return items + i * order->item_size;
    const struct pool__frame *frame = (const struct pool__frame *)(const void *)items + i;
    const unsigned char *data = frame->offset ? (const unsigned char *)frame + frame->offset : NULL;
    if (order->layout == POOL__TEXT) {
        element->text = (const char *)data;
    } else {
        element->bytes.data = (void *)(uintptr_t)data;
        element->bytes.size = frame->size;
    }
    return element;
}

static void note_failure(struct worker *worker, uint32_t chunk, uint64_t item, int code)
{
    struct pool__cell *cell = &worker->desk->cells[chunk];
    uint32_t used = atomic_load_explicit(&cell->notes, memory_order_relaxed);
    unsigned char *page = pool__chunk_notes(worker->board, chunk);
    used = pool__note_write(page, used, pool__task_failure(&worker->task, item, code));
    atomic_store_explicit(&cell->notes, used, memory_order_release);
}

static bool notes_full(const struct pool__cell *cell)
{
    uint32_t used = atomic_load_explicit(&cell->notes, memory_order_relaxed);
    return used + pool__note_limit() > POOL__NOTES;
}

void pool__run_chunk(struct worker *worker, uint32_t chunk)
{
    const struct pool__order *order = &worker->board->orders[chunk];
    struct pool__cell *cell = &worker->desk->cells[chunk];
    const unsigned char *items = pool__board_at(worker->board, order->items);
    unsigned char *results = pool__board_at(worker->board, order->results);
    const uint64_t count = order->count, result_size = order->result_size;
    union element element;
    uint64_t began = pool__now();
    if (!order->shared)
        memset(results, 0, count * result_size);
    for (uint64_t i = 0; i < count && !notes_full(cell); i++) {
        atomic_store_explicit(&cell->progress, 2 * i + 1, memory_order_release);
        pool__task_begin(&worker->task, order->first + i);
        int code = order->function(item_at(order, items, i, &element),
                                   result_size ? results + i * result_size : NULL, &worker->task);
        if (code != 0)
            note_failure(worker, chunk, i, code);
        atomic_store_explicit(&cell->progress, 2 * i + 2, memory_order_release);
    }
    cell->nanoseconds = pool__now() - began;
}
