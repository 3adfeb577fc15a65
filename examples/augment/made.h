/* Images that the example makes itself: shapes on a gradient, the same in each run. A few are bad on
 * purpose. The worker that needs an image makes it in memory, so no file is left behind. */
#ifndef AUGMENT_MADE_H
#define AUGMENT_MADE_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "picture.h"

#define MADE_NAME 32

/* The name of image `number` of `count`, as that of a file. */
void made_name(size_t number, size_t count, char name[MADE_NAME]);

/* Makes the file of image `number` of `count`. `picture` is used for drawing. Returns false if there is
 * no memory. */
bool made_file(size_t number, size_t count, struct picture *picture, struct buffer *file);

#endif
