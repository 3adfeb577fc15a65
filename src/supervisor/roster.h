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

struct pool__post {
    int pid;        /* 0: nobody */
    uint64_t birth; /* which fork of the pool's it was, from 1 */
    uint64_t since; /* when it was forked */
    bool ready;     /* it has got through its start */
};

/* A worker's number: who has it, and who will have it next. */
struct pool__place {
    struct pool__post worker;
    struct pool__post successor; /* of the next life; takes over as soon as the worker has ended */
    uint32_t life;               /* of the worker here, or of the last one */
    bool birth_reported;         /* the host knows of its birth */
    bool wants_successor;        /* it will leave soon, and wants a successor */
    bool left_idle;              /* left in peace: stays vacant until it is wanted again */
};

struct pool__roster {
    struct pool__place *places; /* the caller's array of at least `count` */
    int count;                  /* places that are, or were, in use */
    int wanted;                 /* of these, the first so many are to be filled */
    enum pool__mode mode;
    uint64_t births; /* forks so far */
    uint64_t failed; /* forks up to this one belong to the failures already counted */
    int failures;    /* rounds of failed starts since the last good one, at most that many */
    bool broken;
    uint64_t not_before; /* when the next fork may be made */
};

/* All places vacant. `places` stays the caller's. */
void pool__roster_init(struct pool__roster *roster, struct pool__place *places, int count);

/* From now on so many places are to be filled. Who has another leaves by itself. */
void pool__roster_resize(struct pool__roster *roster, int wanted);

/* There is work for so many: of those who left in peace, as many are wanted again as are not about to
 * come already. */
void pool__roster_recall(struct pool__roster *roster, uint64_t count);

/* The first place to fork a worker for now, or -1: none is vacant, or it is too early. `*successor`: it is
 * to be a successor. */
int pool__roster_vacancy(const struct pool__roster *roster, uint64_t now, bool *successor);

/* When vacancies will be filled: 0 when nothing waits for time to pass. */
uint64_t pool__roster_next(const struct pool__roster *roster);

/* A worker, or a successor, was forked there. */
void pool__roster_born(struct pool__roster *roster, int place, bool successor, int pid,
                       uint64_t now);

/* No worker could be forked. */
void pool__roster_unborn(struct pool__roster *roster, uint64_t now);

/* The place of the worker or successor with this pid, or -1. */
int pool__roster_find(const struct pool__roster *roster, int pid, bool *successor);

/* The worker there ended: `ready` when it had got through its start, `left` when in peace. Its successor is
 * the worker now. Failed starts of workers that lived at the same time have one cause, and count as
 * one. */
void pool__roster_died(struct pool__roster *roster, int place, bool ready, bool left, uint64_t now);

/* The successor there ended. */
void pool__roster_successor_died(struct pool__roster *roster, int place, bool ready, uint64_t now);

/* Whether starts fail so often that it is time to give up: then nobody is ready any more. */
bool pool__roster_broken(const struct pool__roster *roster);

/* Whom to kill: the first pid that has not got through its start although it was forked before `then`;
 * 0: nobody. */
int pool__roster_late(const struct pool__roster *roster, uint64_t then);

/* Whether no worker lives, and none will. */
bool pool__roster_done(const struct pool__roster *roster);

#endif
