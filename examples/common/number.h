/* Numbers as people write them on a command line. */
#ifndef EXAMPLES_NUMBER_H
#define EXAMPLES_NUMBER_H

#include <stdbool.h>

/* Reads a decimal number without sign. With `units` one of K, M and G may follow, for 2^10, 2^20
 * and 2^30. Returns false, and writes nothing, if `text` is anything else or the number is too
 * large. */
bool number_read(const char *text, bool units, unsigned long long *number);

/* Reads a decimal number from `least` to `most`, without units. Otherwise as number_read(). */
bool number_read_within(const char *text, long least, long most, long *number);

#endif
