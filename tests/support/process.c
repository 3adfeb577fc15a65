/* Runs in the test program and in the hosts it forks. */
#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/deadline.h"

static bool read_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, size - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

int process_children(pid_t parent, pid_t *children, int count)
{
    char path[64], list[65536];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    if (!read_file(path, list, sizeof list))
        return 0;
    int found = 0;
    char *rest = list, *word;
    while (found < count && (word = strtok_r(rest, " \n", &rest)))
        children[found++] = (pid_t)strtol(word, NULL, 10);
    return found;
}

/* Reads fields of /proc/PID/stat, from the end of the name on: a name may hold blanks and brackets. */
static bool read_stat(pid_t pid, char *state, int *parent, int *threads)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!read_file(path, text, sizeof text))
        return false;
    const char *fields = strrchr(text, ')');
    return fields && sscanf(fields,
                            ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
                            "%*d %*d %d",
                            state, parent, threads) == 3;
}

char process_state(pid_t pid)
{
    char state;
    int parent, threads;
    return read_stat(pid, &state, &parent, &threads) ? state : '\0';
}

bool process_ended(pid_t pid)
{
    char state = process_state(pid);
    return state == '\0' || state == 'Z' || state == 'X';
}

int process_threads(pid_t pid)
{
    char state;
    int parent, threads;
    return read_stat(pid, &state, &parent, &threads) ? threads : 0;
}

pid_t process_parent(pid_t pid)
{
    char state;
    int parent, threads;
    return read_stat(pid, &state, &parent, &threads) ? parent : 0;
}

long process_kilobytes(pid_t pid, const char *field)
{
    char path[64], text[4096], *rest = text, *line;
    size_t length = strlen(field);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (!read_file(path, text, sizeof text))
        return -1;
    while ((line = strtok_r(rest, "\n", &rest)))
        if (strncmp(line, field, length) == 0 && line[length] == ':')
            return strtol(line + length + 1, NULL, 10);
    return -1;
}

static void print_one(pid_t pid, int depth, FILE *stream)
{
    char path[64], name[64] = "?\n", where[128] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    read_file(path, name, sizeof name);
    snprintf(path, sizeof path, "/proc/%d/wchan", (int)pid);
    read_file(path, where, sizeof where);
    name[strcspn(name, "\n")] = '\0';
    fprintf(stream, "%*s%d %c %s %s\n", 2 + 2 * depth, "", (int)pid, process_state(pid), name,
            where);
}

enum { MANY = 512 };

static void print_children(pid_t parent, int depth, FILE *stream)
{
    pid_t children[MANY];
    int count = process_children(parent, children, MANY);
    for (int i = 0; i < count; i++) {
        print_one(children[i], depth, stream);
        if (depth < 3)
            print_children(children[i], depth + 1, stream);
    }
}

void process_print_children(FILE *stream)
{
    print_children(getpid(), 0, stream);
}

static void kill_children(pid_t parent, int depth)
{
    pid_t children[MANY];
    int count = process_children(parent, children, MANY);
    for (int i = 0; i < count; i++) {
        if (depth < 3)
            kill_children(children[i], depth + 1);
        kill(children[i], SIGKILL);
    }
}

void process_kill_children(void)
{
    kill_children(getpid(), 0);
}

bool process_kill_child(pid_t parent, pid_t pid)
{
    int descriptor = pid > 1 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (descriptor < 0)
        return false;
    struct pollfd end = {.fd = descriptor, .events = POLLIN};
    bool killed = process_parent(pid) == parent && !process_ended(pid) &&
                  syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, NULL, 0) == 0 &&
                  poll(&end, 1, 10000) == 1;
    close(descriptor);
    return killed;
}

struct processes {
    const pid_t *pids;
    int count;
};

static bool have_ended(void *argument)
{
    const struct processes *processes = argument;
    for (int i = 0; i < processes->count; i++)
        if (!process_ended(processes->pids[i]))
            return false;
    return true;
}

bool process_end(const pid_t *pids, int count, int milliseconds)
{
    struct processes processes = {pids, count};
    return deadline_met(milliseconds, have_ended, &processes);
}

bool process_kill(pid_t pid)
{
    return kill(pid, SIGKILL) == 0 && process_end(&pid, 1, 5000);
}

bool process_may_back_memory(void)
{
    struct rlimit limit;
    FILE *file = fopen("/proc/sys/vm/overcommit_memory", "re");
    int mode = file ? getc(file) : EOF;
    if (file)
        fclose(file);
    return mode != EOF && mode != '2' && getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           limit.rlim_cur == RLIM_INFINITY;
}
