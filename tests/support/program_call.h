/* Calls of a program that are being run: what program_run.c is made of. */
#ifndef SUPPORT_PROGRAM_CALL_H
#define SUPPORT_PROGRAM_CALL_H

#include <stdatomic.h>

#include "support/program.h"

/* A call that is being run. */
struct live {
    const struct call *call;
    struct outcome *out;
    pool_t *pool;
    pool_future_t *_Atomic future;
    pool_iterator_t *iterator;
    void *shared;      /* the items, copied to where workers see them */
    const void *items; /* where they lie */
    void *results;     /* room for them all; or for one, of an iterator */
    size_t given;      /* by the source */
    size_t taken;
    atomic_int ends; /* callbacks made */
    bool started, over;
};

struct run {
    const struct program *program;
    struct outcomes *outcomes;
    pool_t *pool;
    pid_t supervisor; /* 0: there is none */
    bool alone;       /* no other thread waits for the pool */
    int64_t began;
    struct live live[PROGRAM_CALLS];
};

/* Whether there is time left for the program. */
bool program_in_time(const struct run *run);

/* Begins the call; one that blocks is over then. */
void call_start(struct run *run, struct live *live, const struct call *call, struct outcome *out);

/* Takes a result of an iterator, if there is one in time. Returns false at the end. */
bool call_take(const struct run *run, struct live *live, int milliseconds);

/* Waits for a call that has begun, in one of many ways, and notes what it said. */
void call_finish(struct run *run, struct live *live, int way);

/* ---- What came out: program_note.c ---- */

enum { CALL_FILLER = 0xa5 }; /* each byte of the room for results, before the call */

/* Notes an error, or the errors, of the call; those of a serial pool may stand for the end of a process. */
void call_note_error(struct live *live, const pool_error_t *error, bool serial);
void call_note_errors(struct live *live, const pool_error_t *errors, size_t count, bool serial);

/* Gives what is noted of a result: the hash of its value, or what else there is in its room. */
uint64_t call_element(const struct call *call, const void *element);

/* Notes the results, and frees them, of a call that is over. */
void call_note_results(struct live *live);
void call_free_results(struct live *live);

#endif
