/* Calls that end before their items have: what functions ran, and what must have become of each item. */
#ifndef PROCESS_CANCEL_H
#define PROCESS_CANCEL_H

#include <errno.h>
#include <string.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/world.h"

enum { ITEMS = 200, WORKERS = 2, LONG = 10000 };

static struct ledger *started, *ended; /* by item */
static char items[ITEMS];
static size_t results[ITEMS];

/* Forgets earlier results and makes the ledgers. Call it before the pool is made. */
static inline void cancel_prepare(void)
{
    started = ledger_make(ITEMS);
    ended = ledger_make(ITEMS);
    memset(results, 0, sizeof results);
}

/* Runs until its call is cancelled, and then ends well. The result, if there is one, is three times the
 * index. */
static inline int cancel_awaited(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    ledger_mark(started, pool_task_index(task));
    for (int64_t end = deadline_now() + LONG; !pool_task_cancelled(task);)
        if (deadline_now() > end)
            return 1;
    if (result)
        *(size_t *)result = 3 * pool_task_index(task);
    ledger_mark(ended, pool_task_index(task));
    return 0;
}

/* Asserts that items which ended have results, and that all others are listed as cancelled. */
static inline void cancel_check(const pool_error_t *errors)
{
    size_t next = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(results[i], ledger_count(ended, i) ? 3 * i : 0);
        if (ledger_count(ended, i))
            continue;
        assert_int_equal(errors[next].index, i);
        assert_int_equal(errors[next].kind, POOL_CANCELLED);
        assert_int_equal(errors[next++].code, -ECANCELED);
    }
    assert_true(ledger_all_within(started, 0, 1));
}

#endif
