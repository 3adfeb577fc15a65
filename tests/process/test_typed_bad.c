/* Types, functions and arrays that make no sense: each has its own code, nothing is run, and the pool
 * goes on. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

struct row {
    char *text;
    int numbers[2];
    int count;
    int *counted;
};
POOL_STRUCT(row, (text), (numbers), (counted, counted_by, count));

static struct ledger *runs;

static int run(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    ledger_mark(runs, 0);
    return 0;
}

static pool_t *fresh_pool(void)
{
    runs = ledger_make(1);
    return world_pool(1);
}

/* ---- Types ---- */

/* Asserts that neither items nor results may be of this type, as which `size` bytes are said to be. */
static void refuse_sized(pool_t *pool, const pool_type_t *type, size_t size)
{
    char items[256], results[256];
    int plain[2] = {1, 2};
    memset(items, 0, sizeof items);
    memset(results, 0x77, sizeof results);
    assert_int_equal(pool_map(pool, run, pool_in(items, 2, size, type), POOL_NONE), POOL_ETYPE);
    assert_int_equal(pool_map(pool, run, POOL_IN(plain, 2), pool_out(results, size, type)),
                     POOL_ETYPE);
    assert_int_equal(results[0], 0x77);
    assert_int_equal(ledger_total(runs), 0);
}

static void refuse(pool_t *pool, const pool_type_t *type)
{
    refuse_sized(pool, type, sizeof(struct row));
}

static pool_type_t in_static_memory; /* what tests write into it is as static as can be */
static pool_field_t fields_in_static_memory[3];

/* A copy of the row's type that tests may spoil: its third field is the counted one. */
static pool_type_t *copy_of_type(void)
{
    memcpy(fields_in_static_memory, row_type.fields, sizeof fields_in_static_memory);
    in_static_memory = row_type;
    in_static_memory.fields = fields_in_static_memory;
    return &in_static_memory;
}

static void a_copy_of_a_type_is_a_type(void **state)
{
    struct row rows[2] = {{.text = NULL}, {.text = NULL}};
    (void)state;
    const pool_type_t *type =
        copy_of_type(); /* before there are workers, who have it as it is now */
    pool_t *pool = fresh_pool();
    assert_int_equal(pool_map(pool, run, POOL_IN_AS(rows, 2, type), POOL_NONE), 0);
    assert_int_equal(ledger_total(runs), 2);
}

static void types_must_be_static(void **state)
{
    pool_type_t on_stack = row_type;
    pool_type_t *from_malloc = world_alloc(1, sizeof *from_malloc);
    pool_field_t fields_on_stack[3];
    (void)state;
    pool_t *pool = fresh_pool();
    *from_malloc = row_type;
    memcpy(fields_on_stack, row_type.fields, sizeof fields_on_stack);
    refuse(pool, &on_stack);
    refuse(pool, from_malloc);
    refuse(pool, NULL);
    pool_type_t *type = copy_of_type();
    type->fields = fields_on_stack;
    refuse(pool, type);
    type->fields = NULL;
    refuse(pool, type);
    type = copy_of_type();
    on_stack = pool_type_text;
    fields_in_static_memory[0].type = &on_stack;
    refuse(pool, type);
    fields_in_static_memory[0].type = NULL;
    refuse(pool, type);
    outcome_pool_works(pool);
}

static void sizes_must_fit(void **state)
{
    (void)state;
    pool_t *pool = fresh_pool();
    refuse_sized(pool, &row_type, sizeof(struct row) - 1);
    refuse_sized(pool, &row_type, sizeof(struct row) + 8);
    refuse_sized(pool, &pool_type_text, 1);
    refuse_sized(pool, &pool_type_bytes, sizeof(char *));
    pool_type_t *type = copy_of_type();
    fields_in_static_memory[0].size = 4; /* of a text */
    refuse(pool, type);
    type = copy_of_type();
    fields_in_static_memory[0].type = &row_type; /* which is larger than a text */
    refuse(pool, type);
    in_static_memory = pool_type_text;
    in_static_memory.size = 4;
    refuse_sized(pool, &in_static_memory, 4);
    in_static_memory = pool_type_bytes;
    in_static_memory.size = 8;
    refuse_sized(pool, &in_static_memory, 8);
    outcome_pool_works(pool);
}

/* Asserts that the type with this instead of its field of that number is refused. */
static void refuse_field(pool_t *pool, int number, pool_field_t field)
{
    pool_type_t *type = copy_of_type();
    fields_in_static_memory[number] = field;
    refuse(pool, type);
}

static void fields_must_lie_in_their_struct(void **state)
{
    const pool_field_t text = row_type.fields[0], counted = row_type.fields[2];
    const size_t end = sizeof(struct row);
    (void)state;
    pool_t *pool = fresh_pool();
    const size_t outside[] = {end - 7, end, end + 8, SIZE_MAX - 7, SIZE_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        pool_field_t field = text;
        field.offset = outside[i];
        refuse_field(pool, 0, field);
        field = counted;
        field.offset = outside[i];
        refuse_field(pool, 2, field);
        field = counted;
        field.count_offset = outside[i] == end - 7 ? end - 3 : outside[i];
        refuse_field(pool, 2, field);
    }
    pool_field_t many = text;
    many.count = 100;
    refuse_field(pool, 0, many);
    many.count = SIZE_MAX / 8 + 2; /* times 8 it is 8 */
    refuse_field(pool, 0, many);
    outcome_pool_works(pool);
}

static void fields_must_make_sense(void **state)
{
    pool_field_t numbers = row_type.fields[1], counted = row_type.fields[2];
    (void)state;
    pool_t *pool = fresh_pool();
    numbers.size = 0;
    refuse_field(pool, 1, numbers);
    counted.size = 0;
    refuse_field(pool, 2, counted);
    counted = row_type.fields[2];
    counted.count_size = 0;
    refuse_field(pool, 2, counted);
    counted.count_size = 9;
    refuse_field(pool, 2, counted);
    outcome_pool_works(pool);
}

static int pack_nothing(const void *value, pool_writer_t *writer)
{
    (void)value;
    (void)writer;
    return 0;
}

static int unpack_nothing(void *value, pool_reader_t *reader)
{
    (void)value;
    (void)reader;
    return 0;
}

static void refuse_changed(pool_t *pool, pool_type_t type)
{
    in_static_memory = type;
    refuse(pool, &in_static_memory);
}

static void kinds_must_be_whole(void **state)
{
    const pool_type_t custom = {.kind = POOL_KIND_CUSTOM,
                                .size = sizeof(struct row),
                                .pack = pack_nothing,
                                .unpack = unpack_nothing};
    static char data[16];
    (void)state;
    pool_t *pool = fresh_pool();
    pool_type_t type = row_type;
    type.field_count = 0;
    refuse_changed(pool, type);
    type.kind = (pool_kind_t)99;
    refuse_changed(pool, type);
    type.kind = (pool_kind_t)-1;
    refuse_changed(pool, type);
    type = custom;
    type.pack = NULL;
    refuse_changed(pool, type);
    type = custom;
    type.unpack = NULL;
    refuse_changed(pool, type);
    type = custom;
    void *no_code = data;
    memcpy(&type.pack, &no_code, sizeof no_code);
    refuse_changed(pool, type);
    type = custom;
    no_code = &type;
    memcpy(&type.release, &no_code, sizeof no_code);
    refuse_changed(pool, type);
    outcome_pool_works(pool);
}

/* ---- A library loaded later: a copy of this one ---- */

static void *load_copy(char *path)
{
    Dl_info info;
    char command[8192];
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    assert_true(dladdr((void *)(uintptr_t)pool_cpu_count, &info) != 0);
    if (!strstr(info.dli_fname, ".so"))
        return NULL; /* linked statically */
    snprintf(command, sizeof command, "cp '%s' '%s'", info.dli_fname, path);
    assert_int_equal(system(command), 0);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    return library;
}

static void types_of_a_library_loaded_later_are_refused(void **state)
{
    char path[] = "/tmp/procpool-test-XXXXXX", *texts[] = {NULL, NULL};
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it takes the second library for a mistake */
#endif
    pool_t *pool = fresh_pool();
    void *library = load_copy(path);
    unlink(path);
    if (!library)
        skip();
    const pool_type_t *type = dlsym(library, "pool_type_text");
    assert_int_equal(type->kind, POOL_KIND_TEXT);
    assert_ptr_not_equal(type, &pool_type_text);
    refuse_sized(pool, type, sizeof(char *));
    assert_int_equal(pool_map(world_pool(1), run, POOL_IN_AS(texts, 2, type), POOL_NONE), 0);
    dlclose(library);
}

/* ---- Functions and arrays ---- */

static int add(int a, int b)
{
    ledger_mark(runs, 0);
    return a + b;
}
POOL_FUNCTION(add, int, (int, a), (int, b));

static void mark(int a)
{
    (void)a;
    ledger_mark(runs, 0);
}
POOL_FUNCTION(mark, void, (int, a));

/* What a map of rows gives with a function that differs from add's. */
static int map_with(pool_t *pool, pool_callable_t changed)
{
    static pool_callable_t callable;
    struct add_args rows[2] = {{1, 2}, {3, 4}};
    int results[2];
    callable = changed;
    return (pool_starmap)(pool, &callable, rows, 2, results);
}

static void functions_must_make_sense(void **state)
{
    const pool_callable_t good = add_function.callable;
    pool_callable_t bad = good;
    struct add_args rows[2] = {{1, 2}, {3, 4}};
    int results[2];
    (void)state;
    pool_t *pool = fresh_pool();
    assert_int_equal((pool_starmap)(pool, NULL, rows, 2, results), POOL_ENOFUNCTION);
    assert_int_equal(pool_map_callable(pool, NULL, POOL_IN(rows, 2), POOL_OUT(results)),
                     POOL_ENOFUNCTION);
    assert_int_equal((pool_starmap)(pool, &bad, rows, 2, results), POOL_EUNKNOWN); /* on a stack */
    bad.magic++;
    assert_int_equal(map_with(pool, bad), POOL_ENOFUNCTION);
    bad = good;
    bad.call = NULL;
    assert_int_equal(map_with(pool, bad), POOL_ENOFUNCTION);
    void *no_code = &in_static_memory;
    memcpy(&bad.call, &no_code, sizeof no_code);
    assert_int_equal(map_with(pool, bad), POOL_EUNKNOWN);
    bad = good;
    bad.args = NULL;
    assert_true(map_with(pool, bad) < 0);
    bad = good;
    bad.result = NULL;
    assert_int_equal(map_with(pool, bad), POOL_ETYPE);
    assert_int_equal(ledger_total(runs), 0);
    assert_int_equal(map_with(pool, good), 0);
    outcome_pool_works(pool);
}

static void arrays_must_be_there(void **state)
{
    struct add_args rows[2] = {{1, 2}, {3, 4}};
    int results[2], one_more[3];
    (void)state;
    pool_t *pool = fresh_pool();
    const pool_callable_t *function = &add_function.callable;
    assert_int_equal((pool_starmap)(NULL, function, rows, 2, results), POOL_ENOPOOL);
    assert_int_equal((pool_starmap)(pool, function, NULL, 2, results), POOL_ENODATA);
    assert_int_equal((pool_starmap)(pool, function, rows, 2, NULL), POOL_ENODATA);
    assert_int_equal((pool_starmap)(pool, function, rows, SIZE_MAX / 2, results), POOL_EOVERFLOW);
    assert_int_equal(pool_map(pool, &add_function, POOL_IN(rows, 2), POOL_NONE), POOL_ETYPE);
    assert_int_equal(pool_map(pool, &add_function, POOL_IN(results, 2), POOL_OUT(one_more)),
                     POOL_ETYPE);
    assert_true(pool_map(pool, &mark_function, POOL_IN(results, 2), POOL_OUT(one_more)) < 0);
    assert_int_equal(ledger_total(runs), 0);
    pool_close(pool);
    assert_int_equal((pool_starmap)(pool, function, rows, 2, results), POOL_ECLOSED);
    assert_int_equal(ledger_total(runs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_copy_of_a_type_is_a_type),
        WORLD_TEST(types_must_be_static),
        WORLD_TEST(sizes_must_fit),
        WORLD_TEST(fields_must_lie_in_their_struct),
        WORLD_TEST(fields_must_make_sense),
        WORLD_TEST(kinds_must_be_whole),
        WORLD_TEST(types_of_a_library_loaded_later_are_refused),
        WORLD_TEST(functions_must_make_sense),
        WORLD_TEST(arrays_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
