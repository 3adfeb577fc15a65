/* Runs in the test program; world_take() and world_same() also in the hosts it forks. */
#include "support/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"

enum { DESCRIPTORS = 4096, END = 5000 };

/* ---- Descriptors and mappings ---- */

struct world {
    int mappings;
    bool open[DESCRIPTORS];
};

static int count_shared_mappings(void)
{
    char line[512], rights[8];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps))
        count += sscanf(line, "%*s %7s", rights) == 1 && rights[3] == 's';
    if (maps)
        fclose(maps);
    return count;
}

struct world *world_take(void)
{
    struct world *world = calloc(1, sizeof *world);
    world->mappings = count_shared_mappings();
    for (int i = 0; i < DESCRIPTORS; i++)
        world->open[i] = fcntl(i, F_GETFD) >= 0;
    return world;
}

static void print_descriptor(int descriptor, bool open)
{
    char path[64], target[256] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    if (open && readlink(path, target, sizeof target - 1) < 0)
        target[0] = '\0';
    fprintf(stderr, "descriptor %d is %s %s\n", descriptor, open ? "open:" : "closed", target);
}

bool world_same(const struct world *before)
{
    struct world *now = world_take();
    bool same = now->mappings == before->mappings;
    if (!same)
        fprintf(stderr, "%d shared mappings, there were %d\n", now->mappings, before->mappings);
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (now->open[i] != before->open[i]) {
            print_descriptor(i, now->open[i]);
            same = false;
        }
    }
    free(now);
    return same;
}

/* ---- Children ---- */

static int orphans;

/* Collects the children that have ended. Whether no child is left. */
static bool no_child(void *unused)
{
    (void)unused;
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid <= 0)
            return pid < 0 && errno == ECHILD;
        orphans++;
    }
}

bool world_empties(int milliseconds)
{
    return deadline_met(milliseconds, no_child, NULL);
}

/* ---- What a test made ---- */

/* One of the things that end with the test. The members of the others are NULL. */
struct kept {
    pool_t *pool;
    void *allocated, *shared;
    size_t size; /* of what is shared */
};

static struct {
    struct world *before;
    bool expects_orphans;
    struct kept *kept;
    size_t count;
} test;

void world_expect_orphans(void)
{
    test.expects_orphans = true;
}

/* Returns the entry for one thing more, which is valid until the next call. */
static struct kept *keep(void)
{
    struct kept *kept = realloc(test.kept, (test.count + 1) * sizeof *kept);
    assert_non_null(kept);
    test.kept = kept;
    kept[test.count] = (struct kept){.pool = NULL};
    return &kept[test.count++];
}

pool_t *world_pool_with(const pool_options_t *options)
{
    pool_t *pool;
    assert_int_equal(pool_create(&pool, options), 0);
    keep()->pool = pool;
    return pool;
}

pool_t *world_pool(int processes)
{
    pool_options_t options = {.processes = processes};
    return world_pool_with(&options);
}

void world_free(pool_t *pool)
{
    for (size_t i = 0; i < test.count; i++)
        if (test.kept[i].pool == pool)
            test.kept[i].pool = NULL;
    pool_free(pool);
}

void *world_shared(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(memory != MAP_FAILED);
    struct kept *kept = keep();
    kept->shared = memory;
    kept->size = size;
    return memory;
}

void *world_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    assert_non_null(memory);
    keep()->allocated = memory;
    return memory;
}

/* Frees the pools before the memory, which their workers and calls may still use. */
static void release_all(void)
{
    for (size_t i = 0; i < test.count; i++)
        pool_free(test.kept[i].pool);
    for (size_t i = 0; i < test.count; i++) {
        free(test.kept[i].allocated);
        if (test.kept[i].shared)
            munmap(test.kept[i].shared, test.kept[i].size);
    }
    free(test.kept);
    test.kept = NULL;
    test.count = 0;
}

/* ---- Before and after each test ---- */

/* Without pidfds a pool cannot collect its supervisor, and the test program has to, being a subreaper. */
static bool kernel_has_pidfds(void)
{
    int descriptor = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

int world_setup(void **state)
{
    const struct world_plan *plan = *state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    deadline_arm(plan->name, plan->seconds);
    test.expects_orphans = false;
    orphans = 0;
    free(test.before);
    test.before = world_take();
    return 0;
}

int world_teardown(void **state)
{
    (void)state;
    release_all();
    bool empty = world_empties(END);
    if (!empty) {
        fprintf(stderr, "processes are left:\n");
        process_print_children(stderr);
        process_kill_children();
        world_empties(END);
    }
    bool collected = orphans == 0 || test.expects_orphans || !kernel_has_pidfds();
    if (!collected)
        fprintf(stderr, "%d processes had ended, but were not waited for\n", orphans);
    bool same = world_same(test.before);
    free(test.before);
    test.before = NULL;
    deadline_disarm();
    return empty && collected && same ? 0 : -1;
}
