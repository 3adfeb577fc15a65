#include "study.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/matrix.h"

static const char *const data_names[DATA_COUNT] = {"digits", "moons"};
static const char *const method_names[METHOD_COUNT] = {"halving", "random"};

/* Returns the place of `text` among the names, or -1. */
static int find(const char *text, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

bool study_data_read(const char *text, enum study_data *data)
{
    int found = find(text, data_names, DATA_COUNT);
    if (found >= 0)
        *data = (enum study_data)found;
    return found >= 0;
}

bool study_method_read(const char *text, enum study_method *method)
{
    int found = find(text, method_names, METHOD_COUNT);
    if (found >= 0)
        *method = (enum study_method)found;
    return found >= 0;
}

int study_make_data(const struct study *study, struct data *data)
{
    if (study->data == DATA_MOONS)
        return data_make_moons(data, study->samples, STUDY_DATA_SEED);
    return data_make_digits(data, study->samples, STUDY_DATA_SEED);
}

void study_describe(const struct study *study, char *text, size_t size)
{
    snprintf(text, size,
             "data %s, samples %u, folds %u, method %s, trials %u, epochs %u, eta %u, seed %" PRIu64
             ", matrices by %s",
             data_names[study->data], study->samples, study->folds, method_names[study->method],
             study->trials, study->epochs, study->eta, study->seed, matrix_library());
}
