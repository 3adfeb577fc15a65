/* procpool/array.h: the arrays of items and results, and arrays in shared memory.
 *
 *   double *data = pool_shared_alloc(pool, count, sizeof *data);
 *   if (!data)
 *       return;
 *   pool_map(pool, square, POOL_IN(data, count), POOL_OUT(data));
 *   pool_map(pool, square, POOL_RANGE(count), POOL_NONE);
 *   pool_shared_free(pool, data);
 *
 * This is a page of its own because map, fold, future and iterator all use it.
 */
#ifndef PROCPOOL_ARRAY_H
#define PROCPOOL_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool/pool.h"
#include "procpool/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An array of items: `count` elements of `size` bytes at `data`. `type` describes one element; see
 * type.h. The memory belongs to the caller and must stay unchanged until the call that uses it has
 * ended. */
typedef struct {
    const void *data;
    size_t count;
    size_t size;
    const pool_type_t *type;
    size_t stride; /* bytes from one element to the next; 0: they lie without gaps */
    bool gathered; /* `data` is an array of pointers, each to an item of `size` bytes */
} pool_in_t;

/* An array for results, with as many elements of `size` bytes as there are items. `type` describes
 * one element. The memory belongs to the caller. What the elements point to is allocated for the
 * caller, to be freed with pool_release(type, data, count).
 * The element of an item that failed is left as it was if it is plain data, and zeroed otherwise.
 * So pool_release() may always be called for the whole array. */
typedef struct {
    void *data;
    size_t size;
    const pool_type_t *type;
    size_t room; /* bytes at `data`; calls with more results are refused. 0: not known */
} pool_out_t;

/* Make the two from their parts, for C++ and for types that the macros below do not know. Nothing
 * checks that elements of the type pool_type_plain have no pointers. A pointer in plain data is
 * copied as it is: in another process it means the same only if it points into a shared array, or
 * to a function or memory that was there, and has not changed, since the pool was made. */
static inline pool_in_t pool_in(const void *data, size_t count, size_t size,
                                const pool_type_t *type)
{
    pool_in_t in;
    in.data = data;
    in.count = count;
    in.size = size;
    in.type = type;
    in.stride = 0;
    in.gathered = false;
    return in;
}

/* Makes items of what `count` pointers point to, `size` bytes each. A call copies the items from
 * there. The item of a pointer that is NULL fails with the code -EFAULT. The same pointer may be
 * there several times. */
static inline pool_in_t pool_gather(const void *pointers, size_t count, size_t size,
                                    const pool_type_t *type)
{
    pool_in_t in = pool_in(pointers, count, size, type);
    in.gathered = true;
    return in;
}

/* Gives the same items, or pointers to them, with `stride` bytes from the start of one to the start
 * of the next, such as the size of the struct that they are members of. They may overlap: values of
 * 32 bytes with a stride of 8 are a sliding window over an array of double. */
static inline pool_in_t pool_stride(pool_in_t in, size_t stride)
{
    in.stride = stride;
    return in;
}

static inline pool_out_t pool_out(void *data, size_t size, const pool_type_t *type)
{
    pool_out_t out;
    out.data = data;
    out.size = size;
    out.type = type;
    out.room = 0;
    return out;
}

/* `count` items without data. Functions get NULL as their item and use pool_task_index(). Accepted
 * by all calls but those of typed functions, and as the array of an iterator. */
#define POOL_RANGE(count) pool_in(NULL, (count), 0, NULL)

/* No results: the function is run for its effects. */
#define POOL_NONE pool_out(NULL, 0, NULL)

#ifndef __cplusplus
/* The type of the elements of `array`, as the compiler knows it. An array of structs is plain
 * data, although a pointer in it means nothing in another process: for a struct with a table, name
 * its type (POOL_IN_AS). */
#define POOL_TYPE_OF(array)                                                                        \
    _Generic((array),                                                                              \
        char **: &pool_type_text,                                                                  \
        char *const *: &pool_type_text,                                                            \
        const char **: &pool_type_const_text,                                                      \
        const char *const *: &pool_type_const_text,                                                \
        pool_bytes_t *: &pool_type_bytes,                                                          \
        const pool_bytes_t *: &pool_type_bytes,                                                    \
        default: &pool_type_plain)

/* The size of one element of `array`. For a pointer to void it is 0, which no call accepts. */
#define POOL_SIZE_OF(array)                                                                        \
    _Generic((array), void * : 0, const void * : 0, default : sizeof((array)[0]))

/* The first `count` elements of `array` as items; `array` as the place of results. Elements that
 * are pointers, and not texts, do not compile. If the compiler knows how large the object is (of
 * an array that it sees the definition of, and of more with optimization), a call that would read
 * or write beyond its end returns POOL_EOVERFLOW and runs nothing: POOL_IN(data, sizeof data)
 * does. */
#define POOL_IN(array, count)                                                                      \
    pool__in((array), (count),                                                                     \
             POOL__SIZE_IF_KNOWN(array, "these items are pointers: use POOL_GATHER for what they " \
                                        "point to, or name their type by POOL_IN_AS"),             \
             POOL_TYPE_OF(array), POOL__ROOM(array))
#define POOL_OUT(array)                                                                            \
    pool__out((array),                                                                             \
              POOL__SIZE_IF_KNOWN(array, "these results are pointers, which mean nothing here: "   \
                                         "name their type by POOL_OUT_AS"),                        \
              POOL_TYPE_OF(array), POOL__ROOM(array))

/* The same with the type named: POOL_IN_AS(pages, 10, &page_type). */
#define POOL_IN_AS(array, count, type)                                                             \
    pool__in((array), (count), POOL_SIZE_OF(array), (type), POOL__ROOM(array))
#define POOL_OUT_AS(array, type) pool__out((array), POOL_SIZE_OF(array), (type), POOL__ROOM(array))

/* What the first `count` elements of `pointers` point to, as items; see pool_gather(). For a
 * `struct job **` the items are structs, as they are for POOL_IN of a `struct job *`. */
#define POOL_GATHER(pointers, count)                                                               \
    POOL_GATHER_AS(pointers, count,                                                                \
                   POOL_TYPE_OF((pointers)[0]) +                                                   \
                       POOL__ASSERT(POOL__KNOWN(POOL__FIRST((pointers)[0])),                       \
                                    "these pointers point to pointers: use POOL_GATHER_AS"))
#define POOL_GATHER_AS(pointers, count, type)                                                      \
    pool_gather((pointers), pool__within((count), sizeof((pointers)[0]), POOL__ROOM(pointers)),    \
                POOL_SIZE_OF((pointers)[0]) + POOL__ASSERT(POOL__IS_POINTER((pointers)[0]),        \
                                                           "this is not an array of pointers"),    \
                (type))

/* The `member` of the first `count` structs of an array, as items: POOL_COLUMN(towns, 10, area). */
#define POOL_COLUMN(structs, count, member)                                                        \
    pool__column((structs), pool__within((count), sizeof((structs)[0]), POOL__ROOM(structs)),      \
                 sizeof((structs)[0]), __builtin_offsetof(__typeof__((structs)[0]), member),       \
                 POOL__SIZE_IF_KNOWN(&(structs)->member, "this member is a pointer: use "          \
                                                         "pool_gather() and pool_stride()"),       \
                 POOL_TYPE_OF(&(structs)->member))

/* How the macros check. The room is SIZE_MAX where the compiler does not know it, and for arrays of
 * no fixed length: Clang takes the elements of an initialized flexible array for no part of it. */
#define POOL__ROOM(array) (POOL__IS_OPEN(array) ? SIZE_MAX : __builtin_object_size((array), 0))
#define POOL__IS_OPEN(array)                                                                       \
    (__builtin_types_compatible_p(__typeof__(array), __typeof__(POOL__FIRST(array))[1]) &&         \
     __builtin_types_compatible_p(__typeof__(array), __typeof__(POOL__FIRST(array))[2]))
#define POOL__SIZE_IF_KNOWN(array, text)                                                           \
    (POOL_SIZE_OF(array) + POOL__ASSERT(POOL__KNOWN(POOL__FIRST(array)), text))

/* A count that no call accepts, if so many elements are more than there is room for. */
static inline size_t pool__within(size_t count, size_t size, size_t room)
{
    return size && count > room / size ? SIZE_MAX : count;
}

static inline pool_in_t pool__in(const void *data, size_t count, size_t size,
                                 const pool_type_t *type, size_t room)
{
    return pool_in(data, data ? pool__within(count, size, room) : count, size, type);
}

static inline pool_out_t pool__out(void *data, size_t size, const pool_type_t *type, size_t room)
{
    pool_out_t out = pool_out(data, size, type);
    out.room = room == SIZE_MAX ? 0 : room;
    return out;
}

static inline pool_in_t pool__column(const void *structs, size_t count, size_t stride,
                                     size_t offset, size_t size, const pool_type_t *type)
{
    const void *first = structs ? (const char *)structs + offset : NULL;
    return pool_stride(pool_in(first, count, size, type), stride);
}
#endif

/* Allocates an array in memory that the host and the workers share: `count` elements of `size`
 * bytes, zeroed, aligned to 64 bytes. Plain data in it is not copied when it is given to this pool
 * as items or as the place of results, and the same array may be both.
 * An item that crashed or failed may leave its element half written, and a function can write past
 * its element. Returns NULL if there is no room, if `count` or `size` is 0, and in a forked copy
 * of the host. The array is the pool's, and ends with pool_shared_free() or pool_free(). */
POOL_API void *pool_shared_alloc(pool_t *pool, size_t count, size_t size);

/* Frees a shared array, which no call may be using. `memory` may be NULL. */
POOL_API void pool_shared_free(pool_t *pool, void *memory);

#ifdef __cplusplus
}
#endif
#endif
