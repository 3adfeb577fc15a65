/* Messages between host and supervisor that the system refuses to send: each is sent later. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/deadline.h"
#include "support/outcome.h"
#include "support/work.h"
#include "support/world.h"

enum { ITEMS = 20, LIMIT = 300, PROMPT = 5000 };

/* How many messages were sent, by all processes; and which of them are refused. */
struct post {
    _Atomic int sent;
    _Atomic int first, count; /* messages first ... first + count - 1, counted from 1 */
    _Atomic int error;
};

static struct post *post;

/* In the library, too. */
ssize_t send(int channel, const void *message, size_t size, int flags)
{
    int number = post ? atomic_fetch_add(&post->sent, 1) + 1 : 0;
    int first = post ? atomic_load(&post->first) : 0;
    if (number >= first && number < first + (post ? atomic_load(&post->count) : 0)) {
        errno = atomic_load(&post->error);
        return -1;
    }
    return sendto(channel, message, size, flags, NULL, 0);
}

static void refuse(int first, int count, int error)
{
    atomic_store(&post->sent, 0);
    atomic_store(&post->first, first);
    atomic_store(&post->count, count);
    atomic_store(&post->error, error);
}

static bool all_were_refused(void)
{
    return atomic_load(&post->sent) >= atomic_load(&post->first) + atomic_load(&post->count) - 1;
}

/* ---- What a pool does, from its birth to its end ---- */

static void a_worker_dies(pool_t *pool)
{
    int items[ITEMS], results[ITEMS] = {0};
    for (int i = 0; i < ITEMS; i++)
        items[i] = i == 10 ? -SIGKILL : i;
    assert_int_equal(pool_map(pool, work_copy_or_raise, POOL_IN(items, ITEMS), POOL_OUT(results)),
                     1);
    outcome_is(pool, 10, POOL_CRASHED, SIGKILL);
    for (int i = 0; i < ITEMS; i++)
        assert_true(i == 10 || results[i] == i);
}

static void a_worker_is_killed(pool_t *pool)
{
    pool_map_options_t options = {.timeout = LIMIT};
    size_t before = pool_replaced(pool);
    assert_int_equal(pool_map_with(pool, work_hang, POOL_RANGE(1), POOL_NONE, &options), 1);
    outcome_is(pool, 0, POOL_TIMED_OUT, -ETIMEDOUT);
    assert_true(outcome_replaced(pool, before + 1));
}

static void live(int processes, bool gently)
{
    pool_options_t options = {.processes = processes};
    int64_t began = deadline_now();
    pool_t *pool = world_pool_with(&options);
    a_worker_dies(pool);
    assert_int_equal(pool_resize(pool, processes + 1), 0);
    assert_true(crew_told(pool, crew_supervisor(pool), processes + 1));
    a_worker_is_killed(pool);
    outcome_pool_works(pool);
    if (gently) {
        assert_int_equal(pool_close(pool), 0);
        assert_int_equal(pool_join(pool), 0);
    } else {
        assert_int_equal(pool_terminate(pool), 0);
    }
    world_free(pool);
    assert_true(deadline_kept(began, PROMPT));
}

/* ---- Each message ---- */

static void refuse_each(int count, int error)
{
    int refused = 0;
    post = world_shared(sizeof *post);
    for (int first = 1; refused == first - 1; first++) {
        refuse(first, count, error);
        live(1 + first % 2, first % 4 < 2);
        refused += all_were_refused();
    }
    assert_true(refused >= 8);
    post = NULL;
}

static void any_message_may_be_refused_once(void **state)
{
    (void)state;
    refuse_each(1, ENOBUFS);
}

static void any_message_may_be_refused_three_times(void **state)
{
    (void)state;
    refuse_each(3, ENOMEM);
}

/* A worker that left because there was nothing to do is asked back. */
static void a_recall_may_be_refused(void **state)
{
    pool_options_t options = {.processes = 2, .idle_timeout = 10};
    (void)state;
    post = world_shared(sizeof *post);
    pool_t *pool = world_pool_with(&options);
    pid_t supervisor = crew_supervisor(pool);
    for (int count = 0; count < 6; count++) {
        assert_true(crew_becomes(supervisor, 0));
        refuse(1, count, ENOBUFS);
        int64_t began = deadline_now();
        outcome_pool_works(pool);
        assert_true(deadline_kept(began, PROMPT));
    }
    world_free(pool);
    post = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(any_message_may_be_refused_once),
        WORLD_TEST(any_message_may_be_refused_three_times),
        WORLD_TEST(a_recall_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
