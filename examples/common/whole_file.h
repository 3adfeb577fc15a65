/* Files that appear when they are whole: another process sees the old file or the new one, and a
 * program that is killed leaves the old one. */
#ifndef EXAMPLES_WHOLE_FILE_H
#define EXAMPLES_WHOLE_FILE_H

#include <stdio.h>

struct whole_file {
    FILE *stream; /* write here */
    char *path, *part;
};

/* Opens a file beside `path`. Returns 0 or a negated errno value, with nothing left behind. */
int whole_file_open(struct whole_file *file, const char *path);

/* Does the same for the file NAME in the folder. */
int whole_file_open_in(struct whole_file *file, const char *folder, const char *name);

/* Closes the file. With `code` 0 it gets its name; otherwise, or when it could not be written, it
 * is removed. Returns `code`, or a negated errno value. */
int whole_file_close(struct whole_file *file, int code);

#endif
