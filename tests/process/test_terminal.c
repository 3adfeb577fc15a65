/* A host on a terminal: what is pressed there is for the host alone, and workers that use the terminal
 * are not stopped. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/gate.h"
#include "support/ledger.h"
#include "support/subhost.h"
#include "support/world.h"

enum { WORKERS = 2, PROMPT = 5000 };

static struct gate *gate;
static struct ledger *started;
static int terminal; /* of the host */
static volatile sig_atomic_t interrupts;

static void count_interrupt(int signal)
{
    (void)signal;
    interrupts++;
}

/* Returns the other side of a terminal that is made the host's. Workers in the background may not write
 * to it. */
static int take_terminal(void)
{
    struct termios settings;
    SUBHOST_CHECK(setsid() > 0);
    int keyboard = posix_openpt(O_RDWR | O_NOCTTY);
    SUBHOST_CHECK(keyboard >= 0 && grantpt(keyboard) == 0 && unlockpt(keyboard) == 0);
    terminal = open(ptsname(keyboard), O_RDWR);
    SUBHOST_CHECK(terminal >= 0 && tcgetattr(terminal, &settings) == 0);
    settings.c_lflag |= TOSTOP;
    SUBHOST_EQUAL(tcsetattr(terminal, TCSANOW, &settings), 0);
    return keyboard;
}

static int use_terminal(const void *item, void *result, pool_task_t *task)
{
    struct termios settings;
    (void)item;
    (void)result;
    if (open("/dev/tty", O_RDWR) >= 0 || errno != ENXIO)
        return pool_fail(task, 1, "the terminal is the worker's");
    if (write(terminal, "x", 1) != 1 || tcgetattr(terminal, &settings) < 0 ||
        tcsetattr(terminal, TCSANOW, &settings) < 0)
        return pool_fail(task, 1, "the terminal cannot be used");
    ledger_mark(started, 0);
    return gate_pass(gate) ? 0 : 1;
}

static bool is_interrupted(void *unused)
{
    (void)unused;
    return interrupts > 0;
}

static void live_on_terminal(void *unused)
{
    pool_future_t *future;
    (void)unused;
    int keyboard = take_terminal();
    signal(SIGINT, count_interrupt);
    pool_t *pool = subhost_pool(WORKERS, 0);
    SUBHOST_EQUAL(pool_map_async(pool, use_terminal, POOL_RANGE(WORKERS), POOL_NONE, NULL, &future),
                  0);
    SUBHOST_CHECK(ledger_reaches(started, WORKERS, PROMPT));
    SUBHOST_EQUAL(write(keyboard, "\003", 1), 1); /* Ctrl-C */
    SUBHOST_CHECK(deadline_met(PROMPT, is_interrupted, NULL));
    gate_open(gate);
    SUBHOST_EQUAL(pool_future_get(future, PROMPT), 0);
    SUBHOST_CHECK(pool_replaced(pool) == 0);
    pool_future_free(future);
    pool_free(pool);
    SUBHOST_EQUAL(tcgetsid(terminal), getpid()); /* it is the host's still */
}

static void the_terminal_is_the_hosts_alone(void **state)
{
    (void)state;
    gate = gate_make();
    started = ledger_make(1);
    subhost_passes(live_on_terminal, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_terminal_is_the_hosts_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
