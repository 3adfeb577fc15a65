/* Pools within pools: however deep, and however many are wanted, the processes of all together are
 * bounded, and the results are the same. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/world.h"

/* ---- A tree of tasks ---- */

/* A task that makes a pool of so many workers for as many tasks, each of which ... */
struct plan {
    int levels, processes, nested;
    bool serial;
};

static atomic_int *parallel; /* pools that got workers, by how far they are from the innermost */

static int plant(const void *item, void *result, pool_task_t *task)
{
    const struct plan *plan = item;
    struct plan inner[3];
    int results[3] = {0}, error;
    pool_t *pool;
    (void)task;
    *(int *)result = 1;
    if (plan->levels == 0)
        return 0;
    pool_options_t options = {
        .processes = plan->processes, .nested_processes = plan->nested, .serial = plan->serial};
    if ((error = pool_create(&pool, &options)) < 0)
        return error;
    pid_t pid = 0;
    pool_pids(pool, &pid, 1);
    if (pid != getpid())
        atomic_fetch_add(&parallel[plan->levels], 1);
    for (int i = 0; i < 3; i++) {
        inner[i] = *plan;
        inner[i].levels--;
    }
    error = pool_map(pool, plant, POOL_IN(inner, 3), POOL_OUT(results));
    for (int i = 0; i < 3; i++)
        *(int *)result += results[i];
    pool_free(pool);
    return error;
}

static int size_of_tree(int levels)
{
    int size = 1;
    for (; levels > 0; levels--)
        size = 3 * size + 1;
    return size;
}

/* ---- Counting processes ---- */

static int count_below(pid_t parent, int depth)
{
    pid_t children[256];
    int count = process_children(parent, children, 256), all = 0;
    for (int i = 0; i < count; i++)
        if (!process_ended(children[i]))
            all += 1 + (depth > 0 ? count_below(children[i], depth - 1) : 0);
    return all;
}

/* The supervisors of inner pools are nobody's child but their subreaper's: all of them are found from
 * the supervisor of the outermost, which is this program's. */
struct count {
    atomic_bool begun, stop;
    int most;
};

static void *count_on(void *argument)
{
    struct count *count = argument;
    while (!atomic_load(&count->stop)) {
        int now = count_below(getpid(), 12);
        if (now > count->most)
            count->most = now;
        atomic_store(&count->begun, true);
    }
    return NULL;
}

static bool has_begun(void *count)
{
    return atomic_load(&((struct count *)count)->begun);
}

/* Runs the plan in a pool of two workers; the most processes seen meanwhile. */
static int most_processes(struct plan plan, int nested)
{
    struct count count = {.most = 0};
    pthread_t counter;
    struct plan items[6];
    int results[6];
    pool_options_t options = {.processes = 2, .nested_processes = nested};
    parallel = world_shared(64 * sizeof *parallel);
    pool_t *pool = world_pool_with(&options);
    for (int i = 0; i < 6; i++)
        items[i] = plan;
    assert_int_equal(pthread_create(&counter, NULL, count_on, &count), 0);
    deadline_met(5000, has_begun, &count);
    int failed = pool_map(pool, plant, POOL_IN(items, 6), POOL_OUT(results));
    atomic_store(&count.stop, true);
    pthread_join(counter, NULL);
    assert_int_equal(failed, 0);
    for (int i = 0; i < 6; i++)
        assert_int_equal(results[i], size_of_tree(plan.levels));
    assert_int_equal(pool_replaced(pool), 0);
    world_free(pool);
    return count.most;
}

/* A process in between stands for each pool that is being forked: of the two workers' at most, and of
 * theirs. */
enum { OUTERMOST = 3 };

static int in_between(int nested)
{
    return nested / 2 > 0 ? nested / 2 : 0;
}

static void the_whole_tree_keeps_to_its_bound(void **state)
{
    static const int bounds[] = {4, 6, 16, 30};
    (void)state;
    if (deadline_valgrind())
        skip();
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        int most = most_processes((struct plan){.levels = 3, .processes = 3}, bounds[i]);
        assert_in_range(most, OUTERMOST, OUTERMOST + bounds[i] + in_between(bounds[i]));
        assert_int_equal(atomic_load(&parallel[3]), 6);
    }
}

static void no_process_is_made_when_there_are_none(void **state)
{
    static const int bounds[] = {-1, 1, 2, 3}; /* a worker's share has to be two at least */
    (void)state;
    if (deadline_valgrind())
        skip();
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        most_processes((struct plan){.levels = 2, .processes = 2}, bounds[i]);
        for (int level = 0; level < 64; level++)
            assert_int_equal(atomic_load(&parallel[level]), 0);
    }
}

/* ---- Depth ---- */

static int descend(const void *item, void *result, pool_task_t *task)
{
    struct plan next = *(const struct plan *)item;
    int below = 0, error = 0;
    pool_t *pool;
    (void)task;
    if (next.levels == 0) {
        *(int *)result = 1;
        return 0;
    }
    pool_options_t options = {
        .processes = next.processes, .nested_processes = next.nested, .serial = next.serial};
    if ((error = pool_create(&pool, &options)) < 0)
        return error;
    pid_t pid = 0;
    pool_pids(pool, &pid, 1);
    if (pid != getpid())
        atomic_fetch_add(&parallel[next.levels], 1);
    next.levels--;
    error = pool_map(pool, descend, POOL_IN(&next, 1), POOL_OUT(&below));
    pool_free(pool);
    *(int *)result = below + 1;
    return error;
}

static int depth_of(struct plan plan, const pool_options_t *options)
{
    int result = 0;
    parallel = world_shared(64 * sizeof *parallel);
    pool_t *pool = world_pool_with(options);
    assert_int_equal(pool_map(pool, descend, POOL_IN(&plan, 1), POOL_OUT(&result)), 0);
    world_free(pool);
    return result;
}

static void ten_levels_end_as_they_do_serially(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip();
    struct plan plan = {.levels = 10, .processes = 1, .nested = 100};
    pool_options_t options = {.processes = 1, .nested_processes = 100};
    assert_int_equal(depth_of(plan, &options), 11);
    for (int level = 1; level <= 10; level++) /* the outermost is none of these */
        assert_int_equal(atomic_load(&parallel[level]), level > 10 - (POOL_DEPTH_MAX - 1));
    options.serial = plan.serial = true;
    assert_int_equal(depth_of(plan, &options), 11);
    for (int level = 1; level <= 10; level++)
        assert_int_equal(atomic_load(&parallel[level]), 0);
}

static void serial_pools_pass_on_what_their_functions_may_use(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip();
    struct plan plan = {.levels = 10, .processes = 1};
    pool_options_t options = {.serial = true, .nested_processes = 5};
    assert_int_equal(depth_of(plan, &options), 11);
    assert_int_equal(atomic_load(&parallel[10]), 1);
    assert_int_equal(atomic_load(&parallel[9]), 1);
    for (int level = 1; level <= 8; level++)
        assert_int_equal(atomic_load(&parallel[level]), 0);
}

/* ---- Shares ---- */

/* How many workers each of several pools gets; then they are freed. */
static int ask_for(int count, const int wanted[], int nested, int got[])
{
    pool_t *pools[8];
    for (int i = 0; i < count; i++) {
        pool_options_t options = {.processes = wanted[i], .nested_processes = nested};
        pid_t pid;
        int error = pool_create(&pools[i], &options);
        if (error < 0)
            return error;
        got[i] = pool_pids(pools[i], &pid, 1);
        if (pid == getpid())
            got[i] = 0;
    }
    for (int i = 0; i < count; i++)
        pool_free(pools[i]);
    return 0;
}

struct shares {
    int got[3];
};

/* The worker has 8: three and one; five, and one of what is left; none. */
static int share_out(const void *item, void *result, pool_task_t *task)
{
    static const int wanted[] = {3, 7, 1};
    struct shares *shares = result;
    (void)item;
    (void)task;
    return ask_for(3, wanted, -1, shares->got);
}

static void pools_get_what_the_share_of_the_worker_has(void **state)
{
    enum { ITEMS = 10 };
    struct shares shares[ITEMS];
    char items[ITEMS] = {0};
    (void)state;
    if (deadline_valgrind())
        skip();
    pool_t *pool = world_pool(2); /* 8 processes for each worker, by default */
    assert_int_equal(pool_map(pool, share_out, POOL_IN(items, ITEMS), POOL_OUT(shares)), 0);
    for (int i = 0; i < ITEMS; i++) { /* each item finds all of it again */
        assert_int_equal(shares[i].got[0], 3);
        assert_int_equal(shares[i].got[1], 3);
        assert_int_equal(shares[i].got[2], 0);
    }
}

static int share_out_and_die(const void *item, void *result, pool_task_t *task)
{
    pool_options_t options = {.processes = 7};
    pool_t *pool;
    int error = share_out(item, result, task);
    if (error || !*(const char *)item)
        return error;
    error = pool_create(&pool, &options);
    if (!error)
        _exit(pool_processes(pool));
    return error;
}

static void a_replacement_has_the_whole_share(void **state)
{
    enum { ITEMS = 6 };
    struct shares shares[ITEMS];
    char items[ITEMS] = {0, 1, 0, 1, 0, 0};
    (void)state;
    if (deadline_valgrind())
        skip();
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, share_out_and_die, POOL_IN(items, ITEMS), POOL_OUT(shares)), 2);
    outcome_is(pool, 1, POOL_EXITED, 7);
    outcome_is(pool, 3, POOL_EXITED, 7);
    assert_int_equal(shares[5].got[1], 3);
}

/* A worker has 8: one and a supervisor; six more, and then none. */
static int grow(const void *item, void *result, pool_task_t *task)
{
    static const int wanted[] = {1};
    struct shares *shares = result;
    pool_options_t options = {.processes = 1, .nested_processes = -1};
    pool_t *pool;
    (void)item;
    (void)task;
    if (pool_create(&pool, &options) < 0)
        return 1;
    for (int i = 0; i < 2; i++) {
        if (pool_resize(pool, i ? 9 : 4) < 0)
            return 2;
        shares->got[i] = pool_processes(pool);
    }
    int error = ask_for(1, wanted, -1, &shares->got[2]);
    pool_free(pool);
    return error;
}

static void a_pool_that_grows_takes_from_the_share(void **state)
{
    char items[4] = {0};
    struct shares shares[4];
    (void)state;
    if (deadline_valgrind())
        skip();
    pool_t *pool = world_pool(2);
    assert_int_equal(pool_map(pool, grow, POOL_IN(items, 4), POOL_OUT(shares)), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(shares[i].got[0], 4);
        assert_int_equal(shares[i].got[1], 7);
        assert_int_equal(shares[i].got[2], 0);
    }
}

/* Workers that are replaced early are there twice for a while: each has half as much, and its pools
 * count so. */
static int ask_for_limited(const void *item, void *result, pool_task_t *task)
{
    pool_options_t options = {.processes = 9, .maxtasksperchild = 5, .nested_processes = -1};
    pool_t *pool;
    (void)item;
    (void)task;
    if (pool_create(&pool, &options) < 0)
        return 1;
    *(int *)result = pool_processes(pool);
    pool_free(pool);
    return 0;
}

static void successors_count(void **state)
{
    char item = 0;
    int result = 0;
    (void)state;
    if (deadline_valgrind())
        skip();
    pool_options_t options = {.processes = 1, .nested_processes = 20, .maxtasksperchild = 100};
    pool_t *pool = world_pool_with(&options);
    assert_int_equal(pool_map(pool, ask_for_limited, POOL_IN(&item, 1), POOL_OUT(&result)), 0);
    assert_int_equal(result, 4); /* of 10: twice four, and a supervisor */
}

/* A copy that a worker forks has no processes to give; one of the host is as free as the host. */
static int pool_in_copy(void)
{
    static const int wanted[] = {2};
    int got = -1, status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(ask_for(1, wanted, -1, &got) == 0 ? got : 99);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 98;
    return WEXITSTATUS(status);
}

static int copy_worker(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    *(int *)result = pool_in_copy();
    return 0;
}

static void copies_of_workers_have_none_and_copies_of_the_host_are_free(void **state)
{
    char item = 0;
    int result = -1;
    (void)state;
    if (deadline_valgrind())
        skip();
    world_expect_orphans(); /* the copies' supervisors */
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, copy_worker, POOL_IN(&item, 1), POOL_OUT(&result)), 0);
    assert_int_equal(result, 0);
    assert_int_equal(pool_in_copy(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(the_whole_tree_keeps_to_its_bound, 60),
        WORLD_TEST(no_process_is_made_when_there_are_none),
        WORLD_TEST(ten_levels_end_as_they_do_serially),
        WORLD_TEST(serial_pools_pass_on_what_their_functions_may_use),
        WORLD_TEST(pools_get_what_the_share_of_the_worker_has),
        WORLD_TEST(a_replacement_has_the_whole_share),
        WORLD_TEST(a_pool_that_grows_takes_from_the_share),
        WORLD_TEST(successors_count),
        WORLD_TEST(copies_of_workers_have_none_and_copies_of_the_host_are_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
