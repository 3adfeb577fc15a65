/* Makes random values of any type. What they point to is good until the next flat_make(). */
#ifndef POOL_UNIT_FLAT_MAKE_H
#define POOL_UNIT_FLAT_MAKE_H

#include "unit/flat_walk.h"

struct flat_maker {
    uint64_t *seed;
    int budget; /* how many more elements and levels there may be, about */
    unsigned depth;
    size_t used; /* of flat_ground */
};

/* Where values lie. */
static _Alignas(16) unsigned char flat_ground[16 << 20];

static inline void *flat_take(struct flat_maker *maker, size_t size, size_t alignment)
{
    size_t at = (maker->used + alignment - 1) & ~(alignment - 1);
    HOLDS(at <= sizeof flat_ground && size <= sizeof flat_ground - at);
    maker->used = at + size;
    return flat_ground + at;
}

static inline bool flat_chance(struct flat_maker *maker, uint64_t of)
{
    return random_below(maker->seed, of) == 0;
}

static inline void flat_fill(struct flat_maker *maker, void *data, size_t size)
{
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t bits = random_next(maker->seed);
        memcpy((unsigned char *)data + at, &bits,
               size - at < sizeof bits ? size - at : sizeof bits);
    }
}

static inline char *flat_make_text(struct flat_maker *maker)
{
    if (flat_chance(maker, 8))
        return NULL;
    size_t length = random_below(maker->seed, flat_chance(maker, 64) ? 600 : 20);
    char *text = flat_take(maker, length + 1, 1);
    flat_fill(maker, text, length);
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] ? text[i] : '0';
    text[length] = '\0';
    return text;
}

/* At any address, whatever its size. */
static inline void *flat_make_memory(struct flat_maker *maker, size_t size)
{
    void *memory;
    maker->used += random_below(maker->seed, 16);
    memory = flat_take(maker, size, 1);
    flat_fill(maker, memory, size);
    return memory;
}

static inline pool_bytes_t flat_make_bytes(struct flat_maker *maker)
{
    if (flat_chance(maker, 8))
        return (pool_bytes_t){NULL, 0};
    size_t size = random_below(maker->seed, flat_chance(maker, 64) ? 600 : 40);
    return (pool_bytes_t){flat_make_memory(maker, size), size};
}

static inline void flat_make_in(struct flat_maker *maker, const pool_type_t *type, size_t size,
                                void *value);

static inline uint64_t flat_make_count(struct flat_maker *maker, const pool_field_t *field)
{
    uint64_t limit = field->type->kind == POOL_KIND_PLAIN && flat_chance(maker, 40) ? 300 : 5;
    if (maker->budget <= 0 || maker->depth > 12)
        return 0;
    if (limit == 300 && field->count_size == 1)
        return field->count_signed ? INT8_MAX : UINT8_MAX;
    return random_below(maker->seed, limit);
}

/* Whether the count of field `last` is there before it is made: with another field counted by it, or
 * in a struct within. */
static inline bool flat_count_made(const pool_type_t *type, size_t last)
{
    size_t at = type->fields[last].count_offset;
    for (size_t i = 0; i < type->field_count; i++) {
        const pool_field_t *field = &type->fields[i];
        if (field->count == 0 && i < last && field->count_offset == at)
            return true;
        if (field->type->kind == POOL_KIND_STRUCT && at >= field->offset &&
            at < field->offset + field->size * field->count)
            return true;
    }
    return false;
}

static inline void flat_make_elements(struct flat_maker *maker, const pool_field_t *field,
                                      uint64_t count, unsigned char *elements)
{
    for (uint64_t i = 0; i < count; i++)
        flat_make_in(maker, field->type, field->size, elements + i * field->size);
}

static inline void flat_make_counted(struct flat_maker *maker, const pool_type_t *type,
                                     size_t index, unsigned char *value)
{
    const pool_field_t *field = &type->fields[index];
    unsigned char *elements = NULL;
    uint64_t count =
        flat_count_made(type, index) ? flat_count(field, value) : flat_make_count(maker, field);
    memcpy(value + field->count_offset, &count, field->count_size);
    maker->budget -= (int)count;
    if (count || flat_chance(maker, 2)) /* what a count of 0 comes with does not matter */
        elements = flat_take(maker, count * field->size, 16);
    memcpy(value + field->offset, &elements, sizeof elements);
    flat_make_elements(maker, field, count, elements);
}

static inline void flat_make_struct(struct flat_maker *maker, const pool_type_t *type,
                                    unsigned char *value)
{
    memset(value, 0xa5, type->size);
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].count)
            flat_make_elements(maker, &type->fields[i], type->fields[i].count,
                               value + type->fields[i].offset);
    for (size_t i = 0; i < type->field_count; i++)
        if (!type->fields[i].count)
            flat_make_counted(maker, type, i, value);
}

static inline struct flat_chain flat_make_chain(struct flat_maker *maker)
{
    struct flat_chain chain = {NULL};
    for (uint64_t n = random_below(maker->seed, 4); n > 0; n--) {
        struct flat_link *link = flat_take(maker, sizeof *link, 16);
        *link = (struct flat_link){chain.first, random_next(maker->seed), flat_make_text(maker)};
        chain.first = link;
    }
    return chain;
}

static inline struct flat_variant flat_make_variant(struct flat_maker *maker)
{
    bool may_nest = maker->budget-- > 0 && maker->depth < 12;
    struct flat_variant variant = {
        .form = random_below(maker->seed, may_nest ? FLAT_FORMS : FLAT_LIST)};
    if (variant.form == FLAT_NUMBER)
        variant.number = random_next(maker->seed);
    if (variant.form == FLAT_TEXT)
        variant.text = flat_make_text(maker);
    if (variant.form == FLAT_RAW) {
        variant.number = 1 + random_below(maker->seed, 20);
        variant.raw = flat_make_memory(maker, variant.number);
    }
    if (variant.form == FLAT_LIST) {
        variant.number = 1 + random_below(maker->seed, 3);
        variant.list = flat_take(maker, variant.number * sizeof variant, 16);
        for (uint64_t i = 0; i < variant.number; i++)
            flat_make_in(maker, &flat_variant_type, sizeof variant, &variant.list[i]);
    }
    return variant;
}

static inline void flat_make_in(struct flat_maker *maker, const pool_type_t *type, size_t size,
                                void *value)
{
    maker->depth++;
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        flat_fill(maker, value, size);
        break;
    case POOL_KIND_TEXT:
        *(char **)value = flat_make_text(maker);
        break;
    case POOL_KIND_BYTES:
        *(pool_bytes_t *)value = flat_make_bytes(maker);
        break;
    case POOL_KIND_STRUCT:
        flat_make_struct(maker, type, value);
        break;
    case POOL_KIND_CUSTOM:
        if (type == &flat_chain_type)
            *(struct flat_chain *)value = flat_make_chain(maker);
        if (type == &flat_variant_type)
            *(struct flat_variant *)value = flat_make_variant(maker);
        break;
    }
    maker->depth--;
}

/* A value that is determined by the seed. */
static inline void *flat_make(uint64_t *seed, const pool_type_t *type, size_t size)
{
    struct flat_maker maker = {.seed = seed, .budget = 30};
    void *value = flat_take(&maker, size, 16);
    flat_make_in(&maker, type, size, value);
    return value;
}

#endif
