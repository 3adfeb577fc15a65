#include "mlp.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix.h"

/* The parts of the parameters, which are only read, or of a gradient. */
struct layers {
    float *hidden_weights; /* features x hidden */
    float *hidden_bias;
    float *output_weights; /* hidden x classes */
    float *output_bias;
};

static struct layers layers_of(struct mlp mlp, const float *parameters)
{
    struct layers layers = {.hidden_weights = (float *)parameters};
    layers.hidden_bias = layers.hidden_weights + mlp.features * mlp.hidden;
    layers.output_weights = layers.hidden_bias + mlp.hidden;
    layers.output_bias = layers.output_weights + mlp.hidden * mlp.classes;
    return layers;
}

size_t mlp_parameters(struct mlp mlp)
{
    size_t features = (size_t)mlp.features, hidden = (size_t)mlp.hidden;
    return (features + 1) * hidden + (hidden + 1) * (size_t)mlp.classes;
}

static void fill_normal(float *to, int count, double deviation, struct random *random)
{
    for (int i = 0; i < count; i++)
        to[i] = (float)(deviation * random_normal(random));
}

void mlp_init(struct mlp mlp, float *parameters, struct random *random)
{
    struct layers layers = layers_of(mlp, parameters);
    memset(parameters, 0, mlp_parameters(mlp) * sizeof *parameters);
    fill_normal(layers.hidden_weights, mlp.features * mlp.hidden, sqrt(2.0 / mlp.features), random);
    fill_normal(layers.output_weights, mlp.hidden * mlp.classes, sqrt(1.0 / mlp.hidden), random);
}

int mlp_buffers_init(struct mlp_buffers *buffers, struct mlp mlp, int capacity)
{
    size_t count = (size_t)capacity;
    *buffers = (struct mlp_buffers){.capacity = capacity};
    buffers->inputs = calloc(count * (size_t)mlp.features, sizeof(float));
    buffers->hidden = calloc(count * (size_t)mlp.hidden, sizeof(float));
    buffers->hidden_slope = calloc(count * (size_t)mlp.hidden, sizeof(float));
    buffers->outputs = calloc(count * (size_t)mlp.classes, sizeof(float));
    buffers->labels = calloc(count, sizeof(int));
    if (buffers->inputs && buffers->hidden && buffers->hidden_slope && buffers->outputs &&
        buffers->labels)
        return 0;
    mlp_buffers_free(buffers);
    return -ENOMEM;
}

void mlp_buffers_free(struct mlp_buffers *buffers)
{
    free(buffers->inputs);
    free(buffers->hidden);
    free(buffers->hidden_slope);
    free(buffers->outputs);
    free(buffers->labels);
    *buffers = (struct mlp_buffers){0};
}

/* ---- Forwards ---- */

static void set_rows(float *to, const float *row, int rows, int columns)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + i * columns, row, (size_t)columns * sizeof *row);
}

static void rectify(float *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = values[i] > 0 ? values[i] : 0;
}

/* Makes probabilities of one sample's outputs. Returns the loss, the negated logarithm of the
 * probability of the right class. */
static double softmax(float *outputs, int classes, int label)
{
    double most = outputs[0], sum = 0, right = outputs[label];
    for (int c = 1; c < classes; c++)
        most = fmax(most, outputs[c]);
    for (int c = 0; c < classes; c++)
        sum += exp(outputs[c] - most);
    for (int c = 0; c < classes; c++)
        outputs[c] = (float)(exp(outputs[c] - most) / sum);
    return log(sum) + most - right;
}

/* Computes the hidden values and the outputs of the samples in `buffers->inputs`. */
static void forward(struct mlp mlp, struct layers layers, int count, struct mlp_buffers *buffers)
{
    set_rows(buffers->hidden, layers.hidden_bias, count, mlp.hidden);
    matrix_multiply(buffers->hidden, (struct matrix){buffers->inputs, count, mlp.features, false},
                    (struct matrix){layers.hidden_weights, mlp.features, mlp.hidden, false}, true);
    rectify(buffers->hidden, count * mlp.hidden);
    set_rows(buffers->outputs, layers.output_bias, count, mlp.classes);
    matrix_multiply(buffers->outputs, (struct matrix){buffers->hidden, count, mlp.hidden, false},
                    (struct matrix){layers.output_weights, mlp.hidden, mlp.classes, false}, true);
}

/* ---- Backwards ---- */

/* Turns probabilities into the derivative of the loss by the outputs. Returns the summed loss. */
static double differentiate(struct mlp mlp, int count, struct mlp_buffers *buffers)
{
    double loss = 0;
    for (int i = 0; i < count; i++) {
        float *outputs = buffers->outputs + i * mlp.classes;
        loss += softmax(outputs, mlp.classes, buffers->labels[i]);
        outputs[buffers->labels[i]] -= 1;
    }
    return loss;
}

static void add_rows(float *to, const float *rows, int count, int columns)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < columns; j++)
            to[j] += rows[i * columns + j];
}

/* Computes the derivative of the loss by the hidden values. A unit that was cut off at 0 has none.
 */
static void differentiate_hidden(struct mlp mlp, struct layers layers, int count,
                                 struct mlp_buffers *buffers)
{
    matrix_multiply(buffers->hidden_slope,
                    (struct matrix){buffers->outputs, count, mlp.classes, false},
                    (struct matrix){layers.output_weights, mlp.hidden, mlp.classes, true}, false);
    for (int i = 0; i < count * mlp.hidden; i++)
        if (buffers->hidden[i] <= 0)
            buffers->hidden_slope[i] = 0;
}

static void add_to_gradient(struct mlp mlp, struct layers to, int count,
                            const struct mlp_buffers *buffers)
{
    struct matrix outputs = {buffers->outputs, count, mlp.classes, false};
    struct matrix slope = {buffers->hidden_slope, count, mlp.hidden, false};
    matrix_multiply(to.output_weights, (struct matrix){buffers->hidden, count, mlp.hidden, true},
                    outputs, true);
    matrix_multiply(to.hidden_weights, (struct matrix){buffers->inputs, count, mlp.features, true},
                    slope, true);
    add_rows(to.output_bias, buffers->outputs, count, mlp.classes);
    add_rows(to.hidden_bias, buffers->hidden_slope, count, mlp.hidden);
}

static void gather(const struct data *data, const unsigned *chosen, int count,
                   struct mlp_buffers *buffers)
{
    size_t size = (size_t)data->features;
    for (int i = 0; i < count; i++) {
        memcpy(buffers->inputs + (size_t)i * size, data->inputs + chosen[i] * size,
               size * sizeof *data->inputs);
        buffers->labels[i] = data->labels[chosen[i]];
    }
}

double mlp_add_gradient(struct mlp mlp, const float *parameters, const struct data *data,
                        const unsigned *chosen, int count, struct mlp_buffers *buffers,
                        float *gradient)
{
    struct layers layers = layers_of(mlp, parameters);
    gather(data, chosen, count, buffers);
    forward(mlp, layers, count, buffers);
    double loss = differentiate(mlp, count, buffers);
    differentiate_hidden(mlp, layers, count, buffers);
    add_to_gradient(mlp, layers_of(mlp, gradient), count, buffers);
    return loss;
}

/* ---- How good it is ---- */

static int largest(const float *outputs, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (outputs[c] > outputs[best])
            best = c;
    return best;
}

static size_t count_some(struct mlp mlp, const float *parameters, const struct data *data,
                         size_t first, int count, struct mlp_buffers *buffers, double *loss)
{
    size_t right = 0, size = (size_t)mlp.features;
    memcpy(buffers->inputs, data->inputs + first * size, (size_t)count * size * sizeof(float));
    forward(mlp, layers_of(mlp, parameters), count, buffers);
    for (int i = 0; i < count; i++) {
        float *outputs = buffers->outputs + i * mlp.classes;
        int label = data->labels[first + (size_t)i];
        right += largest(outputs, mlp.classes) == label;
        if (loss)
            *loss += softmax(outputs, mlp.classes, label);
    }
    return right;
}

size_t mlp_count_right(struct mlp mlp, const float *parameters, const struct data *data,
                       size_t first, size_t count, struct mlp_buffers *buffers, double *loss)
{
    size_t right = 0, most = (size_t)buffers->capacity;
    for (size_t done = 0; done < count; done += most) {
        int some = (int)(count - done < most ? count - done : most);
        right += count_some(mlp, parameters, data, first + done, some, buffers, loss);
    }
    return right;
}
