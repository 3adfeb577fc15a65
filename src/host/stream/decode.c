/* Runs in the host, with the lock held, and in a copy of the host. Takes results from a stream that
 * every worker can overwrite. If the job has `custom_results`, a function of the user's must have
 * returned in a copy of the host before it runs in the host on the same result. */
#include "host/stream/decode.h"

#include <pthread.h>
#include <string.h>

#include "common/board.h"
#include "host/base/death.h"
#include "host/base/dryrun.h"
#include "host/base/value.h"
#include "host/job/ends.h"
#include "host/job/job.h"
#include "host/job/queue.h"
#include "host/job/window.h"
#include "host/pool.h"

/* Copies the entry of the run's next item to `*entry`. False when the bytes there cannot be that
 * entry. */
static bool next_entry(const struct pool__decoding *decoding, struct pool__entry *entry)
{
    const uint64_t used = decoding->used;
    if (used < decoding->at || used - decoding->at < sizeof *entry)
        return false;
    memcpy(entry, decoding->stream + decoding->at, sizeof *entry);
    entry->index -= decoding->job->options.first;
    return entry->index == decoding->first + decoding->taken &&
           entry->size <= used - decoding->at - sizeof *entry;
}

/* Ends the run's items up to the first `ended` with this error. */
static void fail(struct pool__decoding *decoding, uint64_t ended, pool_error_t error)
{
    pool__run_failed(decoding->job, decoding->first, &decoding->taken, ended, error);
}

/* Takes the result of the run's next item, whose entry this is. */
static void take_entry(struct pool__decoding *decoding, const struct pool__entry *entry)
{
    struct pool_future *job = decoding->job;
    pool_error_t unreadable = pool__overwritten;
    /* Where there are functions of the user's, a dry run reads the same value before: see
     * take_custom(). So the value must stay on the board. */
    int error = pool__value_read(job->out.type, pool__element(job, entry->index), job->out.size,
                                 decoding->stream + decoding->at + sizeof *entry, entry->size,
                                 !job->custom_results);
    decoding->at += pool__entry_stride(entry->size);
    float size = (float)entry->size;
    job->result_bytes = job->result_bytes > 0 ? job->result_bytes * 0.9f + size * 0.1f : size;
    if (!error) {
        pool__window_mark(job, entry->index, NULL);
        job->ended++;
        pool__queue_advanced(job);
        decoding->taken++;
        return;
    }
    unreadable.message = "the result could not be unpacked";
    unreadable.code = error;
    fail(decoding, decoding->taken + 1, unreadable);
}

/* What take_entries() is to do: a run of which the first `ended` items are to be taken. */
struct taking {
    struct pool__decoding *decoding;
    uint64_t ended;
    struct pool__dry_run *dry_run; /* gets the number of items taken, in `passed` */
};

/* Takes results until the first `ended` items of the run have an end. Items whose entries are not
 * there end as corrupt. Runs in the host, and in a copy of the host: there it reports after each
 * item how far it has come. */
static void take_entries(void *argument)
{
    const struct taking *taking = argument;
    struct pool__decoding *decoding = taking->decoding;
    struct pool__entry entry;
    while (decoding->taken < taking->ended && next_entry(decoding, &entry)) {
        take_entry(decoding, &entry);
        taking->dry_run->passed = decoding->taken;
    }
    fail(decoding, taking->ended, pool__overwritten);
}

/* The same where functions of the user's unpack the results. A copy of the host takes all results
 * first. Then the host takes those that the copy survived. The item during which the copy ended
 * fails, and what is left begins again with another copy. If there is no copy, each item fails. */
static void take_custom(struct taking taking)
{
    struct pool__decoding *decoding = taking.decoding;
    const uint64_t ended = taking.ended;
    struct pool__entry entry;
    int status, died = 1;
    while (died && decoding->taken < ended) {
        uint64_t before = decoding->taken;
        taking.ended = ended;
        died = pool__run_dry(taking.dry_run, take_entries, &taking, &status);
        if (died == 1) {
            uint64_t passed = taking.dry_run->passed;
            taking.ended = passed > before ? passed : before;
        }
        if (died >= 0)
            take_entries(&taking);
        if (died == 0 || decoding->taken == ended)
            return;
        pool_error_t error = died == 1 ? pool__death_error(status) : pool__overwritten;
        error.code = died == 1 ? error.code : died;
        error.message = "the result could not be unpacked";
        if (next_entry(decoding, &entry))
            decoding->at += pool__entry_stride(entry.size);
        fail(decoding, decoding->taken + 1, error);
    }
}

void pool__decode(struct pool__decoding *decoding, uint64_t ended)
{
    struct taking taking = {decoding, ended, &decoding->job->pool->board->dry_run};
    if (decoding->job->custom_results)
        take_custom(taking);
    else
        take_entries(&taking);
}
