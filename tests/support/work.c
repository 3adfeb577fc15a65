/* Runs in workers, and in the test program for serial pools and for folds. */
#include "support/work.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "support/outcome.h"

int work_triple(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(int *)result = 3 * *(const int *)item;
    return 0;
}

int work_nap_and_triple(const void *item, void *result, pool_task_t *task)
{
    poll(NULL, 0, 4);
    return work_triple(item, result, task);
}

int work_copy(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(int *)result = *(const int *)item;
    return 0;
}

int work_copy_or_raise(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    if (value < 0)
        raise(-value);
    return work_copy(item, result, task);
}

int work_nothing(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return 0;
}

int work_hang(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    for (;;)
        poll(NULL, 0, -1);
}

OUTCOME_UNCHECKED int work_write_to_null(const void *item, void *result, pool_task_t *task)
{
    volatile int *volatile nowhere = NULL;
    (void)item;
    (void)result;
    (void)task;
    *nowhere = 1;
    return 0;
}

int work_unpack_nothing(void *value, pool_reader_t *reader)
{
    (void)value;
    (void)reader;
    return 0;
}

int work_start(void *initargs, void **state, pool_task_t *task)
{
    (void)initargs;
    (void)state;
    (void)task;
    return 0;
}

int work_merge_int64(void *into, const void *from)
{
    *(int64_t *)into += *(const int64_t *)from;
    return 0;
}

int work_merge_double(void *into, const void *from)
{
    *(double *)into += *(const double *)from;
    return 0;
}
