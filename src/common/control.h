/* The control channel: a socket pair for packets between host and supervisor. The protocol is the
 * list of types below. End-of-file means that the other side has ended, for whatever reason. */
#ifndef POOL_COMMON_CONTROL_H
#define POOL_COMMON_CONTROL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Each comment begins with the fields that are set. */
enum pool__message_type {
    /* From the supervisor: */

    /* pid: the supervisor's own. status: 0 when all workers are forked, or a negated errno value.
     */
    POOL__HELLO = 1,
    /* worker, life, pid, address: the time of CLOCK_BOOTTIME. The number has a new worker: it was
     * forked for it, or was its successor. */
    POOL__BORN,
    /* worker, life, pid, status (as from waitpid), ready, crash report. The worker has ended. */
    POOL__DIED,
    /* Nothing. The answer to POOL__ASK. */
    POOL__ALIVE,
    /* status: 0 when workers keep failing in their start, or the negated errno value with which the
     * system refuses forks. No more workers are forked. */
    POOL__BROKEN,

    /* From the host. What the supervisor is to do stands on the board, so a message may be late, or
     * come twice: */

    /* Nothing. Look at the board. */
    POOL__LOOK,
    /* Nothing. Look at the board, and answer. */
    POOL__ASK
};

struct pool__message {
    int32_t type;
    int32_t worker;
    uint32_t life;
    int32_t pid;
    int32_t status;
    int32_t ready; /* 1: the worker had got through its start */
    /* The crash report, copied from the slot before another worker has the slot. */
    int32_t overflow; /* 1: `address` lies where the stack ends */
    int32_t faulted;  /* 1: a fault of the worker's own raised the signal that killed it */
    uint64_t address; /* that the kernel gave with the signal; POOL__BORN: a time */
};

/* Sends without blocking and without SIGPIPE. Returns 0, -EAGAIN when the channel is full, -ENOBUFS
 * when the system has no memory for the message, or another negated errno value when the other side
 * has ended. */
int pool__control_send(int channel, const struct pool__message *message);

enum { POOL__SEND_PAUSE = 10000000 }; /* nanoseconds until a message is sent again */

/* Whether what pool__control_send() returned says that the message is to be sent again. */
static inline bool pool__control_again(int error)
{
    return error == -EAGAIN || error == -ENOBUFS;
}

/* Receives without blocking. Returns 1, 0 at end-of-file, -EAGAIN when no packet waits, or another
 * negated errno value. A packet of another size counts as end-of-file: the library sends none. */
int pool__control_receive(int channel, struct pool__message *message);

#endif
