/* One file: from its name to random samples, or to the reason why there are none. Runs in workers,
 * threads and the host alike. */
#ifndef AUGMENT_VARY_H
#define AUGMENT_VARY_H

#include <procpool.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "codec.h"
#include "picture.h"
#include "preprocess/document.h"
#include "sources.h"

/* The state of one worker or thread: its buffers, kept from file to file. */
struct bench {
    struct scratch file;
    struct buffer encoded; /* an image that the example made */
    struct picture picture;
    struct resampler resampler;
    struct buffer sentences, line; /* of a text */
    const struct given *given;     /* of a worker: see way_pool.c */
};

void bench_init(struct bench *bench);
void bench_fini(struct bench *bench);

/* What was made of one file. It is plain data, so a worker writes it to the shared memory from where the
 * host takes it. */
struct outcome {
    uint64_t check; /* of the samples */
    uint64_t size;  /* bytes used */
    /* Of an image: the image itself, resized, and then its samples, of SAMPLE_BYTES each. Of a text: a
     * line of JSON for each sample. */
    unsigned char bytes[];
};

/* The largest size of an outcome with its bytes. */
size_t outcome_size(const struct options *options);

/* One of the sources: a file, and how to make samples of it. */
struct source {
    const struct options *options;
    const struct sources *sources;
    size_t index; /* in `sources` */
    uint64_t seed;
    bool may_exit; /* see codec.h */
    char *reason;  /* REASON bytes */
};

/* Makes the samples of a file in `outcome`, which is all zero before and has room for outcome_size().
 * Returns false, with the reason, if the file is bad. */
bool vary(const struct source *source, struct bench *bench, struct outcome *outcome);

/* What the function above calls; all but the check. */
bool vary_image(const struct source *source, struct bench *bench, struct outcome *outcome);
bool vary_text(const struct source *source, struct bench *bench, struct outcome *outcome);

/* The largest number of bytes that they make for `samples` samples. */
size_t vary_image_room(size_t samples);
size_t vary_text_room(size_t samples);

#endif
