/* Two threads that change one chunk's word at the same moment: exactly one of them wins. */
#include <pthread.h>
#include <sched.h>

#include "common/chunk.h"
#include "unit/unit.h"

enum { ROUNDS = 1500, STAGGER = 600 };

struct race {
    _Atomic uint64_t cell;
    _Atomic uint32_t begun, finished; /* rounds: of the first thread, of the second */
    _Atomic uint32_t winners;
    uint64_t spoils; /* written by the winner: two winners are a data race */
    uint64_t taken;  /* what a host that gives up found */
    void (*run)(struct race *race, int runner, uint32_t round);
};

/* Puts a thread on the first or the last of these processors: the two are to run at the same time. */
static void place(pthread_t thread, const cpu_set_t *allowed, bool first)
{
    cpu_set_t one;
    size_t cpu = first ? 0 : CPU_SETSIZE - 1;
    while (!CPU_ISSET(cpu, allowed))
        cpu += first ? 1 : (size_t)-1;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(thread, sizeof one, &one);
}

/* Spins until the number has this value. After a while it yields: there may be one processor only. */
static void await(const _Atomic uint32_t *number, uint32_t value)
{
    for (int spins = 1; *number != value; spins++)
        if (spins % 200 == 0)
            sched_yield();
}

static void run_after_a_moment(struct race *race, int runner, uint32_t round, uint64_t *seed)
{
    for (uint64_t moment = random_below(seed, STAGGER); moment > 0; moment--)
        atomic_signal_fence(memory_order_seq_cst);
    race->run(race, runner, round);
}

static void *run_second(void *argument)
{
    struct race *race = argument;
    uint64_t seed = 1;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        await(&race->begun, round + 1);
        run_after_a_moment(race, 1, round, &seed);
        race->finished = round + 1;
    }
    return NULL;
}

/* Runs all rounds, each from a cell in state `from`; returns in how many things went wrong. */
static uint32_t hold(struct race *race, enum pool__state from, bool (*right)(const struct race *))
{
    pthread_t second;
    cpu_set_t allowed;
    uint64_t seed = 2;
    uint32_t wrong = 0;
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    assert_int_equal(pthread_create(&second, NULL, run_second, race), 0);
    place(pthread_self(), &allowed, true);
    place(second, &allowed, false);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        race->cell = pool__word(from, 0, 0, round);
        race->winners = 0;
        race->begun = round + 1;
        run_after_a_moment(race, 0, round, &seed);
        await(&race->finished, round + 1);
        wrong += !right(race);
    }
    pthread_join(second, NULL);
    pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed);
    return wrong;
}

/* ---- Both claim ---- */

static void claim(struct race *race, int runner, uint32_t round)
{
    if (pool__claim(&race->cell, round, runner, 1)) {
        race->winners++;
        race->spoils++;
    }
}

static bool one_claimed(const struct race *race)
{
    return race->winners == 1 && pool__word_state(race->cell) == POOL__RUNNING;
}

static void of_two_claims_at_once_one_wins(void **test)
{
    (void)test;
    struct race race = {.run = claim};
    assert_int_equal(hold(&race, POOL__QUEUED, one_claimed), 0);
    assert_int_equal(race.spoils, ROUNDS);
}

/* ---- The owner commits while the host takes back ---- */

static void commit_or_take(struct race *race, int runner, uint32_t round)
{
    if (runner == 1)
        race->taken = atomic_exchange(&race->cell, 0);
    else if (pool__commit(&race->cell, round, 0, 0))
        race->winners++;
}

static bool taken_as_committed(const struct race *race)
{
    return race->cell == 0 && race->winners == (pool__word_state(race->taken) == POOL__DONE);
}

static void of_a_commit_and_a_host_that_takes_back_one_wins(void **test)
{
    (void)test;
    struct race race = {.run = commit_or_take};
    assert_int_equal(hold(&race, POOL__RUNNING, taken_as_committed), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_claims_at_once_one_wins),
        cmocka_unit_test(of_a_commit_and_a_host_that_takes_back_one_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
