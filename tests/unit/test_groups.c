/* The host kills the process groups of its workers, and no other group that has got such a number. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* Whether the processes of this group are killed for a pool whose supervisor leads that session. */
static bool is_killed(pid_t group, pid_t session)
{
    struct pool__member members[2] = {{.pid = 0}, {.pid = group}};
    pool_t pool = {.supervisor = session, .members = members, .numbers_given = 2};
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
    pid_t group = start_group(true);
    assert_true(is_killed(group, group));
    end_group(group);
}

static void a_group_of_another_session_is_left_alone(void **state)
{
    (void)state;
    pid_t group = start_group(false), other = start_group(true);
    assert_false(is_killed(group, other));
    assert_false(process_ended(other)); /* its session fits, but no worker had its number */
    end_group(group);
    end_group(other);
}

static void nothing_is_killed_before_the_supervisor_is_known(void **state)
{
    (void)state;
    pid_t group = start_group(true);
    assert_false(is_killed(group, 0));
    end_group(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_group_of_a_worker_is_killed),
        WORLD_TEST(a_group_of_another_session_is_left_alone),
        WORLD_TEST(nothing_is_killed_before_the_supervisor_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
