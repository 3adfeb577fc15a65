/* The benchmark program: options, machine, topics, table. README.md says how to read it. */
#include "python.h"
#include "table.h"
#include "topics.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

struct topic {
    const char *name;
    void (*measure)(struct bench *);
    unsigned seconds; /* more than a round takes */
};

/* A topic of several parts has its name several times. */
static const struct topic topics[] = {
    {"trips", measure_trips, 60},
    {"dispatch", measure_dispatch, 30},
    {"elements", measure_elements, 30},
    {"compute", measure_compute, 60},
    {"tails", measure_tails, 60},
    {"blobs", measure_blobs, 30},
    {"codec", measure_codec, 30},
    {"life", measure_life, 30},
    {"death", measure_death, 30},
    {"idle-memory", measure_idle_memory, 30},
    {"host-memory", measure_host_memory, 30},
    {"scale", measure_outstanding, 240},
    {"scale", measure_urgent, 60},
    {"scale", measure_iterators, 60},
    {"scale", measure_herd, 30},
};

#ifdef __clang__
#define COMPILER "" /* its version says the name */
#else
#define COMPILER "gcc "
#endif

enum { TOPICS = sizeof topics / sizeof *topics };

struct arguments {
    const char *only;
    bool markdown;
};

static _Noreturn void usage(int status)
{
    FILE *stream = status ? stderr : stdout;
    fputs("usage: bench [--processes N] [--rounds N] [--only NAME] [--markdown]\nnames:", stream);
    for (int i = 0; i < TOPICS; i++)
        if (i == 0 || strcmp(topics[i].name, topics[i - 1].name) != 0)
            fprintf(stream, " %s", topics[i].name);
    fputc('\n', stream);
    exit(status);
}

static int number(const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 1 || value > most)
        usage(2);
    return (int)value;
}

static bool is_topic(const char *name)
{
    for (int i = 0; i < TOPICS; i++)
        if (strcmp(name, topics[i].name) == 0)
            return true;
    return false;
}

static struct arguments read_arguments(int argc, char **argv, struct bench *bench)
{
    static const struct option options[] = {
        {"processes", required_argument, NULL, 'p'},
        {"rounds", required_argument, NULL, 'r'},
        {"only", required_argument, NULL, 'o'},
        {"markdown", no_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {0};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            bench->processes = number(optarg, POOL_PROCESSES_MAX);
        else if (option == 'r')
            bench->rounds = number(optarg, ROUNDS_MAX);
        else if (option == 'o')
            arguments.only = optarg;
        else if (option == 'm')
            arguments.markdown = true;
        else
            usage(option == 'h' ? 0 : 2);
    }
    if (optind < argc || (arguments.only && !is_topic(arguments.only)))
        usage(2);
    return arguments;
}

static void print_machine(const struct bench *bench)
{
    struct utsname name;
    double load = 0;
    if (uname(&name) != 0 || getloadavg(&load, 1) != 1)
        bench_fail("uname or getloadavg failed");
    printf("%ld cpus, load %.1f, %s %s %s, %s, %s build, %d workers, medians of %d rounds\n",
           sysconf(_SC_NPROCESSORS_ONLN), load, name.sysname, name.release, name.machine,
           COMPILER __VERSION__, BENCH_BUILD, bench->processes, bench->rounds);
    if (!bench->with_python)
        puts("no python3 with multiprocessing: its column stays empty");
    putchar('\n');
    fflush(stdout);
}

/* Measures in a process of its own, which a deadline ends. Returns whether it went well. */
static bool run_topic(struct bench *bench, const struct topic *topic)
{
    if (isatty(2))
        fprintf(stderr, "measuring %s\n", topic->name);
    pid_t pid = bench_fork();
    if (pid == 0) {
        alarm(topic->seconds * (unsigned)(bench->rounds + 1));
        topic->measure(bench);
        exit(0);
    }
    int status = 0;
    if (waitpid(pid, &status, 0) != pid)
        bench_fail("waitpid failed");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fprintf(stderr, "bench: %s: timed out\n", topic->name);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "bench: %s: %s\n", topic->name, strsignal(WTERMSIG(status)));
    return status == 0;
}

int main(int argc, char **argv)
{
    struct bench bench = {.processes = 2, .rounds = 5, .round = -2};
    struct arguments arguments = read_arguments(argc, argv, &bench);
    signal(SIGPIPE, SIG_IGN); /* a peer that goes is noticed by its silence */
    bench.samples = bench_shared(sizeof *bench.samples);
    bench.with_python = python_there(bench.processes);
    print_machine(&bench);
    bool good = true;
    for (int i = 0; i < TOPICS; i++)
        if (!arguments.only || strcmp(arguments.only, topics[i].name) == 0)
            good = run_topic(&bench, &topics[i]) && good;
    table_print(&bench, arguments.markdown, stdout);
    if (!good)
        fputs("bench: some rows are missing: see above\n", stderr);
    return good ? 0 : 1;
}
