/* Runs in the host and in workers: values to the flat form and back. */
#include "common/flat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const pool_type_t pool_type_plain = {.name = "plain", .kind = POOL_KIND_PLAIN};
const pool_type_t pool_type_text = {.name = "text", .kind = POOL_KIND_TEXT, .size = sizeof(char *)};
const pool_type_t pool_type_const_text = {
    .name = "const text", .kind = POOL_KIND_TEXT, .size = sizeof(char *), .borrowed = true};
const pool_type_t pool_type_bytes = {
    .name = "bytes", .kind = POOL_KIND_BYTES, .size = sizeof(pool_bytes_t)};

static uint64_t alignment_of(size_t size)
{
    uint64_t lowest = size & -size;
    return lowest == 0 || lowest > 16 ? 16 : lowest;
}

/* The number of elements of a field of the struct at `value`; false when it makes no sense. */
static bool count_of(const pool_field_t *field, const unsigned char *value, uint64_t *count)
{
    const unsigned char *at = value + field->count_offset;
    uint64_t bits = 8 * field->count_size, number = field->count;
    if (field->count == 0) {
        if (field->count_size == 0 || field->count_size > sizeof number)
            return false;
        number = 0;
        memcpy(&number, at, field->count_size); /* little-endian: see the assertion below */
        if (field->count_signed && number >> (bits - 1))
            return false;
    }
    *count = number;
    return true;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "counts are copied by their low bytes");

static bool set_count(const pool_field_t *field, unsigned char *value, uint64_t count)
{
    uint64_t bits = 8 * field->count_size - field->count_signed;
    if (bits < 64 && count >> bits)
        return false;
    memcpy(value + field->count_offset, &count, field->count_size);
    return true;
}

static unsigned char *elements_of(const pool_field_t *field, const unsigned char *value)
{
    unsigned char *pointer;
    if (field->count)
        return (unsigned char *)(uintptr_t)value + field->offset;
    memcpy(&pointer, value + field->offset, sizeof pointer);
    return pointer;
}

/* ---- Writing ---- */

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
    align(writer, alignment_of(size));
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
    const unsigned char *elements = elements_of(field, value);
    int error = 0;
    if (!count_of(field, value, &count) || (count && !elements))
        return -EINVAL;
    if (!field->count)
        put_number(writer, count);
    if (field->type->kind == POOL_KIND_PLAIN)
        return count ? pack_plain(writer, elements, count, field->size) : 0;
    for (uint64_t i = 0; i < count && !error; i++)
        error = pool__pack(writer, field->type, field->size, elements + i * field->size);
    return error;
}

/* Fixed fields first: when a counted one is read, nothing that is read later can change its count. */
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

/* ---- Reading ---- */

static uint64_t left(const struct pool_reader *reader)
{
    return reader->size - reader->at;
}

/* The next `size` bytes, or NULL when there are not as many. */
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

/* A copy of `size` bytes in memory of the value's own. */
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
        data = get(reader, bytes, alignment_of(size));
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
    (*text)[size - 1] = '\0'; /* it may have changed since it was checked */
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

/* Memory for the `count` elements of a counted field; plain ones are read on the way. */
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
    if (!(data = get(reader, bytes, alignment_of(field->size))))
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

/* Whether something read before counted field `last` has set its count: a fixed field that the count
 * is or lies in, or an earlier field with the same count. */
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
    if (count_known(type, index) ? !count_of(field, value, &known) || known != count
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

/* ---- Dropping ---- */

static void drop_field(const struct pool__dropper *dropper, const pool_field_t *field,
                       unsigned char *value)
{
    uint64_t count;
    unsigned char *elements = elements_of(field, value);
    if (!elements || !count_of(field, value, &count))
        return;
    if (field->type->kind != POOL_KIND_PLAIN)
        for (uint64_t i = 0; i < count; i++)
            pool__drop(dropper, field->type, elements + i * field->size);
    if (!field->count && (dropper->all || !field->borrowed))
        dropper->drop(dropper->context, elements);
}

void pool__drop(const struct pool__dropper *dropper, const pool_type_t *type, void *value)
{
    void *memory;
    switch (type->kind) {
    case POOL_KIND_PLAIN:
        break;
    case POOL_KIND_TEXT:
    case POOL_KIND_BYTES: /* both begin with the pointer */
        memcpy(&memory, value, sizeof memory);
        if (memory && (dropper->all || !type->borrowed))
            dropper->drop(dropper->context, memory);
        break;
    case POOL_KIND_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            drop_field(dropper, &type->fields[i], value);
        break;
    case POOL_KIND_CUSTOM:
        if (type->release)
            type->release(value);
        break;
    }
}
_Static_assert(offsetof(pool_bytes_t, data) == 0, "a blob begins with its pointer");

static void drop_free(void *unused, void *memory)
{
    (void)unused;
    free(memory);
}

void pool_release(const pool_type_t *type, void *data, size_t count)
{
    static const struct pool__dropper dropper = {drop_free, NULL, true};
    if (!type || !data || type->size == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        unsigned char *value = (unsigned char *)data + i * type->size;
        pool__drop(&dropper, type, value);
        memset(value, 0, type->size);
    }
}

static bool is_plain(const pool_type_t *type, int depth)
{
    if (type->kind != POOL_KIND_STRUCT || depth == POOL__DEPTH)
        return type->kind == POOL_KIND_PLAIN;
    for (size_t i = 0; i < type->field_count; i++)
        if (!type->fields[i].count || !is_plain(type->fields[i].type, depth + 1))
            return false;
    return true;
}

bool pool__type_plain(const pool_type_t *type)
{
    return is_plain(type, 0);
}
