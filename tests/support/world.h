/* What must be the same before and after each test: child processes, open descriptors and shared
 * mappings.
 *
 * The test program is a subreaper, so each process that a pool leaves behind becomes its child,
 * whatever session it is in. */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <procpool.h>

/* An entry for cmocka: a test that must leave the world as it was, and that may take 60 (or `seconds`)
 * stretched seconds. */
#define WORLD_TEST(function) WORLD_TEST_WITHIN(function, 60)
#define WORLD_TEST_WITHIN(function, seconds)                                                       \
    {                                                                                              \
#function, function, world_setup, world_teardown, &(struct world_plan)                     \
        {                                                                                          \
#function, seconds                                                                     \
        }                                                                                          \
    }

struct world_plan {
    const char *name;
    int seconds;
};

int world_setup(void **plan);
int world_teardown(void **plan);

/* Makes a pool that is freed when the test ends, or before by world_free(). Asserts success. */
pool_t *world_pool(int processes);
pool_t *world_pool_with(const pool_options_t *options);
void world_free(pool_t *pool);

/* Maps zeroed memory that processes forked later share. It is unmapped when the test ends. Asserts
 * success. */
void *world_shared(size_t size);

/* Allocates zeroed memory for an array, which is freed when the test ends. Asserts success. */
void *world_alloc(size_t count, size_t size);

/* Permits zombies at the end of this test. It kills a supervisor or a host, and then only the test
 * program can collect the children of that process. */
void world_expect_orphans(void);

/* Collects children of this process as they end. Whether none is left within so many stretched
 * milliseconds. */
bool world_empties(int milliseconds);

/* Notes the world as it is, for world_same(). The result is freed with free(). */
struct world *world_take(void);

/* Whether the open descriptors and the number of shared mappings are those of `before`. Prints what
 * differs. */
bool world_same(const struct world *before);

#endif
