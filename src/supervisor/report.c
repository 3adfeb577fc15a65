/* Runs in the supervisor: tells the host what has happened. */
#include <errno.h>
#include <unistd.h>

#include "supervisor/supervisor.h"

int pool__send_to_host(struct supervisor *supervisor, struct pool__message message)
{
    int error = pool__control_send(supervisor->launch->control, &message);
    supervisor->channel_full = error == -EAGAIN;
    return error;
}

void pool__report(struct supervisor *supervisor)
{
    int births = supervisor->error
                     ? 0
                     : supervisor->roster.count; /* the host hears of the error, not of births */
    for (int i = 0; i < births && !supervisor->channel_full; i++) {
        struct pool__place *place = &supervisor->roster.places[i];
        if (place->worker.pid == 0 || place->birth_reported)
            continue;
        struct pool__message born = {
            .type = POOL__BORN, .worker = i, .life = place->life, .pid = place->worker.pid};
        place->birth_reported = pool__send_to_host(supervisor, born) == 0;
    }
    if (!supervisor->channel_full && !supervisor->hello_reported) {
        struct pool__message hello = {
            .type = POOL__HELLO, .pid = getpid(), .status = supervisor->error};
        supervisor->hello_reported = pool__send_to_host(supervisor, hello) == 0;
    }
    if (!supervisor->channel_full && !supervisor->broken_reported &&
        pool__roster_broken(&supervisor->roster)) {
        struct pool__message broken = {.type = POOL__BROKEN,
                                       .status =
                                           supervisor->roster.starved ? supervisor->fork_error : 0};
        supervisor->broken_reported = pool__send_to_host(supervisor, broken) == 0;
    }
}
