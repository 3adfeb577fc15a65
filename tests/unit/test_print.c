/* Errors as a member reads them: a line each, whatever bytes a worker has put into its message. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/job/report.h"
#include "host/pool.h"
#include "host/stream/encode.h"
#include "unit/unit.h"

/* What pool_print_errors() prints; to be freed. */
static char *print(const struct pool *pool)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    pool_print_errors(pool, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

/* What is printed of this error alone, of 10 items. */
static char *print_one(const pool_error_t *error)
{
    struct pool pool = {.items = 10};
    pool__report_add(&pool.report, error);
    char *text = print(&pool);
    pool__report_clear(&pool.report);
    return text;
}

static void assert_line(const pool_error_t *error, const char *line)
{
    char expected[512];
    char *text = print_one(error);
    snprintf(expected, sizeof expected, "1 of 10 items failed:\n  %s\n", line);
    assert_string_equal(text, expected);
    free(text);
}

/* ---- One line ---- */

static void every_kind_has_its_line(void **test)
{
    (void)test;
    static const struct {
        pool_error_t error;
        const char *line;
    } cases[] = {
        {{.index = 3, .kind = POOL_FAILED, .code = 1000, .message = ""},
         "item 3 failed with code 1000"},
        {{.index = 4, .kind = POOL_CRASHED, .code = SIGSEGV, .message = "stack overflow"},
         "item 4 crashed with SIGSEGV: stack overflow"},
        {{.index = 5, .kind = POOL_EXITED, .code = 3, .message = ""},
         "item 5 exited with status 3"},
        {{.index = 6, .kind = POOL_LOST, .code = POOL_EBROKEN, .message = "why"},
         "item 6 was lost: why"},
        {{.index = 7, .kind = POOL_CORRUPT, .code = -EBADMSG, .message = "overwritten"},
         "item 7 has a corrupt result: overwritten"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_line(&cases[i].error, cases[i].line);
}

static void place_and_worker_follow_the_message(void **test)
{
    (void)test;
    pool_error_t error = {.index = 1,
                          .kind = POOL_FAILED,
                          .code = 1000,
                          .message = "bad weather",
                          .file = "src/x.c",
                          .line = 12,
                          .worker = 3,
                          .pid = 4567};
    assert_line(&error, "item 1 failed with code 1000: bad weather at src/x.c:12"
                        " [worker 3, pid 4567]");
    error.pid = 0;
    assert_line(&error, "item 1 failed with code 1000: bad weather at src/x.c:12");
    error.file = NULL;
    assert_line(&error, "item 1 failed with code 1000: bad weather");
}

static void errno_values_of_either_sign_are_named(void **test)
{
    (void)test;
    pool_error_t error = {.kind = POOL_FAILED, .code = ENOENT, .message = ""};
    assert_line(&error, "item 0 failed with ENOENT (2, No such file or directory)");
    error.code = -ENOENT;
    assert_line(&error, "item 0 failed with ENOENT (-2, No such file or directory)");
}

static void codes_of_any_size_are_printed(void **test)
{
    (void)test;
    static const int codes[] = {0, 4095, -4095, 5001, INT_MAX, INT_MIN + 1, INT_MIN};
    for (size_t i = 0; i < COUNT(codes); i++) {
        char line[64];
        pool_error_t error = {.kind = POOL_FAILED, .code = codes[i], .message = ""};
        snprintf(line, sizeof line, "item 0 failed with code %d", codes[i]);
        assert_line(&error, line);
    }
}

static void signals_of_any_number_are_printed(void **test)
{
    (void)test;
    static const int numbers[] = {0, -1, 65, INT_MAX, INT_MIN};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char line[64];
        pool_error_t error = {.kind = POOL_CRASHED, .code = numbers[i], .message = ""};
        snprintf(line, sizeof line, "item 0 crashed with signal %d", numbers[i]);
        assert_line(&error, line);
    }
}

/* ---- Hostile bytes ---- */

static void every_control_character_is_escaped(void **test)
{
    (void)test;
    for (int c = 1; c < 128; c++) {
        char message[] = {'<', (char)c, '>', '\0'}, escaped[16], line[128];
        snprintf(escaped, sizeof escaped, c >= 0x20 && c != 0x7f ? "%c" : "\\x%02x", c);
        if (c == '\n' || c == '\t')
            snprintf(escaped, sizeof escaped, "%s", c == '\n' ? "\\n" : "\\t");
        pool_error_t error = {.kind = POOL_LOST, .message = message, .file = message, .line = 1};
        snprintf(line, sizeof line, "item 0 was lost: <%s> at <%s>:1", escaped, escaped);
        assert_line(&error, line);
    }
}

/* How many bytes a character of UTF-8 takes at `text`; 0 when none begins there. */
static size_t character(const unsigned char *text)
{
    size_t size = text[0] < 0x80   ? 1
                  : text[0] < 0xc2 ? 0
                  : text[0] < 0xe0 ? 2
                  : text[0] < 0xf0 ? 3
                                   : 4;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return text[0] < 0xf5 ? size : 0;
}

/* Whether a terminal, of UTF-8 or of 8 bits, could take a byte of this for the beginning of a command:
 * U+0080 to U+009F, or one of these as a byte of its own. */
static bool commands(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    for (size_t size; *c; c += size ? size : 1) {
        size = character(c);
        if ((size == 0 && *c >= 0x80 && *c < 0xa0) || (size == 2 && *c == 0xc2 && c[1] < 0xa0))
            return true;
    }
    return false;
}

static void control_characters_beyond_ascii_are_escaped(void **test)
{
    (void)test;
    static const char *const messages[] = {
        "\xc2\x9b", "\x9b",     "<\x9b>",       "\x90\x9b",          "\xff\x9b",    "\xc3\xa9\x9b",
        "\xe2\x9b", "\xc2\x80", "\xc2\x9f\x9f", "\xf0\x9f\x9b<\x85", "\xc2\xc2\x9b"};
    for (size_t i = 0; i < COUNT(messages); i++) {
        pool_error_t error = {.kind = POOL_LOST, .message = messages[i]};
        char *text = print_one(&error);
        bool bare = commands(text);
        free(text);
        assert_true(commands(messages[i]));
        assert_false(bare);
    }
}

/* Longer than it has to be, a surrogate, beyond the last character: a terminal that is lenient could take
 * the first two for a command. */
static void what_is_no_utf_8_is_escaped(void **test)
{
    (void)test;
    static const char *const messages[] = {"\xe0\x82\x9b", "\xf0\x80\x82\x9b", "\xed\xa0\x80",
                                           "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < COUNT(messages); i++) {
        pool_error_t error = {.kind = POOL_LOST, .message = messages[i]};
        char *text = print_one(&error);
        size_t bare = 0;
        for (const char *c = text; *c; c++)
            bare += (unsigned char)*c >= 0x80;
        free(text);
        assert_int_equal(bare, 0);
    }
}

static void other_text_is_left_as_it_is(void **test)
{
    (void)test;
    static const char *const messages[] = {"100% \"quoted\" %s %n", "caf\xc3\xa9",
                                           "\xc3\x9bsel",           "\xe2\x82\xac",
                                           "\xf0\x9f\x9b\xb6",      "\xc2\xa0"};
    for (size_t i = 0; i < COUNT(messages); i++) {
        char line[64];
        pool_error_t error = {.kind = POOL_LOST, .message = messages[i]};
        snprintf(line, sizeof line, "item 0 was lost: %s", messages[i]);
        assert_line(&error, line);
    }
}

/* ---- To a buffer ---- */

static void the_text_of_one_error_is_its_line_without_the_item(void **test)
{
    (void)test;
    char text[100], small[8];
    pool_error_t error = {.index = 4, .kind = POOL_CRASHED, .code = SIGBUS, .message = "a\nb"};
    const char *expected = "crashed with SIGBUS: a\\nb";
    int length = (int)strlen(expected);
    assert_int_equal(pool_error_text(&error, text, sizeof text), length);
    assert_string_equal(text, expected);
    assert_int_equal(pool_error_text(&error, small, sizeof small), length);
    assert_string_equal(small, "crashed");
    memset(small, 'x', sizeof small);
    assert_int_equal(pool_error_text(&error, small, 1), length);
    assert_int_equal(small[0], '\0');
    assert_int_equal(small[1], 'x');
    assert_int_equal(pool_error_text(&error, NULL, 0), length);
    assert_int_equal(pool_error_text(&error, text, (size_t)length + 1), length);
    assert_string_equal(text, expected);
}

static void text_of_nothing_or_into_nothing_is_refused(void **test)
{
    (void)test;
    char text[8] = "before";
    pool_error_t error = {.kind = POOL_LOST, .message = ""};
    assert_int_equal(pool_error_text(NULL, text, sizeof text), -EINVAL);
    assert_int_equal(pool_error_text(&error, NULL, 1), -EINVAL);
    assert_string_equal(text, "before");
}

/* ---- Many ---- */

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

static char *print_many(size_t count, size_t dropped)
{
    struct pool pool = {.items = 1000};
    for (size_t i = 0; i < count; i++) {
        pool_error_t error = {.index = i, .kind = POOL_LOST, .message = "line\nbreak"};
        pool__report_add(&pool.report, &error);
    }
    pool.report.dropped = dropped;
    char *text = print(&pool);
    pool__report_clear(&pool.report);
    return text;
}

static void at_most_20_are_printed_and_the_rest_counted(void **test)
{
    (void)test;
    char *text = print_many(20, 0);
    assert_int_equal(count_lines(text), 21);
    assert_memory_equal(text, "20 of 1000 items failed:\n", 25);
    assert_null(strstr(text, "more"));
    free(text);
    text = print_many(21, 0);
    assert_int_equal(count_lines(text), 22);
    assert_non_null(strstr(text, "  item 19 was lost"));
    assert_null(strstr(text, "  item 20 was lost"));
    assert_non_null(strstr(text, "\n  and 1 more\n"));
    free(text);
}

static void errors_without_memory_are_counted_as_well(void **test)
{
    (void)test;
    char *text = print_many(2, 5);
    assert_memory_equal(text, "7 of 1000 items failed:\n", 24);
    assert_non_null(strstr(text, "\n  and 5 that were not kept\n"));
    free(text);
}

static void there_may_have_been_no_memory_for_any_error(void **test)
{
    (void)test;
    char *text = print_many(0, 5);
    bool told = strstr(text, "5 of 1000 items failed") != NULL;
    free(text);
    assert_true(told);
}

static void without_errors_nothing_is_printed(void **test)
{
    (void)test;
    struct pool pool = {.items = 10};
    char *text = print(&pool);
    assert_string_equal(text, "");
    free(text);
}

static void assert_of_code(int code, const char *expected)
{
    struct pool pool = {.items = 10, .code = code};
    char *text = print(&pool);
    assert_string_equal(text, expected);
    free(text);
}

static void the_code_of_a_call_is_a_sentence(void **test)
{
    (void)test;
    assert_of_code(POOL_EITEMSIZE,
                   "the call failed with POOL_EITEMSIZE: the size of an item is 0: was it "
                   "passed through a void pointer?\n");
    assert_of_code(-ENOMEM, "the call failed with ENOMEM: Cannot allocate memory\n");
    assert_of_code(-99999, "the call failed with code -99999\n");
    char *text = print(NULL);
    assert_string_equal(text, "the call failed with POOL_ENOPOOL: the pool is NULL\n");
    free(text);
}

static void the_code_comes_before_the_errors_of_items(void **test)
{
    (void)test;
    struct pool pool = {.items = 10, .code = POOL_EBROKEN};
    pool_error_t error = {.index = 1, .kind = POOL_LOST, .message = "why"};
    pool__report_add(&pool.report, &error);
    char *text = print(&pool),
         *items = strstr(text, "1 of 10 items failed:\n  item 1 was lost: why\n");
    assert_memory_equal(text, "the call failed with POOL_EBROKEN: ", 35);
    assert_non_null(items);
    assert_int_equal(items[-1], '\n');
    free(text);
    pool__report_clear(&pool.report);
}

static void without_a_stream_nothing_happens(void **test)
{
    (void)test;
    struct pool pool = {.items = 10};
    pool_error_t error = {.kind = POOL_LOST, .message = ""};
    pool__report_add(&pool.report, &error);
    pool_print_errors(&pool, NULL);
    pool__report_clear(&pool.report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_line),
        cmocka_unit_test(place_and_worker_follow_the_message),
        cmocka_unit_test(errno_values_of_either_sign_are_named),
        cmocka_unit_test(codes_of_any_size_are_printed),
        cmocka_unit_test(signals_of_any_number_are_printed),
        cmocka_unit_test(every_control_character_is_escaped),
        cmocka_unit_test(control_characters_beyond_ascii_are_escaped),
        cmocka_unit_test(what_is_no_utf_8_is_escaped),
        cmocka_unit_test(other_text_is_left_as_it_is),
        cmocka_unit_test(the_text_of_one_error_is_its_line_without_the_item),
        cmocka_unit_test(text_of_nothing_or_into_nothing_is_refused),
        cmocka_unit_test(at_most_20_are_printed_and_the_rest_counted),
        cmocka_unit_test(errors_without_memory_are_counted_as_well),
        cmocka_unit_test(there_may_have_been_no_memory_for_any_error),
        cmocka_unit_test(without_errors_nothing_is_printed),
        cmocka_unit_test(the_code_of_a_call_is_a_sentence),
        cmocka_unit_test(the_code_comes_before_the_errors_of_items),
        cmocka_unit_test(without_a_stream_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
