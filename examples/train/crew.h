/* What computes gradients: a pool, threads, or this thread alone. */
#ifndef TRAIN_CREW_H
#define TRAIN_CREW_H

#include <procpool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/way.h"
#include "model/mlp.h"

enum {
    MICRO = 32, /* samples in a micro-batch, the item of the pool */
    BLOCK = 4   /* micro-batches whose gradients one worker adds up */
};

/* An item: some samples, and the weights that the gradient is of. Both arrays lie in memory that
 * the workers share, so the pointers mean the same there. */
struct micro_batch {
    const float *weights;
    const unsigned *chosen;
    int count;
    bool crashes;
};

/* What the items are reduced to: sums over samples. */
struct sums {
    double loss;
    uint64_t samples;
    float gradient[]; /* as many as the network has parameters */
};

struct crew {
    struct mlp mlp;
    const struct data *data;
    enum way way;
    int processes;
    pool_t *pool;                /* of WAY_POOL; else NULL */
    struct mlp_buffers *buffers; /* of the other ways: one for each thread */
};

/* Bytes of `struct sums` for this network. */
size_t crew_sums_size(struct mlp mlp);

/* Makes a crew that works on `data`, of which the pool's workers get a copy that costs no memory
 * until it is changed. Returns 0 or a negative code, with nothing left to free. */
int crew_init(struct crew *crew, enum way way, int processes, struct mlp mlp,
              const struct data *data);
void crew_free(struct crew *crew);

/* Allocate memory that the whole crew can read, zeroed. NULL: there is none. */
void *crew_alloc(struct crew *crew, size_t count, size_t size);
void crew_release(struct crew *crew, void *memory);

/* Writes the sums over all micro-batches to `sums`, in an order of additions that does not depend
 * on the crew. `*lost` is raised by the number of micro-batches that the sums lack, since a worker
 * crashed. Returns 0 or a negative code. */
int crew_add_up(struct crew *crew, const struct micro_batch *batches, size_t count,
                struct sums *sums, size_t *lost);

#endif
