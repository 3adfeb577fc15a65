/* Runs in the test program, in several of its threads: notes what came out of calls. */
#include "support/program_call.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

void call_note_error(struct live *live, const pool_error_t *error, bool serial)
{
    struct outcome *out = live->out;
    if (error->index >= live->call->count || out->errors[error->index].is) {
        program_wrong(out->wrong, "an error of item %zu, which there is not, or twice",
                      error->index);
        return;
    }
    struct mishap *mishap = &out->errors[error->index];
    *mishap = (struct mishap){
        .is = true, .kind = error->kind, .code = error->code, .attempt = error->attempt};
    mishap->message = strdup(error->message);
    out->failed++;
    if (serial && program_unmark(mishap))
        return;
    mishap->line = error->line;
    mishap->file = error->file ? strdup(error->file) : NULL;
}

void call_note_errors(struct live *live, const pool_error_t *errors, size_t count, bool serial)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && errors[i - 1].index >= errors[i].index)
            program_wrong(live->out->wrong, "errors %zu and %zu are out of order",
                          errors[i - 1].index, errors[i].index);
        call_note_error(live, &errors[i], serial);
    }
    live->out->knows_errors = true;
}

uint64_t call_element(const struct call *call, const void *element)
{
    if (call->result.kind == KIND_NONE)
        return ELEMENT_UNTOUCHED;
    if (memory_is(element, call->result.size, CALL_FILLER))
        return ELEMENT_UNTOUCHED;
    if (!shape_is_plain(&call->result) && memory_is(element, call->result.size, 0))
        return ELEMENT_ZERO;
    return value_hash(&call->result, element);
}

static void note_elements(struct live *live)
{
    const struct call *call = live->call;
    for (size_t i = 0; i < call->count; i++)
        live->out->elements[i] =
            call_element(call, (const char *)live->results + i * call->result.size);
}

void call_note_results(struct live *live)
{
    const struct call *call = live->call;
    if (call->what >= CALL_IMAP)
        return;
    if (call->what == CALL_FOLD) {
        live->out->sum = live->results;
        live->results = NULL;
    } else if (!live->out->refused) {
        note_elements(live);
    }
}

/* An element that still holds the filler was not written, so its pointers are no pointers. */
static void release_results(const struct live *live)
{
    const struct call *call = live->call;
    for (size_t i = 0; i < call->count; i++) {
        char *element = (char *)live->results + i * call->result.size;
        if (!memory_is(element, call->result.size, CALL_FILLER))
            pool_release(shape_type(&call->result), element, 1);
    }
}

/* Leaves the shared arrays of an iterator to the end of the pool: items may still run there after the
 * iterator was freed. */
void call_free_results(struct live *live)
{
    const struct call *call = live->call;
    if (live->results && call->what < CALL_IMAP && call->result.kind > KIND_ODD)
        release_results(live);
    if (call->shared_results && !call->in_place)
        pool_shared_free(live->pool, live->results);
    else if (!call->in_place)
        free(live->results);
    if (call->what < CALL_IMAP)
        pool_shared_free(live->pool, live->shared);
    live->results = live->shared = NULL;
}
