/* A host with an event loop of its own: timers, children and signals go on beside a pool. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "support/ledger.h"
#include "support/subhost.h"
#include "support/world.h"

enum { ITEMS = 100, ROUNDS = 30 };

static struct ledger *callbacks; /* 0: in the host, 1: elsewhere */
static pid_t host;

static void note_callback(void)
{
    ledger_mark(callbacks, getpid() == host ? 0 : 1);
}

/* Crashes, or asks to end in ways that a loop would catch. */
static int trouble(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)task;
    if (value == 10)
        raise(SIGTERM);
    if (value == 20)
        raise(SIGSEGV);
    if (value == 30)
        raise(SIGHUP);
    *(int *)result = value;
    return 0;
}

static void check_map(pool_t *pool)
{
    int items[ITEMS], results[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        items[i] = i;
    SUBHOST_EQUAL(pool_map(pool, trouble, POOL_IN(items, ITEMS), POOL_OUT(results)), 3);
    for (int i = 0; i < ITEMS; i++)
        if (i != 10 && i != 20 && i != 30)
            SUBHOST_EQUAL(results[i], i);
}

struct host_loop {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t child, term;
    uv_process_t process;
    int ticks, exits, terms;
    int64_t exit_status;
    pool_t *pool;
};

static void on_exit_of_process(uv_process_t *process, int64_t status, int signal)
{
    struct host_loop *host_loop = process->data;
    (void)signal;
    note_callback();
    host_loop->exits++;
    host_loop->exit_status = status;
    uv_close((uv_handle_t *)process, NULL);
}

static void on_signal(uv_signal_t *watcher, int signal)
{
    struct host_loop *host_loop = watcher->data;
    note_callback();
    host_loop->terms += signal == SIGTERM;
}

static void on_timer(uv_timer_t *timer)
{
    struct host_loop *host_loop = timer->data;
    note_callback();
    check_map(host_loop->pool);
    if (++host_loop->ticks < ROUNDS)
        return;
    uv_close((uv_handle_t *)timer, NULL);
    uv_close((uv_handle_t *)&host_loop->child, NULL);
    uv_close((uv_handle_t *)&host_loop->term, NULL);
}

static void spawn(struct host_loop *host_loop)
{
    char name[] = "sh", option[] = "-c", command[] = "exit 7";
    char *arguments[] = {name, option, command, NULL};
    uv_process_options_t options = {
        .exit_cb = on_exit_of_process, .file = "/bin/sh", .args = arguments};
    host_loop->process.data = host_loop;
    SUBHOST_EQUAL(uv_spawn(&host_loop->loop, &host_loop->process, &options), 0);
}

static void open_loop(struct host_loop *host_loop)
{
    SUBHOST_EQUAL(uv_loop_init(&host_loop->loop), 0);
    uv_timer_init(&host_loop->loop, &host_loop->timer);
    uv_signal_init(&host_loop->loop, &host_loop->child);
    uv_signal_init(&host_loop->loop, &host_loop->term);
    host_loop->timer.data = host_loop->child.data = host_loop->term.data = host_loop;
    uv_signal_start(&host_loop->child, on_signal, SIGCHLD);
    uv_signal_start(&host_loop->term, on_signal, SIGTERM);
    uv_timer_start(&host_loop->timer, on_timer, 1, 1);
}

static void run_loop(void *unused)
{
    static struct host_loop host_loop;
    pool_options_t options = {.processes = 2};
    (void)unused;
    host = getpid();
    open_loop(&host_loop);
    SUBHOST_EQUAL(pool_create(&host_loop.pool, &options), 0);
    spawn(&host_loop);
    SUBHOST_EQUAL(uv_run(&host_loop.loop, UV_RUN_DEFAULT), 0);
    pool_free(host_loop.pool);
    SUBHOST_EQUAL(uv_loop_close(&host_loop.loop), 0);
    SUBHOST_EQUAL(host_loop.ticks, ROUNDS);
    SUBHOST_EQUAL(host_loop.exits, 1);
    SUBHOST_EQUAL(host_loop.exit_status, 7);
    SUBHOST_EQUAL(host_loop.terms, 0); /* those were the workers' own */
}

static void the_hosts_loop_is_not_disturbed(void **state)
{
    (void)state;
    callbacks = ledger_make(2);
    subhost_passes(run_loop, NULL);
    assert_true(ledger_count(callbacks, 0) > ROUNDS);
    assert_int_equal(ledger_count(callbacks, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_hosts_loop_is_not_disturbed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
