#include "vary.h"

#include <signal.h>

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
    buffer_fini(&bench->words);
    buffer_fini(&bench->samples);
}

bool vary(const struct task *task, struct bench *bench)
{
    if (task->options->crash && task->index == task->sources->count / 2)
        raise(SIGSEGV);
    return task->options->texts ? vary_text(task, bench) : vary_image(task, bench);
}
