/* Runs in a worker: the functions by which the user's functions ask and say something about their
 * item. */
#include "worker/task.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/board.h"
#include "common/seed.h"

const struct pool__failure *pool__task_failure(struct pool_task *task, uint64_t item, int code)
{
    struct pool__failure *failure = &task->failure;
    if (!task->recorded) {
        failure->code = code;
        failure->line = 0;
        failure->file[0] = failure->message[0] = '\0';
    }
    failure->item = item;
    return failure;
}

/* Of a path that is too long it keeps the end, which says more than the beginning. */
static void copy_file(char to[POOL__FILE_MAX + 1], const char *file)
{
    size_t length = file ? strlen(file) : 0;
    if (length > POOL__FILE_MAX)
        file += length - POOL__FILE_MAX;
    snprintf(to, POOL__FILE_MAX + 1, "%s", file ? file : "");
}

int pool_fail_at(pool_task_t *task, const char *file, int line, int code, const char *format, ...)
{
    struct pool__failure *failure = &task->failure;
    failure->code = code ? code : -1;
    failure->line = line;
    copy_file(failure->file, file);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(failure->message, sizeof failure->message, format, arguments);
    va_end(arguments);
    if (length < 0)
        failure->message[0] = '\0';
    else if (length > POOL_MESSAGE_MAX)
        memcpy(failure->message + POOL_MESSAGE_MAX - 3, "...", 3);
    task->recorded = true;
    return failure->code;
}

size_t pool_task_index(const pool_task_t *task)
{
    return task->index;
}

unsigned pool_task_attempt(const pool_task_t *task)
{
    return task->attempt;
}

int pool_task_worker(const pool_task_t *task)
{
    return task->worker;
}

void *pool_task_state(const pool_task_t *task)
{
    return task->state;
}

void *pool_task_alloc(pool_task_t *task, size_t size)
{
    return pool__scratch_alloc(&task->scratch, size);
}

bool pool_task_cancelled(const pool_task_t *task)
{
    return task->cancelled &&
           atomic_load_explicit(task->cancelled, memory_order_relaxed) == POOL__STOPPED;
}

uint64_t pool_task_seed(const pool_task_t *task)
{
    if (task->seeds)
        return task->seeds[task->index - task->first];
    return pool__seed(task->seed, task->index);
}
