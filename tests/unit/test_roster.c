/* The roster: decisions from events and the time. */
#include "supervisor/roster.h"

#include "unit/roster.h"
#include "unit/unit.h"

enum { PLACES = 8, MANY = ROSTER_MOST, NOW = 1000 };

/* Fills every vacancy there is now; pids are 100 plus the place. Returns how many. */
static int fill(struct pool__roster *roster, uint64_t now)
{
    int place, count = 0;
    while ((place = vacancy(roster, now)) >= 0) {
        born(roster, place, 100 + place, now);
        count++;
    }
    return count;
}

/* So many workers in the last place fail in their start. */
static void fail_starts(struct pool__roster *roster, int count, uint64_t now)
{
    while (count-- > 0) {
        born(roster, roster->count - 1, 50, now);
        pool__roster_died(roster, roster->count - 1, false, false, now);
    }
}

/* ---- Vacancies, births, deaths ---- */

static void all_places_are_vacant_at_first(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, PLACES);
    assert_int_equal(vacancy(&fixture.roster, 0), 0);
    assert_int_equal(fill(&fixture.roster, 0), PLACES);
    assert_int_equal(vacancy(&fixture.roster, UINT64_MAX), -1);
    assert_int_equal(pool__roster_next(&fixture.roster), 0);
    assert_false(pool__roster_broken(&fixture.roster));
    assert_false(pool__roster_done(&fixture.roster));
}

static void vacancies_are_filled_from_the_lowest(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, PLACES);
    fill(&fixture.roster, NOW);
    pool__roster_died(&fixture.roster, 6, true, false, NOW);
    pool__roster_died(&fixture.roster, 2, true, false, NOW);
    assert_int_equal(vacancy(&fixture.roster, NOW), 2);
    born(&fixture.roster, 2, 300, NOW);
    assert_int_equal(vacancy(&fixture.roster, NOW), 6);
}

static void a_worker_is_found_by_its_pid_while_it_lives(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, PLACES);
    fill(&fixture.roster, NOW);
    for (int place = 0; place < PLACES; place++)
        assert_int_equal(find(&fixture.roster, 100 + place), place);
    assert_int_equal(find(&fixture.roster, 99), -1);
    pool__roster_died(&fixture.roster, 3, true, false, NOW);
    assert_int_equal(find(&fixture.roster, 103), -1);
    born(&fixture.roster, 3, 203, NOW);
    assert_int_equal(find(&fixture.roster, 203), 3);
}

static void every_birth_is_a_new_life_that_is_to_be_told(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    for (uint32_t life = 1; life <= 5; life++) {
        born(&fixture.roster, 1, 500, NOW);
        assert_int_equal(fixture.places[1].life, life);
        assert_false(fixture.places[1].birth_reported);
        fixture.places[1].birth_reported = true;
        pool__roster_died(&fixture.roster, 1, true, false, NOW);
        assert_int_equal(fixture.places[1].life, life);
        assert_int_equal(fixture.places[1].worker.pid, 0);
    }
    assert_int_equal(fixture.places[0].life, 0);
}

static void a_worker_that_died_at_work_is_replaced_at_once(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    fill(&fixture.roster, NOW);
    for (int i = 0; i < 100; i++) {
        pool__roster_died(&fixture.roster, 1, true, false, NOW);
        assert_int_equal(vacancy(&fixture.roster, NOW), 1);
        born(&fixture.roster, 1, 700 + i, NOW);
    }
    assert_false(pool__roster_broken(&fixture.roster));
}

/* ---- Failed starts ---- */

static void the_delay_doubles_with_each_failed_start(void **test)
{
    (void)test;
    struct fixture fixture;
    uint64_t now = NOW, delay = POOL__FIRST_DELAY;
    init(&fixture, 1);
    for (int failures = 1; failures < POOL__START_FAILURES; failures++, delay *= 2) {
        fail_starts(&fixture.roster, 1, now);
        assert_int_equal(pool__roster_next(&fixture.roster), now + delay);
        assert_int_equal(vacancy(&fixture.roster, now), -1);
        assert_int_equal(vacancy(&fixture.roster, now + delay - 1), -1);
        assert_int_equal(vacancy(&fixture.roster, now + delay), 0);
        now += delay;
    }
}

static void it_is_broken_after_so_many_failed_starts_and_not_before(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    for (int i = 0; i < POOL__START_FAILURES; i++) {
        assert_false(pool__roster_broken(&fixture.roster));
        fail_starts(&fixture.roster, 1, NOW);
    }
    assert_false(fixture.roster.starved);
    assert_true(pool__roster_broken(&fixture.roster));
    assert_int_equal(vacancy(&fixture.roster, UINT64_MAX), -1);
    assert_int_equal(pool__roster_next(&fixture.roster), 0);
    assert_true(pool__roster_done(&fixture.roster));
}

static void a_good_start_in_between_starts_the_count_again(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    for (int i = 0; i < 10; i++) {
        fail_starts(&fixture.roster, POOL__START_FAILURES - 1, NOW);
        born(&fixture.roster, 0, 100, NOW);
        pool__roster_died(&fixture.roster, 0, true, false, NOW);
        assert_false(pool__roster_broken(&fixture.roster));
    }
    fail_starts(&fixture.roster, 1, NOW);
    assert_int_equal(pool__roster_next(&fixture.roster), NOW + POOL__FIRST_DELAY);
}

static void failed_starts_of_workers_of_one_time_count_as_one(void **test)
{
    (void)test;
    struct fixture fixture;
    uint64_t now = NOW, delay = POOL__FIRST_DELAY;
    init(&fixture, MANY);
    for (int round = 1; round <= POOL__START_FAILURES; round++, delay *= 2) {
        assert_int_equal(fill(&fixture.roster, now), MANY);
        for (int place = 0; place < MANY; place++) {
            assert_int_equal(pool__roster_broken(&fixture.roster),
                             round == POOL__START_FAILURES && place > 0);
            pool__roster_died(&fixture.roster, place, false, false, now + (uint64_t)place);
        }
        assert_int_equal(fixture.roster.not_before, now + delay);
        now += delay;
    }
    assert_true(pool__roster_done(&fixture.roster));
}

static void a_start_that_fails_after_the_next_round_began_belongs_to_its_own(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    fill(&fixture.roster, NOW);
    pool__roster_died(&fixture.roster, 0, false, false, NOW);
    fill(&fixture.roster, NOW + POOL__FIRST_DELAY);
    pool__roster_died(&fixture.roster, 1, false, false, NOW + POOL__FIRST_DELAY);
    assert_int_equal(fixture.roster.failures, 1);
    pool__roster_died(&fixture.roster, 0, false, false, NOW + POOL__FIRST_DELAY);
    assert_int_equal(fixture.roster.failures, 2);
}

static void it_is_not_broken_while_a_worker_that_started_well_lives(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    born(&fixture.roster, 0, 100, NOW);
    fixture.places[0].worker.ready = true;
    for (int i = 0; i < MANY; i++) {
        fail_starts(&fixture.roster, 1, NOW);
        assert_false(pool__roster_broken(&fixture.roster));
        assert_in_range(fixture.roster.not_before, NOW + POOL__FIRST_DELAY,
                        NOW + ((uint64_t)POOL__FIRST_DELAY << POOL__START_FAILURES));
    }
    assert_int_equal(vacancy(&fixture.roster, fixture.roster.not_before), 1);
    pool__roster_died(&fixture.roster, 0, true, false, NOW);
    fail_starts(&fixture.roster, POOL__START_FAILURES - 1, NOW);
    assert_false(pool__roster_broken(&fixture.roster));
    fail_starts(&fixture.roster, 1, NOW);
    assert_true(pool__roster_broken(&fixture.roster));
}

/* ---- Refused forks ---- */

/* Has forks refused, as early as the roster allows each, until `end`. Returns when the next is due. */
static uint64_t refuse_until(struct pool__roster *roster, uint64_t now, uint64_t end)
{
    while (now < end && !pool__roster_broken(roster)) {
        pool__roster_unborn(roster, now);
        now = roster->not_before;
    }
    return now;
}

static void refused_forks_break_it_only_when_patience_is_over(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    uint64_t now = refuse_until(&fixture.roster, NOW, NOW + ROSTER_PATIENCE);
    assert_false(pool__roster_broken(&fixture.roster));
    assert_int_equal(vacancy(&fixture.roster, now - 1), -1);
    assert_int_equal(vacancy(&fixture.roster, now), 0);
    pool__roster_unborn(&fixture.roster, now);
    assert_true(pool__roster_broken(&fixture.roster));
    assert_true(fixture.roster.starved);
    assert_true(pool__roster_done(&fixture.roster));
}

static void a_fork_that_is_made_gives_new_patience(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    uint64_t now = refuse_until(&fixture.roster, NOW, NOW + ROSTER_PATIENCE);
    born(&fixture.roster, 0, 100, now);
    pool__roster_unborn(&fixture.roster, now);
    assert_int_equal(pool__roster_next(&fixture.roster), now + POOL__FIRST_DELAY);
    refuse_until(&fixture.roster, now, now + ROSTER_PATIENCE);
    assert_false(pool__roster_broken(&fixture.roster));
}

static void refused_forks_break_nothing_while_a_worker_is_ready(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    born(&fixture.roster, 0, 100, NOW);
    fixture.places[0].worker.ready = true;
    uint64_t now = refuse_until(&fixture.roster, NOW, NOW + 100 * (uint64_t)ROSTER_PATIENCE);
    assert_false(pool__roster_broken(&fixture.roster));
    pool__roster_died(&fixture.roster, 0, true, false, now);
    now = refuse_until(&fixture.roster, now, now + ROSTER_PATIENCE);
    assert_false(pool__roster_broken(&fixture.roster));
    pool__roster_unborn(&fixture.roster, now);
    assert_true(pool__roster_broken(&fixture.roster));
}

static void refused_forks_are_no_failed_starts(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    for (int i = 0; i < 2 * POOL__START_FAILURES; i++)
        pool__roster_unborn(&fixture.roster, NOW);
    fail_starts(&fixture.roster, POOL__START_FAILURES - 1, NOW);
    assert_false(pool__roster_broken(&fixture.roster));
}

/* ---- Readiness ---- */

static void a_replacement_is_not_ready_because_its_predecessor_was(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    born(&fixture.roster, 0, 100, NOW);
    fixture.places[0].worker.ready = true;
    pool__roster_died(&fixture.roster, 0, true, false, NOW);
    born(&fixture.roster, 0, 200, NOW);
    fail_starts(&fixture.roster, POOL__START_FAILURES, NOW);
    assert_true(pool__roster_broken(&fixture.roster));
}

static void broken_stays_broken(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    born(&fixture.roster, 0, 100, NOW);
    fail_starts(&fixture.roster, POOL__START_FAILURES, NOW);
    assert_true(pool__roster_broken(&fixture.roster));
    fixture.places[0].worker.ready = true;
    pool__roster_died(&fixture.roster, 0, true, false, NOW);
    assert_true(pool__roster_broken(&fixture.roster));
    assert_int_equal(vacancy(&fixture.roster, UINT64_MAX), -1);
    assert_true(pool__roster_done(&fixture.roster));
}

static void a_worker_that_takes_too_long_to_start_is_late(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 4);
    for (int place = 0; place < 4; place++)
        born(&fixture.roster, place, 100 + place, NOW + (uint64_t)place);
    assert_int_equal(pool__roster_late(&fixture.roster, NOW), 0);
    assert_int_equal(pool__roster_late(&fixture.roster, NOW + 1), 100);
    fixture.places[0].worker.ready = true;
    assert_int_equal(pool__roster_late(&fixture.roster, NOW + 1), 0);
    assert_int_equal(pool__roster_late(&fixture.roster, NOW + 9), 101);
    pool__roster_died(&fixture.roster, 1, false, false, NOW);
    assert_int_equal(pool__roster_late(&fixture.roster, NOW + 9), 102);
    born(&fixture.roster, 1, 300, NOW + 20);
    assert_int_equal(pool__roster_late(&fixture.roster, NOW + 20), 102);
    assert_int_equal(pool__roster_late(&fixture.roster, NOW + 21), 300);
}

static void a_broken_pool_is_not_done_while_a_worker_lives(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    born(&fixture.roster, 0, 100, NOW);
    fail_starts(&fixture.roster, POOL__START_FAILURES, NOW);
    assert_false(pool__roster_done(&fixture.roster));
    pool__roster_died(&fixture.roster, 0, false, false, NOW);
    assert_true(pool__roster_done(&fixture.roster));
}

/* ---- Modes ---- */

static void while_retiring_a_worker_that_died_is_replaced_and_one_that_left_is_not(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 3);
    fill(&fixture.roster, NOW);
    fixture.roster.mode = POOL__RETIRING;
    pool__roster_died(&fixture.roster, 0, true, true, NOW);
    assert_int_equal(vacancy(&fixture.roster, NOW), -1);
    pool__roster_died(&fixture.roster, 1, true, false, NOW);
    assert_int_equal(vacancy(&fixture.roster, NOW), 1);
    pool__roster_died(&fixture.roster, 2, true, true, NOW);
    assert_false(pool__roster_done(&fixture.roster));
    born(&fixture.roster, 1, 300, NOW);
    assert_false(pool__roster_done(&fixture.roster));
    pool__roster_died(&fixture.roster, 1, true, true, NOW);
    assert_true(pool__roster_done(&fixture.roster));
}

static void while_terminating_no_worker_is_replaced(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 2);
    fill(&fixture.roster, NOW);
    fixture.roster.mode = POOL__TERMINATING;
    pool__roster_died(&fixture.roster, 0, true, false, NOW);
    pool__roster_unborn(&fixture.roster, NOW);
    assert_int_equal(vacancy(&fixture.roster, UINT64_MAX), -1);
    assert_int_equal(pool__roster_next(&fixture.roster), 0);
    assert_false(pool__roster_done(&fixture.roster));
    pool__roster_died(&fixture.roster, 1, true, false, NOW);
    assert_true(pool__roster_done(&fixture.roster));
}

static void an_open_pool_waits_for_its_delay_and_is_not_done(void **test)
{
    (void)test;
    struct fixture fixture;
    init(&fixture, 1);
    fill(&fixture.roster, NOW);
    pool__roster_died(&fixture.roster, 0, false, false, NOW);
    assert_false(pool__roster_done(&fixture.roster));
    assert_int_equal(pool__roster_next(&fixture.roster), NOW + POOL__FIRST_DELAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_places_are_vacant_at_first),
        cmocka_unit_test(vacancies_are_filled_from_the_lowest),
        cmocka_unit_test(a_worker_is_found_by_its_pid_while_it_lives),
        cmocka_unit_test(every_birth_is_a_new_life_that_is_to_be_told),
        cmocka_unit_test(a_worker_that_died_at_work_is_replaced_at_once),
        cmocka_unit_test(the_delay_doubles_with_each_failed_start),
        cmocka_unit_test(it_is_broken_after_so_many_failed_starts_and_not_before),
        cmocka_unit_test(a_good_start_in_between_starts_the_count_again),
        cmocka_unit_test(failed_starts_of_workers_of_one_time_count_as_one),
        cmocka_unit_test(a_start_that_fails_after_the_next_round_began_belongs_to_its_own),
        cmocka_unit_test(it_is_not_broken_while_a_worker_that_started_well_lives),
        cmocka_unit_test(refused_forks_break_it_only_when_patience_is_over),
        cmocka_unit_test(a_fork_that_is_made_gives_new_patience),
        cmocka_unit_test(refused_forks_break_nothing_while_a_worker_is_ready),
        cmocka_unit_test(refused_forks_are_no_failed_starts),
        cmocka_unit_test(a_replacement_is_not_ready_because_its_predecessor_was),
        cmocka_unit_test(broken_stays_broken),
        cmocka_unit_test(a_worker_that_takes_too_long_to_start_is_late),
        cmocka_unit_test(a_broken_pool_is_not_done_while_a_worker_lives),
        cmocka_unit_test(while_retiring_a_worker_that_died_is_replaced_and_one_that_left_is_not),
        cmocka_unit_test(while_terminating_no_worker_is_replaced),
        cmocka_unit_test(an_open_pool_waits_for_its_delay_and_is_not_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
