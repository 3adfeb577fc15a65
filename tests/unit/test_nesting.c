/* Shares of processes: what pools take from them, and that all of it comes back. */
#include "common/nesting.h"

#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procpool.h"
#include "unit/unit.h"

struct grant {
    int workers, nested;
};

static struct pool__share *take(struct pool__share *from, struct grant *grant)
{
    struct pool__share *share = pool__share_take(from, 1, &grant->workers, &grant->nested);
    assert_non_null(share);
    return share;
}

static void without_a_bound_pools_get_what_they_ask_for(void **test)
{
    (void)test;
    struct grant grant = {4000, INT_MAX};
    struct pool__share *share = take(NULL, &grant);
    assert_int_equal(grant.workers, 4000);
    assert_int_equal(grant.nested, INT_MAX);
    assert_int_equal(share->left, INT_MAX);
    assert_int_equal(share->depth, 1);
    pool__share_release(share);
    pool__share_release(NULL);
}

/* Of `has` processes left, what a pool that asks for this gets. */
static void a_pool_gets_workers_with_a_supervisor_first(void **test)
{
    (void)test;
    static const struct {
        int has;
        struct grant asked, got;
    } cases[] = {
        {0, {1, 1}, {0, 0}},       {1, {1, 0}, {0, 0}},  {1, {3, 5}, {0, 1}},   {2, {1, 1}, {1, 0}},
        {2, {4, 4}, {1, 0}},       {5, {4, 9}, {4, 0}},  {6, {4, 9}, {4, 1}},   {9, {2, 3}, {2, 3}},
        {9, {0, 4}, {0, 4}},       {9, {0, 40}, {0, 9}}, {9, {40, 40}, {8, 0}}, {9, {1, 0}, {1, 0}},
        {9, {1, INT_MAX}, {1, 7}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct grant all = {0, cases[i].has}, grant = cases[i].asked;
        struct pool__share *from = take(NULL, &all), *share = take(from, &grant);
        assert_int_equal(grant.workers, cases[i].got.workers);
        assert_int_equal(grant.nested, cases[i].got.nested);
        assert_int_equal(share->left, grant.nested);
        int own = grant.workers ? grant.workers + 1 : 0;
        assert_int_equal(from->left, cases[i].has - own - grant.nested);
        pool__share_release(share);
        assert_int_equal(from->left, cases[i].has);
        pool__share_release(from);
    }
}

static void with_successors_each_worker_counts_twice(void **test)
{
    (void)test;
    static const int cases[][2] = {{2, 0}, {3, 1}, {4, 1}, {5, 2}, {7, 3}, {100, 3}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct grant all = {0, cases[i][0]};
        int workers = 3, nested = 0;
        struct pool__share *from = take(NULL, &all);
        struct pool__share *share = pool__share_take(from, 2, &workers, &nested);
        assert_non_null(share);
        assert_int_equal(workers, cases[i][1]);
        assert_int_equal(from->left, cases[i][0] - (workers ? 2 * workers + 1 : 0));
        pool__share_release(share);
        assert_int_equal(from->left, cases[i][0]);
        pool__share_release(from);
    }
}

static void a_pool_that_grows_takes_what_is_left(void **test)
{
    (void)test;
    struct grant all = {0, 10}, grant = {2, 1};
    struct pool__share *from = take(NULL, &all), *share = take(from, &grant);
    assert_int_equal(pool__share_grow(from, 1000), 1000); /* nothing bounds it */
    assert_int_equal(from->left, 6);
    assert_int_equal(pool__share_grow(share, 4), 4);
    assert_int_equal(pool__share_grow(share, 4), 2);
    assert_int_equal(pool__share_grow(share, 4), 0);
    assert_int_equal(from->left, 0);
    pool__share_release(share);
    assert_int_equal(from->left, 10);
    pool__share_release(from);
}

static void below_the_greatest_depth_there_are_no_workers(void **test)
{
    (void)test;
    struct grant grant = {1, 100};
    struct pool__share *shares[POOL_DEPTH_MAX + 3] = {take(NULL, &grant)};
    for (int i = 1; i < POOL_DEPTH_MAX + 3; i++) {
        grant = (struct grant){1, 100};
        shares[i] = take(shares[i - 1], &grant);
        assert_int_equal(shares[i]->depth, i + 1);
        assert_int_equal(grant.workers, i < POOL_DEPTH_MAX);
    }
    for (int i = POOL_DEPTH_MAX + 2; i >= 0; i--)
        pool__share_release(shares[i]);
}

/* A pool that was made in another's function, and is freed after it. */
static void a_share_lasts_as_long_as_what_was_taken_from_it(void **test)
{
    (void)test;
    struct grant all = {0, 10}, outer = {0, 6}, inner = {2, 0};
    struct pool__share *whole = take(NULL, &all);
    struct pool__share *middle = take(whole, &outer), *least = take(middle, &inner);
    assert_int_equal(middle->left, 3);
    pool__share_release(middle);
    assert_int_equal(whole->left, 4);
    pool__share_release(least);
    assert_int_equal(whole->left, 10);
    pool__share_release(whole);
}

/* What a worker and its copy have; exits with the sum. */
static void be_worker(void)
{
    int status = 0;
    pool__share_enter(2, 9);
    const struct pool__share *share = pool__share_of_process();
    int sum = share->depth * 100 + share->left;
    pid_t copy = fork();
    if (copy == 0)
        _exit(pool__share_of_process()->depth * 10 + pool__share_of_process()->left);
    waitpid(copy, &status, 0);
    _exit(sum + WEXITSTATUS(status));
}

static void a_worker_has_a_share_and_copies_of_it_an_empty_one(void **test)
{
    (void)test;
    int status = 0;
    assert_null(pool__share_of_process());
    pid_t worker = fork();
    if (worker == 0)
        be_worker();
    assert_int_equal(waitpid(worker, &status, 0), worker);
    assert_int_equal(WEXITSTATUS(status), 209 + 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_bound_pools_get_what_they_ask_for),
        cmocka_unit_test(a_pool_gets_workers_with_a_supervisor_first),
        cmocka_unit_test(with_successors_each_worker_counts_twice),
        cmocka_unit_test(a_pool_that_grows_takes_what_is_left),
        cmocka_unit_test(below_the_greatest_depth_there_are_no_workers),
        cmocka_unit_test(a_share_lasts_as_long_as_what_was_taken_from_it),
        cmocka_unit_test(a_worker_has_a_share_and_copies_of_it_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
