#include "vary.h"

#include <math.h>
#include <stdio.h>

#include "common/random.h"

/* How far samples go from the image. */
static const double least_area = 0.4, most_stretch = 1.3, most_light = 0.3, most_contrast = 0.3,
                    most_saturation = 0.5, most_noise = 12;

static bool fail(const struct source *source, const char *reason)
{
    snprintf(source->reason, REASON, "%s", reason);
    return false;
}

static bool get_file(const struct source *source, struct bench *bench, struct decoding *decoding)
{
    struct problem problem = {0};
    if (source->index < source->sources->made) {
        if (!made_file(source->index, source->sources->made, &bench->picture, &bench->encoded))
            return fail(source, "no memory to make this image");
        decoding->bytes = bench->encoded.data;
        decoding->size = bench->encoded.size;
        return true;
    }
    const char *path = source->sources->names[source->index];
    if (document_read(path, &bench->file, &decoding->size, &problem)) {
        decoding->bytes = bench->file.text;
        return true;
    }
    snprintf(source->reason, REASON, "%s: %s", status_text(problem.status), problem.detail);
    return false;
}

/* A part of the picture, of random size, shape and place. */
static struct box choose_box(struct random *random, const struct picture *picture)
{
    double width = (double)picture->width, height = (double)picture->height;
    double side = sqrt(random_between(random, least_area, 1));
    double stretch = random_between(random, 1 / most_stretch, most_stretch);
    struct box box = {.width = fmin(1, side * stretch) * width,
                      .height = fmin(1, side / stretch) * height};
    box.left = random_between(random, 0, width - box.width);
    box.top = random_between(random, 0, height - box.height);
    return box;
}

/* What is done to the colours of a sample. */
struct jitter {
    double light, contrast, saturation, noise;
};

static struct jitter choose_jitter(struct random *random)
{
    return (struct jitter){.light = random_between(random, 1 - most_light, 1 + most_light),
                           .contrast = random_between(random, 1 - most_contrast, 1 + most_contrast),
                           .saturation =
                               random_between(random, 1 - most_saturation, 1 + most_saturation),
                           .noise = random_between(random, 0, most_noise)};
}

static void jitter_pixel(const struct jitter *jitter, struct random *random, const float from[3],
                         double to[3])
{
    const double middle = 127.5;
    double grey = 0.299 * from[0] + 0.587 * from[1] + 0.114 * from[2];
    for (int c = 0; c < 3; c++) {
        double value = grey + jitter->saturation * (from[c] - grey);
        value = middle + jitter->contrast * (value - middle);
        to[c] = jitter->light * value + jitter->noise * random_normal(random);
    }
}

/* The nearest value that a byte has. */
static unsigned char to_byte(double value)
{
    double above = value + 0.5;
    return above < 1 ? 0 : above >= 255 ? 255 : (unsigned char)above;
}

/* The whole picture, as it is. */
static void write_plain(float from[SIDE][SIDE][3], unsigned char *to)
{
    const float *values = from[0][0];
    for (size_t i = 0; i < SAMPLE_BYTES; i++)
        to[i] = to_byte(values[i]);
}

static void write_random(float from[SIDE][SIDE][3], struct random *random, unsigned char *to)
{
    struct jitter jitter = choose_jitter(random);
    bool flipped = random_below(random, 2) == 1;
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) {
            double pixel[3];
            jitter_pixel(&jitter, random, from[y][flipped ? SIDE - 1 - x : x], pixel);
            for (int c = 0; c < 3; c++)
                *to++ = to_byte(pixel[c]);
        }
}

static bool write_samples(const struct source *source, struct bench *bench, struct outcome *outcome)
{
    const struct picture *picture = &bench->picture;
    struct box box = {0, 0, (double)picture->width, (double)picture->height};
    struct random random = {source->seed};
    size_t end = vary_image_room((size_t)source->options->samples);
    float sample[SIDE][SIDE][3];
    for (size_t at = 0; at < end; at += SAMPLE_BYTES) {
        if (!picture_resample(&bench->resampler, picture, &box, sample))
            return fail(source, "no memory to resize the image");
        if (at == 0)
            write_plain(sample, outcome->bytes);
        else
            write_random(sample, &random, outcome->bytes + at);
        box = choose_box(&random, picture);
    }
    outcome->size = end;
    return true;
}

size_t vary_image_room(size_t samples)
{
    return (1 + samples) * SAMPLE_BYTES;
}

bool vary_image(const struct source *source, struct bench *bench, struct outcome *outcome)
{
    struct decoding decoding = {.max_pixels = source->options->max_pixels,
                                .may_exit = source->may_exit,
                                .reason = source->reason};
    return get_file(source, bench, &decoding) && codec_decode(&decoding, &bench->picture) &&
           write_samples(source, bench, outcome);
}
