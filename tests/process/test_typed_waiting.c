/* A worker that waits for room for its result dies: its item alone is blamed for it.
 *
 * The worker waits only for as long as the host does nothing. So the host, which is forked for this, is
 * stopped by the item itself; the test sees both stand still, kills the worker and lets the host go on. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"

enum { COUNT = 20, SIZE = 3 << 20, SOON = 5000 };

static struct stage {
    pid_t host;
    _Atomic pid_t waiting; /* the worker that has stopped the host */
    size_t place;          /* of the item that does, in its chunk of this many */
    size_t chunksize;
} * stage;

static pool_bytes_t make_large(size_t number, bool stops)
{
    pool_bytes_t bytes = {malloc(SIZE), number % 3 == 0 ? 10 + number : SIZE};
    if (!bytes.data)
        return (pool_bytes_t){NULL, 0};
    memset(bytes.data, (int)number, bytes.size);
    if (stops) {
        stage->waiting = getpid();
        kill(stage->host, SIGSTOP);
    }
    return bytes;
}
POOL_FUNCTION(make_large, pool_bytes_t, (size_t, number), (bool, stops));

static void check_results(const pool_t *pool, const pool_bytes_t *results)
{
    for (size_t i = 0; i < COUNT; i++) {
        const unsigned char *bytes = results[i].data;
        if (i == stage->place) {
            SUBHOST_CHECK(outcome_of(pool, i)->kind == POOL_CRASHED);
            SUBHOST_EQUAL(outcome_of(pool, i)->code, SIGKILL);
            SUBHOST_CHECK(!bytes && results[i].size == 0);
            continue;
        }
        SUBHOST_CHECK(results[i].size == (i % 3 == 0 ? 10 + i : SIZE));
        SUBHOST_CHECK(bytes[0] == i && memcmp(bytes, bytes + 1, results[i].size - 1) == 0);
    }
}

static void be_host(void *unused)
{
    struct make_large_args rows[COUNT];
    pool_bytes_t results[COUNT];
    pool_t *pool;
    pool_options_t options = {.processes = 1};
    const pool_map_options_t map_options = {.chunksize = stage->chunksize};
    (void)unused;
    stage->host = getpid();
    for (size_t i = 0; i < COUNT; i++)
        rows[i] = (struct make_large_args){i, i == stage->place};
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    SUBHOST_EQUAL(pool_starmap_with(pool, &make_large_function, rows, COUNT, results, &map_options),
                  1);
    check_results(pool, results);
    pool_release(&pool_type_bytes, results, COUNT);
    SUBHOST_EQUAL(pool_starmap_with(pool, &make_large_function, rows, 2, results, &map_options), 0);
    pool_release(&pool_type_bytes, results, 2);
    pool_free(pool);
}

/* Whether the host is stopped and its worker sleeps: it waits for the host then, for nothing else. */
static bool both_stand_still(void *unused)
{
    (void)unused;
    return stage->waiting && process_state(stage->host) == 'T' &&
           process_state(stage->waiting) == 'S';
}

static void check_death_at(size_t place, size_t chunksize)
{
    *stage = (struct stage){.place = place, .chunksize = chunksize};
    pid_t host = subhost_start(be_host, NULL);
    bool still = deadline_met(SOON, both_stand_still, NULL);
    bool killed = still && process_kill(stage->waiting);
    kill(host, SIGCONT);
    int status = subhost_wait(host);
    assert_true(still && killed);
    assert_int_equal(status, 0);
    assert_true(world_empties(SOON));
}

static void a_death_while_waiting_for_room(void **state)
{
    static const size_t chunks[] = {0, 1, 7, COUNT};
    (void)state;
    world_expect_orphans();
    stage = world_shared(sizeof *stage);
    for (size_t k = 0; k < 4; k++) {
        check_death_at(2, chunks[k]);
        check_death_at(COUNT / 2, chunks[k]);
        check_death_at(COUNT - 1, chunks[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_death_while_waiting_for_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
