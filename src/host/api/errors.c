/* Runs in the host: the errors of items, as a list and as text. It reads the report of the pool's
 * last blocking call and changes nothing. A message comes from a worker and may hold any bytes, so
 * it is never written as it is. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/death.h"
#include "host/job/report.h"
#include "host/pool.h"

enum { PRINTED = 20 }; /* errors that pool_print_errors() prints; it counts the others */

/* Whether this is a copy of the host that has called its pool: the report is the host's last. */
static bool is_refused_copy(const pool_t *pool)
{
    return pool->code == POOL_EFORKED && pool->owner != getpid();
}

size_t pool_errors(const pool_t *pool, const pool_error_t **errors)
{
    if (!pool || is_refused_copy(pool))
        return 0;
    if (errors)
        *errors = pool->report.errors;
    return pool->report.count;
}

/* ---- As text ---- */

/* Returns how many bytes the UTF-8 character at `c` has, in a text that ends in NUL. 0: there is no
 * such character at `c`, or it is a surrogate or longer than it has to be, as no UTF-8 is. */
static size_t character_size(const unsigned char *c)
{
    bool bad = (*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] >= 0xa0) ||
               (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] >= 0x90);
    size_t size = *c < 0x80          ? 1
                  : *c < 0xc2 || bad ? 0
                  : *c < 0xe0        ? 2
                  : *c < 0xf0        ? 3
                  : *c < 0xf5        ? 4
                                     : 0;
    for (size_t i = 1; i < size; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* Writes a text that came from a worker. Control characters and bytes that are not UTF-8 are
 * escaped, so the text stays on its line and cannot command the terminal. */
static void write_escaped(const char *text, FILE *stream)
{
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        size_t size = character_size(c);
        bool control = *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0);
        if (size > 0 && !control) {
            fwrite(c, 1, size, stream);
            c += size;
        } else if (*c == '\n' || *c == '\t') {
            fputs(*c++ == '\n' ? "\\n" : "\\t", stream);
        } else {
            for (size_t i = size > 0 ? size : 1; i > 0; i--)
                fprintf(stream, "\\x%02x", *c++);
        }
    }
}

/* Writes an errno value, of either sign, by its name and meaning, and any other code as a
 * number. */
static void write_code(int code, FILE *stream)
{
    const char *name = code > -4096 && code < 4096 && code ? strerrorname_np(abs(code)) : NULL;
    if (name)
        fprintf(stream, "%s (%d, %s)", name, code, strerrordesc_np(abs(code)));
    else
        fprintf(stream, "code %d", code);
}

static void write_what(const pool_error_t *error, FILE *stream)
{
    char name[32];
    switch (error->kind) {
    case POOL_FAILED:
        fputs("failed with ", stream);
        write_code(error->code, stream);
        break;
    case POOL_CRASHED:
        fprintf(stream, "crashed with %s", pool__signal_name(error->code, name, sizeof name));
        break;
    case POOL_EXITED:
        fprintf(stream, "exited with status %d", error->code);
        break;
    case POOL_CANCELLED:
        fputs("was cancelled", stream);
        break;
    case POOL_TIMED_OUT:
        fputs("was not done in time", stream);
        break;
    case POOL_LOST:
        fputs("was lost", stream);
        break;
    case POOL_CORRUPT:
        fputs("has a corrupt result", stream);
        break;
    }
}

static void write_error(const pool_error_t *error, FILE *stream)
{
    write_what(error, stream);
    if (error->message[0]) {
        fputs(": ", stream);
        write_escaped(error->message, stream);
    }
    if (error->file) {
        fputs(" at ", stream);
        write_escaped(error->file, stream);
        fprintf(stream, ":%d", error->line);
    }
    if (error->pid)
        fprintf(stream, " [worker %d, pid %d]", error->worker, (int)error->pid);
}

int pool_error_text(const pool_error_t *error, char *text, size_t size)
{
    char *whole = NULL;
    size_t length = 0;
    if (!error || (!text && size))
        return -EINVAL;
    FILE *stream = open_memstream(&whole, &length);
    if (!stream)
        return -ENOMEM;
    write_error(error, stream);
    if (fclose(stream) != 0 || !whole) {
        free(whole);
        return -ENOMEM;
    }
    if (size)
        snprintf(text, size, "%s", whole);
    free(whole);
    return length > INT_MAX ? INT_MAX : (int)length;
}

/* Writes what a call returned, as a sentence. */
static void print_code(int code, FILE *stream)
{
    const char *name = pool_error_name(code);
    if (strcmp(name, "unknown") == 0) /* a code of the user's own, as of a fold's merge function */
        fprintf(stream, "the call failed with code %d\n", code);
    else
        fprintf(stream, "the call failed with %s: %s\n", name, pool_strerror(code));
}

static void print_items(const pool_t *pool, FILE *stream)
{
    const struct pool__report *report = &pool->report;
    if (report->count + report->dropped == 0)
        return;
    fprintf(stream, "%zu of %zu items failed:\n", report->count + report->dropped, pool->items);
    size_t printed = report->count < PRINTED ? report->count : PRINTED;
    for (size_t i = 0; i < printed; i++) {
        fprintf(stream, "  item %zu ", report->errors[i].index);
        write_error(&report->errors[i], stream);
        fputc('\n', stream);
    }
    if (report->count > printed)
        fprintf(stream, "  and %zu more\n", report->count - printed);
    if (report->dropped)
        fprintf(stream, "  and %zu that were not kept\n", report->dropped);
}

void pool_print_errors(const pool_t *pool, FILE *stream)
{
    int code = pool ? pool->code : POOL_ENOPOOL;
    if (!stream)
        return;
    if (code)
        print_code(code, stream);
    if (pool && !is_refused_copy(pool))
        print_items(pool, stream);
}
