/* Hyper-parameter search: many trainings of a small network, of which the best one's parameters win.
 *
 * A trial is a training with parameters drawn at random, done once for each fold of the samples. The
 * folds of the trials of a round are the items of a pool: see crew.c. What goes on to the next round is
 * decided in rounds.c, from results alone. A journal has every result, so a search that was stopped,
 * killed or has crashed goes on where it was. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <procpool.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/folder.h"
#include "common/report.h"
#include "crew.h"
#include "interrupt.h"
#include "journal.h"
#include "live.h"
#include "options.h"
#include "results.h"
#include "run.h"

enum { STATUS_GOOD = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* The whole search: what is asked for, what is known so far. */
struct search {
    struct options options;
    struct data data;
    struct crew crew;
    struct rounds rounds;
    struct journal journal;
    size_t resumed;        /* results that the journal had */
    struct result highest; /* its score is the highest so far, in any round */
    double seconds;        /* that the trials took, with the making and the end of the pool */
};

/* Says on standard error what could not be done if `code` is negative. Returns the exit status. */
static int check(int code, const char *what)
{
    if (code < 0)
        live_say("%s: %s", what, pool_strerror(code));
    return code < 0 ? STATUS_FAILED : STATUS_GOOD;
}

/* ---- Before the trials ---- */

/* Makes the directory for the output, now rather than when the work is done. */
static int prepare_output(const char *directory)
{
    if (!directory)
        return STATUS_GOOD;
    int code = folder_prepare(directory);
    return check(code, directory) == STATUS_GOOD ? STATUS_GOOD : STATUS_USAGE;
}

static int open_journal(struct search *search)
{
    char problem[1000];
    const char *path = search->options.journal;
    if (!path)
        return STATUS_GOOD;
    if (journal_open(&search->journal, path, &search->rounds, problem, sizeof problem) < 0) {
        live_say("%s: %s", path, problem);
        return STATUS_USAGE;
    }
    const struct result *best = rounds_best(search->rounds.results, search->rounds.count);
    if (best)
        search->highest = *best;
    search->resumed = search->rounds.ended;
    return STATUS_GOOD;
}

/* Makes the samples and then the pool, since workers have what the host has at that moment. */
static int start(struct search *search)
{
    const struct options *options = &search->options;
    int code = study_make_data(&options->study, &search->data);
    if (code < 0)
        return check(code, "cannot make the samples");
    code = rounds_init(&search->rounds, &options->study);
    if (code < 0)
        return check(code, "cannot keep the results");
    search->crew = (struct crew){.way = options->way,
                                 .processes = (int)options->processes,
                                 .study = &options->study,
                                 .data = &search->data,
                                 .fold_limit = options->trial_timeout / options->study.folds};
    double begin = clock_seconds();
    code = crew_start(&search->crew);
    search->seconds += clock_seconds() - begin;
    return check(code, "cannot start the pool");
}

static void print_start(const struct search *search)
{
    char text[400];
    study_describe(&search->options.study, text, sizeof text);
    printf("search: %s\n  the samples are made with the seed %d\n", text, STUDY_DATA_SEED);
    if (search->resumed > 0)
        printf("  %s has %zu results already\n", search->options.journal, search->resumed);
    fflush(stdout);
}

/* ---- The trials ---- */

static void format_highest(const struct result *best, char *text, size_t size)
{
    if (best)
        snprintf(text, size, "highest %.4f (trial %u)", best->score, best->trial);
    else
        snprintf(text, size, "no score yet");
}

static void show_progress(struct search *search, const struct result *result)
{
    const struct rounds *rounds = &search->rounds;
    const struct result both[] = {search->highest, *result};
    const struct result *best = rounds_best(both, 2);
    char highest[40];
    if (rounds_done(rounds))
        return;
    if (best)
        search->highest = *best;
    format_highest(best, highest, sizeof highest);
    live_show("%zu results, %zu to come in round %d of %d, %s", rounds->ended,
              rounds->count - rounds->ended, rounds->round + 1, rounds_number(rounds->study),
              highest);
}

/* Keeps what a trial gave. */
static int keep_result(void *context, const struct result *result)
{
    struct search *search = context;
    int code = search->journal.stream ? journal_add(&search->journal, result) : 0;
    if (code < 0) {
        check(code, search->options.journal);
        return code;
    }
    rounds_take(&search->rounds, result);
    show_progress(search, result);
    return 0;
}

static int run_rounds(struct search *search)
{
    const struct run run = {.crew = &search->crew,
                            .rounds = &search->rounds,
                            .retries = search->options.retries,
                            .crash = search->options.crash,
                            .ended = keep_result,
                            .context = search};
    int code = 0;
    while (code == 0 && !rounds_done(&search->rounds))
        code = run_round(&run);
    live_hide();
    return code;
}

/* Runs the trials and ends the pool. */
static int run_trials(struct search *search)
{
    double begin = clock_seconds();
    interrupt_catch(search->crew.pool);
    int code = run_rounds(search);
    interrupt_restore();
    crew_end(&search->crew);
    search->seconds += clock_seconds() - begin;
    if (code == -EINTR)
        return EXIT_INTERRUPTED;
    return check(code, "the search ended early");
}

/* ---- After the trials ---- */

static int write_output(const struct search *search)
{
    const char *directory = search->options.output;
    if (!directory)
        return STATUS_GOOD;
    int code = results_write_table(&search->rounds, directory);
    if (code == 0)
        code = results_write_chart(&search->rounds, directory);
    if (code == 0)
        printf("written: %s/" RESULTS_TABLE ", %s/" RESULTS_CHART "\n", directory, directory);
    return check(code, directory);
}

static void print_interrupted(const struct search *search)
{
    const char *journal = search->options.journal;
    printf("stopped by Ctrl-C: %zu results\n", search->rounds.ended);
    results_print_rounds(&search->rounds, stdout);
    if (journal)
        printf("The same command goes on from %s.\n", journal);
    else
        puts("They are lost. With --journal FILE the same command would go on with them.");
}

static int print_end(const struct search *search)
{
    const struct rounds *rounds = &search->rounds;
    const struct result *winner = rounds_winner(rounds);
    const struct report report = {.program = "search",
                                  .way = search->crew.way,
                                  .processes = search->crew.processes,
                                  .items = rounds->count,
                                  .lost = rounds->lost,
                                  .seconds = search->seconds,
                                  .check = results_check(rounds, winner)};
    results_print_rounds(rounds, stdout);
    if (winner)
        results_print_winner(rounds->study, winner, stdout);
    else
        live_say("no trial has a score");
    int status = write_output(search);
    report_print(&report);
    return fflush(stdout) == 0 && winner ? status : STATUS_FAILED;
}

static int search_run(struct search *search)
{
    int status = prepare_output(search->options.output);
    if (status == STATUS_GOOD)
        status = start(search);
    if (status == STATUS_GOOD)
        status = open_journal(search);
    if (status != STATUS_GOOD)
        return status;
    print_start(search);
    status = run_trials(search);
    if (status == EXIT_INTERRUPTED)
        print_interrupted(search);
    return status == STATUS_GOOD ? print_end(search) : status;
}

int main(int argc, char **argv)
{
    struct search search = {.seconds = 0};
    int status = options_read(&search.options, argc, argv);
    if (status >= 0)
        return status;
    status = search_run(&search);
    journal_close(&search.journal);
    crew_end(&search.crew);
    rounds_free(&search.rounds);
    data_free(&search.data);
    return status;
}
