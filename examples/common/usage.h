/* Command lines: what is wrong with them, and the options that the larger examples have in common.
 * The functions that read the value of an option return -1 to go on, or have said what is wrong and
 * return 2, the exit status of wrong usage. */
#ifndef EXAMPLES_USAGE_H
#define EXAMPLES_USAGE_H

#include <procpool.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/way.h"

/* Prints "PROGRAM: message" and where the help is on standard error. Returns 2. */
int usage_error(const char *format, ...) POOL_PRINTF(1, 2);

/* Prints where the help is, after a message of getopt_long(). Returns 2. */
int usage_try_help(void);

/* Prints the help on standard output. Returns 0. */
int usage_help(const char *help);

/* Read the value of --NAME, a number from `least` to `most`. */
int usage_read_long(const char *name, const char *text, long least, long most, long *number);
int usage_read_int(const char *name, const char *text, int least, int most, int *number);

/* Read the values of --processes and of --seed. */
int usage_read_processes(const char *text, int *processes);
int usage_read_seed(const char *text, uint64_t *seed);

/* Reads the value of --mode. `compare` is set if the value is "compare"; NULL: that is no mode. */
int usage_read_mode(const char *text, enum way *way, bool *compare);

#endif
