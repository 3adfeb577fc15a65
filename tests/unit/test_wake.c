/* Asking the supervisor for workers that left because there was nothing to do. */
#include "host/transport/board/wake.h"

#include "common/control.h"
#include "common/descriptor.h"
#include "unit/stage.h"

/* The stage, and the supervisor's end of a channel. */
struct scene {
    struct stage stage;
    int supervisor;
};

static int open_scene(void **test)
{
    static struct scene scene;
    int ends[2];
    stage_open(&scene.stage, STAGE_CHUNK);
    *test = &scene;
    int error = pool__socketpair(ends);
    scene.stage.pool.launch.options.idle_timeout = 1;
    scene.stage.pool.launch.control_host = ends[0];
    scene.supervisor = ends[1];
    return error;
}

static int close_scene(void **test)
{
    struct scene *scene = *test;
    pool__close(&scene->stage.pool.launch.control_host);
    pool__close(&scene->supervisor);
    stage_close(&scene->stage);
    return 0;
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

#define ON_SCENE(function) cmocka_unit_test_setup_teardown(function, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SCENE(one_request_is_enough_until_the_supervisor_looks),
        ON_SCENE(a_tick_asks_whatever_the_board_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
