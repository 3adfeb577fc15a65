/* Time: nanoseconds of the monotonic clock, in all of the library. */
#ifndef POOL_COMMON_CLOCK_H
#define POOL_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t pool__read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t pool__now(void)
{
    return pool__read_clock(CLOCK_MONOTONIC);
}

/* The same of CLOCK_BOOTTIME, by which the kernel tells when a process was started. */
static inline uint64_t pool__boot_now(void)
{
    return pool__read_clock(CLOCK_BOOTTIME);
}

/* Milliseconds from `now` until `then` as a timeout for poll(): rounded up, 0 if `then` has passed,
 * and at most 1000000. */
static inline int pool__milliseconds(uint64_t now, uint64_t then)
{
    uint64_t wait = then > now ? (then - now + 999999) / 1000000 : 0;
    return wait > 1000000 ? 1000000 : (int)wait;
}

/* The time in so many milliseconds; UINT64_MAX if they are negative: never. */
static inline uint64_t pool__deadline(int milliseconds)
{
    return milliseconds < 0 ? UINT64_MAX : pool__now() + (uint64_t)milliseconds * 1000000u;
}

/* A time as the system takes it. */
static inline struct timespec pool__timespec(uint64_t time)
{
    return (struct timespec){.tv_sec = (time_t)(time / 1000000000u),
                             .tv_nsec = (long)(time % 1000000000u)};
}

/* Tells the processor that this is a spin loop. Does nothing where the processor has no such hint.
 */
static inline void pool__relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
