/* Decides whether a process that waits for another one spins before it sleeps. The host has one
 * struct for each pool, and each worker has one, in their own memory. Pure: the caller reads the
 * clock, and tells how the spin and the sleep went. Times are those of pool__now().
 *
 * A spin saves a wake-up if the wait is short. Beside busy programs, and sometimes without them,
 * every spin fails and the sleep after it is short: then each wait lasts longer than it would
 * without the spin. So a short sleep after a failed spin is no reason to spin again, and several
 * failed spins in a row are followed by a pause without spins. */
#ifndef POOL_COMMON_SPIN_H
#define POOL_COMMON_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    POOL__LONGEST_SPIN = 50000, /* nanoseconds: about what a wake-up costs */
    POOL__SHORT_SLEEP = 600000, /* nanoseconds: instead of a shorter sleep a spin might have paid */
    POOL__PATIENCE = 8,         /* spins in a row that may fail before a pause */
    POOL__SPIN_PAUSE = 10000000 /* nanoseconds of a pause */
};

struct pool__spin {
    int patience;          /* spins that may still fail; 0: no spins */
    uint64_t until;        /* the end of the current spin, unless it pays before */
    uint64_t paused_until; /* the end of the latest pause */
};

/* Begins a spin. False: sleep at once instead. */
static inline bool pool__spin_begin(struct pool__spin *spin, uint64_t now)
{
    spin->until = now + POOL__LONGEST_SPIN;
    return spin->patience > 0;
}

/* Whether to spin on. False: the spin has failed. */
static inline bool pool__spin_goes_on(struct pool__spin *spin, uint64_t now)
{
    if (now < spin->until)
        return true;
    if (--spin->patience == 0)
        spin->paused_until = now + POOL__SPIN_PAUSE;
    return false;
}

/* The wait has ended during the spin. */
static inline void pool__spin_paid(struct pool__spin *spin)
{
    spin->patience = POOL__PATIENCE;
}

/* The process has slept. It spins again if the sleep was short, no spin came before it, and no
 * pause is under way. */
static inline void pool__spin_slept(struct pool__spin *spin, uint64_t from, uint64_t to)
{
    if (spin->patience == 0 && from >= spin->paused_until && to - from < POOL__SHORT_SLEEP)
        spin->patience = POOL__PATIENCE;
}

#endif
