/* The ground under the topics: rounds, clock, samples, processes. */
#include "harness.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fflush(stderr);
    _exit(1);
}

void bench_require(bool right, enum row row, enum peer peer)
{
    if (!right)
        bench_fail("%s: wrong results from %s", rows[row].what, peer_names[peer]);
}

bool bench_next_round(struct bench *bench)
{
    return ++bench->round < bench->rounds;
}

void bench_record(struct bench *bench, enum row row, enum peer peer, double value)
{
    if (bench->round < 0 || isnan(value))
        return;
    int *count = &bench->samples->count[row][peer];
    bench->samples->value[row][peer][*count] = value;
    *count += 1;
}

void bench_give_up(struct bench *bench, enum row row, uint64_t reached)
{
    bench->samples->given_up[row] = true;
    bench->samples->reached[row] = reached;
}

bool bench_given_up(const struct bench *bench, enum row row)
{
    return bench->samples->given_up[row];
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double bench_median(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof *values, by_value);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void bench_sleep(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

void bench_settle(void)
{
    bench_sleep(0.02);
}

void *bench_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        bench_fail("mmap: %s", strerror(errno));
    return memory;
}

void *bench_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        bench_fail("no memory for %zu elements of %zu bytes", count, size);
    return memory;
}

pid_t bench_fork(void)
{
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        bench_fail("fork: %s", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
    }
    return pid;
}

void bench_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

bool bench_trial(void (*act)(void *argument), void *argument)
{
    pid_t pid = bench_fork();
    if (pid == 0) {
        alarm(TRIAL_SECONDS);
        act(argument);
        _exit(0);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid)
        bench_fail("waitpid failed");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return false;
    if (status != 0)
        bench_fail("a measuring process failed");
    return true;
}

double bench_kibibytes(const char *path, const char *key, const char *other)
{
    FILE *file = fopen(path, "r");
    if (!file)
        bench_fail("cannot read %s", path);
    char line[256];
    double sum = 0;
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        size_t length = colon ? (size_t)(colon - line) : 0;
        if ((length == strlen(key) && strncmp(line, key, length) == 0) ||
            (length == strlen(other) && strncmp(line, other, length) == 0))
            sum += strtod(colon + 1, NULL);
    }
    fclose(file);
    return sum;
}

pool_t *bench_pool(int processes)
{
    pool_t *pool;
    pool_options_t options = {.processes = processes};
    int code = pool_create(&pool, &options);
    if (code < 0)
        bench_fail("pool_create: %s", pool_strerror(code));
    return pool;
}
