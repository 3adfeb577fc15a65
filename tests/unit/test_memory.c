/* When there is no memory: the sources themselves, with an allocator that can be told to fail. */
#include <stdlib.h>

#include "unit/supply.h"
#include "unit/unit.h"

static void *scarce_malloc(size_t size)
{
    return supplied() ? malloc(size) : NULL;
}

static void *scarce_realloc(void *memory, size_t size)
{
    return supplied() ? realloc(memory, size) : NULL;
}

#define malloc scarce_malloc
#define realloc scarce_realloc
#include "common/image.c"
#include "host/base/arena.c"
#include "host/job/report.c"
#undef malloc
#undef realloc

/* Lets the next `count` allocations succeed, and no more. */
static void allow(int count)
{
    supply = count;
    only_one = false;
}

/* Lets the next allocation fail, and no other. */
static void fail_one(void)
{
    supply = 0;
    only_one = true;
}

static int allow_all(void **test)
{
    (void)test;
    supply = -1;
    return 0;
}

/* ---- The arena ---- */

static void an_arena_without_records_gives_nothing_and_goes_on_later(void **test)
{
    (void)test;
    struct pool__arena arena;
    pool__arena_init(&arena, 0, 4096);
    allow(0);
    assert_null(pool__arena_alloc(&arena, 64));
    assert_int_equal(arena.fresh, 0);
    allow(1);
    struct pool__extent *first = pool__arena_alloc(&arena, 64);
    assert_non_null(first);
    assert_null(pool__arena_alloc(&arena, 64));
    pool__arena_free(&arena, first); /* its record is kept */
    allow(0);
    first = pool__arena_alloc(&arena, 128);
    assert_non_null(first);
    assert_int_equal(pool__extent_size(first), 128);
    pool__arena_free(&arena, first);
    assert_int_equal(arena.fresh, 0);
    pool__arena_fini(&arena);
}

static void what_cannot_be_cut_off_stays_with_the_piece(void **test)
{
    (void)test;
    struct pool__arena arena;
    pool__arena_init(&arena, 0, 4096);
    struct pool__extent *large = pool__arena_alloc(&arena, 1024);
    struct pool__extent *last = pool__arena_alloc(&arena, 64);
    pool__arena_free(&arena, large);
    allow(0);
    struct pool__extent *small = pool__arena_alloc(&arena, 64);
    assert_non_null(small);
    assert_int_equal(pool__extent_offset(small), 0);
    assert_int_equal(pool__extent_size(small), 1024);
    pool__arena_free(&arena, last);
    assert_int_equal(arena.fresh, 1024);
    pool__arena_free(&arena, small);
    assert_int_equal(arena.fresh, 0);
    assert_null(arena.last);
    assert_null(arena.free_list);
    pool__arena_fini(&arena);
}

/* ---- The report ---- */

static void errors_that_cannot_be_kept_are_counted(void **test)
{
    (void)test;
    struct pool__report report = {0};
    pool_error_t error = {.message = "message", .file = "file"};
    allow(0);
    pool__report_add(&report, &error);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.dropped, 1);
    allow(1); /* the list, but no text */
    pool__report_add(&report, &error);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.dropped, 2);
    allow(1);
    pool__report_add(&report, &error);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.errors[0].file, "file");
    pool__report_clear(&report);
    assert_int_equal(report.dropped, 0);
}

static void a_list_that_cannot_grow_keeps_what_it_has(void **test)
{
    (void)test;
    struct pool__report report = {0};
    pool_error_t error = {.message = "message"};
    while (report.count == 0 || report.count < report.capacity)
        pool__report_add(&report, &error);
    size_t full = report.count;
    fail_one();
    pool__report_add(&report, &error);
    assert_int_equal(report.count, full);
    assert_int_equal(report.capacity, full);
    assert_int_equal(report.dropped, 1);
    for (size_t i = 0; i < full; i++)
        assert_string_equal(report.errors[i].message, "message");
    pool__report_clear(&report);
}

/* ---- The image ---- */

static void an_image_is_taken_whole_or_not_at_all(void **test)
{
    (void)test;
    struct pool__image image;
    int allocations = 0;
    for (;; allocations++) {
        allow(allocations);
        int error = pool__image_take(&image);
        if (error == 0)
            break;
        assert_int_equal(error, -ENOMEM);
        assert_null(image.segments);
        assert_int_equal(image.count, 0);
    }
    assert_true(image.count > 1);
    assert_int_equal(image.count + image.library_count, allocations);
    pool__image_fini(&image);
}

#define SCARCE(function) cmocka_unit_test_teardown(function, allow_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCARCE(an_arena_without_records_gives_nothing_and_goes_on_later),
        SCARCE(what_cannot_be_cut_off_stays_with_the_piece),
        SCARCE(errors_that_cannot_be_kept_are_counted),
        SCARCE(a_list_that_cannot_grow_keeps_what_it_has),
        SCARCE(an_image_is_taken_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
