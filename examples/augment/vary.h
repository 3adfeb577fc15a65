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

/* The buffers of one worker or thread, kept from file to file. */
struct bench {
    struct scratch file;
    struct buffer encoded; /* an image that the example made */
    struct picture picture;
    struct resampler resampler;
    struct buffer sentences, words; /* of a text */
    struct buffer samples;          /* what was made of the last file */
};

void bench_init(struct bench *bench);
void bench_fini(struct bench *bench);

/* A file, and how to make samples of it. */
struct task {
    const struct options *options;
    const struct sources *sources;
    size_t index; /* of the source */
    uint64_t seed;
    bool may_exit; /* see codec.h */
    char *reason;  /* REASON bytes */
};

/* Make samples in `bench->samples`. Of an image: the image itself, resized, and then the samples, of
 * SAMPLE_BYTES each. Of a text: a line of JSON for each sample. Return false, with the reason, if the
 * file is bad. */
bool vary_image(const struct task *task, struct bench *bench);
bool vary_text(const struct task *task, struct bench *bench);

/* Calls one of the two. */
bool vary(const struct task *task, struct bench *bench);

#endif
