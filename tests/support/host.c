/* Runs in the test program. */
#include "support/host.h"

#include <stdint.h>
#include <uv.h>

void host_count_call(pool_future_t *future, void *context)
{
    (void)future;
    ++*(int *)context;
}

void *host_wait(void *future)
{
    pool_future_wait(future, -1);
    return NULL;
}

void *host_get(void *future)
{
    return (void *)(intptr_t)pool_future_get(future, -1);
}

int host_count_on(void *context, void *item)
{
    struct host_counter *counter = context;
    if (counter->next >= counter->count)
        return counter->end;
    *(int *)item = counter->next++;
    return 1;
}

int host_no_item(void *context, void *item)
{
    (void)context;
    (void)item;
    return 0;
}

int host_count_for_ever(void *context, void *item)
{
    uint64_t *next = context;
    *(uint64_t *)item = (*next)++;
    return 1;
}

void host_prepare_libuv(void)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) == 0)
        uv_loop_close(&loop);
}
