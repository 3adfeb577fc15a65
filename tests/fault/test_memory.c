/* The host's n-th allocation fails, for every n, once or from then on: each call does what it
 * should or says that there is no memory, and no item is forgotten. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/ledger.h"
#include "support/subhost.h"
#include "support/world.h"

#if defined(__SANITIZE_ADDRESS__)
#define OTHER_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTHER_ALLOCATOR
#endif
#endif
#if !defined(__GLIBC__)
#define OTHER_ALLOCATOR
#endif

enum { ITEMS = 40, SHARED = 8 };

static struct {
    pid_t process; /* whose allocations fail */
    long left;     /* allocations until then; negative: never */
    bool once;
    bool failed;
} fault = {.left = -1};

#ifndef OTHER_ALLOCATOR

static bool fails(void)
{
    if (fault.left < 0 || fault.process != getpid())
        return false;
    if (fault.left > 0) {
        fault.left--;
        return false;
    }
    fault.failed = true;
    if (fault.once)
        fault.left = -1;
    errno = ENOMEM;
    return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}

#endif

/* Fails with a message, crashes, or measures the text. */
static int measure(const void *item, void *result, pool_task_t *task)
{
    const char *text = *(const char *const *)item;
    if (strlen(text) % 10 == 3)
        return pool_fail(task, 3, "a text of %zu", strlen(text));
    if (strlen(text) % 10 == 7)
        raise(SIGKILL);
    *(size_t *)result = strlen(text) + 1;
    return 0;
}

/* Of the map: each item is right, or counted as failed; an error may have found no place. */
static void check_outcomes(pool_t *pool, int failed, const size_t *results)
{
    const pool_error_t *errors;
    size_t listed = pool_errors(pool, &errors), missing = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        SUBHOST_CHECK(results[i] == 0 || results[i] == i + 1);
        missing += results[i] == 0;
    }
    SUBHOST_CHECK(failed == -ENOMEM || failed == (int)missing);
    SUBHOST_CHECK(listed <= missing && missing >= 8);
    for (size_t i = 0; i < listed; i++)
        SUBHOST_CHECK(errors[i].index < ITEMS && results[errors[i].index] == 0);
}

static void make_map(pool_t *pool)
{
    char letters[ITEMS + 1];
    const char *texts[ITEMS];
    size_t results[ITEMS] = {0};
    memset(letters, 'x', ITEMS);
    letters[ITEMS] = '\0';
    for (int i = 0; i < ITEMS; i++)
        texts[i] = letters + ITEMS - i;
    int failed = pool_map(pool, measure, POOL_IN(texts, ITEMS), POOL_OUT(results));
    check_outcomes(pool, failed, results);
}

/* Fails for the same lengths, or adds the length. */
static int add_length(const void *item, void *result, pool_task_t *task)
{
    size_t length, *sum = result;
    int failed = measure(item, &length, task);
    *sum += failed ? 0 : length;
    return failed;
}

static int add_sum(void *into, const void *from)
{
    *(size_t *)into += *(const size_t *)from;
    return 0;
}

/* The sum is that of all items that did not fail, or the call says that there was no memory and leaves
 * the sum alone. The first is so in any case if `whole`. */
static void make_fold(pool_t *pool, bool whole)
{
    char letters[ITEMS + 1];
    const char *texts[ITEMS];
    size_t sum = 0, should = 0;
    const pool_map_options_t options = {.chunksize = ITEMS / 2};
    memset(letters, 'x', ITEMS);
    letters[ITEMS] = '\0';
    for (size_t i = 0; i < ITEMS; i++) {
        texts[i] = letters + ITEMS - i;
        should += i % 10 == 3 || i % 10 == 7 ? 0 : i + 1;
    }
    int failed =
        pool_fold(pool, add_length, add_sum, POOL_IN(texts, ITEMS), POOL_OUT(&sum), &options);
    SUBHOST_CHECK(failed == 8 || (failed == -ENOMEM && !whole));
    SUBHOST_EQUAL((long long)sum, failed == 8 ? (long long)should : 0);
}

/* What came of the items of an iteration. */
struct outcomes {
    bool seen[ITEMS];
    int ended, bad;
};

/* Each item comes once, with its result or as failed. An error may have found no place unless
 * `whole`. */
static void note(struct outcomes *outcomes, const pool_iterator_t *iterator, bool good,
                 size_t result, bool whole)
{
    size_t i = pool_next_index(iterator);
    const pool_error_t *told = pool_next_error(iterator);
    SUBHOST_CHECK(i < ITEMS && !outcomes->seen[i]);
    if (good)
        SUBHOST_CHECK(result == i + 1 && !told);
    else
        SUBHOST_CHECK(told ? told->index == i : !whole);
    outcomes->seen[i] = true;
    outcomes->ended++;
    outcomes->bad += !good;
}

/* All items come, or there is no iteration at all. The first is so in any case if `whole`. */
static void make_iteration(pool_t *pool, bool whole)
{
    char letters[ITEMS + 1];
    const char *texts[ITEMS];
    memset(letters, 'x', ITEMS);
    letters[ITEMS] = '\0';
    for (int i = 0; i < ITEMS; i++)
        texts[i] = letters + ITEMS - i;
    const pool_source_t source = {.in = POOL_IN(texts, ITEMS)};
    pool_iterator_t *iterator;
    int got = pool_imap_unordered(pool, measure, &source, POOL_RESULT(size_t), NULL, &iterator);
    SUBHOST_CHECK(got == 0 || (got == -ENOMEM && !whole));
    if (got)
        return;
    struct outcomes outcomes = {.ended = 0};
    size_t result;
    while ((got = pool_next(iterator, &result, -1)) == 1 || got == POOL_EITEM)
        note(&outcomes, iterator, got == 1, result, whole);
    SUBHOST_EQUAL(got, 0);
    SUBHOST_EQUAL(outcomes.ended, ITEMS);
    SUBHOST_CHECK(outcomes.bad == 8 || (outcomes.bad > 8 && !whole));
    pool_iterator_free(iterator);
}

static void use_shared_memory(pool_t *pool)
{
    void *arrays[SHARED];
    for (int i = 0; i < SHARED; i++)
        arrays[i] = pool_shared_alloc(pool, 10, 100);
    for (int i = 0; i < SHARED; i++)
        pool_shared_free(pool, arrays[i]);
}

struct plan {
    long n;
    bool once, in_create;
    struct ledger *reached;
};

static void arm(const struct plan *plan)
{
    fault.process = getpid();
    fault.once = plan->once;
    fault.left = plan->n;
}

static void live_with_fault(void *argument)
{
    const struct plan *plan = argument;
    pool_t *pool;
    pool_options_t options = {.processes = 2};
    struct world *before = world_take();
    if (plan->in_create)
        arm(plan);
    int error = pool_create(&pool, &options);
    SUBHOST_CHECK(error == 0 || (error == -ENOMEM && fault.failed));
    if (!plan->in_create)
        arm(plan);
    if (error == 0) {
        make_map(pool);
        make_fold(pool, false);
        make_iteration(pool, false);
        use_shared_memory(pool);
        fault.left = -1;
        make_fold(pool, true); /* whatever happened, it works now */
        make_iteration(pool, true);
        make_map(pool);
        SUBHOST_EQUAL((int)pool_errors(pool, NULL), 8);
        pool_free(pool);
    }
    fault.left = -1;
    SUBHOST_CHECK(world_same(before));
    free(before);
    if (fault.failed)
        ledger_mark(plan->reached, 0);
}

/* Every n, until there are not so many allocations. */
static void sweep(bool in_create, bool once)
{
    struct plan plan = {.n = 0, .once = once, .in_create = in_create, .reached = ledger_make(1)};
#ifdef OTHER_ALLOCATOR
    skip();
#endif
    if (deadline_valgrind())
        skip();
    do {
        ledger_clear(plan.reached);
        subhost_passes(live_with_fault, &plan);
        plan.n++;
    } while (ledger_count(plan.reached, 0) && plan.n < 2000);
    assert_true(plan.n > 3);
}

static void any_allocation_of_a_pools_life_may_fail_once(void **state)
{
    (void)state;
    sweep(true, true);
}

static void any_allocation_of_a_maps_life_may_fail_once(void **state)
{
    (void)state;
    sweep(false, true);
}

static void all_allocations_from_any_on_may_fail(void **state)
{
    (void)state;
    sweep(true, false);
}

static void all_allocations_of_a_map_from_any_on_may_fail(void **state)
{
    (void)state;
    sweep(false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(any_allocation_of_a_pools_life_may_fail_once),
        WORLD_TEST(any_allocation_of_a_maps_life_may_fail_once),
        WORLD_TEST(all_allocations_from_any_on_may_fail),
        WORLD_TEST(all_allocations_of_a_map_from_any_on_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
