/* The host's end of the control channel: what cannot be sent is sent later, and a supervisor that gives
 * no sign of life is given up. */
#include "host/process/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/descriptor.h"
#include "unit/unit.h"

/* In the library, too: how many sends fail from now on, with which error. */
static int refusals, send_error;

ssize_t send(int channel, const void *message, size_t size, int flags)
{
    if (refusals > 0) {
        refusals--;
        errno = send_error;
        return -1;
    }
    return sendto(channel, message, size, flags, NULL, 0);
}

struct ends {
    struct pool pool;
    struct pool__member member;
    int supervisor;
};

static int open_ends(void **test)
{
    static struct ends ends;
    int both[2];
    memset(&ends, 0, sizeof ends);
    ends.pool.supervisor_pidfd = -1;
    ends.pool.members = &ends.member;
    ends.pool.numbers_given = 1;
    refusals = 0;
    *test = &ends;
    if (pool__socketpair(both) < 0 || pool__board_map(&ends.pool.board, NULL, 1, 1) < 0)
        return -1;
    ends.pool.launch.control_host = both[0];
    ends.supervisor = both[1];
    return 0;
}

static int close_ends(void **test)
{
    struct ends *ends = *test;
    pool__close(&ends->pool.launch.control_host);
    pool__close(&ends->supervisor);
    pool__board_unmap(ends->pool.board);
    return 0;
}

/* How many messages of this type the supervisor has got. */
static int count_received(const struct ends *ends, int type)
{
    struct pool__message message;
    int count = 0;
    while (pool__control_receive(ends->supervisor, &message) == 1)
        count += message.type == type;
    return count;
}

static bool is_event(struct ends *ends)
{
    struct pool__event event;
    return pool__link_next(&ends->pool, &event);
}

static void a_message_that_was_refused_is_sent_when_its_time_has_come(void **test)
{
    static const int errors[] = {ENOBUFS, ENOMEM, EAGAIN};
    struct ends *ends = *test;
    for (size_t i = 0; i < COUNT(errors); i++) {
        send_error = errors[i];
        refusals = 2;
        pool__tell(&ends->pool);
        assert_true(ends->pool.tell_at > 0);
        ends->pool.tell_at = UINT64_MAX;
        assert_false(is_event(ends));
        assert_int_equal(refusals, 1); /* it was too early */
        ends->pool.tell_at = 1;
        assert_false(is_event(ends));
        assert_true(ends->pool.tell_at > 1); /* refused again */
        assert_int_equal(count_received(ends, POOL__LOOK), 0);
        ends->pool.tell_at = 1;
        assert_false(is_event(ends));
        assert_int_equal(ends->pool.tell_at, 0);
        assert_int_equal(count_received(ends, POOL__LOOK), 1);
    }
}

static void nothing_is_sent_again_to_a_supervisor_that_is_gone(void **test)
{
    struct ends *ends = *test;
    send_error = ENOBUFS;
    refusals = 1;
    pool__tell(&ends->pool);
    pool__close(&ends->supervisor);
    assert_true(is_event(ends));
    assert_int_equal(ends->pool.tell_at, 0);
    pool__tell(&ends->pool);
    assert_int_equal(ends->pool.tell_at, 0);
}

/* Of the lives that are told to be killed, by words of chunks that may be old or wrong. */
static void an_order_to_kill_is_not_replaced_by_one_for_the_dead(void **test)
{
    enum { LIFE = 7 };
    static const struct {
        uint32_t first, second, doomed;
    } rows[] = {
        {LIFE, LIFE, LIFE},         {LIFE, LIFE + 1, LIFE + 1},
        {LIFE + 1, LIFE, LIFE + 1}, /* the supervisor kills both */
        {LIFE, LIFE - 1, LIFE},     /* it is dead by the account */
        {LIFE, LIFE + 2, LIFE + 2}, /* births that were not heard of */
        {LIFE - 1, LIFE, LIFE},     {LIFE + 100, LIFE, LIFE},
    };
    struct ends *ends = *test;
    ends->member.life = LIFE;
    for (size_t i = 0; i < COUNT(rows); i++) {
        atomic_store(&ends->pool.board->doomed[0], 0);
        pool__tell_to_kill(&ends->pool, 0, rows[i].first);
        pool__tell_to_kill(&ends->pool, 0, rows[i].second);
        assert_int_equal(atomic_load(&ends->pool.board->doomed[0]), rows[i].doomed);
    }
}

static void ask_often(struct ends *ends, int times)
{
    for (int i = 0; i < times; i++)
        pool__ask(&ends->pool);
}

static void a_supervisor_that_answers_none_of_ten_questions_is_given_up(void **test)
{
    struct ends *ends = *test;
    ask_often(ends, POOL__SIGNS);
    assert_false(ends->pool.broken);
    assert_int_equal(count_received(ends, POOL__ASK), POOL__SIGNS);
    ask_often(ends, 1);
    assert_true(ends->pool.broken);
    assert_string_equal(ends->pool.why, "the pool's supervisor gave no sign of life");
    assert_true(is_event(ends)); /* it counts as gone, although its end is open */
    assert_int_equal(ends->pool.phase, POOL__GONE_PHASE);
}

static void the_patience_is_that_of_a_start_if_that_is_longer(void **test)
{
    struct ends *ends = *test;
    ends->pool.launch.options.start_timeout = 20000;
    ask_often(ends, 20);
    assert_false(ends->pool.broken);
    ask_often(ends, 1);
    assert_true(ends->pool.broken);
}

static void any_message_is_a_sign_of_life(void **test)
{
    struct ends *ends = *test;
    const struct pool__message alive = {.type = POOL__ALIVE}, born = {.type = POOL__BORN};
    for (int i = 0; i < 5; i++) {
        ask_often(ends, POOL__SIGNS);
        assert_int_equal(pool__control_send(ends->supervisor, i % 2 ? &alive : &born), 0);
        assert_false(is_event(ends));
    }
    assert_false(ends->pool.broken);
}

/* A question that the system had no memory for was none; one that found the channel full was. */
static void only_what_was_asked_counts(void **test)
{
    struct ends *ends = *test;
    send_error = ENOBUFS;
    refusals = 100;
    ask_often(ends, 100);
    assert_false(ends->pool.broken);
    send_error = EAGAIN;
    refusals = 100;
    ask_often(ends, POOL__SIGNS + 1);
    assert_true(ends->pool.broken);
}

#define WITH_ENDS(function) cmocka_unit_test_setup_teardown(function, open_ends, close_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENDS(a_message_that_was_refused_is_sent_when_its_time_has_come),
        WITH_ENDS(nothing_is_sent_again_to_a_supervisor_that_is_gone),
        WITH_ENDS(an_order_to_kill_is_not_replaced_by_one_for_the_dead),
        WITH_ENDS(a_supervisor_that_answers_none_of_ten_questions_is_given_up),
        WITH_ENDS(the_patience_is_that_of_a_start_if_that_is_longer),
        WITH_ENDS(any_message_is_a_sign_of_life),
        WITH_ENDS(only_what_was_asked_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
