/* The roster: which worker lives where, and who is to be forked when. Pure: decisions are made
 * here from events and the time, and carried out in supervisor.c. Nothing here makes a system call.
 */
#ifndef POOL_SUPERVISOR_ROSTER_H
#define POOL_SUPERVISOR_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    POOL__START_FAILURES = 5,     /* rounds of failed starts after which the pool is broken */
    POOL__FIRST_DELAY = 10000000, /* nanoseconds before the start after a failed one; doubles */
};

/* What the pool as a whole is about. */
enum pool__mode {
    POOL__OPEN,        /* every place is filled */
    POOL__RETIRING,    /* who left in peace is not replaced, who died is: there may be work left */
    POOL__TERMINATING, /* nobody is replaced */
};

struct pool__place {
    int pid;        /* 0: vacant */
    uint32_t life;  /* of the worker here, or of the last one */
    uint64_t birth; /* which fork of the pool's it was, from 1 */
    uint64_t since; /* when it was forked */
    bool ready;     /* it has got through its start */
    bool told;      /* the host knows of the birth */
    bool gone;      /* left in peace: stays vacant */
};

struct pool__roster {
    struct pool__place *places; /* the caller's array of `count` */
    int count;
    enum pool__mode mode;
    uint64_t births; /* forks so far */
    uint64_t failed; /* forks up to this one belong to the failures already counted */
    int failures;    /* rounds of failed starts since the last good one, at most that many */
    bool broken;
    uint64_t not_before; /* when the next fork may be made */
};

/* All places vacant. `places` stays the caller's. */
void pool__roster_init(struct pool__roster *roster, struct pool__place *places, int count);

/* The first place to fork a worker for now, or -1: none is vacant, or it is too early. */
int pool__roster_vacancy(const struct pool__roster *roster, uint64_t now);

/* When vacancies will be filled: 0 when nothing waits for time to pass. */
uint64_t pool__roster_next(const struct pool__roster *roster);

/* A worker was forked there. */
void pool__roster_born(struct pool__roster *roster, int place, int pid, uint64_t now);

/* No worker could be forked. */
void pool__roster_unborn(struct pool__roster *roster, uint64_t now);

/* The place of the worker with this pid, or -1. */
int pool__roster_find(const struct pool__roster *roster, int pid);

/* The worker there ended: `ready` when it had got through its start, `left` when in peace. Failed
 * starts of workers that lived at the same time have one cause, and count as one. */
void pool__roster_died(struct pool__roster *roster, int place, bool ready, bool left, uint64_t now);

/* Whether starts fail so often that it is time to give up: then nobody is ready any more. */
bool pool__roster_broken(const struct pool__roster *roster);

/* The first worker that has not got through its start although it was forked before `then`; -1. */
int pool__roster_late(const struct pool__roster *roster, uint64_t then);

/* Whether no worker lives, and none will. */
bool pool__roster_done(const struct pool__roster *roster);

#endif
