#define _POSIX_C_SOURCE 200809L
#include "chart.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "whole_file.h"

enum { WIDTH = 720, HEIGHT = 420, LEFT = 80, RIGHT = 20, TOP = 64, BOTTOM = 60, TICKS = 5 };

/* Colours that people who see colours differently can tell apart (Okabe and Ito, 2008). */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73",
                                      "#cc79a7", "#e69f00", "#56b4e9"};

/* From values to places on the page. */
struct axes {
    double x_least, x_most, y_least, y_most;
};

static const char *colour(size_t series)
{
    return colours[series % (sizeof colours / sizeof *colours)];
}

static double x_of(const struct chart_series *series, size_t i)
{
    return series->x ? series->x[i] : (double)i;
}

static double x_place(const struct axes *axes, double x)
{
    return LEFT + (x - axes->x_least) / (axes->x_most - axes->x_least) * (WIDTH - LEFT - RIGHT);
}

static double y_place(const struct axes *axes, double y)
{
    return HEIGHT - BOTTOM -
           (y - axes->y_least) / (axes->y_most - axes->y_least) * (HEIGHT - TOP - BOTTOM);
}

static void widen(double *least, double *most, double value)
{
    *least = fmin(*least, value);
    *most = fmax(*most, value);
}

/* A distance between ticks that reads well: 1, 2 or 5 times a power of ten. */
static double tick_distance(double least, double most)
{
    double wanted = (most - least) / TICKS, power = pow(10, floor(log10(wanted)));
    double steps = wanted / power;
    return power * (steps <= 1 ? 1 : steps <= 2 ? 2 : steps <= 5 ? 5 : 10);
}

/* Widens the values to whole ticks. Makes room where all are the same, or there are none. */
static void spread(double *least, double *most)
{
    if (*least > *most)
        *least = *most = 0;
    if (*least == *most)
        *most = *least + (*least != 0 ? fabs(*least) : 1);
    double distance = tick_distance(*least, *most);
    *least = distance * floor(*least / distance + 1e-6);
    *most = distance * ceil(*most / distance - 1e-6);
}

static struct axes measure(const struct chart *chart, bool from_zero)
{
    struct axes axes = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t s = 0; s < chart->series_count; s++) {
        const struct chart_series *series = &chart->series[s];
        for (size_t i = 0; i < series->count; i++) {
            if (!isfinite(series->y[i]) || !isfinite(x_of(series, i)))
                continue;
            widen(&axes.x_least, &axes.x_most, x_of(series, i));
            widen(&axes.y_least, &axes.y_most, series->y[i]);
        }
    }
    if (from_zero && axes.y_least <= axes.y_most)
        widen(&axes.y_least, &axes.y_most, 0);
    spread(&axes.x_least, &axes.x_most);
    spread(&axes.y_least, &axes.y_most);
    return axes;
}

/* The ticks between two values are the multiples of `distance` from the first to the last. */
static long first_tick(double least, double distance)
{
    return (long)ceil(least / distance - 1e-6);
}

static long last_tick(double most, double distance)
{
    return (long)floor(most / distance + 1e-6);
}

/* ---- What is drawn ---- */

static void print_text(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            fputs("&lt;", file);
        else if (*text == '&')
            fputs("&amp;", file);
        else
            putc(*text, file);
    }
}

/* Text at a place; `anchor` is "start", "middle" or "end". */
static void draw_text(FILE *file, double x, double y, const char *anchor, const char *text)
{
    fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    print_text(file, text);
    fputs("</text>\n", file);
}

static void draw_line(FILE *file, double x, double y, double to_x, double to_y, const char *stroke)
{
    fprintf(file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x, y,
            to_x, to_y, stroke);
}

static void draw_number(FILE *file, double x, double y, const char *anchor, double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", number);
    draw_text(file, x, y, anchor, text);
}

static void begin(FILE *file, const struct chart *chart)
{
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" "
            "fill=\"white\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
    fputs("<g font-size=\"16\">", file);
    draw_text(file, WIDTH / 2.0, 20, "middle", chart->title);
    fputs("</g>\n", file);
    draw_text(file, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", chart->x_label);
    fprintf(file, "<g transform=\"rotate(-90 16 %d)\">", HEIGHT / 2);
    draw_text(file, 16, HEIGHT / 2.0, "middle", chart->y_label);
    fputs("</g>\n", file);
}

static void draw_y_axis(FILE *file, const struct axes *axes)
{
    double distance = tick_distance(axes->y_least, axes->y_most);
    for (long tick = first_tick(axes->y_least, distance); tick <= last_tick(axes->y_most, distance);
         tick++) {
        double y = (double)tick * distance, place = y_place(axes, y);
        draw_line(file, LEFT, place, WIDTH - RIGHT, place, "#dddddd");
        draw_number(file, LEFT - 6, place + 4, "end", y);
    }
    draw_line(file, LEFT, TOP, LEFT, HEIGHT - BOTTOM, "black");
}

static void draw_x_axis(FILE *file, const struct axes *axes)
{
    double distance = tick_distance(axes->x_least, axes->x_most);
    for (long tick = first_tick(axes->x_least, distance); tick <= last_tick(axes->x_most, distance);
         tick++) {
        double x = (double)tick * distance, place = x_place(axes, x);
        draw_line(file, place, HEIGHT - BOTTOM, place, HEIGHT - BOTTOM + 5, "black");
        draw_number(file, place, HEIGHT - BOTTOM + 20, "middle", x);
    }
    draw_line(file, LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "black");
}

static void draw_legend(FILE *file, const struct chart *chart)
{
    double each =
        (WIDTH - LEFT - RIGHT) / (double)(chart->series_count > 0 ? chart->series_count : 1);
    for (size_t s = 0; s < chart->series_count; s++) {
        double x = LEFT + each * (double)s;
        fprintf(file, "<rect x=\"%.1f\" y=\"30\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
                colour(s));
        draw_text(file, x + 18, 40, "start", chart->series[s].name);
    }
}

static void draw_series(FILE *file, const struct axes *axes, const struct chart_series *series,
                        size_t number)
{
    bool down = false; /* the pen */
    fprintf(file,
            "<path fill=\"none\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke=\"%s\" d=\"",
            colour(number));
    for (size_t i = 0; i < series->count; i++) {
        double x = x_of(series, i), y = series->y[i];
        bool drawn = isfinite(x) && isfinite(y);
        if (drawn)
            fprintf(file, "%s%.1f %.1f", down ? " L" : " M", x_place(axes, x), y_place(axes, y));
        down = drawn;
    }
    fputs("\"/>\n", file);
}

/* The bars of a group share four fifths of its place. */
static void draw_group(FILE *file, const struct axes *axes, const struct chart *chart, size_t group,
                       size_t groups)
{
    double each = (WIDTH - LEFT - RIGHT) / (double)groups,
           width = each * 0.8 / (double)chart->series_count;
    double zero = y_place(axes, 0);
    for (size_t s = 0; s < chart->series_count; s++) {
        double x = LEFT + each * ((double)group + 0.1) + width * (double)s;
        double y = group < chart->series[s].count ? chart->series[s].y[group] : NAN;
        if (!isfinite(y))
            continue;
        double top = fmin(zero, y_place(axes, y)), bottom = fmax(zero, y_place(axes, y));
        fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                x, top, width * 0.95, bottom - top, colour(s));
        draw_number(file, x + width / 2, top - 4, "middle", round(y * 100) / 100);
    }
    draw_text(file, LEFT + each * ((double)group + 0.5), HEIGHT - BOTTOM + 20, "middle",
              chart->groups[group]);
}

int chart_lines(const struct chart *chart, const char *path)
{
    struct axes axes = measure(chart, false);
    struct whole_file file;
    int code = whole_file_open(&file, path);
    if (code < 0)
        return code;
    begin(file.stream, chart);
    draw_y_axis(file.stream, &axes);
    draw_x_axis(file.stream, &axes);
    for (size_t s = 0; s < chart->series_count; s++)
        draw_series(file.stream, &axes, &chart->series[s], s);
    draw_legend(file.stream, chart);
    fputs("</svg>\n", file.stream);
    return whole_file_close(&file, 0);
}

int chart_bars(const struct chart *chart, const char *path)
{
    struct axes axes = measure(chart, true);
    struct whole_file file;
    size_t groups = 0;
    int code = whole_file_open(&file, path);
    if (code < 0)
        return code;
    for (size_t s = 0; s < chart->series_count; s++)
        if (chart->series[s].count > groups)
            groups = chart->series[s].count;
    begin(file.stream, chart);
    draw_y_axis(file.stream, &axes);
    for (size_t group = 0; group < groups; group++)
        draw_group(file.stream, &axes, chart, group, groups);
    draw_line(file.stream, LEFT, y_place(&axes, 0), WIDTH - RIGHT, y_place(&axes, 0), "black");
    draw_legend(file.stream, chart);
    fputs("</svg>\n", file.stream);
    return whole_file_close(&file, 0);
}
