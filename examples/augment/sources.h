/* The files to make samples of: first those that the example makes itself, then those found. */
#ifndef AUGMENT_SOURCES_H
#define AUGMENT_SOURCES_H

#include <stddef.h>

#include "common/files.h"
#include "made.h"
#include "options.h"

struct sources {
    const char **names; /* of the made images, then paths of files */
    size_t count;
    size_t made;  /* the first so many are made */
    size_t found; /* files of the right kind; those beyond the limit are no sources */
    struct files files;
    char (*made_names)[MADE_NAME];
};

/* Lists the sources that the options ask for. What cannot be listed is in `files.problems`. Returns 0
 * or a negated errno value. Call sources_fini() in any case. */
int sources_list(struct sources *sources, const struct options *options);

void sources_fini(struct sources *sources);

#endif
