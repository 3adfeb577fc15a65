/* Lists the files to work on. */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include <stddef.h>

struct files {
    char **paths; /* sorted, each once */
    size_t count, capacity;
    char **problems; /* "path: why it was not listed" */
    size_t problem_count, problem_capacity;
    size_t links;   /* symbolic links that were not followed */
    size_t special; /* devices, pipes, sockets */
};

/* Lists the regular files in and below `paths`, which end with NULL. Symbolic links are followed
 * among `paths` and nowhere else. What cannot be listed becomes a problem and ends nothing.
 * Returns 0, or a negated errno value with `*files` empty. */
int files_list(struct files *files, char *const *paths);

void files_fini(struct files *files);

#endif
