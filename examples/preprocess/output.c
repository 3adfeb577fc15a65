/* Writes an array for NumPy, and tables as comma-separated values. */
#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/folder.h"
#include "common/npy.h"

/* ---- The array of features ----------------------------------------------------------------- */

int output_open(struct output *output, const char *directory, size_t rows)
{
    const size_t shape[] = {rows, FEATURES};
    int code = folder_prepare(directory);
    if (code == 0)
        code = whole_file_open_in(&output->features, directory, OUTPUT_FEATURES);
    if (code < 0)
        return code;
    output->directory = directory;
    return npy_write_header(output->features.stream, "f4", shape, 2);
}

int output_features(struct output *output, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (fwrite(batch->documents[i].vector, sizeof(batch->documents[i].vector), 1,
                   output->features.stream) != 1)
            return -errno;
    return 0;
}

/* ---- The tables ---------------------------------------------------------------------------- */

/* Writes a field, in quotes if it needs them (RFC 4180). Lines end in LF, as on Unix. */
static void write_field(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

static void write_file_row(FILE *file, size_t row, const char *path, const struct record *record)
{
    const struct facts *facts = &record->facts;

    fprintf(file, "%zu,", row);
    write_field(file, path);
    fprintf(file, ",%s,", status_text(record->problem.status));
    write_field(file, record->problem.detail);
    if (record->problem.status == STATUS_OK)
        fprintf(file,
                ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%016" PRIx64 "\n",
                facts->bytes, facts->lines, facts->characters, facts->tokens.count,
                facts->tokens.distinct, facts->fingerprint);
    else
        fputs(",,,,,,\n", file);
}

static void write_group(FILE *file, const struct duplicates *duplicates, size_t group,
                        char *const *paths, const struct record *records)
{
    size_t first = duplicates->starts[group], end = duplicates->starts[group + 1];

    for (size_t i = first; i < end; i++) {
        size_t row = duplicates->members[i];
        const struct facts *model = &records[duplicates->members[first]].facts;
        fprintf(file, "%zu,%zu,%zu,%.3f,", group + 1, end - first, row,
                duplicates_similarity(model, &records[row].facts));
        write_field(file, paths[row]);
        putc('\n', file);
    }
}

static int write_files(const struct output *output, char *const *paths,
                       const struct record *records, size_t count)
{
    struct whole_file file;
    int code = whole_file_open_in(&file, output->directory, OUTPUT_FILES);
    if (code < 0)
        return code;
    fputs("row,path,status,detail,bytes,lines,characters,tokens,distinct_tokens,fingerprint\n",
          file.stream);
    for (size_t i = 0; i < count; i++)
        write_file_row(file.stream, i, paths[i], &records[i]);
    return whole_file_close(&file, 0);
}

static int write_groups(const struct output *output, char *const *paths,
                        const struct record *records, const struct duplicates *duplicates)
{
    struct whole_file file;
    int code = whole_file_open_in(&file, output->directory, OUTPUT_DUPLICATES);
    if (code < 0)
        return code;
    fputs("group,files,row,similarity_to_first,path\n", file.stream);
    for (size_t group = 0; group < duplicates->count; group++)
        write_group(file.stream, duplicates, group, paths, records);
    return whole_file_close(&file, 0);
}

int output_tables(struct output *output, char *const *paths, const struct record *records,
                  size_t count, const struct duplicates *duplicates)
{
    int code = whole_file_close(&output->features, 0);
    if (code == 0)
        code = write_files(output, paths, records, count);
    return code < 0 ? code : write_groups(output, paths, records, duplicates);
}

void output_close(struct output *output)
{
    if (output->features.stream)
        whole_file_close(&output->features, -ECANCELED);
    *output = (struct output){0};
}
