/* The roster's questions where successors do not matter. */
#ifndef POOL_TESTS_UNIT_ROSTER_H
#define POOL_TESTS_UNIT_ROSTER_H

#include <string.h>

#include "supervisor/roster.h"

enum { ROSTER_MOST = 200, ROSTER_PATIENCE = 100000000 /* nanoseconds */ };

struct fixture {
    struct pool__roster roster;
    struct pool__place places[ROSTER_MOST];
};

/* Makes the roster of so many places, in memory that holds something else. */
static inline struct pool__roster *init(struct fixture *fixture, int count)
{
    memset(fixture, 0xff, sizeof *fixture);
    pool__roster_init(&fixture->roster, fixture->places, count, ROSTER_PATIENCE);
    return &fixture->roster;
}

/* The first place to be filled, by a worker or by a successor. */
static inline int vacancy(const struct pool__roster *roster, uint64_t now)
{
    bool successor;
    return pool__roster_vacancy(roster, now, &successor);
}

static inline void born(struct pool__roster *roster, int place, int pid, uint64_t now)
{
    pool__roster_born(roster, place, false, pid, now);
}

static inline int find(const struct pool__roster *roster, int pid)
{
    bool successor;
    return pool__roster_find(roster, pid, &successor);
}

#endif
