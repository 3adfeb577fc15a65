/* Functions that say they failed: the code, the message, file and line travel, and nobody else's
 * result is lost. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/work.h"
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
    assert_int_equal(pool_errors(pool, NULL), 0); /* that call ran nothing */
    outcome_pool_works(pool);
    assert_int_equal(pool_errors(pool, NULL), 0);
    assert_int_equal(pool_errors(NULL, NULL), 0);
}

/* ---- Calls that could not run ---- */

static int count_up(void *into, const void *from)
{
    *(int *)into += *(const int *)from;
    return 0;
}

static int call_map(pool_t *pool)
{
    int *nothing = NULL;
    return pool_map(pool, fail_with_number, POOL_IN(nothing, 3), POOL_NONE);
}

static int call_map_with(pool_t *pool)
{
    pool_map_options_t options = {.timeout = -1};
    return pool_map_with(pool, fail_with_number, POOL_RANGE(3), POOL_NONE, &options);
}

static int call_map_callable(pool_t *pool)
{
    int item = 0;
    return pool_map_callable(pool, NULL, POOL_IN(&item, 1), POOL_NONE);
}

static int call_starmap(pool_t *pool)
{
    return (pool_starmap)(pool, NULL, NULL, 3, NULL);
}

static int call_fold(pool_t *pool)
{
    int *sum = NULL;
    return pool_fold(pool, fail_with_number, count_up, POOL_RANGE(3), POOL_OUT(sum), NULL);
}

static int call_fold_without_merge(pool_t *pool)
{
    int sum;
    return pool_fold(pool, fail_with_number, NULL, POOL_RANGE(3), POOL_OUT(&sum), NULL);
}

static int call_apply(pool_t *pool)
{
    return pool_apply(pool, fail_with_number, POOL_RANGE(2), POOL_NONE);
}

static int call_broadcast(pool_t *pool)
{
    return pool_broadcast(pool, fail_with_number, POOL_RANGE(2), POOL_NONE);
}

static const struct {
    int (*call)(pool_t *pool);
    int code;
} refused[] = {{call_map, POOL_ENODATA},
               {call_map_with, POOL_EOPTION},
               {call_map_callable, POOL_ENOFUNCTION},
               {call_starmap, POOL_ENOFUNCTION},
               {call_fold, POOL_ENODATA},
               {call_fold_without_merge, POOL_ENOFUNCTION},
               {call_apply, POOL_EOPTION},
               {call_broadcast, POOL_EOPTION}};

/* Asserts that the pool has no errors of items, and that what is printed of them is this code and its
 * sentence. */
static void assert_tells_only(const pool_t *pool, int code)
{
    const pool_error_t *errors;
    char *text = NULL, expected[300];
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    pool_print_errors(pool, stream);
    assert_int_equal(fclose(stream), 0);
    snprintf(expected, sizeof expected, "the call failed with %s: %s\n", pool_error_name(code),
             pool_strerror(code));
    assert_string_equal(text, expected);
    free(text);
    assert_int_equal(pool_errors(pool, &errors), 0);
}

static void a_refused_call_has_no_errors_but_its_code(void **state)
{
    int items[3] = {0, 1, 2};
    (void)state;
    for (int serial = 0; serial < 2; serial++) {
        pool_options_t options = {.processes = 1, .serial = serial};
        pool_t *pool = world_pool_with(&options);
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            assert_int_equal(pool_map(pool, fail_with_number, POOL_IN(items, 3), POOL_NONE), 3);
            check_all_failed(pool, 3);
            assert_int_equal(refused[i].call(pool), refused[i].code);
            assert_tells_only(pool, refused[i].code);
        }
        outcome_pool_works(pool);
        assert_int_equal(pool_errors(pool, NULL), 0);
    }
}

static void a_pool_that_takes_no_calls_says_so(void **state)
{
    int items[3] = {0, 1, 2};
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, fail_with_number, POOL_IN(items, 3), POOL_NONE), 3);
    assert_int_equal(pool_close(pool), 0);
    check_all_failed(pool, 3);
    assert_int_equal(pool_map(pool, fail_with_number, POOL_IN(items, 3), POOL_NONE), POOL_ECLOSED);
    assert_tells_only(pool, POOL_ECLOSED);
    assert_tells_only(NULL, POOL_ENOPOOL);
}

static void map_from_a_callback(pool_future_t *future, void *pool)
{
    (void)future;
    pool_map(pool, fail_with_number, POOL_RANGE(3), POOL_NONE);
}

static void a_call_in_a_callback_says_that_it_may_not_wait(void **state)
{
    int items[3] = {0, 1, 2};
    pool_future_t *future;
    (void)state;
    pool_t *pool = world_pool(1);
    pool_map_options_t options = {.callback = map_from_a_callback, .context = pool};
    assert_int_equal(pool_map(pool, fail_with_number, POOL_IN(items, 3), POOL_NONE), 3);
    assert_int_equal(
        pool_map_async(pool, work_nothing, POOL_RANGE(1), POOL_NONE, &options, &future), 0);
    assert_int_equal(pool_future_get(future, -1), 0);
    pool_future_free(future);
    assert_tells_only(pool, POOL_EBUSY);
}

/* In a forked copy of the host. Returns 0 if the copy knows the host's errors until it makes a call
 * itself, which is refused. */
static int ask_in_a_copy(pool_t *pool)
{
    char *text = NULL;
    size_t size;
    if (pool_errors(pool, NULL) != 3)
        return 1;
    if (pool_map(pool, fail_with_number, POOL_RANGE(3), POOL_NONE) != POOL_EFORKED)
        return 2;
    if (pool_errors(pool, NULL) != 0)
        return 3;
    FILE *stream = open_memstream(&text, &size);
    pool_print_errors(pool, stream);
    fclose(stream);
    bool right = strstr(text, "POOL_EFORKED") && !strstr(text, "items failed");
    free(text);
    return right ? 0 : 4;
}

static void a_copy_of_the_host_says_that_it_is_one(void **state)
{
    int items[3] = {0, 1, 2}, status;
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, fail_with_number, POOL_IN(items, 3), POOL_NONE), 3);
    pid_t copy = fork();
    if (copy == 0)
        _exit(ask_in_a_copy(pool));
    assert_int_equal(waitpid(copy, &status, 0), copy);
    assert_int_equal(status, 0);
    check_all_failed(pool, 3);
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
        WORLD_TEST(a_refused_call_has_no_errors_but_its_code),
        WORLD_TEST(a_pool_that_takes_no_calls_says_so),
        WORLD_TEST(a_call_in_a_callback_says_that_it_may_not_wait),
        WORLD_TEST(a_copy_of_the_host_says_that_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
