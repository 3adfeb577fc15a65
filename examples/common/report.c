#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t report_check(uint64_t check, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    check ^= 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        check = (check ^ at[i]) * 0x100000001b3u;
    return check ^ 0xcbf29ce484222325u;
}

void report_print(const struct report *report)
{
    printf("%s: %s of %d, %zu items, %zu lost, %.3f s, check %016" PRIx64 "\n", report->program,
           way_name(report->way), report->processes, report->items, report->lost, report->seconds,
           report->check);
}

int report_read(const char *line, struct report *report)
{
    char name[16];
    struct report read = {.program = report->program};
    const char *colon = strchr(line, ':');
    if (!colon ||
        sscanf(colon, ": %15s of %d, %zu items, %zu lost, %lf s, check %" SCNx64, name,
               &read.processes, &read.items, &read.lost, &read.seconds, &read.check) != 6 ||
        !way_read(name, &read.way))
        return -1;
    *report = read;
    return 0;
}
