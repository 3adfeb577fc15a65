/* Reads lines of numbers from standard input, however many there are, and prints mean and deviation of
 * each in the same order; a bad line is named and costs nothing else. The memory in use stays the same. */
#include <errno.h>
#include <math.h>
#include <procpool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct summary {
    int count;
    double mean, deviation;
};

/* Runs in a worker. */
static int summarise(const void *item, void *result, pool_task_t *task)
{
    const char *rest = *(const char *const *)item;
    struct summary *summary = result;
    double squares = 0;
    for (char *end;; rest = end) {
        double number = strtod(rest, &end);
        if (end == rest)
            break;
        double before = number - summary->mean;
        summary->mean += before / ++summary->count;
        squares += before * (number - summary->mean);
    }
    if (rest[strspn(rest, " \t\r\n")])
        return pool_fail(task, EINVAL, "not a number: %.20s", rest);
    summary->deviation = summary->count > 1 ? sqrt(squares / (summary->count - 1)) : 0;
    return 0;
}

struct lines {
    char *text;
    size_t size;
};

/* The next line of standard input; its memory is good until the next call. */
static int next_line(void *context, void *item)
{
    struct lines *lines = context;
    if (getline(&lines->text, &lines->size, stdin) < 0)
        return ferror(stdin) ? -EIO : 0;
    *(char **)item = lines->text;
    return 1;
}

int main(void)
{
    struct lines lines = {NULL, 0};
    pool_source_t source = {POOL_IN((char **)NULL, 0), next_line, &lines};
    pool_iterator_t *iterator;
    struct summary summary;
    char why[200];
    pool_t *pool;
    int got = 0;
    if (pool_create(&pool, NULL) < 0 ||
        pool_imap(pool, summarise, &source, POOL_RESULT(struct summary), NULL, &iterator) < 0)
        return 1;
    while ((got = pool_next(iterator, &summary, -1)) == 1 || got == POOL_EITEM) {
        if (got == 1) {
            printf("%d %g %g\n", summary.count, summary.mean, summary.deviation);
        } else {
            pool_error_text(pool_next_error(iterator), why, sizeof why);
            printf("line %zu %s\n", pool_next_index(iterator) + 1, why);
        }
    }
    if (got < 0)
        fprintf(stderr, "%s\n", pool_strerror(got));
    pool_iterator_free(iterator);
    pool_free(pool);
    free(lines.text);
    return got < 0;
}
