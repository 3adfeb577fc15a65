#define _POSIX_C_SOURCE 200809L
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/chart.h"
#include "common/folder.h"
#include "common/whole_file.h"

static double speed_up(const struct application *application, int way)
{
    return application->runs[WAY_SEQUENTIAL].report.seconds / application->runs[way].report.seconds;
}

/* ---- For people ---- */

/* Says what the crash in one item has cost. */
static void print_crash(FILE *stream, const struct run *good, const struct run *crashed)
{
    if (WIFSIGNALED(crashed->status))
        fprintf(stream, "the program dies (%s), all is lost", strsignal(WTERMSIG(crashed->status)));
    else if (crashed->report.items == 0)
        fprintf(stream, "the program fails (status %d), all is lost", WEXITSTATUS(crashed->status));
    else
        fprintf(stream, "%zu of %zu items lost", crashed->report.lost - good->report.lost,
                crashed->report.items);
}

void table_print_heading(FILE *stream)
{
    fputs("Program     Way          seconds  speed-up  memory MB  a crash in one item\n", stream);
}

void table_print(FILE *stream, const struct application *application)
{
    const struct run *sequential = &application->runs[WAY_SEQUENTIAL];
    for (int way = 0; way < WAY_COUNT; way++) {
        const struct run *run = &application->runs[way];
        fprintf(stream, "%-11s %-11s %8.3f %9.2f %10.1f  ", way == 0 ? application->name : "",
                way_name((enum way)way), run->report.seconds, speed_up(application, way),
                run->memory / 1e6);
        print_crash(stream, run, &application->crashed[way]);
        putc('\n', stream);
    }
    fprintf(stream, "            %zu items; results %s; %.1f processors free, %d used\n",
            sequential->report.items, application->identical ? "identical" : "DIFFERENT",
            sequential->processors, application->runs[WAY_POOL].report.processes);
    if (sequential->report.seconds < REPORT_SMALL)
        fprintf(stream, "            too small to matter: it takes less than %.1f s as it is\n",
                REPORT_SMALL);
}

/* ---- For programs ---- */

static int write_csv(const char *folder, const struct application *applications, size_t count)
{
    struct whole_file file;
    int code = whole_file_open_in(&file, folder, "compare.csv");
    if (code < 0)
        return code;
    fputs("program,way,processes,items,seconds,speed_up,memory_bytes,processors_free,"
          "crash_status,crash_lost\n",
          file.stream);
    for (size_t i = 0; i < count; i++)
        for (int way = 0; way < WAY_COUNT; way++) {
            const struct run *run = &applications[i].runs[way];
            const struct run *crashed = &applications[i].crashed[way];
            size_t lost = crashed->report.items == 0 ? run->report.items
                                                     : crashed->report.lost - run->report.lost;
            fprintf(file.stream, "%s,%s,%d,%zu,%.6f,%.4f,%.0f,%.2f,%d,%zu\n", applications[i].name,
                    way_name((enum way)way), run->report.processes, run->report.items,
                    run->report.seconds, speed_up(&applications[i], way), run->memory,
                    applications[i].runs[WAY_SEQUENTIAL].processors, crashed->status, lost);
        }
    return whole_file_close(&file, 0);
}

static int draw(const char *path, const struct application *applications, size_t count)
{
    struct chart_series series[WAY_COUNT];
    const char **names = calloc(count, sizeof *names);
    double *values = calloc(WAY_COUNT * count, sizeof *values);
    for (int way = 0; way < WAY_COUNT && names && values; way++) {
        series[way] = (struct chart_series){
            .name = way_name((enum way)way), .y = values + (size_t)way * count, .count = count};
        for (size_t i = 0; i < count; i++)
            values[(size_t)way * count + i] = speed_up(&applications[i], way);
    }
    for (size_t i = 0; i < count && names; i++)
        names[i] = applications[i].name;
    const struct chart chart = {.title = "How many times as fast as one item after the other",
                                .x_label = "program",
                                .y_label = "speed-up",
                                .series = series,
                                .series_count = WAY_COUNT,
                                .groups = names};
    int code = names && values ? chart_bars(&chart, path) : -ENOMEM;
    free(names);
    free(values);
    return code;
}

int table_write(const char *folder, const struct application *applications, size_t count)
{
    char path[PATH_MAX];
    int code = write_csv(folder, applications, count);
    if (code == 0)
        code = folder_path(folder, "compare.svg", path);
    return code < 0 ? code : draw(path, applications, count);
}
