/* Futexes: waiting until another process changes a word of shared memory. */
#ifndef POOL_COMMON_FUTEX_H
#define POOL_COMMON_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Waits while the word has this value, for `milliseconds` at most. It may return early. */
static inline void pool__futex_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds)
{
    struct timespec time = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0);
}

/* Wakes all processes that wait for the word. */
static inline void pool__futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

#endif
