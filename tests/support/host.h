/* What the test program itself runs in the tests of several files: callbacks, threads and sources of
 * items. */
#ifndef SUPPORT_HOST_H
#define SUPPORT_HOST_H

#include <procpool.h>

/* Counts one more in the int `context`; a callback of futures. */
void host_count_call(pool_future_t *future, void *context);

/* The body of a thread: waits until the future has ended. host_get() returns the code of the call, as an
 * intptr_t. */
void *host_wait(void *future);
void *host_get(void *future);

/* A source that gives the ints `next` to `count` - 1, and then ends with the code `end`. */
struct host_counter {
    int next, count, end;
};
int host_count_on(void *counter, void *item);

/* A source without items. */
int host_no_item(void *context, void *item);

/* A source without an end, which gives the next uint64_t: it counts on in the number `next`. */
int host_count_for_ever(void *next, void *item);

/* Makes a libuv loop and closes it: the first loop of a process opens descriptors that stay. Before the
 * first test. */
void host_prepare_libuv(void);

#endif
