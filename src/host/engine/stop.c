/* Runs in the host, with the lock held. What is out is the transport's; what is not ends here. */
#include "host/engine/stop.h"

#include <errno.h>

#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/window.h"
#include "host/pool.h"
#include "host/transport/transport.h"

void pool__stop(pool_t *pool, struct pool_future *job, pool_error_kind_t kind, bool kill)
{
    job->stopped = kind;
    pool->transport->recall(pool, job, kill && !pool->transport->in_host);
    pool_error_t error = {.kind = kind,
                          .code = kind == POOL_TIMED_OUT ? -ETIMEDOUT : -ECANCELED,
                          .message = "",
                          .worker = -1};
    if (job->window) { /* an iterator ends before the items that were never given out */
        job->in.count = job->given;
        job->window->end = kind == POOL_TIMED_OUT ? -ETIME : -ECANCELED;
    }
    uint64_t from, to;
    while (pool__take_rest(job, &from, &to))
        pool__items_failed(job, from, to, error);
    pool__queue_advanced(job); /* also if no item was left */
}
