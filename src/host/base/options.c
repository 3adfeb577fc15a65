/* Runs in the host. Decides the defaults. Reads the environment, and changes nothing else than the
 * options that it writes. */
#include "host/base/options.h"

#include <stdlib.h>
#include <string.h>

enum {
    START_TIMEOUT = 60000, /* milliseconds */
    GRACE = 1000,          /* milliseconds */
    MOST_NICE = 19,        /* the largest niceness of Linux */
    BUDGET = 32 << 20,     /* bytes */
    NESTED = 8             /* nested processes per worker */
};

static bool serial_by_environment(void)
{
    const char *text = secure_getenv("PROCPOOL_SERIAL");
    return text && strcmp(text, "1") == 0;
}

int pool__options(pool_options_t *options, const pool_options_t *given)
{
    pool_options_t wanted = {0};
    if (given)
        wanted = *given;
    if (wanted.processes < 0 || wanted.processes > POOL_PROCESSES_MAX)
        return POOL_EPROCESSES;
    if (wanted.start_timeout < 0 || wanted.grace < 0 || wanted.idle_timeout < 0 ||
        wanted.niceness < 0 || wanted.niceness > MOST_NICE)
        return POOL_EOPTION;
    if (wanted.processes == 0)
        wanted.processes = pool_cpu_count();
    wanted.serial |= serial_by_environment();
    if (wanted.serial) {
        wanted.processes = 1;
        /* The inline worker cannot be replaced, and does not leave when it is idle. */
        wanted.maxtasksperchild = wanted.maxmemoryperchild = 0;
        wanted.idle_timeout = 0;
    }
    if (wanted.nested_processes == 0)
        wanted.nested_processes = NESTED * wanted.processes;
    else if (wanted.nested_processes < 0)
        wanted.nested_processes = 0;
    if (wanted.start_timeout == 0)
        wanted.start_timeout = START_TIMEOUT;
    if (wanted.grace == 0)
        wanted.grace = GRACE;
    if (wanted.budget == 0)
        wanted.budget = BUDGET;
    *options = wanted;
    return 0;
}
