/* Labelled samples to learn from, made with a fixed seed. */
#ifndef EXAMPLES_DATA_H
#define EXAMPLES_DATA_H

#include <stddef.h>
#include <stdint.h>

struct data {
    int features, classes;
    size_t count;
    float *inputs; /* of each sample `features` numbers */
    int *labels;   /* of each sample its class, from 0 */
};

/* Make `count` samples. The same seed gives the same samples. Return 0 or -ENOMEM with `*data`
 * empty.
 *   digits: pictures of 8 x 8 points of the digits 0 to 9, moved, slanted, of different stroke and
 *           with noise; 64 features, 10 classes;
 *   moons:  two half circles that interlock, with noise; 2 features, 2 classes. */
int data_make_digits(struct data *data, size_t count, uint64_t seed);
int data_make_moons(struct data *data, size_t count, uint64_t seed);

void data_free(struct data *data);

#endif
