#define _POSIX_C_SOURCE 200809L
#include "sources.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_image_name(const char *path)
{
    static const char *const suffixes[] = {".png", ".jpg", ".jpeg"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t size = strlen(suffixes[i]);
        if (length > size && strcasecmp(path + length - size, suffixes[i]) == 0)
            return true;
    }
    return false;
}

static bool is_named(const char *path, char *const *paths)
{
    for (; *paths; paths++)
        if (strcmp(path, *paths) == 0)
            return true;
    return false;
}

/* Frees the paths in directories that have no name of an image. A file that the user named stays,
 * whatever its name: it is owed an answer. */
static void keep_images(struct files *files, char *const *paths)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (is_image_name(files->paths[i]) || is_named(files->paths[i], paths))
            files->paths[kept++] = files->paths[i];
        else
            free(files->paths[i]);
    }
    files->count = kept;
}

static int list_files(struct sources *sources, const struct options *options)
{
    struct files *files = &sources->files;
    int code = options->limit > 0 ? files_list(files, options->paths) : 0;
    if (code < 0)
        return code;
    if (!options->texts)
        keep_images(files, options->paths);
    sources->found = files->count;
    return 0;
}

int sources_list(struct sources *sources, const struct options *options)
{
    *sources = (struct sources){.made = (size_t)options->make};
    int code = list_files(sources, options);
    if (code < 0)
        return code;
    size_t found = sources->found, limit = (size_t)options->limit;
    size_t taken = found < limit ? found : limit;
    sources->count = sources->made + taken;
    sources->names = calloc(sources->count + 1, sizeof *sources->names);
    sources->made_names = calloc(sources->made + 1, sizeof *sources->made_names);
    if (!sources->names || !sources->made_names)
        return -ENOMEM;
    for (size_t i = 0; i < sources->made; i++) {
        made_name(i, sources->made, sources->made_names[i]);
        sources->names[i] = sources->made_names[i];
    }
    for (size_t i = 0; i < taken; i++)
        sources->names[sources->made + i] = sources->files.paths[i * found / taken];
    return 0;
}

void sources_fini(struct sources *sources)
{
    free(sources->names);
    free(sources->made_names);
    files_fini(&sources->files);
    *sources = (struct sources){0};
}
