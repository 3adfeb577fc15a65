/* Runs in the test program, in several of its threads: starts calls and waits for them. */
#include "support/program_call.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "support/deadline.h"

enum { LIMIT = 15000, LOOK = 1000 };

void program_wrong(char wrong[256], const char *format, ...)
{
    va_list arguments;
    if (wrong[0])
        return;
    va_start(arguments, format);
    vsnprintf(wrong, 256, format, arguments);
    va_end(arguments);
}

bool program_in_time(const struct run *run)
{
    return deadline_kept(run->began, LIMIT);
}

/* ---- Callbacks ---- */

static void on_good(pool_future_t *future, void *context)
{
    struct live *live = context;
    (void)future;
    live->out->good_calls++;
    atomic_fetch_add(&live->ends, 1);
}

static void on_bad(pool_future_t *future, void *context)
{
    struct live *live = context;
    (void)future;
    live->out->bad_calls++;
    atomic_fetch_add(&live->ends, 1);
}

static void on_progress(void *context, const pool_progress_t *progress)
{
    struct outcome *out = ((struct live *)context)->out;
    if (progress->done < out->done || progress->failed < out->bad ||
        progress->failed > progress->done || progress->done > progress->total)
        program_wrong(out->wrong, "progress went from %zu and %zu failed to %zu and %zu of %zu",
                      out->done, out->bad, progress->done, progress->failed, progress->total);
    if (out->good_calls + out->bad_calls > 0)
        program_wrong(out->wrong, "progress was told after the end");
    out->progress++;
    out->done = progress->done;
    out->bad = progress->failed;
    out->total = progress->total;
}

static int next_item(void *context, void *item)
{
    struct live *live = context;
    const struct call *call = live->call;
    if (live->given == call->count)
        return 0;
    memcpy(item, (const char *)live->items + live->given++ * call->item.size, call->item.size);
    return 1;
}

/* ---- Beginning ---- */

static void place_items(struct live *live)
{
    const struct call *call = live->call;
    size_t count = call->what == CALL_BROADCAST ? 1 : call->count;
    live->items = call->items;
    if (call->shared_items && count > 0)
        live->shared = pool_shared_alloc(live->pool, count, call->item.size);
    if (live->shared) {
        memcpy(live->shared, call->items, count * call->item.size);
        live->items = live->shared;
    }
}

static void place_sum(struct live *live)
{
    struct program_sum head = {.sum = 0.25, .hash = 7, .size = live->call->result.size};
    live->results = calloc(1, live->call->result.size);
    memcpy(live->results, &head, sizeof head);
}

/* Makes room for the results, and fills it with CALL_FILLER. */
static void place_results(struct live *live)
{
    const struct call *call = live->call;
    size_t count = call->what >= CALL_IMAP ? 1 : call->count, size = call->result.size;
    if (call->what == CALL_FOLD) {
        place_sum(live);
        return;
    }
    if (call->in_place)
        live->results = live->shared;
    else if (call->shared_results)
        live->results = pool_shared_alloc(live->pool, count ? count : 1, size);
    else
        live->results = malloc(count * size + 1);
    if (live->results && !call->in_place)
        memset(live->results, CALL_FILLER, count * size);
}

static pool_map_options_t options_of(struct live *live)
{
    pool_map_options_t options = live->call->options;
    options.context = live;
    if (live->call->watched) {
        options.progress = on_progress;
        options.callback = on_good;
        options.error_callback = on_bad;
    }
    return options;
}

static pool_in_t in_of(const struct live *live)
{
    const struct call *call = live->call;
    size_t count = call->what == CALL_BROADCAST ? 1 : call->count;
    return call->item.kind == KIND_RANGE
               ? POOL_RANGE(count)
               : pool_in(live->items, count, call->item.size, shape_type(&call->item));
}

static pool_out_t out_of(const struct live *live)
{
    const struct call *call = live->call;
    return call->result.kind == KIND_NONE
               ? POOL_NONE
               : pool_out(live->results, call->result.size, shape_type(&call->result));
}

static int start_iterator(struct live *live, const pool_map_options_t *options)
{
    const struct call *call = live->call;
    pool_out_t out = out_of(live);
    pool_source_t source = {.in = in_of(live), .context = live};
    if (call->from_source) {
        source.in.data = NULL;
        source.in.count = 0;
        source.next = next_item;
    }
    out.data = NULL;
    if (call->what == CALL_IMAP)
        return pool_imap(live->pool, program_function(call), &source, out, options,
                         &live->iterator);
    return pool_imap_unordered(live->pool, program_function(call), &source, out, options,
                               &live->iterator);
}

static int start_future(struct live *live, const pool_map_options_t *options)
{
    const struct call *call = live->call;
    pool_function_t function = program_function(call);
    pool_future_t *future = NULL, **held = call->unheld ? NULL : &future;
    pool_in_t in = in_of(live);
    pool_out_t out = out_of(live);
    int error;
    if (call->what == CALL_STARMAP)
        error = (pool_starmap_async)(live->pool, program_callable(call), in.data, in.count,
                                     out.data, options, held);
    else if (call->what == CALL_APPLY)
        error = pool_apply_async(live->pool, function, in, out, options, held);
    else if (call->what == CALL_FOLD)
        error = pool_fold_async(live->pool, function, program_sum_merge, in, out, options, held);
    else if (call->what == CALL_BROADCAST)
        error = pool_broadcast_async(live->pool, function, in, out, options, held);
    else
        error = pool_map_async(live->pool, function, in, out, options, held);
    atomic_store(&live->future, future);
    return error;
}

static int call_and_wait(struct live *live, const pool_map_options_t *options)
{
    const struct call *call = live->call;
    pool_function_t function = program_function(call);
    pool_in_t in = in_of(live);
    pool_out_t out = out_of(live);
    if (call->what == CALL_STARMAP)
        return (pool_starmap_with)(live->pool, program_callable(call), in.data, in.count, out.data,
                                   options);
    if (call->what == CALL_FOLD)
        return pool_fold(live->pool, function, program_sum_merge, in, out, options);
    if (call->bare && call->what == CALL_BROADCAST)
        return pool_broadcast(live->pool, function, in, out);
    if (call->bare)
        return pool_apply(live->pool, function, in, out);
    return pool_map_with(live->pool, function, in, out, options);
}

/* ---- One call ---- */

static void call_is_over(struct live *live, int returned)
{
    live->out->returned = returned;
    live->out->ended = live->over = true;
}

void call_start(struct run *run, struct live *live, const struct call *call, struct outcome *out)
{
    const pool_error_t *errors = NULL;
    live->call = call;
    live->out = out;
    live->pool = run->pool;
    out->elements = calloc(call->count + 1, sizeof *out->elements);
    out->errors = calloc(call->count + 1, sizeof *out->errors);
    place_items(live);
    place_results(live);
    pool_map_options_t options = options_of(live);
    live->started = true;
    int returned = call->blocking           ? call_and_wait(live, &options)
                   : call->what < CALL_IMAP ? start_future(live, &options)
                                            : start_iterator(live, &options);
    out->refused =
        returned < 0 && (!call->blocking || (call->watched && atomic_load(&live->ends) == 0));
    if (call->blocking || out->refused)
        call_is_over(live, returned);
    size_t count = pool_errors(run->pool, &errors);
    if (call->blocking && returned >= 0) /* else these may be errors of an earlier call */
        call_note_errors(live, errors, count, run->program->options.serial);
}

/* ---- Iterators ---- */

static void note_next(const struct run *run, struct live *live, int got)
{
    const struct call *call = live->call;
    struct outcome *out = live->out;
    size_t index = pool_next_index(live->iterator);
    if (index >= call->count || (call->what == CALL_IMAP && index != live->taken) ||
        out->elements[index] != ELEMENT_ABSENT) {
        program_wrong(out->wrong, "result %zu is item %zu's, or came before", live->taken, index);
        return;
    }
    out->elements[index] = call_element(call, live->results);
    if (got == 1 && call->result.kind > KIND_ODD)
        pool_release(shape_type(&call->result), live->results, 1);
    if (got == 1)
        return;
    if (pool_next_error(live->iterator) && pool_next_error(live->iterator)->index == index)
        call_note_error(live, pool_next_error(live->iterator), run->program->options.serial);
    else
        program_wrong(out->wrong, "item %zu failed without an error", index);
}

bool call_take(const struct run *run, struct live *live, int milliseconds)
{
    memset(live->results, CALL_FILLER, live->call->result.size);
    int got = live->taken >= live->call->abandon
                  ? 0
                  : pool_next(live->iterator, live->results, milliseconds);
    if (got == -ETIMEDOUT)
        return true;
    if (got == 1 || got == POOL_EITEM) {
        note_next(run, live, got);
        live->taken++;
        return true;
    }
    live->out->knows_errors = true;
    call_is_over(live, got);
    pool_iterator_free(live->iterator);
    live->iterator = NULL;
    return false;
}

/* ---- Waiting for a call ---- */

/* Whether the future has ended, or has made its callback. */
static bool has_ended(struct live *live)
{
    if (live->call->unheld)
        return atomic_load(&live->ends) > 0;
    return pool_future_wait(live->future, 0) == 0;
}

static void poll_descriptor(const struct run *run)
{
    struct pollfd ready = {.fd = pool_fileno(run->pool), .events = POLLIN};
    poll(&ready, 1, 20);
    pool_step(run->pool);
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

/* Waits on a libuv loop, with a timer that ends each round after some milliseconds. */
static void wait_on_loop(struct run *run, struct live *live)
{
    uv_loop_t loop;
    uv_timer_t timer;
    if (uv_loop_init(&loop) < 0 || uv_timer_init(&loop, &timer) < 0 ||
        uv_timer_start(&timer, on_timer, 5, 5) < 0 || pool_attach(run->pool, &loop) < 0)
        program_wrong(live->out->wrong, "no loop");
    do
        uv_run(&loop, UV_RUN_ONCE);
    while (!pool_future_ready(live->future) && program_in_time(run));
    uv_close((uv_handle_t *)&timer, NULL);
    if (pool_attach(run->pool, NULL) < 0)
        program_wrong(live->out->wrong, "the loop holds the pool");
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop) < 0)
        program_wrong(live->out->wrong, "the loop does not close");
}

/* Waits in one of many ways, all of which must come to the same end. */
static void wait_for(struct run *run, struct live *live, int way)
{
    pool_future_t *future = live->future, *ready = NULL, *set[] = {NULL, future, NULL};
    if (way % 8 == 0 && run->alone && !live->call->unheld)
        wait_on_loop(run, live);
    while (!has_ended(live) && program_in_time(run)) {
        if (way % 8 == 1 || live->call->unheld)
            poll_descriptor(run);
        else if (way % 8 == 2)
            pool_step(run->pool);
        else if (way % 8 == 3)
            pool_future_ready(future);
        else if (way % 8 == 4)
            pool_as_completed(set, 3, LOOK, &ready);
        else if (way % 8 == 5)
            pool_wait(set, 3, (pool_wait_mode_t)(POOL_WAIT_ALL + way % 3), LOOK);
        else if (way % 8 == 6)
            pool_future_wait(future, way % 5);
        else
            pool_future_get(future, LOOK);
        set[1] = future;
    }
}

/* Notes what came out of a future that has ended, and frees it. */
static void collect(const struct run *run, struct live *live)
{
    const pool_error_t *errors = NULL;
    pool_future_t *future = live->future;
    if (live->call->unheld) {
        call_is_over(live, 0);
        return;
    }
    size_t count = pool_future_errors(future, &errors);
    call_is_over(live, pool_future_get(future, 0));
    call_note_errors(live, errors, count, run->program->options.serial);
    if (pool_future_successful(future) != (live->out->returned == 0))
        program_wrong(live->out->wrong, "successful, though it returned %d", live->out->returned);
    if (run->program->loose) /* another thread may cancel it; it is freed at the end */
        return;
    atomic_store(&live->future, NULL);
    pool_future_free(future);
}

void call_finish(struct run *run, struct live *live, int way)
{
    if (!live->started || live->over)
        return;
    if (live->iterator)
        while (program_in_time(run) && call_take(run, live, way % 3 ? LOOK : 0))
            ;
    else
        wait_for(run, live, way);
    bool ended = live->over || (!live->iterator && has_ended(live));
    if (ended && !live->over)
        collect(run, live);
    if (!ended)
        program_wrong(live->out->wrong, "it has not ended in time");
}
