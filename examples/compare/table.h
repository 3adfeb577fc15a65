/* The comparison, for people and for programs. */
#ifndef COMPARE_TABLE_H
#define COMPARE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/way.h"
#include "measure.h"

/* One program in all ways. */
struct application {
    const char *name;
    struct run runs[WAY_COUNT];    /* `report.seconds` is the median of all rounds */
    struct run crashed[WAY_COUNT]; /* the same with a crash in one item */
    bool identical;                /* all ways gave the same results */
};

/* Print the heading of the table, and the lines of one application. */
void table_print_heading(FILE *stream);
void table_print(FILE *stream, const struct application *application);

/* Writes compare.csv and compare.svg to the folder. Returns 0 or
 * a negated errno value. */
int table_write(const char *folder, const struct application *applications, size_t count);

#endif
