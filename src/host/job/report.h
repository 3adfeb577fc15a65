/* The report: the list of errors of one call, as pool_errors() and pool_future_errors() give it.
 * The report has its own copies of all texts. */
#ifndef POOL_HOST_JOB_REPORT_H
#define POOL_HOST_JOB_REPORT_H

#include "procpool.h"

struct pool__report {
    pool_error_t *errors;
    size_t count, capacity; /* errors in the list, and errors that there is room for */
    size_t dropped;         /* errors that were not kept: too many, or no memory for them */
};

/* Empties the report, and frees its memory. */
void pool__report_clear(struct pool__report *report);

/* Adds a copy of `error`, with its texts. Counts the error as dropped when there is no memory. */
void pool__report_add(struct pool__report *report, const pool_error_t *error);

/* Frees the texts of `*to`, and makes it a copy of `*from` with texts of its own. If `*from` has no
 * message, or there is no memory, `*to` becomes all zero. An error whose message is NULL means "no
 * error". */
void pool__error_copy(pool_error_t *to, const pool_error_t *from);

/* Returns a copy of `error` with texts of its own; NULL when there is no memory. */
pool_error_t *pool__error_new(const pool_error_t *error);

/* Frees such a copy. May be given NULL. */
void pool__error_free(pool_error_t *error);

/* Sorts the errors by index. */
void pool__report_sort(struct pool__report *report);

#endif
