#include "codec.h"

#include <stdio.h>
#include <string.h>

static const struct codec *const codecs[] = {&codec_png, &codec_jpeg};

enum { CODECS = sizeof codecs / sizeof *codecs };

bool codec_any(void)
{
    return codec_png.decode || codec_jpeg.decode;
}

const char *codec_missing(int number)
{
    for (size_t i = 0; i < CODECS; i++)
        if (!codecs[i]->decode && number-- == 0)
            return codecs[i]->library;
    return NULL;
}

bool codec_decode(const struct decoding *decoding, struct picture *picture)
{
    for (size_t i = 0; i < CODECS; i++) {
        const struct codec *codec = codecs[i];
        if (decoding->size < codec->start_size ||
            memcmp(decoding->bytes, codec->start, codec->start_size) != 0)
            continue;
        if (codec->decode)
            return codec->decode(decoding, picture);
        snprintf(decoding->reason, REASON, "a %s image, and this program was built without %s",
                 codec->name, codec->library);
        return false;
    }
    snprintf(decoding->reason, REASON, "not an image: neither PNG nor JPEG");
    return false;
}

bool codec_shape(const struct decoding *decoding, size_t width, size_t height,
                 struct picture *picture)
{
    if (width == 0 || height == 0 || width > decoding->max_pixels / height) {
        snprintf(decoding->reason, REASON, "claims %zu x %zu pixels; the most is %zu", width,
                 height, decoding->max_pixels);
        return false;
    }
    if (picture_shape(picture, width, height))
        return true;
    snprintf(decoding->reason, REASON, "no memory for %zu x %zu pixels", width, height);
    return false;
}
