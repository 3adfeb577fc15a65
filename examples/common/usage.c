#define _GNU_SOURCE /* program_invocation_short_name */
#include "usage.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

int usage_try_help(void)
{
    fprintf(stderr, "Try '%s --help'.\n", program_invocation_short_name);
    return 2;
}

int usage_error(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
    return usage_try_help();
}

int usage_help(const char *help)
{
    fputs(help, stdout);
    return 0;
}

int usage_read_long(const char *name, const char *text, long least, long most, long *number)
{
    if (number_read_within(text, least, most, number))
        return -1;
    return usage_error("--%s takes a number from %ld to %ld, not '%s'", name, least, most, text);
}

int usage_read_int(const char *name, const char *text, int least, int most, int *number)
{
    long value = 0;
    int status = usage_read_long(name, text, least, most, &value);
    if (status < 0)
        *number = (int)value;
    return status;
}

int usage_read_processes(const char *text, int *processes)
{
    return usage_read_int("processes", text, 1, POOL_PROCESSES_MAX, processes);
}

int usage_read_seed(const char *text, uint64_t *seed)
{
    unsigned long long number;
    if (!number_read(text, false, &number))
        return usage_error("--seed takes a number without sign, below 2^64, not '%s'", text);
    *seed = number;
    return -1;
}

int usage_read_mode(const char *text, enum way *way, bool *compare)
{
    bool compares = compare && strcmp(text, "compare") == 0;
    if (compare)
        *compare = compares;
    if (compares || way_read(text, way))
        return -1;
    return usage_error("--mode is pool, threads%s sequential%s, not '%s'", compare ? "," : " or",
                       compare ? " or compare" : "", text);
}
