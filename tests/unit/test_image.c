/* The image: code and static data that were loaded when it was taken, and no other address. */
#include "common/image.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unit/unit.h"

static int variable, initialized = 1;
static const int constant = 1;

static int function_of_this_program(void)
{
    return 1;
}

static void functions_of_program_and_libraries_are_known(void **test)
{
    (void)test;
    struct pool__image image;
    size_t (*of_libc)(const char *) = strlen;
    const uintptr_t functions[] = {(uintptr_t)function_of_this_program, (uintptr_t)pool__image_take,
                                   (uintptr_t)of_libc, (uintptr_t)_fail};
    assert_int_equal(pool__image_take(&image), 0);
    for (size_t i = 0; i < COUNT(functions); i++) {
        assert_true(pool__image_has(&image, functions[i]));
        assert_true(pool__image_runs(&image, functions[i]));
    }
    pool__image_fini(&image);
}

static void static_data_is_known_and_does_not_run(void **test)
{
    (void)test;
    struct pool__image image;
    const uintptr_t data[] = {(uintptr_t)&variable, (uintptr_t)&initialized, (uintptr_t)&stdout};
    assert_int_equal(pool__image_take(&image), 0);
    for (size_t i = 0; i < COUNT(data); i++) {
        assert_true(pool__image_has(&image, data[i]));
        assert_false(pool__image_runs(&image, data[i]));
    }
    assert_true(pool__image_has(&image, (uintptr_t)&constant));
    pool__image_fini(&image);
}

static void heap_and_stack_are_not_known(void **test)
{
    (void)test;
    struct pool__image image;
    int local;
    void *heap = malloc(100);
    const uintptr_t elsewhere[] = {0, UINTPTR_MAX, (uintptr_t)&local, (uintptr_t)heap};
    assert_int_equal(pool__image_take(&image), 0);
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        assert_false(pool__image_has(&image, elsewhere[i]));
        assert_false(pool__image_runs(&image, elsewhere[i]));
    }
    pool__image_fini(&image);
    free(heap);
}

/* As a just-in-time compiler makes it. */
static void code_made_at_run_time_is_not_known(void **test)
{
    (void)test;
    struct pool__image image;
    const size_t size = 65536;
    void *before = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(pool__image_take(&image), 0);
    void *after = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(before != MAP_FAILED && after != MAP_FAILED);
    assert_false(pool__image_has(&image, (uintptr_t)before));
    assert_false(pool__image_has(&image, (uintptr_t)after));
    pool__image_fini(&image);
    munmap(before, size);
    munmap(after, size);
}

/* Loads a library that is not loaded yet, if the system has one of some; gives a function in it. */
static void *load_another(void **function)
{
    static const char *const some[][2] = {{"libz.so.1", "zlibVersion"},
                                          {"libm.so.6", "cbrt"},
                                          {"libthread_db.so.1", "td_init"},
                                          {"libresolv.so.2", "inet_net_pton"}};
    for (size_t i = 0; i < COUNT(some); i++) {
        void *library = dlopen(some[i][0], RTLD_NOW | RTLD_NOLOAD);
        if (library) {
            dlclose(library);
            continue;
        }
        library = dlopen(some[i][0], RTLD_NOW);
        *function = library ? dlsym(library, some[i][1]) : NULL;
        if (*function)
            return library;
        if (library)
            dlclose(library);
    }
    return NULL;
}

static void a_library_loaded_afterwards_is_known_to_a_new_image_only(void **test)
{
    (void)test;
    struct pool__image before, after;
    void *function;
    assert_int_equal(pool__image_take(&before), 0);
    void *library = load_another(&function);
    if (!library) {
        pool__image_fini(&before);
        skip();
    }
    assert_int_equal(pool__image_take(&after), 0);
    bool known_before = pool__image_has(&before, (uintptr_t)function);
    bool known_after = pool__image_runs(&after, (uintptr_t)function);
    pool__image_fini(&before);
    pool__image_fini(&after);
    dlclose(library);
    assert_false(known_before);
    assert_true(known_after);
}

static void segments_have_their_first_byte_and_not_the_one_behind_them(void **test)
{
    (void)test;
    struct pool__segment segments[] = {
        {1000, 2000, true, 0}, {3000, 3001, false, 0}, {0, 10, true, 0}};
    struct pool__image image = {.segments = segments, .count = COUNT(segments)};
    static const struct {
        uintptr_t address;
        bool known, runs;
    } cases[] = {
        {999, false, false},  {1000, true, true},  {1999, true, true},         {2000, false, false},
        {2999, false, false}, {3000, true, false}, {3001, false, false},       {0, true, true},
        {9, true, true},      {10, false, false},  {UINTPTR_MAX, false, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(pool__image_has(&image, cases[i].address), cases[i].known);
        assert_int_equal(pool__image_runs(&image, cases[i].address), cases[i].runs);
    }
}

static void an_ended_image_has_nothing_and_may_end_again(void **test)
{
    (void)test;
    struct pool__image image;
    assert_int_equal(pool__image_take(&image), 0);
    assert_true(image.count > 0);
    pool__image_fini(&image);
    assert_false(pool__image_has(&image, (uintptr_t)pool__image_take));
    pool__image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_program_and_libraries_are_known),
        cmocka_unit_test(static_data_is_known_and_does_not_run),
        cmocka_unit_test(heap_and_stack_are_not_known),
        cmocka_unit_test(code_made_at_run_time_is_not_known),
        cmocka_unit_test(a_library_loaded_afterwards_is_known_to_a_new_image_only),
        cmocka_unit_test(segments_have_their_first_byte_and_not_the_one_behind_them),
        cmocka_unit_test(an_ended_image_has_nothing_and_may_end_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
