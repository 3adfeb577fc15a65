#include "made.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "codec.h"
#include "common/random.h"

enum { SEED = 20250101, SMALLEST = 96, LARGEST = 320, MOST_SHAPES = 8, MANY_SCANS = 1000 };

/* ---- Drawing ---- */

struct shape {
    double x, y, width, height; /* the middle, and half the size */
    bool round;
    double colour[3];
};

static void choose_colour(struct random *random, double colour[3])
{
    for (int c = 0; c < 3; c++)
        colour[c] = random_between(random, 0, 255);
}

static struct shape choose_shape(struct random *random, const struct picture *picture)
{
    double width = (double)picture->width, height = (double)picture->height;
    struct shape shape = {.x = random_between(random, 0, width),
                          .y = random_between(random, 0, height),
                          .width = random_between(random, width / 20, width / 4),
                          .height = random_between(random, height / 20, height / 4),
                          .round = random_below(random, 2) == 1};
    choose_colour(random, shape.colour);
    return shape;
}

static bool covers(const struct shape *shape, double x, double y)
{
    double across = fabs(x - shape->x) / shape->width, down = fabs(y - shape->y) / shape->height;
    return shape->round ? across * across + down * down <= 1 : across <= 1 && down <= 1;
}

static void draw_shape(struct picture *picture, const struct shape *shape)
{
    unsigned char *pixel = picture->rgb;
    for (size_t y = 0; y < picture->height; y++)
        for (size_t x = 0; x < picture->width; x++, pixel += 3)
            if (covers(shape, (double)x, (double)y))
                for (int c = 0; c < 3; c++)
                    pixel[c] = (unsigned char)shape->colour[c];
}

/* From one colour at the left and the top to another one at the right and the bottom. */
static void draw_gradient(struct picture *picture, struct random *random)
{
    double from[3], to[3], tilt = random_uniform(random);
    unsigned char *pixel = picture->rgb;
    choose_colour(random, from);
    choose_colour(random, to);
    for (size_t y = 0; y < picture->height; y++)
        for (size_t x = 0; x < picture->width; x++, pixel += 3) {
            double way = tilt * (double)x / (double)picture->width +
                         (1 - tilt) * (double)y / (double)picture->height;
            for (int c = 0; c < 3; c++)
                pixel[c] = (unsigned char)(from[c] + way * (to[c] - from[c]));
        }
}

static bool draw(size_t number, struct picture *picture)
{
    struct random random = {SEED + number};
    size_t width = SMALLEST + random_below(&random, LARGEST - SMALLEST + 1);
    size_t height = SMALLEST + random_below(&random, LARGEST - SMALLEST + 1);
    if (!picture_shape(picture, width, height))
        return false;
    draw_gradient(picture, &random);
    for (uint64_t left = 2 + random_below(&random, MOST_SHAPES - 1); left > 0; left--) {
        struct shape shape = choose_shape(&random, picture);
        draw_shape(picture, &shape);
    }
    return true;
}

/* ---- Bad images ---- */

/* A PNG file that claims 30,000 x 30,000 pixels, and ends where they should begin. */
static const unsigned char huge[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x75, 0x30, 0x00, 0x00, 0x75, 0x30, 0x08, 0x02, 0x00, 0x00, 0x00, 0xe9,
    0x45, 0x6f, 0xed, 0x00, 0x00, 0x00, 0x00, 0x49, 0x44, 0x41, 0x54, 0x35, 0xaf, 0x06, 0x1e};

static void make_huge(struct buffer *file)
{
    buffer_clear(file);
    buffer_add(file, huge, sizeof huge);
}

static void corrupt(struct buffer *file)
{
    for (size_t i = 0; i < 16; i++)
        file->data[file->size / 2 + i] ^= 0xff;
}

static void truncate_file(struct buffer *file)
{
    file->size /= 2;
}

/* Claims 12 bits for each colour, where libjpeg takes 8 only and calls exit(). The number is behind the
 * marker FF C0, which begins the description of the frame, and two bytes of length. */
static void claim_12_bits(struct buffer *file)
{
    for (size_t i = 0; i + 4 < file->size; i++) {
        if (file->data[i] == 0xff && file->data[i + 1] == 0xc0) {
            file->data[i + 4] = 12;
            return;
        }
    }
}

/* The parts of a progressive JPEG file of 16 x 16 grey pixels. All coefficients are 0, so the entropy-coded
 * data of a scan are four zero bits, one for each block, and fit in a byte. */
static const unsigned char quantization[] = {0xff, 0xdb, 0, 67, 0}; /* then 64 numbers */
static const unsigned char frame[] = {0xff, 0xc2, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0};
static const unsigned char first_code[2 + 20] = {0xff, 0xc4, 0, 20, 0x00, 1};
static const unsigned char other_code[2 + 20] = {0xff, 0xc4, 0, 20, 0x10, 1};
static const unsigned char first_scan[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, 0x0f};
static const unsigned char other_scan[] = {0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0, 0x0f};

/* The first scan is of the mean values of the blocks. Each other one is of the rest, again and again. */
static void make_many_scans(struct buffer *file)
{
    unsigned char ones[64];
    memset(ones, 1, sizeof ones);
    buffer_clear(file);
    buffer_add(file, "\xff\xd8", 2);
    buffer_add(file, quantization, sizeof quantization);
    buffer_add(file, ones, sizeof ones);
    buffer_add(file, frame, sizeof frame);
    buffer_add(file, first_code, sizeof first_code);
    buffer_add(file, other_code, sizeof other_code);
    buffer_add(file, first_scan, sizeof first_scan);
    for (int i = 0; i < MANY_SCANS; i++)
        buffer_add(file, other_scan, sizeof other_scan);
    buffer_add(file, "\xff\xd9", 2);
}

/* A format, and what is done to the file. */
struct kind {
    const struct codec *codec;
    void (*damage)(struct buffer *file);
};

static const struct kind bad[] = {{&codec_png, corrupt},
                                  {&codec_jpeg, truncate_file},
                                  {&codec_png, make_huge},
                                  {&codec_jpeg, claim_12_bits},
                                  {&codec_jpeg, make_many_scans}};

/* One image of each bad kind, spread evenly, if there are enough; the formats alternate otherwise, as
 * far as there is a library for them. */
static struct kind kind_of(size_t number, size_t count)
{
    const size_t kinds = sizeof bad / sizeof *bad, distance = count / (kinds + 1);
    size_t which = distance > 0 && number % distance == 0 ? number / distance : 0;
    if (which >= 1 && which <= kinds && bad[which - 1].codec->encode)
        return bad[which - 1];
    bool png = codec_png.encode && (!codec_jpeg.encode || number % 2 == 0);
    return (struct kind){png ? &codec_png : &codec_jpeg, NULL};
}

void made_name(size_t number, size_t count, char name[MADE_NAME])
{
    snprintf(name, MADE_NAME, "made/%05zu.%s", number, kind_of(number, count).codec->suffix);
}

bool made_file(size_t number, size_t count, struct picture *picture, struct buffer *file)
{
    struct kind kind = kind_of(number, count);
    if (!draw(number, picture) || !kind.codec->encode(picture, file))
        return false;
    if (kind.damage)
        kind.damage(file);
    return !file->failed;
}
