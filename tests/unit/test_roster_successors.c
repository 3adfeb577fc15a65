/* The roster: successors that are started before their predecessor leaves. */
#include "unit/roster.h"
#include "unit/unit.h"

enum { PLACES = 4, NOW = 1000, WORKER = 100, SUCCESSOR = 200 };

/* All places filled, by workers that have started well. */
static struct pool__roster *set_up(struct fixture *fixture)
{
    struct pool__roster *roster = init(fixture, PLACES);
    for (int i = 0; i < PLACES; i++) {
        born(roster, i, WORKER + i, NOW);
        fixture->places[i].worker.ready = fixture->places[i].birth_reported = true;
    }
    return roster;
}

/* The place where a successor is to be forked now, or -1. */
static int wants_successor(const struct pool__roster *roster, uint64_t now)
{
    bool successor;
    int place = pool__roster_vacancy(roster, now, &successor);
    return place >= 0 && successor ? place : -1;
}

static void be_successor(struct pool__roster *roster, int place, bool ready)
{
    roster->places[place].wants_successor = true;
    assert_int_equal(wants_successor(roster, roster->not_before), place);
    pool__roster_born(roster, place, true, SUCCESSOR + place, NOW);
    roster->places[place].successor.ready = ready;
}

static void a_successor_is_forked_once_for_a_worker_that_asks(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    assert_int_equal(vacancy(roster, NOW), -1);
    be_successor(roster, 2, false);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
    assert_int_equal(pool__roster_next(roster), 0);
    assert_int_equal(roster->places[2].worker.pid, WORKER + 2);
    assert_int_equal(roster->places[2].life, 1);
    assert_true(roster->places[2].birth_reported);
}

static void both_are_found_by_their_pids(void **test)
{
    struct fixture fixture;
    bool successor;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    be_successor(roster, 2, false);
    be_successor(roster, 0, true);
    assert_int_equal(pool__roster_find(roster, SUCCESSOR + 2, &successor), 2);
    assert_true(successor);
    assert_int_equal(pool__roster_find(roster, WORKER + 2, &successor), 2);
    assert_false(successor);
    assert_int_equal(pool__roster_find(roster, SUCCESSOR + 1, &successor), -1);
}

static void a_vacancy_gets_a_worker_and_a_living_worker_gets_a_successor(void **test)
{
    struct fixture fixture;
    bool successor;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    roster->places[1].wants_successor = roster->places[3].wants_successor = true;
    pool__roster_died(roster, 3, true, false, NOW);
    assert_int_equal(pool__roster_vacancy(roster, NOW, &successor), 1);
    assert_true(successor);
    pool__roster_born(roster, 1, true, SUCCESSOR + 1, NOW);
    assert_int_equal(pool__roster_vacancy(roster, NOW, &successor), 3); /* it asked, and died */
    assert_false(successor);
    pool__roster_born(roster, 3, false, 300, NOW);
    assert_int_equal(pool__roster_vacancy(roster, NOW, &successor), -1); /* the asker has died */
}

static void the_successor_succeeds_however_its_predecessor_ends(void **test)
{
    (void)test;
    for (int k = 0; k < 4; k++) {
        struct fixture fixture;
        struct pool__roster *roster = set_up(&fixture);
        const struct pool__place *place = &roster->places[1];
        bool successor, ready = k % 2, left = k >= 2;
        be_successor(roster, 1, ready);
        pool__roster_died(roster, 1, true, left, NOW);
        assert_int_equal(place->worker.pid, SUCCESSOR + 1);
        assert_int_equal(place->worker.ready, ready);
        assert_int_equal(place->successor.pid, 0);
        assert_int_equal(place->life, 2);
        assert_false(place->birth_reported);  /* the host has not heard of it */
        assert_false(place->wants_successor); /* that was its predecessor */
        assert_false(place->left_idle);
        assert_int_equal(vacancy(roster, UINT64_MAX), -1);
        assert_int_equal(pool__roster_find(roster, SUCCESSOR + 1, &successor), 1);
        assert_false(successor);
        pool__roster_died(roster, 1, true, left, NOW);
        assert_int_equal(vacancy(roster, UINT64_MAX), left ? -1 : 1);
    }
}

static void a_successor_that_dies_first_is_followed_by_another(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    for (int i = 0; i < 100; i++) {
        be_successor(roster, 1, true);
        pool__roster_successor_died(roster, 1, true, NOW);
        assert_int_equal(roster->places[1].worker.pid, WORKER + 1);
        assert_int_equal(roster->places[1].life, 1);
        assert_int_equal(wants_successor(roster, NOW), 1);
    }
    roster->places[1].wants_successor = false;
    assert_int_equal(vacancy(roster, NOW), -1);
}

static void successors_that_fail_their_start_are_delayed_and_break_nothing(void **test)
{
    struct fixture fixture;
    uint64_t now = NOW, delay = POOL__FIRST_DELAY;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    for (int i = 1; i < 3 * POOL__START_FAILURES; i++) {
        be_successor(roster, 1, false);
        pool__roster_successor_died(roster, 1, false, now);
        assert_int_equal(wants_successor(roster, now + delay - 1), -1);
        assert_int_equal(wants_successor(roster, now + delay), 1);
        assert_int_equal(pool__roster_next(roster), now + delay);
        assert_false(pool__roster_broken(roster));
        now += delay;
        delay *= i <= POOL__START_FAILURES ? 2 : 1;
    }
    be_successor(roster, 1, true);
    pool__roster_successor_died(roster, 1, true, now); /* a good start: all is forgotten */
    assert_int_equal(roster->failures, 0);
}

/* When all workers have left and each successor fails, no worker is ready any more. */
static void successors_that_fail_after_they_succeeded_break_the_pool_at_last(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    pool__roster_resize(roster, 1);
    for (int i = 1; i < PLACES; i++)
        pool__roster_died(roster, i, true, true, NOW);
    for (int i = 0; i < POOL__START_FAILURES; i++) {
        be_successor(roster, 0, false);
        pool__roster_successor_died(roster, 0, false, NOW);
    }
    assert_false(pool__roster_broken(roster));
    be_successor(roster, 0, false);
    pool__roster_died(roster, 0, true, false, NOW);
    assert_int_equal(roster->failures, 0); /* the worker that left had started well */
    for (int i = 0; i < POOL__START_FAILURES; i++) {
        assert_false(pool__roster_broken(roster));
        pool__roster_died(roster, 0, false, false, NOW);
        born(roster, 0, 300 + i, NOW);
    }
    assert_true(pool__roster_broken(roster));
}

static void a_successor_and_a_worker_that_fail_together_count_as_one(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    pool__roster_died(roster, 0, true, false, NOW);
    born(roster, 0, 300, NOW);
    be_successor(roster, 1, false);
    pool__roster_successor_died(roster, 1, false, NOW);
    pool__roster_died(roster, 0, false, false, NOW);
    assert_int_equal(roster->failures, 1);
}

static void a_ready_successor_in_the_place_of_the_last_worker_keeps_the_pool(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    be_successor(roster, 0, true);
    for (int i = 0; i < PLACES; i++)
        pool__roster_died(roster, i, true, false, NOW);
    for (int i = 0; i < 2 * POOL__START_FAILURES; i++)
        pool__roster_unborn(roster, NOW);
    assert_false(pool__roster_broken(roster));
}

static void a_successor_may_be_late_as_well(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    be_successor(roster, 2, false);
    roster->places[2].successor.since = NOW + 10;
    assert_int_equal(pool__roster_late(roster, NOW + 10), 0);
    assert_int_equal(pool__roster_late(roster, NOW + 11), SUCCESSOR + 2);
    pool__roster_died(roster, 2, true, false, NOW + 11); /* it is the worker now, and as late */
    assert_int_equal(pool__roster_late(roster, NOW + 11), SUCCESSOR + 2);
    roster->places[2].worker.ready = true;
    assert_int_equal(pool__roster_late(roster, NOW + 11), 0);
}

static void no_successors_are_made_for_the_end(void **test)
{
    static const enum pool__mode modes[] = {POOL__RETIRING, POOL__TERMINATING};
    (void)test;
    for (int k = 0; k < 2; k++) {
        struct fixture fixture;
        struct pool__roster *roster = set_up(&fixture);
        roster->places[1].wants_successor = true;
        roster->mode = modes[k];
        assert_int_equal(vacancy(roster, UINT64_MAX), -1);
        assert_int_equal(pool__roster_next(roster), 0);
    }
}

static void but_those_that_are_there_succeed_and_are_waited_for(void **test)
{
    static const enum pool__mode modes[] = {POOL__RETIRING, POOL__TERMINATING};
    (void)test;
    for (int k = 0; k < 2; k++) {
        struct fixture fixture;
        struct pool__roster *roster = set_up(&fixture);
        be_successor(roster, 1, true);
        roster->mode = modes[k];
        for (int i = 0; i < PLACES; i++)
            pool__roster_died(roster, i, true, true, NOW);
        assert_false(pool__roster_done(roster));
        assert_int_equal(roster->places[1].worker.pid, SUCCESSOR + 1);
        pool__roster_died(roster, 1, true, true, NOW);
        assert_true(pool__roster_done(roster));
    }
}

static void none_for_a_worker_that_is_too_many(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    roster->places[2].wants_successor = true;
    pool__roster_resize(roster, 2);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
    pool__roster_resize(roster, 3);
    assert_int_equal(wants_successor(roster, NOW), 2);
}

static void a_worker_that_leaves_for_good_has_a_successor_and_that_has_none(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture);
    be_successor(roster, 3, true);
    pool__roster_resize(roster, 3);
    pool__roster_died(roster, 3, true, false, NOW);
    assert_int_equal(roster->places[3].worker.pid, SUCCESSOR + 3);
    pool__roster_died(roster, 3, true, false, NOW);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_successor_is_forked_once_for_a_worker_that_asks),
        cmocka_unit_test(both_are_found_by_their_pids),
        cmocka_unit_test(a_vacancy_gets_a_worker_and_a_living_worker_gets_a_successor),
        cmocka_unit_test(the_successor_succeeds_however_its_predecessor_ends),
        cmocka_unit_test(a_successor_that_dies_first_is_followed_by_another),
        cmocka_unit_test(successors_that_fail_their_start_are_delayed_and_break_nothing),
        cmocka_unit_test(successors_that_fail_after_they_succeeded_break_the_pool_at_last),
        cmocka_unit_test(a_successor_and_a_worker_that_fail_together_count_as_one),
        cmocka_unit_test(a_ready_successor_in_the_place_of_the_last_worker_keeps_the_pool),
        cmocka_unit_test(a_successor_may_be_late_as_well),
        cmocka_unit_test(no_successors_are_made_for_the_end),
        cmocka_unit_test(but_those_that_are_there_succeed_and_are_waited_for),
        cmocka_unit_test(none_for_a_worker_that_is_too_many),
        cmocka_unit_test(a_worker_that_leaves_for_good_has_a_successor_and_that_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
