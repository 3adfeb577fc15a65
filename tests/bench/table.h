/* The table of results. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "harness.h"

/* Prints the rows that were measured in all rounds. */
void table_print(const struct bench *bench, bool markdown, FILE *stream);

#endif
