/* The contact sheet: for some images a row with the image and its first samples. */
#ifndef AUGMENT_SHEET_H
#define AUGMENT_SHEET_H

#include <stddef.h>

#include "picture.h"

struct sheet {
    struct picture picture;
    size_t rows, columns; /* of cells */
    size_t used;          /* rows that have an image */
    size_t sources;       /* the rows are spread evenly over so many */
};

/* Begins an empty sheet for `sources` images with `samples` samples each. Returns 0 or -ENOMEM. */
int sheet_init(struct sheet *sheet, size_t sources, int samples);

/* Offers the image `index` and its samples, SAMPLE_BYTES each; in the order of the images. The sheet
 * takes it when it is the turn of its next row. */
void sheet_offer(struct sheet *sheet, size_t index, const unsigned char *samples);

/* Writes the sheet as PNG to the file at `path`. Returns 0 or a negated errno value; -ENOTSUP if the
 * program was built without libpng. */
int sheet_write(struct sheet *sheet, const char *path);

void sheet_fini(struct sheet *sheet);

#endif
