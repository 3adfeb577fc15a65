/* Runs in the test program: prints programs. */
#include "support/program.h"

#include <inttypes.h>

static void print_shape(const struct shape *shape, FILE *stream)
{
    fprintf(stream, "%s", shape_name(shape->kind));
    if (shape->kind == KIND_ODD)
        fprintf(stream, "[%zu]", shape->size);
    else if (shape->kind >= KIND_TEXT)
        fprintf(stream, "(%zu)", shape->most);
}

static void print_call(const struct call *call, FILE *stream)
{
    static const char *const whats[] = {"map",       "starmap", "apply",         "fold",
                                        "broadcast", "imap",    "imap_unordered"};
    const pool_map_options_t *options = &call->options;
    fprintf(stream, "  call %d: %s%s of %zu ", call->slot, whats[call->what],
            call->blocking || call->what >= CALL_IMAP ? "" : "_async", call->count);
    print_shape(&call->item, stream);
    fprintf(stream, "%s to ",
            call->shared_items  ? " (shared)"
            : call->from_source ? " (source)"
                                : "");
    print_shape(&call->result, stream);
    fprintf(stream, "%s%s%s; chunksize %zu", call->in_place ? " in place" : "",
            call->shared_results ? " (shared)" : "", call->unheld ? ", unheld" : "",
            options->chunksize);
    fprintf(stream, "%s; priority %d, timeout %d%s; bad %" PRIu64 ", crash %" PRIu64,
            call->watched ? ", callbacks" : "", options->priority, options->timeout,
            options->fail_fast ? ", fail_fast" : "", call->bad, call->crash);
    fprintf(stream, ", sleep %" PRIu64, call->sleep);
    if (call->abandon != SIZE_MAX)
        fprintf(stream, "; abandoned after %zu", call->abandon);
    fprintf(stream, "\n");
}

static void print_step(const struct step *step, FILE *stream)
{
    static const char *const names[] = {"start",  "finish", "take",   "poll",     "pause",
                                        "resize", "kill",   "cancel", "terminate"};
    fprintf(stream, "  %s", names[step->action]);
    if (step->action <= STEP_TAKE || step->action == STEP_CANCEL)
        fprintf(stream, " call %d", step->call);
    if (step->action >= STEP_TAKE && step->action <= STEP_CANCEL)
        fprintf(stream, " %d", step->number);
    if (step->action == STEP_FINISH)
        fprintf(stream, " by way %d", step->way);
    fprintf(stream, "\n");
}

void program_print(const struct program *program, FILE *stream)
{
    const pool_options_t *options = &program->options;
    fprintf(stream, "program %" PRIu64 "%s: %d %s, maxtasksperchild %zu, maxmemoryperchild %zu, ",
            program->seed, program->loose ? " (loose)" : "", options->processes,
            options->serial ? "processes, serial" : "processes", options->maxtasksperchild,
            options->maxmemoryperchild);
    fprintf(stream, "idle_timeout %d, budget %zu%s%s%s\n", options->idle_timeout, options->budget,
            options->initializer ? ", initializer" : "", options->pinned ? ", pinned" : "",
            options->niceness ? ", nice" : "");
    for (int i = 0; i < program->count; i++)
        print_call(&program->calls[i], stream);
    for (int i = 0; i < program->steps; i++)
        print_step(&program->step[i], stream);
    fprintf(stream, "  then %d threads wait:", program->threads);
    for (int i = 0; i < PROGRAM_CALLS; i++)
        fprintf(stream, " %d (by way %d)", program->order[i], program->ways[i]);
    fprintf(stream, "\n");
    for (int i = 0; i < program->mischiefs; i++) {
        fprintf(stream, "  meanwhile, after %d us:", program->mischief[i].pause);
        print_step(&program->mischief[i].step, stream);
    }
}
