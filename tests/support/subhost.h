/* Hosts that a test forks: to be killed, to live in a strange world, or to run out of something.
 *
 * The body runs in a child and must not use cmocka's asserts: there they would go on with the rest
 * of the suite. It uses SUBHOST_CHECK(). */
#ifndef SUPPORT_SUBHOST_H
#define SUPPORT_SUBHOST_H

#include <stdbool.h>
#include <sys/types.h>

#include <procpool.h>

typedef void (*subhost_body_t)(void *argument);

/* Forks a host that runs `body` and ends; or a helper, which does things to the test program while
 * that waits for its pool. It dies with the test program. */
pid_t subhost_start(subhost_body_t body, void *argument);

/* Waits for it to end. Returns its status, as of waitpid(). */
int subhost_wait(pid_t host);

/* Asserts that a host which runs `body` ends well, and that every process it started is gone
 * soon. */
void subhost_passes(subhost_body_t body, void *argument);

/* Makes a pool in such a host, with the default grace if `grace` is 0. The host ends when that fails. */
pool_t *subhost_pool(int processes, int grace);

/* Ends the host, and says why, unless `condition` holds. */
#define SUBHOST_CHECK(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            subhost_fail(__FILE__, __LINE__, #condition);                                          \
    } while (0)

/* The same for two numbers, which are told. */
#define SUBHOST_EQUAL(is, should) subhost_equal(__FILE__, __LINE__, #is, (is), (should))

_Noreturn void subhost_fail(const char *file, int line, const char *what);
void subhost_equal(const char *file, int line, const char *what, long long is, long long should);

/* Ends the host with status 0 and says why its test has nothing to show: subhost_passes() skips. */
_Noreturn void subhost_skip(const char *why);

#endif
