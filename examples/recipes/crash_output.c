/* Where is what a crashed item printed?
 *
 * In the stdio buffer of a process that is gone. When standard output is a file or a pipe, a
 * printf() waits there until the buffer is full or the worker has no more work. So have each line
 * written at its end, by setvbuf() in the initializer; what goes to stderr is not buffered at all.
 * To tell the workers apart, give each a file: the failure record has the worker's number. A
 * replacement has the number of the worker before it, so it must append. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <procpool.h>
#include <string.h>
#include <unistd.h>

#include "recipes/expect.h"

static char directory[] = "crash_output-XXXXXX";

static void name_log(char *path, size_t size, int worker)
{
    snprintf(path, size, "%s/worker-%d.log", directory, worker);
}

static int open_log(void *initargs, void **state, pool_task_t *task)
{
    const int *mode = initargs;
    char path[100];
    (void)state;
    name_log(path, sizeof path, pool_task_worker(task));
    if (!freopen(path, "a", stdout) || setvbuf(stdout, NULL, *mode, BUFSIZ) != 0)
        return pool_fail(task, errno, "cannot write %s", path);
    return 0;
}

static int work(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)result;
    printf("item %zu begins\n", pool_task_index(task));
    if (pool_task_index(task) == 7)
        abort();
    return 0;
}

/* Whether the log of a worker has the line; removes the log. */
static bool log_has(int worker, const char *wanted)
{
    char path[100], line[100];
    bool found = false;
    name_log(path, sizeof path, worker);
    FILE *file = fopen(path, "r");
    EXPECT(file != NULL);
    while (fgets(line, sizeof line, file))
        found |= strcmp(line, wanted) == 0;
    fclose(file);
    unlink(path);
    return found;
}

/* Crashes in item 7 of 10. Returns whether its output was written. */
static bool output_is_kept(int mode)
{
    const pool_options_t options = {.processes = 1, .initializer = open_log, .initargs = &mode};
    const pool_error_t *errors;
    pool_t *pool;
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, work, POOL_RANGE(10), POOL_NONE) == 1);
    EXPECT(pool_errors(pool, &errors) == 1 && errors[0].index == 7);
    int worker = errors[0].worker;
    pool_free(pool);
    return log_has(worker, "item 7 begins\n");
}

int main(void)
{
    EXPECT(mkdtemp(directory) != NULL);
    EXPECT(!output_is_kept(_IOFBF));
    EXPECT(output_is_kept(_IOLBF));
    rmdir(directory);
    puts("the output is lost when it is buffered, and kept line by line");
    return 0;
}
