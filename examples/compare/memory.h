/* The memory that a session of processes takes. */
#ifndef COMPARE_MEMORY_H
#define COMPARE_MEMORY_H

#include <sys/types.h>

/* Returns how many bytes the processes of the session take together now. A page that several of
 * them share counts once (its proportional parts are added up). 0: nothing could be read. */
double memory_of_session(pid_t session);

#endif
