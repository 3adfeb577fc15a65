/* What must be the same before and after each test: no child process, no open descriptor and no
 * shared mapping more than there was.
 *
 * The test program makes itself a subreaper, so any process that a pool leaves behind, wherever it
 * hides, becomes its child. */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <procpool.h>

/* A test that leaves the world as it was, within 20 (or these many) stretched seconds. */
#define WORLD_TEST(function) WORLD_TEST_WITHIN(function, 20)
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

/* A pool that ends with the test, if it is not freed before by world_free(). Asserts success. */
pool_t *world_pool(int processes);
pool_t *world_pool_with(const pool_options_t *options);
void world_free(pool_t *pool);

/* Zeroed memory that processes forked later share; unmapped when the test ends. */
void *world_shared(size_t size);

/* Memory from malloc() that is freed when the test ends. */
void *world_alloc(size_t count, size_t size);

/* This test kills processes whose orphans nobody but the test program can collect: those that it
 * finds dead at its end are no fault. */
void world_expect_orphans(void);

/* Collects children until none is left: whether that comes true within `milliseconds`. */
bool world_empties(int milliseconds);

/* The world as it is: see world_same(). To be freed with free(). */
struct world *world_take(void);

/* Whether descriptors and shared mappings are those of `before`; says on stderr what differs. */
bool world_same(const struct world *before);

#endif
