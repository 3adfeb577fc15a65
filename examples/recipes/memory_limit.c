/* How do I limit the memory of a worker?
 *
 * The hard way: the initializer sets RLIMIT_DATA. An allocation beyond the limit fails inside the
 * item, which can say so; a function that does not check malloc() crashes, and that costs its item
 * alone. The limit counts all private memory that may be written, also the worker's image of the
 * host's. (RLIMIT_AS counts address space, of which the pool's shared memory reserves much.)
 * The soft way: the pool's option `maxmemoryperchild`. It stops no item. A worker that is above it
 * between two items leaves and is replaced. It is for leaks; RLIMIT_DATA is for single items. */
#include <errno.h>
#include <procpool.h>
#include <string.h>
#include <sys/resource.h>

#include "recipes/expect.h"

#define MIB ((size_t)1 << 20)

static int limit_memory(void *initargs, void **state, pool_task_t *task)
{
    const size_t *bytes = initargs;
    const struct rlimit limit = {*bytes, *bytes};
    (void)state;
    if (setrlimit(RLIMIT_DATA, &limit) < 0)
        return pool_fail(task, errno, "cannot limit the memory");
    return 0;
}

static unsigned char *volatile leaked;

/* Uses as much memory as the item says, and never gives it back. */
static int leak(const void *item, void *result, pool_task_t *task)
{
    size_t size = *(const size_t *)item;
    unsigned char *memory = malloc(size);
    if (!memory)
        return pool_fail(task, ENOMEM, "%zu MiB are too many", size / MIB);
    leaked = memset(memory, 1, size);
    *(int *)result = 1;
    return 0;
}

static void limit_hard(void)
{
    size_t limit = 256 * MIB, sizes[4] = {MIB, 1024 * MIB, 2 * MIB, 3 * MIB};
    const pool_options_t options = {
        .processes = 2, .initializer = limit_memory, .initargs = &limit};
    const pool_error_t *errors;
    int done[4] = {0};
    pool_t *pool;
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, leak, POOL_IN(sizes, 4), POOL_OUT(done)) == 1);
    EXPECT(pool_errors(pool, &errors) == 1 && errors[0].index == 1 && errors[0].code == ENOMEM);
    EXPECT(done[0] && !done[1] && done[2] && done[3] && pool_replaced(pool) == 0);
    pool_print_errors(pool, stdout);
    pool_free(pool);
}

static void limit_softly(void)
{
    const pool_options_t options = {.processes = 2, .maxmemoryperchild = 24 * MIB};
    size_t sizes[20];
    int done[20];
    pool_t *pool;
    for (int i = 0; i < 20; i++)
        sizes[i] = i == 0 ? 64 * MIB : 8 * MIB; /* the first one alone is above the limit */
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, leak, POOL_IN(sizes, 20), POOL_OUT(done)) == 0);
    EXPECT(pool_replaced(pool) > 0);
    printf("all items are done; %zu workers were replaced\n", pool_replaced(pool));
    pool_free(pool);
}

int main(void)
{
    limit_hard();
    limit_softly();
    return 0;
}
