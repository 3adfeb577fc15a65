#include "data.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/random.h"

enum { SIDE = 8, GLYPH_ROWS = 7, GLYPH_COLUMNS = 5 };

/* The digits on a grid of 5 x 7 points. */
static const char *const glyphs[10][GLYPH_ROWS] = {
    {".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."},
    {"..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."},
    {".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"},
    {"#####", "...#.", "..#..", "...#.", "....#", "#...#", ".###."},
    {"...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."},
    {"#####", "#....", "####.", "....#", "....#", "#...#", ".###."},
    {"..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."},
    {"#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."},
    {".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."},
    {".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."},
};

/* How one picture differs from the glyph. */
struct pose {
    double x, y, slant, stroke;
};

static int allocate(struct data *data, size_t count, int features, int classes)
{
    *data = (struct data){.features = features, .classes = classes, .count = count};
    data->inputs = calloc(count * (size_t)features, sizeof *data->inputs);
    data->labels = calloc(count, sizeof *data->labels);
    if (data->inputs && data->labels)
        return 0;
    data_free(data);
    return -ENOMEM;
}

void data_free(struct data *data)
{
    free(data->inputs);
    free(data->labels);
    *data = (struct data){0};
}

/* How dark the glyph is at a place: each of its points is a soft spot. */
static double darkness(int digit, double x, double y, double stroke)
{
    double sum = 0;
    for (int row = 0; row < GLYPH_ROWS; row++)
        for (int column = 0; column < GLYPH_COLUMNS; column++)
            if (glyphs[digit][row][column] == '#') {
                double dx = x - column, dy = y - row;
                sum += exp(-(dx * dx + dy * dy) / stroke);
            }
    return fmin(sum, 1);
}

static void draw(float *picture, int digit, const struct pose *pose, struct random *random)
{
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            double y = row - pose->y;
            double x = column - pose->x - pose->slant * (y - 3);
            double noise = 0.25 * random_normal(random);
            picture[row * SIDE + column] = (float)(darkness(digit, x, y, pose->stroke) + noise);
        }
}

int data_make_digits(struct data *data, size_t count, uint64_t seed)
{
    struct random random = {seed};
    int error = allocate(data, count, SIDE * SIDE, 10);
    if (error)
        return error;
    for (size_t i = 0; i < count; i++) {
        struct pose pose = {.x = random_between(&random, 0.3, 2.7),
                            .y = random_between(&random, -0.7, 1.7),
                            .slant = random_between(&random, -0.35, 0.35),
                            .stroke = random_between(&random, 0.3, 0.9)};
        data->labels[i] = (int)random_below(&random, 10);
        draw(data->inputs + i * SIDE * SIDE, data->labels[i], &pose, &random);
    }
    return 0;
}

int data_make_moons(struct data *data, size_t count, uint64_t seed)
{
    struct random random = {seed};
    int error = allocate(data, count, 2, 2);
    if (error)
        return error;
    for (size_t i = 0; i < count; i++) {
        int label = (int)random_below(&random, 2);
        double angle = random_between(&random, 0, 3.141592653589793);
        double x = label ? 1 - cos(angle) : cos(angle), y = label ? 0.5 - sin(angle) : sin(angle);
        data->labels[i] = label;
        data->inputs[2 * i] = (float)(x + 0.25 * random_normal(&random));
        data->inputs[2 * i + 1] = (float)(y + 0.25 * random_normal(&random));
    }
    return 0;
}
