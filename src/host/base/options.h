/* Options as the rest of the library wants them. */
#ifndef POOL_HOST_OPTIONS_H
#define POOL_HOST_OPTIONS_H

#include "procpool.h"

/* Copies `given` (NULL: all defaults) with defaults filled in. Returns 0, POOL_EPROCESSES or
 * POOL_EOPTION. */
int pool__options(pool_options_t *options, const pool_options_t *given);

#endif
