/* The window of an iterator: it begins small, grows when more items are given out, and keeps every
 * element while it grows. */
#include "host/job/window.h"
#include "unit/stage.h"

enum { SMALL = 16, MANY = 3000 };

static const pool_source_t array = {.next = NULL};

/* A job with a window, of which no item has been given out. */
static struct pool_future *open_window(struct stage *stage, size_t size, const pool_type_t *type,
                                       bool unordered)
{
    static struct pool_future job;
    job = (struct pool_future){.pool = &stage->pool,
                               .out = pool_out(NULL, size, type),
                               .in = POOL_IN(stage->items, STAGE_ITEMS)};
    assert_int_equal(pool__window_add(&job, &array, unordered), 0);
    return &job;
}

static size_t give(struct pool_future *job, size_t count)
{
    size_t given = pool__window_fit(job, count);
    job->given += given;
    return given;
}

static bool is_bad(uint64_t index)
{
    return index % 7 == 3;
}

/* The item ends: every seventh badly. */
static void end_item(struct pool_future *job, uint64_t index)
{
    char message[32];
    snprintf(message, sizeof message, "item %d", (int)index);
    const pool_error_t error = {.index = index, .kind = POOL_FAILED, .message = message};
    if (!is_bad(index))
        *(uint64_t *)pool__element(job, index) = 5 * index;
    pool__window_mark(job, index, is_bad(index) ? &error : NULL);
}

/* Takes the next element, which must be that of this item. */
static void take(struct pool_future *job, uint64_t index)
{
    char message[32];
    size_t next;
    uint64_t result = 0;
    pool_error_t *error;
    snprintf(message, sizeof message, "item %d", (int)index);
    assert_true(pool__window_next(job->window, &next));
    assert_int_equal(next, index);
    assert_int_equal(pool__window_take(job, next, &result, &error), !is_bad(index));
    assert_int_equal(error != NULL, is_bad(index));
    assert_int_equal(result, is_bad(index) ? 0 : 5 * index);
    if (error)
        assert_string_equal(error->message, message);
    pool__error_free(error);
}

/* ---- Size ---- */

static void a_window_begins_small_and_may_become_large(void **test)
{
    struct pool_future *job = open_window(*test, sizeof(uint64_t), NULL, false);
    assert_int_equal(job->window->elements.capacity, SMALL);
    assert_true(pool__window_room(job) >= MANY);
    assert_int_equal(give(job, 3), 3);
    assert_int_equal(job->window->elements.capacity, SMALL);
    assert_int_equal(give(job, MANY), MANY);
    assert_true(job->window->elements.capacity >= MANY + 3);
    assert_true(job->window->elements.capacity < 2 * (MANY + 3));
    pool__window_free(job);
    assert_null(job->window);
}

/* The budget has room for 100 results. */
static void a_window_does_not_grow_beyond_its_limit(void **test)
{
    struct stage *stage = *test;
    stage->pool.launch.options.budget = 100 * sizeof(uint64_t);
    struct pool_future *job = open_window(*test, sizeof(uint64_t), NULL, false);
    assert_true(pool__window_room(job) <= 100);
    assert_int_equal(give(job, 105), 100);
    assert_int_equal(job->window->elements.capacity, 100);
    assert_int_equal(pool__window_room(job), 0);
    assert_int_equal(give(job, 1), 0);
    pool__window_free(job);
}

static void a_window_of_which_few_elements_are_used_stays_small(void **test)
{
    struct pool_future *job = open_window(*test, sizeof(uint64_t), NULL, false);
    size_t next;
    for (uint64_t i = 0; i < MANY; i += 2) {
        assert_int_equal(give(job, 2), 2);
        end_item(job, i + 1);
        assert_false(pool__window_next(job->window, &next));
        end_item(job, i);
        take(job, i);
        take(job, i + 1);
    }
    assert_int_equal(job->window->elements.capacity, SMALL);
    pool__window_free(job);
}

/* ---- Growing ---- */

/* The window has moved on before it grows, so that elements change their places. */
static void elements_keep_their_items_when_the_window_grows(void **test)
{
    struct pool_future *job = open_window(*test, sizeof(uint64_t), NULL, false);
    assert_int_equal(give(job, SMALL), SMALL);
    for (uint64_t i = 0; i < SMALL; i++)
        end_item(job, i);
    for (uint64_t i = 0; i < SMALL / 2; i++)
        take(job, i);
    assert_int_equal(give(job, SMALL / 2), SMALL / 2);
    for (uint64_t i = SMALL; i < SMALL + SMALL / 2 - 2; i++)
        end_item(job, i);
    assert_int_equal(job->window->elements.capacity, SMALL);
    assert_int_equal(give(job, MANY), MANY);
    for (uint64_t i = MANY; i >= SMALL + SMALL / 2 - 2; i--)
        end_item(job, i);
    for (uint64_t i = SMALL / 2; i <= MANY; i++)
        take(job, i);
    pool__window_free(job);
}

/* Items end from the last to the first, and the second half of them after the window has grown. */
static void the_order_of_ends_is_kept_when_the_window_grows(void **test)
{
    struct pool_future *job = open_window(*test, sizeof(uint64_t), NULL, true);
    assert_int_equal(give(job, SMALL), SMALL);
    for (uint64_t i = SMALL; i-- > 2;)
        end_item(job, i);
    for (uint64_t i = SMALL; i-- > SMALL - 5;)
        take(job, i);
    assert_int_equal(give(job, MANY), MANY);
    for (uint64_t i = SMALL + MANY; i-- > SMALL;)
        end_item(job, i);
    end_item(job, 0);
    for (uint64_t i = SMALL - 5; i-- > 2;)
        take(job, i);
    for (uint64_t i = SMALL + MANY; i-- > SMALL;)
        take(job, i);
    take(job, 0);
    size_t next;
    assert_false(pool__window_next(job->window, &next)); /* item 1 has not ended */
    pool__window_free(job);
}

/* ---- Without memory ---- */

static void a_window_for_which_there_is_no_memory_is_not_made(void **test)
{
    struct stage *stage = *test;
    struct pool_future job = {.pool = &stage->pool, .out = {.size = SIZE_MAX / 2}};
    assert_int_equal(pool__window_add(&job, &array, true), -ENOMEM);
    assert_null(job.window);
}

static void items_wait_while_there_is_no_memory_to_grow(void **test)
{
    struct pool_future *job = open_window(*test, sizeof(uint64_t), NULL, true);
    assert_int_equal(give(job, SMALL - 1), SMALL - 1);
    job->out.size = SIZE_MAX / 2; /* so that no memory has room for two results */
    assert_int_equal(give(job, 5), 1);
    assert_int_equal(give(job, 5), 0);
    assert_int_equal(job->window->elements.capacity, SMALL);
    job->out.size = sizeof(uint64_t);
    for (uint64_t i = 0; i < SMALL; i++)
        end_item(job, i);
    assert_int_equal(give(job, 5), 5);
    for (uint64_t i = 0; i < SMALL + 5; i++) {
        if (i >= SMALL)
            end_item(job, i);
        take(job, i);
    }
    pool__window_free(job);
}

/* ---- Freeing ---- */

/* A checker of memory sees what is lost here, or freed twice. */
static void results_and_errors_that_were_not_taken_are_freed(void **test)
{
    struct pool_future *job = open_window(*test, sizeof(char *), &pool_type_text, false);
    const pool_error_t error = {.message = "not taken"};
    pool_error_t *taken;
    char *text = NULL;
    for (uint64_t i = 0; i < SMALL; i++) {
        assert_int_equal(give(job, 1), 1);
        if (!is_bad(i))
            *(char **)pool__element(job, i) = strdup("not taken");
        pool__window_mark(job, i, is_bad(i) ? &error : NULL);
    }
    assert_int_equal(give(job, SMALL), SMALL);
    assert_true(pool__window_take(job, 0, (void *)&text, &taken));
    assert_string_equal(text, "not taken");
    free(text);
    pool__window_free(job);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(a_window_begins_small_and_may_become_large),
        ON_STAGE(a_window_does_not_grow_beyond_its_limit),
        ON_STAGE(a_window_of_which_few_elements_are_used_stays_small),
        ON_STAGE(elements_keep_their_items_when_the_window_grows),
        ON_STAGE(the_order_of_ends_is_kept_when_the_window_grows),
        ON_STAGE(a_window_for_which_there_is_no_memory_is_not_made),
        ON_STAGE(items_wait_while_there_is_no_memory_to_grow),
        ON_STAGE(results_and_errors_that_were_not_taken_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
