/* Runs in the test program, in several of its threads: runs programs. */
#include "support/program_call.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/process.h"

enum { LOOK = 10 }; /* milliseconds that a step waits for a result */

/* ---- Steps ---- */

/* Kills the workers in the mask, as far as they live. */
static void kill_workers(const struct run *run, int mask)
{
    pid_t pids[CREW_MOST] = {0};
    int count = run->supervisor ? pool_pids(run->pool, pids, CREW_MOST) : 0;
    for (int i = 0; i < count && i < CREW_MOST; i++)
        if (mask >> i & 1)
            process_kill_child(run->supervisor, pids[i]);
}

static void cancel(struct run *run, int call, int grace)
{
    struct live *live = &run->live[call];
    pool_future_t *future = live->future;
    int error = future ? pool_future_cancel(future, grace) : 0;
    if (error && error != -EALREADY)
        program_wrong(run->outcomes->wrong, "cancelling call %d returned %d", call, error);
}

static void take_some(struct run *run, struct live *live, int most)
{
    for (int i = 0; i < most && live->iterator; i++)
        call_take(run, live, LOOK);
}

/* Does a step that has no call. Returns the code of the library. */
static int act_on_pool(const struct run *run, const struct step *step)
{
    switch (step->action) {
    case STEP_RESIZE:
        return pool_resize(run->pool, step->number);
    case STEP_TERMINATE:
        return pool_terminate(run->pool);
    case STEP_KILL:
        kill_workers(run, step->number);
        return 0;
    case STEP_PAUSE:
        usleep((useconds_t)step->number);
        return 0;
    default:
        for (int i = 0; i < step->number; i++)
            if (pool_step(run->pool) < 0)
                return -1;
        return 0;
    }
}

static void do_step(struct run *run, const struct step *step)
{
    struct live *live = step->call >= 0 ? &run->live[step->call] : NULL;
    int error = 0;
    switch (step->action) {
    case STEP_START:
        call_start(run, live, &run->program->calls[step->call], &run->outcomes->of[step->call]);
        break;
    case STEP_FINISH:
        call_finish(run, live, step->way);
        break;
    case STEP_TAKE:
        take_some(run, live, step->number);
        break;
    case STEP_CANCEL:
        cancel(run, step->call, step->number);
        break;
    default:
        error = act_on_pool(run, step);
    }
    if (error && !(run->program->terminates && error == POOL_ECLOSED))
        program_wrong(run->outcomes->wrong, "action %d returned %d", step->action, error);
}

/* ---- Threads ---- */

static void *be_mischievous(void *argument)
{
    struct run *run = argument;
    const struct program *program = run->program;
    for (int i = 0; i < program->mischiefs; i++) {
        usleep((useconds_t)program->mischief[i].pause);
        do_step(run, &program->mischief[i].step);
    }
    return NULL;
}

struct waiter {
    struct run *run;
    int number;
};

/* Waits for those calls that this thread has to wait for. */
static void *wait_for_some(void *argument)
{
    const struct waiter *waiter = argument;
    const struct program *program = waiter->run->program;
    for (int i = waiter->number; i < PROGRAM_CALLS; i += program->threads) {
        int call = program->order[i];
        call_finish(waiter->run, &waiter->run->live[call], program->ways[call]);
    }
    return NULL;
}

static void wait_for_all(struct run *run)
{
    struct waiter waiters[PROGRAM_CALLS];
    pthread_t threads[PROGRAM_CALLS];
    int count = run->program->threads;
    run->alone = run->alone && count == 1;
    for (int i = 0; i < count; i++)
        waiters[i] = (struct waiter){run, i};
    for (int i = 1; i < count; i++)
        pthread_create(&threads[i], NULL, wait_for_some, &waiters[i]);
    wait_for_some(&waiters[0]);
    for (int i = 1; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void do_all(struct run *run)
{
    pthread_t mischief;
    const struct program *program = run->program;
    run->alone = program->mischiefs == 0;
    if (!run->alone)
        pthread_create(&mischief, NULL, be_mischievous, run);
    for (int i = 0; i < program->steps; i++)
        do_step(run, &program->step[i]);
    wait_for_all(run);
    if (program->mischiefs)
        pthread_join(mischief, NULL);
}

/* ---- Programs ---- */

static void close_call(struct live *live)
{
    if (!live->started)
        return;
    if (live->over)
        call_note_results(live);
    pool_future_free(live->future);
    pool_iterator_free(live->iterator);
}

struct outcomes *program_run(const struct program *program, struct ledger *ledger)
{
    struct run run = {.program = program, .outcomes = calloc(1, sizeof *run.outcomes)};
    program_act(program, program->options.serial, ledger);
    program_act_contribute(false);
    run.began = deadline_now();
    int error = pool_create(&run.pool, &program->options);
    if (error) {
        program_wrong(run.outcomes->wrong, "pool_create: %d, %s", error, pool_create_error());
        return run.outcomes;
    }
    run.supervisor = program->options.serial ? 0 : crew_supervisor(run.pool);
    do_all(&run);
    for (int i = 0; i < program->count; i++) {
        close_call(&run.live[i]);
        if (run.live[i].over)
            call_free_results(&run.live[i]);
    }
    pool_free(run.pool);
    return run.outcomes;
}

static void expect_call(struct run *run, const struct call *call, struct outcome *out,
                        uint64_t *numbers)
{
    struct call plain = *call;
    struct live live = {0};
    plain.blocking = true;
    plain.bare = false;
    plain.shared_items = plain.shared_results = plain.in_place = plain.watched = false;
    plain.options =
        (pool_map_options_t){.chunksize = call->oracle_chunksize, .seed = call->options.seed};
    call_start(run, &live, &plain, out);
    if (numbers)
        memcpy(numbers, live.results, call->count * sizeof *numbers);
    call_note_results(&live);
    call_free_results(&live);
}

/* Runs an iterator as a map, and a broadcast as a map over as many items as there are workers. */
static void expect_map(struct run *run, const struct call *call, struct outcome *out)
{
    struct call map = *call;
    if (call->what == CALL_IMAP || call->what == CALL_IMAP_UNORDERED)
        map.what = CALL_MAP;
    if (call->what == CALL_BROADCAST) {
        map.what = CALL_MAP;
        map.items = calloc(call->count, call->item.size);
        for (size_t i = 0; i < call->count; i++)
            memcpy((char *)map.items + i * call->item.size, call->items, call->item.size);
    }
    expect_call(run, &map, out, NULL);
    if (call->what == CALL_BROADCAST)
        free(map.items);
}

static void free_outcome(const struct call *call, struct outcome *out)
{
    for (size_t i = 0; out->errors && i < call->count; i++) {
        free(out->errors[i].message);
        free(out->errors[i].file);
    }
    free(out->errors);
    free(out->elements);
    free(out->sum);
}

void outcomes_free(const struct program *program, struct outcomes *outcomes)
{
    for (int i = 0; outcomes && i < program->count; i++)
        free_outcome(&program->calls[i], &outcomes->of[i]);
    free(outcomes);
}

/* Runs the fold for its sum, and then a map of the same function for what each item adds. */
static void expect_fold(struct run *run, const struct call *call, struct outcome *out)
{
    struct outcome each = {0};
    struct call map = *call;
    expect_call(run, call, out, NULL);
    map.what = CALL_MAP;
    map.result = (struct shape){.kind = KIND_NUMBER, .size = sizeof(uint64_t)};
    program_act_contribute(true);
    expect_call(run, &map, &each, out->elements);
    program_act_contribute(false);
    free_outcome(&map, &each);
}

struct outcomes *program_expect(const struct program *program)
{
    struct program serial = *program;
    struct run run = {.program = &serial, .outcomes = calloc(1, sizeof *run.outcomes)};
    serial.options.serial = true;
    program_act(&serial, true, NULL);
    if (pool_create(&run.pool, &serial.options) < 0) {
        program_wrong(run.outcomes->wrong, "no serial pool");
        return run.outcomes;
    }
    for (int i = 0; i < program->count; i++) {
        if (program->calls[i].what == CALL_FOLD)
            expect_fold(&run, &program->calls[i], &run.outcomes->of[i]);
        else
            expect_map(&run, &program->calls[i], &run.outcomes->of[i]);
    }
    pool_free(run.pool);
    return run.outcomes;
}
