/* What a person sees on standard error: a line that shows how far the search is, if it is a terminal,
 * and messages above it. For one thread at a time. */
#ifndef SEARCH_LIVE_H
#define SEARCH_LIVE_H

#include <procpool.h>

enum { LIVE_COLUMNS = 79 };

/* Shows the text, LIVE_COLUMNS characters of it at most, in place of the one before. Does nothing if standard error is no terminal. */
void live_show(const char *format, ...) POOL_PRINTF(1, 2);

/* Removes the line. */
void live_hide(void);

/* Prints "search: ", the text and a line end, in place of the line that shows. */
void live_say(const char *format, ...) POOL_PRINTF(1, 2);

#endif
