#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/folder.h"
#include "common/npy.h"

static int write_bytes(FILE *file, const void *bytes, size_t size)
{
    errno = 0;
    if (fwrite(bytes, 1, size, file) == size)
        return 0;
    return errno ? -errno : -EIO;
}

static int write_header(const struct output *output)
{
    const size_t shape[] = {output->rows, SIDE, SIDE, 3};
    return npy_write_header(output->samples.stream, "u1", shape, 4);
}

/* The array's header has the number of samples, which is known at the end: then it is written again. */
static int begin_images(struct output *output)
{
    int code = sheet_init(&output->sheet, output->sources->count, output->options->samples);
    return code < 0 ? code : write_header(output);
}

int output_open(struct output *output, const struct options *options, const struct sources *sources)
{
    *output = (struct output){.options = options, .sources = sources};
    if (!options->output)
        return 0;
    int code = folder_prepare(options->output);
    if (code == 0)
        code = whole_file_open_in(&output->samples, options->output,
                                  options->texts ? "samples.jsonl" : "samples.npy");
    if (code < 0)
        return code;
    code = whole_file_open_in(&output->list, options->output, "files.jsonl");
    if (code < 0)
        return whole_file_close(&output->samples, code);
    output->open = true;
    code = options->texts ? 0 : begin_images(output);
    return code < 0 ? output_close(output, code) : 0;
}

/* A line of the list: where the samples of the file are, or why it has none. */
static int list_file(struct output *output, const struct ending *ending, size_t samples)
{
    const char *path = output->sources->names[ending->index];
    struct buffer line = {0};
    buffer_add_text(&line, "{\"path\":\"");
    buffer_add_json(&line, path, strlen(path));
    buffer_add_text(&line, "\",\"first\":");
    buffer_add_number(&line, output->rows);
    buffer_add_text(&line, ",\"samples\":");
    buffer_add_number(&line, samples);
    buffer_add_text(&line, ",\"problem\":\"");
    buffer_add_json(&line, ending->reason, strlen(ending->reason));
    buffer_add_text(&line, "\"}\n");
    int code = line.failed ? -ENOMEM : write_bytes(output->list.stream, line.data, line.size);
    buffer_fini(&line);
    return code;
}

int output_take(struct output *output, const struct ending *ending)
{
    const struct outcome *outcome = ending->outcome;
    size_t samples = ending->reason[0] ? 0 : (size_t)output->options->samples;
    if (!output->open)
        return 0;
    int code = list_file(output, ending, samples);
    if (code < 0 || samples == 0)
        return code;
    output->rows += samples;
    if (output->options->texts)
        return write_bytes(output->samples.stream, outcome->bytes, outcome->size);
    sheet_offer(&output->sheet, ending->index, outcome->bytes);
    return write_bytes(output->samples.stream, outcome->bytes + SAMPLE_BYTES,
                       samples * SAMPLE_BYTES);
}

static int end_images(struct output *output)
{
    rewind(output->samples.stream);
    int code = write_header(output);
    char path[PATH_MAX];
    if (code < 0 || !codec_png.encode)
        return code;
    code = folder_path(output->options->output, "sheet.png", path);
    return code < 0 ? code : sheet_write(&output->sheet, path);
}

int output_close(struct output *output, int code)
{
    if (!output->open)
        return code;
    if (code == 0 && !output->options->texts)
        code = end_images(output);
    code = whole_file_close(&output->samples, code);
    code = whole_file_close(&output->list, code);
    sheet_fini(&output->sheet);
    output->open = false;
    return code;
}
