/* The roster: which process has which worker number, and which number needs a fork when. Pure: it
 * decides from events and the time, and other files of the supervisor carry the decisions out.
 * Nothing here makes a system call.
 *
 * A place is what the roster knows of one worker number; a post is what it knows of one process
 * there: the worker, or its successor. */
#ifndef POOL_SUPERVISOR_ROSTER_H
#define POOL_SUPERVISOR_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    POOL__START_FAILURES = 5,     /* rounds of failed starts in a row that break the pool */
    POOL__FIRST_DELAY = 10000000, /* nanoseconds from a failed start, or a refused fork, to the next
                                     fork; doubles POOL__START_FAILURES times */
};

/* What becomes of vacant places. */
enum pool__mode {
    /* Every place is filled, unless its worker left idle. */
    POOL__OPEN,
    /* The same, since a worker that died may leave work. But no worker is recalled, and none gets a
     * successor. */
    POOL__RETIRING,
    /* No place is filled. */
    POOL__TERMINATING,
};

struct pool__post {
    int pid;        /* 0: no process */
    uint64_t birth; /* forks of the pool up to this one, from 1 */
    uint64_t since; /* when the process was forked */
    bool ready;     /* it has got through its start */
};

/* What the roster knows of one worker number. */
struct pool__place {
    struct pool__post worker;
    struct pool__post successor; /* the next life: takes over as soon as the worker has ended */
    uint32_t life;               /* of the worker, or of the last one that was here; 0: none was */
    bool birth_reported;         /* the host has been told of the worker's birth */
    bool wants_successor;        /* the worker will leave soon, and wants a successor */
    /* The last worker left because there was nothing to do. The place stays vacant until there is.
     */
    bool left_idle;
};

struct pool__roster {
    struct pool__place *places; /* the caller's array of at least `count` */
    int count;                  /* places that are or were in use */
    int wanted;                 /* how many of them are to be filled: the first ones */
    enum pool__mode mode;
    uint64_t births;  /* forks so far */
    uint64_t failed;  /* births up to this one belong to the rounds that are counted already */
    int failures;     /* rounds of failed starts since a start last succeeded, counted up to
                            POOL__START_FAILURES */
    int refusals;     /* forks that the system refused since it last made one, counted up to
                            POOL__START_FAILURES */
    uint64_t lacking; /* since when no worker is ready and every fork is refused; 0: it is not so */
    uint64_t patience;   /* nanoseconds that this may last */
    bool broken;         /* for good: no more is forked */
    bool starved;        /* it is broken because forks were refused for too long */
    uint64_t not_before; /* when the next fork may be made */
};

/* Makes a roster of `count` vacant places. `places` stays the caller's. `patience`: nanoseconds for
 * which a pool without a ready worker may go on while every fork is refused. */
void pool__roster_init(struct pool__roster *roster, struct pool__place *places, int count,
                       uint64_t patience);

/* From now on the first `wanted` places are to be filled. A worker in a place beyond them leaves by
 * itself. */
void pool__roster_resize(struct pool__roster *roster, int wanted);

/* There is work for `count` workers. Workers that are in their start, or will be forked anyway,
 * take part of it. For the rest, places whose workers left idle are to be filled again. */
void pool__roster_recall(struct pool__roster *roster, uint64_t count);

/* The first place to fork a process for now. `*successor` says whether it is to be a successor. -1:
 * no place needs a fork, or it is too early. */
int pool__roster_vacancy(const struct pool__roster *roster, uint64_t now, bool *successor);

/* When the next fork may be made, if a place needs one; else 0. */
uint64_t pool__roster_next(const struct pool__roster *roster);

/* Event: a worker, or its successor, was forked for this place. */
void pool__roster_born(struct pool__roster *roster, int place, bool successor, int pid,
                       uint64_t now);

/* Event: the system refused a fork. This is no failed start: processes or memory are short, and may
 * be there again soon. */
void pool__roster_unborn(struct pool__roster *roster, uint64_t now);

/* The place of the process with this pid, or -1. `*successor` says whether it is a successor. */
int pool__roster_find(const struct pool__roster *roster, int pid, bool *successor);

/* Event: the worker of this place has ended. Its successor, if there is one, is the worker from now
 * on. `ready`: it had got through its start. `left`: it left because there was nothing to do.
 * Failed starts of workers that lived at the same time count as one, since they have one cause. */
void pool__roster_died(struct pool__roster *roster, int place, bool ready, bool left, uint64_t now);

/* Event: the successor of this place has ended. */
void pool__roster_successor_died(struct pool__roster *roster, int place, bool ready, uint64_t now);

/* Whether the pool is broken: too many rounds of starts have failed in a row, or forks were refused
 * for longer than `patience`, and no worker was ready at the last failure. */
bool pool__roster_broken(const struct pool__roster *roster);

/* The first pid that was forked before `then` and has not got through its start: it is to be
 * killed. 0: there is none. */
int pool__roster_late(const struct pool__roster *roster, uint64_t then);

/* Whether no worker lives and none will be forked. */
bool pool__roster_done(const struct pool__roster *roster);

#endif
