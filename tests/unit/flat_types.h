/* Types of every kind, as a program would declare them. */
#ifndef POOL_UNIT_FLAT_TYPES_H
#define POOL_UNIT_FLAT_TYPES_H

#include "unit/flat_custom.h"

/* ---- Plain data ---- */

typedef int32_t flat_lanes __attribute__((vector_size(16)));

struct flat_plain {
    char letter;
    int16_t small;
    long double exact;
    unsigned char odd[3];
    flat_lanes lanes;
    double number;
};
POOL_STRUCT(flat_plain, (letter), (small), (exact), (odd), (lanes), (number));

struct flat_point {
    double x, y;
};
POOL_STRUCT(flat_point, (x), (y));

/* ---- Texts, blobs, fixed and counted arrays ---- */

struct flat_page {
    char *title;
    double weights[8];
    size_t n;
    struct flat_point *points, at;
    pool_bytes_t image;
};
POOL_STRUCT(flat_page, (title), (weights), (n), (points, counted_by, n, &flat_point_type),
            (at, as, &flat_point_type), (image));

struct flat_arrays {
    const char *names[3];
    char *title;
    pool_bytes_t blobs[2];
    struct flat_page pages[2];
};
POOL_STRUCT(flat_arrays, (names), (title), (blobs), (pages, array_of, &flat_page_type));

struct flat_odd {
    unsigned char bytes[3];
};

struct flat_counts {
    unsigned char *one;
    uint8_t u1;
    struct flat_odd *two;
    uint16_t u2;
    const double *four;
    uint32_t u4;
    long double *eight;
    uint64_t u8;
    flat_lanes *small;
    int8_t s1;
    struct flat_plain *medium;
    int16_t s2;
    struct flat_point *large;
    int32_t s4;
    int64_t *huge, s8;
};
POOL_STRUCT(flat_counts, (one, counted_by, u1), (u1), (two, counted_by, u2), (u2),
            (four, counted_by, u4), (u4), (eight, counted_by, u8), (u8), (small, counted_by, s1),
            (s1), (medium, counted_by, s2), (s2), (large, counted_by, s4), (s4),
            (huge, counted_by, s8), (s8));

struct flat_lists {
    uint16_t n;
    int32_t m;
    char **names;
    const char **words;
    pool_bytes_t *blobs;
    struct flat_page *pages;
};
POOL_STRUCT(flat_lists, (n), (m), (names, counted_by, n), (words, counted_by, m),
            (blobs, counted_by, m), (pages, counted_by, n, &flat_page_type));

/* Counted by one member, of a width that is easily too small. */
struct flat_pairs {
    int8_t n;
    char **keys;
    double *values;
    struct flat_page *pages;
};
POOL_STRUCT(flat_pairs, (n), (keys, counted_by, n), (values, counted_by, n),
            (pages, counted_by, n, &flat_page_type));

/* The counts travel with their arrays only, and one member does not travel. */
struct flat_silent {
    uint8_t n;
    int16_t m;
    void *private;
    char **names;
    unsigned char *bytes;
    double *numbers;
};
POOL_STRUCT(flat_silent, (bytes, counted_by, n), (names, counted_by, n), (numbers, counted_by, m));

/* A count that nothing but what is there limits, and elements that take a single byte. */
struct flat_byte {
    unsigned char byte;
};
POOL_STRUCT(flat_byte, (byte));

struct flat_wide {
    uint64_t n, m;
    long double *numbers;
    struct flat_byte *bytes;
};
POOL_STRUCT(flat_wide, (numbers, counted_by, n), (bytes, counted_by, m, &flat_byte_type));

/* Counted by a member of a struct within. */
struct flat_outer {
    struct flat_pairs in;
    struct flat_page *more;
    double *numbers;
};
POOL_STRUCT(flat_outer, (in, as, &flat_pairs_type), (more, counted_by, in.n, &flat_page_type),
            (numbers, counted_by, in.n));

/* ---- Deep ones ---- */

struct flat_nest5 {
    char *text;
    uint8_t n;
    char **texts;
};
struct flat_nest4 {
    unsigned char odd;
    struct flat_nest5 in[2];
};
struct flat_nest3 {
    struct flat_nest4 in;
    uint32_t n;
    struct flat_nest4 *more;
};
struct flat_nest2 {
    pool_bytes_t blob;
    struct flat_nest3 in;
};
struct flat_nest1 {
    int64_t n;
    struct flat_nest2 *in, one;
};
POOL_STRUCT(flat_nest5, (text), (n), (texts, counted_by, n));
POOL_STRUCT(flat_nest4, (odd), (in, array_of, &flat_nest5_type));
POOL_STRUCT(flat_nest3, (in, as, &flat_nest4_type), (n), (more, counted_by, n, &flat_nest4_type));
POOL_STRUCT(flat_nest2, (blob), (in, as, &flat_nest3_type));
POOL_STRUCT(flat_nest1, (n), (in, counted_by, n, &flat_nest2_type), (one, as, &flat_nest2_type));

struct flat_tree {
    int32_t id;
    char *name;
    uint16_t n;
    struct flat_tree *children;
};
static const pool_type_t flat_tree_type;
POOL_STRUCT(flat_tree, (id), (name), (n), (children, counted_by, n, &flat_tree_type));

/* A tree of nothing but levels. */
struct flat_rung {
    uint8_t n;
    struct flat_rung *next;
};
static const pool_type_t flat_rung_type;
POOL_STRUCT(flat_rung, (n), (next, counted_by, n, &flat_rung_type));

/* ---- Custom ones as members ---- */

struct flat_holder {
    struct flat_chain chains[2];
    uint8_t n;
    struct flat_variant one, *more;
    char *text;
};
POOL_STRUCT(flat_holder, (chains, array_of, &flat_chain_type), (n), (one, as, &flat_variant_type),
            (more, counted_by, n, &flat_variant_type), (text));

/* ---- All of them; the fuzzer's corpus knows them by their place: append only ---- */

static const struct flat_kind {
    const pool_type_t *type;
    size_t size;
} flat_kinds[] = {
    {&pool_type_plain, 24},
    {&pool_type_text, sizeof(char *)},
    {&pool_type_bytes, sizeof(pool_bytes_t)},
    {&flat_plain_type, sizeof(struct flat_plain)},
    {&flat_page_type, sizeof(struct flat_page)},
    {&flat_arrays_type, sizeof(struct flat_arrays)},
    {&flat_counts_type, sizeof(struct flat_counts)},
    {&flat_lists_type, sizeof(struct flat_lists)},
    {&flat_pairs_type, sizeof(struct flat_pairs)},
    {&flat_silent_type, sizeof(struct flat_silent)},
    {&flat_wide_type, sizeof(struct flat_wide)},
    {&flat_outer_type, sizeof(struct flat_outer)},
    {&flat_nest1_type, sizeof(struct flat_nest1)},
    {&flat_tree_type, sizeof(struct flat_tree)},
    {&flat_rung_type, sizeof(struct flat_rung)},
    {&flat_chain_type, sizeof(struct flat_chain)},
    {&flat_variant_type, sizeof(struct flat_variant)},
    {&flat_holder_type, sizeof(struct flat_holder)},
};
enum { FLAT_KINDS = COUNT(flat_kinds) };

#endif
