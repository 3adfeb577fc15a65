/* Runs in the supervisor: decides which worker number needs a fork. Pure. */
#include "supervisor/roster.h"

#include <string.h>

void pool__roster_init(struct pool__roster *roster, struct pool__place *places, int count,
                       uint64_t patience)
{
    *roster = (struct pool__roster){.places = places, .mode = POOL__OPEN, .patience = patience};
    pool__roster_resize(roster, count);
}

void pool__roster_resize(struct pool__roster *roster, int wanted)
{
    for (int i = roster->wanted; i < wanted; i++) {
        if (i >= roster->count)
            roster->places[i] = (struct pool__place){0};
        roster->places[i].left_idle = false;
    }
    roster->wanted = wanted;
    roster->count = wanted > roster->count ? wanted : roster->count;
}

/* How many workers will look for work once they have started: they are in their start, or will be
 * forked. */
static uint64_t count_coming(const struct pool__roster *roster)
{
    uint64_t count = 0;
    for (int i = 0; i < roster->wanted; i++) {
        const struct pool__place *place = &roster->places[i];
        count += place->worker.pid ? !place->worker.ready : !place->left_idle;
    }
    return count;
}

void pool__roster_recall(struct pool__roster *roster, uint64_t count)
{
    uint64_t coming = count_coming(roster);
    count = count > coming ? count - coming : 0;
    for (int i = 0; i < roster->wanted && count > 0; i++) {
        struct pool__place *place = &roster->places[i];
        count -= place->left_idle;
        place->left_idle = false;
    }
}

/* Whether this number needs a fork, and whether that is to be a successor. */
static bool wanted(const struct pool__roster *roster, int number, bool *successor)
{
    const struct pool__place *place = &roster->places[number];
    *successor = place->worker.pid != 0;
    if (number >= roster->wanted || roster->mode == POOL__TERMINATING ||
        pool__roster_broken(roster))
        return false;
    if (*successor)
        return place->wants_successor && place->successor.pid == 0 && roster->mode == POOL__OPEN;
    return !place->left_idle;
}

int pool__roster_vacancy(const struct pool__roster *roster, uint64_t now, bool *successor)
{
    if (now < roster->not_before)
        return -1;
    for (int i = 0; i < roster->count; i++)
        if (wanted(roster, i, successor))
            return i;
    return -1;
}

uint64_t pool__roster_next(const struct pool__roster *roster)
{
    bool successor;
    for (int i = 0; i < roster->count; i++)
        if (wanted(roster, i, &successor))
            return roster->not_before;
    return 0;
}

void pool__roster_born(struct pool__roster *roster, int place, bool successor, int pid,
                       uint64_t now)
{
    struct pool__place *at = &roster->places[place];
    struct pool__post post = {.pid = pid, .birth = ++roster->births, .since = now};
    roster->refusals = 0;
    roster->lacking = 0;
    if (successor) {
        at->successor = post;
        return;
    }
    at->worker = post;
    at->life++;
    at->birth_reported = at->wants_successor = false;
}

static bool any_ready(const struct pool__roster *roster)
{
    for (int i = 0; i < roster->count; i++)
        if (roster->places[i].worker.pid && roster->places[i].worker.ready)
            return true;
    return false;
}

static void failed_start(struct pool__roster *roster, uint64_t now)
{
    if (roster->broken)
        return;
    roster->not_before = now + ((uint64_t)POOL__FIRST_DELAY << roster->failures);
    roster->failures += roster->failures < POOL__START_FAILURES;
    roster->failed = roster->births;
    if (roster->failures == POOL__START_FAILURES && !any_ready(roster))
        roster->broken = true;
}

void pool__roster_unborn(struct pool__roster *roster, uint64_t now)
{
    if (roster->broken)
        return;
    roster->not_before = now + ((uint64_t)POOL__FIRST_DELAY << roster->refusals);
    roster->refusals += roster->refusals < POOL__START_FAILURES;
    if (any_ready(roster))
        roster->lacking = 0;
    else if (roster->lacking == 0)
        roster->lacking = now;
    else if (now - roster->lacking >= roster->patience)
        roster->broken = roster->starved = true;
}

int pool__roster_find(const struct pool__roster *roster, int pid, bool *successor)
{
    for (int i = 0; i < roster->count; i++) {
        *successor = roster->places[i].successor.pid == pid;
        if (*successor || roster->places[i].worker.pid == pid)
            return i;
    }
    return -1;
}

/* A process of this birth has ended: counts its start as good or failed. A birth that was there at
 * the last failure belongs to that failure's round. */
static void count_start(struct pool__roster *roster, uint64_t birth, bool ready, uint64_t now)
{
    if (ready)
        roster->failures = 0;
    else if (birth > roster->failed)
        failed_start(roster, now);
}

void pool__roster_died(struct pool__roster *roster, int place, bool ready, bool left, uint64_t now)
{
    struct pool__place *at = &roster->places[place];
    uint64_t birth = at->worker.birth;
    at->worker = at->successor;
    at->successor = (struct pool__post){0};
    at->left_idle = left && at->worker.pid == 0;
    if (at->worker.pid) {
        at->life++;
        at->birth_reported = at->wants_successor = false;
    }
    count_start(roster, birth, ready, now);
}

void pool__roster_successor_died(struct pool__roster *roster, int place, bool ready, uint64_t now)
{
    uint64_t birth = roster->places[place].successor.birth;
    roster->places[place].successor = (struct pool__post){0};
    count_start(roster, birth, ready, now);
}

bool pool__roster_broken(const struct pool__roster *roster)
{
    return roster->broken;
}

bool pool__roster_done(const struct pool__roster *roster)
{
    bool successor;
    for (int i = 0; i < roster->count; i++)
        if (roster->places[i].worker.pid || wanted(roster, i, &successor))
            return false;
    return true;
}

static bool is_late(const struct pool__post *post, uint64_t then)
{
    return post->pid && !post->ready && post->since < then;
}

int pool__roster_late(const struct pool__roster *roster, uint64_t then)
{
    for (int i = 0; i < roster->count; i++) {
        const struct pool__place *place = &roster->places[i];
        if (is_late(&place->worker, then) || is_late(&place->successor, then))
            return is_late(&place->worker, then) ? place->worker.pid : place->successor.pid;
    }
    return 0;
}
