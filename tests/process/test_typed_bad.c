/* Types, functions and arrays that make no sense: each has its own code, nothing is run, and the pool
 * goes on. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/count.h"
#include "support/deadline.h"
#include "support/outcome.h"
#include "support/runs.h"
#include "support/work.h"
#include "support/world.h"

struct row {
    char *text;
    int numbers[2];
    int count;
    int *counted;
};
POOL_STRUCT(row, (text), (numbers), (counted, counted_by, count));

/* ---- Types ---- */

/* Asserts that neither items nor results may be of this type, as which `size` bytes are said to be. */
static void refuse(pool_t *pool, const char *name, const pool_type_t *type, size_t size)
{
    char items[256] = {0}, results[256] = {0x77};
    int plain[2] = {1, 2};
    int codes[2] = {pool_map(pool, runs_note, pool_in(items, 2, size, type), POOL_NONE),
                    pool_map(pool, runs_note, POOL_IN(plain, 2), pool_out(results, size, type))};
    for (int i = 0; i < 2; i++)
        if (codes[i] != POOL_ETYPE)
            fail_msg("%s, as type of %s: %s", name, i ? "results" : "items",
                     pool_error_name(codes[i]));
    assert_int_equal(results[0], 0x77);
    assert_int_equal(runs_total(), 0);
}

static pool_type_t in_static_memory; /* what tests write into it is as static as can be */
static pool_field_t fields_in_static_memory[COUNT(row_type_fields)];

/* A copy of the row's type that tests may spoil. */
static pool_type_t *copy_of_type(void)
{
    memcpy(fields_in_static_memory, row_type_fields, sizeof fields_in_static_memory);
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
    pool_t *pool = runs_pool();
    assert_int_equal(pool_map(pool, runs_note, POOL_IN_AS(rows, 2, type), POOL_NONE), 0);
    assert_int_equal(runs_total(), 2);
}

static void types_must_be_static_and_as_large_as_items(void **state)
{
    const pool_type_t on_stack = row_type;
    pool_type_t *from_malloc = world_alloc(1, sizeof *from_malloc);
    const size_t size = sizeof(struct row);
    const struct {
        const char *name;
        const pool_type_t *type;
        size_t size;
    } rows[] = {
        {"a type on the stack", &on_stack, size},
        {"a type from malloc()", from_malloc, size},
        {"no type", NULL, size},
        {"items a byte too small", &row_type, size - 1},
        {"items a word too large", &row_type, size + 8},
        {"bytes as texts", &pool_type_text, 1},
        {"texts as blobs", &pool_type_bytes, sizeof(char *)},
    };
    (void)state;
    pool_t *pool = runs_pool();
    *from_malloc = row_type;
    for (size_t i = 0; i < COUNT(rows); i++)
        refuse(pool, rows[i].name, rows[i].type, rows[i].size);
    outcome_pool_works(pool);
}

static int pack(const void *value, pool_writer_t *writer)
{
    (void)value;
    (void)writer;
    return 0;
}

static void kinds_must_be_whole(void **state)
{
    typedef int (*pack_t)(const void *value, pool_writer_t *writer);
    typedef void (*release_t)(void *value);
    const pool_kind_t STRUCT = POOL_KIND_STRUCT, CUSTOM = POOL_KIND_CUSTOM;
    enum { SIZE = sizeof(struct row) };
    static char data[16];
    const pack_t no_pack = (pack_t)(uintptr_t)data;
    const release_t no_free = (release_t)(uintptr_t)&state; /* on the stack */
    const pool_field_t *fields = row_type_fields;
    pool_field_t on_stack[3];
    const struct {
        const char *name;
        pool_type_t type;
    } rows[] = {
        {"no field", {.kind = STRUCT, .size = SIZE, .fields = fields}},
        {"no fields", {.kind = STRUCT, .size = SIZE, .field_count = 3}},
        {"fields on the stack", {"", STRUCT, SIZE, .fields = on_stack, .field_count = 3}},
        {"kind 99", {"", (pool_kind_t)99, SIZE, .fields = fields, .field_count = 3}},
        {"kind -1", {"", (pool_kind_t)-1, SIZE, .fields = fields, .field_count = 3}},
        {"texts of 4 bytes", {.kind = POOL_KIND_TEXT, .size = 4}},
        {"blobs of 8 bytes", {.kind = POOL_KIND_BYTES, .size = 8}},
        {"no pack", {.kind = CUSTOM, .size = SIZE, .unpack = work_unpack_nothing}},
        {"no unpack", {.kind = CUSTOM, .size = SIZE, .pack = pack}},
        {"pack is data", {"", CUSTOM, SIZE, .pack = no_pack, .unpack = work_unpack_nothing}},
        {"release is data",
         {"", CUSTOM, SIZE, .pack = pack, .unpack = work_unpack_nothing, .release = no_free}},
    };
    (void)state;
    pool_t *pool = runs_pool();
    memcpy(on_stack, row_type_fields, sizeof on_stack);
    for (size_t i = 0; i < COUNT(rows); i++) {
        in_static_memory = rows[i].type;
        refuse(pool, rows[i].name, &in_static_memory, rows[i].type.size);
    }
    outcome_pool_works(pool);
}

/* Of a row: the field of that number has this value as the member. */
#define SET(number, member, value)                                                                 \
#number "." #member " = " #value, number, offsetof(pool_field_t, member), (uintptr_t)(value)

static void fields_must_make_sense(void **state)
{
    enum { TEXT, NUMBERS, COUNTED, END = sizeof(struct row) };
    const pool_type_t text_on_stack = pool_type_text;
    const struct {
        const char *name;
        int number;
        size_t offset; /* of the member */
        uintptr_t value;
    } rows[] = {
        {SET(TEXT, type, &text_on_stack)},
        {SET(TEXT, type, NULL)},
        {SET(TEXT, type, &row_type)}, /* which is larger than a text */
        {SET(TEXT, size, 4)},
        {SET(NUMBERS, size, 0)},
        {SET(COUNTED, size, 0)},
        {SET(COUNTED, count_size, 0)},
        {SET(COUNTED, count_size, 9)},
        {SET(TEXT, count, 100)},
        {SET(TEXT, count, SIZE_MAX / 8 + 2)}, /* times 8 it is 8 */
        {SET(TEXT, offset, END - 7)},
        {SET(TEXT, offset, END)},
        {SET(TEXT, offset, END + 8)},
        {SET(TEXT, offset, SIZE_MAX - 7)},
        {SET(TEXT, offset, SIZE_MAX)},
        {SET(COUNTED, offset, END - 7)},
        {SET(COUNTED, offset, END)},
        {SET(COUNTED, offset, END + 8)},
        {SET(COUNTED, offset, SIZE_MAX - 7)},
        {SET(COUNTED, offset, SIZE_MAX)},
        {SET(COUNTED, count_offset, END - 3)},
        {SET(COUNTED, count_offset, END)},
        {SET(COUNTED, count_offset, END + 8)},
        {SET(COUNTED, count_offset, SIZE_MAX - 7)},
        {SET(COUNTED, count_offset, SIZE_MAX)},
    };
    (void)state;
    pool_t *pool = runs_pool();
    for (size_t i = 0; i < COUNT(rows); i++) {
        pool_type_t *type = copy_of_type();
        char *field = (char *)&fields_in_static_memory[rows[i].number];
        memcpy(field + rows[i].offset, &rows[i].value, sizeof rows[i].value);
        refuse(pool, rows[i].name, type, sizeof(struct row));
    }
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
    pool_t *pool = runs_pool();
    void *library = load_copy(path);
    unlink(path);
    if (!library)
        skip();
    const pool_type_t *type = dlsym(library, "pool_type_text");
    assert_int_equal(type->kind, POOL_KIND_TEXT);
    assert_ptr_not_equal(type, &pool_type_text);
    refuse(pool, "a copy of texts", type, sizeof(char *));
    assert_int_equal(pool_map(world_pool(1), runs_note, POOL_IN_AS(texts, 2, type), POOL_NONE), 0);
    dlclose(library);
}

/* ---- Functions and arrays ---- */

static int add(int a, int b)
{
    runs_mark();
    return a + b;
}
POOL_FUNCTION(add, int, (int, a), (int, b));

static void mark(int a)
{
    (void)a;
    runs_mark();
}
POOL_FUNCTION(mark, void, (int, a));

static const struct add_args given[2] = {{1, 2}, {3, 4}};

/* Asserts that no kind of starmap takes this, and that each says so by this code. */
static void refuse_starmap(pool_t *pool, const char *name, const pool_callable_t *function,
                           const struct add_args *rows, size_t count, int *results, int code)
{
    pool_future_t *future = NULL;
    int codes[2] = {
        (pool_starmap)(pool, function, rows, count, results),
        (pool_starmap_async)(pool, function, rows, count, results, NULL, &future),
    };
    for (int i = 0; i < 2; i++)
        if (codes[i] != code || future)
            fail_msg("%s, %s: %s", name, i ? "starmap_async" : "starmap",
                     pool_error_name(codes[i]));
    assert_int_equal(runs_total(), 0);
}

static void starmaps_need_a_function_rows_and_a_place(void **state)
{
    const pool_callable_t *function = &add_function.callable, on_stack = *function;
    int results[2] = {7, 7};
    const struct {
        const char *name;
        const pool_callable_t *function;
        const struct add_args *rows;
        size_t count;
        int *results;
        int code;
    } rows[] = {
        {"no function", NULL, given, 2, results, POOL_ENOFUNCTION},
        {"a function on the stack", &on_stack, given, 2, results, POOL_EUNKNOWN},
        {"no rows", function, NULL, 2, results, POOL_ENODATA},
        {"no results", function, given, 2, NULL, POOL_ENODATA},
        {"too many rows", function, given, SIZE_MAX / 2, results, POOL_EOVERFLOW},
    };
    (void)state;
    pool_t *pool = runs_pool();
    for (size_t i = 0; i < COUNT(rows); i++)
        refuse_starmap(pool, rows[i].name, rows[i].function, rows[i].rows, rows[i].count,
                       rows[i].results, rows[i].code);
    assert_int_equal(results[0], 7);
    outcome_pool_works(pool);
}

static void functions_must_make_sense(void **state)
{
    static pool_callable_t function;
    static const struct {
        const char *name;
        size_t offset; /* of a member of the function */
        uintptr_t value;
        int code;
    } rows[] = {
        {"another magic", offsetof(pool_callable_t, magic), POOL_CALLABLE + 1, POOL_ENOFUNCTION},
        {"no call", offsetof(pool_callable_t, call), 0, POOL_ENOFUNCTION},
        {"call is data", offsetof(pool_callable_t, call), (uintptr_t)&in_static_memory,
         POOL_EUNKNOWN},
        {"no args", offsetof(pool_callable_t, args), 0, POOL_ENOFUNCTION},
        {"no result", offsetof(pool_callable_t, result), 0, POOL_ETYPE},
    };
    int results[2];
    (void)state;
    pool_t *pool = runs_pool();
    for (size_t i = 0; i < COUNT(rows); i++) {
        function = add_function.callable;
        memcpy((char *)&function + rows[i].offset, &rows[i].value, sizeof rows[i].value);
        refuse_starmap(pool, rows[i].name, &function, given, 2, results, rows[i].code);
    }
    function = add_function.callable;
    assert_int_equal((pool_starmap)(pool, &function, given, 2, results), 0);
    outcome_pool_works(pool);
}

static void arrays_must_be_of_the_types_of_the_function(void **state)
{
    int numbers[2] = {1, 2}, results[3];
    const pool_in_t in = POOL_IN(given, 2), no_rows = POOL_IN(numbers, 2);
    const pool_out_t out = POOL_OUT(results), none = POOL_NONE;
    const struct {
        const char *name;
        const void *function;
        pool_in_t in;
        pool_out_t out;
        int code;
    } rows[] = {
        {"no function", NULL, in, out, POOL_ENOFUNCTION},
        {"no place for results", &add_function, in, none, POOL_ETYPE},
        {"items that are no rows", &add_function, no_rows, out, POOL_ETYPE},
        {"results of a function without", &mark_function, no_rows, out, POOL_ETYPE},
    };
    (void)state;
    pool_t *pool = runs_pool();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int code = pool_map_callable(pool, rows[i].function, rows[i].in, rows[i].out);
        if (code != rows[i].code)
            fail_msg("%s: %s", rows[i].name, pool_error_name(code));
    }
    assert_int_equal(runs_total(), 0);
    outcome_pool_works(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_copy_of_a_type_is_a_type),
        WORLD_TEST(types_must_be_static_and_as_large_as_items),
        WORLD_TEST(kinds_must_be_whole),
        WORLD_TEST(fields_must_make_sense),
        WORLD_TEST(types_of_a_library_loaded_later_are_refused),
        WORLD_TEST(starmaps_need_a_function_rows_and_a_place),
        WORLD_TEST(functions_must_make_sense),
        WORLD_TEST(arrays_must_be_of_the_types_of_the_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
