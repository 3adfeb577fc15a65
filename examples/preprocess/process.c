/* Makes the documents of all files, in batches: in one way, or in all three to compare them. */
#define _POSIX_C_SOURCE 200809L
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define BATCH 8192     /* files: bounds the memory for documents to 36 MB a way */
#define SHORT_RUN 60.0 /* seconds: a comparison that takes less is done again */

/* A batch for each way, with documents and problems of its own where the way is used. */
struct batches {
    struct batch of[WAY_COUNT];
    enum way ways[WAY_COUNT]; /* that are used; the first one's results count */
    size_t way_count;
};

static bool batches_init(struct batches *batches, const struct options *options, size_t files)
{
    size_t room = files < BATCH ? files : BATCH;
    *batches = (struct batches){.ways = {options->way}, .way_count = 1};
    if (options->compare)
        *batches = (struct batches){.ways = {WAY_SEQUENTIAL, WAY_THREADS, WAY_POOL},
                                    .way_count = WAY_COUNT};
    for (size_t i = 0; i < batches->way_count; i++) {
        struct batch *batch = &batches->of[batches->ways[i]];
        batch->documents = calloc(room, sizeof(*batch->documents));
        batch->problems = calloc(room, sizeof(*batch->problems));
        if (!batch->documents || !batch->problems)
            return false;
        /* Touched now, not while a way is timed. */
        memset(batch->documents, 1, room * sizeof(*batch->documents));
    }
    return true;
}

static void batches_fini(struct batches *batches)
{
    for (size_t way = 0; way < WAY_COUNT; way++) {
        free(batches->of[way].documents);
        free(batches->of[way].problems);
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

static bool run_way(struct job *job, enum way way, struct batch *batch, int round)
{
    double start = clock_seconds();
    int code = way_run(way, &job->crew, batch);
    job->times.ways[way][round] += clock_seconds() - start;
    if (code < 0)
        fprintf(stderr, "preprocess: %s: %s\n", way_name(way), pool_strerror(code));
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
    if (!job->output.features)
        return true;
    double start = clock_seconds();
    int code = output_features(&job->output, batch);
    job->times.writing += clock_seconds() - start;
    if (code < 0)
        fprintf(stderr, "preprocess: %s: %s\n", job->options.output, pool_strerror(code));
    return code == 0;
}

/* Does the batch that begins with file `first` in all ways that are used. */
static bool process_batch(struct job *job, struct batches *batches, size_t first, int round)
{
    size_t left = job->files.count - first;
    struct batch *reference = &batches->of[batches->ways[0]];

    for (size_t way = 0; way < WAY_COUNT; way++) {
        batches->of[way].paths = (const char *const *)job->files.paths + first;
        batches->of[way].count = left < BATCH ? left : BATCH;
    }
    if (job->options.compare)
        read_ahead(job, reference);
    for (size_t i = 0; i < batches->way_count; i++) {
        /* Each way comes first in turn: none always follows the same other one. */
        size_t turn = (i + first / BATCH + (size_t)round) % batches->way_count;
        enum way way = batches->ways[turn];
        if (!run_way(job, way, &batches->of[way], round))
            return false;
    }
    for (size_t i = 0; i < batches->way_count; i++)
        if (!equal(reference, &batches->of[batches->ways[i]]))
            job->identical[batches->ways[i]] = false;
    return round > 0 || keep(job, reference, first);
}

bool process_files(struct job *job)
{
    struct batches batches;
    struct times *times = &job->times;
    bool good = batches_init(&batches, &job->options, job->files.count);

    if (!good)
        fprintf(stderr, "preprocess: %s\n", pool_strerror(-ENOMEM));
    for (enum way way = 0; way < WAY_COUNT; way++)
        job->identical[way] = true;
    for (int round = 0; good && round < ROUNDS; round++) {
        for (size_t first = 0; good && first < job->files.count; first += BATCH)
            good = process_batch(job, &batches, first, round);
        times->rounds = round + 1;
        if (!job->options.compare || times->ways[WAY_SEQUENTIAL][round] > SHORT_RUN)
            break;
    }
    batches_fini(&batches);
    return good;
}
