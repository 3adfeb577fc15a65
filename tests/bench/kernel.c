/* The functions that do the work. Compiled apart from their callers, so that no contestant gets
 * them inlined; also as a module of its own for Python. */
#include "kernel.h"

#include <string.h>

int kernel_invert(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    *(uint64_t *)result = ~*(const uint64_t *)item;
    return 0;
}

int kernel_square(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    double x = *(const double *)item;
    *(double *)result = x * x;
    return 0;
}

int kernel_spin(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    uint64_t steps = *(const uint64_t *)item;
    uint64_t x = steps | 1;
    for (uint64_t i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    *(uint64_t *)result = x;
    return 0;
}

int kernel_flip(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    const struct blob *from = item;
    struct blob *to = result;
    for (int i = 0; i < BLOB; i++)
        to->bytes[i] = from->bytes[i] ^ FLIP;
    return 0;
}

int kernel_copy(const void *item, void *result, pool_task_t *task)
{
    (void)task;
    memcpy(result, item, sizeof(struct blob));
    return 0;
}
