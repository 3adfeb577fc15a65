#define _POSIX_C_SOURCE 200809L
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_prepare(const char *folder)
{
    struct stat status;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return -errno;
    if (stat(folder, &status) != 0)
        return -errno;
    if (!S_ISDIR(status.st_mode))
        return -ENOTDIR;
    return access(folder, W_OK | X_OK) == 0 ? 0 : -errno;
}

int folder_path(const char *folder, const char *name, char path[PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}
