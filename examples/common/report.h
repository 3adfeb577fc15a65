/* The last line that an example prints: what it did, and the check of its results. */
#ifndef EXAMPLES_REPORT_H
#define EXAMPLES_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/way.h"

/* Seconds. A job that takes less sequentially is not worth a second process. */
#define REPORT_SMALL 0.5

struct report {
    const char *program;
    enum way way;
    int processes;  /* or threads */
    size_t items;   /* that were given */
    size_t lost;    /* that failed, whatever the reason */
    double seconds; /* what the work took, with the making and the end of the pool */
    uint64_t check; /* of the results: report_check() */
};

/* Adds bytes to a check, which is 0 at first. Equal results give equal checks (FNV-1a). */
uint64_t report_check(uint64_t check, const void *bytes, size_t size);

/* Prints one line on standard output:
 *   augment: pool of 2, 640 items, 3 lost, 1.234 s, check 0123456789abcdef */
void report_print(const struct report *report);

/* Reads such a line. Returns 0, or -1 if it is none. `report->program` is not written. */
int report_read(const char *line, struct report *report);

#endif
