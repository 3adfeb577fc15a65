/* Pictures in memory, and their parts in another size. */
#ifndef AUGMENT_PICTURE_H
#define AUGMENT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

/* The side of a sample, in pixels. A sample has rows from top to bottom, and red, green, blue. */
#define SIDE 64
#define SAMPLE_BYTES ((size_t)SIDE * SIDE * 3)

struct picture {
    size_t width, height;
    unsigned char *rgb; /* as a sample's, `width` x `height` */
    size_t capacity;    /* bytes at `rgb` */
};

/* Makes room for `width` x `height` pixels, whose values are not set. Returns false if there is no
 * memory. */
bool picture_shape(struct picture *picture, size_t width, size_t height);

void picture_fini(struct picture *picture);

/* A part of a picture, in pixels. */
struct box {
    double left, top, width, height;
};

/* From which pixels, and how much of each, one row or column of the sample is made. */
struct axis {
    size_t first[SIDE], count[SIDE];
    float *weights; /* `stride` for each row or column */
    size_t stride, capacity;
};

/* The memory that picture_resample() needs; all zero at first. */
struct resampler {
    struct axis across, down;
};

/* Makes `box` of the picture SIDE x SIDE pixels large, with values from 0 to 255: bilinear where it
 * grows, and an average weighted by a triangle where it shrinks. Returns false if there is no memory. */
bool picture_resample(struct resampler *resampler, const struct picture *picture,
                      const struct box *box, float sample[SIDE][SIDE][3]);

void resampler_fini(struct resampler *resampler);

#endif
