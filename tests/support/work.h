/* Functions that workers run in the tests of several files. */
#ifndef SUPPORT_WORK_H
#define SUPPORT_WORK_H

#include <procpool.h>

/* Gives three times the item; both are of type int. */
int work_triple(const void *item, void *result, pool_task_t *task);

/* Sleeps for four milliseconds, and then does as work_triple(). */
int work_nap_and_triple(const void *item, void *result, pool_task_t *task);

/* Gives the item itself; both are of type int. */
int work_copy(const void *item, void *result, pool_task_t *task);

/* Gives the item itself; a negative item raises the signal of this number instead: -SIGKILL for one. */
int work_copy_or_raise(const void *item, void *result, pool_task_t *task);

/* Ends well, and gives no result. */
int work_nothing(const void *item, void *result, pool_task_t *task);

/* Sleeps until the worker is killed. */
int work_hang(const void *item, void *result, pool_task_t *task);

/* Crashes: writes to address 0. */
int work_write_to_null(const void *item, void *result, pool_task_t *task);

/* Reads nothing, and leaves the value as it is; the unpack function of a custom type. */
int work_unpack_nothing(void *value, pool_reader_t *reader);

/* An initializer that does nothing. */
int work_start(void *initargs, void **state, pool_task_t *task);

/* Functions for pool_fold() that add up numbers; they run in the test program too. */
int work_merge_int64(void *into, const void *from);
int work_merge_double(void *into, const void *from);

#endif
