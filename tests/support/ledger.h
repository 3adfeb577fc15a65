/* A ledger in shared memory: how often something happened to each of many items, in any process. */
#ifndef SUPPORT_LEDGER_H
#define SUPPORT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;

/* One for `count` items, all 0; it ends with the test. Made before the pool, so that workers share
 * it. */
struct ledger *ledger_make(size_t count);

/* Counts one more for the item. From any process. */
void ledger_mark(struct ledger *ledger, size_t item);

uint32_t ledger_count(const struct ledger *ledger, size_t item);
uint64_t ledger_total(const struct ledger *ledger);

/* Everything to 0. */
void ledger_clear(struct ledger *ledger);

/* Whether all counts together become at least `total`, or exactly `total`, within so many stretched
 * milliseconds. */
bool ledger_reaches(const struct ledger *ledger, uint64_t total, int milliseconds);
bool ledger_becomes(const struct ledger *ledger, uint64_t total, int milliseconds);

/* Whether each item's count is between `least` and `most`; says on stderr which is not. */
bool ledger_all_within(const struct ledger *ledger, uint32_t least, uint32_t most);

#endif
