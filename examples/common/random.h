/* Random numbers that depend on a seed alone: the generator splitmix64 (Steele et al., 2014). In an
 * item of a pool the seed is pool_task_seed(), so they do not depend on the worker. */
#ifndef EXAMPLES_RANDOM_H
#define EXAMPLES_RANDOM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state; /* the seed at first */
};

static inline uint64_t random_bits(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* From 0 to 1, without 1. */
static inline double random_uniform(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

static inline double random_between(struct random *random, double least, double most)
{
    return least + (most - least) * random_uniform(random);
}

/* Below `count`, which is at least 1. */
static inline uint64_t random_below(struct random *random, uint64_t count)
{
    return (uint64_t)(random_uniform(random) * (double)count);
}

/* Puts `count` numbers into a random order, each as likely as the others (Fisher and Yates). */
static inline void random_shuffle(struct random *random, unsigned *numbers, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(random, i);
        unsigned kept = numbers[i - 1];
        numbers[i - 1] = numbers[other];
        numbers[other] = kept;
    }
}

/* Of the normal distribution with mean 0 and deviation 1 (Box and Muller). */
static inline double random_normal(struct random *random)
{
    double radius = sqrt(-2 * log(1 - random_uniform(random)));
    return radius * cos(6.283185307179586 * random_uniform(random));
}

#endif
