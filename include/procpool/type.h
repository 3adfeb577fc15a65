/* procpool/type.h: the types of items and results that are more than plain data.
 *
 *   struct point { double x, y; };
 *   struct page { char *title; double weights[8]; size_t n; struct point *points; };
 *   POOL_STRUCT(page, (title), (weights), (n), (points, counted_by, n));
 *
 *   struct page pages[2] = {{.title = "one"}, {.title = "two"}};
 *   pool_map(pool, print_page, POOL_IN_AS(pages, 2, &page_type), POOL_NONE);
 *
 * Values travel between processes as copies. Plain data (numbers, structs without pointers), texts
 * and blobs need nothing of this page. A struct that has pointers needs a table of its members,
 * which POOL_STRUCT makes. Any other value needs a pack function and an unpack function.
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

/* A blob: `size` bytes at `data`. `data` may be NULL only if `size` is 0. */
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
    POOL_KIND_STRUCT, /* a struct with a table of its members */
    POOL_KIND_CUSTOM  /* any value that the type's own functions pack and unpack */
} pool_kind_t;

/* Describes a type of values. POOL_STRUCT makes one; C++ programs and custom types write it by
 * hand, with the fields that do not belong to the kind zero.
 * A type is a static object of the program, or of a library that was loaded before the pool was
 * made: workers know it by its address. A type may refer to itself, as that of a tree does. Values
 * that are nested in more than 64 levels, the innermost included, are refused.
 * Members arrive aligned as C requires, but to at most 16 bytes. */
struct pool_type {
    const char *name;
    pool_kind_t kind;
    size_t size;   /* of one value, in bytes; 0 for plain data, whose size the array tells */
    bool borrowed; /* text: a `const char *`, which is not freed when a function returns it */
    const pool_field_t *fields; /* STRUCT: the members that travel; the others arrive as zero */
    size_t field_count;
    /* Of a custom type: `pack` and `unpack` may call the functions of this page, and no others of
     * the library. Where the host needs them, they run in a forked copy of the host first, so a
     * crash in them fails only the item. What they change in other memory may be lost, or changed
     * twice. In a serial pool there is no such copy. */

    /* CUSTOM: writes `value`. Returns 0, or an error: its own or one that the writer returned.
     * Runs in any process, and may be called twice for one value. */
    int (*pack)(const void *value, pool_writer_t *writer);
    /* CUSTOM: reads a value back into zeroed memory. Returns 0, or an error: its own or one that
     * the reader returned. */
    int (*unpack)(void *value, pool_reader_t *reader);
    /* CUSTOM: frees what a value owns. May be NULL. Runs in the host for pool_release(), and for
     * what an `unpack` that failed left behind, which may be all zeros. Runs in the worker for
     * each result that a function made, once the result has been packed. */
    void (*release)(void *value);
};

/* Describes a member of a struct. If `count` is not 0, the member is `count` elements of `size`
 * bytes at `offset`. If `count` is 0, the member is a pointer at `offset` to a counted array: its
 * number of elements is the integer of `count_size` bytes at `count_offset`. A counted array of 0
 * elements arrives as NULL. An element that is not plain must be at least one byte large. A count
 * in a nested struct must be one of that struct's own fields. */
struct pool_field {
    const char *name;
    const pool_type_t *type; /* of one element */
    size_t offset, size, count;
    size_t count_offset, count_size;
    bool count_signed;
    bool borrowed; /* a pointer to const, which is not freed when a function returns it */
};

POOL_API extern const pool_type_t pool_type_plain;
POOL_API extern const pool_type_t pool_type_text;
POOL_API extern const pool_type_t pool_type_const_text; /* borrowed */
POOL_API extern const pool_type_t pool_type_bytes;

/* ---- In pack and unpack functions ---- */

/* Append `size` bytes, a number, or a value of another type to the packed value. Return 0, -EINVAL
 * (the value does not fit its type) or -ELOOP (nested too deep). Lack of room is not an error: the
 * library makes room and packs the value again. */
POOL_API int pool_write(pool_writer_t *writer, const void *data, size_t size);
POOL_API int pool_write_u64(pool_writer_t *writer, uint64_t number);
POOL_API int pool_write_value(pool_writer_t *writer, const pool_type_t *type, const void *value);

/* Take the same things from the packed value, in the order in which they were written. Return 0,
 * or -EBADMSG if the bytes there are no such thing: the library trusts no byte that another
 * process wrote. pool_read_value() also returns -ENOMEM, -ELOOP, and errors of custom types. */
POOL_API int pool_read(pool_reader_t *reader, void *data, size_t size);
POOL_API int pool_read_u64(pool_reader_t *reader, uint64_t *number);
POOL_API int pool_read_value(pool_reader_t *reader, const pool_type_t *type, void *value);

/* Returns how many bytes are left to read. Check each count that was read against it. */
POOL_API size_t pool_read_left(const pool_reader_t *reader);

/* Allocates `size` bytes for the value that is being unpacked; NULL if there is no memory. In a
 * worker the memory lives as long as the item. In the host it is from malloc(), and `release` must
 * free() it. */
POOL_API void *pool_read_alloc(pool_reader_t *reader, size_t size);

/* ---- Anywhere ---- */

/* Frees what the `count` values at `data` own, and zeroes them: for results, whose texts, blobs
 * and counted arrays belong to the caller. The array itself is not freed. `data` may be NULL if
 * `count` is 0. */
POOL_API void pool_release(const pool_type_t *type, void *data, size_t count);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* ---- Tables by macro: for C11 with the extensions of GCC and Clang ---- */

/* Defines `NAME_type`, the type of `struct NAME`. The arguments are the members that travel:
 *   (member)                            plain data, a text, a blob, or a fixed array of these
 *   (member, as, &type)                 a struct or custom value that has a type of its own
 *   (member, array_of, &type)           a fixed array of such values
 *   (member, counted_by, other)         a pointer to as many elements as the member `other` says
 *   (member, counted_by, other, &type)  the same, with elements that have a type of their own
 * A struct within the struct that is named without a type is copied as plain data. A pointer that
 * is neither a text nor counted does not compile, and neither does an array of such pointers. */
#define POOL_STRUCT(name, ...) POOL_STRUCT_AS(name##_type, struct name, __VA_ARGS__)

/* The same for a struct that is known by a typedef: POOL_STRUCT_AS(page_type, page_t, (title),
 * ...). Defines `page_type`. */
#define POOL_STRUCT_AS(type_name, c_type, ...)                                                     \
    static const pool_field_t type_name##_fields[] = {                                             \
        POOL__EACH(POOL__FIELD, c_type, __VA_ARGS__)};                                             \
    static const pool_type_t type_name __attribute__((unused)) = {                                 \
        .name = #c_type,                                                                           \
        .kind = POOL_KIND_STRUCT,                                                                  \
        .size = sizeof(c_type),                                                                    \
        .fields = type_name##_fields,                                                              \
        .field_count = sizeof type_name##_fields / sizeof type_name##_fields[0]}

/* The rest of this page is how the macros work. */
#define POOL__MEMBER(S, m) (((S *)0)->m)
#define POOL__VALUE(x) ((void)0, (x)) /* an array becomes a pointer */
#define POOL__IS_ARRAY(x) (!__builtin_types_compatible_p(__typeof__(x), __typeof__(POOL__VALUE(x))))
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
/* The size of one element: of a text or blob in an array, else of the whole member. */
#define POOL__UNIT(x)                                                                              \
    (!POOL__IS_ARRAY(x) ? sizeof(x)                                                                \
                        : _Generic(POOL__VALUE(x),                                                 \
                              char **: sizeof(char *),                                             \
                              const char **: sizeof(char *),                                       \
                              pool_bytes_t *: sizeof(pool_bytes_t),                                \
                              default: sizeof(x)))
/* What an array consists of, down to two levels; a value that is no array as it is. */
#define POOL__ELEMENT(x) (*__builtin_choose_expr(POOL__IS_ARRAY(x), (x), &(x)))
#define POOL__INNERMOST(x) POOL__ELEMENT(POOL__ELEMENT(x))
/* The first element of an array; a byte behind a pointer to void. */
#define POOL__FIRST(array)                                                                         \
    (_Generic((array), void * : (char *)0, const void * : (char *)0, default : (array))[0])
/* Whether the library knows how to copy a value, as it is or with the text or blob it points to. */
#define POOL__KNOWN(x)                                                                             \
    (_Generic(POOL__VALUE(x), char * : 1, const char * : 1, pool_bytes_t : 1, default : 0) ||      \
     !(POOL__IS_POINTER(POOL__INNERMOST(x)) ||                                                     \
       _Generic(POOL__VALUE(POOL__INNERMOST(x)), pool_bytes_t : 1, default : 0)))
/* 0, if the condition holds. It has a name of its own so that compilers print the text, and not all
 * of the condition. */
#define POOL__ASSERT(condition, text) POOL__ASSERT_(condition, text, __COUNTER__)
#define POOL__ASSERT_(condition, text, number) POOL__ASSERT__(condition, text, number)
#define POOL__ASSERT__(condition, text, number)                                                    \
    (0 * sizeof(struct {                                                                           \
         enum { pool__holds_##number = (condition) } unused;                                       \
         _Static_assert(pool__holds_##number, text);                                               \
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
         POOL__ASSERT(POOL__KNOWN(POOL__ELEMENT(POOL__MEMBER(S, m))),                              \
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

/* POOL__EACH(M, S, (a), (b), ...) is M(S, (a)) M(S, (b)) ..., for at most 24 members. */
#define POOL__EACH(M, S, ...)                                                                      \
    POOL__PICK24(__VA_ARGS__, POOL__E24, POOL__E23, POOL__E22, POOL__E21, POOL__E20, POOL__E19,    \
                 POOL__E18, POOL__E17, POOL__E16, POOL__E15, POOL__E14, POOL__E13, POOL__E12,      \
                 POOL__E11, POOL__E10, POOL__E9, POOL__E8, POOL__E7, POOL__E6, POOL__E5, POOL__E4, \
                 POOL__E3, POOL__E2, POOL__E1, )                                                   \
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
