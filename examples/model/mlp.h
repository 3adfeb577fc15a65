/* A neural network with one hidden layer, for classes: rectified linear units, then a softmax whose
 * loss is the cross-entropy. Its parameters are one flat array of numbers, so they travel between
 * processes and are averaged as plain data. */
#ifndef EXAMPLES_MLP_H
#define EXAMPLES_MLP_H

#include <stddef.h>

#include "common/random.h"
#include "model/data.h"

struct mlp {
    int features, hidden, classes;
};

/* How many numbers the parameters are. */
size_t mlp_parameters(struct mlp mlp);

/* Writes random parameters, as large as suits the layers (He et al., 2015). */
void mlp_init(struct mlp mlp, float *parameters, struct random *random);

/* Buffers for `capacity` samples at a time. They are allocated once and used again. */
struct mlp_buffers {
    int capacity;
    float *inputs, *hidden, *hidden_slope, *outputs;
    int *labels;
};

/* Returns 0 or -ENOMEM with `*buffers` empty. */
int mlp_buffers_init(struct mlp_buffers *buffers, struct mlp mlp, int capacity);
void mlp_buffers_free(struct mlp_buffers *buffers);

/* Adds to `gradient` the gradient of the summed loss of the samples whose indices are in `chosen`,
 * at most the capacity of `buffers`. Returns their summed loss. The same samples in the same order
 * give the same bits. */
double mlp_add_gradient(struct mlp mlp, const float *parameters, const struct data *data,
                        const unsigned *chosen, int count, struct mlp_buffers *buffers,
                        float *gradient);

/* Counts the samples first to first + count - 1 that the network puts into the right class, and
 * adds their loss to `*loss`, which may be NULL. */
size_t mlp_count_right(struct mlp mlp, const float *parameters, const struct data *data,
                       size_t first, size_t count, struct mlp_buffers *buffers, double *loss);

#endif
