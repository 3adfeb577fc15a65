/* Runs in the host. Owns the texts of errors: the message and the file of one error lie one behind
 * the other in one allocation, which begins with the message. */
#include "host/job/report.h"

#include <stdlib.h>
#include <string.h>

void pool__report_clear(struct pool__report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free((void *)(uintptr_t)report->errors[i].message);
    free(report->errors);
    *report = (struct pool__report){0};
}

static bool make_room(struct pool__report *report)
{
    if (report->count < report->capacity)
        return true;
    size_t capacity = report->capacity ? 2 * report->capacity : 16;
    pool_error_t *grown = realloc(report->errors, capacity * sizeof *grown);
    if (!grown)
        return false;
    report->errors = grown;
    report->capacity = capacity;
    return true;
}

void pool__error_copy(pool_error_t *to, const pool_error_t *from)
{
    free((void *)(uintptr_t)to->message);
    *to = (pool_error_t){0};
    if (!from->message)
        return;
    size_t message = strlen(from->message) + 1, file = from->file ? strlen(from->file) + 1 : 0;
    char *text = malloc(message + file);
    if (!text)
        return;
    memcpy(text, from->message, message);
    if (file)
        memcpy(text + message, from->file, file);
    *to = *from;
    to->message = text;
    to->file = file ? text + message : NULL;
}

pool_error_t *pool__error_new(const pool_error_t *error)
{
    pool_error_t *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    pool__error_copy(made, error);
    if (made->message)
        return made;
    free(made);
    return NULL;
}

void pool__error_free(pool_error_t *error)
{
    if (error)
        free((void *)(uintptr_t)error->message);
    free(error);
}

void pool__report_add(struct pool__report *report, const pool_error_t *error)
{
    pool_error_t copy = {0};
    if (make_room(report))
        pool__error_copy(&copy, error);
    if (copy.message)
        report->errors[report->count++] = copy;
    else
        report->dropped++;
}

static int by_index(const void *a, const void *b)
{
    const pool_error_t *left = a, *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

void pool__report_sort(struct pool__report *report)
{
    if (report->count)
        qsort(report->errors, report->count, sizeof *report->errors, by_index);
}
