/* The heaps of jobs: they give jobs in order, whatever is taken out in between, and a job costs as
 * many steps as the heap has levels. */
#include <errno.h>

#include "host/job/heap.h"
#include "unit/unit.h"

enum { MOST = 100000, SMALL = 300, ROUNDS = 200 };

static struct pool_future jobs[MOST];

static uint64_t seed = 20261125;

static uint64_t draw(uint64_t below)
{
    return random_below(&seed, below);
}

static bool comes_before(enum pool__heap_kind kind, const struct pool_future *a,
                         const struct pool_future *b)
{
    if (kind == POOL__TIMED_HEAP)
        return pool__job_due(a) < pool__job_due(b);
    return a->options.priority > b->options.priority ||
           (a->options.priority == b->options.priority && a->turn < b->turn);
}

static void prepare(size_t count)
{
    for (size_t i = 0; i < count; i++)
        jobs[i] = (struct pool_future){.turn = (uint32_t)i,
                                       .options.priority = (int)draw(5) - 2,
                                       .deadline = draw(2) ? 1 + draw(1000) : 0,
                                       .kill_at = 1 + draw(1000)};
}

/* Takes out every job, and asserts that none comes before the one before it. */
static void empty(struct pool__heap *heap)
{
    const struct pool_future *last = NULL;
    for (struct pool_future *job; (job = pool__heap_first(heap));) {
        assert_false(last && comes_before(heap->kind, job, last));
        pool__heap_remove(heap, job);
        assert_false(pool__heap_has(heap, job));
        last = job;
    }
    assert_int_equal(heap->count, 0);
}

static void check_order(enum pool__heap_kind kind)
{
    struct pool__heap heap = {.kind = kind};
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + draw(SMALL), in = 0;
        prepare(count);
        assert_int_equal(pool__heap_reserve(&heap, count), 0);
        for (size_t i = 0; i < count; i++)
            pool__heap_add(&heap, &jobs[i]);
        for (size_t i = 0; i < count; i++) { /* each may be taken out twice, or moved */
            if (draw(3) == 0)
                pool__heap_remove(&heap, &jobs[draw(count)]);
            if (kind == POOL__GIVING_HEAP && draw(3) == 0) {
                struct pool_future *job = &jobs[draw(count)];
                job->turn = (uint32_t)(count + i);
                pool__heap_settle(&heap, job);
            }
        }
        for (size_t i = 0; i < count; i++)
            in += pool__heap_has(&heap, &jobs[i]);
        assert_int_equal(in, heap.count);
        empty(&heap);
    }
    pool__heap_fini(&heap);
}

static void jobs_come_by_priority_and_in_turn(void **test)
{
    (void)test;
    check_order(POOL__GIVING_HEAP);
}

static void jobs_come_by_their_time(void **test)
{
    (void)test;
    check_order(POOL__TIMED_HEAP);
}

static unsigned levels(size_t count)
{
    unsigned levels = 0;
    for (; count > 0; count /= 2)
        levels++;
    return levels;
}

/* The steps of jobs that come, get a turn each, and go. */
static void a_job_takes_no_more_steps_than_there_are_levels(void **test)
{
    static const size_t counts[] = {1, 1000, MOST};
    (void)test;
    for (size_t k = 0; k < COUNT(counts); k++) {
        struct pool__heap heap = {.kind = POOL__GIVING_HEAP};
        size_t count = counts[k];
        prepare(count);
        assert_int_equal(pool__heap_reserve(&heap, count), 0);
        for (size_t i = 0; i < count; i++)
            pool__heap_add(&heap, &jobs[i]);
        for (size_t i = 0; i < count; i++) {
            struct pool_future *job = pool__heap_first(&heap);
            job->turn += (uint32_t)count;
            pool__heap_settle(&heap, job);
        }
        empty(&heap);
        assert_true(heap.steps <= 3 * count * levels(count));
        pool__heap_fini(&heap);
    }
}

static void room_is_made_and_given_back(void **test)
{
    struct pool__heap heap = {.kind = POOL__TIMED_HEAP};
    (void)test;
    assert_int_equal(pool__heap_reserve(&heap, MOST), 0);
    assert_true(heap.capacity >= MOST);
    assert_int_equal(pool__heap_reserve(&heap, 1), 0);
    assert_true(heap.capacity < 1000);
    assert_int_equal(pool__heap_reserve(&heap, SIZE_MAX / 64), -ENOMEM);
    assert_true(heap.capacity < 1000); /* as before */
    pool__heap_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_come_by_priority_and_in_turn),
        cmocka_unit_test(jobs_come_by_their_time),
        cmocka_unit_test(a_job_takes_no_more_steps_than_there_are_levels),
        cmocka_unit_test(room_is_made_and_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
