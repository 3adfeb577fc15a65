/* The folder for what an example writes. */
#ifndef EXAMPLES_FOLDER_H
#define EXAMPLES_FOLDER_H

#include <limits.h>

/* Makes the folder if it is not there, and checks that files can be made in it: before the work, so
 * that the work is not done in vain. Returns 0 or a negated errno value. */
int folder_prepare(const char *folder);

/* Writes "FOLDER/NAME" to `path`. Returns 0 or -ENAMETOOLONG. */
int folder_path(const char *folder, const char *name, char path[PATH_MAX]);

#endif
