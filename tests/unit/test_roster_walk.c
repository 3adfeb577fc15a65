/* The roster on a random walk, against a plain account of the same events. */
#include "supervisor/roster.h"
#include "unit/roster.h"
#include "unit/unit.h"

enum { PLACES = 8, NOW = 1000 };

struct walk {
    struct pool__roster roster;
    struct pool__place places[PLACES];
    uint64_t seed, now;
    uint32_t lives[PLACES];
    bool left[PLACES], ready[PLACES], broken;
    int pids[PLACES]; /* one after the other, so they tell who was born first */
    int next_pid, failures, failed_pid;
};

static bool may_be_filled(const struct walk *walk, int place)
{
    return walk->pids[place] == 0 && !walk->left[place] && !walk->broken &&
           walk->roster.mode != POOL__TERMINATING;
}

static void assert_agrees(const struct walk *walk)
{
    const struct pool__roster *roster = &walk->roster;
    int first = -1, living = 0;
    for (int i = PLACES - 1; i >= 0; i--) {
        assert_int_equal(walk->places[i].worker.pid, walk->pids[i]);
        assert_int_equal(walk->places[i].life, walk->lives[i]);
        if (walk->pids[i])
            assert_int_equal(find(roster, walk->pids[i]), i);
        first = may_be_filled(walk, i) ? i : first;
        living += walk->pids[i] != 0;
    }
    assert_int_equal(pool__roster_broken(roster), walk->broken);
    assert_int_equal(vacancy(roster, UINT64_MAX), first);
    assert_int_equal(pool__roster_done(roster), living == 0 && first < 0);
    uint64_t next = pool__roster_next(roster);
    assert_true(first >= 0 || next == 0);
    if (next > 0) /* it stays early until then, and is not early any more then */
        assert_int_equal(vacancy(roster, next - 1), -1);
    assert_int_equal(vacancy(roster, next), first);
}

/* Whoever has been born by now does not count as the next failure. */
static void start_failed(struct walk *walk)
{
    bool anybody_ready = false;
    for (int i = 0; i < PLACES; i++)
        anybody_ready |= walk->pids[i] && walk->ready[i];
    if (walk->failures < POOL__START_FAILURES)
        walk->failures++;
    walk->failed_pid = walk->next_pid;
    walk->broken |= walk->failures == POOL__START_FAILURES && !anybody_ready;
}

/* It may have become ready without anybody having noticed. */
static void die(struct walk *walk, int place)
{
    bool ready = walk->ready[place] || random_below(&walk->seed, 4) == 0;
    bool left = ready && walk->roster.mode == POOL__RETIRING && random_below(&walk->seed, 2);
    int pid = walk->pids[place];
    pool__roster_died(&walk->roster, place, ready, left, walk->now);
    walk->pids[place] = 0;
    walk->left[place] = left;
    if (ready)
        walk->failures = 0;
    else if (pid > walk->failed_pid)
        start_failed(walk);
}

static void be_born(struct walk *walk, int place)
{
    born(&walk->roster, place, ++walk->next_pid, walk->now);
    walk->pids[place] = walk->next_pid;
    walk->ready[place] = false;
    walk->lives[place]++;
}

static void step(struct walk *walk)
{
    struct pool__roster *roster = &walk->roster;
    int place = (int)random_below(&walk->seed, PLACES);
    uint64_t chance = random_below(&walk->seed, 8);
    walk->now += random_below(&walk->seed, 3 * POOL__FIRST_DELAY);
    if (walk->pids[place] && chance == 0)
        walk->places[place].worker.ready = walk->ready[place] = true;
    else if (walk->pids[place] && chance < 5)
        die(walk, place);
    else if ((place = vacancy(roster, walk->now)) < 0)
        return;
    else if (random_below(&walk->seed, 5)) {
        be_born(walk, place);
    } else {
        pool__roster_unborn(roster, walk->now);
        start_failed(walk);
    }
}

static void a_random_walk_agrees_with_a_plain_account(void **test)
{
    (void)test;
    int broken = 0, done = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct walk walk = {.seed = seed, .now = NOW};
        pool__roster_init(&walk.roster, walk.places, PLACES);
        uint64_t retire = 20 + random_below(&walk.seed, 100);
        uint64_t terminate = seed % 2 ? UINT64_MAX : retire + random_below(&walk.seed, 100);
        for (uint64_t i = 0; i < 250 && !pool__roster_broken(&walk.roster); i++) {
            if (i >= retire)
                walk.roster.mode = i >= terminate ? POOL__TERMINATING : POOL__RETIRING;
            step(&walk);
            assert_agrees(&walk);
        }
        broken += pool__roster_broken(&walk.roster);
        done += pool__roster_done(&walk.roster);
    }
    assert_in_range(broken, 1, 199); /* the walk has been to both ends */
    assert_in_range(done, 1, 199);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_walk_agrees_with_a_plain_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
