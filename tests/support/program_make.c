/* Runs in the test program: makes random programs. */
#include "support/program.h"

#include <stdlib.h>

enum { MIB = 1 << 20, WORKERS = 7, BYTES = 2 * MIB /* about what all items of a call take */ };

/* A program in the making. */
struct making {
    struct program *program;
    uint64_t dice;
    int workers;
    bool open[PROGRAM_CALLS]; /* the call was started, and not waited for */
};

static uint64_t roll(struct making *making, uint64_t sides)
{
    return program_roll(&making->dice, sides);
}

static bool once_in(struct making *making, uint64_t sides)
{
    return roll(making, sides) == 0;
}

static int between(struct making *making, int least, int most)
{
    return least + (int)roll(making, (uint64_t)(most - least) + 1);
}

/* ---- Calls ---- */

static size_t make_count(struct making *making)
{
    static const int most[] = {0, 1, 3, 20, 20, 100, 300, 300, 2000, PROGRAM_ITEMS};
    size_t bound = (size_t)most[roll(making, sizeof most / sizeof most[0])];
    return bound > 1 ? 1 + roll(making, bound) : bound;
}

static struct shape make_shape(struct making *making, enum kind kind, size_t count)
{
    struct shape shape = {.kind = kind, .size = shape_size(kind)};
    size_t fit = BYTES / (count + 1);
    if (kind == KIND_ODD)
        shape.size = 1 + roll(making, once_in(making, 4) ? (fit < 5000 ? fit : 5000) : 40);
    if (kind <= KIND_ODD)
        return shape;
    shape.most = once_in(making, 4) ? 2000 : 40;
    if (kind <= KIND_BLOB && count <= 5 && once_in(making, 5))
        shape.most = 3 * MIB;
    else if (shape.most > fit)
        shape.most = fit;
    return shape;
}

static enum what make_what(struct making *making)
{
    static const enum what whats[] = {CALL_MAP,       CALL_MAP,  CALL_MAP,  CALL_STARMAP,
                                      CALL_APPLY,     CALL_FOLD, CALL_FOLD, CALL_BROADCAST,
                                      CALL_BROADCAST, CALL_IMAP, CALL_IMAP, CALL_IMAP_UNORDERED};
    return whats[roll(making, sizeof whats / sizeof whats[0])];
}

static void make_shapes(struct making *making, struct call *call)
{
    enum kind item = (enum kind)between(making, KIND_RANGE, KIND_TREE);
    enum kind result = (enum kind)between(making, KIND_NUMBER - 1, KIND_TREE);
    bool ranges = call->what != CALL_APPLY && call->what != CALL_BROADCAST;
    if (item == KIND_RANGE && !ranges)
        item = KIND_NUMBER;
    result = result == KIND_RANGE ? KIND_NONE : result;
    if (call->what == CALL_STARMAP) {
        item = KIND_ROW;
        result = once_in(making, 2) ? KIND_TEXT : KIND_NUMBER;
    }
    call->item = make_shape(making, item, call->count);
    call->result = make_shape(making, result, call->count);
    if (call->what == CALL_FOLD)
        call->result = (struct shape){.kind = KIND_ODD,
                                      .size = sizeof(struct program_sum) +
                                              roll(making, once_in(making, 4) ? 3000 : 20)};
}

static void make_sharing(struct making *making, struct call *call)
{
    bool array = call->what != CALL_FOLD && call->what < CALL_IMAP;
    call->shared_items = shape_is_plain(&call->item) && once_in(making, 4);
    call->shared_results = array && shape_is_plain(&call->result) && once_in(making, 4);
    call->in_place = call->shared_items && array && call->what != CALL_BROADCAST &&
                     once_in(making, 3) && call->count > 0;
    if (call->in_place) {
        call->result = call->item;
        call->shared_results = true;
    }
}

/* Crashes are rare, since each costs a fork. */
static void make_deeds(struct making *making, struct call *call)
{
    static const uint64_t bad[] = {0, 0, 0, 1, 2, 2, 10, 10, 100};
    call->salt = roll(making, UINT64_MAX);
    call->bad = bad[roll(making, sizeof bad / sizeof bad[0])];
    call->crash = once_in(making, 3) ? 1 + call->count / (1 + roll(making, 5)) : 0;
    call->sleep = once_in(making, 3) ? 1 + call->count / 3 : 0;
    call->sleep_most = 1000;
    if (making->program->loose && !once_in(making, 3)) {
        call->sleep = 1 + call->count / 30;
        call->sleep_most = 3000;
    }
}

static void make_options(struct making *making, struct call *call)
{
    pool_map_options_t *options = &call->options;
    size_t sizes[] = {
        0, 0, 0, 1, 1 + roll(making, 10), 1 + roll(making, 100), call->count, call->count + 5};
    options->chunksize = sizes[roll(making, sizeof sizes / sizeof sizes[0])];
    call->oracle_chunksize = call->what == CALL_FOLD ? options->chunksize : sizes[roll(making, 6)];
    options->seed = roll(making, UINT64_MAX);
    options->priority = once_in(making, 3) ? between(making, -2, 2) : 0;
    options->fail_fast = once_in(making, 6);
    options->timeout = 1000000;
    if (making->program->loose && once_in(making, 4))
        options->timeout = between(making, 1, 15);
    else if (!once_in(making, 4))
        options->timeout = 0;
}

static void make_items(struct call *call)
{
    const struct program_allocator allocator = {program_from_heap, NULL};
    size_t count = call->what == CALL_BROADCAST ? 1 : call->count;
    if (call->item.kind == KIND_RANGE)
        return;
    call->items = calloc(count + 1, call->item.size);
    for (size_t i = 0; i < count; i++) {
        char *item = (char *)call->items + i * call->item.size;
        value_make(&call->item, item, program_mix(call->salt, i), &allocator);
        if (call->item.kind == KIND_ROW)
            ((struct program_row *)(void *)item)->slot = call->slot;
    }
}

static void make_call(struct making *making, int slot)
{
    struct call *call = &making->program->calls[slot];
    call->slot = slot;
    call->what = make_what(making);
    call->count = call->what == CALL_APPLY ? 1 : make_count(making);
    if (call->what == CALL_BROADCAST)
        call->count = WORKERS;
    make_shapes(making, call);
    make_sharing(making, call);
    make_deeds(making, call);
    make_options(making, call);
    bool iterates = call->what >= CALL_IMAP;
    call->blocking = !iterates && once_in(making, 3);
    call->watched = once_in(making, 2);
    call->unheld = !iterates && !call->blocking && !making->program->loose && once_in(making, 6);
    call->watched |= call->unheld;
    call->options.fail_fast &=
        !call->unheld; /* without a future it is unknown which items were cancelled */
    call->bare = call->blocking && (call->what == CALL_BROADCAST || call->what == CALL_APPLY);
    if (call->bare) {
        call->options = (pool_map_options_t){0};
        call->watched = false;
    }
    call->from_source = iterates && call->item.kind != KIND_RANGE && once_in(making, 2);
    call->abandon = SIZE_MAX;
    if (iterates && making->program->loose && once_in(making, 4))
        call->abandon = roll(making, call->count + 1);
}

/* ---- The pool ---- */

static void make_pool(struct making *making)
{
    static const size_t budgets[] = {1, 4096, 100000, MIB};
    struct program *program = making->program;
    pool_options_t *options = &program->options;
    size_t total = 0;
    for (int i = 0; i < program->count; i++)
        total += program->calls[i].count;
    options->processes = making->workers = between(making, 1, WORKERS);
    options->serial = once_in(making, 8);
    if (options->serial)
        making->workers = 1;
    if (once_in(making, 3))
        options->maxtasksperchild = 1 + total / 40 + roll(making, 30);
    if (once_in(making, 4))
        options->idle_timeout = between(making, 1, 5);
    if (once_in(making, 3))
        options->budget = budgets[roll(making, 4)];
    if (total < 100 && once_in(making, 8))
        options->maxmemoryperchild = 1;
    options->pinned = once_in(making, 8);
    options->niceness = once_in(making, 8);
    if (once_in(making, 2)) {
        options->initializer = program_initialize;
        options->finalizer = program_finalize;
        options->initargs = &program->seed;
    }
}

/* ---- Steps ---- */

static void add_step(struct making *making, enum action action, int call, int number)
{
    struct program *program = making->program;
    int way = between(making, 0, 99);
    if (program->steps < PROGRAM_STEPS)
        program->step[program->steps++] = (struct step){action, call, number, way};
}

/* Returns a call that was started and can be waited for. -1: there is none. */
static int any_open(struct making *making)
{
    int first = between(making, 0, PROGRAM_CALLS - 1);
    for (int i = 0; i < PROGRAM_CALLS; i++) {
        int call = (first + i) % PROGRAM_CALLS;
        if (making->open[call])
            return call;
    }
    return -1;
}

static bool broadcast_is_open(const struct making *making)
{
    for (int i = 0; i < making->program->count; i++)
        if (making->open[i] && making->program->calls[i].what == CALL_BROADCAST)
            return true;
    return false;
}

static void resize(struct making *making)
{
    struct program *program = making->program;
    int workers = between(making, 1, WORKERS);
    if (broadcast_is_open(making) && (!program->loose || program->options.serial))
        return;
    for (int i = 0; i < program->count; i++)
        program->calls[i].shrunk |= making->open[i];
    add_step(making, STEP_RESIZE, -1, workers);
    making->workers = program->options.serial ? 1 : workers;
}

static void cancel(struct making *making, int call)
{
    struct call *cancelled = &making->program->calls[call];
    if (cancelled->blocking || cancelled->what >= CALL_IMAP)
        return;
    cancelled->cancelled = true;
    add_step(making, STEP_CANCEL, call, between(making, -1, 4));
}

/* Adds a step beside the calls. In a strict program it must not change what comes out. */
static void disturb(struct making *making)
{
    bool loose = making->program->loose;
    int open = any_open(making), kind = between(making, 0, loose ? 9 : 6);
    if (kind == 0)
        add_step(making, STEP_POLL, -1, between(making, 1, 20));
    else if (kind == 1)
        add_step(making, STEP_PAUSE, -1, between(making, 0, once_in(making, 5) ? 6000 : 300));
    else if (kind == 2)
        resize(making);
    else if (kind == 3 && open < 0)
        add_step(making, STEP_KILL, -1, between(making, 1, (1 << WORKERS) - 1));
    else if (kind == 4 && open >= 0 && making->program->calls[open].what >= CALL_IMAP)
        add_step(making, STEP_TAKE, open, between(making, 1, 50));
    else if ((kind == 7 || kind == 8) && open >= 0)
        cancel(making, open);
    else if (kind == 9 && making->program->kills)
        add_step(making, STEP_KILL, -1, 1 << between(making, 0, WORKERS - 1));
}

static void begin(struct making *making, int i)
{
    struct call *call = &making->program->calls[i];
    if (call->what == CALL_BROADCAST)
        call->count = (size_t)making->workers;
    add_step(making, STEP_START, i, 0);
    making->open[i] = !call->blocking;
}

static void finish(struct making *making, int call)
{
    add_step(making, STEP_FINISH, call, 0);
    making->open[call] = false;
}

static void make_steps(struct making *making)
{
    struct program *program = making->program;
    int disturbances = between(making, 0, 3);
    for (int i = 0; i < program->count; i++) {
        for (int n = 0; n < disturbances; n++)
            disturb(making);
        begin(making, i);
        for (int n = 0; n < disturbances; n++)
            disturb(making);
        while (any_open(making) >= 0 && once_in(making, 3))
            finish(making, any_open(making));
    }
    if (program->terminates && once_in(making, 2))
        add_step(making, STEP_TERMINATE, -1, 0);
}

static void make_end(struct making *making)
{
    struct program *program = making->program;
    program->threads = once_in(making, 2) ? 1 : between(making, 2, 3);
    for (int i = 0; i < PROGRAM_CALLS; i++) {
        int other = between(making, 0, i);
        program->order[i] = program->order[other];
        program->order[other] = i;
        program->ways[i] = between(making, 0, 99);
    }
}

static struct step make_mischief(struct making *making)
{
    struct program *program = making->program;
    int call = between(making, 0, program->count - 1);
    struct call *victim = &program->calls[call];
    bool can_be_cancelled = !victim->blocking && victim->what < CALL_IMAP;
    if (program->terminates && once_in(making, 3))
        return (struct step){.action = STEP_TERMINATE};
    if (can_be_cancelled && (!program->kills || once_in(making, 2))) {
        victim->cancelled = true;
        return (struct step){STEP_CANCEL, call, between(making, -1, 3), 0};
    }
    if (program->kills)
        return (struct step){STEP_KILL, -1, 1 << between(making, 0, WORKERS - 1), 0};
    return (struct step){STEP_POLL, -1, 1, 0};
}

static void make_mischiefs(struct making *making)
{
    struct program *program = making->program;
    program->mischiefs = program->loose ? between(making, 0, PROGRAM_MISCHIEFS) : 0;
    for (int i = 0; i < program->mischiefs; i++)
        program->mischief[i] = (struct mischief){between(making, 0, 3000), make_mischief(making)};
}

struct program *program_make(uint64_t seed, bool loose)
{
    struct program *program = calloc(1, sizeof *program);
    struct making making = {.program = program, .dice = program_mix(seed, loose)};
    program->seed = seed;
    program->loose = loose;
    program->kills = loose && once_in(&making, 2);
    program->terminates = loose && once_in(&making, 5);
    program->count = between(&making, 1, PROGRAM_CALLS);
    for (int i = 0; i < program->count; i++)
        make_call(&making, i);
    make_pool(&making);
    make_steps(&making);
    make_end(&making);
    make_mischiefs(&making);
    for (int i = 0; i < program->count; i++)
        make_items(&program->calls[i]);
    return program;
}

void program_free(struct program *program)
{
    for (int i = 0; program && i < program->count; i++) {
        struct call *call = &program->calls[i];
        size_t count = call->what == CALL_BROADCAST ? 1 : call->count;
        if (call->items)
            pool_release(shape_type(&call->item), call->items, count);
        free(call->items);
    }
    free(program);
}
