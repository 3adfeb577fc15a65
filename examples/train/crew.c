#define _POSIX_C_SOURCE 200809L
#include "crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

size_t crew_sums_size(struct mlp mlp)
{
    return sizeof(struct sums) + mlp_parameters(mlp) * sizeof(float);
}

static void add_micro_batch(const struct crew *crew, const struct micro_batch *batch,
                            struct mlp_buffers *buffers, struct sums *sums)
{
    if (batch->crashes)
        raise(SIGSEGV);
    sums->loss += mlp_add_gradient(crew->mlp, batch->weights, crew->data, batch->chosen,
                                   batch->count, buffers, sums->gradient);
    sums->samples += (uint64_t)batch->count;
}

static void merge_sums(size_t parameters, struct sums *into, const struct sums *from)
{
    into->loss += from->loss;
    into->samples += from->samples;
    for (size_t i = 0; i < parameters; i++)
        into->gradient[i] += from->gradient[i];
}

/* ---- The pool ---- */

/* What a worker keeps from item to item. */
struct desk {
    const struct crew *crew;
    struct mlp_buffers buffers;
};

/* By hand: the merge function gets the sums only, so the number of parameters is kept here. */
static size_t parameters_of_pool;

/* By hand: what is the same for all items comes to the worker by its initializer. */
static int start_worker(void *initargs, void **state, pool_task_t *task)
{
    struct desk *desk = malloc(sizeof *desk);
    if (!desk)
        return pool_fail(task, ENOMEM, "no memory for the buffers");
    desk->crew = initargs;
    if (mlp_buffers_init(&desk->buffers, desk->crew->mlp, MICRO) < 0) {
        free(desk);
        return pool_fail(task, ENOMEM, "no memory for the buffers");
    }
    *state = desk;
    return 0;
}

static void end_worker(void *state)
{
    struct desk *desk = state;
    mlp_buffers_free(&desk->buffers);
    free(desk);
}

static int add_item(const void *item, void *result, pool_task_t *task)
{
    struct desk *desk = pool_task_state(task);
    add_micro_batch(desk->crew, item, &desk->buffers, result);
    return 0;
}

static int merge_blocks(void *into, const void *from)
{
    merge_sums(parameters_of_pool, into, from);
    return 0;
}

static int add_up_by_pool(struct crew *crew, const struct micro_batch *batches, size_t count,
                          struct sums *sums, size_t *lost)
{
    const pool_map_options_t options = {.chunksize = BLOCK};
    parameters_of_pool = mlp_parameters(crew->mlp);
    int failed = pool_fold(crew->pool, add_item, merge_blocks, POOL_IN(batches, count),
                           pool_out(sums, crew_sums_size(crew->mlp), &pool_type_plain), &options);
    if (failed > 0)
        *lost += (size_t)failed;
    return failed < 0 ? failed : 0;
}

/* ---- Threads, and this thread alone: the same blocks, merged in the same order ---- */

struct blocks {
    const struct crew *crew;
    const struct micro_batch *batches;
    size_t count; /* of micro-batches */
    size_t size;  /* bytes of one block's sums */
    char *sums;   /* of all blocks */
};

static struct sums *sums_of(const struct blocks *blocks, size_t block)
{
    return (struct sums *)(void *)(blocks->sums + block * blocks->size);
}

static void add_block(void *context, int thread, size_t block)
{
    const struct blocks *blocks = context;
    for (size_t i = block * BLOCK; i < blocks->count && i < (block + 1) * BLOCK; i++)
        add_micro_batch(blocks->crew, &blocks->batches[i], &blocks->crew->buffers[thread],
                        sums_of(blocks, block));
}

static int add_up_here(struct crew *crew, const struct micro_batch *batches, size_t count,
                       struct sums *sums)
{
    size_t many = (count + BLOCK - 1) / BLOCK;
    struct blocks blocks = {crew, batches, count, crew_sums_size(crew->mlp), NULL};
    blocks.size = (blocks.size + 63) / 64 * 64;
    blocks.sums = calloc(many, blocks.size);
    int error = blocks.sums ? way_run_threads(crew->processes, many, add_block, &blocks) : -ENOMEM;
    if (!error)
        memcpy(sums, blocks.sums, crew_sums_size(crew->mlp));
    for (size_t block = 1; block < many && !error; block++)
        merge_sums(mlp_parameters(crew->mlp), sums, sums_of(&blocks, block));
    free(blocks.sums);
    return error;
}

int crew_add_up(struct crew *crew, const struct micro_batch *batches, size_t count,
                struct sums *sums, size_t *lost)
{
    memset(sums, 0, crew_sums_size(crew->mlp));
    if (crew->way == WAY_POOL)
        return add_up_by_pool(crew, batches, count, sums, lost);
    return add_up_here(crew, batches, count, sums);
}

/* ---- Making and ending ---- */

static int make_pool(struct crew *crew)
{
    const pool_options_t options = {.processes = crew->processes,
                                    .initializer = start_worker,
                                    .initargs = crew,
                                    .finalizer = end_worker};
    return pool_create(&crew->pool, &options);
}

static int make_buffers(struct crew *crew)
{
    int error = 0;
    crew->buffers = calloc((size_t)crew->processes, sizeof *crew->buffers);
    if (!crew->buffers)
        return -ENOMEM;
    for (int i = 0; i < crew->processes && !error; i++)
        error = mlp_buffers_init(&crew->buffers[i], crew->mlp, MICRO);
    return error;
}

int crew_init(struct crew *crew, enum way way, int processes, struct mlp mlp,
              const struct data *data)
{
    *crew = (struct crew){.mlp = mlp, .data = data, .way = way};
    crew->processes = way == WAY_SEQUENTIAL ? 1 : processes;
    int error = way == WAY_POOL ? make_pool(crew) : make_buffers(crew);
    if (error)
        crew_free(crew);
    return error;
}

void crew_free(struct crew *crew)
{
    pool_free(crew->pool);
    for (int i = 0; i < crew->processes && crew->buffers; i++)
        mlp_buffers_free(&crew->buffers[i]);
    free(crew->buffers);
    *crew = (struct crew){0};
}

void *crew_alloc(struct crew *crew, size_t count, size_t size)
{
    return crew->pool ? pool_shared_alloc(crew->pool, count, size) : calloc(count, size);
}

void crew_release(struct crew *crew, void *memory)
{
    if (crew->pool)
        pool_shared_free(crew->pool, memory);
    else
        free(memory);
}
