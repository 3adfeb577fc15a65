/* The static memory and the code the workers have: what was loaded in the host when they were forked.
 */
#ifndef POOL_COMMON_IMAGE_H
#define POOL_COMMON_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool__image {
    struct pool__segment {
        uintptr_t low, high;
        bool code;
    } * segments;
    size_t count;
};

/* Takes down what is loaded now. Returns 0 or -ENOMEM. */
int pool__image_take(struct pool__image *image);

void pool__image_fini(struct pool__image *image);

/* Whether what is at `address`, code or static data, was loaded when the image was taken. */
bool pool__image_has(const struct pool__image *image, uintptr_t address);

/* Whether it is code. */
bool pool__image_runs(const struct pool__image *image, uintptr_t address);

#endif
