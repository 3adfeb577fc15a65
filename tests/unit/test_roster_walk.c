/* The roster on a random walk, against a plain account of the same events. */
#include "supervisor/roster.h"
#include "unit/roster.h"
#include "unit/unit.h"

enum { PLACES = 8, NOW = 1000, PATIENCE = 4 * POOL__FIRST_DELAY };

struct walk {
    struct pool__roster roster;
    struct pool__place places[PLACES];
    uint64_t seed, now;
    struct {
        uint32_t life;
        bool left_idle, wants_successor;
        /* Pids are given one after the other, so they tell which process was born first. */
        int pid, successor;
        bool ready, successor_ready;
    } plain[PLACES];
    int wanted, next_pid, failures, failed_pid;
    uint64_t lacking; /* when a fork was first refused, with no worker ready; 0: it was not */
    bool broken;
};

enum need { NONE, WORKER, SUCCESSOR };

static enum need needs(const struct walk *walk, int place)
{
    if (walk->broken || place >= walk->wanted || walk->roster.mode == POOL__TERMINATING)
        return NONE;
    if (walk->plain[place].pid == 0)
        return walk->plain[place].left_idle ? NONE : WORKER;
    bool alone = walk->plain[place].successor == 0 && walk->roster.mode == POOL__OPEN;
    return walk->plain[place].wants_successor && alone ? SUCCESSOR : NONE;
}

static void assert_same_members(const struct walk *walk, int i)
{
    bool successor;
    assert_int_equal(walk->places[i].worker.pid, walk->plain[i].pid);
    assert_int_equal(walk->places[i].successor.pid, walk->plain[i].successor);
    assert_int_equal(walk->places[i].life, walk->plain[i].life);
    if (walk->plain[i].pid) {
        assert_int_equal(pool__roster_find(&walk->roster, walk->plain[i].pid, &successor), i);
        assert_false(successor);
    }
    if (walk->plain[i].successor) {
        assert_int_equal(pool__roster_find(&walk->roster, walk->plain[i].successor, &successor), i);
        assert_true(successor);
    }
}

static void assert_agrees(const struct walk *walk)
{
    const struct pool__roster *roster = &walk->roster;
    int first = -1, living = 0;
    bool successor;
    for (int i = roster->count - 1; i >= 0; i--) {
        assert_same_members(walk, i);
        first = needs(walk, i) ? i : first;
        living += walk->plain[i].pid != 0;
    }
    assert_int_equal(pool__roster_broken(roster), walk->broken);
    assert_int_equal(pool__roster_vacancy(roster, UINT64_MAX, &successor), first);
    assert_true(first < 0 || successor == (needs(walk, first) == SUCCESSOR));
    assert_int_equal(pool__roster_done(roster), living == 0 && first < 0);
    uint64_t next = pool__roster_next(roster);
    assert_true(first >= 0 || next == 0);
    if (next > 0) /* it stays early until then, and is not early any more then */
        assert_int_equal(vacancy(roster, next - 1), -1);
    assert_int_equal(vacancy(roster, next), first);
}

static bool any_ready(const struct walk *walk)
{
    for (int i = 0; i < PLACES; i++)
        if (walk->plain[i].pid && walk->plain[i].ready)
            return true;
    return false;
}

static void fork_refused(struct walk *walk)
{
    bool ready = any_ready(walk);
    walk->broken |= !ready && walk->lacking && walk->now >= walk->lacking + PATIENCE;
    if (ready || walk->lacking == 0)
        walk->lacking = ready ? 0 : walk->now;
}

/* A process that has been born by now does not count as the next failure. */
static void start_failed(struct walk *walk)
{
    if (walk->failures < POOL__START_FAILURES)
        walk->failures++;
    walk->failed_pid = walk->next_pid;
    walk->broken |= walk->failures == POOL__START_FAILURES && !any_ready(walk);
}

static void ended(struct walk *walk, int pid, bool ready)
{
    if (ready)
        walk->failures = 0;
    else if (pid > walk->failed_pid)
        start_failed(walk);
}

/* The worker may have become ready without the roster having heard of it. */
static void die(struct walk *walk, int place)
{
    bool ready = walk->plain[place].ready || random_below(&walk->seed, 4) == 0;
    bool left =
        ready && random_below(&walk->seed, walk->roster.mode == POOL__RETIRING ? 2 : 6) == 0;
    int pid = walk->plain[place].pid, successor = walk->plain[place].successor;
    pool__roster_died(&walk->roster, place, ready, left, walk->now);
    walk->plain[place].pid = successor;
    walk->plain[place].ready = successor && walk->plain[place].successor_ready;
    walk->plain[place].left_idle = left && !successor;
    walk->plain[place].life += successor != 0;
    walk->plain[place].successor = 0;
    walk->plain[place].wants_successor &= successor == 0;
    ended(walk, pid, ready);
}

static void successor_dies(struct walk *walk, int place)
{
    bool ready = walk->plain[place].successor_ready || random_below(&walk->seed, 2) == 0;
    int pid = walk->plain[place].successor;
    pool__roster_successor_died(&walk->roster, place, ready, walk->now);
    walk->plain[place].successor = 0;
    ended(walk, pid, ready);
}

static void be_born(struct walk *walk, int place, bool successor)
{
    pool__roster_born(&walk->roster, place, successor, ++walk->next_pid, walk->now);
    walk->lacking = 0;
    if (successor) {
        walk->plain[place].successor = walk->next_pid;
        walk->plain[place].successor_ready = false;
        return;
    }
    walk->plain[place].pid = walk->next_pid;
    walk->plain[place].ready = walk->plain[place].wants_successor = false;
    walk->plain[place].life++;
}

static void resize(struct walk *walk, int wanted)
{
    pool__roster_resize(&walk->roster, wanted);
    for (int i = walk->wanted; i < wanted; i++)
        walk->plain[i].left_idle = false;
    walk->wanted = wanted;
}

/* There are `count` chunks. Workers that start anyway take some of them. Places whose workers left
 * idle are filled again for the others, the first places first. */
static void recall(struct walk *walk, uint64_t count)
{
    pool__roster_recall(&walk->roster, count);
    for (int i = 0; i < walk->wanted; i++)
        if (count > 0 && (walk->plain[i].pid ? !walk->plain[i].ready : !walk->plain[i].left_idle))
            count--;
    for (int i = 0; i < walk->wanted; i++)
        if (count > 0 && walk->plain[i].left_idle) {
            walk->plain[i].left_idle = false;
            count--;
        }
}

static void fork_one(struct walk *walk)
{
    bool successor;
    int place = pool__roster_vacancy(&walk->roster, walk->now, &successor);
    if (place < 0)
        return;
    if (random_below(&walk->seed, 5)) {
        be_born(walk, place, successor);
    } else {
        pool__roster_unborn(&walk->roster, walk->now);
        fork_refused(walk);
    }
}

static void step(struct walk *walk)
{
    int place = (int)random_below(&walk->seed, (uint64_t)walk->roster.count);
    uint64_t chance = random_below(&walk->seed, 16);
    walk->now += random_below(&walk->seed, 3 * POOL__FIRST_DELAY);
    if (chance == 14)
        resize(walk, 1 + (int)random_below(&walk->seed, PLACES));
    else if (chance == 15)
        recall(walk, random_below(&walk->seed, 4));
    else if (walk->plain[place].pid && chance < 3)
        walk->places[place].worker.ready = walk->plain[place].ready = true;
    else if (walk->plain[place].pid && chance < 5)
        walk->places[place].wants_successor = walk->plain[place].wants_successor = true;
    else if (walk->plain[place].successor && chance < 6)
        walk->places[place].successor.ready = walk->plain[place].successor_ready = true;
    else if (walk->plain[place].successor && chance < 7)
        successor_dies(walk, place);
    else if (walk->plain[place].pid && chance < 11)
        die(walk, place);
    else
        fork_one(walk);
}

static void a_random_walk_agrees_with_a_plain_account(void **test)
{
    (void)test;
    int broken = 0, done = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct walk walk = {.seed = seed, .now = NOW, .wanted = 1 + (int)(seed % PLACES)};
        pool__roster_init(&walk.roster, walk.places, walk.wanted, PATIENCE);
        uint64_t retire = 20 + random_below(&walk.seed, 300);
        uint64_t terminate = seed % 2 ? UINT64_MAX : retire + random_below(&walk.seed, 100);
        for (uint64_t i = 0; i < 400 && !pool__roster_broken(&walk.roster); i++) {
            if (i >= retire)
                walk.roster.mode = i >= terminate ? POOL__TERMINATING : POOL__RETIRING;
            step(&walk);
            assert_agrees(&walk);
        }
        broken += pool__roster_broken(&walk.roster);
        done += pool__roster_done(&walk.roster);
    }
    assert_in_range(broken, 1, 499); /* the walk has been to both ends */
    assert_in_range(done, 1, 499);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_walk_agrees_with_a_plain_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
