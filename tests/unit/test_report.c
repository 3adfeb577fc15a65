/* The list of errors: kept whole, sorted, freed, and printed so that it stays on its lines. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/death.h"
#include "host/job/report.h"
#include "host/pool.h"
#include "unit/unit.h"

static pool_error_t plain_error(size_t index)
{
    return (pool_error_t){.index = index, .kind = POOL_LOST, .message = "", .worker = -1};
}

/* ---- Adding, sorting, clearing ---- */

static void an_error_is_kept_with_copies_of_its_texts(void **test)
{
    (void)test;
    struct pool__report report = {0};
    char message[] = "no such luck", file[] = "some/file.c";
    pool_error_t error = {.index = 7,
                          .kind = POOL_FAILED,
                          .code = -3,
                          .message = message,
                          .file = file,
                          .line = 42,
                          .worker = 5,
                          .pid = 1234,
                          .attempt = 2};
    pool__report_add(&report, &error);
    memset(message, 'x', sizeof message - 1);
    memset(file, 'y', sizeof file - 1);
    assert_int_equal(report.count, 1);
    const pool_error_t *kept = &report.errors[0];
    assert_int_equal(kept->index, 7);
    assert_int_equal(kept->kind, POOL_FAILED);
    assert_int_equal(kept->code, -3);
    assert_string_equal(kept->message, "no such luck");
    assert_string_equal(kept->file, "some/file.c");
    assert_int_equal(kept->line, 42);
    assert_int_equal(kept->worker, 5);
    assert_int_equal(kept->pid, 1234);
    assert_int_equal(kept->attempt, 2);
    pool__report_clear(&report);
}

static void an_error_without_file_has_none(void **test)
{
    (void)test;
    struct pool__report report = {0};
    pool_error_t error = plain_error(1);
    pool__report_add(&report, &error);
    assert_null(report.errors[0].file);
    assert_string_equal(report.errors[0].message, "");
    pool__report_clear(&report);
}

static void errors_are_sorted_by_index(void **test)
{
    (void)test;
    enum { MANY = 1000 };
    struct pool__report report = {0};
    for (size_t i = 0; i < MANY; i++) {
        char message[32];
        size_t index = i * 617 % MANY; /* each once: 617 is prime to 1000 */
        snprintf(message, sizeof message, "item %zu", index);
        pool_error_t error = {.index = index, .kind = POOL_FAILED, .message = message};
        pool__report_add(&report, &error);
    }
    pool__report_sort(&report);
    assert_int_equal(report.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(report.errors[i].index, i);
        assert_int_equal(strtoul(report.errors[i].message + 5, NULL, 10), i);
    }
    pool__report_clear(&report);
}

static void indices_of_any_size_are_sorted(void **test)
{
    (void)test;
    static const size_t indices[] = {SIZE_MAX,        0, (size_t)1 << 63,
                                     (size_t)1 << 32, 1, SIZE_MAX - 1};
    static const size_t sorted[] = {0, 1, (size_t)1 << 32, (size_t)1 << 63, SIZE_MAX - 1, SIZE_MAX};
    struct pool__report report = {0};
    for (size_t i = 0; i < COUNT(indices); i++) {
        pool_error_t error = plain_error(indices[i]);
        pool__report_add(&report, &error);
    }
    pool__report_sort(&report);
    for (size_t i = 0; i < COUNT(sorted); i++)
        assert_true(report.errors[i].index == sorted[i]);
    pool__report_clear(&report);
}

static void a_cleared_report_is_empty_and_can_be_used_again(void **test)
{
    (void)test;
    struct pool__report report = {.dropped = 3};
    for (int round = 0; round < 3; round++) {
        pool_error_t error = plain_error(1);
        pool__report_add(&report, &error);
        assert_int_equal(report.count, 1);
        pool__report_clear(&report);
        assert_int_equal(report.count, 0);
        assert_int_equal(report.dropped, 0);
        assert_null(report.errors);
        pool__report_sort(&report);
    }
}

static void the_list_is_given_as_it_is(void **test)
{
    (void)test;
    struct pool pool = {0};
    const pool_error_t *errors = NULL;
    pool_error_t error = plain_error(9);
    assert_int_equal(pool_errors(NULL, &errors), 0);
    assert_null(errors);
    assert_int_equal(pool_errors(&pool, &errors), 0);
    pool__report_add(&pool.report, &error);
    assert_int_equal(pool_errors(&pool, NULL), 1);
    assert_int_equal(pool_errors(&pool, &errors), 1);
    assert_ptr_equal(errors, pool.report.errors);
    pool__report_clear(&pool.report);
}

/* ---- How a worker died ---- */

static const char *const signals[] = {
    [1] = "HUP",     [2] = "INT",   [3] = "QUIT",  [4] = "ILL",     [5] = "TRAP",  [6] = "ABRT",
    [7] = "BUS",     [8] = "FPE",   [9] = "KILL",  [10] = "USR1",   [11] = "SEGV", [12] = "USR2",
    [13] = "PIPE",   [14] = "ALRM", [15] = "TERM", [16] = "STKFLT", [24] = "XCPU", [25] = "XFSZ",
    [26] = "VTALRM", [27] = "PROF", [29] = "POLL", [30] = "PWR",    [31] = "SYS",
};

static void a_signal_is_called_by_its_name(void **test)
{
    (void)test;
    char text[64], expected[64];
    for (int number = 1; number < (int)COUNT(signals); number++) {
        if (!signals[number])
            continue;
        snprintf(expected, sizeof expected, "killed by SIG%s", signals[number]);
        pool__describe_status(text, sizeof text, number);
        assert_string_equal(text, expected);
        pool__describe_status(text, sizeof text, number | 0x80); /* it left a core */
        assert_string_equal(text, expected);
    }
}

static void signals_without_a_name_have_a_number(void **test)
{
    (void)test;
    char text[64], expected[64];
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
        snprintf(expected, sizeof expected, "killed by SIGRTMIN+%d", number - SIGRTMIN);
        pool__describe_status(text, sizeof text, number);
        assert_string_equal(text, expected);
    }
    for (int number = 32; number < SIGRTMIN; number++) {
        snprintf(expected, sizeof expected, "killed by signal %d", number);
        pool__describe_status(text, sizeof text, number);
        assert_string_equal(text, expected);
    }
}

static void an_exit_is_told_with_its_status(void **test)
{
    (void)test;
    char text[64], expected[64];
    for (int status = 0; status < 256; status++) {
        snprintf(expected, sizeof expected, "exited with status %d", status);
        pool__describe_status(text, sizeof text, status << 8);
        assert_string_equal(text, expected);
    }
}

static void a_description_never_outgrows_its_buffer(void **test)
{
    (void)test;
    char text[] = "0123456789";
    pool__describe_status(text, 8, SIGSEGV);
    assert_string_equal(text, "killed ");
    assert_string_equal(text + 8, "89");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_kept_with_copies_of_its_texts),
        cmocka_unit_test(an_error_without_file_has_none),
        cmocka_unit_test(errors_are_sorted_by_index),
        cmocka_unit_test(indices_of_any_size_are_sorted),
        cmocka_unit_test(a_cleared_report_is_empty_and_can_be_used_again),
        cmocka_unit_test(the_list_is_given_as_it_is),
        cmocka_unit_test(a_signal_is_called_by_its_name),
        cmocka_unit_test(signals_without_a_name_have_a_number),
        cmocka_unit_test(an_exit_is_told_with_its_status),
        cmocka_unit_test(a_description_never_outgrows_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
