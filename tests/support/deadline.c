/* Runs in the test program and in the hosts it forks. */
#include "support/deadline.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/process.h"

static const char *armed_for = "";

/* How many times as long things take since other programs want the processors too: 1 below a load
 * of one and a half for each processor, 2 below three, and so on. */
static int load_factor(void)
{
    double load = 0;
    double processors = (double)sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&load, 1) != 1)
        return 1;
    return 1 + (int)(load / (1.5 * processors));
}

int deadline_slowness(void)
{
    static int slowness; /* the same for the whole test, and in what it forks */
    if (slowness == 0) {
        const char *text = getenv("POOL_TEST_SLOWNESS");
        int asked = text ? atoi(text) : 1;
        slowness = (asked > 1 ? asked : 1) * load_factor();
    }
    return slowness;
}

bool deadline_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

int64_t deadline_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool deadline_met(int milliseconds, bool (*holds)(void *), void *argument)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    int64_t end = deadline_now() + (int64_t)milliseconds * deadline_slowness();
    while (!holds(argument)) {
        if (deadline_now() >= end)
            return false;
        nanosleep(&moment, NULL);
    }
    return true;
}

bool deadline_kept(int64_t began, int milliseconds)
{
    return deadline_now() - began < (int64_t)milliseconds * deadline_slowness();
}

/* Calls functions that are not safe in a handler: the program ends here, so a spoiled state does no
 * harm. */
static void on_alarm(int signal)
{
    (void)signal;
    fprintf(stderr, "%s: still running at its deadline; its processes:\n", armed_for);
    process_print_children(stderr);
    fflush(stderr);
    process_kill_children();
    _exit(124);
}

void deadline_arm(const char *test, int seconds)
{
    struct sigaction action = {.sa_handler = on_alarm};
    armed_for = test;
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)(seconds * deadline_slowness()));
}

void deadline_disarm(void)
{
    alarm(0);
}
