/* Whether a value that came out of the reader is the one that was packed. */
#ifndef POOL_UNIT_FLAT_SAME_H
#define POOL_UNIT_FLAT_SAME_H

#include "unit/flat_walk.h"

static inline bool flat_same(const pool_type_t *type, size_t size, const void *made,
                             const void *got);

static inline bool flat_same_texts(const char *made, const char *got)
{
    return made && got ? strcmp(made, got) == 0 : !made && !got;
}

static inline bool flat_same_bytes(const pool_bytes_t *made, const pool_bytes_t *got)
{
    return made->size == got->size && !made->data == !got->data &&
           (made->size == 0 || memcmp(made->data, got->data, made->size) == 0);
}

/* No elements: the pointer is NULL, whatever it was. */
static inline bool flat_same_field(const pool_field_t *field, const unsigned char *made,
                                   const unsigned char *got)
{
    uint64_t count = field->count;
    const unsigned char *from = made + field->offset, *to = got + field->offset;
    if (!count) {
        count = flat_count(field, made);
        from = flat_elements(field, made);
        to = flat_elements(field, got);
        if (flat_count(field, got) != count || (count == 0) != (to == NULL))
            return false;
    }
    for (uint64_t i = 0; i < count; i++)
        if (!flat_same(field->type, field->size, from + i * field->size, to + i * field->size))
            return false;
    return true;
}

/* Whether what does not travel is zero. */
static inline bool flat_rest_is_zero(const pool_type_t *type, const void *got)
{
    static unsigned char rest[FLAT_LARGEST];
    unsigned char sum = 0;
    HOLDS(type->size <= sizeof rest);
    memcpy(rest, got, type->size);
    for (size_t i = 0; i < type->field_count; i++) {
        const pool_field_t *field = &type->fields[i];
        memset(rest + field->offset, 0, field->count ? field->count * field->size : sizeof(void *));
        memset(rest + field->count_offset, 0, field->count ? 0 : field->count_size);
    }
    for (size_t i = 0; i < type->size; i++)
        sum |= rest[i];
    return sum == 0;
}

static inline bool flat_same_structs(const pool_type_t *type, const void *made, const void *got)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (!flat_same_field(&type->fields[i], made, got))
            return false;
    return flat_rest_is_zero(type, got);
}

static inline bool flat_same_chains(const struct flat_chain *made, const struct flat_chain *got)
{
    const struct flat_link *one = made->first, *other = got->first;
    for (; one && other; one = one->next, other = other->next)
        if (one->number != other->number || !flat_same_texts(one->text, other->text))
            return false;
    return !one && !other;
}

static inline bool flat_same_variants(const struct flat_variant *made,
                                      const struct flat_variant *got)
{
    if (made->form != got->form || made->number != got->number)
        return false;
    if (made->form == FLAT_TEXT)
        return flat_same_texts(made->text, got->text);
    if (made->form == FLAT_RAW)
        return memcmp(made->raw, got->raw, made->number) == 0;
    for (uint64_t i = 0; made->form == FLAT_LIST && i < made->number; i++)
        if (!flat_same_variants(&made->list[i], &got->list[i]))
            return false;
    return true;
}

static inline bool flat_same(const pool_type_t *type, size_t size, const void *made,
                             const void *got)
{
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        return memcmp(made, got, size) == 0;
    case POOL_KIND_TEXT:
        return flat_same_texts(*(char *const *)made, *(char *const *)got);
    case POOL_KIND_BYTES:
        return flat_same_bytes(made, got);
    case POOL_KIND_STRUCT:
        return flat_same_structs(type, made, got);
    case POOL_KIND_CUSTOM:
        return type == &flat_chain_type ? flat_same_chains(made, got)
                                        : flat_same_variants(made, got);
    }
    return false;
}

#endif
