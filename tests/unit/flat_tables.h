/* Types made at random: structs up to four deep of fields of all kinds, counted by members of all
 * widths. They are good until the next flat_random_type(). */
#ifndef POOL_UNIT_FLAT_TABLES_H
#define POOL_UNIT_FLAT_TABLES_H

#include "unit/flat_walk.h"

enum { FLAT_DEEPEST = 4, FLAT_FIELDS = 6, FLAT_TABLES = 4096, FLAT_FIELD_LIMIT = 4096 };
enum { FLAT_ROW = 2 * FLAT_FIELDS }; /* fields of a struct, with their counts */

struct flat_tables {
    uint64_t *seed;
    size_t types, fields; /* in use */
};
static pool_type_t flat_table_types[FLAT_TABLES];
static pool_field_t flat_table_fields[FLAT_ROW * FLAT_TABLES];

/* A struct in the making. */
struct flat_plan {
    struct flat_tables *tables;
    pool_field_t *fields;
    size_t count, end;
    const pool_field_t *counted; /* by a member that may count more */
};

static inline const pool_type_t *flat_random_struct(struct flat_tables *tables, unsigned depth);

/* A place for a member. */
static inline size_t flat_place(struct flat_plan *plan, size_t size, size_t alignment)
{
    size_t gap = random_below(plan->tables->seed, 4) ? 0 : 1 + random_below(plan->tables->seed, 20);
    size_t at = (plan->end + gap + alignment - 1) & ~(alignment - 1);
    plan->end = at + size;
    return at;
}

static inline const pool_type_t *flat_random_element(struct flat_tables *tables, unsigned depth)
{
    switch (random_below(tables->seed, 14)) {
    case 0:
    case 1:
        return &pool_type_text;
    case 2:
        return &pool_type_const_text;
    case 3:
    case 4:
        return &pool_type_bytes;
    case 5:
        return &flat_chain_type;
    case 6:
        return &flat_variant_type;
    case 7:
        return &flat_tree_type;
    case 8:
    case 9:
        if (depth < FLAT_DEEPEST)
            return flat_random_struct(tables, depth + 1);
        return &flat_page_type;
    default:
        return &pool_type_plain;
    }
}

/* A member to count by, which travels as one of the fields or does not. */
static inline void flat_add_count(struct flat_plan *plan, pool_field_t *field)
{
    uint64_t *seed = plan->tables->seed;
    if (plan->counted && random_below(seed, 3) == 0) {
        field->count_offset = plan->counted->count_offset;
        field->count_size = plan->counted->count_size;
        field->count_signed = plan->counted->count_signed;
        return;
    }
    field->count_size = (size_t)1 << random_below(seed, 4);
    field->count_signed = random_below(seed, 2);
    field->count_offset = flat_place(plan, field->count_size, field->count_size);
    plan->counted = field;
    if (random_below(seed, 2))
        plan->fields[plan->count++] = (pool_field_t){.name = "count",
                                                     .type = &pool_type_plain,
                                                     .offset = field->count_offset,
                                                     .size = field->count_size,
                                                     .count = 1};
}

static inline void flat_add_field(struct flat_plan *plan, unsigned depth)
{
    uint64_t *seed = plan->tables->seed;
    const pool_type_t *type = flat_random_element(plan->tables, depth);
    if (type->size > FLAT_FIELD_LIMIT)
        type = &pool_type_plain;
    bool plain = type->kind == POOL_KIND_PLAIN;
    size_t size = plain ? 1 + random_below(seed, 64) : type->size;
    size_t alignment = plain ? flat_alignment(size) : 16;
    pool_field_t *field = &plan->fields[plan->count++];
    *field = (pool_field_t){.name = "field", .type = type, .size = size};
    if (random_below(seed, 2)) {
        field->count = 1 + random_below(seed, size < FLAT_FIELD_LIMIT / 4 ? 4 : 1);
        field->offset = flat_place(plan, size * field->count, alignment);
    } else {
        field->borrowed = random_below(seed, 2);
        field->offset = flat_place(plan, sizeof(void *), sizeof(void *));
        flat_add_count(plan, field);
    }
}

static inline void flat_shuffle(struct flat_plan *plan)
{
    for (size_t i = plan->count; i > 1; i--) {
        size_t other = random_below(plan->tables->seed, i);
        pool_field_t field = plan->fields[i - 1];
        plan->fields[i - 1] = plan->fields[other];
        plan->fields[other] = field;
    }
}

static inline const pool_type_t *flat_random_struct(struct flat_tables *tables, unsigned depth)
{
    HOLDS(tables->types < FLAT_TABLES);
    pool_type_t *type = &flat_table_types[tables->types++];
    struct flat_plan plan = {.tables = tables, .fields = &flat_table_fields[tables->fields]};
    tables->fields += FLAT_ROW;
    for (uint64_t n = 1 + random_below(tables->seed, FLAT_FIELDS); n > 0; n--)
        flat_add_field(&plan, depth);
    flat_shuffle(&plan);
    *type = (pool_type_t){.name = "random",
                          .kind = POOL_KIND_STRUCT,
                          .size = (plan.end + 15) & ~(size_t)15,
                          .fields = plan.fields,
                          .field_count = plan.count};
    HOLDS(type->size <= FLAT_LARGEST);
    return type;
}

static inline const pool_type_t *flat_random_type(uint64_t *seed)
{
    struct flat_tables tables = {.seed = seed};
    return flat_random_struct(&tables, 1);
}

#endif
