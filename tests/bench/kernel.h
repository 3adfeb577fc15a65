/* The functions that do the work: the same compiled code for every contestant. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <stdint.h>

#include "procpool.h"

enum { BLOB = 1 << 20, FLIP = 0x5a };

struct blob {
    uint8_t bytes[BLOB];
};

/* uint64_t -> uint64_t: all bits inverted; what an "empty" task does, so that it can be checked. */
int kernel_invert(const void *item, void *result, pool_task_t *task);

/* double -> double: squared. */
int kernel_square(const void *item, void *result, pool_task_t *task);

/* uint64_t -> uint64_t: that many steps of a chain of arithmetic; its end. */
int kernel_spin(const void *item, void *result, pool_task_t *task);

/* struct blob -> struct blob: every byte xor FLIP. */
int kernel_flip(const void *item, void *result, pool_task_t *task);

/* struct blob -> struct blob: the same. */
int kernel_copy(const void *item, void *result, pool_task_t *task);

#endif
