/* From the bytes of an image file to a picture, and back. */
#ifndef AUGMENT_CODEC_H
#define AUGMENT_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "picture.h"

/* Room for why something failed. The text is "" while nothing has. */
#define REASON 160

struct decoding {
    const unsigned char *bytes;
    size_t size;
    size_t max_pixels; /* images with more are refused before memory is taken for them */
    bool may_exit;     /* the process may end by exit(), as a worker may: it costs one image */
    char *reason;      /* REASON bytes, where it is said why the image is bad */
};

struct codec {
    const char *name, *suffix, *library;
    const unsigned char *start; /* of all files of this format */
    size_t start_size;
    /* Makes a picture. Returns false when the image is bad; or ends the process, if it may. NULL: the
     * program was built without the library. */
    bool (*decode)(const struct decoding *decoding, struct picture *picture);
    /* Makes a file. Returns false if there is no memory. NULL as above. */
    bool (*encode)(const struct picture *picture, struct buffer *file);
};

extern const struct codec codec_png, codec_jpeg;

/* Whether the program can read at least one format. */
bool codec_any(void);

/* The name of a library that the program was built without, or NULL. `number` is 0, 1, ... */
const char *codec_missing(int number);

/* Decodes an image by the codec of its format. Returns false when the image is bad, or no image. */
bool codec_decode(const struct decoding *decoding, struct picture *picture);

/* Checks the size that an image claims, and makes room for it. Returns false, having said why, if it is
 * refused. */
bool codec_shape(const struct decoding *decoding, size_t width, size_t height,
                 struct picture *picture);

#endif
