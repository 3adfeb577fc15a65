/* Runs in the host. */
#include "host/options.h"

enum { START_TIMEOUT = 60000, GRACE = 1000, MOST_NICE = 19, BUDGET = 32 << 20 };

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
    if (wanted.start_timeout == 0)
        wanted.start_timeout = START_TIMEOUT;
    if (wanted.grace == 0)
        wanted.grace = GRACE;
    if (wanted.budget == 0)
        wanted.budget = BUDGET;
    *options = wanted;
    return 0;
}
