/* Runs in the host: a function's address means the same in a worker only if its library was loaded
 * before the pool was made. A function made at run time (a nested function of GCC's, a just-in-time
 * compiler's) belongs to no library and is not known here. */
#include "host/image.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>

static int add_library(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct pool__image *image = argument;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
            continue;
        struct pool__code *grown = realloc(image->code, (image->count + 1) * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        uintptr_t low = info->dlpi_addr + segment->p_vaddr;
        image->code = grown;
        image->code[image->count++] = (struct pool__code){low, low + segment->p_memsz};
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
    free(image->code);
    *image = (struct pool__image){0};
}

bool pool__image_has(const struct pool__image *image, uintptr_t address)
{
    for (size_t i = 0; i < image->count; i++)
        if (address >= image->code[i].low && address < image->code[i].high)
            return true;
    return false;
}
