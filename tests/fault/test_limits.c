/* A pool where something runs out: descriptors, processes, address space, pipe memory. Either it
 * works, or it says what is missing and leaves nothing. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

#if defined(__SANITIZE_ADDRESS__)
#define RESERVES_MEMORY true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RESERVES_MEMORY true
#endif
#endif
#ifndef RESERVES_MEMORY
#define RESERVES_MEMORY false
#endif

enum { ITEMS = 100, WORKERS = 4, PROMPT = 5000 };

static struct ledger *outcomes; /* of the hosts: 0 worked, 1 refused, 2 broke */

/* Maps all items, of which one may be to crash. Returns what pool_map() does. */
static int map_items(pool_t *pool, bool crash)
{
    int items[ITEMS], results[ITEMS] = {0};
    for (int i = 0; i < ITEMS; i++)
        items[i] = crash && i == 50 ? -SIGKILL : i;
    int failed = pool_map(pool, work_copy_or_raise, POOL_IN(items, ITEMS), POOL_OUT(results));
    for (int i = 0; i < ITEMS && failed >= 0; i++)
        SUBHOST_CHECK(results[i] == i || (failed && i == 50));
    return failed;
}

/* Makes a pool, uses it if that works, and checks that the error is `expected` if it does not. */
static void make_and_use(int workers, int expected)
{
    pool_t *pool;
    pool_options_t options = {.processes = workers, .grace = 500};
    struct world *before = world_take();
    int64_t began = deadline_now();
    int error = pool_create(&pool, &options);
    if (error < 0)
        SUBHOST_EQUAL(error, expected);
    else
        SUBHOST_EQUAL(map_items(pool, false), 0);
    if (error == 0)
        pool_free(pool);
    SUBHOST_CHECK(deadline_kept(began, PROMPT));
    SUBHOST_CHECK(world_same(before));
    ledger_mark(outcomes, error < 0);
    free(before);
}

/* ---- Descriptors ---- */

static void have_few_descriptors(void *more)
{
    struct rlimit limit = {3 + *(rlim_t *)more, 3 + *(rlim_t *)more};
    for (int i = 3; i < 1024; i++)
        close(i);
    SUBHOST_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    make_and_use(2, -EMFILE);
}

static void a_pool_works_with_few_descriptors_or_says_so(void **state)
{
    (void)state;
    if (deadline_valgrind())
        skip(); /* it has descriptors of its own */
    outcomes = ledger_make(3);
    for (rlim_t more = 0; more <= 24; more++)
        subhost_passes(have_few_descriptors, &more);
    assert_true(ledger_count(outcomes, 0) >= 10);
    assert_true(ledger_count(outcomes, 1) >= 3);
}

/* ---- Processes ---- */

/* Becomes a user of whom there is no other process. Root is not limited. */
static void become_nobody(void)
{
    uid_t user = (uid_t)(1000000 + getpid());
    if (getuid() != 0 || setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
        setresuid(user, user, user) < 0)
        subhost_skip("only root can become somebody else");
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* which setresuid() has reset */
    prctl(PR_SET_DUMPABLE, 1);        /* ditto: /proc/self is its own */
}

static void have_few_processes(void *most)
{
    struct rlimit limit = {*(rlim_t *)most, *(rlim_t *)most};
    become_nobody();
    SUBHOST_EQUAL(setrlimit(RLIMIT_NPROC, &limit), 0);
    make_and_use(WORKERS, -EAGAIN);
}

static void a_pool_works_with_few_processes_or_says_so(void **state)
{
    (void)state;
    outcomes = ledger_make(3);
    for (rlim_t most = 1; most <= WORKERS + 4; most++)
        subhost_passes(have_few_processes, &most);
    assert_true(ledger_count(outcomes, 0) >= 2);
    assert_true(ledger_count(outcomes, 1) >= WORKERS);
}

static pid_t supervisor_of(pool_t *pool)
{
    pid_t pid;
    SUBHOST_CHECK(pool_pids(pool, &pid, 1) > 0);
    return process_supervisor(pid);
}

/* Sets how many processes the supervisor of the pool may have; as many as it may have at most if `most`
 * is more. */
static void allow_processes(pid_t supervisor, rlim_t most)
{
    struct rlimit limit;
    SUBHOST_EQUAL(prlimit(supervisor, RLIMIT_NPROC, NULL, &limit), 0);
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    SUBHOST_EQUAL(prlimit(supervisor, RLIMIT_NPROC, &limit, NULL), 0);
}

/* Makes a pool of one worker as another user. Returns its supervisor, which can fork no more. */
static pid_t make_unable_to_replace(pool_t **pool, int start_timeout)
{
    pool_options_t options = {.processes = 1, .grace = 500, .start_timeout = start_timeout};
    become_nobody();
    SUBHOST_EQUAL(pool_create(pool, &options), 0);
    pid_t supervisor = supervisor_of(*pool);
    allow_processes(supervisor, 1);
    return supervisor;
}

/* No worker can be replaced any more: with the last one the pool breaks when `start_timeout` is over, and says
 * why. */
static void be_unable_to_replace(void *unused)
{
    enum { PATIENCE = 1000 };
    pool_t *pool;
    const pool_error_t *errors;
    (void)unused;
    make_unable_to_replace(&pool, PATIENCE);
    int64_t began = deadline_now();
    SUBHOST_EQUAL(map_items(pool, true), POOL_EBROKEN);
    SUBHOST_CHECK(deadline_now() - began >= PATIENCE);
    SUBHOST_CHECK(deadline_kept(began, PROMPT));
    size_t count = pool_errors(pool, &errors);
    SUBHOST_CHECK(count > 0 && strstr(errors[count - 1].message, pool_strerror(-EAGAIN)));
    SUBHOST_EQUAL(map_items(pool, false), POOL_EBROKEN);
    pool_free(pool);
}

static void a_pool_that_cannot_fork_any_more_breaks(void **state)
{
    (void)state;
    subhost_passes(be_unable_to_replace, NULL);
}

/* Processes are short for longer than five forks with their delays take. */
static void be_unable_to_replace_for_a_while(void *unused)
{
    enum { WHILE = 500 };
    int items[ITEMS] = {-SIGKILL}, results[ITEMS];
    pool_t *pool;
    pool_future_t *future;
    (void)unused;
    pid_t supervisor = make_unable_to_replace(&pool, 0);
    SUBHOST_EQUAL(pool_map_async(pool, work_copy_or_raise, POOL_IN(items, ITEMS), POOL_OUT(results),
                                 NULL, &future),
                  0);
    SUBHOST_EQUAL(pool_future_get(future, WHILE), -ETIMEDOUT);
    allow_processes(supervisor, RLIM_INFINITY);
    int64_t began = deadline_now();
    SUBHOST_EQUAL(pool_future_get(future, -1), 1);
    SUBHOST_CHECK(deadline_kept(began, PROMPT));
    pool_future_free(future);
    SUBHOST_EQUAL(map_items(pool, false), 0);
    pool_free(pool);
}

static void a_pool_outlives_a_short_lack_of_processes(void **state)
{
    (void)state;
    subhost_passes(be_unable_to_replace_for_a_while, NULL);
}

/* One worker is enough. */
static void lose_one_of_two(void *unused)
{
    const struct rlimit none = {1, 1};
    (void)unused;
    become_nobody();
    pool_t *pool = subhost_pool(2, 500);
    SUBHOST_EQUAL(prlimit(supervisor_of(pool), RLIMIT_NPROC, &none, NULL), 0);
    SUBHOST_EQUAL(map_items(pool, true), 1);
    int64_t end = deadline_now() + 500;
    while (deadline_now() < end)
        SUBHOST_EQUAL(map_items(pool, false), 0);
    pool_free(pool);
}

static void a_pool_goes_on_with_the_workers_it_has(void **state)
{
    (void)state;
    subhost_passes(lose_one_of_two, NULL);
}

/* The supervisor has no descriptor left for anything new. */
static void replace_without_descriptors(void *unused)
{
    const struct rlimit none = {0, 0};
    (void)unused;
    pool_t *pool = subhost_pool(2, 500);
    SUBHOST_EQUAL(prlimit(supervisor_of(pool), RLIMIT_NOFILE, &none, NULL), 0);
    for (int i = 0; i < 5; i++)
        SUBHOST_EQUAL(map_items(pool, true), 1);
    SUBHOST_EQUAL(map_items(pool, false), 0);
    pool_free(pool);
}

static void workers_are_replaced_without_descriptors(void **state)
{
    (void)state;
    subhost_passes(replace_without_descriptors, NULL);
}

/* ---- Memory ---- */

static rlim_t address_space(void)
{
    long kilobytes = process_kilobytes(getpid(), "VmSize");
    SUBHOST_CHECK(kilobytes > 0);
    return (rlim_t)kilobytes * 1024;
}

static int sum_ends(const void *item, void *result, pool_task_t *task)
{
    const pool_bytes_t *blob = item;
    const unsigned char *bytes = blob->data;
    (void)task;
    *(int *)result = bytes[0] + bytes[blob->size - 1];
    return 0;
}

/* An item of a gibibyte does not fit on a small board; those beside it do. */
static void map_too_large(pool_t *pool, unsigned char *bytes, size_t size)
{
    pool_bytes_t items[] = {{bytes, 100}, {bytes, size}, {bytes, 100}, {bytes, size}};
    int results[4] = {-1, -1, -1, -1};
    const pool_error_t *errors;
    SUBHOST_EQUAL(pool_map(pool, sum_ends, POOL_IN(items, 4), POOL_OUT(results)), 2);
    SUBHOST_CHECK(results[0] == 0 && results[1] == -1 && results[2] == 0 && results[3] == -1);
    SUBHOST_CHECK(pool_errors(pool, &errors) == 2);
    for (size_t i = 0; i < 2; i++) {
        SUBHOST_CHECK(errors[i].index == 2 * i + 1);
        SUBHOST_CHECK(errors[i].kind == POOL_FAILED && errors[i].code == -ENOMEM);
    }
    SUBHOST_EQUAL(map_items(pool, true), 1);
}

static void have_little_memory(void *more)
{
    const size_t gibibyte = (size_t)1 << 30;
    unsigned char *bytes = calloc(gibibyte, 1); /* never touched */
    rlim_t limit = address_space() + *(rlim_t *)more;
    SUBHOST_EQUAL(setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}), 0);
    make_and_use(2, -ENOMEM);
    pool_t *pool;
    if (*(rlim_t *)more > gibibyte / 2 || pool_create(&pool, NULL) < 0) {
        free(bytes);
        return;
    }
    if (bytes)
        map_too_large(pool, bytes, gibibyte);
    pool_free(pool);
    free(bytes);
}

static void a_pool_works_in_a_small_address_space_or_says_so(void **state)
{
    (void)state;
    if (RESERVES_MEMORY || deadline_valgrind())
        skip();
    outcomes = ledger_make(3);
    for (rlim_t more = 1 << 20; more <= (rlim_t)4 << 30; more *= 2)
        subhost_passes(have_little_memory, &more);
    assert_true(ledger_count(outcomes, 0) >= 4);
    assert_true(ledger_count(outcomes, 1) >= 1);
}

static void write_no_files(void *unused)
{
    const struct rlimit limit = {4, 4};
    (void)unused;
    SUBHOST_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    pool_t *pool = subhost_pool(2, 500);
    SUBHOST_EQUAL(map_items(pool, true), 1);
    pool_free(pool);
}

static void a_pool_needs_no_files(void **state)
{
    (void)state;
    subhost_passes(write_no_files, NULL);
}

/* ---- Pipes ---- */

/* A user with many pipes gets small ones. */
static void have_small_pipes(void *unused)
{
    enum { PIPES = 1100, MANY = 20000 };
    static int items[MANY], results[MANY];
    const struct rlimit limit = {4096, 4096};
    int ends[2];
    (void)unused;
    SUBHOST_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    become_nobody();
    for (int i = 0; i < PIPES; i++)
        if (pipe2(ends, O_CLOEXEC) < 0)
            subhost_skip("so many pipes are not allowed");
    for (int i = 0; i < MANY; i++)
        items[i] = i;
    pool_t *pool = subhost_pool(WORKERS, 500);
    pool_map_options_t options = {.chunksize = 1};
    SUBHOST_EQUAL(pool_map_with(pool, work_copy, POOL_IN(items, MANY), POOL_OUT(results), &options),
                  0);
    SUBHOST_CHECK(memcmp(items, results, sizeof items) == 0);
    SUBHOST_EQUAL(map_items(pool, true), 1);
    pool_free(pool);
}

static void a_pool_works_with_small_pipes(void **state)
{
    (void)state;
    subhost_passes(have_small_pipes, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_pool_works_with_few_descriptors_or_says_so),
        WORLD_TEST(a_pool_works_with_few_processes_or_says_so),
        WORLD_TEST(a_pool_that_cannot_fork_any_more_breaks),
        WORLD_TEST(a_pool_outlives_a_short_lack_of_processes),
        WORLD_TEST(a_pool_goes_on_with_the_workers_it_has),
        WORLD_TEST(workers_are_replaced_without_descriptors),
        WORLD_TEST(a_pool_works_in_a_small_address_space_or_says_so),
        WORLD_TEST(a_pool_needs_no_files),
        WORLD_TEST(a_pool_works_with_small_pipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
