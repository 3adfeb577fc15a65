/* The host's world is its own: a pool works whatever the host does with signals and children, and
 * changes nothing of it. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 100 };

static void check_map(pool_t *pool)
{
    int items[ITEMS], results[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        items[i] = i % 10 == 5 ? -SIGSEGV : i;
    SUBHOST_EQUAL(pool_map(pool, work_copy_or_raise, POOL_IN(items, ITEMS), POOL_OUT(results)),
                  ITEMS / 10);
    for (int i = 0; i < ITEMS; i++)
        if (i % 10 != 5)
            SUBHOST_EQUAL(results[i], i);
}

static void live_through_a_pool(void)
{
    pool_t *pool = subhost_pool(2, 5000);
    check_map(pool);
    pool_free(pool);
    pool = subhost_pool(2, 5000);
    check_map(pool);
    int64_t began = deadline_now();
    SUBHOST_EQUAL(pool_terminate(pool), 0); /* its SIGTERM arrives: no need to wait for the grace */
    SUBHOST_CHECK(deadline_now() - began < 4000);
    pool_free(pool);
}

/* ---- SIGCHLD and children ---- */

static void ignore_sigchld(void *unused)
{
    (void)unused;
    signal(SIGCHLD, SIG_IGN);
    live_through_a_pool();
}

static void want_no_zombies(void *unused)
{
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    (void)unused;
    sigaction(SIGCHLD, &action, NULL);
    live_through_a_pool();
}

static atomic_int strangers, own_children;
static _Atomic pid_t own_child;

static void reap_all(int signal)
{
    int before = errno;
    pid_t pid;
    (void)signal;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        atomic_fetch_add(pid == atomic_load(&own_child) ? &own_children : &strangers, 1);
    errno = before;
}

static bool child_reaped(void *unused)
{
    (void)unused;
    return atomic_load(&own_children) == 1;
}

static void reap_in_a_handler(void *unused)
{
    struct sigaction action = {.sa_handler = reap_all};
    (void)unused;
    sigaction(SIGCHLD, &action, NULL);
    live_through_a_pool();
    pid_t child = fork();
    if (child == 0) {
        deadline_met(50, child_reaped, NULL); /* never: gives the host time to note the number */
        _exit(0);
    }
    atomic_store(&own_child, child);
    live_through_a_pool();
    SUBHOST_CHECK(deadline_met(5000, child_reaped, NULL));
    SUBHOST_EQUAL(atomic_load(&strangers), 0);
}

static atomic_bool stop_reaping;

static void *reap_for_ever(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop_reaping))
        waitpid(-1, NULL, 0);
    return NULL;
}

/* The process that stands between host and supervisor for a moment may be stolen. */
static void reap_in_a_thread(void *unused)
{
    pthread_t reaper;
    (void)unused;
    SUBHOST_EQUAL(pthread_create(&reaper, NULL, reap_for_ever, NULL), 0);
    for (int i = 0; i < 20; i++)
        live_through_a_pool();
    atomic_store(&stop_reaping, true);
    pthread_join(reaper, NULL);
}

/* Also after a child of the host's has come and gone, whose status is still there. */
static void look_for_children(void *unused)
{
    int status = 0;
    (void)unused;
    pool_t *pool = subhost_pool(2, 5000);
    SUBHOST_CHECK(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
    pid_t child = fork();
    if (child == 0)
        _exit(7);
    check_map(pool);
    pool_free(pool);
    live_through_a_pool();
    SUBHOST_EQUAL(waitpid(-1, &status, 0), child);
    SUBHOST_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void a_host_may_ignore_sigchld(void **state)
{
    (void)state;
    subhost_passes(ignore_sigchld, NULL);
    subhost_passes(want_no_zombies, NULL);
}

static void a_host_may_reap_whatever_it_finds(void **state)
{
    (void)state;
    subhost_passes(reap_in_a_handler, NULL);
    subhost_passes(reap_in_a_thread, NULL);
}

static void a_pool_is_no_child_of_its_host(void **state)
{
    (void)state;
    subhost_passes(look_for_children, NULL);
}

/* ---- Signals ---- */

static void block_all_signals(void *unused)
{
    sigset_t all;
    (void)unused;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    live_through_a_pool();
}

static void ignore_all_signals(void *unused)
{
    (void)unused;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_IGN);
    live_through_a_pool();
}

static atomic_int caught;

static void count_signal(int signal)
{
    (void)signal;
    atomic_fetch_add(&caught, 1);
}

/* A thousand signals a second, none of which restarts the system call it interrupts. */
static void be_interrupted(void *unused)
{
    int each = 1000 * deadline_slowness();
    struct sigaction action = {.sa_handler = count_signal};
    struct itimerval storm = {{0, each}, {0, each}};
    (void)unused;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &storm, NULL);
    for (int i = 0; i < 20; i++)
        live_through_a_pool();
    SUBHOST_CHECK(atomic_load(&caught) > 5);
}

static void a_host_may_block_or_ignore_all_signals(void **state)
{
    (void)state;
    subhost_passes(block_all_signals, NULL);
    subhost_passes(ignore_all_signals, NULL);
}

static void a_host_may_be_interrupted_all_the_time(void **state)
{
    (void)state;
    subhost_passes(be_interrupted, NULL);
}

/* As by Ctrl-C: a signal to the whole group of the host, which handles it. */
static pid_t group;

static int interrupt_and_copy(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    if (*(const int *)item % 10 == 5)
        kill(-group, SIGINT);
    *(int *)result = *(const int *)item;
    return 0;
}

static void be_interrupted_with_its_group(void *unused)
{
    int items[ITEMS], results[ITEMS];
    struct sigaction action = {.sa_handler = count_signal};
    (void)unused;
    SUBHOST_EQUAL(setpgid(0, 0), 0);
    group = getpid();
    sigaction(SIGINT, &action, NULL);
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    pool_t *pool = subhost_pool(2, 5000);
    SUBHOST_EQUAL(pool_map(pool, interrupt_and_copy, POOL_IN(items, ITEMS), POOL_OUT(results)), 0);
    SUBHOST_CHECK(memcmp(items, results, sizeof items) == 0);
    SUBHOST_CHECK(atomic_load(&caught) > 0);
    SUBHOST_CHECK(pool_replaced(pool) == 0);
    pool_free(pool);
}

static void interrupts_of_the_hosts_group_are_the_hosts_alone(void **state)
{
    (void)state;
    subhost_passes(be_interrupted_with_its_group, NULL);
}

/* ---- What does not change ---- */

struct surroundings {
    void (*handlers[NSIG])(int);
    int flags[NSIG];
    bool blocked[NSIG], blocked_in_handler[NSIG];
    stack_t stack;
    struct itimerval timer;
    struct rlimit files;
    char directory[4096], name[16];
    mode_t umask;
    int threads, group, session, subreaper, death_signal;
};

static void look_at_signals(struct surroundings *s)
{
    struct sigaction action;
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < NSIG; i++) {
        s->blocked[i] = sigismember(&mask, i) == 1;
        if (sigaction(i, NULL, &action) == 0) {
            s->handlers[i] = action.sa_handler;
            s->flags[i] = action.sa_flags;
            s->blocked_in_handler[i] = sigismember(&action.sa_mask, SIGHUP) == 1;
        }
    }
}

static void look_around(struct surroundings *s)
{
    memset(s, 0, sizeof *s);
    look_at_signals(s);
    sigaltstack(NULL, &s->stack);
    getitimer(ITIMER_REAL, &s->timer);
    getrlimit(RLIMIT_NOFILE, &s->files);
    SUBHOST_CHECK(getcwd(s->directory, sizeof s->directory));
    prctl(PR_GET_NAME, s->name);
    s->umask = umask(0);
    umask(s->umask);
    s->threads = process_threads(getpid());
    s->group = getpgid(0);
    s->session = getsid(0);
    prctl(PR_GET_CHILD_SUBREAPER, &s->subreaper);
    prctl(PR_GET_PDEATHSIG, &s->death_signal);
}

static void ignore_signal(int signal)
{
    (void)signal;
}

static void look_around_before_and_after(void *unused)
{
    static struct surroundings before, during, after;
    struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};
    (void)unused;
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(SIGUSR1, &action, NULL);
    sigprocmask(SIG_BLOCK, &action.sa_mask, NULL);
    look_around(&before);
    pool_t *pool = subhost_pool(2, 5000);
    check_map(pool);
    look_around(&during);
    pool_free(pool);
    live_through_a_pool();
    look_around(&after);
    SUBHOST_CHECK(memcmp(&before, &during, sizeof before) == 0);
    SUBHOST_CHECK(memcmp(&before, &after, sizeof before) == 0);
}

static void a_pool_changes_nothing_of_its_host(void **state)
{
    (void)state;
    subhost_passes(look_around_before_and_after, NULL);
}

/* ---- Threads ---- */

static void *make_in_thread(void *pool)
{
    *(pool_t **)pool = subhost_pool(2, 5000);
    check_map(*(pool_t **)pool);
    return NULL;
}

static void *use_in_thread(void *pool)
{
    check_map(pool);
    return NULL;
}

/* The thread that made the pool ends, and others go on with it. */
static void pass_through_threads(void *unused)
{
    pool_t *pool = NULL;
    pthread_t thread;
    (void)unused;
    SUBHOST_EQUAL(pthread_create(&thread, NULL, make_in_thread, &pool), 0);
    pthread_join(thread, NULL);
    pid_t pid;
    pool_pids(pool, &pid, 1);
    for (int i = 0; i < 5; i++) {
        check_map(pool);
        SUBHOST_EQUAL(pthread_create(&thread, NULL, use_in_thread, pool), 0);
        pthread_join(thread, NULL);
    }
    pool_free(pool);
}

static void a_pool_outlives_the_thread_that_made_it(void **state)
{
    (void)state;
    subhost_passes(pass_through_threads, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_host_may_ignore_sigchld),
        WORLD_TEST(a_host_may_reap_whatever_it_finds),
        WORLD_TEST(a_pool_is_no_child_of_its_host),
        WORLD_TEST(a_host_may_block_or_ignore_all_signals),
        WORLD_TEST(a_host_may_be_interrupted_all_the_time),
        WORLD_TEST(interrupts_of_the_hosts_group_are_the_hosts_alone),
        WORLD_TEST(a_pool_changes_nothing_of_its_host),
        WORLD_TEST(a_pool_outlives_the_thread_that_made_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
