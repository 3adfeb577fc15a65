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

enum { DESCRIPTORS = 4096, KEPT = 32, END = 5000 };

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

static struct {
    struct world *before;
    bool expects_orphans;
    pool_t *pools[KEPT];
    struct {
        void *memory;
        size_t size;
    } shared[KEPT];
    void *allocated[KEPT];
} test;

void world_expect_orphans(void)
{
    test.expects_orphans = true;
}

pool_t *world_pool_with(const pool_options_t *options)
{
    int i = 0;
    while (i < KEPT - 1 && test.pools[i])
        i++;
    assert_int_equal(pool_create(&test.pools[i], options), 0);
    return test.pools[i];
}

pool_t *world_pool(int processes)
{
    pool_options_t options = {.processes = processes};
    return world_pool_with(&options);
}

void world_free(pool_t *pool)
{
    for (int i = 0; i < KEPT; i++)
        if (test.pools[i] == pool)
            test.pools[i] = NULL;
    pool_free(pool);
}

void *world_shared(size_t size)
{
    int i = 0;
    while (i < KEPT - 1 && test.shared[i].memory)
        i++;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(memory != MAP_FAILED);
    test.shared[i].memory = memory;
    test.shared[i].size = size;
    return memory;
}

void *world_alloc(size_t count, size_t size)
{
    int i = 0;
    while (i < KEPT - 1 && test.allocated[i])
        i++;
    test.allocated[i] = calloc(count ? count : 1, size);
    assert_non_null(test.allocated[i]);
    return test.allocated[i];
}

static void release_all(void)
{
    for (int i = 0; i < KEPT; i++) {
        pool_free(test.pools[i]);
        if (test.shared[i].memory)
            munmap(test.shared[i].memory, test.shared[i].size);
        free(test.allocated[i]);
        test.pools[i] = NULL;
        test.shared[i].memory = test.allocated[i] = NULL;
    }
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
