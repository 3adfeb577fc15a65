/* Descriptors: close-on-exec from birth, never one of the three that programs print to, and nothing
 * left open when there is no more room. */
#include "common/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/unit.h"

enum { LOOKED_AT = 256 }; /* descriptors that the tests look at */

static int (*const makers[])(int ends[2]) = {pool__pipe, pool__socketpair};

static int count_open(void)
{
    int count = 0;
    for (int i = 0; i < LOOKED_AT; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static bool good(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFD);
    return descriptor > 2 && flags >= 0 && (flags & FD_CLOEXEC);
}

/* ---- Without standard input, output and error ---- */

/* Moves 0, 1 and 2 out of the way. Until they are back nothing can be printed, so no assertion may
 * fail. */
static void hide_standard(int hidden[3])
{
    for (int i = 0; i < 3; i++)
        hidden[i] = fcntl(i, F_DUPFD_CLOEXEC, LOOKED_AT);
    for (int i = 0; i < 3; i++)
        if (hidden[i] >= 0)
            close(i);
}

static void show_standard(const int hidden[3])
{
    for (int i = 0; i < 3; i++) {
        if (hidden[i] < 0)
            continue;
        dup2(hidden[i], i);
        close(hidden[i]);
    }
}

static void close_both(int ends[2])
{
    pool__close(&ends[0]);
    pool__close(&ends[1]);
}

static void ends_are_close_on_exec_and_above_2(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT(makers); i++) {
        int before = count_open(), ends[2];
        assert_int_equal(makers[i](ends), 0);
        assert_true(good(ends[0]) && good(ends[1]));
        assert_int_equal(count_open(), before + 2);
        close_both(ends);
        assert_int_equal(count_open(), before);
    }
}

static void single_ones_are_close_on_exec_and_above_2(void **test)
{
    static int (*const singles[])(int *) = {pool__eventfd, pool__epoll, pool__timerfd};
    (void)test;
    for (size_t i = 0; i < COUNT(singles); i++) {
        int hidden[3], descriptor = -1, before = count_open();
        hide_standard(hidden);
        int error = singles[i](&descriptor);
        bool well = good(descriptor);
        pool__close(&descriptor);
        show_standard(hidden);
        assert_int_equal(error, 0);
        assert_true(well);
        assert_int_equal(count_open(), before);
    }
}

static void they_are_so_when_the_standard_ones_are_closed(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT(makers); i++) {
        int hidden[3], ends[2], before = count_open();
        hide_standard(hidden);
        int without = count_open(), error = makers[i](ends);
        bool are_good = good(ends[0]) && good(ends[1]);
        int during = count_open();
        bool written = write(ends[1], "x", 1) == 1;
        char byte = 0;
        bool got = written && read(ends[0], &byte, 1) == 1;
        close_both(ends);
        show_standard(hidden);
        assert_int_equal(error, 0);
        assert_true(are_good);
        assert_int_equal(during, without + 2); /* none is left below */
        assert_true(got && byte == 'x');
        assert_int_equal(count_open(), before);
    }
}

static void one_closed_standard_descriptor_is_not_taken_either(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT(makers); i++)
        for (int missing = 0; missing < 3; missing++) {
            int kept = fcntl(missing, F_DUPFD_CLOEXEC, LOOKED_AT), ends[2];
            close(missing);
            int error = makers[i](ends);
            bool are_good = good(ends[0]) && good(ends[1]);
            bool is_free = fcntl(missing, F_GETFD) < 0;
            close_both(ends);
            if (kept >= 0) {
                dup2(kept, missing);
                close(kept);
            }
            assert_int_equal(error, 0);
            assert_true(are_good);
            assert_true(is_free);
        }
}

/* ---- What they are ---- */

static void a_pipe_carries_bytes_one_way(void **test)
{
    (void)test;
    int ends[2];
    char bytes[4];
    assert_int_equal(pool__pipe(ends), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(write(ends[0], "x", 1), -1);
    pool__close(&ends[1]);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 0);
    pool__close(&ends[0]);
}

static void a_socket_pair_carries_packets_both_ways(void **test)
{
    (void)test;
    int ends[2], type;
    socklen_t size = sizeof type;
    char bytes[8];
    assert_int_equal(pool__socketpair(ends), 0);
    assert_int_equal(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &type, &size), 0);
    assert_int_equal(type, SOCK_SEQPACKET);
    assert_int_equal(write(ends[0], "abc", 3), 3);
    assert_int_equal(write(ends[0], "d", 1), 1);
    assert_int_equal(read(ends[1], bytes, sizeof bytes), 3);
    assert_int_equal(read(ends[1], bytes, sizeof bytes), 1);
    assert_int_equal(write(ends[1], "ef", 2), 2);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 2);
    close_both(ends);
}

static void closing_is_done_once(void **test)
{
    (void)test;
    int ends[2], none = -1, before = count_open();
    assert_int_equal(pool__pipe(ends), 0);
    int number = ends[0];
    pool__close(&ends[0]);
    assert_int_equal(ends[0], -1);
    assert_true(fcntl(number, F_GETFD) < 0);
    pool__close(&ends[0]);
    pool__close(&none);
    assert_int_equal(none, -1);
    pool__close(&ends[1]);
    assert_int_equal(count_open(), before);
}

static void a_nonblocking_descriptor_does_not_wait(void **test)
{
    (void)test;
    int ends[2];
    char byte;
    assert_int_equal(pool__pipe(ends), 0);
    assert_int_equal(pool__set_nonblocking(ends[0]), 0);
    assert_int_equal(read(ends[0], &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(fcntl(ends[0], F_GETFL) & O_ACCMODE, O_RDONLY);
    close_both(ends);
    assert_int_equal(pool__set_nonblocking(ends[0]), -EBADF);
}

/* ---- Processes ---- */

static void a_living_process_has_a_silent_descriptor(void **test)
{
    (void)test;
    int descriptor = pool__pidfd(getpid());
    if (descriptor < 0)
        skip();
    struct pollfd end = {.fd = descriptor, .events = POLLIN};
    assert_true(good(descriptor));
    assert_int_equal(poll(&end, 1, 0), 0);
    pool__close(&descriptor);
    int hidden[3];
    hide_standard(hidden);
    descriptor = pool__pidfd(getpid());
    bool is_good = good(descriptor);
    pool__close(&descriptor);
    show_standard(hidden);
    assert_true(is_good);
}

static void no_process_has_no_descriptor(void **test)
{
    (void)test;
    assert_int_equal(pool__pidfd(INT_MAX), -1);
    assert_int_equal(pool__pidfd(-1), -1);
}

/* ---- When there is no room ---- */

/* Lets only descriptors below `limit` be had; returns what was before. */
static struct rlimit restrict_to(int limit)
{
    struct rlimit usual, tight;
    getrlimit(RLIMIT_NOFILE, &usual);
    tight = usual;
    tight.rlim_cur = (rlim_t)limit;
    setrlimit(RLIMIT_NOFILE, &tight);
    return usual;
}

/* Makes a pair while only descriptors below `limit` may be had. Returns the error; `left` says how
 * many more are open afterwards, or whether a number was left where an end had been. */
static int make_below(int limit, int (*maker)(int *), int *left)
{
    int before = count_open(), ends[2] = {LOOKED_AT, LOOKED_AT};
    struct rlimit usual = restrict_to(limit);
    int error = maker(ends);
    setrlimit(RLIMIT_NOFILE, &usual);
    if (error == 0)
        close_both(ends);
    *left = count_open() - before + (ends[0] != -1) + (ends[1] != -1);
    return error;
}

/* Not so under valgrind, which forgets them for socket pairs. */
static bool limits_are_kept(void)
{
    int ends[2] = {-1, -1};
    struct rlimit usual = restrict_to(3);
    bool kept = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0;
    setrlimit(RLIMIT_NOFILE, &usual);
    close_both(ends);
    return kept;
}

static void without_room_nothing_is_left_open(void **test)
{
    (void)test;
    int top = 0, left;
    if (!limits_are_kept())
        skip();
    for (int i = 0; i < LOOKED_AT; i++) /* the highest in use: below it there may be gaps */
        top = fcntl(i, F_GETFD) >= 0 ? i : top;
    for (size_t i = 0; i < COUNT(makers); i++) {
        int made = 0, refused = 0;
        for (int limit = 3; limit <= top + 3; limit++) {
            int error = make_below(limit, makers[i], &left);
            assert_true(error == 0 || error == -EMFILE);
            assert_int_equal(left, 0);
            made += error == 0;
            refused += error != 0;
        }
        assert_true(made > 0 && refused > 0);
    }
}

/* Here the system has room, below 3, and we have not. */
static void without_room_above_2_nothing_is_left_open(void **test)
{
    (void)test;
    int errors[2][8], left[2][8], hidden[3];
    if (!limits_are_kept())
        skip();
    hide_standard(hidden);
    for (size_t i = 0; i < COUNT(makers); i++)
        for (int limit = 0; limit < 8; limit++)
            errors[i][limit] = make_below(limit, makers[i], &left[i][limit]);
    show_standard(hidden);
    for (size_t i = 0; i < COUNT(makers); i++)
        for (int limit = 0; limit < 8; limit++) {
            assert_true(limit > 4 ? errors[i][limit] <= 0 : errors[i][limit] < 0);
            assert_int_equal(left[i][limit], 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_close_on_exec_and_above_2),
        cmocka_unit_test(single_ones_are_close_on_exec_and_above_2),
        cmocka_unit_test(they_are_so_when_the_standard_ones_are_closed),
        cmocka_unit_test(one_closed_standard_descriptor_is_not_taken_either),
        cmocka_unit_test(a_pipe_carries_bytes_one_way),
        cmocka_unit_test(a_socket_pair_carries_packets_both_ways),
        cmocka_unit_test(closing_is_done_once),
        cmocka_unit_test(a_nonblocking_descriptor_does_not_wait),
        cmocka_unit_test(a_living_process_has_a_silent_descriptor),
        cmocka_unit_test(no_process_has_no_descriptor),
        cmocka_unit_test(without_room_nothing_is_left_open),
        cmocka_unit_test(without_room_above_2_nothing_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
