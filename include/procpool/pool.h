/* procpool/pool.h: making pools and ending them.
 *
 *   const pool_options_t options = {.processes = 4, .maxtasksperchild = 1000};
 *   pool_t *pool;
 *   int error = pool_create(&pool, &options);
 *   if (error < 0)
 *       fprintf(stderr, "%s %s\n", pool_strerror(error), pool_create_error());
 *   else
 *       pool_free(pool);
 *
 * A pool is a fixed or changing number of worker processes and a small supervisor process, which
 * forks the workers and replaces those that end.
 *
 * A process that a function starts and leaves behind ends with the pool at the latest. If the
 * supervisor is killed, the pool is broken, and the host's next call ends the process groups of the
 * workers. It does not find a process that has left its worker's group, as by setsid().
 *
 * A call that waits for more than a second asks the supervisor for a sign of life once a second. A
 * supervisor that was stopped (SIGSTOP) goes on then. One that answers none of 10 questions, and of
 * as many as `start_timeout` has seconds, is killed, as when a debugger holds it; then the pool is
 * broken. A program that steps the pool itself asks when it steps.
 *
 * Workers share memory with the host. What the host relies on lies in a part that workers can only
 * read, so a stray write there crashes the worker. Where that part is a file in memory, mprotect()
 * in a worker cannot make it writable; elsewhere mprotect() can, and such a write may crash the
 * host. It is a file if memfd_create() and /proc work in pool_create(), RLIMIT_FSIZE is not below its size, and
 * vm.overcommit_memory is not 2.
 */
#ifndef PROCPOOL_POOL_H
#define PROCPOOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "procpool/error.h"
#include "procpool/function.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs once in each worker before its first item, also in a replacement. `initargs` is the pointer
 * from the options: it points into the worker's copy of the host's memory. What the initializer
 * stores in `*state` is what pool_task_state() returns in this worker.
 * The initializer may give up privileges, as by setuid(): the worker still ends with the pool. An
 * item's function that does so costs one guarantee: if the supervisor is killed, that worker goes on
 * with its item, and ends up to 5 seconds later.
 * Returns 0. Any other value says that the worker cannot work: `return pool_fail(...)` says why.
 * Then pool_create() fails with POOL_EINIT. A failed replacement is tried again after a delay,
 * which doubles. The pool breaks (POOL_EBROKEN) after 5 failures in a row if no other worker is
 * ready. A fork that the system refuses is no such failure: see `start_timeout`. */
typedef int (*pool_initializer_t)(void *initargs, void **state, pool_task_t *task);

/* Runs once in each worker that leaves in an orderly way, after its last item. It does not run in
 * a worker that crashed, exited or was terminated. */
typedef void (*pool_finalizer_t)(void *state);

/* The largest number of workers. */
#define POOL_PROCESSES_MAX 4000

/* A field that is zero has its default. A number that is negative is POOL_EOPTION, except for
 * `processes` (POOL_EPROCESSES) and `nested_processes`. */
typedef struct pool_options {
    /* Number of workers. 0: pool_cpu_count(). */
    int processes;
    /* NULL: none. */
    pool_initializer_t initializer;
    /* What the initializer gets. */
    void *initargs;
    /* NULL: none. */
    pool_finalizer_t finalizer;
    /* Milliseconds that pool_create() waits for all initializers. In a replacement: milliseconds
     * that the initializer may take before the worker is killed. Also milliseconds that a pool
     * without a ready worker goes on while the system refuses every fork (-EAGAIN at a limit of
     * processes, -ENOMEM). It tries again after 10 milliseconds, and after twice as long each time,
     * up to 320. Then it breaks (POOL_EBROKEN), and the errors of its items say what the system
     * refused. 0: 60 000. */
    int start_timeout;
    /* Milliseconds between telling workers to leave and killing them. pool_close() and pool_free()
     * allow them for finalizers, pool_terminate() for the tasks' signal handlers. 0: 1000. */
    int grace;
    /* Items after which a worker leaves and is replaced, against leaks and fragmentation. It runs
     * its finalizer. Its successor starts before it leaves, so that no item waits. 0: no limit. As
     * Python's option of this name. */
    size_t maxtasksperchild;
    /* Bytes of memory after which a worker leaves and is replaced in the same way. Counted is the
     * memory that is resident now (not the peak), with the worker's copies of the host's pages and
     * without memory it shares (the library's, mapped files). It is measured between items, at
     * most once a millisecond. Each worker runs at least one item. 0: no limit. */
    size_t maxmemoryperchild;
    /* Milliseconds without work after which a worker runs its finalizer and leaves. A new one,
     * with its initializer, starts when there is work. 0: workers stay. */
    int idle_timeout;
    /* Binds each worker to one of the processors that the host may use: worker after worker to the
     * next one, and from the first again when there are more workers. */
    bool pinned;
    /* From 0 to 19, added to the host's nice value, so that other programs come first. */
    int niceness;
    /* Bytes that items given out and results not taken yet may occupy in shared memory. The
     * results that an iterator holds may occupy as much again. One chunk per worker and call is
     * always given out, so large chunks may need more; automatic chunks are sized to fit. Results
     * of unknown size count when they arrive. 0: 32 MiB. */
    size_t budget;
    /* Makes a pool without processes: see Serial pools. */
    bool serial;
    /* Number of processes, supervisors included, that all pools made by this pool's tasks, and by
     * the tasks of those pools, may have together: see Pools within pools. 0: 8 for each worker.
     * Negative: none. */
    int nested_processes;
} pool_options_t;

/* Serial pools. With the option `serial`, or with PROCPOOL_SERIAL=1 in the environment (ignored in
 * set-user-ID programs), a pool has no process: the functions run in the host, where a debugger
 * sees them. They run one at a time, in the threads that wait for the pool. pool_step(),
 * pool_future_ready() and other calls that do not wait run one chunk of items each. Results and
 * errors are those of a pool of one worker, with these differences:
 *   A crash, exit() or a stray write in a function happens to the host. Globals, descriptors,
 *   signals and leaks of a function are the host's.
 *   A function that runs cannot be stopped. Cancelling, time limits and pool_terminate() end the
 *   items that have not started, and pool_task_cancelled() tells the one that runs. Time limits
 *   are checked between chunks, and pool_terminate() waits for the function that runs.
 *   Options about processes, their time and their memory have no effect.
 *   pool_processes() is 1, whatever pool_resize() asks for, and the worker's pid is the host's.
 *   The finalizer runs in the call that finds the closed pool without work.
 * As in a worker, a function that runs in a serial pool gets POOL_EFORKED from calls on that pool
 * and on any other that was not made in the function; pool_free() of them does nothing.
 *
 * Pools within pools. A function may make pools of its own. Each worker has an equal share of its
 * pool's `nested_processes`. A pool made in the worker takes processes from this share until it is
 * freed: for its workers and supervisor, and then for its own `nested_processes`.
 *   If the share is short, the pool gets fewer workers. If fewer than two processes are left, or
 *   in workers POOL_DEPTH_MAX levels deep, the pool is serial: its items run in the function
 *   itself, with the same results.
 *   Workers that pool_resize() adds are also taken from the share, and have no share of their own.
 * So a pool and all pools within it have at most its workers, 1, and its `nested_processes`
 * together. With a limit of items or memory per worker each worker counts twice, as successors
 * start early. */
#define POOL_DEPTH_MAX 4

/* Returns the number of processors this process may use, at least 1: its affinity, or its cgroup's
 * CPU quota (v1 or v2) rounded up, whichever is smaller. A number from 1 to POOL_PROCESSES_MAX in
 * the environment variable PROCPOOL_PROCESSES overrides it; other values are ignored, and so is
 * the variable in set-user-ID programs. */
POOL_API int pool_cpu_count(void);

/* Makes a pool, starts its workers, and waits for the initializers in all of them, at most
 * `start_timeout`. `options` may be NULL. `*pool` is the caller's, to be ended by pool_free().
 * Make the pool early: it forks, and a fork costs what the host has touched. Workers do not have
 * the host's other threads, and a lock that one of them held at that moment stays locked in the
 * workers, as after any fork(). Workers hold copies of the host's descriptors: a pipe whose other
 * end was open in this call does not reach its end-of-file before the pool is freed.
 * On failure no process, descriptor or mapping is left. Errors: POOL_EPROCESSES, POOL_EOPTION;
 * POOL_EINIT if an initializer failed or crashed (pool_create_error() says why); -ETIMEDOUT;
 * POOL_EBROKEN if the supervisor died; -EAGAIN, -ENOMEM, -EMFILE and -ENFILE from fork(), mmap()
 * and pipe(); POOL_ENOPOOL if `pool` is NULL. */
POOL_API int pool_create(pool_t **pool, const pool_options_t *options);

/* Returns why this thread's last pool_create() returned POOL_EINIT: the initializer's message with
 * file and line, or how the worker died. "" if it returned anything else. Valid until the thread's
 * next pool_create(). */
POOL_API const char *pool_create_error(void);

/* Returns the number of workers the pool should have: 1 in a serial pool; maybe fewer than asked
 * for in a pool within a pool. POOL_ENOPOOL if `pool` is NULL. May also be called in a forked copy
 * of the host. */
POOL_API int pool_processes(const pool_t *pool);

/* Writes the process ids of at most `count` workers to `pids`, by worker number: 0 for a worker
 * that is being replaced, or that left for lack of work. Returns the number of workers;
 * POOL_ENODATA if `pids` is NULL and `count` is above 0; or POOL_EFORKED. For monitoring, and for
 * tests that kill workers: a pid may be out of date if a worker dies meanwhile. Does not wait. */
POOL_API int pool_pids(pool_t *pool, pid_t *pids, int count);

/* Returns how many workers were started to replace others, which died or left, since the pool was
 * made. 0 for NULL and in a forked copy of the host. Does not wait. */
POOL_API size_t pool_replaced(pool_t *pool);

/* Changes the number of workers, to 1 to POOL_PROCESSES_MAX, without waiting. New workers start
 * while the others work. Surplus workers, those with the highest numbers, end the item they are
 * running, run their finalizers and leave. A pool within a pool may get fewer workers, and a
 * serial pool has 1: pool_processes() tells. Errors: POOL_EPROCESSES, POOL_ECLOSED, POOL_EBROKEN,
 * POOL_EFORKED, -ENOMEM. */
POOL_API int pool_resize(pool_t *pool, int processes);

/* Closes the pool: later calls get POOL_ECLOSED. Workers finish what was accepted, run their
 * finalizers and leave. Returns 0 at once, also for a pool that is closed already. As Python's
 * Pool.close(). */
POOL_API int pool_close(pool_t *pool);

/* Waits until a closed or terminated pool is quiet: all accepted work has ended and all workers are
 * gone. Bounded by the functions that run, then by `grace`. As Python's Pool.join(). It waits for
 * iterators too, and these end only as their results are taken: take all results, or free the
 * iterators, before. Errors: POOL_EBUSY if the pool is still open, or in a callback; -EINTR after
 * pool_interrupt(), if work has not ended. */
POOL_API int pool_join(pool_t *pool);

/* Stops the pool now: sends SIGTERM to all workers and their process groups, and SIGKILL after
 * `grace`. Items that had not ended are POOL_LOST. Waits until all workers are gone: bounded by
 * `grace`, and a few seconds more if the supervisor does not answer. As Python's Pool.terminate().
 * Errors: POOL_EBUSY in a callback. */
POOL_API int pool_terminate(pool_t *pool);

/* Ends the pool and releases everything it has: its shared arrays, the errors that pool_errors()
 * gave, its place on a loop. Free its futures and iterators before. `pool` may be NULL.
 * An open pool is closed first. If all calls have ended, the workers have at most `grace` for
 * their finalizers, and are terminated then. If calls have not ended, the pool is terminated at
 * once. Waits as pool_terminate() does.
 * Other threads are let out first: their calls on the pool return POOL_ECLOSED. They must make no
 * further call. A callback that runs in another thread is waited for, at most `grace` and a second.
 * If it still runs then, or if the calling thread is itself in a call on the pool (in a signal
 * handler, or after a jump out of the call), the pool's processes are ended, and its memory and
 * descriptors stay until the host ends.
 * Does nothing in a callback. In a forked copy of the host it releases the copy's memory and leaves
 * the pool alone. */
POOL_API void pool_free(pool_t *pool);

#ifdef __cplusplus
}
#endif
#endif
