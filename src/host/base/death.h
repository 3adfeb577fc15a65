/* How a process ended, from its wait status: as text, and as the error of an item. A wait status is
 * what waitpid() gives. Pure. */
#ifndef POOL_HOST_BASE_DEATH_H
#define POOL_HOST_BASE_DEATH_H

#include <stddef.h>

#include "procpool.h"

/* Writes the signal's name to `text`: "SIGSEGV", "SIGRTMIN+3" or "signal 77". Returns `text`. */
const char *pool__signal_name(int signal, char *text, size_t size);

/* Writes to `text` how a process with this wait status ended: "killed by SIGKILL", or "exited with
 * status 3". */
void pool__describe_status(char *text, size_t size, int status);

/* Returns the error of an item during which a process ended with this wait status. The message is
 * empty, and the item and the worker are not filled in. */
pool_error_t pool__death_error(int status);

#endif
