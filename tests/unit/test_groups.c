/* The host kills the process groups of its workers, and no other group that has got such a number. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/pool.h"
#include "host/process/groups.h"
#include "host/process/members.h"
#include "support/process.h"
#include "support/world.h"

/* Forks a process that leads a group, in a session of its own or not, and never ends. */
static pid_t start_group(bool session)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (session ? setsid() < 0 : setpgid(0, 0) < 0)
            _exit(1);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_true(pid > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

/* Whether the processes of this group are killed for a pool whose worker was seen at this time. */
static bool is_killed(pid_t group, uint64_t seen)
{
    struct pool__member members[2] = {{.pid = 0}, {.pid = group, .seen = seen}};
    pool_t pool = {.members = members, .numbers_given = 2, .launch.session = getsid(0)};
    pool__kill_groups(&pool);
    return process_end(&group, 1, 100);
}

static void end_group(pid_t group)
{
    kill(group, SIGKILL);
    waitpid(group, NULL, 0);
}

static void the_group_of_a_worker_is_killed(void **state)
{
    (void)state;
    pid_t group = start_group(false), other = start_group(false);
    assert_true(is_killed(group, pool__boot_now()));
    assert_false(process_ended(other)); /* its session fits, but no worker had its number */
    end_group(group);
    end_group(other);
}

static void a_group_of_another_session_is_left_alone(void **state)
{
    (void)state;
    pid_t group = start_group(true);
    assert_false(is_killed(group, pool__boot_now()));
    end_group(group);
}

static void a_group_whose_leader_came_later_is_left_alone(void **state)
{
    enum { TICK = 10000000 };
    (void)state;
    pid_t group = start_group(false);
    assert_false(is_killed(group, pool__boot_now() - 100 * (uint64_t)TICK));
    end_group(group);
}

/* What is left of the group when its leader has ended. */
static void a_group_without_its_leader_is_killed(void **state)
{
    pid_t children[2];
    (void)state;
    pid_t group = start_group(false);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    assert_int_equal(setpgid(child, group), 0);
    end_group(group);
    assert_int_equal(process_children(getpid(), children, 2), 1);
    assert_true(is_killed(group, 0) && process_end(&child, 1, 1000));
    waitpid(child, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_group_of_a_worker_is_killed),
        WORLD_TEST(a_group_of_another_session_is_left_alone),
        WORLD_TEST(a_group_whose_leader_came_later_is_left_alone),
        WORLD_TEST(a_group_without_its_leader_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
