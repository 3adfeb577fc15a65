/* A ledger in shared memory counts how often something happened to each of many items, in any process. */
#ifndef SUPPORT_LEDGER_H
#define SUPPORT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;

/* Makes a ledger of `count` items with the counts 0, which ends with the test. Make it before the pool, so
 * that the workers share it. Asserts success. */
struct ledger *ledger_make(size_t count);

/* Adds 1 to the count of the item; any process may do it. */
void ledger_mark(struct ledger *ledger, size_t item);

/* Returns the count of the item, or the sum of all counts. */
uint32_t ledger_count(const struct ledger *ledger, size_t item);
uint64_t ledger_total(const struct ledger *ledger);

/* Sets all counts to 0. */
void ledger_clear(struct ledger *ledger);

/* Whether the sum of all counts becomes at least `total`, or exactly `total`, within so many stretched
 * milliseconds. */
bool ledger_reaches(const struct ledger *ledger, uint64_t total, int milliseconds);
bool ledger_becomes(const struct ledger *ledger, uint64_t total, int milliseconds);

/* Whether the count of each item is from `least` to `most`. Prints the first item where it is not. */
bool ledger_all_within(const struct ledger *ledger, uint32_t least, uint32_t most);

#endif
