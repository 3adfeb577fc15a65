/* Data augmentation for machine learning: of each image, or text, many random samples.
 *
 * The stages: list the files, make samples of each, write them in the order of the files, report. The
 * second one is the pool's: see way_pool.c. What is done to an image is in vary_image.c, and to a text in
 * vary_text.c. */
#include <errno.h>
#include <procpool.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "codec.h"
#include "common/clock.h"
#include "common/report.h"
#include "job.h"
#include "summary.h"

/* Exit statuses. Each stage returns one. */
enum { DONE, FAILED, WRONG_USAGE };

/* Says on standard error what could not be done if `code` is negative. Returns whether it is not. */
static bool succeeded(int code, const char *what)
{
    if (code < 0)
        fprintf(stderr, "augment: %s: %s\n", what, pool_strerror(code));
    return code >= 0;
}

/* The list is made before the pool. So the workers, which are copies of this process, have it too, and an
 * item is just a number. */
static int list(struct job *job)
{
    double begin = clock_seconds();
    if (!job->options.texts && !codec_any()) {
        summary_print_problems(job);
        fputs("augment: without libpng and libjpeg there are no images: try --kind texts\n",
              stderr);
        return FAILED;
    }
    if (!succeeded(sources_list(&job->sources, &job->options), "cannot list the files"))
        return FAILED;
    job->listing = clock_seconds() - begin;
    summary_print_problems(job);
    if (job->sources.count > 0)
        return DONE;
    fprintf(stderr, "augment: there are no %s to read\n", job->options.texts ? "texts" : "images");
    return WRONG_USAGE;
}

static int open_output(struct job *job)
{
    int code = output_open(&job->output, &job->options, &job->sources);
    if (code == 0)
        return DONE;
    fprintf(stderr, "augment: cannot write into --output '%s': %s\n", job->options.output,
            pool_strerror(code));
    return code == -ENOMEM ? FAILED : WRONG_USAGE;
}

/* Takes what became of a file, in the order of the files. */
static int take(void *context, const struct ending *ending)
{
    struct job *job = context;
    if (ending->reason[0] == '\0') {
        uint64_t check = ending->outcome->check;
        job->check = report_check(job->check, &check, sizeof check);
    } else {
        job->check = report_check(job->check, ending->reason, strlen(ending->reason));
        if (job->lost < SHOWN)
            job->bad[job->lost] = *ending;
        job->lost++;
    }
    return output_take(&job->output, ending);
}

static int make_samples(struct job *job)
{
    const struct options *options = &job->options;
    double begin = clock_seconds();
    job->processes = options->way == WAY_SEQUENTIAL ? 1
                     : options->processes > 0       ? options->processes
                                                    : pool_cpu_count();
    const struct crew crew = {.options = options,
                              .sources = &job->sources,
                              .processes = job->processes,
                              .take = take,
                              .context = job};
    int code = output_close(&job->output, ways_run(&crew));
    job->seconds = clock_seconds() - begin;
    return succeeded(code, "cannot make the samples") ? DONE : FAILED;
}

static int report(const struct job *job)
{
    summary_print(job);
    return fflush(stdout) == 0 ? DONE : FAILED;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    int status = options_read(&job.options, argc, argv);
    if (status >= 0)
        return status;
    status = list(&job);
    if (status == DONE)
        status = open_output(&job);
    if (status == DONE)
        status = make_samples(&job);
    if (status == DONE)
        status = report(&job);
    sources_fini(&job.sources);
    return status;
}
