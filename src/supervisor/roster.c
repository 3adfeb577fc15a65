/* Runs in the supervisor. Pure. */
#include "supervisor/roster.h"

#include <string.h>

void pool__roster_init(struct pool__roster *roster, struct pool__place *places, int count)
{
    memset(places, 0, (size_t)count * sizeof *places);
    *roster = (struct pool__roster){.places = places, .count = count, .mode = POOL__OPEN};
}

static bool wanted(const struct pool__roster *roster, const struct pool__place *place)
{
    return place->pid == 0 && !place->gone && roster->mode != POOL__TERMINATING &&
           !pool__roster_broken(roster);
}

int pool__roster_vacancy(const struct pool__roster *roster, uint64_t now)
{
    if (now < roster->not_before)
        return -1;
    for (int i = 0; i < roster->count; i++)
        if (wanted(roster, &roster->places[i]))
            return i;
    return -1;
}

uint64_t pool__roster_next(const struct pool__roster *roster)
{
    for (int i = 0; i < roster->count; i++)
        if (wanted(roster, &roster->places[i]))
            return roster->not_before;
    return 0;
}

void pool__roster_born(struct pool__roster *roster, int place, int pid, uint64_t now)
{
    roster->places[place].pid = pid;
    roster->places[place].life++;
    roster->places[place].birth = ++roster->births;
    roster->places[place].since = now;
    roster->places[place].ready = false;
    roster->places[place].told = false;
}

static bool anybody_ready(const struct pool__roster *roster)
{
    for (int i = 0; i < roster->count; i++)
        if (roster->places[i].pid && roster->places[i].ready)
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
    if (roster->failures == POOL__START_FAILURES && !anybody_ready(roster))
        roster->broken = true; /* for good */
}

void pool__roster_unborn(struct pool__roster *roster, uint64_t now)
{
    failed_start(roster, now);
}

int pool__roster_find(const struct pool__roster *roster, int pid)
{
    for (int i = 0; i < roster->count; i++)
        if (roster->places[i].pid == pid)
            return i;
    return -1;
}

void pool__roster_died(struct pool__roster *roster, int place, bool ready, bool left, uint64_t now)
{
    roster->places[place].pid = 0;
    roster->places[place].gone = left;
    if (ready)
        roster->failures = 0;
    if (!ready && roster->places[place].birth > roster->failed)
        failed_start(roster, now);
}

bool pool__roster_broken(const struct pool__roster *roster)
{
    return roster->broken;
}

bool pool__roster_done(const struct pool__roster *roster)
{
    for (int i = 0; i < roster->count; i++)
        if (roster->places[i].pid != 0 || wanted(roster, &roster->places[i]))
            return false;
    return true;
}

int pool__roster_late(const struct pool__roster *roster, uint64_t then)
{
    for (int i = 0; i < roster->count; i++)
        if (roster->places[i].pid && !roster->places[i].ready && roster->places[i].since < then)
            return i;
    return -1;
}
