/* The control channel: one socket pair of packets between host and supervisor. The protocol is
 * the list of types below. End-of-file means that the other side is gone, by whatever means. */
#ifndef POOL_COMMON_CONTROL_H
#define POOL_COMMON_CONTROL_H

#include <stdint.h>
#include <sys/types.h>

enum pool__message_type {
    /* From the supervisor. */
    POOL__HELLO = 1, /* all workers are forked (status 0), or not (negated errno); pid: its own */
    POOL__BORN,      /* worker, life, pid: a replacement was forked */
    POOL__DIED,      /* worker, life, pid, status (as from waitpid), ready: it had got through its
                        start; and its crash report, before the next worker has that slot */
    POOL__BROKEN,    /* workers keep failing at their start: no more are forked */
    /* From the host. */
    POOL__KILL,     /* worker, life: kill it, if it is still that one */
    POOL__LOOK,     /* at the board: there should be more workers, or none any more */
    POOL__TERMINATE /* kill all workers, SIGTERM first, and end */
};

struct pool__message {
    int32_t type;
    int32_t worker;
    uint32_t life;
    int32_t pid;
    int32_t status;
    int32_t ready;
    int32_t overflow; /* the signal came from the end of the stack */
    int32_t faulted;  /* it came from an access to `address` */
    uint64_t address;
};

/* Sends without blocking and without SIGPIPE. Returns 0, -EAGAIN when the channel is full, or
 * another negated errno value when the other side is gone. */
int pool__control_send(int channel, const struct pool__message *message);

/* Receives without blocking. Returns 1, 0 at end-of-file, -EAGAIN when there is nothing, or another
 * negated errno value. A packet of another size is end-of-file: nobody of ours sends one. */
int pool__control_receive(int channel, struct pool__message *message);

#endif
