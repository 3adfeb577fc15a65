/* One file: read, checked, normalised, measured. Runs in workers, threads and the host alike. */
#define _POSIX_C_SOURCE 200809L
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <procpool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

const char *status_text(enum status status)
{
    static const char *const texts[] = {
#define STATUS_TEXT(name, text) text,
        STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    };
    return texts[status];
}

/* Says why the file failed. Returns false, to be returned. */
static bool POOL_PRINTF(3, 4)
    fail(struct problem *problem, enum status status, const char *format, ...)
{
    va_list arguments;
    problem->status = status;
    va_start(arguments, format);
    vsnprintf(problem->detail, sizeof(problem->detail), format, arguments);
    va_end(arguments);
    return false;
}

/* The same for a system call. strerror() is not for threads; pool_strerror() is. */
static bool fail_errno(struct problem *problem, int error)
{
    enum status status = error == ENOENT || error == ENOTDIR ? STATUS_VANISHED
                         : error == ENOMEM                   ? STATUS_NO_MEMORY
                                                             : STATUS_UNREADABLE;
    return fail(problem, status, "%s", pool_strerror(-error));
}

void scratch_init(struct scratch *scratch, size_t max_bytes)
{
    *scratch = (struct scratch){.max_bytes = max_bytes};
}

void scratch_fini(struct scratch *scratch)
{
    free(scratch->text);
    free(scratch->normal);
    *scratch = (struct scratch){0};
}

/* Makes room for `size` bytes in both buffers; those read so far stay. */
static bool reserve(struct scratch *scratch, size_t size)
{
    size_t capacity = scratch->capacity > 0 ? scratch->capacity : (size_t)64 * 1024;
    if (size <= scratch->capacity)
        return true;
    while (capacity < size)
        capacity *= 2;

    unsigned char *text = realloc(scratch->text, capacity);
    if (text)
        scratch->text = text;
    unsigned char *normal = realloc(scratch->normal, capacity);
    if (normal)
        scratch->normal = normal;
    if (!text || !normal)
        return false;
    scratch->capacity = capacity;
    return true;
}

/* Opens a regular file. Not blocked by a pipe that took the file's place since it was listed. */
static int open_file(const char *path, size_t *size, struct problem *problem)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (file < 0) {
        fail_errno(problem, errno);
        return -1;
    }
    if (fstat(file, &status) != 0)
        fail_errno(problem, errno);
    else if (!S_ISREG(status.st_mode))
        fail(problem, STATUS_VANISHED, "no longer a regular file");
    if (problem->status != STATUS_OK) {
        close(file);
        return -1;
    }
    *size = (size_t)status.st_size;
    return file;
}

/* Reads until `size` bytes or the end of the file. Returns how many, or -1 with errno. */
static ssize_t read_fully(int file, unsigned char *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, buffer + done, size - done);
        if (got == 0)
            break;
        if (got > 0)
            done += (size_t)got;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)done;
}

/* Reads the whole file, up to max_bytes + 1. The size it was said to have is only a guess: files
 * grow, and those of /proc claim to be empty. Returns the number of bytes, or -1 with errno. */
static ssize_t read_file(int file, size_t expected, struct scratch *scratch)
{
    size_t end = scratch->max_bytes + 1, size = 0;
    for (size_t room = expected + 1;; room *= 2) {
        if (room > end)
            room = end;
        if (!reserve(scratch, room)) {
            errno = ENOMEM;
            return -1;
        }
        ssize_t got = read_fully(file, scratch->text + size, room - size);
        if (got < 0)
            return -1;
        size += (size_t)got;
        if (size < room || room == end)
            return (ssize_t)size;
    }
}

bool document_read(const char *path, struct scratch *scratch, size_t *size, struct problem *problem)
{
    size_t expected, limit = scratch->max_bytes;
    int file = open_file(path, &expected, problem);
    if (file < 0)
        return false;

    ssize_t got = expected > limit ? (ssize_t)expected : read_file(file, expected, scratch);
    int error = errno;
    close(file);
    if (got < 0)
        return fail_errno(problem, error);
    if (got == 0)
        return fail(problem, STATUS_EMPTY, "0 bytes");
    if ((size_t)got > limit)
        return fail(problem, STATUS_TOO_LARGE, "more than %zu bytes", limit);
    *size = (size_t)got;
    return true;
}

bool document_make(const char *path, struct scratch *scratch, struct document *document,
                   struct problem *problem)
{
    size_t size = 0, normal_size, bad;
    struct text_counts counts;

    if (!document_read(path, scratch, &size, problem))
        return false;
    const unsigned char *zero = memchr(scratch->text, 0, size);
    if (zero)
        return fail(problem, STATUS_BINARY, "a zero byte at %td", zero - scratch->text);
    if (!text_normalise(scratch->text, size, scratch->normal, &normal_size, &counts, &bad))
        return fail(problem, STATUS_NOT_UTF8, "the byte 0x%02x at %zu", scratch->text[bad], bad);
    if (!features_compute(scratch->normal, normal_size, &document->facts.tokens, document->vector))
        return fail_errno(problem, ENOMEM);

    document->facts.bytes = size;
    document->facts.lines = counts.lines;
    document->facts.characters = counts.characters;
    document->facts.fingerprint = hash_bytes(scratch->normal, normal_size);
    return true;
}
