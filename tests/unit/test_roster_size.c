/* The roster: how many workers there should be, and workers that left until there is work. */
#include "unit/roster.h"
#include "unit/unit.h"

enum { NOW = 1000 };

static int fill(struct pool__roster *roster)
{
    int place, count = 0;
    while ((place = vacancy(roster, NOW)) >= 0) {
        born(roster, place, 100 + place, NOW);
        roster->places[place].worker.ready = true;
        count++;
    }
    return count;
}

static struct pool__roster *set_up(struct fixture *fixture, int count)
{
    struct pool__roster *roster = init(fixture, count);
    assert_int_equal(fill(roster), count);
    return roster;
}

static void leave(struct pool__roster *roster, int from, int to)
{
    for (int i = from; i < to; i++)
        pool__roster_died(roster, i, true, true, NOW);
}

/* ---- Size ---- */

static void new_places_are_vacant(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 2);
    pool__roster_resize(roster, 5);
    assert_int_equal(vacancy(roster, NOW), 2);
    assert_int_equal(fill(roster), 3);
    for (int i = 0; i < 5; i++)
        assert_int_equal(roster->places[i].life, 1);
    assert_int_equal(find(roster, 104), 4);
}

static void a_superfluous_worker_is_not_replaced(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 6);
    pool__roster_resize(roster, 2);
    assert_int_equal(find(roster, 105), 5); /* still there */
    assert_false(pool__roster_done(roster));
    for (int i = 0; i < 6; i++)
        pool__roster_died(roster, i, i % 2, false, NOW);
    assert_int_equal(fill(roster), 0); /* starts failed: it is early */
    assert_int_equal(vacancy(roster, roster->not_before), 0);
    born(roster, 0, 300, NOW);
    born(roster, 1, 301, NOW);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
}

static void growing_again_goes_on_with_the_next_life(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    for (uint32_t round = 2; round < 10; round++) {
        pool__roster_resize(roster, 1);
        leave(roster, 1, 4);
        assert_int_equal(fill(roster), 0);
        pool__roster_resize(roster, 4);
        assert_int_equal(fill(roster), 3);
        for (int i = 1; i < 4; i++)
            assert_int_equal(roster->places[i].life, round);
    }
    assert_int_equal(roster->places[0].life, 1);
}

/* The worker began to leave when the pool was smaller, and it does not say that it left idle. */
static void a_worker_that_leaves_after_the_pool_grew_again_is_replaced(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    pool__roster_resize(roster, 1);
    pool__roster_resize(roster, 4);
    assert_int_equal(vacancy(roster, NOW), -1);
    pool__roster_died(roster, 3, true, false, NOW);
    assert_int_equal(vacancy(roster, NOW), 3);
}

static void the_same_size_recalls_no_worker_that_left(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    leave(roster, 0, 4);
    pool__roster_resize(roster, 4);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
    pool__roster_resize(roster, 2);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
    pool__roster_resize(roster, 3);
    assert_int_equal(vacancy(roster, NOW), 2); /* new in this size */
}

static void a_retiring_pool_of_another_size_is_done_when_all_left(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    pool__roster_resize(roster, 2);
    roster->mode = POOL__RETIRING;
    leave(roster, 0, 3);
    assert_false(pool__roster_done(roster)); /* the last is too many, and there */
    leave(roster, 3, 4);
    assert_true(pool__roster_done(roster));
}

/* ---- Workers that left idle ---- */

static void a_worker_that_left_stays_away_until_it_is_recalled(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    leave(roster, 0, 4);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
    assert_int_equal(pool__roster_next(roster), 0);
    pool__roster_recall(roster, 0);
    assert_int_equal(vacancy(roster, UINT64_MAX), -1);
    pool__roster_recall(roster, 1);
    assert_int_equal(fill(roster), 1);
    assert_int_equal(find(roster, 100), 0);
    pool__roster_recall(roster, 2);
    assert_int_equal(fill(roster), 2);
    pool__roster_recall(roster, UINT64_MAX);
    assert_int_equal(fill(roster), 1);
    assert_int_equal(roster->places[3].life, 2);
}

static void workers_that_are_starting_count(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    leave(roster, 0, 4);
    pool__roster_recall(roster, 1);
    born(roster, vacancy(roster, NOW), 300, NOW);
    for (int i = 0; i < 10; i++)
        pool__roster_recall(roster, 1); /* it has not got through its start */
    assert_int_equal(vacancy(roster, NOW), -1);
    pool__roster_recall(roster, 2);
    assert_int_equal(vacancy(roster, NOW), 1);
    pool__roster_recall(roster, 2); /* one is there, the other about to be */
    born(roster, 1, 301, NOW);
    assert_int_equal(vacancy(roster, NOW), -1);
}

static void a_superfluous_worker_is_not_recalled(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    leave(roster, 0, 4);
    pool__roster_resize(roster, 2);
    pool__roster_recall(roster, 4);
    assert_int_equal(fill(roster), 2);
}

static void a_worker_that_died_and_did_not_leave_needs_no_recall(void **test)
{
    struct fixture fixture;
    (void)test;
    struct pool__roster *roster = set_up(&fixture, 4);
    leave(roster, 0, 2);
    pool__roster_died(roster, 2, true, false, NOW);
    assert_int_equal(fill(roster), 1);
    assert_int_equal(find(roster, 102), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_places_are_vacant),
        cmocka_unit_test(a_superfluous_worker_is_not_replaced),
        cmocka_unit_test(growing_again_goes_on_with_the_next_life),
        cmocka_unit_test(a_worker_that_leaves_after_the_pool_grew_again_is_replaced),
        cmocka_unit_test(the_same_size_recalls_no_worker_that_left),
        cmocka_unit_test(a_retiring_pool_of_another_size_is_done_when_all_left),
        cmocka_unit_test(a_worker_that_left_stays_away_until_it_is_recalled),
        cmocka_unit_test(workers_that_are_starting_count),
        cmocka_unit_test(a_superfluous_worker_is_not_recalled),
        cmocka_unit_test(a_worker_that_died_and_did_not_leave_needs_no_recall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
