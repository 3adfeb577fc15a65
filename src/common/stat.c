/* Runs in the host and in the supervisor: reads /proc/PID/stat. */
#include "common/stat.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads the fields from the third on. They begin behind the end of the process's name, which may
 * hold blanks and brackets itself. */
static bool parse(const char *text, struct pool__stat *stat)
{
    char state;
    int threads;
    const char *name_end = strrchr(text, ')');
    if (!name_end ||
        sscanf(name_end,
               ") %c %*d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %" SCNu64,
               &state, &stat->group, &stat->session, &threads, &stat->start) != 5)
        return false;
    stat->start *= 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    /* The state alone is that of the first thread, which may end before the others. */
    stat->ended = (state == 'Z' || state == 'X') && threads <= 1;
    return true;
}

bool pool__stat(int pid, struct pool__stat *stat)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return parse(text, stat);
}
