#include "vary.h"

#include <signal.h>

#include "common/report.h"

enum { MAX_FILE = 64 << 20 }; /* bytes; larger files are refused */

void bench_init(struct bench *bench)
{
    *bench = (struct bench){0};
    scratch_init(&bench->file, MAX_FILE);
}

void bench_fini(struct bench *bench)
{
    scratch_fini(&bench->file);
    buffer_fini(&bench->encoded);
    picture_fini(&bench->picture);
    resampler_fini(&bench->resampler);
    buffer_fini(&bench->sentences);
    buffer_fini(&bench->line);
}

size_t outcome_size(const struct options *options)
{
    size_t samples = (size_t)options->samples;
    size_t size = sizeof(struct outcome) +
                  (options->texts ? vary_text_room(samples) : vary_image_room(samples));
    return (size + 7) / 8 * 8; /* so that outcomes in an array are aligned */
}

bool vary(const struct source *source, struct bench *bench, struct outcome *outcome)
{
    if (source->options->crash && source->index == source->sources->count / 2)
        raise(SIGSEGV);
    if (!(source->options->texts ? vary_text : vary_image)(source, bench, outcome))
        return false;
    outcome->check = report_check(0, outcome->bytes, outcome->size);
    return true;
}
