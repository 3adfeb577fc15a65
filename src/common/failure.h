/* Failure records: what workers write about failures, a page for each chunk and each worker. */
#ifndef POOL_COMMON_FAILURE_H
#define POOL_COMMON_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procpool.h"

enum { POOL__FILE_MAX = 255 };

/* One failure: of which item of the chunk, and what pool_fail() was given. */
struct pool__failure {
    uint64_t item;
    int32_t code;
    int32_t line;
    char file[POOL__FILE_MAX + 1];
    char message[POOL_MESSAGE_MAX + 1];
};

/* The most bytes one failure record can take in a page. */
size_t pool__failure_limit(void);

/* Appends `failure record` to the page at offset `used`, where pool__failure_limit() bytes are free. Returns
 * the new offset. Worker only. */
uint32_t pool__failure_write(unsigned char *page, uint32_t used,
                             const struct pool__failure *failure);

/* Reads the failure record at `*at` of the `used` bytes in a page, copying before it checks, and moves `*at`
 * behind it. False at the end, or when the bytes make no sense. */
bool pool__failure_read(const unsigned char *page, uint32_t used, uint32_t *at,
                        struct pool__failure *failure);

#endif
