/* The report at the end, for a person. */
#ifndef PREPROCESS_SUMMARY_H
#define PREPROCESS_SUMMARY_H

#include <stdio.h>

#include "job.h"

/* Prints the report of a job that is done. */
void summary_print(FILE *stream, const struct job *job);

/* Prints what could not be listed. */
void summary_print_problems(FILE *stream, const struct files *files);

#endif
