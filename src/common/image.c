/* Runs in the host, which takes the image and asks it, and in workers, which ask it. A function's
 * address means the same in a worker only if the function's library was loaded before the pool was
 * made. A function made at run time, such as a nested function of GCC or one of a just-in-time
 * compiler, belongs to no library, so the image does not have it. */
#include "common/image.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>

static int add_library(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct pool__image *image = argument;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        struct pool__segment *grown = realloc(image->segments, (image->count + 1) * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        uintptr_t low = info->dlpi_addr + segment->p_vaddr;
        image->segments = grown;
        image->segments[image->count++] =
            (struct pool__segment){low, low + segment->p_memsz, (segment->p_flags & PF_X) != 0};
    }
    return 0;
}

int pool__image_take(struct pool__image *image)
{
    *image = (struct pool__image){0};
    int error = dl_iterate_phdr(add_library, image);
    if (error)
        pool__image_fini(image);
    return error;
}

void pool__image_fini(struct pool__image *image)
{
    free(image->segments);
    *image = (struct pool__image){0};
}

static const struct pool__segment *find(const struct pool__image *image, uintptr_t address)
{
    for (size_t i = 0; i < image->count; i++)
        if (address >= image->segments[i].low && address < image->segments[i].high)
            return &image->segments[i];
    return NULL;
}

bool pool__image_has(const struct pool__image *image, uintptr_t address)
{
    return find(image, address) != NULL;
}

bool pool__image_runs(const struct pool__image *image, uintptr_t address)
{
    const struct pool__segment *segment = find(image, address);
    return segment && segment->code;
}
