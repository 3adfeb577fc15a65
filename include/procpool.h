/* procpool: a pool of worker processes for C, as multiprocessing.Pool is for Python.
 *
 *   double data[] = {1, 2, 3, 4}, squares[4];
 *   pool_t *pool;
 *   if (pool_create(&pool, NULL) < 0)
 *       return;
 *   if (pool_map(pool, square, POOL_IN(data, 4), POOL_OUT(squares)) != 0)
 *       pool_print_errors(pool, stderr);
 *   pool_free(pool);
 *
 * A pool runs a function over many items, on all processors, in forked processes. A process may
 * crash, leak, exit or be killed: that costs the item it was running, and not the program.
 *
 * This header includes the whole library. Each topic has a page, which is its manual and may also
 * be included alone:
 *
 *   procpool/pool.h      making, resizing and ending pools; serial pools; pools within pools
 *   procpool/map.h       a function over many items; options of calls; callbacks; Ctrl-C
 *   procpool/fold.h      many items reduced to one value
 *   procpool/future.h    the same without waiting; waiting for several calls; cancelling
 *   procpool/iterator.h  results one by one, from arrays or endless sources
 *   procpool/loop.h      pools on an event loop
 *   procpool/error.h     codes of calls, errors of items
 *   procpool/array.h     arrays of items and results; shared arrays
 *   procpool/function.h  the functions that run in workers, and what they may call
 *   procpool/type.h      values with pointers: structs by a table, custom types
 *
 * Rules for all of it:
 *
 * Processes. The host is the process that called pool_create(). A worker is one of the pool's
 * processes that run functions. A worker is an image of the host at the moment of pool_create():
 * globals, open files and loaded libraries are as they were then, also in a worker that replaces
 * another. What changes afterwards travels in items and results. So a library that is loaded
 * after pool_create() has no functions and types for this pool (POOL_EUNKNOWN, POOL_ETYPE); and
 * neither has one that was unloaded and loaded again, unless it is the same: the same build ID or,
 * without a build ID, the same unchanged file. A library that a call uses must stay loaded until
 * the call has ended, and one with an initializer or finalizer of a pool as long as the pool.
 *
 * Threads. Any thread of the host may use a pool, and several threads may use it at once.
 * No call on the pool, its futures or its iterators may begin once pool_free() has begun; calls in
 * progress are ended by it.
 *
 * Waiting. A call that waits says so, and says what bounds its waiting. Every other call returns
 * soon: it waits only for functions of the program that run in the host for the pool. These are
 * callbacks, `next`, merge, pack and unpack functions, and in a serial pool one chunk of items. A
 * signal does not end a wait, unless its handler calls pool_interrupt(). Times are in milliseconds.
 *
 * Forked copies. In another process, such as a worker or a child that the host forked, every call
 * on the pool returns POOL_EFORKED (or NULL, false or 0) and changes nothing. Only
 * pool_processes() and pool_errors() return what the copy knows, and pool_free() releases the
 * copy.
 *
 * Signal handlers and jumps. pool_interrupt() may be called in any signal handler. A handler that
 * has interrupted a call on a pool gets POOL_EBUSY from other calls on that pool (or NULL, false or
 * 0); they change nothing. A call that is left by siglongjmp() leaves its thread inside the pool:
 * later calls of the thread get POOL_EBUSY, and those of other threads may wait for ever. In both
 * cases pool_free() ends the processes only, at once: so a handler may call exit() in a program
 * that frees its pools by atexit().
 *
 * Codes. A function that returns `int` returns 0, or a count, on success. On failure it returns a
 * negative code: one of the library's (POOL_E...) or a negated errno value, such as -ENOMEM.
 * pool_strerror() explains both. For a pool that is NULL it is POOL_ENOPOOL, and for a future or an
 * iterator that is NULL it is -EINVAL. The library does not report by errno, and its calls may
 * change it.
 *
 * Ownership. Arrays belong to the caller and must stay until the call has ended. What results
 * point to also belongs to the caller: pool_release() frees it. Out-parameters are written on
 * success only.
 *
 * Options. A field of an option struct that is zero has its default.
 */
#ifndef PROCPOOL_H
#define PROCPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "procpool/array.h"
#include "procpool/error.h"
#include "procpool/fold.h"
#include "procpool/function.h"
#include "procpool/future.h"
#include "procpool/iterator.h"
#include "procpool/loop.h"
#include "procpool/map.h"
#include "procpool/pool.h"
#include "procpool/type.h"

#define POOL_VERSION_MAJOR 0
#define POOL_VERSION_MINOR 1
#define POOL_VERSION_PATCH 0

#endif
