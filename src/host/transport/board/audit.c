/* Runs in the host: the audit. It decides for each chunk whether the chunk's word can be true, by
 * the account and by what the host has heard of births and deaths. Workers may have overwritten any
 * word on the board, so no value there may crash it or keep it busy. With the lock held. */
#include "host/transport/board/audit.h"

#include "common/board.h"
#include "common/chunk.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/members.h"
#include "host/transport/board/account.h"
#include "host/transport/board/ring.h"
#include "host/transport/board/settle.h"
#include "host/transport/board/wake.h"

/* A queued chunk. If its ticket lies before `head`, no worker looks at that ticket again, so a new
 * one is written. A worker claims a chunk before it raises `head`; so the word is read again after
 * `head`, and only a chunk that is still queued then has lost its ticket. A chunk in a mailbox has
 * a position that no `head` reaches. */
static void mend_queued(pool_t *pool, uint32_t number, uint64_t word)
{
    uint64_t head = atomic_load(&pool->writable->heads[pool->chunks[number].ring]);
    if (pool->chunks[number].position >= head ||
        atomic_load(&pool__cell(pool, number)->state) != word)
        return;
    pool__queue_ticket(pool, number);
    pool->repairs++;
}

/* How many lives the worker that the word names is ahead of the life that the host has heard of
 * last; negative: behind. A word may be ahead, since births and deaths are reported after they have
 * happened. */
static int lives_ahead(const pool_t *pool, uint64_t word)
{
    const struct pool__member *member = &pool->members[pool__word_worker(word)];
    return (int16_t)(pool__word_life(word) - member->life);
}

/* Whether the worker that the word names sleeps, while the word is still the chunk's. A worker that
 * has claimed a chunk does not sleep before it has committed the chunk and set its bit. */
static bool owner_sleeps(const pool_t *pool, uint32_t number, uint64_t word)
{
    const struct pool__slot *slot =
        pool__slot(pool->board, pool__word_worker(word), pool__word_life(word));
    return atomic_load(&slot->wake_state) == POOL__ASLEEP &&
           atomic_load(&pool__cell(pool, number)->state) == word;
}

/* Whether the word names a life that cannot work yet, by what the host has heard. The supervisor
 * reports a death before the next life begins to work, and reports a birth only afterwards. So
 * after a reported death a word may be one life ahead, and otherwise none. */
static bool owner_unborn(const pool_t *pool, uint64_t word)
{
    return lives_ahead(pool, word) > (pool->members[pool__word_worker(word)].pid == 0);
}

/* Whether two ticks in a row have found that the worker which the word names cannot run the chunk,
 * for the same reason and in the same generation. Then the word is wrong. One tick is not enough:
 * the host may be about to hear of a death, and has heard of it before the next tick. */
static bool owner_impossible(pool_t *pool, uint32_t number, uint64_t word)
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

/* Whether the worker that the word names holds another chunk at the same time: `*other`, at which
 * this audit has looked already. A worker runs one chunk at a time, so one of the two words is
 * wrong; which one cannot be known. */
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

/* A chunk that is RUNNING. It is condemned if the worker that its word names cannot be running it:
 * the worker is dead, sleeps, cannot work yet, or has another chunk. The other chunk is then
 * condemned too. */
static void mend_running(pool_t *pool, uint32_t number, uint64_t word)
{
    uint32_t other;
    int ahead = lives_ahead(pool, word);
    bool dead = ahead < 0 || (ahead == 0 && pool->members[pool__word_worker(word)].pid == 0);
    bool twice = held_twice(pool, number, word, &other);
    if (twice)
        pool__condemn(pool, other, false);
    if (twice || dead || owner_impossible(pool, number, word))
        pool__condemn(pool, number, false);
}

/* A chunk that is DONE or FULL, although its bit was not set when the host collected. If the owner
 * is awake, the bit may be on its way. An owner that sleeps has set the bit before; if the bit is
 * still missing then, it was lost: a repair. */
static void mend_unanswered(pool_t *pool, uint32_t number, uint64_t word)
{
    bool sleeps = owner_sleeps(pool, number, word);
    uint64_t bits = atomic_load(&pool->writable->done[number / 64]);
    pool->repairs += sleeps && (bits >> number % 64 & 1) == 0;
    pool__answer(pool, number, word);
}

/* At the tick: a chunk whose word is possible. */
static void mend(pool_t *pool, uint32_t number, uint64_t word)
{
    enum pool__state state = pool__word_state(word);
    if (state == POOL__QUEUED)
        mend_queued(pool, number, word);
    else if (state == POOL__RUNNING)
        mend_running(pool, number, word);
    else
        mend_unanswered(pool, number, word);
}

/* A chunk that is outstanding by the account. */
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

/* A chunk that was taken from its owner. It is released when the owner has died. Until then the
 * order to kill the owner is repeated, if the owner can be alive by the account: an order for
 * another life of the same number may have taken its place. */
static void reconcile_awaited(pool_t *pool, uint32_t number, const struct pool__death *death)
{
    const struct pool__chunk *chunk = &pool->chunks[number];
    bool dead =
        death && chunk->owner == death->worker && (uint16_t)(chunk->owner_life - death->life) == 0;
    if (dead)
        pool__release(pool, number);
    else if (chunk->owner >= 0 && chunk->owner_life - pool->members[chunk->owner].life <= 1)
        pool__tell_to_kill(pool, chunk->owner, chunk->owner_life);
}

static bool any_queued(const pool_t *pool)
{
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].job &&
            pool__word_state(atomic_load(&pool__cell(pool, number)->state)) == POOL__QUEUED)
            return true;
    return false;
}

/* No ticket lies beyond the tail of its ring. With a head there, pool__queued() returns 0 and no
 * worker would wake for the tickets that wait. So the head is set back to the oldest ticket that the
 * ring can hold. */
static void mend_head(pool_t *pool, unsigned ring)
{
    uint64_t head = atomic_load(&pool->writable->heads[ring]);
    uint64_t tail = atomic_load_explicit(&pool->board->tails[ring], memory_order_relaxed);
    if (head > tail)
        atomic_compare_exchange_strong(&pool->writable->heads[ring], &head,
                                       tail > POOL__CHUNKS ? tail - POOL__CHUNKS : 0);
}

void pool__reconcile(pool_t *pool, const struct pool__death *death)
{
    pool__collect_all(pool);
    for (unsigned ring = 0; ring < POOL__RINGS; ring++)
        mend_head(pool, ring);
    for (uint32_t number = 0; number < pool->numbers; number++)
        if (pool->chunks[number].job)
            reconcile_chunk(pool, number, death);
        else if (pool->chunks[number].awaited)
            reconcile_awaited(pool, number, death);
    if (pool->displaced)
        pool__refill_mailboxes(pool);
    pool__wake_some(pool);
    /* Wild writes may have made sleeping workers look awake, so the tick wakes all. */
    if (!death && any_queued(pool))
        pool__wake_all(pool);
}
