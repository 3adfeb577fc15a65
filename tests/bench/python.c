/* Talks to peer.py. */
#include "python.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct python {
    pid_t pid;
    FILE *to, *from;
};

enum { ANSWER = 256 };

static _Noreturn void become_python(const int to[2], const int from[2], int processes)
{
    char count[16];
    snprintf(count, sizeof count, "%d", processes);
    if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
        _exit(127);
    close(to[0]);
    close(to[1]);
    close(from[0]);
    close(from[1]);
    execlp("python3", "python3", BENCH_PEER, count, BENCH_KERNEL, (char *)NULL);
    _exit(127);
}

/* One line without its end; false when the peer has gone. */
static bool answer(struct python *python, char line[ANSWER])
{
    fflush(python->to);
    if (!fgets(line, ANSWER, python->from))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* End-of-file would not do: workers of a pool hold copies of the pipe. */
static void end(struct python *python)
{
    fputs("quit\n", python->to);
    fclose(python->to);
    fclose(python->from);
    waitpid(python->pid, NULL, 0);
    free(python);
}

/* Returns NULL when it does not start. */
static struct python *begin(int processes)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        bench_fail("pipe failed");
    struct python *python = bench_alloc(1, sizeof *python);
    python->pid = bench_fork();
    if (python->pid == 0)
        become_python(to, from, processes);
    close(to[0]);
    close(from[1]);
    python->to = fdopen(to[1], "w");
    python->from = fdopen(from[0], "r");
    if (!python->to || !python->from)
        bench_fail("fdopen failed");
    char line[ANSWER];
    if (answer(python, line) && strcmp(line, "ready") == 0)
        return python;
    end(python);
    return NULL;
}

bool python_there(int processes)
{
    struct python *python = begin(processes);
    if (python)
        end(python);
    return python != NULL;
}

void python_start(struct bench *bench)
{
    if (bench->with_python)
        bench->python = begin(bench->processes);
}

void python_stop(struct bench *bench)
{
    if (bench->python)
        end(bench->python);
    bench->python = NULL;
}

static double number(struct python *python, uint64_t *check)
{
    char line[ANSWER], *rest;
    if (!answer(python, line))
        bench_fail("python: the peer has gone");
    double value = strtod(line, &rest);
    if (rest == line)
        bench_fail("python: %s", line);
    if (check)
        *check = strtoull(rest, NULL, 10);
    return value;
}

double python_ask(struct bench *bench, const char *format, ...)
{
    if (!bench->python)
        return NAN;
    bench_settle();
    va_list arguments;
    va_start(arguments, format);
    vfprintf(bench->python->to, format, arguments);
    va_end(arguments);
    fputc('\n', bench->python->to);
    return number(bench->python, NULL);
}

double python_spin(struct bench *bench, const uint64_t *steps, size_t count, uint64_t *check)
{
    if (!bench->python)
        return NAN;
    bench_settle();
    fputs("spin", bench->python->to);
    for (size_t i = 0; i < count; i++)
        fprintf(bench->python->to, " %" PRIu64, steps[i]);
    fputc('\n', bench->python->to);
    return number(bench->python, check);
}
