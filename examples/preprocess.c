/* Text preprocessing for machine learning: a tree of files becomes features, on all processors.
 *
 * The stages: list the files, make a document of each (read, check, normalise, count, hash), find
 * near-duplicates, write an array and tables, report. The second one is the pool's: see
 * preprocess/ways.c. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <procpool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/report.h"
#include "preprocess/job.h"
#include "preprocess/process.h"
#include "preprocess/summary.h"

/* Says on standard error what could not be done if `code` is negative. Returns whether it
 * is not. */
static bool check(int code, const char *what)
{
    if (code < 0)
        fprintf(stderr, "preprocess: %s: %s\n", what, pool_strerror(code));
    return code >= 0;
}

/* Makes the pool. First of all: workers are copies of this process, and it is small now. */
static bool start(struct job *job)
{
    const struct options *options = &job->options;
    bool with_pool = options->compare || options->way == WAY_POOL;
    int code =
        crew_init(&job->crew, options->processes, options->max_bytes, with_pool, options->crash);
    if (code == POOL_EINIT)
        fprintf(stderr, "preprocess: in a worker: %s\n", pool_create_error());
    return check(code, "cannot start the pool");
}

static bool list(struct job *job)
{
    double begin = clock_seconds();
    if (!check(files_list(&job->files, job->options.paths), "cannot list the files"))
        return false;
    job->times.listing = clock_seconds() - begin;
    if (job->files.count == 0) {
        summary_print_problems(stderr, &job->files);
        fputs("preprocess: there are no files to read\n", stderr);
        return false;
    }
    job->records = calloc(job->files.count, sizeof(*job->records));
    return check(job->records ? 0 : -ENOMEM, "cannot keep the records");
}

static bool open_output(struct job *job)
{
    const char *directory = job->options.output;
    if (!directory)
        return true;
    return check(output_open(&job->output, directory, job->files.count), directory);
}

/* Makes the documents and ends the pool, which is charged for its making and its end. */
static bool process(struct job *job)
{
    bool good = process_files(job);
    crew_fini(&job->crew);
    for (int round = 0; round < job->times.rounds; round++)
        job->times.ways[WAY_POOL][round] += job->crew.pool_seconds;
    return good;
}

static bool group(struct job *job)
{
    double begin = clock_seconds();
    int code = duplicates_find(&job->duplicates, job->records, job->files.count);
    job->times.grouping = clock_seconds() - begin;
    return check(code, "cannot find near-duplicates");
}

static bool write_tables(struct job *job)
{
    if (!job->options.output)
        return true;
    double begin = clock_seconds();
    int code = output_tables(&job->output, job->files.paths, job->records, job->files.count,
                             &job->duplicates);
    job->times.writing += clock_seconds() - begin;
    return check(code, job->options.output);
}

/* The last line, as all larger examples print it. */
static void print_report(const struct job *job)
{
    const enum way way = job->options.compare ? WAY_POOL : job->options.way;
    struct report report = {.program = "preprocess",
                            .way = way,
                            .processes = way == WAY_SEQUENTIAL ? 1 : job->crew.processes,
                            .items = job->files.count,
                            .seconds = job->times.ways[way][0]};
    for (size_t i = 0; i < job->files.count; i++) {
        const struct record *record = &job->records[i];
        report.lost += record->problem.status != STATUS_OK;
        report.check = report_check(report.check, &record->facts, sizeof record->facts);
    }
    report_print(&report);
}

static bool report(const struct job *job)
{
    summary_print(stdout, job);
    print_report(job);
    return fflush(stdout) == 0 && job->identical[WAY_THREADS] && job->identical[WAY_POOL];
}

int main(int argc, char **argv)
{
    struct job job = {0};
    int status = options_read(&job.options, argc, argv);
    if (status >= 0)
        return status;

    bool good = start(&job) && list(&job) && open_output(&job) && process(&job) && group(&job) &&
                write_tables(&job) && report(&job);

    output_close(&job.output);
    duplicates_fini(&job.duplicates);
    free(job.records);
    files_fini(&job.files);
    crew_fini(&job.crew);
    return good ? 0 : 1;
}
