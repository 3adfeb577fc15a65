/* Runs in the host and in workers: reads values from the flat form. Every byte of it is hostile;
 * see flat.h. */
#include "common/flat.h"

#include <errno.h>
#include <string.h>

#include "common/flat_field.h"

/* False when the count does not fit into its field. */
static bool set_count(const pool_field_t *field, unsigned char *value, uint64_t count)
{
    uint64_t bits = 8 * field->count_size - field->count_signed;
    if (bits < 64 && count >> bits)
        return false;
    memcpy(value + field->count_offset, &count, field->count_size);
    return true;
}

static uint64_t left(const struct pool_reader *reader)
{
    return reader->size - reader->at;
}

/* The next `size` bytes behind the gap, or NULL when fewer are left. */
static const unsigned char *get(struct pool_reader *reader, uint64_t size, uint64_t alignment)
{
    uint64_t gap = -reader->at & (alignment - 1);
    if (gap > left(reader) || size > left(reader) - gap)
        return NULL;
    const unsigned char *data = reader->base + reader->at + gap;
    reader->at += gap + size;
    return data;
}

static bool get_number(struct pool_reader *reader, uint64_t *number)
{
    const unsigned char *data = get(reader, sizeof *number, sizeof *number);
    if (data)
        memcpy(number, data, sizeof *number);
    return data != NULL;
}

/* A copy of `size` bytes, in memory that belongs to the value. */
static void *own(struct pool_reader *reader, const void *data, uint64_t size)
{
    const struct pool__memory *memory = reader->memory;
    void *copy = memory->alloc(memory->context, size ? size : 1);
    if (copy && size && memory->copy)
        memory->copy(memory->context, copy, data, size);
    else if (copy && size)
        memcpy(copy, data, size);
    return copy;
}

static int unpack_plain(struct pool_reader *reader, void *value, uint64_t count, size_t size)
{
    uint64_t bytes;
    const unsigned char *data = NULL;
    if (!__builtin_mul_overflow(count, size, &bytes))
        data = get(reader, bytes, pool__alignment_of(size));
    if (!data)
        return -EBADMSG;
    memcpy(value, data, bytes);
    return 0;
}

static int unpack_text(struct pool_reader *reader, char **text)
{
    uint64_t size;
    const unsigned char *data;
    if (!get_number(reader, &size))
        return -EBADMSG;
    if (size == 0)
        return 0;
    if (!(data = get(reader, size, 1)) || data[size - 1] != '\0')
        return -EBADMSG;
    if (reader->memory->in_place) {
        *text = (char *)(uintptr_t)data;
        return 0;
    }
    if (!(*text = own(reader, data, size)))
        return -ENOMEM;
    (*text)[size - 1] = '\0'; /* another process may have changed it since the check */
    return 0;
}

static int unpack_bytes(struct pool_reader *reader, pool_bytes_t *bytes)
{
    uint64_t size;
    const unsigned char *data;
    if (!get_number(reader, &size))
        return -EBADMSG;
    if (size-- == 0)
        return 0;
    if (!(data = get(reader, size, 16)))
        return -EBADMSG;
    bytes->data = reader->memory->in_place ? (void *)(uintptr_t)data : own(reader, data, size);
    if (!bytes->data)
        return -ENOMEM;
    bytes->size = size;
    return 0;
}

/* Finds memory for the `count` elements of a counted field. Plain elements are read too; others are
 * left to the caller. */
static int unpack_pointer(struct pool_reader *reader, const pool_field_t *field, uint64_t count,
                          unsigned char **elements)
{
    uint64_t bytes;
    const unsigned char *data;
    if (__builtin_mul_overflow(count, field->size, &bytes))
        return -EBADMSG;
    if (field->type->kind != POOL_KIND_PLAIN) {
        if (count > left(reader))
            return -EBADMSG;
        *elements = reader->memory->alloc(reader->memory->context, bytes);
        return *elements ? 0 : -ENOMEM;
    }
    if (!(data = get(reader, bytes, pool__alignment_of(field->size))))
        return -EBADMSG;
    *elements = reader->memory->in_place ? (void *)(uintptr_t)data : own(reader, data, bytes);
    return *elements ? 0 : -ENOMEM;
}

static int unpack_elements(struct pool_reader *reader, const pool_field_t *field, uint64_t count,
                           unsigned char *elements)
{
    int error = 0;
    for (uint64_t i = 0; i < count && !error; i++)
        error = pool__unpack(reader, field->type, field->size, elements + i * field->size);
    return error;
}

static int unpack_fixed(struct pool_reader *reader, const pool_field_t *field, unsigned char *value)
{
    if (field->type->kind == POOL_KIND_PLAIN)
        return unpack_plain(reader, value + field->offset, field->count, field->size);
    return unpack_elements(reader, field, field->count, value + field->offset);
}

/* Whether the count of counted field `last` has been read already. It has if the count is, or lies
 * in, a fixed field, or if an earlier counted field has the same count. */
static bool count_known(const pool_type_t *type, size_t last)
{
    size_t at = type->fields[last].count_offset;
    for (size_t i = 0; i < type->field_count; i++) {
        const pool_field_t *field = &type->fields[i];
        if (field->count ? at - field->offset < field->size * field->count
                         : i < last && field->count_offset == at)
            return true;
    }
    return false;
}

static int unpack_counted(struct pool_reader *reader, const pool_type_t *type, size_t index,
                          unsigned char *value)
{
    const pool_field_t *field = &type->fields[index];
    uint64_t count, known;
    unsigned char *elements = NULL;
    if (!get_number(reader, &count))
        return -EBADMSG;
    if (count_known(type, index) ? !pool__count_of(field, value, &known) || known != count
                                 : !set_count(field, value, count))
        return -EBADMSG;
    int error = count ? unpack_pointer(reader, field, count, &elements) : 0;
    memcpy(value + field->offset, &elements, sizeof elements);
    if (error || field->type->kind == POOL_KIND_PLAIN)
        return error;
    return unpack_elements(reader, field, count, elements);
}

static int unpack_fields(struct pool_reader *reader, const pool_type_t *type, void *value)
{
    int error = 0;
    for (size_t i = 0; i < type->field_count && !error; i++)
        if (type->fields[i].count)
            error = unpack_fixed(reader, &type->fields[i], value);
    for (size_t i = 0; i < type->field_count && !error; i++)
        if (!type->fields[i].count)
            error = unpack_counted(reader, type, i, value);
    return error;
}

int pool__unpack(struct pool_reader *reader, const pool_type_t *type, size_t size, void *value)
{
    if (reader->depth == POOL__DEPTH)
        return -ELOOP;
    int error = 0;
    reader->depth++;
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        error = unpack_plain(reader, value, 1, size);
        break;
    case POOL_KIND_TEXT:
        error = unpack_text(reader, value);
        break;
    case POOL_KIND_BYTES:
        error = unpack_bytes(reader, value);
        break;
    case POOL_KIND_STRUCT:
        error = unpack_fields(reader, type, value);
        break;
    case POOL_KIND_CUSTOM:
        errno = 0; /* as all functions of the user's begin */
        error = type->unpack(value, reader);
        break;
    }
    reader->depth--;
    return error;
}

int pool_read(pool_reader_t *reader, void *data, size_t size)
{
    if (!reader || (!data && size))
        return -EINVAL;
    const unsigned char *bytes = get(reader, size, 1);
    if (!bytes)
        return -EBADMSG;
    if (size)
        memcpy(data, bytes, size);
    return 0;
}

int pool_read_u64(pool_reader_t *reader, uint64_t *number)
{
    if (!reader || !number)
        return -EINVAL;
    return get_number(reader, number) ? 0 : -EBADMSG;
}

int pool_read_value(pool_reader_t *reader, const pool_type_t *type, void *value)
{
    if (!reader || !type || !value || type->size == 0)
        return -EINVAL;
    memset(value, 0, type->size);
    return pool__unpack(reader, type, type->size, value);
}

size_t pool_read_left(const pool_reader_t *reader)
{
    return reader ? left(reader) : 0;
}

void *pool_read_alloc(pool_reader_t *reader, size_t size)
{
    return reader ? reader->memory->alloc(reader->memory->context, size ? size : 1) : NULL;
}
