/* Calls of the system or of the allocator that can be told to fail, for tests that include the sources
 * themselves. */
#ifndef POOL_UNIT_SUPPLY_H
#define POOL_UNIT_SUPPLY_H

#include <errno.h>
#include <stdbool.h>

/* How many calls still succeed (negative: all), whether only one fails then, and with which errno value;
 * `refused`: one has failed. */
static int supply = -1, refusal = ENOMEM;
static bool only_one, refused;

static inline bool supplied(void)
{
    if (supply < 0)
        return true;
    if (supply > 0)
        return supply-- > 0;
    if (only_one)
        supply = -1;
    errno = refusal;
    refused = true;
    return false;
}

#endif
