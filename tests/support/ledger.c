/* Runs in every process of a test; ledger_make() only in the test program. */
#include "support/ledger.h"

#include <stdatomic.h>
#include <stdio.h>

#include "support/deadline.h"
#include "support/world.h"

struct ledger {
    size_t count;
    _Atomic uint32_t marks[];
};

struct ledger *ledger_make(size_t count)
{
    struct ledger *ledger = world_shared(sizeof *ledger + count * sizeof ledger->marks[0]);
    ledger->count = count;
    return ledger;
}

void ledger_mark(struct ledger *ledger, size_t item)
{
    atomic_fetch_add(&ledger->marks[item], 1);
}

uint32_t ledger_count(const struct ledger *ledger, size_t item)
{
    return atomic_load(&ledger->marks[item]);
}

uint64_t ledger_total(const struct ledger *ledger)
{
    uint64_t total = 0;
    for (size_t i = 0; i < ledger->count; i++)
        total += ledger_count(ledger, i);
    return total;
}

void ledger_clear(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        atomic_store(&ledger->marks[i], 0);
}

struct wanted {
    const struct ledger *ledger;
    uint64_t total;
};

static bool is_reached(void *argument)
{
    const struct wanted *wanted = argument;
    return ledger_total(wanted->ledger) >= wanted->total;
}

bool ledger_reaches(const struct ledger *ledger, uint64_t total, int milliseconds)
{
    struct wanted wanted = {ledger, total};
    return deadline_met(milliseconds, is_reached, &wanted);
}

static bool is_exact(void *argument)
{
    const struct wanted *wanted = argument;
    return ledger_total(wanted->ledger) == wanted->total;
}

bool ledger_becomes(const struct ledger *ledger, uint64_t total, int milliseconds)
{
    struct wanted wanted = {ledger, total};
    return deadline_met(milliseconds, is_exact, &wanted);
}

bool ledger_all_within(const struct ledger *ledger, uint32_t least, uint32_t most)
{
    for (size_t i = 0; i < ledger->count; i++) {
        uint32_t count = ledger_count(ledger, i);
        if (count < least || count > most) {
            fprintf(stderr, "item %zu: %u times, should be %u to %u\n", i, count, least, most);
            return false;
        }
    }
    return true;
}
