/* Bad input to every call: refused with its code, nothing is run or written, and the pool works
 * afterwards. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/count.h"
#include "support/outcome.h"
#include "support/runs.h"
#include "support/world.h"

/* ---- Options ---- */

static void options_out_of_range_are_refused(void **state)
{
    static const struct {
        const char *name;
        pool_options_t options;
        int code;
    } rows[] = {
        {"processes = -1", {.processes = -1}, POOL_EPROCESSES},
        {"processes = INT_MIN", {.processes = INT_MIN}, POOL_EPROCESSES},
        {"processes above the most", {.processes = POOL_PROCESSES_MAX + 1}, POOL_EPROCESSES},
        {"processes = INT_MAX", {.processes = INT_MAX}, POOL_EPROCESSES},
        {"start_timeout = -1", {.processes = 1, .start_timeout = -1}, POOL_EOPTION},
        {"grace = -1", {.processes = 1, .grace = -1}, POOL_EOPTION},
    };
    static char nothing; /* its address stands for a pool that a refusal leaves as it is */
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        pool_t *pool = (pool_t *)&nothing;
        int code = pool_create(&pool, &rows[i].options);
        if (code != rows[i].code || pool != (pool_t *)&nothing)
            fail_msg("%s: %s", rows[i].name, pool_error_name(code));
    }
    assert_int_equal(pool_create(NULL, NULL), POOL_ENOPOOL);
}

static void the_longest_times_are_no_overflow(void **state)
{
    (void)state;
    pool_options_t options = {.processes = 1, .start_timeout = INT_MAX, .grace = INT_MAX};
    pool_t *pool = world_pool_with(&options);
    outcome_pool_works(pool);
    world_free(pool);
    assert_int_equal(pool_terminate(world_pool_with(&options)), 0);
}

/* ---- Items, results and functions ---- */

struct refusal {
    const char *name;
    pool_function_t function;
    pool_in_t in;
    pool_out_t out;
    int code;
};

/* Asserts that each call refuses the row. */
static void refuse(pool_t *pool, const struct refusal *row)
{
    static const char *const calls[] = {"map", "map_with", "map_async", "map_async with a future"};
    pool_function_t function = row->function;
    pool_future_t *future = NULL;
    int codes[COUNT(calls)] = {
        pool_map(pool, function, row->in, row->out),
        pool_map_with(pool, function, row->in, row->out, NULL),
        pool_map_async(pool, function, row->in, row->out, NULL, NULL),
        pool_map_async(pool, function, row->in, row->out, NULL, &future),
    };
    for (size_t i = 0; i < COUNT(calls); i++)
        if (codes[i] != row->code || future)
            fail_msg("%s, %s: %s", row->name, calls[i], pool_error_name(codes[i]));
}

static void refuse_all(pool_t *pool, const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        refuse(pool, &rows[i]);
    assert_int_equal(runs_total(), 0);
    outcome_pool_works(pool);
}

static void bad_arrays_are_refused(void **state)
{
    char items[4] = {0}, results[4] = {1, 2, 3, 4}, before[4] = {1, 2, 3, 4};
    const pool_type_t *plain = &pool_type_plain;
    const size_t half = SIZE_MAX / 2, most = PTRDIFF_MAX;
    const pool_in_t in = POOL_IN(items, 4);
    const pool_out_t out = POOL_OUT(results), none = POOL_NONE;
    const struct refusal rows[] = {
        {"no items", runs_note, pool_in(NULL, 4, 1, plain), out, POOL_ENODATA},
        {"no results", runs_note, in, pool_out(NULL, 1, plain), POOL_ENODATA},
        {"items of 0 bytes", runs_note, pool_in(items, 4, 0, plain), out, POOL_EITEMSIZE},
        {"results of 0 bytes", runs_note, in, pool_out(results, 0, plain), POOL_EITEMSIZE},
        {"items of no type", runs_note, pool_in(items, 4, 1, NULL), out, POOL_ETYPE},
        {"results of no type", runs_note, in, pool_out(results, 1, NULL), POOL_ETYPE},
        {"SIZE_MAX items", runs_note, pool_in(items, SIZE_MAX, 1, plain), out, POOL_EOVERFLOW},
        {"half as many of 4 bytes", runs_note, pool_in(items, half, 4, plain), out, POOL_EOVERFLOW},
        {"a product of 2", runs_note, pool_in(items, half + 2, 2, plain), none, POOL_EOVERFLOW},
        {"large items", runs_note, pool_in(items, 4, half, plain), out, POOL_EOVERFLOW},
        {"large results", runs_note, in, pool_out(results, half, plain), POOL_EOVERFLOW},
        {"many results", runs_note, POOL_IN(items, half), pool_out(results, 3, plain),
         POOL_EOVERFLOW},
        {"more than PTRDIFF_MAX", runs_note, POOL_IN(items, most + 1), none, POOL_EOVERFLOW},
    };
    (void)state;
    refuse_all(runs_pool(), rows, COUNT(rows));
    assert_memory_equal(results, before, 4);
}

static void what_is_no_function_is_refused(void **state)
{
    static int data;
    int item = 21, result = 0;
    (void)state;
    pool_t *pool = runs_pool();
    void *made =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const pool_in_t in = POOL_IN(&item, 1);
    const pool_out_t out = POOL_OUT(&result);
    const struct refusal rows[] = {
        {"NULL", NULL, in, out, POOL_ENOFUNCTION},
        {"no address", (pool_function_t)(uintptr_t)1, in, out, POOL_EUNKNOWN},
        {"static data", (pool_function_t)(uintptr_t)&data, in, out, POOL_EUNKNOWN},
        {"the stack", (pool_function_t)(uintptr_t)&pool, in, out, POOL_EUNKNOWN},
        {"code made later", (pool_function_t)(uintptr_t)made, in, out, POOL_EUNKNOWN},
        {"the last address", (pool_function_t)UINTPTR_MAX, in, out, POOL_EUNKNOWN},
    };
    refuse_all(pool, rows, COUNT(rows));
    assert_int_equal(result, 0);
    munmap(made, 4096);
}

static void no_items_succeed_at_once(void **state)
{
    int item = 0, result = 5;
    (void)state;
    pool_t *pool = runs_pool();
    assert_int_equal(pool_map(pool, runs_note, POOL_IN(&item, 0), POOL_OUT(&result)), 0);
    assert_int_equal(pool_map(pool, runs_note, POOL_IN((int *)NULL, 0), POOL_OUT((int *)NULL)), 0);
    assert_int_equal(pool_map(pool, runs_note, POOL_IN((char **)NULL, 0), POOL_NONE), 0);
    assert_int_equal(result, 5);
    assert_int_equal(runs_total(), 0);
    assert_int_equal(pool_errors(pool, NULL), 0);
}

static void pids_need_an_array(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_pids(pool, NULL, 1), POOL_ENODATA);
}

/* ---- A library loaded later ---- */

static int map_by(pool_t *pool, pool_function_t function)
{
    int item = 21, result = 0;
    int status = pool_map(pool, function, POOL_IN(&item, 1), POOL_OUT(&result));
    assert_int_equal(result, status == 0 ? 42 : 0);
    return status;
}

/* Builds a library with a function that doubles. Returns false where there is no compiler. */
static bool build_library(const char *directory, char *path, size_t size)
{
    static const char source[] =
        "int twice(const void *item, void *result, void *task) "
        "{ (void)task; *(int *)result = 2 * *(const int *)item; return 0; }";
    char command[512];
    snprintf(path, size, "%s/library.so", directory);
    snprintf(command, sizeof command,
             "echo '%s' | LD_PRELOAD= cc -shared -fPIC -x c -o '%s' - >/dev/null 2>&1", source,
             path);
    return system(command) == 0;
}

static pool_function_t load(const char *path, void **library)
{
    pool_function_t function;
    *library = dlopen(path, RTLD_NOW);
    assert_non_null(*library);
    *(void **)&function = dlsym(*library, "twice");
    assert_non_null(function);
    return function;
}

static void check_library(const char *path)
{
    void *library;
    pool_t *early = world_pool(1);
    pool_function_t twice = load(path, &library);
    assert_int_equal(map_by(early, twice), POOL_EUNKNOWN);
    pool_t *late = world_pool(1);
    assert_int_equal(map_by(late, twice), 0);
    outcome_pool_works(early);
    world_free(early);
    world_free(late);
    dlclose(library);
}

static void a_function_from_a_library_loaded_later_is_refused(void **state)
{
    char directory[] = "/tmp/procpool-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(directory));
    bool built = build_library(directory, path, sizeof path);
    if (built)
        check_library(path);
    unlink(path);
    rmdir(directory);
    if (!built)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(options_out_of_range_are_refused),
        WORLD_TEST(the_longest_times_are_no_overflow),
        WORLD_TEST(bad_arrays_are_refused),
        WORLD_TEST(no_items_succeed_at_once),
        WORLD_TEST(pids_need_an_array),
        WORLD_TEST(what_is_no_function_is_refused),
        WORLD_TEST(a_function_from_a_library_loaded_later_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
