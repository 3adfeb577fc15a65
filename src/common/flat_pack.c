/* Runs in the host and in workers: writes values in the flat form. */
#include "common/flat.h"

#include <errno.h>
#include <string.h>

#include "common/flat_field.h"

static void put(struct pool_writer *writer, const void *data, uint64_t size)
{
    if (writer->used <= writer->room && size <= writer->room - writer->used && size)
        memcpy(writer->base + writer->used, data, size);
    if (__builtin_add_overflow(writer->used, size, &writer->used))
        writer->used = UINT64_MAX;
}

static void align(struct pool_writer *writer, uint64_t alignment)
{
    static const unsigned char zeros[16];
    put(writer, zeros, -writer->used & (alignment - 1));
}

static void put_number(struct pool_writer *writer, uint64_t number)
{
    align(writer, sizeof number);
    put(writer, &number, sizeof number);
}

static int pack_plain(struct pool_writer *writer, const void *data, uint64_t count, size_t size)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return -EINVAL;
    align(writer, pool__alignment_of(size));
    put(writer, data, bytes);
    return 0;
}

static void pack_text(struct pool_writer *writer, const char *text)
{
    uint64_t size = text ? strlen(text) + 1 : 0;
    put_number(writer, size);
    put(writer, text, size);
}

static int pack_bytes(struct pool_writer *writer, const pool_bytes_t *bytes)
{
    if (!bytes->data) {
        put_number(writer, 0);
        return bytes->size ? -EINVAL : 0;
    }
    put_number(writer, (uint64_t)bytes->size + 1);
    align(writer, 16);
    put(writer, bytes->data, bytes->size);
    return 0;
}

static int pack_field(struct pool_writer *writer, const pool_field_t *field,
                      const unsigned char *value)
{
    uint64_t count;
    const unsigned char *elements = pool__elements_of(field, value);
    int error = 0;
    if (!pool__count_of(field, value, &count) || (count && !elements))
        return -EINVAL;
    if (!field->count)
        put_number(writer, count);
    if (field->type->kind == POOL_KIND_PLAIN)
        return count ? pack_plain(writer, elements, count, field->size) : 0;
    for (uint64_t i = 0; i < count && !error; i++)
        error = pool__pack(writer, field->type, field->size, elements + i * field->size);
    return error;
}

/* Fixed fields come first, since counts lie in them. So when a counted field is read, nothing that
 * is read later can change its count. */
static int pack_fields(struct pool_writer *writer, const pool_type_t *type, const void *value)
{
    int error = 0;
    for (size_t i = 0; i < type->field_count && !error; i++)
        if (type->fields[i].count)
            error = pack_field(writer, &type->fields[i], value);
    for (size_t i = 0; i < type->field_count && !error; i++)
        if (!type->fields[i].count)
            error = pack_field(writer, &type->fields[i], value);
    return error;
}

int pool__pack(struct pool_writer *writer, const pool_type_t *type, size_t size, const void *value)
{
    if (writer->depth == POOL__DEPTH)
        return -ELOOP;
    int error = 0;
    writer->depth++;
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        error = pack_plain(writer, value, 1, size);
        break;
    case POOL_KIND_TEXT:
        pack_text(writer, *(char *const *)value);
        break;
    case POOL_KIND_BYTES:
        error = pack_bytes(writer, value);
        break;
    case POOL_KIND_STRUCT:
        error = pack_fields(writer, type, value);
        break;
    case POOL_KIND_CUSTOM:
        errno = 0; /* as all functions of the user's begin */
        error = type->pack(value, writer);
        break;
    }
    writer->depth--;
    return error;
}

int pool_write(pool_writer_t *writer, const void *data, size_t size)
{
    if (!writer || (!data && size))
        return -EINVAL;
    put(writer, data, size);
    return 0;
}

int pool_write_u64(pool_writer_t *writer, uint64_t number)
{
    if (!writer)
        return -EINVAL;
    put_number(writer, number);
    return 0;
}

int pool_write_value(pool_writer_t *writer, const pool_type_t *type, const void *value)
{
    if (!writer || !type || !value || type->size == 0)
        return -EINVAL;
    return pool__pack(writer, type, type->size, value);
}
