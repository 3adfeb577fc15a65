/* Runs in the host. */
#include "host/transport/board/audit.h"

#include "common/board.h"
#include "common/chunk.h"
#include "common/control.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/ring.h"
#include "host/transport/board/settle.h"
#include "host/transport/board/wake.h"

/* A chunk in the ring: behind `head` nobody would look for it again. Who claims it does so before
 * raising `head`, so the word is looked at again after that. */
static void mend_queued(pool_t *pool, uint32_t number, uint64_t word)
{
    uint64_t head = atomic_load(&pool->writable->head);
    if (pool->chunks[number].position >= head ||
        atomic_load(&pool__cell(pool, number)->state) != word)
        return;
    pool__queue_ticket(pool, number);
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
           atomic_load(&pool__cell(pool, number)->state) == word;
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
        atomic_load(&pool__cell(pool, *other)->state) == member->held;
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
        pool__condemn(pool, other, false);
    if (twice || dead || held_by_nobody(pool, number, word))
        pool__condemn(pool, number, false);
}

/* A chunk whose owner asks for something, although no bit said so when they were collected. That may
 * be on its way; one who sleeps has said all. */
static void mend_unheard(pool_t *pool, uint32_t number, uint64_t word)
{
    bool sleeps = owner_sleeps(pool, number, word);
    uint64_t bits = atomic_load(&pool->writable->done[number / 64]);
    pool->repairs += sleeps && (bits >> number % 64 & 1) == 0;
    pool__answer(pool, number, word);
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
    uint64_t word = atomic_load(&pool__cell(pool, number)->state);
    bool sensible = pool__word_valid(pool, number, word);
    bool held = pool__word_state(word) == POOL__RUNNING || pool__word_state(word) == POOL__FULL;
    if (sensible && held && death && pool__word_owned(word, death->worker, death->life))
        pool__settle(pool, number, death->worker, death);
    else if (!sensible)
        pool__condemn(pool, number, false);
    else if (death)
        pool__answer(pool, number, word);
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
        pool__release(pool, number);
    else if (chunk->owner >= 0)
        pool__tell(pool, POOL__KILL, chunk->owner, chunk->owner_life);
}

static bool any_queued(const pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].job &&
            pool__word_state(atomic_load(&pool__cell(pool, number)->state)) == POOL__QUEUED)
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
