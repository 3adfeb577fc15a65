/* What a search is: all that its scores depend on. */
#ifndef SEARCH_STUDY_H
#define SEARCH_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/data.h"

enum study_data { DATA_DIGITS, DATA_MOONS, DATA_COUNT };
enum study_method { METHOD_HALVING, METHOD_RANDOM, METHOD_COUNT };

struct study {
    enum study_data data;
    enum study_method method;
    unsigned samples, folds;
    unsigned trials; /* of the first round */
    unsigned epochs; /* of the last round */
    unsigned eta;    /* the best part of this size goes on to the next round */
    uint64_t seed;   /* of the trials; the samples have a seed of their own */
};

#define STUDY_DATA_SEED 2026

/* Read a name: "digits", "moons"; "halving", "random". They return false, and write nothing, if `text`
 * is none. */
bool study_data_read(const char *text, enum study_data *data);
bool study_method_read(const char *text, enum study_method *method);

/* Makes the samples. Returns 0 or -ENOMEM. */
int study_make_data(const struct study *study, struct data *data);

/* Writes the study in one line without its end: two searches with the same line have the same scores.
 * What multiplies the matrices is a part of it, since another library rounds differently. */
void study_describe(const struct study *study, char *text, size_t size);

#endif
