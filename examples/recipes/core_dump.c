/* How do I get a core dump of a crashed worker?
 *
 * Raise RLIMIT_CORE in the initializer: a worker has the host's limit, which is 0 on most systems.
 * /proc/sys/kernel/core_pattern names the file, or the program that gets the core instead. A name
 * without a folder is in the worker's working directory. The memory that the pool shares with its
 * workers is not in a core, so an item is there only if the function has copied it. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <glob.h>
#include <procpool.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "recipes/expect.h"

enum { SKIPPED = 77 }; /* what the tests take for "cannot be shown here" */

static int allow_core(void *directory, void **state, pool_task_t *task)
{
    struct rlimit limit;
    (void)state;
    if (chdir(directory) < 0 || getrlimit(RLIMIT_CORE, &limit) < 0)
        return pool_fail(task, errno, "cannot prepare for core dumps");
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_CORE, &limit);
}

static int crash(const void *item, void *result, pool_task_t *task)
{
    volatile int number = *(const int *)item; /* a copy: in gdb, print number */
    (void)result, (void)task;
    return raise(number);
}

/* Removes the files of the directory. Returns how many of them are cores. */
static int take_cores(const char *directory)
{
    glob_t files;
    int cores = 0;
    EXPECT(chdir(directory) == 0 && glob("*", 0, NULL, &files) == 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "r");
        cores += file && getc(file) == 0x7f && getc(file) == 'E'; /* as ELF files begin */
        EXPECT(file && fclose(file) == 0);
        unlink(files.gl_pathv[i]);
    }
    globfree(&files);
    return cores;
}

/* Whether the system writes cores to files in the working directory. */
static bool cores_come_here(void)
{
    char pattern[200] = "|";
    struct rlimit limit = {0};
    FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
    EXPECT(file && fgets(pattern, sizeof pattern, file) && getrlimit(RLIMIT_CORE, &limit) == 0);
    fclose(file);
    printf("core_pattern: %s", pattern);
    return pattern[0] != '|' && !strchr(pattern, '/') && limit.rlim_max > 0;
}

int main(void)
{
    char directory[] = "core_dump-XXXXXX";
    pool_options_t options = {.processes = 1, .initializer = allow_core, .initargs = directory};
    int signals[] = {0, SIGSEGV, 0};
    pool_t *pool;
    if (!cores_come_here())
        return SKIPPED;
    EXPECT(mkdtemp(directory) != NULL);
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, crash, POOL_IN(signals, 3), POOL_NONE) == 1);
    pool_free(pool);
    EXPECT(take_cores(directory) == 1 && chdir("..") == 0 && rmdir(directory) == 0);
    puts("one crash, one core");
    return 0;
}
