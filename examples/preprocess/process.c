/* Makes the documents of all files, in batches: in one way, or in all three to compare them. */
#define _POSIX_C_SOURCE 200809L
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define BATCH 8192     /* files: bounds the memory for documents to 36 MB a way */
#define SHORT_RUN 60.0 /* seconds: a comparison that takes less is done again */

/* A way, and room of its own for the results of a batch. */
struct trial {
    enum way way;
    struct batch batch;
};

/* The ways that are used: one, or all to be compared. The first one's results count. */
struct trials {
    struct trial of[WAY_COUNT];
    size_t count;
};

static bool trials_init(struct trials *trials, const struct options *options, size_t files)
{
    size_t room = files < BATCH ? files : BATCH;

    *trials = (struct trials){.count = options->compare ? WAY_COUNT : 1};
    for (size_t i = 0; i < trials->count; i++) {
        struct batch *batch = &trials->of[i].batch;
        trials->of[i].way = options->compare ? (enum way)i : options->way;
        batch->documents = calloc(room, sizeof(*batch->documents));
        batch->problems = calloc(room, sizeof(*batch->problems));
        if (!batch->documents || !batch->problems)
            return false;
        /* Touched now, not while a way is timed. */
        memset(batch->documents, 1, room * sizeof(*batch->documents));
    }
    return true;
}

static void trials_fini(struct trials *trials)
{
    for (size_t i = 0; i < trials->count; i++) {
        free(trials->of[i].batch.documents);
        free(trials->of[i].batch.problems);
    }
}

/* Reads the batch's files and forgets them, so that each way to be timed finds them in the page
 * cache: otherwise the first would pay the disk for the others. */
static void read_ahead(struct job *job, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        size_t size;
        struct problem problem = {0};
        document_read(batch->paths[i], &job->crew.scratches[0], &size, &problem);
    }
}

static bool run_trial(struct job *job, struct trial *trial, int round)
{
    double start = clock_seconds();
    int code = way_run(trial->way, &job->crew, &trial->batch);
    job->times.ways[trial->way][round] += clock_seconds() - start;
    if (code < 0)
        fprintf(stderr, "preprocess: %s: %s\n", way_name(trial->way), pool_strerror(code));
    return code == 0;
}

static bool equal(const struct batch *left, const struct batch *right)
{
    size_t count = left->count;
    return memcmp(left->documents, right->documents, count * sizeof(*left->documents)) == 0 &&
           memcmp(left->problems, right->problems, count * sizeof(*left->problems)) == 0;
}

/* Keeps what the rest of the job needs of a batch that begins with file `first`. */
static bool keep(struct job *job, const struct batch *batch, size_t first)
{
    for (size_t i = 0; i < batch->count; i++) {
        job->records[first + i].problem = batch->problems[i];
        job->records[first + i].facts = batch->documents[i].facts;
    }
    if (!job->output.features.stream)
        return true;
    double start = clock_seconds();
    int code = output_features(&job->output, batch);
    job->times.writing += clock_seconds() - start;
    if (code < 0)
        fprintf(stderr, "preprocess: %s: %s\n", job->options.output, pool_strerror(code));
    return code == 0;
}

/* Does the batch that begins with file `first` in all ways that are used. */
static bool process_batch(struct job *job, struct trials *trials, size_t first, int round)
{
    size_t left = job->files.count - first;
    const struct batch *reference = &trials->of[0].batch;

    for (size_t i = 0; i < trials->count; i++) {
        trials->of[i].batch.first = first;
        trials->of[i].batch.paths = (const char *const *)job->files.paths + first;
        trials->of[i].batch.count = left < BATCH ? left : BATCH;
    }
    if (job->options.compare)
        read_ahead(job, reference);
    for (size_t i = 0; i < trials->count; i++) {
        /* Each way comes first in turn: none profits from what another left behind. */
        size_t turn = (i + first / BATCH + (size_t)round) % trials->count;
        if (!run_trial(job, &trials->of[turn], round))
            return false;
    }
    for (size_t i = 1; i < trials->count; i++)
        if (!equal(reference, &trials->of[i].batch))
            job->identical[trials->of[i].way] = false;
    return round > 0 || keep(job, reference, first);
}

bool process_files(struct job *job)
{
    struct trials trials;
    struct times *times = &job->times;
    bool good = trials_init(&trials, &job->options, job->files.count);

    if (!good)
        fprintf(stderr, "preprocess: %s\n", pool_strerror(-ENOMEM));
    for (enum way way = 0; way < WAY_COUNT; way++)
        job->identical[way] = true;
    for (int round = 0; good && round < ROUNDS; round++) {
        for (size_t first = 0; good && first < job->files.count; first += BATCH)
            good = process_batch(job, &trials, first, round);
        times->rounds = round + 1;
        if (!job->options.compare || times->ways[WAY_SEQUENTIAL][round] > SHORT_RUN)
            break;
    }
    trials_fini(&trials);
    return good;
}
