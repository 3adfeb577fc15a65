/* Options: defaults filled in, nonsense refused. */
#include "host/base/options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "support/work.h"
#include "unit/unit.h"

static void finalize(void *state)
{
    (void)state;
}

static void without_options_all_are_defaults(void **test)
{
    (void)test;
    pool_options_t options, zeroed = {0}, same;
    setenv("PROCPOOL_PROCESSES", "3", 1);
    assert_int_equal(pool__options(&options, NULL), 0);
    assert_int_equal(pool__options(&same, &zeroed), 0);
    unsetenv("PROCPOOL_PROCESSES");
    assert_int_equal(options.processes, 3);
    assert_int_equal(options.start_timeout, 60000);
    assert_int_equal(options.grace, 1000);
    assert_true(options.initializer == NULL && options.finalizer == NULL);
    assert_null(options.initargs);
    assert_int_equal(same.processes, 3);
    assert_int_equal(same.start_timeout, 60000);
    assert_int_equal(same.grace, 1000);
    assert_int_equal(options.budget, 32 << 20);
}

static void what_is_given_is_kept(void **test)
{
    (void)test;
    int argument;
    pool_options_t options, given = {.processes = 5,
                                     .initializer = work_start,
                                     .initargs = &argument,
                                     .finalizer = finalize,
                                     .start_timeout = 7,
                                     .grace = 9,
                                     .budget = 11};
    assert_int_equal(pool__options(&options, &given), 0);
    assert_int_equal(options.processes, 5);
    assert_int_equal(options.start_timeout, 7);
    assert_int_equal(options.grace, 9);
    assert_int_equal(options.budget, 11);
    assert_true(options.initializer == work_start && options.finalizer == finalize);
    assert_ptr_equal(options.initargs, &argument);
}

static void the_limits_are_allowed(void **test)
{
    (void)test;
    pool_options_t options;
    pool_options_t least = {.processes = 1, .start_timeout = 1, .grace = 1};
    pool_options_t most = {
        .processes = POOL_PROCESSES_MAX, .start_timeout = INT_MAX, .grace = INT_MAX};
    assert_int_equal(pool__options(&options, &least), 0);
    assert_int_equal(options.processes, 1);
    assert_int_equal(pool__options(&options, &most), 0);
    assert_int_equal(options.processes, POOL_PROCESSES_MAX);
    assert_int_equal(options.grace, INT_MAX);
}

static void a_serial_pool_has_one_worker_that_is_never_replaced(void **test)
{
    (void)test;
    pool_options_t options, given = {.processes = 5, .serial = true, .maxtasksperchild = 3};
    assert_int_equal(pool__options(&options, &given), 0);
    assert_true(options.serial);
    assert_int_equal(options.processes, 1);
    assert_int_equal(options.maxtasksperchild, 0);
    setenv("PROCPOOL_SERIAL", "1", 1);
    given = (pool_options_t){.processes = 5};
    assert_int_equal(pool__options(&options, &given), 0);
    unsetenv("PROCPOOL_SERIAL");
    assert_true(options.serial);
    assert_int_equal(options.processes, 1);
}

static void nested_processes_are_eight_per_worker_or_none_or_as_given(void **test)
{
    (void)test;
    static const int cases[][2] = {{0, 24}, {-1, 0}, {INT_MIN, 0}, {1, 1}, {INT_MAX, INT_MAX}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        pool_options_t options, given = {.processes = 3, .nested_processes = cases[i][0]};
        assert_int_equal(pool__options(&options, &given), 0);
        if (options.nested_processes != cases[i][1])
            fail_msg("%d becomes %d", cases[i][0], options.nested_processes);
    }
}

static void nonsense_is_refused_and_nothing_written(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        pool_options_t given;
        int error;
    } rows[] = {
        {"processes = -1", {.processes = -1}, POOL_EPROCESSES},
        {"processes = INT_MIN", {.processes = INT_MIN}, POOL_EPROCESSES},
        {"processes above the most", {.processes = POOL_PROCESSES_MAX + 1}, POOL_EPROCESSES},
        {"processes = INT_MAX", {.processes = INT_MAX}, POOL_EPROCESSES},
        {"start_timeout = -1", {.start_timeout = -1}, POOL_EOPTION},
        {"start_timeout = INT_MIN", {.start_timeout = INT_MIN}, POOL_EOPTION},
        {"grace = -1", {.grace = -1}, POOL_EOPTION},
        {"grace = INT_MIN", {.grace = INT_MIN}, POOL_EOPTION},
        {"idle_timeout = -1", {.idle_timeout = -1}, POOL_EOPTION},
        {"niceness = -1", {.niceness = -1}, POOL_EOPTION},
        {"niceness = 20", {.niceness = 20}, POOL_EOPTION},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        pool_options_t options, before;
        memset(&options, 0x5a, sizeof options);
        before = options;
        int error = pool__options(&options, &rows[i].given);
        if (error != rows[i].error || memcmp(&options, &before, sizeof options) != 0)
            fail_msg("%s: %s", rows[i].name, pool_error_name(error));
    }
}

static void options_may_be_normalised_in_place(void **test)
{
    (void)test;
    pool_options_t options = {.processes = 2, .grace = 4};
    assert_int_equal(pool__options(&options, &options), 0);
    assert_int_equal(options.processes, 2);
    assert_int_equal(options.grace, 4);
    assert_int_equal(options.start_timeout, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_all_are_defaults),
        cmocka_unit_test(what_is_given_is_kept),
        cmocka_unit_test(the_limits_are_allowed),
        cmocka_unit_test(a_serial_pool_has_one_worker_that_is_never_replaced),
        cmocka_unit_test(nested_processes_are_eight_per_worker_or_none_or_as_given),
        cmocka_unit_test(nonsense_is_refused_and_nothing_written),
        cmocka_unit_test(options_may_be_normalised_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
