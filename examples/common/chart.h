/* Charts as SVG files: lines over two axes, and bars in groups. */
#ifndef EXAMPLES_CHART_H
#define EXAMPLES_CHART_H

#include <stddef.h>

struct chart_series {
    const char *name;
    const double *x; /* NULL: 0, 1, 2, ...; not used for bars */
    const double *y; /* a value that is not finite is left out */
    size_t count;
};

struct chart {
    const char *title, *x_label, *y_label;
    const struct chart_series *series;
    size_t series_count;
    /* Of bars: the name of each group. Group g has bar g of each series. Else NULL. */
    const char *const *groups;
};

/* Write the chart to the file at `path`, which appears when it is whole. Return 0 or a negated
 * errno value. A chart without any finite value has axes and no lines. */
int chart_lines(const struct chart *chart, const char *path);
int chart_bars(const struct chart *chart, const char *path);

#endif
