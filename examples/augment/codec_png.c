/* PNG by the simplified interface of libpng, which turns all kinds of PNG into 8-bit RGB, and its own
 * errors into a message. */
#include "codec.h"

static const unsigned char start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

#ifdef AUGMENT_PNG
#include <png.h>
#include <stdio.h>

/* Copies the message, and frees what libpng holds. Returns false, to be returned. */
static bool fail(png_image *image, char *reason)
{
    snprintf(reason, REASON, "libpng: %s", image->message);
    png_image_free(image);
    return false;
}

/* What is transparent becomes white. */
static bool decode(const struct decoding *decoding, struct picture *picture)
{
    const png_color white = {255, 255, 255};
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, decoding->bytes, decoding->size))
        return fail(&image, decoding->reason);
    if (!codec_shape(decoding, image.width, image.height, picture)) {
        png_image_free(&image);
        return false;
    }
    image.format = PNG_FORMAT_RGB;
    if (!png_image_finish_read(&image, &white, picture->rgb, 0, NULL))
        return fail(&image, decoding->reason);
    png_image_free(&image);
    return true;
}

static bool encode(const struct picture *picture, struct buffer *file)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)picture->width,
                       .height = (png_uint_32)picture->height,
                       .format = PNG_FORMAT_RGB,
                       .flags = PNG_IMAGE_FLAG_FAST};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    if (!buffer_reserve(file, size) ||
        !png_image_write_to_memory(&image, file->data, &size, 0, picture->rgb, 0, NULL))
        return false;
    file->size = size;
    return true;
}
#else
#define decode NULL
#define encode NULL
#endif

const struct codec codec_png = {"PNG", "png", "libpng", start, sizeof start, decode, encode};
