/* Prints what was measured: a row a line, medians over the rounds. */
#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { COLUMNS = 12, CELL = 96 };

static const char *const headings[COLUMNS] = {"what",    "unit",    "procpool", "min..max",
                                              "plain C", "threads", "OpenMP",   "static",
                                              "Python",  "ratio",   "goal",     "met"};

struct cells {
    char text[COLUMNS][CELL];
};

/* Appends to a cell; what does not fit is cut. */
static void add(char *cell, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
static void add(char *cell, const char *format, ...)
{
    size_t used = strlen(cell);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell + used, CELL - used, format, arguments);
    va_end(arguments);
}

/* Three digits, or all before the point. */
static void add_number(char *cell, double value)
{
    if (isnan(value))
        add(cell, "-");
    else if (fabs(value) >= 100)
        add(cell, "%.0f", value);
    else if (fabs(value) >= 10)
        add(cell, "%.1f", value);
    else if (fabs(value) >= 0.1)
        add(cell, "%.2f", value);
    else
        add(cell, "%.3f", value);
}

static double median_of(const struct bench *bench, enum row row, enum peer peer)
{
    double values[ROUNDS_MAX];
    size_t count = (size_t)bench->samples->count[row][peer];
    memcpy(values, bench->samples->value[row][peer], count * sizeof *values);
    return bench_median(values, count);
}

/* The median of the rounds' ratios of procpool to a peer. */
static double ratio_to(const struct bench *bench, enum row row, enum peer peer)
{
    double values[ROUNDS_MAX];
    const struct samples *samples = bench->samples;
    int count = samples->count[row][peer];
    if (count > samples->count[row][PROCPOOL])
        count = samples->count[row][PROCPOOL];
    for (int i = 0; i < count; i++)
        values[i] = samples->value[row][PROCPOOL][i] / samples->value[row][peer][i];
    return bench_median(values, (size_t)count);
}

static double bound(const struct bench *bench, const struct goal *goal)
{
    return goal->factor * (goal->scale ? goal->scale(bench->processes) : 1);
}

static void fill_goal(const struct bench *bench, enum row row, const struct goal *goal,
                      struct cells *cells, bool *missed)
{
    bool more = rows[row].more_is_better;
    char *text = cells->text[10], *ratio = cells->text[9];
    double limit = bound(bench, goal);
    double value = goal->against == PROCPOOL ? median_of(bench, row, PROCPOOL)
                                             : ratio_to(bench, row, goal->against);
    add(text, "%s%s ", *text ? ", " : "", more ? ">=" : "<=");
    add(text, "%.4g", limit);
    if (goal->against != PROCPOOL) {
        add(text, " x %s", peer_names[goal->against]);
        add(ratio, "%s", *ratio ? ", " : "");
        add_number(ratio, value);
        add(ratio, " x %s", peer_names[goal->against]);
    }
    if (!isnan(value) && (more ? value < limit : value > limit))
        *missed = true;
}

static void fill_goals(const struct bench *bench, enum row row, struct cells *cells)
{
    bool missed = bench_given_up(bench, row);
    for (int i = 0; i < GOALS && rows[row].goals[i].factor > 0; i++)
        fill_goal(bench, row, &rows[row].goals[i], cells, &missed);
    const char *met = missed ? "no" : "yes";
    for (int column = 9; column <= 10; column++)
        if (!*cells->text[column])
            add(cells->text[column], "-");
    add(cells->text[11], "%s", rows[row].goals[0].factor > 0 ? met : "-");
}

/* Of a row without a value of procpool's: how far it came. */
static void fill_reached(const struct bench *bench, enum row row, char *cell)
{
    uint64_t reached = bench->samples->reached[row];
    if (reached > 0)
        add(cell, "%llu in %d s", (unsigned long long)reached, TRIAL_SECONDS);
    else
        add(cell, "none in %d s", TRIAL_SECONDS);
}

static void fill_range(const struct bench *bench, enum row row, char *cell)
{
    if (bench_given_up(bench, row)) {
        fill_reached(bench, row, cell);
        return;
    }
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < bench->samples->count[row][PROCPOOL]; i++) {
        least = fmin(least, bench->samples->value[row][PROCPOOL][i]);
        most = fmax(most, bench->samples->value[row][PROCPOOL][i]);
    }
    add_number(cell, least);
    add(cell, "..");
    add_number(cell, most);
}

/* The contestants that are a few lines of C share a column. */
static void fill_plain(const struct bench *bench, enum row row, char *cell)
{
    for (enum peer peer = PIPE; peer <= FORK; peer++) {
        if (bench->samples->count[row][peer] == 0)
            continue;
        add(cell, "%s%s ", *cell ? ", " : "", peer_names[peer]);
        add_number(cell, median_of(bench, row, peer));
    }
    if (!*cell)
        add(cell, "-");
}

static void fill(const struct bench *bench, enum row row, struct cells *cells)
{
    memset(cells, 0, sizeof *cells);
    add(cells->text[0], "%s", rows[row].what);
    add(cells->text[1], "%s", rows[row].unit);
    add_number(cells->text[2], bench_given_up(bench, row) ? NAN : median_of(bench, row, PROCPOOL));
    fill_range(bench, row, cells->text[3]);
    fill_plain(bench, row, cells->text[4]);
    for (enum peer peer = THREADS; peer <= PYTHON; peer++)
        add_number(cells->text[5 + peer - THREADS], median_of(bench, row, peer));
    fill_goals(bench, row, cells);
}

/* Was the row measured in all rounds, or given up? */
static bool is_complete(const struct bench *bench, enum row row)
{
    return bench->samples->count[row][PROCPOOL] == bench->rounds || bench_given_up(bench, row);
}

static void print_line(const struct cells *cells, const size_t *widths, bool markdown, FILE *stream)
{
    for (int i = 0; i < COLUMNS; i++) {
        fputs(markdown ? "| " : "", stream);
        if (i + 1 < COLUMNS || markdown)
            fprintf(stream, "%-*s", (int)widths[i], cells->text[i]);
        else
            fputs(cells->text[i], stream);
        fputs(markdown ? " " : i + 1 < COLUMNS ? "  " : "", stream);
    }
    fputs(markdown ? "|\n" : "\n", stream);
}

static void print_rule(const size_t *widths, bool markdown, FILE *stream)
{
    for (int i = 0; i < COLUMNS; i++) {
        fputs(markdown ? "| " : "", stream);
        for (size_t k = 0; k < widths[i]; k++)
            fputc('-', stream);
        fputs(markdown ? " " : i + 1 < COLUMNS ? "  " : "", stream);
    }
    fputs(markdown ? "|\n" : "\n", stream);
}

void table_print(const struct bench *bench, bool markdown, FILE *stream)
{
    struct cells lines[1 + ROWS] = {0};
    size_t widths[COLUMNS] = {0};
    int count = 1;
    for (int i = 0; i < COLUMNS; i++)
        add(lines[0].text[i], "%s", headings[i]);
    for (enum row row = 0; row < ROWS; row++)
        if (is_complete(bench, row))
            fill(bench, row, &lines[count++]);
    for (int i = 0; i < COLUMNS; i++)
        for (int line = 0; line < count; line++)
            if (strlen(lines[line].text[i]) > widths[i])
                widths[i] = strlen(lines[line].text[i]);
    print_line(&lines[0], widths, markdown, stream);
    print_rule(widths, markdown, stream);
    for (int line = 1; line < count; line++)
        print_line(&lines[line], widths, markdown, stream);
}
