/* Asking the supervisor for workers that left because there was nothing to do. */
#include "host/transport/board/wake.h"

#include "unit/scene.h"

static int open_idle_scene(void **test)
{
    int error = open_scene(test);
    ((struct scene *)*test)->stage.pool.launch.options.idle_timeout = 1;
    return error;
}

/* Receives what the supervisor has been sent. Returns how many requests to look there were. */
static int hear_requests(const struct scene *scene)
{
    struct pool__message message;
    int count = 0;
    while (pool__control_receive(scene->supervisor, &message) == 1) {
        assert_int_equal(message.type, POOL__LOOK);
        count++;
    }
    return count;
}

static void one_request_is_enough_until_the_supervisor_looks(void **test)
{
    struct scene *scene = *test;
    struct pool *pool = &scene->stage.pool;
    pool__recall_idle(pool);
    pool__recall_idle(pool);
    assert_int_equal(hear_requests(scene), 1);
    atomic_store(&pool->writable->recall_pending, 0);
    pool__recall_idle(pool);
    assert_int_equal(hear_requests(scene), 1);
}

/* A wild write may have made a request look made. */
static void a_tick_asks_whatever_the_board_says(void **test)
{
    struct scene *scene = *test;
    struct pool *pool = &scene->stage.pool;
    atomic_store(&pool->writable->recall_pending, UINT32_MAX);
    pool__recall_idle(pool);
    assert_int_equal(hear_requests(scene), 0);
    pool__reconcile(pool, NULL);
    assert_int_equal(hear_requests(scene), 1);
}

#define ON_SCENE(function) cmocka_unit_test_setup_teardown(function, open_idle_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SCENE(one_request_is_enough_until_the_supervisor_looks),
        ON_SCENE(a_tick_asks_whatever_the_board_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
