/* Codes as names and sentences. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "procpool.h"
#include "unit/unit.h"

static const struct {
    int code;
    const char *name, *text;
} own[] = {
#define OWN(name, value, text) {value, #name, text},
    POOL_ERROR_MAP(OWN)
#undef OWN
};

static void own_codes_have_their_names_and_sentences(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT(own); i++) {
        assert_string_equal(pool_error_name(own[i].code), own[i].name);
        assert_string_equal(pool_strerror(own[i].code), own[i].text);
    }
    assert_string_equal(pool_error_name(POOL_ECLOSED), "POOL_ECLOSED");
    assert_string_equal(pool_strerror(POOL_ENOPOOL), "the pool is NULL");
}

static void own_codes_are_different_from_each_other_and_from_errno(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT(own); i++) {
        assert_true(own[i].code <= -5000);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(own[i].code, own[k].code);
            assert_string_not_equal(own[i].text, own[k].text);
        }
    }
}

static void negated_errno_values_are_the_systems(void **test)
{
    (void)test;
    static const struct {
        int code;
        const char *name, *text;
    } some[] = {
        {-EPERM, "EPERM", "Operation not permitted"},
        {-ENOMEM, "ENOMEM", "Cannot allocate memory"},
        {-EAGAIN, "EAGAIN", "Resource temporarily unavailable"},
        {-EMFILE, "EMFILE", "Too many open files"},
        {-ETIMEDOUT, "ETIMEDOUT", "Connection timed out"},
    };
    for (size_t i = 0; i < COUNT(some); i++) {
        assert_string_equal(pool_error_name(some[i].code), some[i].name);
        assert_string_equal(pool_strerror(some[i].code), some[i].text);
    }
    for (int number = 1; number < 200; number++)
        if (strerrorname_np(number))
            assert_string_equal(pool_error_name(-number), strerrorname_np(number));
}

static void zero_is_success(void **test)
{
    (void)test;
    assert_string_equal(pool_error_name(0), "OK");
    assert_string_equal(pool_strerror(0), "success");
}

static void other_numbers_are_unknown(void **test)
{
    (void)test;
    static const int numbers[] = {1,     ENOMEM, 5001,  INT_MAX, INT_MIN, INT_MIN + 1, -999,
                                  -4095, -4096,  -5000, -5999,   5013,    -100000};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_string_equal(pool_error_name(numbers[i]), "unknown");
        assert_string_equal(pool_strerror(numbers[i]), "unknown error");
    }
}

static void every_number_has_a_name_and_a_sentence(void **test)
{
    (void)test;
    for (int number = -10000; number <= 10000; number++) {
        assert_true(strlen(pool_error_name(number)) > 1);
        assert_true(strlen(pool_strerror(number)) > 1);
    }
}

static void texts_are_constant(void **test)
{
    (void)test;
    const char *name = pool_error_name(-ENOENT), *text = pool_strerror(-ENOENT);
    for (int number = -200; number < 0; number++) {
        pool_error_name(number);
        pool_strerror(number);
    }
    assert_string_equal(name, "ENOENT");
    assert_string_equal(text, "No such file or directory");
    assert_ptr_equal(pool_strerror(POOL_EBUSY), pool_strerror(POOL_EBUSY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_codes_have_their_names_and_sentences),
        cmocka_unit_test(own_codes_are_different_from_each_other_and_from_errno),
        cmocka_unit_test(negated_errno_values_are_the_systems),
        cmocka_unit_test(zero_is_success),
        cmocka_unit_test(other_numbers_are_unknown),
        cmocka_unit_test(every_number_has_a_name_and_a_sentence),
        cmocka_unit_test(texts_are_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
