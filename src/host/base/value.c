/* Runs in the host. The flat forms that it reads lie on the board, where every worker may write.
 * The values that it makes own memory of the program's. */
#include "host/base/value.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/flat.h"

static void *alloc_own(void *unused, size_t size)
{
    (void)unused;
    return calloc(1, size);
}

/* Copies from the board, step by step. If there is more than one step, it gives the board's pages
 * back to the system behind each, so that a huge result does not take its memory twice. */
static void copy_and_discard(void *unused, void *to, const void *from, size_t size)
{
    enum { STEP = 16 << 20, PAGE = 65536 }; /* PAGE: a multiple of the page size of the system */
    (void)unused;
    for (size_t at = 0; at < size; at += STEP) {
        const unsigned char *start = (const unsigned char *)from + at;
        size_t some = size - at < STEP ? size - at : STEP;
        memcpy((unsigned char *)to + at, start, some);
        uintptr_t low = ((uintptr_t)start + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
        uintptr_t high = ((uintptr_t)start + some) & ~(uintptr_t)(PAGE - 1);
        if (size > STEP && low < high)
            madvise((void *)low, high - low, MADV_REMOVE);
    }
}

static void drop_free(void *unused, void *memory)
{
    (void)unused;
    free(memory);
}

void pool__value_release(const pool_type_t *type, void *value)
{
    static const struct pool__dropper dropper = {drop_free, NULL, true};
    pool__drop(&dropper, type, value);
}

int pool__value_read(const pool_type_t *type, void *to, size_t to_size, const unsigned char *data,
                     uint64_t size, bool once)
{
    const struct pool__memory memory = {.alloc = alloc_own, .copy = once ? copy_and_discard : NULL};
    struct pool_reader reader = {.base = data, .size = size, .memory = &memory};
    int error = pool__unpack(&reader, type, to_size, to);
    if (error) {
        pool__value_release(type, to);
        memset(to, 0, to_size);
    }
    return error;
}
