/* Memory from malloc(), for the results of functions. NULL: there is no memory. */
#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a text of `length` times the letter. */
char *memory_text(char letter, size_t length);

/* Copies `size` bytes, of which there may be none. */
void *memory_copy(const void *data, size_t size);

/* Whether each of the `size` bytes is `byte`. */
bool memory_is(const void *data, size_t size, unsigned char byte);

#endif
