/* Writes features.npy, files.csv, near_duplicates.csv; each appears when it is whole. */
#ifndef PREPROCESS_OUTPUT_H
#define PREPROCESS_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

#include "common/whole_file.h"
#include "document.h"
#include "duplicates.h"
#include "ways.h"

#define OUTPUT_FEATURES "features.npy"
#define OUTPUT_FILES "files.csv"
#define OUTPUT_DUPLICATES "near_duplicates.csv"

struct output {
    const char *directory;
    struct whole_file features; /* its stream is NULL when it is not open */
};

/* Makes `directory` if needed and begins features.npy, for `rows` files. Functions here return 0
 * or a negated errno value. */
int output_open(struct output *output, const char *directory, size_t rows);

/* Appends a row of features for each file of the batch: zeros for one with a problem. Row i of the
 * array belongs to the file in row i of files.csv, counted from 0. */
int output_features(struct output *output, const struct batch *batch);

/* Completes features.npy and writes the tables. */
int output_tables(struct output *output, char *const *paths, const struct record *records,
                  size_t count, const struct duplicates *duplicates);

/* Closes all and removes what is not complete. */
void output_close(struct output *output);

#endif
