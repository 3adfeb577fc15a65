#include "summary.h"

#include <limits.h>
#include <stdio.h>

#include "codec.h"
#include "common/report.h"

/* Prints a text on one line: control characters become question marks. */
static void print_text(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        putc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
    }
}

void summary_print_problems(const struct job *job)
{
    const struct files *files = &job->sources.files;
    const char *library;
    for (size_t i = 0; i < files->problem_count && i < SHOWN; i++) {
        fputs("augment: ", stderr);
        print_text(stderr, files->problems[i]);
        fputs("\n", stderr);
    }
    if (files->problem_count > SHOWN)
        fprintf(stderr, "augment: and %zu more that cannot be read\n",
                files->problem_count - SHOWN);
    for (int i = 0; !job->options.texts && (library = codec_missing(i)) != NULL; i++)
        fprintf(stderr, "augment: built without %s: its images cannot be read or written\n",
                library);
}

static void print_sources(const struct job *job)
{
    const struct sources *sources = &job->sources;
    const char *kind = job->options.texts ? "texts" : "images";
    fputs("Sources     ", stdout);
    if (sources->made > 0)
        printf("%zu %s made here with a fixed seed%s", sources->made, kind,
               job->options.limit > 0 ? "; " : "");
    if (job->options.limit > 0) {
        printf("%zu of %zu %s in", sources->count - sources->made, sources->found, kind);
        for (char *const *path = job->options.paths; *path; path++) {
            putchar(' ');
            print_text(stdout, *path);
        }
    }
    putchar('\n');
}

static void print_samples(const struct job *job)
{
    size_t good = job->sources.count - job->lost, samples = (size_t)job->options.samples;
    printf("Samples     %zu, %zu of each of %zu files", good * samples, samples, good);
    if (!job->options.texts)
        printf(", %d x %d pixels", SIDE, SIDE);
    printf("; seed %llu\n", (unsigned long long)job->options.seed);
}

static void print_bad(const struct job *job)
{
    printf("Not usable  %zu\n", job->lost);
    for (size_t i = 0; i < job->lost && i < SHOWN; i++) {
        const struct ending *ending = &job->bad[i];
        fputs("  ", stdout);
        print_text(stdout, job->sources.names[ending->index]);
        fputs(": ", stdout);
        print_text(stdout, ending->reason);
        if (ending->death[0]) {
            fputs(" (", stdout);
            print_text(stdout, ending->death);
            fputs(")", stdout);
        }
        fputs("\n", stdout);
    }
    if (job->lost > SHOWN)
        printf("  and %zu more%s\n", job->lost - SHOWN,
               job->options.output ? ", which are in files.jsonl" : "");
}

static void print_output(const struct job *job)
{
    if (!job->options.output)
        return;
    fputs("Output      ", stdout);
    print_text(stdout, job->options.output);
    if (job->options.texts)
        puts(": samples.jsonl, files.jsonl");
    else if (codec_png.encode)
        puts(": samples.npy, sheet.png, files.jsonl");
    else
        puts(": samples.npy, files.jsonl; no sheet.png, which needs libpng");
}

void summary_print(const struct job *job)
{
    const struct report report = {.program = "augment",
                                  .way = job->options.way,
                                  .processes = job->processes,
                                  .items = job->sources.count,
                                  .lost = job->lost,
                                  .seconds = job->seconds,
                                  .check = job->check};
    print_sources(job);
    print_samples(job);
    print_bad(job);
    printf("Time        %.3f s for listing, %.3f s for the work: %.0f files/s\n", job->listing,
           job->seconds, (double)job->sources.count / job->seconds);
    print_output(job);
    report_print(&report);
}
