/* A libFuzzer target: any bytes at all for the reader of the flat form. What it takes for a value can
 * be walked, is written and read again, and is dropped without a rest.
 *
 * The first byte chooses the type, the second the kind of memory, the third the piece of memory that
 * is refused (0: none); the frame follows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void fuzz_violated(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}
#define HOLDS(condition) ((condition) ? (void)0 : fuzz_violated(#condition, __FILE__, __LINE__))

#include "unit/flat_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_HEAD = 3 };

/* One reading of one frame. */
struct fuzz_reading {
    const struct flat_kind *kind;
    enum flat_mode mode;
    size_t refuse;
};

static int fuzz_read(const struct fuzz_reading *reading, struct flat_frame frame, void *value)
{
    const struct flat_kind *kind = reading->kind;
    flat_refuse = reading->refuse;
    int error = flat_unpack(frame, reading->mode, kind->type, kind->size, value);
    flat_refuse = 0;
    HOLDS(error == 0 || error == -EBADMSG || error == -ELOOP || error == FLAT_STRANGE ||
          (error == -ENOMEM && reading->refuse));
    if (error == 0)
        flat_walk(kind->type, kind->size, value);
    return error;
}

/* Reads the frame, and packs what it says. Returns false when it says nothing. */
static bool fuzz_pass(const struct fuzz_reading *reading, struct flat_frame frame,
                      struct flat_frame *packed)
{
    static _Alignas(16) unsigned char value[4096];
    HOLDS(reading->kind->size <= sizeof value);
    bool taken = fuzz_read(reading, frame, value) == 0;
    if (taken)
        *packed = flat_pack(reading->kind->type, reading->kind->size, value);
    flat_drop(reading->kind->type, value);
    return taken;
}

/* A frame may say in many ways what the writer says in one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flat_frame packed = {NULL, 0}, again = packed;
    if (size < FUZZ_HEAD)
        return 0;
    struct fuzz_reading reading = {&flat_kinds[data[0] % FLAT_KINDS], data[1] % FLAT_MODES,
                                   data[2]};
    struct flat_frame frame = flat_frame_of(data + FUZZ_HEAD, size - FUZZ_HEAD);
    bool taken = fuzz_pass(&reading, frame, &packed);
    flat_frame_free(&frame);
    if (!taken)
        return 0;
    reading.refuse = 0;
    HOLDS(fuzz_pass(&reading, packed, &again));
    HOLDS(packed.size == again.size && memcmp(packed.bytes, again.bytes, again.size) == 0);
    flat_frame_free(&packed);
    flat_frame_free(&again);
    return 0;
}
