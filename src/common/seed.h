/* What pool_task_seed() gives: made of the call's seed and the item's key. Pure. */
#ifndef POOL_COMMON_SEED_H
#define POOL_COMMON_SEED_H

#include <stdint.h>

/* The finalizer of SplitMix64: every bit of the input changes about half of the bits of the output.
 */
static inline uint64_t pool__mix(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

static inline uint64_t pool__seed(uint64_t seed, uint64_t key)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
    return pool__mix(pool__mix(seed + golden) + (key + 1) * golden);
}

#endif
