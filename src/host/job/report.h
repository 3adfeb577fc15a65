/* The list of errors of one call: what pool_errors() gives. */
#ifndef POOL_HOST_JOB_REPORT_H
#define POOL_HOST_JOB_REPORT_H

#include "procpool.h"

struct pool__report {
    pool_error_t *errors;
    size_t count, capacity;
    size_t dropped; /* errors that were not kept: too many, or no memory for them */
};

/* Forgets all errors and frees their texts. */
void pool__report_clear(struct pool__report *report);

/* Adds a copy of `error` and its texts. */
void pool__report_add(struct pool__report *report, const pool_error_t *error);

/* Makes `*to` a copy of `from` with texts of its own, after freeing the texts it had. An error without a
 * message stands for "no error"; so does a copy for which there is no memory. */
void pool__error_copy(pool_error_t *to, const pool_error_t *from);

/* Sorts the errors by index. */
void pool__report_sort(struct pool__report *report);

#endif
