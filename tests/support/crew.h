/* The processes of a pool as /proc shows them, to compare with what pool_pids() tells. */
#ifndef SUPPORT_CREW_H
#define SUPPORT_CREW_H

#include <stdbool.h>
#include <sys/types.h>

#include <procpool.h>

enum { CREW_MOST = 64 };

/* Returns the supervisor of the pool. Either one of its workers must live, or the supervisor must be
 * the only child of the test program. Asserts that the supervisor is found within a deadline. */
pid_t crew_supervisor(pool_t *pool);

/* Returns how many children of the supervisor live: workers, and successors that wait to succeed them. */
int crew_count(pid_t supervisor);

/* Whether the number of these children becomes `count` within a deadline. */
bool crew_becomes(pid_t supervisor, int count);

/* Whether the pool comes to tell of `count` workers within a deadline, and all is true: each is another
 * living child of the supervisor, and the supervisor has no other children. */
bool crew_told(pool_t *pool, pid_t supervisor, int count);

/* Writes the successors: the living children of the supervisor that the pool does not tell of. Returns how many.
 * For a moment a worker that was just forked may be among them. */
int crew_successors(pool_t *pool, pid_t supervisor, pid_t successors[CREW_MOST]);

/* Kills the workers of a pool that has so many. Asserts that the pool tells as many. */
void crew_kill(pool_t *pool, int workers);

/* The body of a helper, for subhost_start(): kills a child of the supervisor every few stretched
 * milliseconds, until the helper is killed itself. `supervisor` points to the pid. */
void crew_killer(void *supervisor);

#endif
