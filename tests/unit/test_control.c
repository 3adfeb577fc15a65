/* The control channel: whole packets in order, never blocking, and a clear end. */
#include "common/control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "common/descriptor.h"
#include "unit/unit.h"

/* In the library, too: the error of each send(); 0: there is none. */
static int send_error;

ssize_t send(int channel, const void *message, size_t size, int flags)
{
    if (send_error) {
        errno = send_error;
        return -1;
    }
    return sendto(channel, message, size, flags, NULL, 0);
}

struct channel {
    int ends[2];
};

static int open_channel(void **test)
{
    static struct channel channel;
    *test = &channel;
    return pool__socketpair(channel.ends);
}

static int close_channel(void **test)
{
    struct channel *channel = *test;
    pool__close(&channel->ends[0]);
    pool__close(&channel->ends[1]);
    return 0;
}

static struct pool__message make_message(uint32_t number)
{
    return (struct pool__message){.type = POOL__DIED,
                                  .worker = (int32_t)(number % 7),
                                  .life = number,
                                  .pid = (int32_t)(number + 1),
                                  .status = -(int32_t)number,
                                  .ready = number % 2,
                                  .overflow = number % 3 == 0,
                                  .faulted = number % 5 == 0,
                                  .address = UINT64_MAX - number};
}

static void assert_received(int end, uint32_t number)
{
    struct pool__message expected = make_message(number), got;
    memset(&got, 0xff, sizeof got);
    assert_int_equal(pool__control_receive(end, &got), 1);
    assert_memory_equal(&got, &expected, sizeof got);
}

static void assert_nothing_there(int end)
{
    struct pool__message got;
    assert_int_equal(pool__control_receive(end, &got), -EAGAIN);
}

/* ---- Messages ---- */

static void messages_arrive_whole_and_in_order_both_ways(void **test)
{
    struct channel *channel = *test;
    for (int from = 0; from < 2; from++) {
        for (uint32_t i = 0; i < 20; i++) {
            struct pool__message message = make_message(i);
            assert_int_equal(pool__control_send(channel->ends[from], &message), 0);
        }
        for (uint32_t i = 0; i < 20; i++)
            assert_received(channel->ends[1 - from], i);
        assert_nothing_there(channel->ends[1 - from]);
    }
}

static void with_nothing_to_receive_it_does_not_wait(void **test)
{
    struct channel *channel = *test;
    assert_nothing_there(channel->ends[0]);
    assert_nothing_there(channel->ends[1]);
}

/* Only the end of the other side is an end; a system that is short of memory now has some later. */
static void an_error_says_whether_to_try_again(void **test)
{
    static const struct {
        int error, expected;
    } rows[] = {
        {EAGAIN, -EAGAIN}, {ENOBUFS, -ENOBUFS},       {ENOMEM, -ENOBUFS},    {EPERM, -ENOBUFS},
        {EPIPE, -EPIPE},   {ECONNRESET, -ECONNRESET}, {ENOTCONN, -ENOTCONN},
    };
    struct channel *channel = *test;
    struct pool__message message = make_message(1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        send_error = rows[i].error;
        int error = pool__control_send(channel->ends[0], &message);
        send_error = 0;
        assert_int_equal(error, rows[i].expected);
    }
    assert_nothing_there(channel->ends[1]);
}

static uint32_t send_until_full(int end, uint32_t from)
{
    int error = 0;
    while (!error) {
        struct pool__message message = make_message(from);
        error = pool__control_send(end, &message);
        from += error == 0;
    }
    assert_int_equal(error, -EAGAIN);
    return from;
}

static void a_full_channel_refuses_and_loses_nothing(void **test)
{
    struct channel *channel = *test;
    uint32_t sent = send_until_full(channel->ends[0], 0), received = 0;
    assert_true(sent >= 2);
    while (received < sent / 2)
        assert_received(channel->ends[1], received++);
    uint32_t more = send_until_full(channel->ends[0], sent);
    assert_true(more > sent);
    while (received < more)
        assert_received(channel->ends[1], received++);
    assert_nothing_there(channel->ends[1]);
}

/* ---- The end ---- */

static void what_was_sent_is_received_before_the_end(void **test)
{
    struct channel *channel = *test;
    struct pool__message message = make_message(3), got;
    assert_int_equal(pool__control_send(channel->ends[0], &message), 0);
    pool__close(&channel->ends[0]);
    assert_received(channel->ends[1], 3);
    assert_int_equal(pool__control_receive(channel->ends[1], &got), 0);
    assert_int_equal(pool__control_receive(channel->ends[1], &got), 0);
}

/* The system calls that "connection reset by peer". */
static void a_peer_that_leaves_without_reading_is_an_end_as_well(void **test)
{
    struct channel *channel = *test;
    struct pool__message message = make_message(3), got;
    assert_int_equal(pool__control_send(channel->ends[1], &message), 0);
    pool__close(&channel->ends[0]);
    assert_int_equal(pool__control_receive(channel->ends[1], &got), 0);
    assert_int_equal(pool__control_receive(channel->ends[1], &got), 0);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void sending_to_a_closed_channel_is_an_error_and_no_signal(void **test)
{
    struct channel *channel = *test;
    struct pool__message message = make_message(3);
    signal(SIGPIPE, count_signal);
    pool__close(&channel->ends[0]);
    for (int i = 0; i < 3; i++) {
        int error = pool__control_send(channel->ends[1], &message);
        assert_true(error == -EPIPE || error == -ECONNRESET);
    }
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(signals, 0);
}

static void a_closed_descriptor_is_an_error(void **test)
{
    (void)test;
    struct pool__message message = make_message(0);
    assert_int_equal(pool__control_send(-1, &message), -EBADF);
    assert_int_equal(pool__control_receive(-1, &message), -EBADF);
}

/* ---- Packets that the library does not send ---- */

static void a_packet_of_another_size_is_the_end(void **test)
{
    struct channel *channel = *test;
    static const char bytes[4 * sizeof(struct pool__message)];
    static const size_t sizes[] = {0,
                                   1,
                                   sizeof(struct pool__message) - 1,
                                   sizeof(struct pool__message) + 1,
                                   2 * sizeof(struct pool__message),
                                   sizeof bytes};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct {
            struct pool__message message;
            unsigned char behind[64];
        } got;
        memset(&got, 0x5a, sizeof got);
        assert_int_equal(send(channel->ends[0], bytes, sizes[i], 0), sizes[i]);
        int received = pool__control_receive(channel->ends[1], &got.message);
        for (size_t k = 0; k < sizeof got.behind; k++)
            assert_int_equal(got.behind[k], 0x5a);
        assert_int_equal(received, 0);
    }
}

#define WITH_CHANNEL(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, open_channel, close_channel)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHANNEL(messages_arrive_whole_and_in_order_both_ways),
        WITH_CHANNEL(with_nothing_to_receive_it_does_not_wait),
        WITH_CHANNEL(an_error_says_whether_to_try_again),
        WITH_CHANNEL(a_full_channel_refuses_and_loses_nothing),
        WITH_CHANNEL(what_was_sent_is_received_before_the_end),
        WITH_CHANNEL(a_peer_that_leaves_without_reading_is_an_end_as_well),
        WITH_CHANNEL(sending_to_a_closed_channel_is_an_error_and_no_signal),
        WITH_CHANNEL(a_closed_descriptor_is_an_error),
        WITH_CHANNEL(a_packet_of_another_size_is_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
