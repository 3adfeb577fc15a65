/* Runs in the test program: compares what came out with what should. */
#include "support/program.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* A call, with what came out of both runs. */
struct look {
    const struct program *program;
    const struct call *call;
    const struct outcome *should, *is;
    const struct ledger *ledger;
    char wrong[256];
};

static uint32_t runs_of(const struct look *look, size_t index)
{
    return ledger_count(look->ledger, (size_t)look->call->slot * PROGRAM_ITEMS + index);
}

static bool is_iterator(const struct call *call)
{
    return call->what >= CALL_IMAP;
}

/* Whether the ends of all items are determined. */
static bool is_strict(const struct look *look)
{
    const struct call *call = look->call;
    if (look->program->kills || look->program->terminates || call->cancelled)
        return false;
    if (call->options.timeout && call->options.timeout < 1000)
        return false;
    if (call->abandon != SIZE_MAX || (call->what == CALL_BROADCAST && call->shrunk))
        return false;
    return !call->options.fail_fast || look->should->failed == 0;
}

/* ---- Errors ---- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The message of an error other than POOL_FAILED is made by the pool, and is not compared. */
static bool same_error(const struct mishap *is, const struct mishap *should)
{
    if (is->is != should->is || !is->is)
        return is->is == should->is;
    if (is->kind != should->kind || is->code != should->code || is->attempt != should->attempt)
        return false;
    if (is->kind != POOL_FAILED)
        return !is->file && is->line == 0;
    return is->line == should->line && same_text(is->message, should->message) &&
           same_text(is->file, should->file);
}

/* Whether the item may have this error, which it did not make itself. */
static bool may_be(const struct look *look, const struct mishap *is)
{
    const struct call *call = look->call;
    switch (is->kind) {
    case POOL_CANCELLED:
        return is->code == -ECANCELED &&
               (call->cancelled || call->options.fail_fast || call->abandon != SIZE_MAX ||
                (call->what == CALL_BROADCAST && call->shrunk));
    case POOL_TIMED_OUT:
        return is->code == -ETIMEDOUT && call->options.timeout;
    case POOL_CRASHED:
        return is->code == SIGKILL && look->program->kills;
    case POOL_LOST:
        return look->program->terminates;
    default:
        return false;
    }
}

static void say_error(char *text, size_t size, const struct mishap *error)
{
    if (error->is)
        snprintf(text, size, "kind %d code %d at %.20s:%d, %.40s", (int)error->kind, error->code,
                 error->file ? error->file : "-", error->line, error->message);
    else
        snprintf(text, size, "none");
}

static void wrong_error(struct look *look, size_t index)
{
    char is[100], should[100];
    say_error(is, sizeof is, &look->is->errors[index]);
    say_error(should, sizeof should, &look->should->errors[index]);
    program_wrong(look->wrong, "item %zu has error %s; should be %s", index, is, should);
}

/* ---- Items ---- */

/* Returns what the element of an item that failed must be. 0: anything. */
static uint64_t element_of_failed(const struct call *call)
{
    if (call->shared_results)
        return 0;
    if (is_iterator(call) || call->result.kind <= KIND_ODD)
        return ELEMENT_UNTOUCHED;
    return ELEMENT_ZERO;
}

static void check_element(struct look *look, size_t index, uint64_t should)
{
    if (look->call->what != CALL_FOLD && should && look->is->elements[index] != should)
        program_wrong(look->wrong, "result %zu is %" PRIx64 ", should be %" PRIx64, index,
                      look->is->elements[index], should);
}

static void check_runs(struct look *look, size_t index, uint32_t least, uint32_t most)
{
    uint32_t runs = runs_of(look, index);
    if (runs < least || runs > most)
        program_wrong(look->wrong, "item %zu has run %u times, should be %u to %u", index, runs,
                      least, most);
}

/* Checks an item that ended as on the serial pool. */
static void check_good_end(struct look *look, size_t index)
{
    bool failed = look->should->errors[index].is;
    check_element(look, index,
                  failed ? element_of_failed(look->call) : look->should->elements[index]);
    check_runs(look, index, 1, 1);
}

static void check_strict_item(struct look *look, size_t index)
{
    if (look->is->knows_errors &&
        !same_error(&look->is->errors[index], &look->should->errors[index]))
        wrong_error(look, index);
    check_good_end(look, index);
}

/* Checks that the item has one of the ends it may have. */
static void check_loose_item(struct look *look, size_t index)
{
    const struct mishap *is = &look->is->errors[index];
    bool never_given = is_iterator(look->call) && look->is->elements[index] == ELEMENT_ABSENT;
    if (never_given && !is->is) {
        check_runs(look, index, 0, 1);
    } else if (same_error(is, &look->should->errors[index])) {
        check_good_end(look, index);
    } else if (is->is && may_be(look, is)) {
        check_element(look, index, element_of_failed(look->call));
        check_runs(look, index, 0, is->attempt ? 1 : 0);
    } else {
        wrong_error(look, index);
    }
}

/* Checks an item of a call whose errors are not known: the call was refused, or the pool has ended. */
static void check_unknown_item(struct look *look, size_t index)
{
    uint64_t is = look->is->elements[index];
    if (look->call->what != CALL_FOLD && !look->call->shared_results && is != ELEMENT_UNTOUCHED &&
        is != ELEMENT_ZERO && is != ELEMENT_ABSENT)
        check_element(look, index, look->should->elements[index]);
    check_runs(look, index, 0, look->is->refused ? 0 : 1);
}

static void check_items(struct look *look)
{
    bool strict = is_strict(look);
    for (size_t i = 0; i < look->call->count; i++) {
        if (strict)
            check_strict_item(look, i);
        else if (look->is->knows_errors)
            check_loose_item(look, i);
        else
            check_unknown_item(look, i);
    }
}

/* ---- Sums ---- */

/* Adds up the items of the block that have no error in `without`. Returns whether there is one. */
static bool sum_block(const struct look *look, const struct outcome *without, size_t first,
                      size_t last, void *sum)
{
    bool any = false;
    for (size_t i = first; i < last; i++) {
        if (without->errors[i].is)
            continue;
        program_sum_add(sum, look->should->elements[i]);
        any = true;
    }
    return any;
}

/* Returns what the fold should give if the items with an error in `without` failed. To be freed. */
static void *sum_of(const struct look *look, const struct outcome *without)
{
    const struct call *call = look->call;
    struct program_sum head = {.sum = 0.25, .hash = 7, .size = call->result.size};
    size_t size = call->result.size, block = call->options.chunksize;
    unsigned char *all = calloc(1, size), *sum = calloc(1, size);
    bool any = false;
    block = block ? block : (call->count + 1023) / 1024;
    memcpy(all, &head, sizeof head);
    for (size_t first = 0; first < call->count; first += block) {
        size_t last = block < call->count - first ? first + block : call->count;
        memset(sum, 0, size);
        memcpy(sum, &head, sizeof head);
        bool good = sum_block(look, without, first, last, sum);
        if (good && any)
            program_sum_merge(all, sum);
        else if (good)
            memcpy(all, sum, size);
        any = any || good;
    }
    free(sum);
    return all;
}

static void check_sum(struct look *look, const struct outcome *of, const struct outcome *without,
                      const char *whose)
{
    static const struct outcome nothing;
    struct program_sum is, should;
    struct look none = *look;
    struct call empty = *look->call;
    if (of->returned < 0) { /* the sum must be as it was before */
        empty.count = 0;
        none.call = &empty;
        without = &nothing;
    }
    unsigned char *sum = sum_of(&none, without);
    memcpy(&is, of->sum, sizeof is);
    memcpy(&should, sum, sizeof should);
    if (memcmp(of->sum, sum, look->call->result.size) != 0)
        program_wrong(look->wrong,
                      "%s sum is %.17g with hash %" PRIx64 " of %" PRIu64
                      " items, should be %.17g with %" PRIx64 " of %" PRIu64,
                      whose, is.sum, is.hash, is.count, should.sum, should.hash, should.count);
    free(sum);
}

static void check_sums(struct look *look)
{
    if (look->call->what != CALL_FOLD)
        return;
    check_sum(look, look->should, look->should, "the serial pool's");
    if (look->is->refused)
        return;
    if (look->is->knows_errors || look->is->returned < 0)
        check_sum(look, look->is, look->is, "the");
    else
        check_sum(look, look->is, look->should, "the");
}

/* ---- What the call said ---- */

static void check_returned(struct look *look)
{
    const struct outcome *is = look->is;
    int returned = is->returned;
    if (look->call->unheld)
        return;
    if (is_iterator(look->call)) {
        bool stopped = returned == -ECANCELED || returned == -ETIME || returned == POOL_ECLOSED;
        if (returned != 0 && (is_strict(look) || !stopped))
            program_wrong(look->wrong, "it ended with %d", returned);
        return;
    }
    if (returned < 0 && !(look->program->terminates && returned == POOL_ECLOSED))
        program_wrong(look->wrong, "it returned %d", returned);
    if (returned >= 0 && (size_t)returned != is->failed)
        program_wrong(look->wrong, "it returned %d, there are %zu errors", returned, is->failed);
}

static void check_callbacks(struct look *look)
{
    const struct outcome *is = look->is;
    bool wanted = look->call->watched && !is->refused;
    int calls = is->good_calls + is->bad_calls;
    if (look->call->abandon != SIZE_MAX && calls <= 1)
        return; /* the callback comes when the running items have ended */
    if (calls != wanted)
        program_wrong(look->wrong, "%d good and %d bad callbacks", is->good_calls, is->bad_calls);
    if (!wanted)
        return;
    size_t failed = look->call->unheld ? look->should->failed : is->failed;
    bool bad = failed > 0 || is->returned < 0;
    if (bad != (is->bad_calls == 1) && !(is_iterator(look->call) && !is_strict(look)))
        program_wrong(look->wrong, "the wrong callback, with %zu errors", failed);
    if (is_strict(look) && look->call->count > 0 &&
        (is->done != look->call->count || is->bad != look->should->failed))
        program_wrong(look->wrong, "progress ended at %zu and %zu failed of %zu", is->done, is->bad,
                      is->total);
    if (!is_iterator(look->call) && is->progress && is->total != look->call->count)
        program_wrong(look->wrong, "progress was of %zu items", is->total);
}

/* ---- All ---- */

static bool check_call(struct look *look, FILE *stream)
{
    const struct outcome *is = look->is;
    if (is->wrong[0] || look->should->wrong[0])
        program_wrong(look->wrong, "%s%s", is->wrong, look->should->wrong);
    else if (!is->ended)
        program_wrong(look->wrong, "it has not ended");
    else if (look->should->returned < 0)
        program_wrong(look->wrong, "serially it returned %d", look->should->returned);
    if (is->ended && !look->wrong[0]) {
        check_items(look);
        check_sums(look);
        check_returned(look);
        check_callbacks(look);
    }
    if (look->wrong[0])
        fprintf(stream, "call %d: %s\n", look->call->slot, look->wrong);
    return !look->wrong[0];
}

bool program_check(const struct program *program, const struct outcomes *expected,
                   const struct outcomes *real, const struct ledger *ledger, FILE *stream)
{
    bool good = !expected->wrong[0] && !real->wrong[0];
    if (!good)
        fprintf(stream, "%s%s\n", expected->wrong, real->wrong);
    for (int i = 0; good && i < program->count; i++) {
        struct look look = {.program = program,
                            .call = &program->calls[i],
                            .should = &expected->of[i],
                            .is = &real->of[i],
                            .ledger = ledger};
        good = check_call(&look, stream);
    }
    return good;
}
