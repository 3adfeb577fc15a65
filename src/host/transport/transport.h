/* The contract between the engine and a transport: how chunks reach workers, and what becomes of
 * them. The engine calls a transport by its table alone. All functions are called with the lock
 * held, unless said otherwise, and none waits, unless said otherwise. */
#ifndef POOL_HOST_TRANSPORT_TRANSPORT_H
#define POOL_HOST_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process/members.h"
#include "host/stream/encode.h"
#include "procpool.h"

struct pool__transport_ops {
    /* Functions run in the host's own process: none can be stopped, and a crash is the host's. Such
     * a transport has no supervisor and one worker. */
    bool in_host;

    /* ---- Life ---- */

    /* Starts the workers. Without the lock. Returns 0 or a negated errno value. */
    int (*open)(pool_t *pool);
    /* Waits for the initializer, without the lock. Returns 0, or POOL_EINIT: then pool->why says why.
     * NULL: the engine waits for the supervisor's word. */
    int (*start)(pool_t *pool);
    /* Has workers leave when they find nothing more to do; board->closing is set. */
    void (*close)(pool_t *pool);
    /* Ends the worker if the pool is closing and it has nothing to do. Returns whether it did. NULL:
     * workers leave by themselves. */
    bool (*leave)(pool_t *pool);
    /* Ends the worker, which may wait for a function that runs. NULL: the supervisor does. */
    void (*end)(pool_t *pool);
    /* There are to be so many workers from now on. */
    void (*resize)(pool_t *pool, int processes);

    /* ---- Chunks ---- */

    /* Makes a chunk of the job's next items and queues it. Returns POOL__PLACED; POOL__NO_ROOM_NOW
     * when another chunk must end first; or why no chunk can be made even when there is no other. */
    enum pool__placing (*put)(pool_t *pool, struct pool_future *job);
    /* Whether one more chunk of the job may be out, beyond those that each job may have. */
    bool (*room)(const pool_t *pool, const struct pool_future *job);
    /* How many chunks are out. */
    uint32_t (*outstanding)(const pool_t *pool);
    /* Gives what has ended to the jobs' sinks. Returns whether there was anything. */
    bool (*collect)(pool_t *pool);
    /* Takes the job's chunks back that have not begun, and lets no further item of it start. `kill`:
     * also those that run, with their workers. */
    void (*recall)(pool_t *pool, struct pool_future *job, bool kill);
    /* A worker has died: settles what it held, and says so in the account of members. NULL: none
     * does. */
    void (*died)(pool_t *pool, const struct pool__death *death);
    /* All workers are gone: ends all chunks. */
    void (*abandon)(pool_t *pool);
    /* Once a second: compares all that workers can overwrite with the host's own account. */
    void (*audit)(pool_t *pool);
    /* No chunk is out: gives memory back that only large calls need. */
    void (*trim)(pool_t *pool);

    /* ---- Sleeping and waking ---- */

    /* Wakes workers for chunks that have been put. Returns whether a thread of the host has to run
     * them instead. */
    bool (*wake)(pool_t *pool);
    /* Whether something has ended that was not collected. May spin for it. Without the lock, in the
     * driving thread; NULL: there is no driving thread. */
    bool (*spin)(pool_t *pool, uint32_t outstanding);
    /* Says that the host sleeps until `enough` more chunks have ended. Returns false if it should not
     * sleep now. The second undoes it. Both without the lock, in the driving thread. */
    bool (*arm)(pool_t *pool, uint32_t enough);
    void (*disarm)(pool_t *pool);
    /* Has the next end of a chunk make the descriptors readable. Returns false if there is something
     * to do already. */
    bool (*listen)(pool_t *pool);
    /* Runs a chunk in this thread, without the lock meanwhile, and collects it. Returns whether it
     * could. NULL: never. */
    bool (*run_here)(pool_t *pool);
    /* Whether it could now. */
    bool (*can_run)(const pool_t *pool);
};

/* Workers are processes; chunks are on a board in shared memory. */
extern const struct pool__transport_ops pool__board_transport;

/* The worker runs in threads of the host. */
extern const struct pool__transport_ops pool__inline_transport;

#endif
