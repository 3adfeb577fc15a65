#define _POSIX_C_SOURCE 200809L
#include "whole_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"

#define PART ".part" /* ends the name of a file that is not whole yet */

static void forget(struct whole_file *file)
{
    free(file->path);
    free(file->part);
    *file = (struct whole_file){0};
}

int whole_file_open(struct whole_file *file, const char *path)
{
    size_t length = strlen(path);
    *file = (struct whole_file){.path = malloc(length + 1), .part = malloc(length + sizeof PART)};
    int code = file->path && file->part ? 0 : -ENOMEM;
    if (code == 0) {
        memcpy(file->path, path, length + 1);
        memcpy(file->part, path, length);
        memcpy(file->part + length, PART, sizeof PART);
        file->stream = fopen(file->part, "we");
        code = file->stream ? 0 : -errno;
    }
    if (code < 0)
        forget(file);
    return code;
}

int whole_file_open_in(struct whole_file *file, const char *folder, const char *name)
{
    char path[PATH_MAX];
    int code = folder_path(folder, name, path);
    *file = (struct whole_file){0};
    return code < 0 ? code : whole_file_open(file, path);
}

int whole_file_close(struct whole_file *file, int code)
{
    errno = 0;
    bool failed = fflush(file->stream) != 0 || ferror(file->stream);
    int error = errno;
    failed = fclose(file->stream) != 0 || failed;
    if (code == 0 && failed)
        code = error ? -error : -EIO;
    if (code == 0 && rename(file->part, file->path) != 0)
        code = -errno;
    if (code < 0)
        remove(file->part);
    forget(file);
    return code;
}
