/* Ctrl-C ends the search in order: the calls that wait for the pool return, and threads begin nothing
 * more. */
#ifndef SEARCH_INTERRUPT_H
#define SEARCH_INTERRUPT_H

#include <procpool.h>
#include <stdbool.h>

/* Begins to catch SIGINT. `pool` may be NULL. It must live until interrupt_restore(). */
void interrupt_catch(pool_t *pool);

/* Puts back what SIGINT did before. A second call does nothing. */
void interrupt_restore(void);

/* Whether SIGINT was caught. */
bool interrupt_came(void);

#endif
