/* The report at the end, for a person. */
#ifndef AUGMENT_SUMMARY_H
#define AUGMENT_SUMMARY_H

#include "job.h"

/* Prints what could not be listed on standard error, and what the program was built without. */
void summary_print_problems(const struct job *job);

/* Prints the report on standard output. */
void summary_print(const struct job *job);

#endif
