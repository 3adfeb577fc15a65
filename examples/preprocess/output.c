/* Writes an array for NumPy, and tables as comma-separated values. */
#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/npy.h"

#define PART ".part" /* ends the name of a file that is not whole yet */

/* ---- Files that appear when they are whole ------------------------------------------------- */

static FILE *begin(const struct output *output, const char *name)
{
    char part[64];
    snprintf(part, sizeof(part), "%s" PART, name);
    int file =
        openat(output->directory, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)0666);
    FILE *stream = file >= 0 ? fdopen(file, "w") : NULL;
    if (file >= 0 && !stream)
        close(file);
    return stream;
}

/* Closes `file` and gives it its name; removes it when `code` says that it failed, or this does. */
static int finish(const struct output *output, const char *name, FILE *file, int code)
{
    char part[64];
    snprintf(part, sizeof(part), "%s" PART, name);
    errno = 0;
    bool failed = fflush(file) != 0 || ferror(file);
    int error = errno;
    failed = fclose(file) != 0 || failed;
    if (code == 0 && failed)
        code = error ? -error : -EIO;
    if (code == 0 && renameat(output->directory, part, output->directory, name) != 0)
        code = -errno;
    if (code < 0)
        unlinkat(output->directory, part, 0);
    return code;
}

/* ---- The array of features ----------------------------------------------------------------- */

int output_open(struct output *output, const char *directory, size_t rows)
{
    const size_t shape[] = {rows, FEATURES};
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        return -errno;
    output->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (output->directory < 0)
        return -errno;
    output->features = begin(output, OUTPUT_FEATURES);
    return output->features ? npy_write_header(output->features, "f4", shape, 2) : -errno;
}

int output_features(struct output *output, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (fwrite(batch->documents[i].vector, sizeof(batch->documents[i].vector), 1,
                   output->features) != 1)
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

int output_tables(struct output *output, char *const *paths, const struct record *records,
                  size_t count, const struct duplicates *duplicates)
{
    FILE *file = output->features;
    output->features = NULL;
    int code = finish(output, OUTPUT_FEATURES, file, 0);
    if (code < 0)
        return code;

    file = begin(output, OUTPUT_FILES);
    if (!file)
        return -errno;
    fputs("row,path,status,detail,bytes,lines,characters,tokens,distinct_tokens,fingerprint\n",
          file);
    for (size_t i = 0; i < count; i++)
        write_file_row(file, i, paths[i], &records[i]);
    code = finish(output, OUTPUT_FILES, file, 0);
    if (code < 0)
        return code;

    file = begin(output, OUTPUT_DUPLICATES);
    if (!file)
        return -errno;
    fputs("group,files,row,similarity_to_first,path\n", file);
    for (size_t group = 0; group < duplicates->count; group++)
        write_group(file, duplicates, group, paths, records);
    return finish(output, OUTPUT_DUPLICATES, file, 0);
}

void output_close(struct output *output)
{
    if (output->features)
        finish(output, OUTPUT_FEATURES, output->features, -ECANCELED);
    if (output->directory >= 0)
        close(output->directory);
    *output = (struct output){.directory = -1};
}
