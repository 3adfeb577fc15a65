/* Runs in the host: chunks from the source to the board, and from the board to the sink.
 *
 * Whatever ends a chunk - its owner commits it, or dies over it - comes to settle(): results and failure records
 * of the items that ended are taken, at most one item is blamed, and the rest goes back into the ring
 * under a new generation. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/board.h"
#include "common/chunk.h"
#include "common/control.h"
#include "common/futex.h"
#include "host/base/arena.h"
#include "host/base/death.h"
#include "host/fill.h"
#include "host/job/ends.h"
#include "host/job/fold.h"
#include "host/job/job.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/block.h"

int pool__chunks_init(pool_t *pool)
{
    pool->chunks = malloc(POOL__CHUNKS * sizeof *pool->chunks);
    pool->free_numbers = malloc(POOL__CHUNKS * sizeof *pool->free_numbers);
    return pool->chunks && pool->free_numbers ? 0 : -ENOMEM;
}

void pool__chunks_fini(pool_t *pool)
{
    free(pool->chunks);
    free(pool->free_numbers);
}

uint32_t pool__outstanding(const pool_t *pool)
{
    return pool->numbers - pool->free_count - pool->condemned;
}

/* Most pools need few numbers at a time, so the memory of most is never touched. */
bool pool__take_number(pool_t *pool, uint32_t *number)
{
    if (pool->free_count > 0) {
        *number = pool->free_numbers[--pool->free_count];
    } else if (pool->numbers < POOL__CHUNKS) {
        *number = pool->numbers++;
        pool->chunks[*number] = (struct pool__chunk){0};
    } else {
        return false;
    }
    return true;
}

void pool__give_number(pool_t *pool, uint32_t number)
{
    pool->chunks[number].job = NULL;
    pool->free_numbers[pool->free_count++] = number;
}

static struct pool__cell *cell_of(const pool_t *pool, uint32_t number)
{
    return &pool->writable->cells[number];
}

/* Whether the ticket is the one by which a worker will find its chunk. */
static bool needed(const pool_t *pool, uint64_t ticket, uint64_t position)
{
    uint32_t number = pool__ticket_chunk(ticket), generation = pool__ticket_generation(ticket);
    return number < pool->numbers && pool->chunks[number].position == position &&
           pool->chunks[number].generation == generation &&
           atomic_load(&cell_of(pool, number)->state) == pool__word(POOL__QUEUED, 0, 0, generation);
}

/* Writes a ticket of the chunk's present generation into the ring. Should that overwrite one that is
 * still needed, since others were queued and taken back by the thousand, it is written again. */
static void queue(pool_t *pool, uint32_t number)
{
    for (bool again = true; again;) {
        struct pool__chunk *chunk = &pool->chunks[number];
        uint64_t tail = atomic_load_explicit(&pool->board->tail, memory_order_relaxed);
        _Atomic uint64_t *place = &pool->board->ring[tail % POOL__CHUNKS];
        uint64_t old = atomic_load_explicit(place, memory_order_relaxed);
        again = tail >= POOL__CHUNKS && needed(pool, old, tail - POOL__CHUNKS);
        chunk->position = tail;
        atomic_store_explicit(place, pool__ticket(number, chunk->generation), memory_order_release);
        atomic_store(&pool->board->tail, tail + 1);
        number = pool__ticket_chunk(old);
    }
}

/* Puts the chunk into the mailbox of the worker it is for. */
static void put_in_mailbox(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int worker = (int)chunk->first;
    chunk->position = UINT64_MAX;
    atomic_store(&pool->board->mailboxes[worker], pool__ticket(number, chunk->generation));
    pool__wake_worker(pool, worker);
    if (pool->launch.options.idle_timeout)
        pool__tell(pool, POOL__LOOK, 0, 0);
}

/* Empties the mailbox this chunk was in, if any, and if no other is there since it was claimed. */
static void empty_mailbox(pool_t *pool, uint32_t number)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    if (!chunk->job || !chunk->job->broadcast)
        return;
    _Atomic uint64_t *mailbox = &pool->board->mailboxes[chunk->first];
    if (atomic_load(mailbox) == pool__ticket(number, chunk->generation))
        atomic_store(mailbox, 0);
}

static void release(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    empty_mailbox(pool, number);
    bool condemned = chunk->awaited && chunk->owner < 0;
    pool->condemned -= condemned;
    pool->bytes -= condemned ? 0 : pool__chunk_bytes(chunk);
    pool__arena_free(&pool->items_arena, chunk->item_memory);
    if (chunk->job && chunk->job->fold)
        pool__fold_keep(chunk->job, chunk->first + chunk->count - 1, chunk->good,
                        chunk->result_memory);
    else
        pool__arena_free(&pool->results_arena, chunk->result_memory);
    chunk->item_memory = chunk->result_memory = NULL;
    if (chunk->job)
        chunk->job->chunks--;
    chunk->awaited = false;
    pool->parked -= chunk->parked;
    chunk->parked = false;
    atomic_store_explicit(&cell_of(pool, number)->state, 0, memory_order_relaxed);
    pool__give_number(pool, number);
}

void pool__publish(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool__order *order = &pool->board->orders[number];
    struct pool__cell *cell = cell_of(pool, number);
    if (chunk->count == 0) {
        release(pool, number);
        return;
    }
    order->first = chunk->first;
    order->count = chunk->count - chunk->unplaced;
    order->items = chunk->items;
    order->results = chunk->results;
    order->room = chunk->room;
    chunk->taken = chunk->result_at = 0;
    if (chunk->job->result_type)
        atomic_store_explicit(&cell->stream.used, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->progress, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->failures, 0, memory_order_relaxed);
    chunk->generation++;
    atomic_store_explicit(&cell->state, pool__word(POOL__QUEUED, 0, 0, chunk->generation),
                          memory_order_release);
    if (chunk->job->broadcast)
        put_in_mailbox(pool, number);
    else
        queue(pool, number);
}

/* Ends what has no end yet of a chunk whose job has been stopped, the first of it perhaps running. */
static void stop_items(struct pool__chunk *chunk, bool running)
{
    bool late = chunk->job->stopped == POOL_TIMED_OUT;
    pool_error_t error = {.kind = chunk->job->stopped,
                          .code = late ? -ETIMEDOUT : -ECANCELED,
                          .message = "",
                          .worker = -1,
                          .attempt = 1};
    pool__fail_items(chunk, chunk->taken + running, error);
    error.attempt = 0;
    pool__fail_items(chunk, chunk->count, error);
}

/* Goes on with the chunk's items that have no end yet: back into the ring, or done. */
static void advance(pool_t *pool, uint32_t number)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    if (chunk->job->stopped)
        stop_items(chunk, false);
    if (pool->phase == POOL__GONE_PHASE)
        pool__lose_items(chunk->job, chunk->first + chunk->taken, chunk->first + chunk->count);
    if (pool->phase == POOL__GONE_PHASE || chunk->taken == chunk->count) {
        release(pool, number);
        return;
    }
    pool__skip_items(pool, chunk, chunk->taken);
    if (chunk->job->fold)
        pool__block_go_on(pool, number);
    else
        pool__publish(pool, number);
    pool__wake_some(pool);
}

/* ---- Blame ---- */

/* The worker died while it ran the chunk's next item. */
static void blame(struct pool__chunk *chunk, const struct pool__death *death)
{
    char text[64] = "";
    if (death->overflow)
        snprintf(text, sizeof text, "stack overflow");
    else if (death->faulted)
        snprintf(text, sizeof text, "address 0x%llx", (unsigned long long)death->address);
    pool_error_t error = pool__death_error(death->status);
    if (death->by_us) {
        error = (pool_error_t){.kind = POOL_LOST, .code = POOL_ECLOSED, .attempt = 1};
        if (chunk->job->status == 0)
            chunk->job->status = POOL_ECLOSED;
    }
    error.message = text;
    error.worker = death->worker;
    error.pid = death->pid;
    pool__fail_items(chunk, chunk->taken + 1, error);
}

/* Nothing the board says of this chunk can be believed. Unless its owner is known to have done with it,
 * that may write there still, and nobody knows who it is: then nobody else ever gets this memory. */
static void condemn(pool_t *pool, uint32_t number, bool abandoned)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    atomic_store(&cell_of(pool, number)->state, 0);
    pool__fail_items(chunk, chunk->count, pool__overwritten);
    if (chunk->job->fold)
        pool__block_condemn(chunk);
    if (abandoned) {
        release(pool, number);
        return;
    }
    empty_mailbox(pool, number);
    pool->condemned++;
    pool->bytes -= pool__chunk_bytes(chunk);
    chunk->job->chunks--;
    chunk->job = NULL;
    chunk->awaited = true;
    chunk->owner = -1;
}

/* ---- Settling ---- */

/* Lets the duration of a chunk count as much as all before it together. */
static void learn(pool_t *pool, uint32_t number, uint64_t ended)
{
    struct pool_future *job = pool->chunks[number].job;
    uint64_t nanoseconds = cell_of(pool, number)->nanoseconds;
    if (ended == 0 || nanoseconds == 0)
        return;
    double each = (double)nanoseconds / (double)ended;
    job->item_nanoseconds = job->item_nanoseconds > 0 ? (job->item_nanoseconds + each) / 2 : each;
}

bool pool__read_progress(const pool_t *pool, uint32_t number, uint64_t *ended, bool *running)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t progress = atomic_load(&cell_of(pool, number)->progress);
    *ended = progress / 2;
    *running = progress % 2;
    return *ended >= chunk->taken && *ended + *running <= chunk->count - chunk->unplaced;
}

/* The chunk's owner has committed it, or died over it. */
static void settle(pool_t *pool, uint32_t number, int worker, const struct pool__death *death)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    uint64_t ended;
    bool running;
    bool sensible = pool__read_progress(pool, number, &ended, &running) &&
                    (death || (!running && (ended > 0 || chunk->job->stopped || pool->ending)));
    if (!sensible) {
        /* Perhaps it has not committed, either. */
        condemn(pool, number, death || pool->phase == POOL__GONE_PHASE);
        return;
    }
    pool__take(pool, number, ended, worker, death ? death->pid : pool->members[worker].pid);
    if (chunk->job->fold)
        pool__block_settle(pool, chunk, ended);
    if (!death)
        learn(pool, number, ended);
    if (running)
        blame(chunk, death);
    advance(pool, number);
}

/* The chunk's owner has no room for its next result: takes those before it and makes room. If there
 * is none the owner finds as little as before, and its item fails. */
static void serve(pool_t *pool, uint32_t number, uint64_t word)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    struct pool__cell *cell = cell_of(pool, number);
    struct pool__order *order = &pool->board->orders[number];
    int worker = pool__word_worker(word);
    uint64_t ended;
    bool running;
    if (!pool__read_progress(pool, number, &ended, &running) || !running ||
        !chunk->job->result_type) {
        condemn(pool, number, false);
        return;
    }
    pool__take(pool, number, ended, worker, pool->members[worker].pid);
    uint64_t wanted = atomic_load(&cell->stream.wanted);
    if (wanted > chunk->room)
        pool__make_room(pool, chunk, wanted);
    order->results = chunk->results;
    order->room = chunk->room;
    chunk->result_at = 0;
    atomic_store(&cell->stream.used, 0);
    pool__move(&cell->state, POOL__FULL, POOL__RUNNING, word);
    atomic_fetch_add(&cell->answered, 1);
    pool__futex_wake(&cell->answered);
}

/* Whether the word is of this chunk as it was last published: nobody's and queued, or of a worker that
 * can be. */
static bool valid(const pool_t *pool, uint32_t number, uint64_t word)
{
    return number < pool->numbers && pool->chunks[number].job && !pool->chunks[number].parked &&
           pool__word_generation(word) == pool->chunks[number].generation &&
           pool__word_worker(word) < pool->numbers_given &&
           (pool__word_state(word) == POOL__QUEUED
                ? pool__word_owned(word, 0, 0)
                : pool__word_state(word) > POOL__QUEUED && pool__word_state(word) <= POOL__DONE);
}

/* Ends a chunk over its owner's head, keeping what that has achieved; its memory stays until the
 * owner, who may still write there, is dead. */
static void take_away(pool_t *pool, uint32_t number, uint64_t word)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    int worker = pool__word_worker(word);
    const struct pool__member *member = &pool->members[worker];
    uint64_t ended;
    bool running, sensible = pool__read_progress(pool, number, &ended, &running);
    chunk->owner = worker;
    chunk->owner_life = member->life + (uint16_t)(pool__word_life(word) - member->life);
    if (sensible)
        pool__take(pool, number, ended, worker, member->pid);
    if (chunk->job->fold)
        pool__block_take_away(pool, number, ended, sensible);
    stop_items(chunk, sensible && running);
    empty_mailbox(pool, number);
    chunk->job->chunks--;
    chunk->job = NULL;
    chunk->awaited = true;
    pool__tell(pool, POOL__KILL, worker, chunk->owner_life);
}

/* Takes a chunk whose state is one of these back; who changes the state first, wins. */
static void stop_chunk(pool_t *pool, uint32_t number, bool queued)
{
    _Atomic uint64_t *state = &cell_of(pool, number)->state;
    uint64_t word = atomic_load(state);
    if (pool->chunks[number].parked) {
        stop_items(&pool->chunks[number], false);
        release(pool, number);
        return;
    }
    while (valid(pool, number, word)) {
        enum pool__state is = pool__word_state(word);
        if (queued ? is != POOL__QUEUED : is != POOL__RUNNING && is != POOL__FULL)
            return;
        if (!atomic_compare_exchange_strong(state, &word, 0))
            continue;
        if (queued) {
            stop_items(&pool->chunks[number], false);
            release(pool, number);
        } else {
            take_away(pool, number, word);
        }
        return;
    }
}

/* First what nobody has claimed, so that nobody claims it meanwhile; then what is running. */
void pool__stop(pool_t *pool, struct pool_future *job, pool_error_kind_t kind, bool kill)
{
    job->stopped = kind;
    kill = kill && !pool__is_serial(pool); /* an inline worker cannot be killed */
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].job == job)
            stop_chunk(pool, number, true);
    for (uint32_t number = 0; number < pool->numbers; number++) {
        if (pool->chunks[number].job != job)
            continue;
        atomic_store(&pool->board->orders[number].cancelled, 1);
        if (kill)
            stop_chunk(pool, number, false);
    }
    pool_error_t error = {.kind = kind,
                          .code = kind == POOL_TIMED_OUT ? -ETIMEDOUT : -ECANCELED,
                          .message = "",
                          .worker = -1};
    if (job->window) { /* nobody asks for items that were never given out */
        job->in.count = job->given;
        job->source_error = kind == POOL_TIMED_OUT ? -ETIME : -ECANCELED;
    }
    pool__items_failed(job, job->given, job->in.count, error);
    job->given = job->in.count;
}

/* Does what a worker asks for by the state of the chunk. Returns whether it asked. */
static bool answer(pool_t *pool, uint32_t number, uint64_t word)
{
    if (!valid(pool, number, word))
        return false;
    if (pool__word_state(word) == POOL__DONE)
        settle(pool, number, pool__word_worker(word), NULL);
    else if (pool__word_state(word) == POOL__FULL)
        serve(pool, number, word);
    else
        return false;
    return true;
}

bool pool__collect(pool_t *pool)
{
    bool any = false;
    for (uint32_t i = 0; i < POOL__CHUNKS / 64; i++) {
        if (atomic_load_explicit(&pool->writable->done[i], memory_order_relaxed) == 0)
            continue;
        uint64_t bits = atomic_exchange(&pool->writable->done[i], 0);
        for (; bits; bits &= bits - 1) {
            uint32_t number = i * 64 + (uint32_t)__builtin_ctzll(bits);
            if (answer(pool, number, atomic_load(&cell_of(pool, number)->state)))
                any = true;
        }
    }
    return any;
}

/* A chunk in the ring: behind `head` nobody would look for it again. Who claims it does so before
 * raising `head`, so the word is looked at again after that. */
static void mend_queued(pool_t *pool, uint32_t number, uint64_t word)
{
    uint64_t head = atomic_load(&pool->writable->head);
    if (pool->chunks[number].position >= head || atomic_load(&cell_of(pool, number)->state) != word)
        return;
    queue(pool, number);
    pool->repairs++;
}

/* How many lives the word is ahead of what the host has heard of. Births and deaths are told after the
 * fact, so the board may be ahead. */
static int lives_ahead(const pool_t *pool, uint64_t word)
{
    const struct pool__member *member = &pool->members[pool__word_worker(word)];
    return (int16_t)(pool__word_life(word) - member->life);
}

/* Whether the worker this word names had gone to sleep when the word was read. A worker with a chunk
 * does not, and what it has committed it has told before. */
static bool owner_sleeps(const pool_t *pool, uint32_t number, uint64_t word)
{
    const struct pool__slot *slot =
        pool__slot(pool->board, pool__word_worker(word), pool__word_life(word));
    return atomic_load(&slot->wake_state) == POOL__ASLEEP &&
           atomic_load(&cell_of(pool, number)->state) == word;
}

/* Whether the worker this word names cannot live, by what the host has heard. The supervisor tells of
 * a death before it forks the next life, of a birth only afterwards. */
static bool owner_unborn(const pool_t *pool, uint64_t word)
{
    return lives_ahead(pool, word) > (pool->members[pool__word_worker(word)].pid == 0);
}

/* Whether a chunk, at two looks of the tick in a row, is in the hands of one who sleeps, or who cannot
 * live yet: then it is not. At one look there may be a death that the host was just about to hear of;
 * before the next it has. */
static bool held_by_nobody(pool_t *pool, uint32_t number, uint64_t word)
{
    struct pool__chunk *chunk = &pool->chunks[number];
    enum pool__doubt doubt = POOL__NO_DOUBT;
    if (owner_unborn(pool, word))
        doubt = POOL__UNBORN;
    else if (owner_sleeps(pool, number, word))
        doubt = POOL__SLEEPS;
    bool again = doubt && doubt == chunk->doubt && chunk->doubted == chunk->generation;
    chunk->doubt = doubt;
    chunk->doubted = chunk->generation;
    return again;
}

/* Whether a chunk met before is in the hands of the same worker, at the same time: nobody has two. Then
 * one of them is not, and which cannot be known. */
static bool held_twice(pool_t *pool, uint32_t number, uint64_t word, uint32_t *other)
{
    struct pool__member *member = &pool->members[pool__word_worker(word)];
    *other = member->holds;
    bool twice =
        *other < number && pool->chunks[*other].job &&
        pool__word_owned(word, pool__word_worker(member->held), pool__word_life(member->held)) &&
        atomic_load(&cell_of(pool, *other)->state) == member->held;
    member->holds = number;
    member->held = word;
    return twice;
}

/* A chunk that somebody runs. */
static void mend_running(pool_t *pool, uint32_t number, uint64_t word)
{
    uint32_t other;
    int ahead = lives_ahead(pool, word);
    bool dead = ahead < 0 || (ahead == 0 && pool->members[pool__word_worker(word)].pid == 0);
    bool twice = held_twice(pool, number, word, &other);
    if (twice)
        condemn(pool, other, false);
    if (twice || dead || held_by_nobody(pool, number, word))
        condemn(pool, number, false);
}

/* A chunk whose owner asks for something, although no bit said so when they were collected. That may
 * be on its way; one who sleeps has said all. */
static void mend_unheard(pool_t *pool, uint32_t number, uint64_t word)
{
    bool sleeps = owner_sleeps(pool, number, word);
    uint64_t bits = atomic_load(&pool->writable->done[number / 64]);
    pool->repairs += sleeps && (bits >> number % 64 & 1) == 0;
    answer(pool, number, word);
}

/* What the tick mends of a chunk whose word makes sense. */
static void mend(pool_t *pool, uint32_t number, uint64_t word)
{
    enum pool__state state = pool__word_state(word);
    if (state == POOL__QUEUED)
        mend_queued(pool, number, word);
    else if (state == POOL__RUNNING)
        mend_running(pool, number, word);
    else
        mend_unheard(pool, number, word);
}

static void reconcile_chunk(pool_t *pool, uint32_t number, const struct pool__death *death)
{
    uint64_t word = atomic_load(&cell_of(pool, number)->state);
    bool sensible = valid(pool, number, word);
    bool held = pool__word_state(word) == POOL__RUNNING || pool__word_state(word) == POOL__FULL;
    if (sensible && held && death && pool__word_owned(word, death->worker, death->life))
        settle(pool, number, death->worker, death);
    else if (!sensible)
        condemn(pool, number, false);
    else if (death)
        answer(pool, number, word);
    else
        mend(pool, number, word);
}

/* A chunk that was taken away from its owner: free once that is dead. The order to kill it may not
 * have got through. */
static void reconcile_awaited(pool_t *pool, uint32_t number, const struct pool__death *death)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    bool dead =
        death && chunk->owner == death->worker && (uint16_t)(chunk->owner_life - death->life) == 0;
    if (dead)
        release(pool, number);
    else if (chunk->owner >= 0)
        pool__tell(pool, POOL__KILL, chunk->owner, chunk->owner_life);
}

static bool any_queued(const pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].job &&
            pool__word_state(atomic_load(&cell_of(pool, number)->state)) == POOL__QUEUED)
            return true;
    return false;
}

/* Beyond the tail there are no tickets: whoever counts those that wait would find none. */
static void mend_head(pool_t *pool)
{
    uint64_t head = atomic_load(&pool->writable->head);
    uint64_t tail = atomic_load_explicit(&pool->board->tail, memory_order_relaxed);
    if (head > tail)
        atomic_compare_exchange_strong(&pool->writable->head, &head,
                                       tail > POOL__CHUNKS ? tail - POOL__CHUNKS : 0);
}

void pool__reconcile(pool_t *pool, const struct pool__death *death)
{
    pool__collect(pool);
    mend_head(pool);
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].parked)
            continue;
        else if (pool->chunks[number].job)
            reconcile_chunk(pool, number, death);
        else if (pool->chunks[number].awaited)
            reconcile_awaited(pool, number, death);
    pool__wake_some(pool);
    if (!death && any_queued(pool))
        pool__wake_all(pool);
}

void pool__clear_mailboxes(pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++) {
        struct pool__chunk *chunk = &pool->chunks[number];
        uint64_t queued = pool__word(POOL__QUEUED, 0, 0, chunk->generation);
        if (!chunk->job || !chunk->job->broadcast ||
            chunk->first < (uint64_t)pool_processes(pool) ||
            !atomic_compare_exchange_strong(&cell_of(pool, number)->state, &queued, 0))
            continue;
        pool__fail_items(chunk, chunk->count, pool__undelivered);
        release(pool, number);
    }
}

void pool__give_up(pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++) {
        struct pool__chunk *chunk = &pool->chunks[number];
        if (chunk->awaited)
            release(pool, number);
        if (!chunk->job)
            continue;
        /* Whoever still runs loses its commit from here on. */
        uint64_t word = atomic_exchange(&cell_of(pool, number)->state, 0);
        if (valid(pool, number, word) && pool__word_state(word) == POOL__DONE) {
            settle(pool, number, pool__word_worker(word), NULL);
            continue;
        }
        pool__lose_items(chunk->job, chunk->first + chunk->taken, chunk->first + chunk->count);
        release(pool, number);
    }
}
