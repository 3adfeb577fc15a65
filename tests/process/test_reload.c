/* A library that is unloaded and loaded again while a pool lives: the workers have the old one. At the
 * same address there may be other code now, so that the address alone says nothing. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { PATH = 64 };

/* The library: a function that gives the library's version, and a type of plain data. */
static const char source[] =
    "int work(const void *item, void *result, void *task)"
    "{ (void)item; (void)task; *(int *)result = %d; return 0; }"
    "struct { const char *name; int kind; unsigned long rest[16]; } type = {\"plain\", %d, {0}};";

/* Returns false where there is no compiler. */
static bool build(const char *path, int version, const char *flags)
{
    char code[512], command[1024];
    snprintf(code, sizeof code, source, version, (int)POOL_KIND_PLAIN);
    snprintf(command, sizeof command,
             "echo '%s' | LD_PRELOAD= cc -shared -fPIC %s -x c -o '%s' - >/dev/null 2>&1", code,
             flags, path);
    unlink(path);
    return system(command) == 0;
}

struct library {
    void *handle;
    pool_function_t work;
    const pool_type_t *type;
};

static struct library load(const char *path)
{
    struct library library = {.handle = dlopen(path, RTLD_NOW)};
    assert_non_null(library.handle);
    *(void **)&library.work = dlsym(library.handle, "work");
    library.type = dlsym(library.handle, "type");
    return library;
}

static int map_by(pool_t *pool, const struct library *library, int *version)
{
    int item = 0;
    *version = 0;
    return pool_map(pool, library->work, POOL_IN(&item, 1), POOL_OUT(version));
}

static int map_of(pool_t *pool, const struct library *library)
{
    int item = 0;
    return pool_map(pool, work_nothing, pool_in(&item, 1, sizeof item, library->type), POOL_NONE);
}

static void works(pool_t *pool, const struct library *library, int expected)
{
    int version;
    assert_int_equal(map_by(pool, library, &version), 0);
    assert_int_equal(version, expected);
    assert_int_equal(map_of(pool, library), 0);
}

static void is_refused(pool_t *pool, const struct library *library)
{
    int version;
    assert_int_equal(map_by(pool, library, &version), POOL_EUNKNOWN);
    assert_int_equal(version, 0);
    assert_int_equal(map_of(pool, library), POOL_ETYPE);
    outcome_pool_works(pool);
}

/* Makes a pool, replaces the library by its second version, and by the second version once more. */
static void replace(const char *path, const char *flags, bool serial)
{
    pool_options_t options = {.processes = 2, .serial = serial};
    assert_true(build(path, 1, flags));
    struct library first = load(path);
    pool_t *early = world_pool_with(&options);
    works(early, &first, 1);
    dlclose(first.handle);
    is_refused(early, &first); /* at this address there is nothing */
    assert_true(build(path, 2, flags));
    struct library second = load(path);
    is_refused(early, &second);
    pool_t *late = world_pool_with(&options);
    works(late, &second, 2);
    dlclose(second.handle);
    struct library again = load(path);
    if (again.work == second.work)
        works(late, &again, 2); /* the same file at the same address */
    is_refused(early, &again);
    world_free(early);
    world_free(late);
    dlclose(again.handle);
    unlink(path);
}

static void with_a_library(void (*test)(const char *path))
{
    char directory[] = "/tmp/procpool-XXXXXX", path[PATH];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/library.so", directory);
    bool built = build(path, 1, "");
    if (built)
        test(path);
    unlink(path);
    rmdir(directory);
    if (!built)
        skip();
}

static void replace_it(const char *path)
{
    for (int serial = 0; serial < 2; serial++) {
        replace(path, "", serial);
        replace(path, "-Wl,--build-id=none", serial);
    }
}

static void a_replaced_library_is_refused(void **state)
{
    (void)state;
    with_a_library(replace_it);
}

/* Loads the library, which needs no file any more: as programs do that keep a copy of a plugin. */
static void unload_another(const char *path)
{
    char other[PATH + 8];
    snprintf(other, sizeof other, "%s.other", path);
    assert_true(build(other, 2, ""));
    struct library library = load(path);
    unlink(path);
    pool_t *pool = world_pool(1);
    struct library another = load(other);
    unlink(other);
    is_refused(pool, &another);
    dlclose(another.handle);
    works(pool, &library, 1);
    world_free(pool);
    dlclose(library.handle);
}

static void a_library_that_stays_is_known_when_another_leaves(void **state)
{
    (void)state;
    with_a_library(unload_another);
}

/* A typed function that lies in memory which is not there any more. */
static void unload_callable(const char *path)
{
    struct library library = load(path);
    pool_t *pool = world_pool(1);
    dlclose(library.handle);
    assert_int_equal((pool_starmap)(pool, (const void *)library.type, NULL, 0, NULL),
                     POOL_EUNKNOWN);
    outcome_pool_works(pool);
}

static void a_typed_function_of_an_unloaded_library_is_refused(void **state)
{
    (void)state;
    with_a_library(unload_callable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_replaced_library_is_refused),
        WORLD_TEST(a_library_that_stays_is_known_when_another_leaves),
        WORLD_TEST(a_typed_function_of_an_unloaded_library_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
