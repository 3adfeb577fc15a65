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

#include <stddef.h>

#include "procpool/pool.h"
#include "procpool/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An array of items: `count` elements of `size` bytes at `data`. The memory belongs to
 * the caller and must stay unchanged until the call that uses it has ended. */
typedef struct {
    const void *data;
    size_t count;
    size_t size;
    const pool_type_t *type;
} pool_in_t;

/* An array for results, with as many elements of `size` bytes as there are items. The memory
 * belongs to the caller. What the elements point to is allocated for the caller, to be freed with
 * pool_release(type, data, count).
 * The element of an item that failed is left as it was if it is plain data, and zeroed otherwise.
 * So pool_release() may always be called for the whole array. */
typedef struct {
    void *data;
    size_t size;
    const pool_type_t *type;
} pool_out_t;

/* Make the two from their parts, for C++ and for types that the macros below do not know. */
static inline pool_in_t pool_in(const void *data, size_t count, size_t size,
                                const pool_type_t *type)
{
    pool_in_t in;
    in.data = data;
    in.count = count;
    in.size = size;
    in.type = type;
    return in;
}

static inline pool_out_t pool_out(void *data, size_t size, const pool_type_t *type)
{
    pool_out_t out;
    out.data = data;
    out.size = size;
    out.type = type;
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

/* The first `count` elements of `array` as items; `array` as the place of results. */
#define POOL_IN(array, count) pool_in((array), (count), POOL_SIZE_OF(array), POOL_TYPE_OF(array))
#define POOL_OUT(array) pool_out((array), POOL_SIZE_OF(array), POOL_TYPE_OF(array))

/* The same with the type named: POOL_IN_AS(pages, 10, &page_type). */
#define POOL_IN_AS(array, count, type) pool_in((array), (count), POOL_SIZE_OF(array), (type))
#define POOL_OUT_AS(array, type) pool_out((array), POOL_SIZE_OF(array), (type))
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
