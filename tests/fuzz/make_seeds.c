/* make_seeds FOLDER: writes inputs for the fuzz target that are valid frames of all its types. */
#include <stdio.h>
#include <stdlib.h>

static void seeds_require(int condition)
{
    if (!condition) {
        perror("make_seeds");
        exit(1);
    }
}
#define HOLDS(condition) seeds_require(condition)

#include "unit/flat_make.h"

enum { EACH = 12, LARGEST = 500 };

static void write_seed(const char *folder, const char *name, size_t kind, int number,
                       struct flat_frame frame)
{
    const unsigned char head[] = {(unsigned char)kind, (unsigned char)(number % FLAT_MODES), 0};
    const char *space = strrchr(name, ' ');
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d", folder, space ? space + 1 : name, number);
    FILE *file = fopen(path, "wb");
    HOLDS(file != NULL);
    HOLDS(fwrite(head, 1, sizeof head, file) == sizeof head);
    HOLDS(fwrite(frame.bytes, 1, frame.size, file) == frame.size);
    HOLDS(fclose(file) == 0);
}

/* The first that is small. */
static struct flat_frame make_frame(const struct flat_kind *kind, uint64_t *seed)
{
    for (;;) {
        const void *value = flat_make(seed, kind->type, kind->size);
        struct flat_frame frame = flat_pack(kind->type, kind->size, value);
        if (frame.size <= LARGEST)
            return frame;
        flat_frame_free(&frame);
    }
}

/* More levels than there may be. */
static void write_deep(const char *folder, size_t kind)
{
    uint64_t numbers[2 * (POOL__DEPTH + 1)];
    for (size_t i = 0; i < COUNT(numbers); i++)
        numbers[i] = 1;
    write_seed(folder, "deep", kind, 0, (struct flat_frame){(void *)numbers, sizeof numbers});
}

int main(int count, char **arguments)
{
    uint64_t seed = 1;
    if (count != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    for (size_t kind = 0; kind < FLAT_KINDS; kind++) {
        for (int i = 0; i < EACH; i++) {
            struct flat_frame frame = make_frame(&flat_kinds[kind], &seed);
            write_seed(arguments[1], flat_kinds[kind].type->name, kind, i, frame);
            flat_frame_free(&frame);
        }
        if (flat_kinds[kind].type == &flat_rung_type)
            write_deep(arguments[1], kind);
    }
    return 0;
}
