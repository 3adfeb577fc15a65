/* Maps over arrays of several kinds: texts become structs, and a member of these structs becomes
 * numbers. The function gets a pointer to an element; the result is an element of the other array. */
#include <ctype.h>
#include <procpool.h>
#include <stdio.h>

struct line {
    int words, letters;
};

/* Runs in a worker. An element of an array of texts is a `const char *`. */
static int count(const void *item, void *result, pool_task_t *task)
{
    const unsigned char *text = *(const unsigned char *const *)item;
    struct line *line = result; /* zeroed */
    (void)task;
    for (int before = ' '; *text; before = *text++) {
        line->letters += isalpha(*text) != 0;
        line->words += isspace(before) && !isspace(*text);
    }
    return 0;
}

static int grade(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(char *)result = *(const int *)item > 3 ? 'L' : 'S';
    return 0;
}

static void on_progress(void *context, const pool_progress_t *progress)
{
    (void)context;
    fprintf(stderr, "%zu of %zu lines\n", progress->done, progress->total);
}

int main(void)
{
    const char *texts[] = {"a pool runs a function", "over many items", "in worker processes"};
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    const pool_map_options_t options = {.progress = on_progress, .chunksize = 1};
    struct line lines[TEXTS];
    char grades[TEXTS];
    pool_t *pool;
    int error = pool_create(&pool, NULL);
    if (error) {
        fprintf(stderr, "map: no pool: %s\n", pool_strerror(error));
        return 1;
    }

    int failed = pool_map_with(pool, count, POOL_IN(texts, TEXTS), POOL_OUT(lines), &options);
    if (!failed)
        failed = pool_map(pool, grade, POOL_COLUMN(lines, TEXTS, words), POOL_OUT(grades));
    if (failed)
        pool_print_errors(pool, stderr);
    for (int i = 0; i < TEXTS && !failed; i++)
        printf("%c %d words, %d letters: %s\n", grades[i], lines[i].words, lines[i].letters,
               texts[i]);
    pool_free(pool);
    return failed ? 1 : 0;
}
