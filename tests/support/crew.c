/* Runs in the test program; crew_killer() in a helper that it forks. */
#include "support/crew.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"
#include "support/world.h"

struct wanted {
    pool_t *pool;
    pid_t supervisor;
    int count;
};

static bool find_supervisor(void *argument)
{
    struct wanted *wanted = argument;
    pid_t pids[CREW_MOST];
    if (process_children(getpid(), pids, 2) == 1) {
        wanted->supervisor = pids[0];
        return true;
    }
    int count = pool_pids(wanted->pool, pids, CREW_MOST);
    for (int i = 0; i < count && i < CREW_MOST; i++) {
        wanted->supervisor = pids[i] && !process_ended(pids[i]) ? process_parent(pids[i]) : 0;
        if (wanted->supervisor)
            return true;
    }
    return false;
}

pid_t crew_supervisor(pool_t *pool)
{
    struct wanted wanted = {.pool = pool};
    assert_true(deadline_met(5000, find_supervisor, &wanted));
    return wanted.supervisor;
}

/* Writes the living children of the supervisor. Returns how many. */
static int living(pid_t supervisor, pid_t pids[CREW_MOST])
{
    int count = process_children(supervisor, pids, CREW_MOST), left = 0;
    for (int i = 0; i < count; i++)
        if (!process_ended(pids[i]))
            pids[left++] = pids[i];
    return left;
}

int crew_count(pid_t supervisor)
{
    pid_t pids[CREW_MOST];
    return living(supervisor, pids);
}

static bool are_so_many(void *argument)
{
    const struct wanted *wanted = argument;
    return crew_count(wanted->supervisor) == wanted->count;
}

bool crew_becomes(pid_t supervisor, int count)
{
    struct wanted wanted = {.supervisor = supervisor, .count = count};
    return deadline_met(5000, are_so_many, &wanted);
}

static bool has(const pid_t *pids, int count, pid_t pid)
{
    for (int i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

static bool are_told(void *argument)
{
    const struct wanted *wanted = argument;
    pid_t told[CREW_MOST], there[CREW_MOST];
    if (pool_pids(wanted->pool, told, CREW_MOST) != wanted->count)
        return false;
    int count = living(wanted->supervisor, there);
    for (int i = 0; i < wanted->count; i++)
        if (!told[i] || has(told, i, told[i]) || !has(there, count, told[i]))
            return false;
    return count == wanted->count;
}

bool crew_told(pool_t *pool, pid_t supervisor, int count)
{
    struct wanted wanted = {pool, supervisor, count};
    return deadline_met(5000, are_told, &wanted);
}

int crew_successors(pool_t *pool, pid_t supervisor, pid_t successors[CREW_MOST])
{
    pid_t told[CREW_MOST];
    int count = living(supervisor, successors), left = 0;
    int workers = pool_pids(pool, told, CREW_MOST);
    for (int i = 0; i < count; i++)
        if (!has(told, workers < CREW_MOST ? workers : CREW_MOST, successors[i]))
            successors[left++] = successors[i];
    return left;
}

void crew_kill(pool_t *pool, int workers)
{
    pid_t pids[CREW_MOST];
    assert_int_equal(pool_pids(pool, pids, CREW_MOST), workers);
    for (int i = 0; i < workers; i++)
        if (pids[i])
            kill(pids[i], SIGKILL);
}

void crew_killer(void *supervisor)
{
    pid_t parent = *(const pid_t *)supervisor, children[CREW_MOST];
    for (unsigned i = 0;; i++) {
        /* The pauses grow, so that workers get to work even where a start takes longer than a pause. */
        long microseconds = (1000 + (long)(i * 7919 % 4000)) * deadline_slowness();
        microseconds += microseconds * (long)i / 64;
        struct timespec moment = {microseconds / 1000000, microseconds % 1000000 * 1000};
        nanosleep(&moment, NULL);
        int count = process_children(parent, children, CREW_MOST);
        if (count > 0)
            process_kill_child(parent, children[i % (unsigned)count]);
    }
}
