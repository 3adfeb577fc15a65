/* Bad input to every call: refused with its code, nothing is run or written, and the pool works
 * afterwards. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/ledger.h"
#include "support/outcome.h"
#include "support/world.h"

static struct ledger *runs;

static int run(const void *item, void *result, pool_task_t *task)
{
    (void)item;
    (void)result;
    (void)task;
    ledger_mark(runs, 0);
    return 0;
}

/* ---- Options ---- */

static void check_refused(pool_options_t options, int code)
{
    pool_t *pool = (pool_t *)&runs;
    assert_int_equal(pool_create(&pool, &options), code);
    assert_ptr_equal(pool, &runs);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    check_refused((pool_options_t){.processes = -1}, POOL_EPROCESSES);
    check_refused((pool_options_t){.processes = INT_MIN}, POOL_EPROCESSES);
    check_refused((pool_options_t){.processes = POOL_PROCESSES_MAX + 1}, POOL_EPROCESSES);
    check_refused((pool_options_t){.processes = INT_MAX}, POOL_EPROCESSES);
    check_refused((pool_options_t){.processes = 1, .start_timeout = -1}, POOL_EOPTION);
    check_refused((pool_options_t){.processes = 1, .grace = -1}, POOL_EOPTION);
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

/* ---- No pool ---- */

static void every_call_without_a_pool_says_so(void **state)
{
    int item = 0, result = 0;
    pid_t pid;
    const pool_error_t *errors;
    (void)state;
    assert_int_equal(pool_map(NULL, run, POOL_IN(&item, 1), POOL_OUT(&result)), POOL_ENOPOOL);
    assert_int_equal(pool_map_with(NULL, run, POOL_IN(&item, 1), POOL_OUT(&result), NULL),
                     POOL_ENOPOOL);
    assert_int_equal(pool_close(NULL), POOL_ENOPOOL);
    assert_int_equal(pool_join(NULL), POOL_ENOPOOL);
    assert_int_equal(pool_terminate(NULL), POOL_ENOPOOL);
    assert_int_equal(pool_processes(NULL), POOL_ENOPOOL);
    assert_int_equal(pool_pids(NULL, &pid, 1), POOL_ENOPOOL);
    assert_int_equal(pool_replaced(NULL), 0);
    assert_int_equal(pool_errors(NULL, &errors), 0);
    assert_null(pool_shared_alloc(NULL, 1, 1));
    pool_shared_free(NULL, &item);
    pool_print_errors(NULL, stderr);
    pool_free(NULL);
}

/* ---- Items and results ---- */

static void bad_arrays_are_refused(void **state)
{
    char items[4] = {0}, results[4] = {1, 2, 3, 4}, before[4] = {1, 2, 3, 4};
    const pool_type_t *plain = &pool_type_plain;
    const struct {
        pool_in_t in;
        pool_out_t out;
        int code;
    } cases[] = {
        {pool_in(NULL, 4, 1, plain), POOL_OUT(results), POOL_ENODATA},
        {POOL_IN(items, 4), pool_out(NULL, 1, plain), POOL_ENODATA},
        {pool_in(items, 4, 0, plain), POOL_OUT(results), POOL_EITEMSIZE},
        {POOL_IN(items, 4), pool_out(results, 0, plain), POOL_EITEMSIZE},
        {pool_in(items, 4, 1, NULL), POOL_OUT(results), POOL_ETYPE},
        {POOL_IN(items, 4), pool_out(results, 1, NULL), POOL_ETYPE},
        {pool_in(items, SIZE_MAX, 1, plain), POOL_OUT(results), POOL_EOVERFLOW},
        {pool_in(items, SIZE_MAX / 2 + 2, 2, plain), POOL_NONE, POOL_EOVERFLOW},
        {pool_in(items, 4, SIZE_MAX / 2, plain), POOL_OUT(results), POOL_EOVERFLOW},
        {POOL_IN(items, 4), pool_out(results, SIZE_MAX / 2, plain), POOL_EOVERFLOW},
        {POOL_IN(items, SIZE_MAX / 2), pool_out(results, 3, plain), POOL_EOVERFLOW},
        {POOL_IN(items, (size_t)PTRDIFF_MAX + 1), POOL_NONE, POOL_EOVERFLOW},
    };
    (void)state;
    runs = ledger_make(1);
    pool_t *pool = world_pool(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (pool_map(pool, run, cases[i].in, cases[i].out) != cases[i].code)
            fail_msg("case %zu gives %s", i,
                     pool_error_name(pool_map(pool, run, cases[i].in, cases[i].out)));
    assert_memory_equal(results, before, 4);
    assert_int_equal(ledger_total(runs), 0);
    outcome_pool_works(pool);
}

static void no_items_succeed_at_once(void **state)
{
    int item = 0, result = 5;
    (void)state;
    runs = ledger_make(1);
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_map(pool, run, POOL_IN(&item, 0), POOL_OUT(&result)), 0);
    assert_int_equal(pool_map(pool, run, POOL_IN((int *)NULL, 0), POOL_OUT((int *)NULL)), 0);
    assert_int_equal(pool_map(pool, run, POOL_IN((char **)NULL, 0), POOL_NONE), 0);
    assert_int_equal(result, 5);
    assert_int_equal(ledger_total(runs), 0);
    assert_int_equal(pool_errors(pool, NULL), 0);
}

static void pids_need_an_array(void **state)
{
    (void)state;
    pool_t *pool = world_pool(1);
    assert_int_equal(pool_pids(pool, NULL, 1), POOL_ENODATA);
}

/* ---- Functions ---- */

static int map_by(pool_t *pool, pool_function_t function)
{
    int item = 21, result = 0;
    int status = pool_map(pool, function, POOL_IN(&item, 1), POOL_OUT(&result));
    assert_int_equal(result, status == 0 ? 42 : 0);
    return status;
}

static void what_is_no_function_is_refused(void **state)
{
    static int data;
    (void)state;
    pool_t *pool = world_pool(1);
    void *made =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(map_by(pool, (pool_function_t)NULL), POOL_ENOFUNCTION);
    assert_int_equal(map_by(pool, (pool_function_t)(uintptr_t)1), POOL_EUNKNOWN);
    assert_int_equal(map_by(pool, (pool_function_t)(uintptr_t)&data), POOL_EUNKNOWN);
    assert_int_equal(map_by(pool, (pool_function_t)(uintptr_t)&pool), POOL_EUNKNOWN);
    assert_int_equal(map_by(pool, (pool_function_t)(uintptr_t)made), POOL_EUNKNOWN);
    assert_int_equal(map_by(pool, (pool_function_t)UINTPTR_MAX), POOL_EUNKNOWN);
    munmap(made, 4096);
    outcome_pool_works(pool);
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
        WORLD_TEST(every_call_without_a_pool_says_so),
        WORLD_TEST(bad_arrays_are_refused),
        WORLD_TEST(no_items_succeed_at_once),
        WORLD_TEST(pids_need_an_array),
        WORLD_TEST(what_is_no_function_is_refused),
        WORLD_TEST(a_function_from_a_library_loaded_later_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
