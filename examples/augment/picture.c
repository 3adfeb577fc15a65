#include "picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool picture_shape(struct picture *picture, size_t width, size_t height)
{
    size_t needed = width * height * 3;
    if (needed > picture->capacity) {
        unsigned char *rgb = realloc(picture->rgb, needed);
        if (!rgb)
            return false;
        picture->rgb = rgb;
        picture->capacity = needed;
    }
    picture->width = width;
    picture->height = height;
    return true;
}

void picture_fini(struct picture *picture)
{
    free(picture->rgb);
    *picture = (struct picture){0};
}

/* ---- Resampling ---- */

static bool axis_reserve(struct axis *axis, size_t stride)
{
    if (stride * SIDE > axis->capacity) {
        float *weights = realloc(axis->weights, stride * SIDE * sizeof *weights);
        if (!weights)
            return false;
        axis->weights = weights;
        axis->capacity = stride * SIDE;
    }
    axis->stride = stride;
    return true;
}

/* The weights of the pixels around `centre`: a triangle, `reach` to each side, with the sum 1. */
static void weigh(struct axis *axis, size_t i, double centre, double reach, size_t size)
{
    double low = floor(centre - reach), high = ceil(centre + reach), sum = 0;
    size_t first = low > 0 ? (size_t)low : 0, end = high < (double)size ? (size_t)high : size;
    float *weights = axis->weights + i * axis->stride;
    for (size_t p = first; p < end; p++)
        sum += fmax(0, 1 - fabs((double)p + 0.5 - centre) / reach);
    for (size_t p = first; p < end; p++)
        weights[p - first] = (float)(fmax(0, 1 - fabs((double)p + 0.5 - centre) / reach) / sum);
    axis->first[i] = first;
    axis->count[i] = end - first;
}

/* Prepares one direction: `length` pixels from `start` on, of `size` in all, become SIDE. */
static bool axis_prepare(struct axis *axis, double start, double length, size_t size)
{
    double scale = length / SIDE, reach = scale > 1 ? scale : 1;
    if (!axis_reserve(axis, (size_t)(2 * reach) + 3))
        return false;
    for (size_t i = 0; i < SIDE; i++)
        weigh(axis, i, start + ((double)i + 0.5) * scale, reach, size);
    return true;
}

static void resample_row(const struct axis *axis, const unsigned char *rgb, float row[SIDE][3])
{
    for (size_t i = 0; i < SIDE; i++) {
        const unsigned char *pixel = rgb + 3 * axis->first[i];
        const float *weights = axis->weights + i * axis->stride;
        float red = 0, green = 0, blue = 0;
        for (size_t p = 0; p < axis->count[i]; p++, pixel += 3) {
            red += weights[p] * pixel[0];
            green += weights[p] * pixel[1];
            blue += weights[p] * pixel[2];
        }
        row[i][0] = red;
        row[i][1] = green;
        row[i][2] = blue;
    }
}

/* Copies a row of a picture that is not wider than the sample. */
static void copy_row(size_t width, const unsigned char *rgb, float row[SIDE][3])
{
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++)
            row[x][c] = *rgb++;
}

/* Adds row `y` of the picture to those rows of the sample that it is part of. `columns` pixels of the row
 * are used. The search begins at row `i` of the sample. */
static void add_row(const struct axis *axis, size_t y, size_t columns, float row[SIDE][3], size_t i,
                    float sample[SIDE][SIDE][3])
{
    for (; i < SIDE && axis->first[i] <= y; i++) {
        float weight = axis->weights[i * axis->stride + y - axis->first[i]];
        for (size_t x = 0; x < columns; x++)
            for (size_t c = 0; c < 3; c++)
                sample[i][x][c] += weight * row[x][c];
    }
}

/* Resamples the picture from top to bottom. From left to right, a picture that is wider than the sample is
 * resampled before, row by row; the sample of any other picture is as narrow as the picture. So the time
 * grows with the number of pixels, even if the picture has a million rows of one pixel. */
static void add_rows(const struct resampler *resampler, const struct picture *picture,
                     float sample[SIDE][SIDE][3])
{
    const struct axis *down = &resampler->down;
    bool narrow = picture->width <= SIDE;
    size_t end = down->first[SIDE - 1] + down->count[SIDE - 1], complete = 0;
    float row[SIDE][3];
    for (size_t y = down->first[0]; y < end; y++) {
        const unsigned char *rgb = picture->rgb + y * picture->width * 3;
        if (narrow)
            copy_row(picture->width, rgb, row);
        else
            resample_row(&resampler->across, rgb, row);
        while (down->first[complete] + down->count[complete] <= y)
            complete++; /* a row of the sample that has all its pixels */
        add_row(down, y, narrow ? picture->width : SIDE, row, complete, sample);
    }
}

/* Resamples a row of a narrow sample from left to right. */
static void widen_row(const struct axis *axis, float row[SIDE][3])
{
    float from[SIDE][3];
    memcpy(from, row, sizeof from);
    for (size_t i = 0; i < SIDE; i++) {
        const float *weights = axis->weights + i * axis->stride;
        for (size_t c = 0; c < 3; c++) {
            row[i][c] = 0;
            for (size_t p = 0; p < axis->count[i]; p++)
                row[i][c] += weights[p] * from[axis->first[i] + p][c];
        }
    }
}

bool picture_resample(struct resampler *resampler, const struct picture *picture,
                      const struct box *box, float sample[SIDE][SIDE][3])
{
    struct axis *across = &resampler->across, *down = &resampler->down;
    if (!axis_prepare(across, box->left, box->width, picture->width) ||
        !axis_prepare(down, box->top, box->height, picture->height))
        return false;
    memset(sample, 0, SIDE * sizeof *sample);
    add_rows(resampler, picture, sample);
    for (size_t i = 0; i < SIDE && picture->width <= SIDE; i++)
        widen_row(across, sample[i]);
    return true;
}

void resampler_fini(struct resampler *resampler)
{
    free(resampler->across.weights);
    free(resampler->down.weights);
    *resampler = (struct resampler){0};
}
