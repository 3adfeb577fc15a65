/* The program whose instructions and system calls are counted: `count UNIT N` does N times what a
 * unit is, with one worker, or in a serial pool if PROCPOOL_SERIAL=1. It prints how often the
 * processes of the pool have read the clock.
 *
 * Two runs must do the same. So all processes share one processor, none of them preempts another
 * when it is woken, and the clock is the program's own: it advances by a fixed step each time it is
 * read. The program must not measure time. */
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>

#include "../kernel.h"

#ifdef __clang__
#define COMPILER "" /* its version says the name */
#else
#define COMPILER "gcc "
#endif

static _Noreturn void fail(const char *what, int code)
{
    fprintf(stderr, "count: %s: %s\n", what, pool_strerror(code));
    exit(1);
}

static void require(bool right, const char *what)
{
    if (!right)
        fail(what, 0);
}

/* ---- The clock ---- */

enum { CLOCK_STEP = 1000 }; /* nanoseconds */

static _Atomic uint64_t *clock_reads; /* of all processes: mapped before the pool is made */
static uint64_t clock_now;            /* of this process */

/* Replaces the C library's function in all of the program and in libuv. */
int clock_gettime(clockid_t id, struct timespec *time)
{
    (void)id;
    clock_now += CLOCK_STEP;
    if (clock_reads)
        atomic_fetch_add_explicit(clock_reads, 1, memory_order_relaxed);
    time->tv_sec = (time_t)(clock_now / 1000000000);
    time->tv_nsec = (long)(clock_now % 1000000000);
    return 0;
}

/* ---- What is counted ---- */

static void map(pool_t *pool, size_t count, size_t chunksize)
{
    uint64_t *items = calloc(count, sizeof *items), *results = calloc(count, sizeof *results);
    require(items && results, "no memory");
    pool_map_options_t options = {.chunksize = chunksize};
    int code =
        pool_map_with(pool, kernel_invert, POOL_IN(items, count), POOL_OUT(results), &options);
    if (code != 0)
        fail("pool_map", code);
    for (size_t i = 0; i < count; i++)
        require(results[i] == UINT64_MAX, "pool_map: wrong results");
    free(results);
    free(items);
}

static void do_items(pool_t *pool, size_t count)
{
    map(pool, count, 4096);
}

static void do_chunks(pool_t *pool, size_t count)
{
    map(pool, count, 1);
}

static void do_calls(pool_t *pool, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t item = i, result = 0;
        int code = pool_map(pool, kernel_invert, POOL_IN(&item, 1), POOL_OUT(&result));
        require(code == 0 && result == ~item, "pool_map of one item");
    }
}

enum { OUTSTANDING_MAX = 100 };

/* Before each future is waited for, so many have been submitted after it. */
static void futures(pool_t *pool, size_t count, size_t outstanding)
{
    pool_future_t *futures[OUTSTANDING_MAX + 1];
    uint64_t items[OUTSTANDING_MAX + 1], results[OUTSTANDING_MAX + 1];
    for (size_t i = 0; i < count + outstanding; i++) {
        size_t place = i % (outstanding + 1), oldest = (i + 1) % (outstanding + 1);
        items[place] = i;
        int code = pool_apply_async(pool, kernel_invert, POOL_IN(&items[place], 1),
                                    POOL_OUT(&results[place]), NULL, &futures[place]);
        if (code != 0)
            fail("pool_apply_async", code);
        if (i < outstanding)
            continue;
        require(pool_future_get(futures[oldest], -1) == 0, "pool_future_get");
        require(results[oldest] == ~items[oldest], "pool_apply_async: wrong results");
        pool_future_free(futures[oldest]);
    }
    pool_close(pool);
    pool_join(pool);
}

static void do_futures(pool_t *pool, size_t count)
{
    futures(pool, count, 3);
}

static void do_futures_100(pool_t *pool, size_t count)
{
    futures(pool, count, OUTSTANDING_MAX);
}

static void do_steps(pool_t *pool, size_t count)
{
    uint64_t *items = calloc(count, sizeof *items), result;
    require(items, "no memory");
    pool_source_t source = {.in = POOL_IN(items, count)};
    pool_iterator_t *iterator;
    int code = pool_imap(pool, kernel_invert, &source, POOL_RESULT(uint64_t), NULL, &iterator);
    if (code != 0)
        fail("pool_imap", code);
    for (size_t i = 0; i < count; i++)
        require(pool_next(iterator, &result, -1) == 1 && result == UINT64_MAX, "pool_next");
    pool_iterator_free(iterator);
    free(items);
}

static void do_blobs(pool_t *pool, size_t count)
{
    struct blob *items = calloc(count, sizeof *items), *results = calloc(count, sizeof *results);
    require(items && results, "no memory");
    int code = pool_map(pool, kernel_copy, POOL_IN(items, count), POOL_OUT(results));
    require(code == 0, "pool_map of blobs");
    free(results);
    free(items);
}

/* Further pools, which are made, used once and freed. */
static void do_pools(pool_t *pool, size_t count)
{
    (void)pool;
    for (size_t i = 0; i < count; i++) {
        pool_t *another;
        pool_options_t options = {.processes = 1};
        int code = pool_create(&another, &options);
        if (code < 0)
            fail("pool_create", code);
        do_calls(another, 1);
        pool_free(another);
    }
}

static const struct unit {
    const char *name;
    void (*act)(pool_t *pool, size_t count);
} units[] = {
    {"item", do_items},
    {"chunk", do_chunks},
    {"call", do_calls},
    {"future", do_futures},
    {"future-100", do_futures_100},
    {"step", do_steps},
    {"blob", do_blobs},
    {"pool", do_pools},
};

/* ---- The program ---- */

static void settle_down(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    const struct sched_param parameters = {0};
    if (sched_setaffinity(0, sizeof set, &set) != 0 ||
        sched_setscheduler(0, SCHED_BATCH, &parameters) != 0)
        fprintf(stderr, "count: cannot choose a processor or a policy\n");
    void *memory =
        mmap(NULL, sizeof *clock_reads, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "mmap");
    clock_reads = memory;
}

static void run(const struct unit *unit, size_t count)
{
    pool_t *pool;
    pool_options_t options = {.processes = 1};
    settle_down();
    int code = pool_create(&pool, &options);
    if (code < 0)
        fail("pool_create", code);
    unit->act(pool, count);
    pool_free(pool);
    printf("%llu\n", (unsigned long long)atomic_load(clock_reads));
}

/* Counts of another compiler, C library, processor or build are other counts. */
static void print_build(void)
{
    struct utsname name;
    require(uname(&name) == 0, "uname");
    printf(COMPILER __VERSION__ ", glibc %s, %s, " COUNT_BUILD "\n", gnu_get_libc_version(),
           name.machine);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--build") == 0) {
        print_build();
        return 0;
    }
    for (size_t i = 0; argc == 3 && i < sizeof units / sizeof *units; i++)
        if (strcmp(argv[1], units[i].name) == 0) {
            run(&units[i], strtoul(argv[2], NULL, 10));
            return 0;
        }
    fputs("usage: count --build | count UNIT N\n", stderr);
    return 2;
}
