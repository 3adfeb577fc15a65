/* Walks all over a value that came out of the reader, as a program would that trusts it: every byte
 * it claims to own is read, lies where it may lie, and is aligned. */
#ifndef POOL_UNIT_FLAT_WALK_H
#define POOL_UNIT_FLAT_WALK_H

#include "unit/flat_types.h"

static inline void flat_walk(const pool_type_t *type, size_t size, const void *value);

/* The number of elements of a counted field; negative ones count as more than there can be. */
static inline uint64_t flat_count(const pool_field_t *field, const void *value)
{
    const unsigned char *at = (const unsigned char *)value + field->count_offset;
    int64_t sum = 0;
    for (size_t i = field->count_size; i-- > 0;)
        sum = (int64_t)((uint64_t)sum << 8 | at[i]);
    if (field->count_signed && field->count_size < 8 && sum >> (8 * field->count_size - 1))
        sum -= (int64_t)1 << 8 * field->count_size;
    return (uint64_t)sum;
}

/* The elements of a counted field. */
static inline unsigned char *flat_elements(const pool_field_t *field, const void *value)
{
    unsigned char *elements;
    memcpy(&elements, (const unsigned char *)value + field->offset, sizeof elements);
    return elements;
}

/* What plain data of this size is aligned to. */
static inline size_t flat_alignment(size_t size)
{
    size_t alignment = 16;
    while (size % alignment)
        alignment /= 2;
    return alignment;
}

static inline void flat_touch(const void *data, size_t size)
{
    const volatile unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        (void)bytes[i];
}

/* A piece of memory that the value owns. `payload`: it need not be a copy. */
static inline void flat_walk_piece(const void *piece, uint64_t size, bool payload, size_t alignment)
{
    HOLDS(piece != NULL && (uintptr_t)piece % alignment == 0);
    if (payload && flat_account.mode == FLAT_IN_PLACE) {
        HOLDS(flat_in_frame(piece));
        HOLDS(size <= flat_account.frame.size -
                          (size_t)((const unsigned char *)piece - flat_account.frame.bytes));
    } else {
        HOLDS(flat_block_of(piece)->state == flat_live);
        HOLDS(flat_block_of(piece)->size == size + !size);
    }
    flat_touch(piece, size);
}

/* Its piece ends where it ends, or later, when there is a NUL within. */
static inline void flat_walk_text(const char *text)
{
    if (!text)
        return;
    if (flat_account.mode == FLAT_IN_PLACE)
        flat_walk_piece(text, strlen(text) + 1, true, 1);
    else
        HOLDS(strlen(text) < flat_block_of(text)->size);
}

static inline void flat_walk_bytes(const pool_bytes_t *bytes)
{
    HOLDS(bytes->data || bytes->size == 0);
    if (bytes->data)
        flat_walk_piece(bytes->data, bytes->size, true, 16);
}

static inline void flat_walk_field(const pool_field_t *field, const unsigned char *value)
{
    uint64_t count = field->count ? field->count : flat_count(field, value);
    const unsigned char *elements =
        field->count ? value + field->offset : flat_elements(field, value);
    bool plain = field->type->kind == POOL_KIND_PLAIN;
    if (!field->count) {
        HOLDS((count == 0) == (elements == NULL));
        HOLDS(count <= SIZE_MAX / field->size);
        if (elements)
            flat_walk_piece(elements, count * field->size, plain,
                            plain ? flat_alignment(field->size) : 16);
    }
    for (uint64_t i = 0; i < count && !plain; i++)
        flat_walk(field->type, field->size, elements + i * field->size);
}

static inline void flat_walk_chain(const struct flat_chain *chain)
{
    for (const struct flat_link *link = chain->first; link; link = link->next) {
        flat_walk_piece(link, sizeof *link, false, 16);
        flat_walk_text(link->text);
    }
}

static inline void flat_walk_variant(const struct flat_variant *variant)
{
    HOLDS(variant->form < FLAT_FORMS);
    if (variant->form == FLAT_TEXT)
        flat_walk_text(variant->text);
    if (variant->form == FLAT_RAW)
        flat_walk_piece(variant->raw, variant->number, false, 16);
    if (variant->form == FLAT_LIST)
        flat_walk_piece(variant->list, variant->number * sizeof *variant, false, 16);
    for (uint64_t i = 0; variant->form == FLAT_LIST && i < variant->number; i++)
        flat_walk_variant(&variant->list[i]);
}

static inline void flat_walk(const pool_type_t *type, size_t size, const void *value)
{
    flat_touch(value, size);
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        break;
    case POOL_KIND_TEXT:
        flat_walk_text(*(char *const *)value);
        break;
    case POOL_KIND_BYTES:
        flat_walk_bytes(value);
        break;
    case POOL_KIND_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            flat_walk_field(&type->fields[i], value);
        break;
    case POOL_KIND_CUSTOM:
        if (type == &flat_chain_type)
            flat_walk_chain(value);
        if (type == &flat_variant_type)
            flat_walk_variant(value);
        break;
    }
}

#endif
