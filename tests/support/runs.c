/* Runs in every process of a test; runs_start() and runs_pool() only in the test program. */
#include "support/runs.h"

#include <errno.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/world.h"

enum { PATIENCE = 10000 };

static struct ledger *runs;

void runs_start(void)
{
    runs = ledger_make(1);
}

pool_t *runs_pool(void)
{
    runs_start();
    return world_pool(1);
}

void runs_mark(void)
{
    ledger_mark(runs, 0);
}

uint64_t runs_total(void)
{
    return ledger_total(runs);
}

bool runs_any(void *unused)
{
    (void)unused;
    return runs_total() > 0;
}

int runs_note(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    runs_mark();
    return 0;
}

int runs_until_cancelled(const void *item, void *result, pool_task_t *task)
{
    int64_t began = deadline_now();
    (void)item;
    runs_mark();
    while (!pool_task_cancelled(task))
        if (!deadline_kept(began, PATIENCE))
            return -ETIMEDOUT;
    if (result)
        *(int *)result = 1;
    return 0;
}
