/* Two types that are known to their functions only: a list whose elements are linked, and a value
 * that says itself what it is, which may be a list of such values. */
#ifndef POOL_UNIT_FLAT_CUSTOM_H
#define POOL_UNIT_FLAT_CUSTOM_H

#include "unit/flat_memory.h"

/* What the functions say of a flat form that is none of theirs. */
enum { FLAT_STRANGE = -4711 };

/* ---- Chains: for each link a 1, its number and its text; then a 0 ---- */

struct flat_link {
    struct flat_link *next;
    uint64_t number;
    char *text;
};

struct flat_chain {
    struct flat_link *first;
};

static inline int flat_chain_pack(const void *value, pool_writer_t *writer)
{
    const struct flat_chain *chain = value;
    int error = 0;
    for (const struct flat_link *link = chain->first; link && !error; link = link->next) {
        error = pool_write_u64(writer, 1);
        if (!error)
            error = pool_write_u64(writer, link->number);
        if (!error)
            error = pool_write_value(writer, &pool_type_text, &link->text);
    }
    return error ? error : pool_write_u64(writer, 0);
}

/* Appends links until there is a 0 or an error. */
static inline int flat_chain_unpack(void *value, pool_reader_t *reader)
{
    struct flat_chain *chain = value;
    struct flat_link **end = &chain->first;
    uint64_t more;
    int error;
    while (!(error = pool_read_u64(reader, &more)) && more == 1) {
        if (!(*end = pool_read_alloc(reader, sizeof **end)))
            return -ENOMEM;
        error = pool_read_u64(reader, &(*end)->number);
        if (!error)
            error = pool_read_value(reader, &pool_type_text, &(*end)->text);
        if (error)
            return error;
        end = &(*end)->next;
    }
    return !error && more ? FLAT_STRANGE : error;
}

static inline void flat_chain_release(void *value)
{
    struct flat_chain *chain = value;
    for (struct flat_link *link = chain->first, *next; link; link = next) {
        next = link->next;
        if (link->text)
            flat_give_back(NULL, link->text);
        flat_give_back(NULL, link);
    }
}

static const pool_type_t flat_chain_type = {.name = "chain",
                                            .kind = POOL_KIND_CUSTOM,
                                            .size = sizeof(struct flat_chain),
                                            .pack = flat_chain_pack,
                                            .unpack = flat_chain_unpack,
                                            .release = flat_chain_release};

/* ---- Variants: what it is, as a number; then a number, a text, a size and bytes that are not
 * aligned, or a count and variants ---- */

enum flat_form { FLAT_NOTHING, FLAT_NUMBER, FLAT_TEXT, FLAT_RAW, FLAT_LIST, FLAT_FORMS };

struct flat_variant {
    uint64_t form;
    uint64_t number; /* or the size, or the count */
    union {
        char *text;
        unsigned char *raw;
        struct flat_variant *list;
        void *memory;
    };
};

static const pool_type_t flat_variant_type;

static inline int flat_variant_pack(const void *value, pool_writer_t *writer)
{
    const struct flat_variant *variant = value;
    int error = variant->form < FLAT_FORMS ? pool_write_u64(writer, variant->form) : FLAT_STRANGE;
    if (error || variant->form == FLAT_NOTHING)
        return error;
    if (variant->form == FLAT_TEXT)
        return pool_write_value(writer, &pool_type_text, &variant->text);
    error = pool_write_u64(writer, variant->number);
    if (!error && variant->form == FLAT_RAW)
        error = pool_write(writer, variant->raw, variant->number);
    for (uint64_t i = 0; variant->form == FLAT_LIST && i < variant->number && !error; i++)
        error = pool_write_value(writer, &flat_variant_type, &variant->list[i]);
    return error;
}

static inline int flat_variant_unpack_list(struct flat_variant *variant, pool_reader_t *reader,
                                           uint64_t count)
{
    int error = 0;
    if (count > pool_read_left(reader) / sizeof(uint64_t))
        return FLAT_STRANGE;
    if (!(variant->list = pool_read_alloc(reader, count * sizeof *variant)))
        return -ENOMEM;
    for (; variant->number < count && !error; variant->number++)
        error = pool_read_value(reader, &flat_variant_type, &variant->list[variant->number]);
    return error;
}

static inline int flat_variant_unpack_raw(struct flat_variant *variant, pool_reader_t *reader,
                                          uint64_t size)
{
    if (size > pool_read_left(reader))
        return FLAT_STRANGE;
    if (!(variant->raw = pool_read_alloc(reader, size)))
        return -ENOMEM;
    variant->number = size;
    return pool_read(reader, variant->raw, size);
}

static inline int flat_variant_unpack(void *value, pool_reader_t *reader)
{
    struct flat_variant *variant = value;
    uint64_t number;
    int error = pool_read_u64(reader, &variant->form);
    if (error || variant->form == FLAT_NOTHING)
        return error;
    if (variant->form == FLAT_TEXT)
        return pool_read_value(reader, &pool_type_text, &variant->text);
    if ((error = pool_read_u64(reader, &number)))
        return error;
    switch (variant->form) {
    case FLAT_NUMBER:
        variant->number = number;
        return 0;
    case FLAT_RAW:
        return flat_variant_unpack_raw(variant, reader, number);
    case FLAT_LIST:
        return flat_variant_unpack_list(variant, reader, number);
    default:
        return FLAT_STRANGE;
    }
}

static inline void flat_variant_release(void *value)
{
    struct flat_variant *variant = value;
    if (!variant->memory)
        return;
    for (uint64_t i = 0; variant->form == FLAT_LIST && i < variant->number; i++)
        flat_variant_release(&variant->list[i]);
    flat_give_back(NULL, variant->memory);
}

static const pool_type_t flat_variant_type = {.name = "variant",
                                              .kind = POOL_KIND_CUSTOM,
                                              .size = sizeof(struct flat_variant),
                                              .pack = flat_variant_pack,
                                              .unpack = flat_variant_unpack,
                                              .release = flat_variant_release};

#endif
