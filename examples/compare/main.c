/* What a pool is for, measured: each example runs one item after the other, in threads and in a
 * pool, and then once more in each way with a crash in one item. */
#define _POSIX_C_SOURCE 200809L
#include <limits.h>
#include <procpool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/folder.h"
#include "measure.h"
#include "options.h"
#include "table.h"

enum { ARGUMENTS = 32, MOST_ROUNDS = 99 };

/* What each program works on: usually, and with --quick. */
static const struct usual {
    const char *arguments[6], *quick[10];
} usual[] = {
    {{"preprocess", "/usr/include"}, {"preprocess", "/usr/include/linux"}},
    {{"augment"}, {"augment", "--make", "60", "--limit", "0"}},
    {{"search"}, {"search", "--trials", "6", "--samples", "900", "--epochs", "4"}},
    {{"train", "--matrix", "loops"},
     {"train", "--matrix", "loops", "--epochs", "1", "--samples", "1200"}},
};

enum { USUAL = sizeof usual / sizeof *usual };

/* Writes the path of a program that lies in the folder of this one. */
static bool find(const char *name, char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    char *after = strrchr(path, '/') + 1;
    size_t room = (size_t)(path + PATH_MAX - after);
    return snprintf(after, room, "%s", name) < (int)room && access(path, X_OK) == 0;
}

/* Composes the command with the options that say how to work. They come last, so that they hold. */
static bool compose(const char *const *command, const struct options *options, enum way way,
                    bool crash, const char *arguments[ARGUMENTS])
{
    static char processes[16];
    int count = 0;
    snprintf(processes, sizeof processes, "%d", options->processes);
    while (command[count] && count < ARGUMENTS - 6) {
        arguments[count] = command[count];
        count++;
    }
    if (command[count])
        return false;
    arguments[count++] = "--mode";
    arguments[count++] = way_name(way);
    arguments[count++] = "--processes";
    arguments[count++] = processes;
    if (crash)
        arguments[count++] = "--crash";
    arguments[count] = NULL;
    return true;
}

/* Whether the run ended well and says that it worked in this way. */
static bool is_good(const struct run *run, enum way way)
{
    return WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0 && run->report.items > 0 &&
           run->report.way == way;
}

/* Runs the command in one way. Returns whether that could be done. */
static bool run_once(const char *const *command, const struct options *options, enum way way,
                     bool crash, struct run *run)
{
    char path[PATH_MAX];
    const char *arguments[ARGUMENTS];
    if (!find(command[0], path)) {
        fprintf(stderr, "compare: there is no program '%s' beside this one\n", command[0]);
        return false;
    }
    if (!compose(command, options, way, crash, arguments)) {
        fprintf(stderr, "compare: too many arguments for %s\n", command[0]);
        return false;
    }
    int code = measure(path, (char *const *)arguments, run);
    if (code < 0)
        fprintf(stderr, "compare: cannot run %s: %s\n", command[0], pool_strerror(code));
    return code == 0;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Runs the command in one way as often as there are rounds. */
static bool run_rounds(const char *const *command, const struct options *options, enum way way,
                       struct run *run)
{
    double seconds[MOST_ROUNDS], memory = 0;
    for (int round = 0; round < options->rounds; round++) {
        if (!run_once(command, options, way, false, run))
            return false;
        if (!is_good(run, way)) {
            fprintf(stderr, "compare: %s did not end well in the mode %s\n", command[0],
                    way_name(way));
            return false;
        }
        seconds[round] = run->report.seconds;
        memory = run->memory > memory ? run->memory : memory;
    }
    qsort(seconds, (size_t)options->rounds, sizeof *seconds, by_value);
    run->report.seconds = seconds[options->rounds / 2];
    run->memory = memory;
    return true;
}

static bool compare(const char *const *command, const struct options *options,
                    struct application *application)
{
    *application = (struct application){.name = command[0], .identical = true};
    for (int way = 0; way < WAY_COUNT; way++) {
        struct run *run = &application->runs[way];
        if (!run_rounds(command, options, (enum way)way, run) ||
            !run_once(command, options, (enum way)way, true, &application->crashed[way]))
            return false;
        if (way == WAY_POOL && !is_good(&application->crashed[way], WAY_POOL)) {
            fprintf(stderr, "compare: a crash was not survived by the pool of %s\n", command[0]);
            return false;
        }
        if (run->report.check != application->runs[0].report.check)
            application->identical = false;
    }
    return true;
}

/* Compares all commands. Returns whether each could be run, and gave the same in all ways. */
static bool compare_all(const struct options *options, struct application *applications,
                        size_t *count)
{
    bool good = true;
    size_t commands = options->command ? 1 : USUAL;
    for (size_t i = 0; i < commands; i++) {
        const char *const *command = options->command ? (const char *const *)options->command
                                     : options->quick ? usual[i].quick
                                                      : usual[i].arguments;
        struct application *application = &applications[*count];
        if (!compare(command, options, application)) {
            good = false;
            continue;
        }
        if (*count == 0)
            table_print_heading(stdout);
        table_print(stdout, application);
        fflush(stdout);
        good = good && application->identical;
        ++*count;
    }
    return good;
}

int main(int argc, char **argv)
{
    struct options options;
    struct application applications[USUAL];
    size_t count = 0;
    int status = options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    int prepared = options.output ? folder_prepare(options.output) : 0;
    if (prepared < 0) {
        fprintf(stderr, "compare: %s: %s\n", options.output, pool_strerror(prepared));
        return 2;
    }
    bool good = compare_all(&options, applications, &count);
    if (options.output && count > 0) {
        int code = table_write(options.output, applications, count);
        if (code < 0)
            fprintf(stderr, "compare: %s: %s\n", options.output, pool_strerror(code));
        good = good && code == 0;
    }
    return good && fflush(stdout) == 0 ? 0 : 1;
}
