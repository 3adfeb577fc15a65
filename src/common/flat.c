/* Runs in the host and in workers: the types that come with the library, and dropping what values
 * point to. Pure, except for pool_release(), which frees memory. */
#include "common/flat.h"

#include <stdlib.h>
#include <string.h>

#include "common/flat_field.h"

const pool_type_t pool_type_plain = {.name = "plain", .kind = POOL_KIND_PLAIN};
const pool_type_t pool_type_text = {.name = "text", .kind = POOL_KIND_TEXT, .size = sizeof(char *)};
const pool_type_t pool_type_const_text = {
    .name = "const text", .kind = POOL_KIND_TEXT, .size = sizeof(char *), .borrowed = true};
const pool_type_t pool_type_bytes = {
    .name = "bytes", .kind = POOL_KIND_BYTES, .size = sizeof(pool_bytes_t)};

static void drop_field(const struct pool__dropper *dropper, const pool_field_t *field,
                       unsigned char *value)
{
    uint64_t count;
    unsigned char *elements = pool__elements_of(field, value);
    if (!elements || !pool__count_of(field, value, &count))
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
    case POOL_KIND_BYTES: /* both have the pointer first */
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
