/* The list of errors of one call: what pool_errors() gives. */
#ifndef POOL_HOST_REPORT_H
#define POOL_HOST_REPORT_H

#include "procpool.h"

struct pool__report {
    pool_error_t *errors;
    size_t count, capacity;
    size_t dropped; /* errors for which there was no memory */
};

/* Forgets all errors and frees their texts. */
void pool__report_clear(struct pool__report *report);

/* Adds a copy of `error`, texts included. */
void pool__report_add(struct pool__report *report, const pool_error_t *error);

/* Sorts by index. */
void pool__report_sort(struct pool__report *report);

/* Describes how a worker with this wait status died, "killed by SIGKILL" or "exited with status 3".
 */
void pool__describe_status(char *text, size_t size, int status);

#endif
