/* The report at the end, for a person: one screen, whatever the number of files. */
#include "summary.h"

#include <inttypes.h>
#include <string.h>

#include "common/report.h"

#define EXAMPLES 2    /* paths shown for each reason */
#define PROBLEMS 5    /* things that could not be listed, shown */
#define LARGEST 5     /* groups shown */
#define PATH_WIDTH 76 /* longer paths lose their beginning */

struct totals {
    uint64_t bytes, lines, characters, tokens;
    size_t by_status[STATUS_COUNT];
};

/* ---- Pieces -------------------------------------------------------------------------------- */

/* A number with a comma between thousands; `buffer` holds the text. */
static const char *with_commas(uint64_t number, char buffer[32])
{
    char *at = buffer + 31;
    *at = '\0';
    for (int digits = 0; digits == 0 || number > 0; digits++, number /= 10) {
        if (digits > 0 && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + number % 10);
    }
    return at;
}

static void print_count(FILE *stream, uint64_t number, const char *what)
{
    char buffer[32];
    fprintf(stream, "%s %s%s", with_commas(number, buffer), what, number == 1 ? "" : "s");
}

/* Prints a path on one line: control characters escaped, the beginning cut off when it is long. */
static void print_path(FILE *stream, const char *path)
{
    size_t length = strlen(path);
    if (length > PATH_WIDTH) {
        path += length - PATH_WIDTH + 3;
        while (((unsigned char)*path & 0xC0) == 0x80)
            path++; /* not into the middle of a character */
        fputs("...", stream);
    }
    for (; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte == '\n')
            fputs("\\n", stream);
        else if (byte < 0x20 || byte == 0x7F)
            fprintf(stream, "\\x%02x", byte);
        else
            putc(byte, stream);
    }
}

static double median(const double *values, int count)
{
    for (int i = 0; i < count; i++) {
        int less = 0, equal = 0;
        for (int k = 0; k < count; k++) {
            less += values[k] < values[i];
            equal += values[k] == values[i];
        }
        if (less <= count / 2 && count / 2 < less + equal)
            return values[i];
    }
    return 0;
}

static struct totals add_up(const struct job *job)
{
    struct totals totals = {0};
    for (size_t i = 0; i < job->files.count; i++) {
        const struct record *record = &job->records[i];
        totals.by_status[record->problem.status]++;
        totals.bytes += record->facts.bytes;
        totals.lines += record->facts.lines;
        totals.characters += record->facts.characters;
        totals.tokens += record->facts.tokens.count;
    }
    return totals;
}

/* ---- Sections ------------------------------------------------------------------------------ */

static void print_totals(FILE *stream, const struct job *job, const struct totals *totals)
{
    size_t done = totals->by_status[STATUS_OK];
    fputs("Files     ", stream);
    print_count(stream, job->files.count, "file");
    fputs(": ", stream);
    print_count(stream, done, "document");
    fprintf(stream, ", %zu not usable\n", job->files.count - done);

    fprintf(stream, "Text      %.1f MB, ", (double)totals->bytes / 1e6);
    print_count(stream, totals->lines, "line");
    fputs(", ", stream);
    print_count(stream, totals->characters, "character");
    fputs(", ", stream);
    print_count(stream, totals->tokens, "token");
    putc('\n', stream);
}

static void print_status(FILE *stream, const struct job *job, enum status status, size_t count)
{
    char buffer[32];
    size_t shown = 0;
    fprintf(stream, "  %-12s %9s  ", status_text(status), with_commas(count, buffer));
    for (size_t i = 0; i < job->files.count && shown < EXAMPLES; i++) {
        const struct problem *problem = &job->records[i].problem;
        if (problem->status != status)
            continue;
        if (shown++ > 0)
            fprintf(stream, "%26s", "");
        print_path(stream, job->files.paths[i]);
        fputs(": ", stream);
        print_path(stream, problem->detail);
        putc('\n', stream);
    }
}

static void print_statuses(FILE *stream, const struct job *job, const struct totals *totals)
{
    if (totals->by_status[STATUS_OK] == job->files.count)
        return;
    fputs("\nNot usable\n", stream);
    for (enum status status = STATUS_OK + 1; status < STATUS_COUNT; status++)
        if (totals->by_status[status] > 0)
            print_status(stream, job, status, totals->by_status[status]);
}

void summary_print_problems(FILE *stream, const struct files *files)
{
    if (files->problem_count + files->links + files->special == 0)
        return;
    fputs("\nNot listed\n", stream);
    if (files->links > 0)
        fprintf(stream, "  symbolic links, not followed: %zu\n", files->links);
    if (files->special > 0)
        fprintf(stream, "  devices, pipes, sockets: %zu\n", files->special);
    for (size_t i = 0; i < files->problem_count; i++) {
        if (i == PROBLEMS) {
            fprintf(stream, "  and %zu more\n", files->problem_count - PROBLEMS);
            break;
        }
        fputs("  ", stream);
        print_path(stream, files->problems[i]);
        putc('\n', stream);
    }
}

static void print_duplicates(FILE *stream, const struct job *job)
{
    const struct duplicates *duplicates = &job->duplicates;
    char buffer[32];

    fputs("\nNear-duplicates: ", stream);
    print_count(stream, duplicates->count, "group");
    fputs(" of ", stream);
    print_count(stream, duplicates->starts[duplicates->count], "file");
    putc('\n', stream);
    for (size_t g = 0; g < duplicates->count && g < LARGEST; g++) {
        size_t first = duplicates->starts[g], size = duplicates->starts[g + 1] - first;
        fprintf(stream, "  %9s  ", with_commas(size, buffer));
        print_path(stream, job->files.paths[duplicates->members[first]]);
        putc('\n', stream);
    }
}

static void print_output(FILE *stream, const struct job *job)
{
    if (job->options.output)
        fprintf(stream,
                "\nWritten to %s: " OUTPUT_FEATURES " (%zu x %d), " OUTPUT_FILES
                ", " OUTPUT_DUPLICATES "\n",
                job->options.output, job->files.count, FEATURES);
    else
        fputs("\nNothing was written: no --output was given.\n", stream);
}

static void print_times(FILE *stream, const struct job *job, const struct totals *totals)
{
    const struct times *times = &job->times;
    double seconds = times->ways[job->options.way][0];
    fprintf(stream, "Time      %.2f s listing, ", times->listing);
    if (!job->options.compare)
        fprintf(stream, "%.2f s processing, ", seconds);
    fprintf(stream, "%.2f s finding near-duplicates, %.2f s writing\n", times->grouping,
            times->writing);
    if (!job->options.compare)
        fprintf(stream, "Rate      %.1f MB/s, %.0f files/s; %s, %d at a time\n",
                (double)totals->bytes / 1e6 / seconds, (double)job->files.count / seconds,
                way_name(job->options.way),
                job->options.way == WAY_SEQUENTIAL ? 1 : job->crew.processes);
}

static void print_comparison(FILE *stream, const struct job *job, const struct totals *totals)
{
    double sequential = median(job->times.ways[WAY_SEQUENTIAL], job->times.rounds);
    fprintf(stream, "\n%-12s %9s %9s %9s %9s  %s\n", "Way", "seconds", "speed-up", "MB/s",
            "files/s", "results");
    for (enum way way = 0; way < WAY_COUNT; way++) {
        double seconds = median(job->times.ways[way], job->times.rounds);
        const char *results = way == WAY_SEQUENTIAL ? "-"
                              : job->identical[way] ? "identical"
                                                    : "DIFFERENT";
        fprintf(stream, "%-12s %9.3f %9.2f %9.1f %9.0f  %s\n", way_name(way), seconds,
                sequential / seconds, (double)totals->bytes / 1e6 / seconds,
                (double)job->files.count / seconds, results);
    }
    fprintf(
        stream,
        "%d threads, %d processes; %s; the pool's time includes making and ending it (%.1f ms).\n"
        "A crash in one file would end the first two ways and lose all; the pool loses one file.\n",
        job->crew.processes, job->crew.processes,
        job->times.rounds > 1 ? "medians of 3 rounds" : "one round", 1e3 * job->crew.pool_seconds);
    if (sequential < REPORT_SMALL)
        fprintf(stream, "Too small to matter: sequentially it takes less than %.1f s.\n",
                REPORT_SMALL);
    if (!job->identical[WAY_THREADS] || !job->identical[WAY_POOL])
        fputs("Results differ: files changed meanwhile, memory ran out, or a way is wrong.\n",
              stream);
}

void summary_print(FILE *stream, const struct job *job)
{
    struct totals totals = add_up(job);
    print_totals(stream, job, &totals);
    print_times(stream, job, &totals);
    print_statuses(stream, job, &totals);
    summary_print_problems(stream, &job->files);
    print_duplicates(stream, job);
    if (job->options.compare)
        print_comparison(stream, job, &totals);
    print_output(stream, job);
}
