/* The flat form: how values that are not plain data lie in memory that two processes share. It
 * holds no pointers, and numbers are in native byte order. It is written and read in one pass, and
 * a reader may use texts, blobs and arrays of plain elements where they lie.
 *
 *   number   8 bytes, aligned to 8
 *   plain    the bytes of n elements of size s, aligned to the largest power of two that divides s,
 *            at most 16: a multiple of the C type's alignment, unless that was raised by hand
 *   text     number: length + 1 with the NUL, or 0 for NULL; then the bytes with the NUL
 *   blob     number: size + 1, or 0 for NULL; then the bytes, aligned to 16
 *   struct   the fixed fields in the order of the table, then the counted fields: each a number,
 *            then that many elements
 *   custom   what the type's pack function wrote
 *
 * Offsets are aligned relative to the start of the value, which is itself aligned to 16. Gaps are
 * zero.
 *
 * A reader treats every byte as hostile: it copies a number, checks the copy against the bytes that
 * are left, and uses only the copy. Pure, except for the memory functions that a reader is given.
 */
#ifndef POOL_COMMON_FLAT_H
#define POOL_COMMON_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool/type.h"

enum { POOL__DEPTH = 64 }; /* values within values */

/* Writes to `base`. Beyond `room` a writer only counts, so `used` says how much room is needed. */
struct pool_writer {
    unsigned char *base;
    uint64_t room, used;
    unsigned depth;
};

/* Where unpacked values get their memory. */
struct pool__memory {
    void *(*alloc)(void *context, size_t size); /* aligned to 16, zeroed; NULL: no memory */
    void (*copy)(void *context, void *to, const void *from, size_t size); /* NULL: memcpy() */
    void *context;
    bool in_place; /* texts, blobs and plain elements stay where they lie, and need no memory */
};

struct pool_reader {
    const unsigned char *base;
    uint64_t size, at;
    unsigned depth;
    const struct pool__memory *memory;
};

/* Writes the value of `size` bytes. Returns 0, a negative code, or what a custom function returned.
 * A value that does not fit is no error: `used` is then larger than `room`. */
int pool__pack(struct pool_writer *writer, const pool_type_t *type, size_t size, const void *value);

/* Reads a value into `size` zeroed bytes. Returns 0, -EBADMSG, -ENOMEM, -ELOOP, or what a custom
 * function returned. After an error the value holds what had been read, and pool__drop() may be
 * called for it. */
int pool__unpack(struct pool_reader *reader, const pool_type_t *type, size_t size, void *value);

/* Calls `drop` for each piece of memory that the value points to, once. Pieces that the value has
 * only borrowed are left out, unless `all` is true. The pointers in the value are stale afterwards.
 */
struct pool__dropper {
    void (*drop)(void *context, void *memory);
    void *context;
    bool all;
};
void pool__drop(const struct pool__dropper *dropper, const pool_type_t *type, void *value);

/* Whether values of this type are plain data, with no pointer at any depth. */
bool pool__type_plain(const pool_type_t *type);

#endif
