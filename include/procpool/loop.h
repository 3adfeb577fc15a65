/* procpool/loop.h: pools in programs that have an event loop.
 *
 *   uv_loop_t *loop = uv_default_loop();
 *   const pool_map_options_t options = {.callback = on_end};
 *   pool_attach(pool, loop);
 *   pool_map_async(pool, square, POOL_IN(data, 4), POOL_OUT(squares), &options, NULL);
 *   uv_run(loop, UV_RUN_DEFAULT);
 *
 * For libuv there is pool_attach(). For any other loop there is one descriptor to poll, and
 * pool_step() to call when it is readable. No thread is made for either.
 */
#ifndef PROCPOOL_LOOP_H
#define PROCPOOL_LOOP_H

#include "procpool/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Does what can be done without waiting: takes results, gives out items, calls callbacks. In a
 * serial pool it also runs one chunk of items. Returns how many calls have not ended, or a
 * negative code (POOL_EBUSY in a callback). For programs with an event loop: call it whenever
 * pool_fileno() is readable. */
POOL_API int pool_step(pool_t *pool);

/* Returns a descriptor that is readable when pool_step() has something to do. That includes that a
 * call's time is up, and that another thread has taken results. While calls have not ended it is
 * also readable once a second, for a check of everything. The descriptor is the pool's: poll it,
 * but do not read or close it. Errors: those of epoll_create1() and timerfd_create(), negated. */
POOL_API int pool_fileno(pool_t *pool);

/* Puts the pool on a libuv loop, or takes it off its loop if `loop` is NULL. On a loop, uv_run()
 * does what pool_step() would do, and calls the callbacks of all calls. The pool keeps the loop
 * alive while calls have not ended; an idle pool does not. This header does not need <uv.h>, which
 * may be included before or after it.
 *
 * Threads. Attach, detach, submit calls and free the pool in the thread that runs the loop, or in
 * the thread that prepared the loop before it ran. Callbacks run in no other thread: in uv_run(),
 * or while that thread waits in this library. Other threads may do everything else. They may also
 * submit calls while something else keeps the loop running. A thread that waits for a call with
 * callbacks waits until the loop has called them.
 *
 * Waiting. pool_map() and all calls that wait work as ever, also in callbacks of the loop's other
 * handles. The loop stands still meanwhile. In the pool's own callbacks they return POOL_EBUSY.
 *
 * Ending. Detach or free the pool before uv_loop_close(), and let uv_run() run once more in
 * between, as after uv_close(). Both may be done while calls have not ended. A callback of the
 * pool may detach it but not free it. A pool that was detached may be attached again, to any loop.
 *
 * Returns 0, also if there is nothing to do; POOL_ENOPOOL, POOL_EFORKED; -EINVAL in a thread that
 * is not the loop's; -EBUSY if the pool is on another loop; -ENOMEM; errors of pool_fileno() and
 * of libuv. */
struct uv_loop_s;
POOL_API int pool_attach(pool_t *pool, struct uv_loop_s *loop);

#ifdef __cplusplus
}
#endif
#endif
