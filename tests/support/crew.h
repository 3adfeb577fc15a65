/* The processes of a pool, as /proc shows them: what pool_pids() tells can be held against it. */
#ifndef SUPPORT_CREW_H
#define SUPPORT_CREW_H

#include <stdbool.h>
#include <sys/types.h>

#include <procpool.h>

enum { CREW_MOST = 64 };

/* The pool's supervisor, if one of its workers lives or there is no other pool: then it is the only child
 * of the test program, which is a subreaper. Asserts that it is found within a deadline. */
pid_t crew_supervisor(pool_t *pool);

/* How many children of the supervisor live: workers, and heirs that wait. */
int crew_count(pid_t supervisor);

/* Whether there come to be exactly so many within a deadline. */
bool crew_becomes(pid_t supervisor, int count);

/* Whether there come to be exactly so many workers within a deadline, all of which the pool tells: as
 * many numbers, each with a living child of the supervisor, and no child beside these. */
bool crew_told(pool_t *pool, pid_t supervisor, int count);

/* Writes the living children of the supervisor that the pool does not tell: heirs. Returns how many.
 * A worker just forked may be among them for a moment. */
int crew_heirs(pool_t *pool, pid_t supervisor, pid_t heirs[CREW_MOST]);

/* Kills the workers of a pool that has so many. Asserts that the pool tells as many. */
void crew_kill(pool_t *pool, int workers);

/* The body of a helper, for subhost_start(): kills a child of the supervisor every few stretched
 * milliseconds, until the helper is killed itself. `supervisor` points to the pid. */
void crew_killer(void *supervisor);

#endif
