/* Runs in the supervisor: tells the host what has happened. What cannot be sent now is sent later: a
 * message counts as told only when it was sent. A timer says when, since the system does not say
 * when it will have memory for a message. */
#include <unistd.h>

#include "common/clock.h"
#include "supervisor/supervisor.h"

bool pool__send_to_host(struct supervisor *supervisor, struct pool__message message)
{
    bool again = pool__control_again(pool__control_send(supervisor->launch->control, &message));
    supervisor->send_again = again ? pool__now() + POOL__SEND_PAUSE : 0;
    return !again;
}

static void report_births(struct supervisor *supervisor)
{
    for (int i = 0; i < supervisor->roster.count && !supervisor->send_again; i++) {
        struct pool__place *place = &supervisor->roster.places[i];
        if (place->worker.pid == 0 || place->birth_reported)
            continue;
        struct pool__message born = {.type = POOL__BORN,
                                     .worker = i,
                                     .life = place->life,
                                     .pid = place->worker.pid,
                                     .address = pool__boot_now()};
        place->birth_reported = pool__send_to_host(supervisor, born);
    }
}

/* Sends the message if it is due and was not sent, and nothing else waits to be sent. Returns
 * whether it has been sent, now or before. */
static bool report_once(struct supervisor *supervisor, bool due, bool sent,
                        struct pool__message message)
{
    if (!due || sent || supervisor->send_again)
        return sent;
    return pool__send_to_host(supervisor, message);
}

void pool__report(struct supervisor *supervisor)
{
    const struct pool__roster *roster = &supervisor->roster;
    struct pool__message hello = {
        .type = POOL__HELLO, .pid = getpid(), .status = supervisor->error};
    struct pool__message broken = {.type = POOL__BROKEN,
                                   .status = roster->starved ? supervisor->fork_error : 0};
    struct pool__message alive = {.type = POOL__ALIVE};
    if (!supervisor->error) /* else the host hears of the error, not of births */
        report_births(supervisor);
    supervisor->hello_reported = report_once(supervisor, true, supervisor->hello_reported, hello);
    supervisor->broken_reported =
        report_once(supervisor, pool__roster_broken(roster), supervisor->broken_reported, broken);
    supervisor->asked = !report_once(supervisor, supervisor->asked, !supervisor->asked, alive);
}
