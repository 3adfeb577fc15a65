/* What /proc tells of a process, however it is named and whatever has ended of it. */
#include "common/stat.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"
#include "unit/unit.h"

static void a_process_is_told_by_its_fields(void **state)
{
    struct pool__stat first, second;
    (void)state;
    assert_true(pool__stat(getpid(), &first));
    assert_true(pool__stat(getpid(), &second));
    assert_false(first.ended);
    assert_int_equal(first.group, getpgrp());
    assert_int_equal(first.session, getsid(0));
    assert_true(first.start > 0);
    assert_true(first.start == second.start);
}

static void a_name_cannot_mislead(void **state)
{
    static const char *const names[] = {"a) Z 1 2 3", "((( )", ") X 0 0", " "};
    struct pool__stat stat;
    char before[16];
    (void)state;
    prctl(PR_GET_NAME, before);
    for (size_t i = 0; i < COUNT(names); i++) {
        prctl(PR_SET_NAME, names[i]);
        bool told = pool__stat(getpid(), &stat);
        prctl(PR_SET_NAME, before);
        assert_true(told);
        assert_false(stat.ended);
        assert_int_equal(stat.session, getsid(0));
    }
}

static void nothing_is_told_of_no_process(void **state)
{
    enum { NO_PID = 1 << 30 };
    struct pool__stat stat;
    (void)state;
    assert_false(pool__stat(NO_PID, &stat));
    assert_false(pool__stat(-1, &stat));
}

static void *sleep_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/* Its first thread ends, another goes on. */
static void end_first_thread(void *unused)
{
    pthread_t thread;
    SUBHOST_EQUAL(pthread_create(&thread, NULL, sleep_for_ever, unused), 0);
    pthread_exit(NULL);
}

static bool is_zombie(void *pid)
{
    return process_state(*(pid_t *)pid) == 'Z';
}

static void a_process_has_ended_with_its_last_thread(void **state)
{
    struct pool__stat stat;
    (void)state;
    pid_t pid = subhost_start(end_first_thread, NULL);
    bool first_ended = deadline_met(5000, is_zombie, &pid);
    bool told = pool__stat(pid, &stat), ended = stat.ended;
    siginfo_t info;
    kill(pid, SIGKILL);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    bool told_again = pool__stat(pid, &stat), ended_again = stat.ended;
    subhost_wait(pid);
    assert_true(first_ended);
    assert_true(told && !ended);
    assert_true(told_again && ended_again);
    assert_false(pool__stat(pid, &stat));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_process_is_told_by_its_fields),
        WORLD_TEST(a_name_cannot_mislead),
        WORLD_TEST(nothing_is_told_of_no_process),
        WORLD_TEST(a_process_has_ended_with_its_last_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
