/* A second writer of the flat form, made from the description in common/flat.h alone. */
#ifndef POOL_UNIT_FLAT_ENCODE_H
#define POOL_UNIT_FLAT_ENCODE_H

#include "unit/flat_walk.h"

struct flat_code {
    unsigned char bytes[8 << 20];
    size_t size;
};

static inline void flat_encode_in(struct flat_code *code, const pool_type_t *type, size_t size,
                                  const void *value);

static inline void flat_encode_raw(struct flat_code *code, const void *data, size_t size,
                                   size_t alignment)
{
    HOLDS(size <= sizeof code->bytes - 16 - code->size);
    while (code->size % alignment)
        code->bytes[code->size++] = 0;
    if (size)
        memcpy(code->bytes + code->size, data, size);
    code->size += size;
}

static inline void flat_encode_number(struct flat_code *code, uint64_t number)
{
    flat_encode_raw(code, &number, 8, 8);
}

static inline void flat_encode_text(struct flat_code *code, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    flat_encode_number(code, size);
    flat_encode_raw(code, text, size, 1);
}

static inline void flat_encode_bytes(struct flat_code *code, const pool_bytes_t *bytes)
{
    flat_encode_number(code, bytes->data ? bytes->size + 1 : 0);
    if (bytes->data)
        flat_encode_raw(code, bytes->data, bytes->size, 16);
}

static inline void flat_encode_field(struct flat_code *code, const pool_field_t *field,
                                     const unsigned char *value)
{
    uint64_t count = field->count;
    const unsigned char *elements = value + field->offset;
    if (!count) {
        count = flat_count(field, value);
        elements = flat_elements(field, value);
        flat_encode_number(code, count);
    }
    if (field->type->kind == POOL_KIND_PLAIN && count)
        flat_encode_raw(code, elements, count * field->size, flat_alignment(field->size));
    else
        for (uint64_t i = 0; i < count; i++)
            flat_encode_in(code, field->type, field->size, elements + i * field->size);
}

static inline void flat_encode_struct(struct flat_code *code, const pool_type_t *type,
                                      const void *value)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].count)
            flat_encode_field(code, &type->fields[i], value);
    for (size_t i = 0; i < type->field_count; i++)
        if (!type->fields[i].count)
            flat_encode_field(code, &type->fields[i], value);
}

static inline void flat_encode_chain(struct flat_code *code, const struct flat_chain *chain)
{
    for (const struct flat_link *link = chain->first; link; link = link->next) {
        flat_encode_number(code, 1);
        flat_encode_number(code, link->number);
        flat_encode_text(code, link->text);
    }
    flat_encode_number(code, 0);
}

static inline void flat_encode_variant(struct flat_code *code, const struct flat_variant *variant)
{
    flat_encode_number(code, variant->form);
    if (variant->form == FLAT_TEXT)
        flat_encode_text(code, variant->text);
    else if (variant->form != FLAT_NOTHING)
        flat_encode_number(code, variant->number);
    if (variant->form == FLAT_RAW)
        flat_encode_raw(code, variant->raw, variant->number, 1);
    for (uint64_t i = 0; variant->form == FLAT_LIST && i < variant->number; i++)
        flat_encode_variant(code, &variant->list[i]);
}

static inline void flat_encode_in(struct flat_code *code, const pool_type_t *type, size_t size,
                                  const void *value)
{
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        flat_encode_raw(code, value, size, flat_alignment(size));
        break;
    case POOL_KIND_TEXT:
        flat_encode_text(code, *(char *const *)value);
        break;
    case POOL_KIND_BYTES:
        flat_encode_bytes(code, value);
        break;
    case POOL_KIND_STRUCT:
        flat_encode_struct(code, type, value);
        break;
    case POOL_KIND_CUSTOM:
        if (type == &flat_chain_type)
            flat_encode_chain(code, value);
        if (type == &flat_variant_type)
            flat_encode_variant(code, value);
        break;
    }
}

static inline const struct flat_code *flat_encode(const pool_type_t *type, size_t size,
                                                  const void *value)
{
    static struct flat_code code;
    code.size = 0;
    flat_encode_in(&code, type, size, value);
    return &code;
}

#endif
