/* Time in tests: deadlines, never sleeps. The environment variable POOL_TEST_SLOWNESS, a number
 * from 1, stretches all of them for slow machines and slow tools. */
#ifndef SUPPORT_DEADLINE_H
#define SUPPORT_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* How much slower than usual things may be: POOL_TEST_SLOWNESS, or 1. */
int deadline_slowness(void);

/* Whether the program runs under valgrind, where some things cannot work. */
bool deadline_valgrind(void);

/* Milliseconds of the monotonic clock. */
int64_t deadline_now(void);

/* Whether `holds(argument)` becomes true within `milliseconds` (stretched). Looks again and again,
 * a millisecond apart. */
bool deadline_met(int milliseconds, bool (*holds)(void *), void *argument);

/* Whether less than `milliseconds` (stretched) have passed since `began`. */
bool deadline_kept(int64_t began, int milliseconds);

/* Kills the whole program, and says that `test` hangs, unless deadline_disarm() is called within
 * `seconds` (stretched). */
void deadline_arm(const char *test, int seconds);
void deadline_disarm(void);

#endif
