/* What comes out of a search: a summary, a table, a chart and the check. */
#ifndef SEARCH_RESULTS_H
#define SEARCH_RESULTS_H

#include <stdint.h>
#include <stdio.h>

#include "rounds.h"

#define RESULTS_TABLE "search.csv"
#define RESULTS_CHART "search.svg"

/* Prints a line for each round that has begun. */
void results_print_rounds(const struct rounds *rounds, FILE *file);

/* Prints the winner's score and parameters. */
void results_print_winner(const struct study *study, const struct result *winner, FILE *file);

/* Write the table and the chart into the directory. Return 0 or a negated errno value. */
int results_write_table(const struct rounds *rounds, const char *directory);
int results_write_chart(const struct rounds *rounds, const char *directory);

/* Returns the check of all scores and of the winner, which may be NULL. How long things took, and in
 * which order they ended, is no part of it. */
uint64_t results_check(const struct rounds *rounds, const struct result *winner);

#endif
