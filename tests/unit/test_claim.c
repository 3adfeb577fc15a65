/* Claims and commits by threads that play the workers, on a board in small: every chunk ends once,
 * what the owner wrote is seen by the host, and a chunk whose owner died is run again by another.
 * Orders and results are plain memory, so that a race detector sees what the words fail to order. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "common/chunk.h"
#include "unit/unit.h"

enum { CELLS = 64, WORKERS = 4, CHUNKS = 20000 };

struct cell {
    _Atomic uint64_t state;
    uint64_t result;
    unsigned runs;
};

struct board {
    _Atomic uint64_t head, tail;
    _Atomic uint64_t ring[CELLS];
    _Atomic uint64_t done;
    _Atomic bool closing;
    uint64_t orders[CELLS];
    struct cell cells[CELLS];
    /* The chunk that a worker was running when it died, plus 1. The host sets it to 0. */
    _Atomic uint32_t grave[WORKERS];
};

struct worker {
    struct board *board;
    pthread_t thread;
    int number;
    uint32_t life;
    uint64_t seed;
    unsigned mortality; /* one claim in so many is the last of a life; 0: immortal */
    unsigned fullness;  /* one claim in so many hands half a result over; 0: none */
    unsigned claims, commits, deaths, handed;
    bool outdone; /* a word changed that only this worker may change */
};

static uint64_t square(uint64_t argument)
{
    return argument * argument + 1;
}

/* ---- Workers ---- */

static bool claim(struct worker *worker, uint32_t *chunk, uint32_t *generation)
{
    struct board *board = worker->board;
    uint64_t hint = board->head, head = hint, tail = board->tail;
    bool claimed = false;
    for (; head < tail && !claimed; head++) {
        uint64_t ticket = board->ring[head % CELLS];
        *chunk = pool__ticket_chunk(ticket);
        *generation = pool__ticket_generation(ticket);
        claimed =
            pool__claim(&board->cells[*chunk].state, *generation, worker->number, worker->life);
    }
    if (head != hint)
        atomic_compare_exchange_strong(&board->head, &hint, head);
    return claimed;
}

static void die_over(struct worker *worker, uint32_t chunk)
{
    while (worker->board->grave[worker->number] && !worker->board->closing)
        sched_yield();
    worker->board->grave[worker->number] = chunk + 1;
    worker->deaths++;
    worker->life++;
}

static bool one_in(struct worker *worker, unsigned many)
{
    return many && random_below(&worker->seed, many) == 0;
}

/* Gives the host half a result, and waits until it has taken it. */
static void hand_over(struct worker *worker, uint32_t chunk, uint32_t generation)
{
    struct board *board = worker->board;
    struct cell *cell = &board->cells[chunk];
    uint64_t running = pool__word(POOL__RUNNING, worker->number, worker->life, generation);
    cell->result = board->orders[chunk];
    worker->outdone |= !pool__move(&cell->state, POOL__RUNNING, POOL__FULL, running);
    atomic_fetch_or(&board->done, (uint64_t)1 << chunk);
    while (cell->state != running && !board->closing)
        sched_yield();
    worker->outdone |= cell->result != 0;
    worker->handed++;
}

static void run(struct worker *worker, uint32_t chunk, uint32_t generation)
{
    struct board *board = worker->board;
    struct cell *cell = &board->cells[chunk];
    worker->claims++;
    cell->runs++;
    if (one_in(worker, worker->fullness))
        hand_over(worker, chunk, generation);
    cell->result = square(board->orders[chunk]);
    if (one_in(worker, worker->mortality)) {
        die_over(worker, chunk);
        return;
    }
    if (!pool__commit(&cell->state, generation, worker->number, worker->life)) {
        worker->outdone = true;
        return;
    }
    worker->commits++;
    atomic_fetch_or(&board->done, (uint64_t)1 << chunk);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    uint32_t chunk, generation;
    while (!worker->board->closing) {
        while (claim(worker, &chunk, &generation))
            run(worker, chunk, generation);
        sched_yield();
    }
    return NULL;
}

/* ---- The host ---- */

struct host {
    struct board board;
    struct worker workers[WORKERS];
    uint32_t generations[CELLS];
    bool busy[CELLS];
    uint64_t given, ended, mistakes;
};

static void publish(struct host *host, uint32_t chunk)
{
    struct board *board = &host->board;
    board->cells[chunk].runs = 0;
    board->cells[chunk].result = 0;
    host->generations[chunk]++;
    atomic_store_explicit(&board->cells[chunk].state,
                          pool__word(POOL__QUEUED, 0, 0, host->generations[chunk]),
                          memory_order_release);
    uint64_t tail = board->tail;
    atomic_store_explicit(&board->ring[tail % CELLS], pool__ticket(chunk, host->generations[chunk]),
                          memory_order_release);
    board->tail = tail + 1;
}

static void fill(struct host *host)
{
    for (uint32_t chunk = 0; chunk < CELLS && host->given < CHUNKS; chunk++) {
        if (host->busy[chunk])
            continue;
        host->busy[chunk] = true;
        host->board.orders[chunk] = host->given++;
        publish(host, chunk);
    }
}

/* Takes what an owner hands over. */
static void serve(struct host *host, uint32_t chunk, uint64_t word)
{
    struct cell *cell = &host->board.cells[chunk];
    host->mistakes += cell->result != host->board.orders[chunk];
    cell->result = 0;
    host->mistakes += !pool__move(&cell->state, POOL__FULL, POOL__RUNNING, word);
}

static void settle(struct host *host, uint32_t chunk, uint64_t word)
{
    struct cell *cell = &host->board.cells[chunk];
    host->mistakes += pool__word_state(word) != POOL__DONE || cell->runs != 1 ||
                      cell->result != square(host->board.orders[chunk]);
    cell->state = 0;
    host->busy[chunk] = false;
    host->ended++;
}

static void collect(struct host *host)
{
    for (uint64_t bits = atomic_exchange(&host->board.done, 0); bits; bits &= bits - 1) {
        uint32_t chunk = (uint32_t)__builtin_ctzll(bits);
        uint64_t word = host->board.cells[chunk].state;
        host->mistakes += !host->busy[chunk] || pool__word_worker(word) >= WORKERS ||
                          pool__word_generation(word) != host->generations[chunk];
        if (pool__word_state(word) == POOL__FULL)
            serve(host, chunk, word);
        else
            settle(host, chunk, word);
    }
}

/* Lives are counted in step with the workers: a grave is emptied before the next one is filled. */
static void bury(struct host *host, uint32_t lives[WORKERS])
{
    for (int worker = 0; worker < WORKERS; worker++) {
        uint32_t chunk = host->board.grave[worker];
        if (chunk-- == 0)
            continue;
        uint64_t word = host->board.cells[chunk].state;
        host->mistakes += pool__word_state(word) != POOL__RUNNING ||
                          !pool__word_owned(word, worker, lives[worker]) ||
                          host->board.cells[chunk].runs != 1;
        lives[worker]++;
        host->board.grave[worker] = 0;
        publish(host, chunk);
    }
}

struct lot {
    uint32_t life;
    unsigned mortality, fullness;
};

struct sums {
    unsigned claims, commits, deaths, handed;
};

static void start(struct host *host, struct lot lot)
{
    memset(host, 0, sizeof *host);
    for (int i = 0; i < WORKERS; i++) {
        struct worker *worker = &host->workers[i];
        *worker = (struct worker){.board = &host->board,
                                  .number = i,
                                  .life = lot.life,
                                  .seed = (uint64_t)i,
                                  .mortality = lot.mortality,
                                  .fullness = lot.fullness};
        assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
    }
}

static struct sums stop(struct host *host)
{
    struct sums sums = {0};
    host->board.closing = true;
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(host->workers[i].thread, NULL);
        sums.claims += host->workers[i].claims;
        sums.commits += host->workers[i].commits;
        sums.deaths += host->workers[i].deaths;
        sums.handed += host->workers[i].handed;
        assert_false(host->workers[i].outdone);
    }
    return sums;
}

/* Gives out all chunks and waits until they have ended; returns what the workers did. */
static struct sums map(struct lot lot)
{
    static struct host host;
    uint32_t lives[WORKERS] = {lot.life, lot.life, lot.life, lot.life};
    start(&host, lot);
    while (host.ended < CHUNKS && host.mistakes == 0) {
        fill(&host);
        collect(&host);
        bury(&host, lives);
        sched_yield();
    }
    struct sums sums = stop(&host);
    assert_int_equal(host.mistakes, 0);
    assert_int_equal(sums.commits, CHUNKS);
    assert_int_equal(sums.claims, CHUNKS + sums.deaths);
    return sums;
}

static void every_chunk_is_run_by_exactly_one_worker(void **test)
{
    (void)test;
    assert_int_equal(map((struct lot){.life = 1}).deaths, 0);
}

static void a_chunk_of_a_dead_worker_is_run_again_by_exactly_one(void **test)
{
    (void)test;
    assert_true(map((struct lot){.life = 1, .mortality = 16}).deaths > 0);
}

static void lives_may_wrap_meanwhile(void **test)
{
    (void)test;
    assert_true(map((struct lot){.life = 0xfff0, .mortality = 16}).deaths > WORKERS * 16);
}

static void what_a_running_worker_hands_over_is_taken_once(void **test)
{
    (void)test;
    assert_true(map((struct lot){.life = 1, .mortality = 32, .fullness = 8}).handed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunk_is_run_by_exactly_one_worker),
        cmocka_unit_test(a_chunk_of_a_dead_worker_is_run_again_by_exactly_one),
        cmocka_unit_test(lives_may_wrap_meanwhile),
        cmocka_unit_test(what_a_running_worker_hands_over_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
