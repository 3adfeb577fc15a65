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

static void write_seed(const char *folder, size_t kind, int number, struct flat_frame frame)
{
    const unsigned char head[] = {(unsigned char)kind, (unsigned char)(number % FLAT_MODES), 0};
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d", folder, flat_kinds[kind].type->name, number);
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

int main(int count, char **arguments)
{
    uint64_t seed = 1;
    if (count != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    for (size_t kind = 0; kind < FLAT_KINDS; kind++)
        for (int i = 0; i < EACH; i++) {
            struct flat_frame frame = make_frame(&flat_kinds[kind], &seed);
            write_seed(arguments[1], kind, i, frame);
            flat_frame_free(&frame);
        }
    return 0;
}
