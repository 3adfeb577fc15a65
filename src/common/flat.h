/* The flat form: how values lie in memory that two processes share. Position-independent, native
 * byte order, written and read in one pass, payloads used where they lie.
 *
 *   number   8 bytes, aligned to 8
 *   plain    the bytes of n elements of size s, aligned to the largest power of two that divides s,
 *            at most 16; unless it was raised by hand, the C type's alignment divides that
 *   text     number: length + 1 with the NUL, or 0 for NULL; then the bytes with the NUL
 *   blob     number: size + 1, or 0 for NULL; then the bytes, aligned to 16
 *   struct   its fixed fields in the order of the table, then its counted ones: each a number and,
 *            unless it is 0, that many elements
 *   custom   what its pack function wrote
 *
 * Alignment counts from the start of the value, which is aligned to 16; gaps are zero.
 *
 * Readers treat every byte as hostile: a number is copied, then checked against what is left, then
 * used. Pure but for the memory functions a reader is given.
 */
#ifndef POOL_COMMON_FLAT_H
#define POOL_COMMON_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool/type.h"

enum { POOL__DEPTH = 64 };

/* Beyond `room` a writer only counts: `used` says how much room there should have been. */
struct pool_writer {
    unsigned char *base;
    uint64_t room, used;
    unsigned depth;
};

/* Where unpacked values get their memory. */
struct pool__memory {
    void *(*alloc)(void *context, size_t size); /* aligned to 16, zeroed; NULL: there is none */
    void (*copy)(void *context, void *to, const void *from, size_t size); /* NULL: memcpy() */
    void *context;
    bool in_place; /* payloads need no memory: they stay where they lie while the value is used */
};

struct pool_reader {
    const unsigned char *base;
    uint64_t size, at;
    unsigned depth;
    const struct pool__memory *memory;
};

/* Writes the value of `size` bytes. Returns 0 or a negative code, or what a custom function said;
 * running out of room is not an error (see `used`). */
int pool__pack(struct pool_writer *writer, const pool_type_t *type, size_t size, const void *value);

/* Reads a value into `size` zeroed bytes. Returns 0, -EBADMSG, -ENOMEM, -ELOOP, or what a custom
 * function said; then the value holds what had been read, for pool__drop(). */
int pool__unpack(struct pool_reader *reader, const pool_type_t *type, size_t size, void *value);

/* Gives away what the value points to, each piece once, by `drop`; then the value is stale.
 * `all`: also what it has only borrowed. */
struct pool__dropper {
    void (*drop)(void *context, void *memory);
    void *context;
    bool all;
};
void pool__drop(const struct pool__dropper *dropper, const pool_type_t *type, void *value);

/* Whether values of this type are plain data through and through. */
bool pool__type_plain(const pool_type_t *type);

#endif
