/* What the tests of folds share: an accumulator that shows in which order what was added to it, and what
 * it should be. */
#ifndef PROCESS_FOLD_H
#define PROCESS_FOLD_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/outcome.h"
#include "support/world.h"

/* Sums of doubles depend on their order, and so do hashes. */
struct total {
    double sum;
    uint64_t hash, count;
};

static inline void total_add(struct total *total, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    total->sum += value;
    total->hash = total->hash * 31 + bits;
    total->count++;
}

static inline int total_merge(void *into, const void *from)
{
    struct total *total = into;
    const struct total *later = from;
    total->sum += later->sum;
    total->hash = total->hash * 1000003 + later->hash;
    total->count += later->count;
    return 0;
}

/* Numbers of all sizes and signs, so that rounding differs with the order. */
static inline double total_value(size_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    return (double)(int64_t)x * (i % 3 ? 1e-9 : 1e3) / (double)(1 + i % 7);
}

static inline size_t total_block(size_t count, size_t chunksize)
{
    return chunksize ? chunksize : (count + 1023) / 1024;
}

/* What a fold over the items that are not among these errors should give, from `initial`. */
static inline struct total total_without(const pool_error_t *errors, size_t failed, size_t count,
                                         size_t chunksize, struct total initial)
{
    const size_t block = total_block(count, chunksize);
    struct total all = initial;
    size_t next = 0;
    bool any = false;
    for (size_t first = 0; first < count; first += block) {
        struct total total = initial;
        size_t last = block < count - first ? first + block : count, good = 0;
        for (size_t i = first; i < last; i++) {
            if (next < failed && errors[next].index == i) {
                next++;
                continue;
            }
            total_add(&total, total_value(i));
            good++;
        }
        if (good && any)
            total_merge(&all, &total);
        else if (good)
            all = total;
        any = any || good;
    }
    assert_int_equal(next, failed);
    return all;
}

/* Asserts that the two are the same to the last bit. */
static inline void total_is(const struct total *is, struct total should)
{
    if (is->count != should.count || is->hash != should.hash)
        fail_msg("%llu items with hash %llx, should be %llu with %llx",
                 (unsigned long long)is->count, (unsigned long long)is->hash,
                 (unsigned long long)should.count, (unsigned long long)should.hash);
    assert_memory_equal(&is->sum, &should.sum, sizeof is->sum);
}

/* Asserts that this came out of the pool's last call: a fold from zeros, over the items that did not
 * fail. */
static inline void total_survives(const pool_t *pool, const struct total *is, size_t count,
                                  size_t chunksize)
{
    const pool_error_t *errors = NULL;
    size_t failed = pool_errors(pool, &errors);
    outcome_errors_in_order(pool, count, failed);
    total_is(is, total_without(errors, failed, count, chunksize, (struct total){0}));
}

#endif
