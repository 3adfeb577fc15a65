/* Time in tests: deadlines instead of sleeps. Deadlines hold as they are written on a machine that
 * is not busy otherwise. The environment variable POOL_TEST_SLOWNESS, a number from 1, is a factor
 * for all deadlines on slow machines and under slow tools, and the machine's load at the start of
 * the test is another. A stretched millisecond is so many. */
#ifndef SUPPORT_DEADLINE_H
#define SUPPORT_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the product of the two factors, at least 1. It stays the same for the whole test. */
int deadline_slowness(void);

/* Whether the program runs under valgrind, where some tests cannot work. */
bool deadline_valgrind(void);

/* Returns the time of the monotonic clock in milliseconds. */
int64_t deadline_now(void);

/* Whether `holds(argument)` becomes true within so many stretched milliseconds. It is called again
 * every millisecond. */
bool deadline_met(int milliseconds, bool (*holds)(void *), void *argument);

/* Whether fewer than so many stretched milliseconds have passed since `began`. */
bool deadline_kept(int64_t began, int milliseconds);

/* Gives the program so many stretched seconds until deadline_disarm(). After these it says that
 * `test` still runs, prints and kills its children, and exits. */
void deadline_arm(const char *test, int seconds);
void deadline_disarm(void);

#endif
