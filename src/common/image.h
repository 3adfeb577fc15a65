/* The image: the code and the static memory that workers have. That is what was loaded in the host
 * when it forked the supervisor. */
#ifndef POOL_COMMON_IMAGE_H
#define POOL_COMMON_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool__image {
    struct pool__segment {
        uintptr_t low, high;
        bool code;
        size_t library; /* index of the library that it belongs to */
    } * segments;
    size_t count;
    struct pool__library *libraries; /* the program is the first */
    size_t library_count;
};

/* Records the program and the libraries that are loaded now. Returns 0 or -ENOMEM. */
int pool__image_take(struct pool__image *image);

/* Frees the record, and makes the image empty. */
void pool__image_fini(struct pool__image *image);

/* Whether the code or static data at `address` was loaded when the image was taken. */
bool pool__image_has(const struct pool__image *image, uintptr_t address);

/* Whether `address` is in the image, and what is loaded there now is what was loaded then. A library
 * that was unloaded and loaded again is the same if its build ID is, or, without a build ID, its
 * file. In the process that took the image, from any thread. */
bool pool__image_is_current(const struct pool__image *image, uintptr_t address);

/* Whether `address` is in the image, and in code. */
bool pool__image_runs(const struct pool__image *image, uintptr_t address);

#endif
