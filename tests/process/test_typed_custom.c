/* Custom types whose functions crash, exit, fail or write nonsense, wherever they run: in the worker
 * and on the host's side. Each costs its item only, and the pool works on. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 24, MIB = 1 << 20 };

/* When an item does its deed. */
enum moment {
    NEVER,
    PACKING_ITEM,
    UNPACKING_ITEM,
    IN_FUNCTION,
    PACKING_RESULT,
    RELEASING_RESULT, /* in the worker, when it has been packed */
    UNPACKING_RESULT,
    MOMENTS
};

static const char *const messages[MOMENTS] = {
    [PACKING_ITEM] = "the item could not be packed",
    [UNPACKING_ITEM] = "the item could not be unpacked",
    [PACKING_RESULT] = "the result could not be packed",
    [UNPACKING_RESULT] = "the result could not be unpacked",
};

/* The item, and the result. */
struct cargo {
    enum moment moment;
    int (*deed)(pool_writer_t *writer, pool_reader_t *reader);
    bool is_result;
    int number;
    char *text;
};

static bool in_worker; /* not in the host, and not in its copies */

static int begin_worker(void *unused, void **state, pool_task_t *task)
{
    (void)unused;
    (void)state;
    (void)task;
    in_worker = true;
    return 0;
}

static int act(const struct cargo *cargo, enum moment moment, pool_writer_t *writer,
               pool_reader_t *reader)
{
    bool there = moment == PACKING_ITEM || moment == UNPACKING_RESULT ? !in_worker : in_worker;
    return cargo->moment == moment && there ? cargo->deed(writer, reader) : 0;
}

/* ---- The type ---- */

static int pack_cargo(const void *value, pool_writer_t *writer)
{
    const struct cargo *cargo = value;
    int error = pool_write(writer, cargo, offsetof(struct cargo, text));
    if (!error)
        error = act(cargo, cargo->is_result ? PACKING_RESULT : PACKING_ITEM, writer, NULL);
    return error ? error : pool_write_value(writer, &pool_type_text, &cargo->text);
}

static int unpack_cargo(void *value, pool_reader_t *reader)
{
    struct cargo *cargo = value;
    int error = pool_read(reader, cargo, offsetof(struct cargo, text));
    if (!error)
        error = act(cargo, cargo->is_result ? UNPACKING_RESULT : UNPACKING_ITEM, NULL, reader);
    return error ? error : pool_read_value(reader, &pool_type_text, &cargo->text);
}

static void release_cargo(void *value)
{
    struct cargo *cargo = value;
    act(cargo, RELEASING_RESULT, NULL, NULL);
    free(cargo->text);
}

static const pool_type_t cargo_type = {.name = "cargo",
                                       .kind = POOL_KIND_CUSTOM,
                                       .size = sizeof(struct cargo),
                                       .pack = pack_cargo,
                                       .unpack = unpack_cargo,
                                       .release = release_cargo};

static int carry(const void *item, void *result, pool_task_t *task)
{
    const struct cargo *in = item;
    struct cargo *out = result;
    (void)task;
    *out = *in;
    out->is_result = true;
    out->number = 3 * in->number;
    out->text = strdup(in->text);
    int code = act(in, IN_FUNCTION, NULL, NULL);
    if (code)
        free(out->text);
    return code;
}

/* ---- Deeds ---- */

static int crash(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return raise(SIGSEGV);
}

static int be_killed(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return raise(SIGKILL);
}

static int give_up(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    abort();
}

static int leave(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    exit(3);
}

static int leave_with_success(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    _exit(0);
}

static void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* The process has another thread then, and would go on. */
static int end_first_of_two_threads(pool_writer_t *writer, pool_reader_t *reader)
{
    pthread_t thread;
    (void)writer;
    (void)reader;
    int error = pthread_create(&thread, NULL, wait_for_ever, NULL);
    if (!error)
        pthread_exit(NULL);
    return error;
}

static int refuse(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return -EIO;
}

static int say_why(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return EXDEV;
}

static int code_to_say; /* on the host's side */

static int say(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return code_to_say;
}

static int write_beyond_memory(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)reader;
    return pool_write(writer, "", (size_t)1 << 46);
}

static int write_beyond_numbers(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)reader;
    int error = pool_write(writer, "", SIZE_MAX - 7);
    return error ? error : pool_write(writer, "", SIZE_MAX - 7);
}

/* When there is room for what it wrote first, it writes more. */
static int write_more_each_time(pool_writer_t *writer, pool_reader_t *reader)
{
    static const char bytes[MIB];
    static int times;
    (void)reader;
    int error = 0;
    times++;
    for (int i = 0; i < times && !error; i++)
        error = pool_write(writer, bytes, sizeof bytes);
    return error;
}

static int read_too_much(pool_writer_t *writer, pool_reader_t *reader)
{
    char bytes[100];
    (void)writer;
    while (pool_read_left(reader) >= sizeof bytes)
        pool_read(reader, bytes, sizeof bytes);
    return pool_read(reader, bytes, sizeof bytes);
}

/* ---- What becomes of them ---- */

struct fate {
    enum moment moment;
    int (*deed)(pool_writer_t *writer, pool_reader_t *reader);
    pool_error_kind_t kind;
    int code;
};

/* Whatever dies dies alike at every moment. */
static const struct fate deaths[] = {
    {NEVER, crash, POOL_CRASHED, SIGSEGV},       {NEVER, be_killed, POOL_CRASHED, SIGKILL},
    {NEVER, give_up, POOL_CRASHED, SIGABRT},     {NEVER, leave, POOL_EXITED, 3},
    {NEVER, leave_with_success, POOL_EXITED, 0},
};

static const struct fate failures[] = {
    {PACKING_ITEM, refuse, POOL_FAILED, -EIO},
    {PACKING_ITEM, say_why, POOL_FAILED, EXDEV},
    {PACKING_ITEM, write_beyond_numbers, POOL_FAILED, -EOVERFLOW},
    {UNPACKING_ITEM, refuse, POOL_FAILED, -EIO},
    {UNPACKING_ITEM, say_why, POOL_FAILED, EXDEV},
    {UNPACKING_ITEM, read_too_much, POOL_FAILED, -EBADMSG},
    {IN_FUNCTION, refuse, POOL_FAILED, -EIO},
    {PACKING_RESULT, refuse, POOL_FAILED, -EIO},
    {PACKING_RESULT, say_why, POOL_FAILED, EXDEV},
    {PACKING_RESULT, write_beyond_memory, POOL_FAILED, -ENOMEM},
    {PACKING_RESULT, write_beyond_numbers, POOL_FAILED, -EOVERFLOW},
    {PACKING_RESULT, write_more_each_time, POOL_FAILED, -ENOMEM},
    {UNPACKING_RESULT, refuse, POOL_CORRUPT, -EIO},
    {UNPACKING_RESULT, say_why, POOL_CORRUPT, EXDEV},
    {UNPACKING_RESULT, read_too_much, POOL_CORRUPT, -EBADMSG},
};

static const struct {
    size_t place, chunksize;
} cases[] = {{COUNT / 2, 1}, {COUNT / 3, COUNT}, {COUNT - 1, 7}, {0, 0}};

static char *const words[] = {"", "a", "hundredweight", "of", "tin"};

/* No other item suffers, and the element of this one is zeroed. */
static void check_cargo(const struct cargo *results, size_t place)
{
    static const struct cargo none;
    for (size_t i = 0; i < COUNT; i++) {
        if (i == place) {
            assert_memory_equal(&results[i], &none, sizeof none);
            continue;
        }
        assert_int_equal(results[i].number, 3 * i);
        assert_string_equal(results[i].text, words[i % 5]);
    }
}

static void check_fate(pool_t *pool, const struct fate *fate, size_t place, size_t chunksize)
{
    struct cargo items[COUNT], results[COUNT];
    const pool_map_options_t options = {.chunksize = chunksize};
    memset(items, 0, sizeof items);
    memset(results, 0xee, sizeof results);
    for (size_t i = 0; i < COUNT; i++) {
        items[i].number = (int)i;
        items[i].text = words[i % 5];
    }
    items[place].moment = fate->moment;
    items[place].deed = fate->deed;
    assert_int_equal(pool_map_with(pool, carry, POOL_IN_AS(items, COUNT, &cargo_type),
                                   POOL_OUT_AS(results, &cargo_type), &options),
                     1);
    outcome_is(pool, place, fate->kind, fate->code);
    if (fate->moment != IN_FUNCTION && fate->kind != POOL_CRASHED && fate->kind != POOL_EXITED)
        assert_non_null(strstr(outcome_of(pool, place)->message, messages[fate->moment]));
    check_cargo(results, place);
    pool_release(&cargo_type, results, COUNT);
}

static void check_everywhere(const struct fate *fate)
{
    pool_options_t options = {.processes = 2, .initializer = begin_worker};
    pool_t *pool = world_pool_with(&options);
    size_t count = sizeof cases / sizeof cases[0] / (deadline_slowness() > 1 ? 2 : 1);
    for (size_t i = 0; i < count; i++)
        check_fate(pool, fate, cases[i].place, cases[i].chunksize);
    bool replaces = fate->kind == POOL_CRASHED || fate->kind == POOL_EXITED;
    if (fate->moment == PACKING_ITEM || fate->moment == UNPACKING_RESULT)
        replaces = false; /* a copy of the host died, no worker */
    assert_true(outcome_replaced(pool, replaces ? count : 0));
    outcome_pool_works(pool);
    world_free(pool);
}

static void check_deaths(enum moment moment)
{
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        struct fate fate = deaths[i];
        fate.moment = moment;
        check_everywhere(&fate);
    }
}

/* In a copy of the host, which would go on with its other thread. */
static void the_end_of_a_thread_in_the_host_costs_one_item(void **state)
{
    static const struct fate fates[] = {
        {PACKING_ITEM, end_first_of_two_threads, POOL_EXITED, 0},
        {UNPACKING_RESULT, end_first_of_two_threads, POOL_EXITED, 0},
    };
    (void)state;
    if (deadline_valgrind())
        skip(); /* it finds a leak then */
    check_everywhere(&fates[0]);
    check_everywhere(&fates[1]);
}

static void deaths_while_an_item_is_packed(void **state)
{
    (void)state;
    check_deaths(PACKING_ITEM);
}

static void deaths_while_an_item_is_unpacked(void **state)
{
    (void)state;
    check_deaths(UNPACKING_ITEM);
}

static void deaths_in_the_function(void **state)
{
    (void)state;
    check_deaths(IN_FUNCTION);
}

static void deaths_while_a_result_is_packed(void **state)
{
    (void)state;
    check_deaths(PACKING_RESULT);
}

static void deaths_after_a_result_was_packed(void **state)
{
    (void)state;
    check_deaths(RELEASING_RESULT);
}

static void deaths_while_a_result_is_unpacked(void **state)
{
    (void)state;
    check_deaths(UNPACKING_RESULT);
}

/* Whatever they mean within the library. */
static void all_codes_are_those_of_the_item(void **state)
{
    static const int codes[] = {-ENOBUFS, -ENOMEM, -EAGAIN, INT_MIN, INT_MIN + 1, INT_MIN + 2,
                                INT_MAX,  -1,      1,       2,       3,           4};
    pool_options_t options = {.processes = 2, .initializer = begin_worker};
    pool_t *pool = world_pool_with(&options);
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        code_to_say = codes[i];
        check_fate(pool, &(struct fate){PACKING_ITEM, say, POOL_FAILED, codes[i]}, i,
                   i % 2 ? 0 : 7);
        check_fate(pool, &(struct fate){UNPACKING_RESULT, say, POOL_CORRUPT, codes[i]}, i, 7);
    }
    world_free(pool);
}

static void deaths_in_a_host_that_ignores_its_children(void **state)
{
    (void)state;
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    check_deaths(PACKING_ITEM);
    check_deaths(UNPACKING_RESULT);
    signal(SIGCHLD, before);
}

static void failures_at_any_moment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        check_everywhere(&failures[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_end_of_a_thread_in_the_host_costs_one_item),
        WORLD_TEST(deaths_while_an_item_is_packed),
        WORLD_TEST(deaths_while_an_item_is_unpacked),
        WORLD_TEST(deaths_in_the_function),
        WORLD_TEST(deaths_while_a_result_is_packed),
        WORLD_TEST(deaths_after_a_result_was_packed),
        WORLD_TEST(deaths_while_a_result_is_unpacked),
        WORLD_TEST(all_codes_are_those_of_the_item),
        WORLD_TEST(deaths_in_a_host_that_ignores_its_children),
        WORLD_TEST_WITHIN(failures_at_any_moment, 40),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
