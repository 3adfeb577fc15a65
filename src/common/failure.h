/* Failure records: what a worker writes about items that failed, or about an initializer that
 * failed. Each chunk and each slot has a page for them in the writable half of the board. The
 * worker that runs the chunk, or has the slot, writes the page. The host reads the page when the
 * chunk is settled or the worker has died. That is safe although every worker may overwrite it: the
 * reader copies each record before it checks it. */
#ifndef POOL_COMMON_FAILURE_H
#define POOL_COMMON_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

enum { POOL__FILE_MAX = 255 };

/* One failure: the item, as an index within the chunk, and what pool_fail() was given. */
struct pool__failure {
    uint64_t item;
    int32_t code;
    int32_t line;
    char file[POOL__FILE_MAX + 1];
    char message[POOL_MESSAGE_MAX + 1];
};

/* The largest number of bytes that one failure record takes in a page. */
size_t pool__failure_limit(void);

/* Appends a record of `failure` to the page at offset `used`, where pool__failure_limit() bytes
 * must be free. Returns the offset behind it. Worker only. */
uint32_t pool__failure_write(unsigned char *page, uint32_t used,
                             const struct pool__failure *failure);

/* Reads the failure record at offset `*at` of a page of which `used` bytes are in use, and moves
 * `*at` behind it. Copies each number before it checks it. False at the end, and when the bytes are
 * no record. */
bool pool__failure_read(const unsigned char *page, uint32_t used, uint32_t *at,
                        struct pool__failure *failure);

#endif
