/* procpool/type.h: what values are, so that they can travel between processes.
 *
 * Included by <procpool.h>. Plain data needs nothing of this; texts and blobs are known. For structs
 * with such members, write one table; for anything else, three functions.
 */
#ifndef PROCPOOL_TYPE_H
#define PROCPOOL_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POOL_API __attribute__((visibility("default")))

/* A blob: `size` bytes at `data`; NULL only with size 0. */
typedef struct pool_bytes {
    void *data;
    size_t size;
} pool_bytes_t;

typedef struct pool_type pool_type_t;
typedef struct pool_field pool_field_t;
typedef struct pool_writer pool_writer_t;
typedef struct pool_reader pool_reader_t;

typedef enum pool_kind {
    POOL_KIND_PLAIN,  /* data without pointers: its bytes are copied */
    POOL_KIND_TEXT,   /* char *: NUL-terminated, or NULL */
    POOL_KIND_BYTES,  /* pool_bytes_t */
    POOL_KIND_STRUCT, /* a struct with fields */
    POOL_KIND_CUSTOM  /* known to its functions only */
} pool_kind_t;

/* What a value is. Made once, as a static object of the program or of a library loaded before the
 * pool was made: workers know it by its address. Use the macros below, or write it by hand; fields
 * that do not belong to the kind are zero. Types may refer to themselves (a tree); values nested in
 * more than 64 levels, the innermost included, are refused. Members arrive aligned to at most 16. */
struct pool_type {
    const char *name;
    pool_kind_t kind;
    size_t size;   /* of one value; 0 for plain data, where the array tells it */
    bool borrowed; /* text: a `const char *`, which a function that returns it keeps */
    const pool_field_t *fields; /* STRUCT: those that travel; others arrive as zero */
    size_t field_count;
    /* CUSTOM: write `value`; read it back into zeroed memory; free what a value owns. The first two
     * return 0 or an error, of their own or what the writer or reader said. `pack` may be called twice
     * for one value. `release` is called in the host by pool_release(), and for what unpack left when it
     * failed (maybe nothing but zeros); and in the worker for each result a function made, once it
     * has been packed. It may be NULL. */
    int (*pack)(const void *value, pool_writer_t *writer);
    int (*unpack)(void *value, pool_reader_t *reader);
    void (*release)(void *value);
};

/* A member of a struct: `count` elements of `size` bytes at `offset`; or, when `count` is 0, a
 * pointer there to as many elements as the integer of `count_size` bytes at `count_offset` says (0
 * elements: the pointer arrives as NULL). Elements that are not plain must take at least a byte. A
 * count in a nested struct must be one of that struct's own fields. */
struct pool_field {
    const char *name;
    const pool_type_t *type; /* of an element */
    size_t offset, size, count;
    size_t count_offset, count_size;
    bool count_signed;
    bool borrowed; /* a pointer to const, which a function that returns it keeps */
};

POOL_API extern const pool_type_t pool_type_plain;
POOL_API extern const pool_type_t pool_type_text;
POOL_API extern const pool_type_t pool_type_const_text;
POOL_API extern const pool_type_t pool_type_bytes;

/* ---- In pack and unpack functions ---- */

/* Append to the value's flat form. Return 0 or -EINVAL, -ELOOP; running out of room is not an
 * error here: the library makes room and packs again. */
POOL_API int pool_write(pool_writer_t *writer, const void *data, size_t size);
POOL_API int pool_write_u64(pool_writer_t *writer, uint64_t number);
POOL_API int pool_write_value(pool_writer_t *writer, const pool_type_t *type, const void *value);

/* Take from it, in the same order. Return 0, or -EBADMSG when that is not what lies there: every
 * byte is checked, whoever wrote it. */
POOL_API int pool_read(pool_reader_t *reader, void *data, size_t size);
POOL_API int pool_read_u64(pool_reader_t *reader, uint64_t *number);
POOL_API int pool_read_value(pool_reader_t *reader, const pool_type_t *type, void *value);

/* How many bytes are left to read: the bound for any count that was read. */
POOL_API size_t pool_read_left(const pool_reader_t *reader);

/* Memory for what is being unpacked: in a worker it lives as long as the item, in the host it is
 * from malloc() and for `release` to free(). NULL when there is none. */
POOL_API void *pool_read_alloc(pool_reader_t *reader, size_t size);

/* ---- Outside of calls ---- */

/* Frees what the `count` values of results at `data` own, and zeroes them. The array itself is the
 * caller's. NULL is allowed with a count of 0. */
POOL_API void pool_release(const pool_type_t *type, void *data, size_t count);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* ---- Tables by macro: C11 with the extensions GCC and Clang share; C++ writes tables itself ---- */

/* Defines `NAME_type`, the type of `struct NAME`, from those of its members that travel:
 *
 *   struct page { char *title; double weights[8]; size_t n; struct point *points; struct point at; };
 *   POOL_STRUCT(page, (title), (weights), (n), (points, counted_by, n, &point_type),
 *               (at, as, &point_type));
 *
 *   (member)                            plain data, text, blob, or a fixed array of these
 *   (member, as, &type)                 of a type with a table of its own
 *   (member, array_of, &type)           a fixed array of such
 *   (member, counted_by, other)         a pointer to as many elements as the member `other` says
 *   (member, counted_by, other, &type)  the same, of a type with a table
 *
 * A struct within the struct that is named without a type is copied as plain data. A pointer that
 * is neither text nor counted does not compile. */
#define POOL_STRUCT(name, ...) POOL_STRUCT_AS(name##_type, struct name, __VA_ARGS__)

/* The same for a struct known by a typedef: POOL_STRUCT_AS(page_type, page_t, (title), ...). */
#define POOL_STRUCT_AS(type_name, c_type, ...)                                                     \
    static const pool_field_t type_name##_fields[] = {                                             \
        POOL__EACH(POOL__FIELD, c_type, __VA_ARGS__)};                                             \
    static const pool_type_t type_name __attribute__((unused)) = {                                 \
        .name = #c_type,                                                                           \
        .kind = POOL_KIND_STRUCT,                                                                  \
        .size = sizeof(c_type),                                                                    \
        .fields = type_name##_fields,                                                              \
        .field_count = sizeof type_name##_fields / sizeof type_name##_fields[0]}

/* What the library's macros are made of. */
#define POOL__MEMBER(S, m) (((S *)0)->m)
#define POOL__VALUE(x) ((void)0, (x)) /* as in an expression: an array becomes a pointer */
#define POOL__IS_ARRAY(x)                                                                          \
    (!__builtin_types_compatible_p(__typeof__(x), __typeof__(POOL__VALUE(x))))
#define POOL__IS_POINTER(x) (__builtin_classify_type(x) == 5 && !POOL__IS_ARRAY(x))
#define POOL__TYPE_OF_VALUE(x)                                                                     \
    _Generic(POOL__VALUE(x),                                                                       \
        char *: &pool_type_text,                                                                   \
        const char *: &pool_type_const_text,                                                       \
        pool_bytes_t: &pool_type_bytes,                                                            \
        default: &pool_type_plain)
#define POOL__TYPE_IN_ARRAY(x)                                                                     \
    _Generic(POOL__VALUE(x),                                                                       \
        char **: &pool_type_text,                                                                  \
        const char **: &pool_type_const_text,                                                      \
        pool_bytes_t *: &pool_type_bytes,                                                          \
        default: &pool_type_plain)
#define POOL__TYPE_OF_MEMBER(x)                                                                    \
    __builtin_choose_expr(POOL__IS_ARRAY(x), POOL__TYPE_IN_ARRAY(x), POOL__TYPE_OF_VALUE(x))
/* The size of what counts as one element: a text or blob of an array, else the member whole. */
#define POOL__UNIT(x)                                                                              \
    (!POOL__IS_ARRAY(x) ? sizeof(x)                                                                \
                        : _Generic(POOL__VALUE(x),                                                 \
                              char **: sizeof(char *),                                             \
                              const char **: sizeof(char *),                                       \
                              pool_bytes_t *: sizeof(pool_bytes_t),                                \
                              default: sizeof(x)))
#define POOL__KNOWN(x)                                                                             \
    (!POOL__IS_POINTER(x) || _Generic(POOL__VALUE(x), char *: 1, const char *: 1, default: 0))
#define POOL__ASSERT(condition, text)                                                              \
    (0 * sizeof(struct {                                                                           \
         _Static_assert(condition, text);                                                          \
         int unused;                                                                               \
     }))
#define POOL__POINTS_TO_CONST(p)                                                                   \
    __builtin_types_compatible_p(__typeof__(&(p)[0]), const __typeof__((p)[0]) *)

#define POOL__FIELD(S, field) POOL__FIELD_CALL(S, POOL__UNWRAP field)
#define POOL__FIELD_CALL(S, ...)                                                                   \
    POOL__PICK4(__VA_ARGS__, POOL__FIELD4, POOL__FIELD3, POOL__FIELD3, POOL__FIELD1, )             \
    (S, __VA_ARGS__)
#define POOL__FIELD1(S, m)                                                                         \
    {#m,                                                                                           \
     POOL__TYPE_OF_MEMBER(POOL__MEMBER(S, m)),                                                     \
     offsetof(S, m),                                                                               \
     POOL__UNIT(POOL__MEMBER(S, m)) +                                                              \
         POOL__ASSERT(POOL__KNOWN(POOL__MEMBER(S, m)),                                             \
                      "a pointer: say what it points to, by counted_by"),                          \
     sizeof(POOL__MEMBER(S, m)) / POOL__UNIT(POOL__MEMBER(S, m)),                                  \
     0,                                                                                            \
     0,                                                                                            \
     false,                                                                                        \
     false},
#define POOL__FIELD3(S, m, word, x) POOL__FIELD_##word(S, m, x)
#define POOL__FIELD4(S, m, word, x, type) POOL__FIELD_##word##_as(S, m, x, type)
#define POOL__FIELD_as(S, m, type)                                                                 \
    {#m, (type), offsetof(S, m), sizeof(POOL__MEMBER(S, m)), 1, 0, 0, false, false},
#define POOL__FIELD_array_of(S, m, type)                                                           \
    {#m,                                                                                           \
     (type),                                                                                       \
     offsetof(S, m),                                                                               \
     sizeof(POOL__MEMBER(S, m)[0]),                                                                \
     sizeof(POOL__MEMBER(S, m)) / sizeof(POOL__MEMBER(S, m)[0]),                                   \
     0,                                                                                            \
     0,                                                                                            \
     false,                                                                                        \
     false},
#define POOL__FIELD_counted_by(S, m, n)                                                            \
    POOL__FIELD_counted_by_as(S, m, n,                                                             \
                              POOL__TYPE_OF_VALUE(POOL__MEMBER(S, m)[0]) +                         \
                                  POOL__ASSERT(POOL__KNOWN(POOL__MEMBER(S, m)[0]),                 \
                                               "pointers to pointers have no type known here"))
#define POOL__FIELD_counted_by_as(S, m, n, type)                                                   \
    {#m,                                                                                           \
     (type),                                                                                       \
     offsetof(S, m),                                                                               \
     sizeof(POOL__MEMBER(S, m)[0]),                                                                \
     0,                                                                                            \
     offsetof(S, n),                                                                               \
     sizeof(POOL__MEMBER(S, n)),                                                                   \
     (__typeof__(POOL__MEMBER(S, n)))-1 < (__typeof__(POOL__MEMBER(S, n)))1,                       \
     POOL__POINTS_TO_CONST(POOL__MEMBER(S, m))},

#define POOL__UNWRAP(...) __VA_ARGS__
#define POOL__PICK4(a, b, c, d, picked, ...) picked

/* POOL__EACH(M, S, (a), (b), ...): M(S, (a)) M(S, (b)) ..., for up to 24. */
#define POOL__EACH(M, S, ...)                                                                      \
    POOL__PICK24(__VA_ARGS__, POOL__E24, POOL__E23, POOL__E22, POOL__E21, POOL__E20, POOL__E19,    \
                 POOL__E18, POOL__E17, POOL__E16, POOL__E15, POOL__E14, POOL__E13, POOL__E12,      \
                 POOL__E11, POOL__E10, POOL__E9, POOL__E8, POOL__E7, POOL__E6, POOL__E5,           \
                 POOL__E4, POOL__E3, POOL__E2, POOL__E1, )                                         \
    (M, S, __VA_ARGS__)
#define POOL__PICK24(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x,       \
                     picked, ...)                                                                  \
    picked
#define POOL__E1(M, S, a) M(S, a)
#define POOL__E2(M, S, a, ...) M(S, a) POOL__E1(M, S, __VA_ARGS__)
#define POOL__E3(M, S, a, ...) M(S, a) POOL__E2(M, S, __VA_ARGS__)
#define POOL__E4(M, S, a, ...) M(S, a) POOL__E3(M, S, __VA_ARGS__)
#define POOL__E5(M, S, a, ...) M(S, a) POOL__E4(M, S, __VA_ARGS__)
#define POOL__E6(M, S, a, ...) M(S, a) POOL__E5(M, S, __VA_ARGS__)
#define POOL__E7(M, S, a, ...) M(S, a) POOL__E6(M, S, __VA_ARGS__)
#define POOL__E8(M, S, a, ...) M(S, a) POOL__E7(M, S, __VA_ARGS__)
#define POOL__E9(M, S, a, ...) M(S, a) POOL__E8(M, S, __VA_ARGS__)
#define POOL__E10(M, S, a, ...) M(S, a) POOL__E9(M, S, __VA_ARGS__)
#define POOL__E11(M, S, a, ...) M(S, a) POOL__E10(M, S, __VA_ARGS__)
#define POOL__E12(M, S, a, ...) M(S, a) POOL__E11(M, S, __VA_ARGS__)
#define POOL__E13(M, S, a, ...) M(S, a) POOL__E12(M, S, __VA_ARGS__)
#define POOL__E14(M, S, a, ...) M(S, a) POOL__E13(M, S, __VA_ARGS__)
#define POOL__E15(M, S, a, ...) M(S, a) POOL__E14(M, S, __VA_ARGS__)
#define POOL__E16(M, S, a, ...) M(S, a) POOL__E15(M, S, __VA_ARGS__)
#define POOL__E17(M, S, a, ...) M(S, a) POOL__E16(M, S, __VA_ARGS__)
#define POOL__E18(M, S, a, ...) M(S, a) POOL__E17(M, S, __VA_ARGS__)
#define POOL__E19(M, S, a, ...) M(S, a) POOL__E18(M, S, __VA_ARGS__)
#define POOL__E20(M, S, a, ...) M(S, a) POOL__E19(M, S, __VA_ARGS__)
#define POOL__E21(M, S, a, ...) M(S, a) POOL__E20(M, S, __VA_ARGS__)
#define POOL__E22(M, S, a, ...) M(S, a) POOL__E21(M, S, __VA_ARGS__)
#define POOL__E23(M, S, a, ...) M(S, a) POOL__E22(M, S, __VA_ARGS__)
#define POOL__E24(M, S, a, ...) M(S, a) POOL__E23(M, S, __VA_ARGS__)
#endif
#endif
