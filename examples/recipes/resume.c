/* How does a program stop at Ctrl-C, and go on later with what is left?
 *
 * The handler calls pool_interrupt(). The call that waits then returns -EINTR as soon as the items
 * that run have ended. A result that is not there has a mark, here NAN, which the call leaves alone.
 * Save the results with their marks; the next run maps over the marked items only. `keys` gives
 * each item the seed that it has in the whole job. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <procpool.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "recipes/expect.h"

enum { ITEMS = 60 };
static pool_t *pool;

static void on_sigint(int signal)
{
    (void)signal;
    pool_interrupt(pool);
}

/* In the place of a person: presses Ctrl-C once, after five items. */
static void on_progress(void *impatient, const pool_progress_t *progress)
{
    if (*(bool *)impatient && progress->done >= 5)
        *(bool *)impatient = raise(SIGINT) != 0;
}

static int work(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    *(double *)result = (double)(pool_task_seed(task) >> 11);
    return 0;
}

/* One run of the program: loads the results, runs the items that have none, saves the results.
 * Returns what pool_map() returns. */
static int run(FILE *saved, double *results, bool impatient)
{
    uint64_t rest[ITEMS];
    double found[ITEMS];
    rewind(saved);
    size_t left = 0, loaded = fread(results, sizeof *results, ITEMS, saved); /* or 0 */
    for (size_t i = 0; i < ITEMS; i++) {
        found[i] = NAN;
        if (i >= loaded || isnan(results[i]))
            rest[left++] = i; /* the item, and its key */
    }
    EXPECT(pool_create(&pool, NULL) == 0);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_sigint}, NULL);
    const pool_map_options_t options = {
        .seed = 1, .keys = rest, .progress = on_progress, .context = &impatient};
    int failed = pool_map_with(pool, work, POOL_IN(rest, left), POOL_OUT(found), &options);
    for (size_t i = 0; i < left; i++)
        results[rest[i]] = found[i];
    rewind(saved);
    EXPECT(fwrite(results, sizeof *results, ITEMS, saved) == ITEMS);
    signal(SIGINT, SIG_DFL); /* first: the handler needs the pool */
    pool_free(pool);
    return failed;
}

int main(void)
{
    FILE *stopped = tmpfile(), *whole = tmpfile(); /* a program has a file with a name */
    double results[ITEMS], wanted[ITEMS];
    int left = 0;
    EXPECT(run(whole, wanted, false) == 0 && run(stopped, results, true) == -EINTR);
    for (int i = 0; i < ITEMS; i++)
        left += isnan(results[i]) != 0;
    EXPECT(left > 0 && left <= ITEMS - 5);
    EXPECT(run(stopped, results, false) == 0 && memcmp(results, wanted, sizeof results) == 0);
    printf("interrupted with %d of %d items left; then the same results\n", left, ITEMS);
    return fclose(stopped) || fclose(whole);
}
