/* JPEG by libjpeg. When libjpeg cannot go on, it calls error_exit(), which by default prints a message and
 * ends the process by exit(). A worker of a pool may do that: it costs one image. So workers leave
 * error_exit() as it is. In any other process, where exit() would lose all images, it is replaced by a
 * jump. That takes more care: what the jump skips must be freed by hand. */
#include "codec.h"

static const unsigned char start[] = {0xff, 0xd8, 0xff};

#ifdef AUGMENT_JPEG
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* A progressive image has about ten scans. Each scan costs time for all pixels, even if it is empty, so a
 * small file with thousands of them can take a minute. */
enum { QUALITY = 90, MOST_SCANS = 500 };

/* What libjpeg calls when something is wrong, and from time to time. libjpeg knows the address of
 * `manager`. That is also the address of the whole structure, since `manager` is its first member. */
struct errors {
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress;
    char *reason;
    jmp_buf escape;
};

static struct errors *errors_of(j_common_ptr jpeg)
{
    return (struct errors *)(void *)jpeg->err;
}

static void keep_message(j_common_ptr jpeg)
{
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    snprintf(errors_of(jpeg)->reason, REASON, "libjpeg: %.*s", REASON - 10, text);
}

/* Keeps the first warning. Level 0 and above are no warnings. */
static void keep_warning(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->num_warnings++ == 0)
        keep_message(jpeg);
}

static void keep_message_and_jump(j_common_ptr jpeg)
{
    keep_message(jpeg);
    longjmp(errors_of(jpeg)->escape, 1);
}

/* libjpeg calls this before each row of each scan. The jump costs no worker, so workers jump here too. */
static void refuse_many_scans(j_common_ptr jpeg)
{
    struct errors *errors = errors_of(jpeg);
    if (((j_decompress_ptr)(void *)jpeg)->input_scan_number <= MOST_SCANS)
        return;
    snprintf(errors->reason, REASON, "more than %d scans", MOST_SCANS);
    longjmp(errors->escape, 1);
}

static struct jpeg_error_mgr *errors_init(struct errors *errors, char *reason, bool may_exit)
{
    *errors = (struct errors){.progress.progress_monitor = refuse_many_scans};
    jpeg_std_error(&errors->manager);
    errors->reason = reason;
    errors->manager.output_message = keep_message;
    errors->manager.emit_message = keep_warning;
    if (!may_exit)
        errors->manager.error_exit = keep_message_and_jump;
    return &errors->manager;
}

/* Makes RGB of inks: cyan, magenta, yellow, black. Files with Adobe's marker have 255 for no ink; all
 * others have 255 for full ink. */
static void mix_inks(const unsigned char *inks, size_t width, bool adobe, unsigned char *rgb)
{
    for (size_t x = 0; x < width; x++, inks += 4) {
        int light = adobe ? inks[3] : 255 - inks[3];
        for (int c = 0; c < 3; c++)
            *rgb++ = (unsigned char)((adobe ? inks[c] : 255 - inks[c]) * light / 255);
    }
}

/* The memory for a row of inks belongs to libjpeg, which frees it also after an error. */
static void read_rows(struct jpeg_decompress_struct *jpeg, struct picture *picture)
{
    JSAMPARRAY inks = NULL;
    if (jpeg->out_color_space == JCS_CMYK)
        inks = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = picture->rgb + (size_t)jpeg->output_scanline * picture->width * 3;
        jpeg_read_scanlines(jpeg, inks ? inks : &row, 1);
        if (inks)
            mix_inks(inks[0], picture->width, jpeg->saw_Adobe_marker, row);
    }
}

/* libjpeg only warns when a file is cut off or its data make no sense, and makes grey of the rest. Here
 * an image with a warning is a bad one. */
static bool read_image(struct jpeg_decompress_struct *jpeg, const struct decoding *decoding,
                       struct picture *picture)
{
    jpeg_mem_src(jpeg, decoding->bytes, (unsigned long)decoding->size);
    jpeg_read_header(jpeg, TRUE);
    if (!codec_shape(decoding, jpeg->image_width, jpeg->image_height, picture))
        return false;
    /* libjpeg makes RGB of all but four inks. */
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    read_rows(jpeg, picture);
    jpeg_finish_decompress(jpeg);
    return jpeg->err->num_warnings == 0;
}

/* The jump ends here. So no variable of this function may change before it. */
static bool try_to_read(struct jpeg_decompress_struct *jpeg, struct errors *errors,
                        const struct decoding *decoding, struct picture *picture)
{
    if (setjmp(errors->escape) != 0)
        return false;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &errors->progress;
    return read_image(jpeg, decoding, picture);
}

static bool decode(const struct decoding *decoding, struct picture *picture)
{
    struct jpeg_decompress_struct jpeg;
    struct errors errors;
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = errors_init(&errors, decoding->reason, decoding->may_exit);
    bool good = try_to_read(&jpeg, &errors, decoding, picture);
    jpeg_destroy_decompress(&jpeg);
    return good;
}

/* Memory for the file that libjpeg allocates. */
struct memory {
    unsigned char *data;
    unsigned long size;
};

static void write_image(struct jpeg_compress_struct *jpeg, const struct picture *picture,
                        struct memory *memory)
{
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &memory->data, &memory->size);
    jpeg->image_width = (JDIMENSION)picture->width;
    jpeg->image_height = (JDIMENSION)picture->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = picture->rgb + (size_t)jpeg->next_scanline * picture->width * 3;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static bool try_to_write(struct jpeg_compress_struct *jpeg, struct errors *errors,
                         const struct picture *picture, struct memory *memory)
{
    if (setjmp(errors->escape) != 0)
        return false;
    write_image(jpeg, picture, memory);
    return true;
}

static bool encode(const struct picture *picture, struct buffer *file)
{
    struct jpeg_compress_struct jpeg;
    struct errors errors;
    struct memory memory = {NULL, 0};
    char reason[REASON];
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = errors_init(&errors, reason, false);
    buffer_clear(file);
    if (try_to_write(&jpeg, &errors, picture, &memory))
        buffer_add(file, memory.data, memory.size);
    jpeg_destroy_compress(&jpeg);
    free(memory.data);
    return file->size > 0;
}
#else
#define decode NULL
#define encode NULL
#endif

const struct codec codec_jpeg = {"JPEG", "jpeg", "libjpeg", start, sizeof start, decode, encode};
