/* Memory for values that tests unpack, and an account of it: every piece is given back once, and its
 * size is known. Frames are of exactly their size, so that a step outside is seen by the tools.
 *
 * A violation is what HOLDS() makes of it: a failed test, unless it was defined before. */
#ifndef POOL_UNIT_FLAT_MEMORY_H
#define POOL_UNIT_FLAT_MEMORY_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/flat.h"
#include "unit/unit.h"

#ifndef HOLDS
#define HOLDS(condition) assert_true(condition)
#endif

/* FLAT_COPIED: as FLAT_OWNED, but the payloads are copied by a function of the memory's own. */
enum flat_mode { FLAT_IN_PLACE, FLAT_OWNED, FLAT_COPIED, FLAT_MODES };

/* The flat form of a value. */
struct flat_frame {
    unsigned char *bytes;
    size_t size;
};

struct flat_account {
    struct flat_frame frame; /* that the value comes from */
    enum flat_mode mode;
    size_t made, live;      /* pieces of memory */
    size_t copied;          /* those that flat_copy() filled */
    size_t given, in_place; /* how often a piece was dropped, and how often one in the frame */
    bool refused;
};
static struct flat_account flat_account;

/* The piece of memory that is refused, counted from 1; 0: none. */
static size_t flat_refuse;

/* Larger than any element of the tests' arrays. */
enum { FLAT_LARGEST = 65536 };

/* In front of each piece. */
struct flat_block {
    uint64_t state, size;
};
static const uint64_t flat_live = 0x6e6f742079657421, flat_gone = 0x616c726561647921;

static inline bool flat_in_frame(const void *memory)
{
    uintptr_t at = (uintptr_t)memory, frame = (uintptr_t)flat_account.frame.bytes;
    return flat_account.frame.bytes && at >= frame && at - frame <= flat_account.frame.size;
}

static inline const struct flat_block *flat_block_of(const void *memory)
{
    HOLDS(!flat_in_frame(memory));
    return (const struct flat_block *)memory - 1;
}

static inline void *flat_alloc(void *account, size_t size)
{
    HOLDS(account == &flat_account);
    HOLDS(size > 0);
    HOLDS(size / FLAT_LARGEST <= flat_account.frame.size); /* elements take a byte at least */
    if (++flat_account.made == flat_refuse) {
        flat_account.refused = true;
        return NULL;
    }
    struct flat_block *block = calloc(1, sizeof *block + size);
    HOLDS(block != NULL);
    *block = (struct flat_block){flat_live, size};
    flat_account.live++;
    return block + 1;
}

static inline void flat_copy(void *account, void *to, const void *from, size_t size)
{
    HOLDS(account == &flat_account);
    HOLDS(size > 0 && flat_in_frame(from) && flat_block_of(to)->size >= size);
    memcpy(to, from, size);
    flat_account.copied++;
}

static inline void flat_give_back(void *unused, void *memory)
{
    (void)unused;
    flat_account.given++;
    if (flat_account.mode == FLAT_IN_PLACE && flat_in_frame(memory)) {
        flat_account.in_place++;
        return;
    }
    struct flat_block *block = (struct flat_block *)(uintptr_t)flat_block_of(memory);
    HOLDS(block->state == flat_live);
    block->state = flat_gone;
    flat_account.live--;
    free(block);
}

/* ---- Frames ---- */

static inline struct flat_frame flat_frame_of(const void *bytes, size_t size)
{
    void *copy = NULL;
    HOLDS(posix_memalign(&copy, 16, size + !size) == 0);
    if (size)
        memcpy(copy, bytes, size);
    return (struct flat_frame){copy, size};
}

static inline void flat_frame_free(struct flat_frame *frame)
{
    free(frame->bytes);
    *frame = (struct flat_frame){NULL, 0};
}

/* Counts, and then packs into a frame of exactly the size that takes. Returns what pool__pack() did. */
static inline int flat_try_pack(const pool_type_t *type, size_t size, const void *value,
                                struct flat_frame *frame)
{
    struct pool_writer count = {.room = 0};
    void *bytes = NULL;
    int error = pool__pack(&count, type, size, value);
    HOLDS(count.depth == 0);
    if (error)
        return error;
    HOLDS(posix_memalign(&bytes, 16, count.used + !count.used) == 0);
    memset(bytes, 0xff, count.used);
    struct pool_writer writer = {.base = bytes, .room = count.used};
    HOLDS(pool__pack(&writer, type, size, value) == 0);
    HOLDS(writer.used == count.used && writer.depth == 0);
    *frame = (struct flat_frame){bytes, writer.used};
    return 0;
}

static inline struct flat_frame flat_pack(const pool_type_t *type, size_t size, const void *value)
{
    struct flat_frame frame = {NULL, 0};
    HOLDS(flat_try_pack(type, size, value, &frame) == 0);
    return frame;
}

/* Returns what pool__unpack() did; the value is for flat_drop() in any case. */
static inline int flat_unpack(struct flat_frame frame, enum flat_mode mode, const pool_type_t *type,
                              size_t size, void *value)
{
    static const struct pool__memory memories[FLAT_MODES] = {
        [FLAT_IN_PLACE] = {flat_alloc, NULL, &flat_account, true},
        [FLAT_OWNED] = {flat_alloc, NULL, &flat_account, false},
        [FLAT_COPIED] = {flat_alloc, flat_copy, &flat_account, false}};
    struct pool_reader reader = {
        .base = frame.bytes, .size = frame.size, .memory = &memories[mode]};
    flat_account = (struct flat_account){.frame = frame, .mode = mode};
    memset(value, 0, size);
    int error = pool__unpack(&reader, type, size, value);
    HOLDS(reader.at <= reader.size && reader.depth == 0);
    HOLDS((error == -ENOMEM) == flat_account.refused);
    return error;
}

/* Everything that flat_unpack() allocated is given back, once. */
static inline void flat_drop(const pool_type_t *type, void *value)
{
    static const struct pool__dropper dropper = {flat_give_back, NULL, true};
    pool__drop(&dropper, type, value);
    HOLDS(flat_account.live == 0);
    flat_account.frame = (struct flat_frame){NULL, 0};
}

#endif
