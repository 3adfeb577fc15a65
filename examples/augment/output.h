/* Writes the samples, the contact sheet and the list of files; each appears when it is whole. */
#ifndef AUGMENT_OUTPUT_H
#define AUGMENT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/whole_file.h"
#include "options.h"
#include "sheet.h"
#include "sources.h"
#include "ways.h"

struct output {
    const struct options *options;
    const struct sources *sources;
    struct whole_file samples, list;
    struct sheet sheet;
    size_t rows; /* samples written */
    bool open;   /* false: nothing is written */
};

/* Begins the files in the directory of the options, which is made if needed; nothing if there is none.
 * Functions here return 0 or a negated errno value. */
int output_open(struct output *output, const struct options *options,
                const struct sources *sources);

/* Writes what became of a file, after those before it. */
int output_take(struct output *output, const struct ending *ending);

/* Completes the files. With a negative `code` it removes them instead, and returns `code`. */
int output_close(struct output *output, int code);

#endif
