/* Lists the files to work on, by fts(3). */
#define _DEFAULT_SOURCE 1
#include "files.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends `text`, which must come from malloc() and is the list's from now on, also on failure. */
static int append(char ***list, size_t *count, size_t *capacity, char *text)
{
    if (!text)
        return -ENOMEM;
    if (*count == *capacity) {
        size_t more = *capacity > 0 ? 2 * *capacity : 256;
        char **larger = realloc(*list, more * sizeof(**list));
        if (!larger) {
            free(text);
            return -ENOMEM;
        }
        *list = larger;
        *capacity = more;
    }
    (*list)[(*count)++] = text;
    return 0;
}

static int add_file(struct files *files, const char *path)
{
    return append(&files->paths, &files->count, &files->capacity, strdup(path));
}

static int add_problem(struct files *files, const char *path, const char *why)
{
    size_t size = strlen(path) + strlen(why) + 3;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s: %s", path, why);
    return append(&files->problems, &files->problem_count, &files->problem_capacity, text);
}

/* Takes one entry of the walk. Returns 0 or a negated errno value. */
static int visit(struct files *files, const FTSENT *entry)
{
    int named = entry->fts_level == FTS_ROOTLEVEL; /* by the caller: owed an answer */

    switch (entry->fts_info) {
    case FTS_F:
        return add_file(files, entry->fts_path);
    case FTS_D:
    case FTS_DP:
        return 0;
    case FTS_SL:
    case FTS_SLNONE:
        files->links += !named;
        return named ? add_problem(files, entry->fts_path, "dangling symbolic link") : 0;
    case FTS_DEFAULT:
        files->special += !named;
        return named ? add_problem(files, entry->fts_path, "neither file nor directory") : 0;
    case FTS_DC:
        return add_problem(files, entry->fts_path, "directory contains itself");
    default: /* FTS_DNR, FTS_ERR, FTS_NS */
        return add_problem(files, entry->fts_path, strerror(entry->fts_errno));
    }
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void sort_paths(struct files *files)
{
    size_t kept = 0;
    if (files->count > 0)
        qsort(files->paths, files->count, sizeof(*files->paths), compare_paths);
    for (size_t i = 0; i < files->count; i++) {
        if (kept > 0 && strcmp(files->paths[kept - 1], files->paths[i]) == 0)
            free(files->paths[i]);
        else
            files->paths[kept++] = files->paths[i];
    }
    files->count = kept;
}

int files_list(struct files *files, char *const *paths)
{
    int code = 0;
    FTSENT *entry;
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);

    *files = (struct files){0};
    if (!walk)
        return -errno;
    while (code == 0 && (errno = 0, entry = fts_read(walk)) != NULL)
        code = visit(files, entry);
    if (code == 0 && errno != 0)
        code = -errno;
    fts_close(walk);
    if (code < 0)
        files_fini(files);
    else
        sort_paths(files);
    return code;
}

void files_fini(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    for (size_t i = 0; i < files->problem_count; i++)
        free(files->problems[i]);
    free(files->paths);
    free(files->problems);
    *files = (struct files){0};
}
