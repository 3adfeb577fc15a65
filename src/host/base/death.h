/* How a process died, from its wait status: as text and as the error of an item. Pure. */
#ifndef POOL_HOST_BASE_DEATH_H
#define POOL_HOST_BASE_DEATH_H

#include <stddef.h>

#include "procpool.h"

/* Writes the signal's name, "SIGSEGV", "SIGRTMIN+3" or "signal 77", to `text`. Returns `text`. */
const char *pool__signal_name(int signal, char *text, size_t size);

/* Describes how a process with this wait status died, "killed by SIGKILL" or "exited with status 3". */
void pool__describe_status(char *text, size_t size, int status);

/* The error of an item over which a process died with this wait status. */
pool_error_t pool__death_error(int status);

#endif
