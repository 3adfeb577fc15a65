/* Whether a process spins before it sleeps, at given times of the clock. */
#include "common/spin.h"

#include "unit/unit.h"

enum { LOOK = 2000, SHORT = POOL__SHORT_SLEEP - 1 }; /* nanoseconds */

static const uint64_t start = 1000000000000;

/* Whether it spins at this time: the same call as for a real spin, on a copy. */
static bool would_spin(struct pool__spin spin, uint64_t now)
{
    return pool__spin_begin(&spin, now);
}

/* Spins in vain. Returns the time after that. */
static uint64_t spin_in_vain(struct pool__spin *spin, uint64_t now)
{
    assert_true(pool__spin_begin(spin, now));
    do {
        now += LOOK;
    } while (pool__spin_goes_on(spin, now));
    return now;
}

static uint64_t sleep_for(struct pool__spin *spin, uint64_t now, uint64_t nanoseconds)
{
    pool__spin_slept(spin, now, now + nanoseconds);
    return now + nanoseconds;
}

/* Spins in vain as often as it may, with a sleep after each spin. Returns the time after the last
 * spin. */
static uint64_t spin_in_vain_until_it_pauses(struct pool__spin *spin, uint64_t sleep)
{
    uint64_t now = start;
    spin->patience = POOL__PATIENCE;
    for (int i = 1; i < POOL__PATIENCE; i++) {
        now = spin_in_vain(spin, now);
        now = sleep_for(spin, now, sleep);
    }
    return spin_in_vain(spin, now);
}

static void a_spin_lasts_as_long_as_a_wake_up(void **test)
{
    (void)test;
    struct pool__spin spin = {.patience = POOL__PATIENCE};
    assert_int_equal(spin_in_vain(&spin, start), start + POOL__LONGEST_SPIN);
}

static void it_does_not_spin_before_its_first_short_sleep(void **test)
{
    (void)test;
    struct pool__spin spin = {0};
    assert_false(would_spin(spin, start));
    uint64_t now = sleep_for(&spin, start, POOL__SHORT_SLEEP);
    assert_false(would_spin(spin, now));
    now = sleep_for(&spin, now, SHORT);
    assert_true(would_spin(spin, now));
}

static void a_spin_that_pays_makes_up_for_those_that_failed(void **test)
{
    (void)test;
    struct pool__spin spin = {.patience = POOL__PATIENCE};
    uint64_t now = start;
    for (int i = 0; i < 100; i++) {
        for (int failed = 1; failed < POOL__PATIENCE; failed++)
            now = spin_in_vain(&spin, now);
        assert_true(pool__spin_begin(&spin, now));
        pool__spin_paid(&spin);
    }
}

static void short_sleeps_do_not_make_up_for_spins_that_failed(void **test)
{
    (void)test;
    struct pool__spin spin;
    uint64_t now = spin_in_vain_until_it_pauses(&spin, 1000);
    assert_false(would_spin(spin, now));
}

static void short_sleeps_do_not_end_the_pause(void **test)
{
    (void)test;
    struct pool__spin spin;
    uint64_t paused = spin_in_vain_until_it_pauses(&spin, 1000), now = paused;
    while (now < paused + POOL__SPIN_PAUSE) {
        now = sleep_for(&spin, now, 1000);
        assert_false(would_spin(spin, now));
    }
}

static void after_the_pause_a_short_sleep_makes_it_spin(void **test)
{
    (void)test;
    struct pool__spin spin;
    uint64_t now = spin_in_vain_until_it_pauses(&spin, 1000) + POOL__SPIN_PAUSE;
    assert_false(would_spin(spin, now));
    now = sleep_for(&spin, now, SHORT);
    assert_true(would_spin(spin, now));
}

static void while_sleeps_are_long_it_does_not_spin(void **test)
{
    (void)test;
    struct pool__spin spin;
    uint64_t now = spin_in_vain_until_it_pauses(&spin, POOL__SHORT_SLEEP);
    for (int i = 0; i < 100; i++) {
        now = sleep_for(&spin, now, POOL__SHORT_SLEEP);
        assert_false(would_spin(spin, now));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spin_lasts_as_long_as_a_wake_up),
        cmocka_unit_test(it_does_not_spin_before_its_first_short_sleep),
        cmocka_unit_test(a_spin_that_pays_makes_up_for_those_that_failed),
        cmocka_unit_test(short_sleeps_do_not_make_up_for_spins_that_failed),
        cmocka_unit_test(short_sleeps_do_not_end_the_pause),
        cmocka_unit_test(after_the_pause_a_short_sleep_makes_it_spin),
        cmocka_unit_test(while_sleeps_are_long_it_does_not_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
