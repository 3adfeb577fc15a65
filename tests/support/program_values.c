/* Runs in every process of a test: random values and their hashes. */
#include "support/program.h"

#include <stdlib.h>
#include <string.h>

uint64_t program_mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ (b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2))) +
                 UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t program_roll(uint64_t *dice, uint64_t sides)
{
    *dice += UINT64_C(0x9e3779b97f4a7c15);
    return program_mix(*dice, 0) % sides;
}

/* ---- Types ---- */

struct leaf {
    int16_t number;
    char *text;
};
POOL_STRUCT(leaf, (number), (text));

struct tree {
    int8_t id;
    char *name;
    pool_bytes_t blob;
    int16_t small[3];
    uint16_t n;
    struct leaf *leaves;
    size_t count;
    double *values;
    struct leaf one;
};
POOL_STRUCT(tree, (id), (name), (blob), (small), (n), (leaves, counted_by, n, &leaf_type), (count),
            (values, counted_by, count), (one, as, &leaf_type));

POOL_STRUCT_AS(row_type, struct program_row, (slot), (key), (text), (values, counted_by, count),
               (count));

const char *shape_name(enum kind kind)
{
    static const char *const names[] = {"none", "range", "number", "odd",
                                        "text", "blob",  "tree",   "row"};
    return names[kind];
}

const pool_type_t *shape_type(const struct shape *shape)
{
    static const pool_type_t *const types[] = {
        [KIND_NUMBER] = &pool_type_plain, [KIND_ODD] = &pool_type_plain,
        [KIND_TEXT] = &pool_type_text,    [KIND_BLOB] = &pool_type_bytes,
        [KIND_TREE] = &tree_type,         [KIND_ROW] = &row_type};
    return types[shape->kind];
}

bool shape_is_plain(const struct shape *shape)
{
    return shape->kind == KIND_NUMBER || shape->kind == KIND_ODD;
}

size_t shape_size(enum kind kind)
{
    static const size_t sizes[] = {
        [KIND_NUMBER] = sizeof(uint64_t),  [KIND_ODD] = 1,
        [KIND_TEXT] = sizeof(char *),      [KIND_BLOB] = sizeof(pool_bytes_t),
        [KIND_TREE] = sizeof(struct tree), [KIND_ROW] = sizeof(struct program_row)};
    return sizes[kind];
}

/* ---- Making ---- */

void *program_from_heap(void *unused, size_t size)
{
    (void)unused;
    return calloc(1, size ? size : 1);
}

/* A value in the making. */
struct making {
    uint64_t dice;
    size_t most;
    const struct program_allocator *allocator;
    bool failed;
};

static void *take(struct making *making, size_t size)
{
    void *memory = making->allocator->allocate(making->allocator->context, size);
    making->failed |= !memory;
    return memory;
}

static void fill(struct making *making, void *data, size_t size)
{
    unsigned char *bytes = data;
    while (size > 0) {
        uint64_t word = program_roll(&making->dice, UINT64_MAX);
        size_t some = size < sizeof word ? size : sizeof word;
        memcpy(bytes, &word, some);
        bytes += some;
        size -= some;
    }
}

/* Returns a random length, which is short more often than not. */
static size_t length(struct making *making)
{
    size_t most = program_roll(&making->dice, 4) ? making->most / 8 : making->most;
    return program_roll(&making->dice, most + 1);
}

static char *make_text(struct making *making)
{
    size_t size = length(making);
    char *text = program_roll(&making->dice, 10) ? take(making, size + 1) : NULL;
    if (!text)
        return NULL;
    fill(making, text, size);
    for (size_t i = 0; i < size; i++)
        text[i] = text[i] ? text[i] : '0';
    text[size] = '\0';
    return text;
}

static pool_bytes_t make_blob(struct making *making)
{
    pool_bytes_t blob = {.size = length(making)};
    blob.data = blob.size ? take(making, blob.size) : NULL;
    if (blob.data)
        fill(making, blob.data, blob.size);
    else
        blob.size = 0;
    return blob;
}

static struct leaf make_leaf(struct making *making)
{
    struct leaf leaf = {.number = (int16_t)program_roll(&making->dice, 30000)};
    leaf.text = make_text(making);
    return leaf;
}

static double *make_doubles(struct making *making, size_t *count)
{
    *count = program_roll(&making->dice, 5);
    double *values = *count ? take(making, *count * sizeof *values) : NULL;
    for (size_t i = 0; values && i < *count; i++)
        values[i] = (double)program_roll(&making->dice, UINT64_MAX) * 1e-3;
    *count = values ? *count : 0;
    return values;
}

static void make_tree(struct making *making, struct tree *tree)
{
    tree->id = (int8_t)program_roll(&making->dice, 100);
    tree->name = make_text(making);
    tree->blob = make_blob(making);
    fill(making, tree->small, sizeof tree->small);
    uint16_t n = (uint16_t)program_roll(&making->dice, 4);
    tree->leaves = n ? take(making, n * sizeof *tree->leaves) : NULL;
    tree->n = tree->leaves ? n : 0;
    for (uint16_t i = 0; i < tree->n; i++)
        tree->leaves[i] = make_leaf(making);
    tree->values = make_doubles(making, &tree->count);
    tree->one = make_leaf(making);
}

static void make_row(struct making *making, struct program_row *row)
{
    row->key = program_roll(&making->dice, UINT64_MAX);
    row->text = make_text(making);
    row->values = make_doubles(making, &row->count);
}

bool value_make(const struct shape *shape, void *element, uint64_t hash,
                const struct program_allocator *allocator)
{
    struct making making = {.dice = hash, .most = shape->most, .allocator = allocator};
    if (shape_is_plain(shape))
        fill(&making, element, shape->size);
    else if (shape->kind == KIND_TEXT)
        *(char **)element = make_text(&making);
    else if (shape->kind == KIND_BLOB)
        *(pool_bytes_t *)element = make_blob(&making);
    else if (shape->kind == KIND_TREE)
        make_tree(&making, element);
    else if (shape->kind == KIND_ROW)
        make_row(&making, element);
    return !making.failed;
}

/* ---- Hashes ---- */

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    hash = program_mix(hash, size);
    while (size > 0) {
        uint64_t word = 0;
        size_t some = size < sizeof word ? size : sizeof word;
        memcpy(&word, bytes, some);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
        bytes += some;
        size -= some;
    }
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return text ? hash_bytes(hash, text, strlen(text)) : program_mix(hash, 1);
}

static uint64_t hash_leaf(uint64_t hash, const struct leaf *leaf)
{
    return hash_text(hash_bytes(hash, &leaf->number, sizeof leaf->number), leaf->text);
}

static uint64_t hash_tree(uint64_t hash, const struct tree *tree)
{
    hash = hash_text(program_mix(hash, (uint64_t)tree->id), tree->name);
    hash = hash_bytes(hash, tree->blob.data, tree->blob.size);
    hash = hash_bytes(hash, tree->small, sizeof tree->small);
    hash = program_mix(hash, tree->n);
    for (uint16_t i = 0; i < tree->n; i++)
        hash = hash_leaf(hash, &tree->leaves[i]);
    hash = hash_bytes(hash, tree->values, tree->count * sizeof *tree->values);
    return hash_leaf(hash, &tree->one);
}

static uint64_t hash_row(uint64_t hash, const struct program_row *row)
{
    hash = hash_text(program_mix(hash, row->key), row->text);
    return hash_bytes(hash, row->values, row->count * sizeof *row->values);
}

uint64_t value_hash(const struct shape *shape, const void *element)
{
    const pool_bytes_t *blob = element;
    uint64_t hash = (uint64_t)shape->kind;
    if (shape_is_plain(shape))
        hash = hash_bytes(hash, element, shape->size);
    else if (shape->kind == KIND_TEXT)
        hash = hash_text(hash, *(char *const *)element);
    else if (shape->kind == KIND_BLOB)
        hash = hash_bytes(hash, blob->data, blob->size);
    else if (shape->kind == KIND_TREE)
        hash = hash_tree(hash, element);
    else if (shape->kind == KIND_ROW)
        hash = hash_row(hash, element);
    return program_mix(hash, 3) |
           4; /* never one of ELEMENT_ABSENT, ELEMENT_UNTOUCHED, ELEMENT_ZERO */
}
