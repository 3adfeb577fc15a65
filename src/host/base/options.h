/* The options of a pool, normalised: checked, and with all defaults filled in. */
#ifndef POOL_HOST_OPTIONS_H
#define POOL_HOST_OPTIONS_H

#include "procpool.h"

/* Writes `given`, or all defaults if it is NULL, to `*options`, with defaults filled in. Returns 0;
 * or POOL_EPROCESSES or POOL_EOPTION, and then `*options` is as it was. */
int pool__options(pool_options_t *options, const pool_options_t *given);

#endif
