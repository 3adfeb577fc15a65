/* Functions that say they failed: the code, the message, file and line travel, and nobody else's
 * result is lost. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/world.h"

static int return_minus_one(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)task;
    *(int *)result = 1;
    return -1;
}

static int return_least(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    return INT_MIN;
}

static void a_returned_code_is_the_error(void **state)
{
    (void)state;
    pool_t *pool = world_pool(2);
    outcome_costs_one(pool, return_minus_one, POOL_FAILED, -1);
    outcome_costs_one(pool, return_least, POOL_FAILED, INT_MIN);
}

/* What item 0 of a map of one says about its error. */
static const pool_error_t *error_of(pool_t *pool, pool_function_t function, int item)
{
    assert_int_equal(pool_map(pool, function, POOL_IN(&item, 1), POOL_NONE), 1);
    outcome_errors_in_order(pool, 1, 1);
    return outcome_of(pool, 0);
}

static void an_error_without_message_has_none(void **state)
{
    pid_t pid;
    (void)state;
    pool_t *pool = world_pool(1);
    const pool_error_t *error = error_of(pool, return_least, 0);
    pool_pids(pool, &pid, 1);
    assert_string_equal(error->message, "");
    assert_null(error->file);
    assert_int_equal(error->line, 0);
    assert_int_equal(error->worker, 0);
    assert_int_equal(error->pid, pid);
    assert_int_equal(error->attempt, 1);
}

enum { FAIL_LINE = __LINE__ + 5 };

static int fail_with_message(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    return pool_fail(task, EDOM, "item %d is %s", *(const int *)item, "bad");
}

static void a_message_travels_with_file_and_line(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    outcome_costs_one(pool, fail_with_message, POOL_FAILED, EDOM);
    const pool_error_t *error = error_of(pool, fail_with_message, 41);
    assert_string_equal(error->message, "item 41 is bad");
    assert_string_equal(error->file, __FILE__);
    assert_int_equal(error->line, FAIL_LINE);
}

static int fail_with_length(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    return pool_fail(task, 1, "%.*s%0*d", *(const int *)item ? 1 : 0, "x",
                     *(const int *)item ? *(const int *)item - 1 : 0, 7);
}

static void long_messages_end_in_dots(void **state)
{
    static const int lengths[] = {2, POOL_MESSAGE_MAX - 1, POOL_MESSAGE_MAX, POOL_MESSAGE_MAX + 1,
                                  100000};
    (void)state;
    pool_t *pool = world_pool(1);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const char *message = error_of(pool, fail_with_length, lengths[i])->message;
        bool whole = lengths[i] <= POOL_MESSAGE_MAX;
        assert_int_equal(strlen(message), whole ? lengths[i] : POOL_MESSAGE_MAX);
        assert_int_equal(message[0], 'x');
        assert_int_equal(message[1], lengths[i] == 2 ? '7' : '0');
        assert_string_equal(message + strlen(message) - 3 + (lengths[i] == 2),
                            whole ? lengths[i] == 2 ? "x7" : "007" : "...");
    }
}

static int fail_with_bytes(const void *item, void *result, pool_task_t *task)
{
    char bytes[256];
    (void)item;
    (void)result;
    for (int i = 0; i < 255; i++)
        bytes[i] = (char)(i + 1);
    bytes[255] = '\0';
    return pool_fail(task, 1, "%s", bytes);
}

static void a_message_may_hold_any_bytes(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    const char *message = error_of(pool, fail_with_bytes, 0)->message;
    for (int i = 0; i < 256; i++)
        assert_int_equal((unsigned char)message[i], i == 255 ? 0 : i + 1);
}

static int fail_thrice(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    pool_fail(task, 1, "a long first message");
    pool_fail(task, 2, "second");
    return pool_fail(task, 3, "third");
}

static int fail_with_code_0(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    return pool_fail(task, 0, "zero") == -1 ? -1 : 99;
}

static void the_last_record_counts_and_is_never_0(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    assert_string_equal(error_of(pool, fail_thrice, 0)->message, "third");
    outcome_is(pool, 0, POOL_FAILED, 3);
    assert_string_equal(error_of(pool, fail_with_code_0, 0)->message, "zero");
    outcome_is(pool, 0, POOL_FAILED, -1);
}

static int fail_then_recover(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    pool_fail(task, 1, "not so bad");
    *(int *)result = 0;
    return 0;
}

/* Odd ones return a code, even ones give a message. */
static int fail_with_or_without_message(const void *item, void *result, pool_task_t *task)
{
    int value = *(const int *)item;
    (void)result;
    return value % 2 ? value : pool_fail(task, value + 1, "%d", value);
}

static void a_record_is_of_its_item_alone(void **state)
{
    int items[50];
    (void)state;
    pool_t *pool = world_pool(1);
    outcome_costs_none(pool, fail_then_recover);
    for (int i = 0; i < 50; i++)
        items[i] = i;
    pool_map_options_t options = {.chunksize = 50};
    assert_int_equal(
        pool_map_with(pool, fail_with_or_without_message, POOL_IN(items, 50), POOL_NONE, &options),
        50);
    for (int i = 0; i < 50; i++) {
        outcome_is(pool, (size_t)i, POOL_FAILED, i % 2 ? i : i + 1);
        assert_int_equal(outcome_of(pool, (size_t)i)->message[0] == '\0', i % 2);
    }
}

static int fail_with_number(const void *item, void *result, pool_task_t *task)
{
    (void)result;
    return pool_fail(task, *(const int *)item + 1, "this is item %d of far too many, and it failed",
                     *(const int *)item);
}

static void check_all_failed(const pool_t *pool, size_t count)
{
    const pool_error_t *errors;
    char message[100];
    outcome_errors_in_order(pool, count, count);
    pool_errors(pool, &errors);
    for (size_t i = 0; i < count; i++) {
        snprintf(message, sizeof message, "this is item %zu of far too many, and it failed", i);
        assert_int_equal(errors[i].code, i + 1);
        assert_string_equal(errors[i].message, message);
    }
}

static void every_item_may_fail_with_a_message(void **state)
{
    const int count = deadline_valgrind() ? 1000 : 100000;
    int *items = world_alloc((size_t)count, sizeof *items);
    (void)state;
    for (int i = 0; i < count; i++)
        items[i] = i;
    pool_t *pool = world_pool(2);
    for (size_t chunksize = 0; chunksize < 2000; chunksize += 1000) {
        pool_map_options_t options = {.chunksize = chunksize};
        assert_int_equal(pool_map_with(pool, fail_with_number, POOL_IN(items, (size_t)count),
                                       POOL_NONE, &options),
                         count);
        check_all_failed(pool, (size_t)count);
    }
    outcome_pool_works(pool);
}

static void errors_are_those_of_the_last_call(void **state)
{
    int items[3] = {0, 1, 2};
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, fail_with_number, POOL_IN(items, 3), POOL_NONE), 3);
    check_all_failed(pool, 3);
    assert_int_equal(pool_map(pool, NULL, POOL_IN(items, 3), POOL_NONE), POOL_ENOFUNCTION);
    check_all_failed(pool, 3); /* that call ran nothing */
    outcome_pool_works(pool);
    assert_int_equal(pool_errors(pool, NULL), 0);
    assert_int_equal(pool_errors(NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_returned_code_is_the_error),
        WORLD_TEST(an_error_without_message_has_none),
        WORLD_TEST(a_message_travels_with_file_and_line),
        WORLD_TEST(long_messages_end_in_dots),
        WORLD_TEST(a_message_may_hold_any_bytes),
        WORLD_TEST(the_last_record_counts_and_is_never_0),
        WORLD_TEST(a_record_is_of_its_item_alone),
        WORLD_TEST(every_item_may_fail_with_a_message),
        WORLD_TEST(errors_are_those_of_the_last_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
