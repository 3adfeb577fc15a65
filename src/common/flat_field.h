/* What writing, reading and dropping have in common: how the elements of a field in a struct are
 * found. Pure. */
#ifndef POOL_COMMON_FLAT_FIELD_H
#define POOL_COMMON_FLAT_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "procpool/type.h"

/* The alignment in the flat form of plain elements of this size. */
static inline uint64_t pool__alignment_of(size_t size)
{
    uint64_t lowest = size & -size;
    return lowest == 0 || lowest > 16 ? 16 : lowest;
}

/* Finds how many elements this field of the struct at `value` has. False when the count is
 * negative, or the table gives it an impossible size. */
static inline bool pool__count_of(const pool_field_t *field, const unsigned char *value,
                                  uint64_t *count)
{
    const unsigned char *at = value + field->count_offset;
    uint64_t bits = 8 * field->count_size, number = field->count;
    if (field->count == 0) {
        if (field->count_size == 0 || field->count_size > sizeof number)
            return false;
        number = 0;
        memcpy(&number, at, field->count_size); /* right on little-endian processors only */
        if (field->count_signed && number >> (bits - 1))
            return false;
    }
    *count = number;
    return true;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "counts are copied by their low bytes");

/* The first element of this field of the struct at `value`: in the struct, or where its pointer
 * leads. */
static inline unsigned char *pool__elements_of(const pool_field_t *field,
                                               const unsigned char *value)
{
    unsigned char *pointer;
    if (field->count)
        return (unsigned char *)(uintptr_t)value + field->offset;
    memcpy(&pointer, value + field->offset, sizeof pointer);
    return pointer;
}

#endif
