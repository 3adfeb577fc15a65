#define _GNU_SOURCE /* POSIX_SPAWN_SETSID */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/processors.h"
#include "memory.h"

extern char **environ;

enum {
    BETWEEN = 200, /* milliseconds between samples of the memory: a sample takes some of one */
    FIRST = 50     /* before the first one */
};

/* The session of the program that runs; 0: none. */
static volatile pid_t running;

/* Ends the program and its processes with this one, which a signal ends. */
static void end_with_us(int signal)
{
    if (running > 0)
        kill(-running, SIGKILL); /* the processes of its pool end with it */
    struct sigaction ends = {.sa_handler = SIG_DFL};
    sigaction(signal, &ends, NULL);
    raise(signal);
}

static void watch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = end_with_us, .sa_flags = SA_NODEFER};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

/* What the program prints, as far as it is the last line. */
struct output {
    char line[256];
    size_t length;
    struct report *report;
};

/* Takes what was printed, and reads each line that is whole as a report. */
static void take(struct output *output, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            output->line[output->length] = '\0';
            report_read(output->line, output->report);
            output->length = 0;
        } else if (output->length < sizeof output->line - 1) {
            output->line[output->length++] = bytes[i];
        }
    }
}

/* Reads until the program and all its processes have closed their output. */
static void watch(int from, pid_t process, struct run *run)
{
    struct output output = {.report = &run->report};
    char bytes[4096];
    int milliseconds = FIRST;
    for (;;) {
        struct pollfd ready = {.fd = from, .events = POLLIN};
        if (poll(&ready, 1, milliseconds) == 0) {
            double memory = memory_of_session(process);
            run->memory = memory > run->memory ? memory : run->memory;
            milliseconds = BETWEEN;
            continue;
        }
        ssize_t got = read(from, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        take(&output, bytes, (size_t)got);
    }
}

static int start(const char *path, char *const *arguments, int output, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (!error)
            error = posix_spawn(process, path, &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

int measure(const char *path, char *const *arguments, struct run *run)
{
    struct processors processors;
    pid_t process = -1;
    int ends[2];
    *run = (struct run){.report.program = arguments[0]};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    watch_signals();
    processors_begin(&processors);
    int error = start(path, arguments, ends[1], &process);
    close(ends[1]);
    if (!error) {
        running = process;
        watch(ends[0], process, run);
        while (waitpid(process, &run->status, 0) < 0 && errno == EINTR)
            ;
        running = 0;
        run->processors = processors_free(&processors);
    }
    close(ends[0]);
    return error;
}
