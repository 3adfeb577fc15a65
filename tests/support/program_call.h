/* Running the calls of a program, for program_run.c. */
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
    void *shared;      /* a copy of the items in shared memory, or NULL */
    const void *items; /* the array that the call is given */
    void *results;     /* room for all results; of an iterator for one */
    size_t given;      /* items that the source has given */
    size_t taken;      /* results of the iterator */
    atomic_int ends;   /* callbacks made */
    bool started, over;
};

struct run {
    const struct program *program;
    struct outcomes *outcomes;
    pool_t *pool;
    pid_t supervisor; /* 0: the pool is serial */
    bool alone;       /* no other thread uses the pool */
    int64_t began;
    struct live live[PROGRAM_CALLS];
};

/* Whether the program has time left. */
bool program_in_time(const struct run *run);

/* Starts the call. A blocking call is over afterwards. */
void call_start(struct run *run, struct live *live, const struct call *call, struct outcome *out);

/* Waits so long for the next result of the iterator, and notes it. False: the iterator has ended. */
bool call_take(const struct run *run, struct live *live, int milliseconds);

/* Waits in one of many ways for a call that was started, and notes what it returned. */
void call_finish(struct run *run, struct live *live, int way);

/* ---- What came out: program_note.c ---- */

enum { CALL_FILLER = 0xa5 }; /* the value of each byte of the results before the call */

/* Notes an error, or all errors, of the call. Errors of a serial pool may stand for the end of a
 * process. */
void call_note_error(struct live *live, const pool_error_t *error, bool serial);
void call_note_errors(struct live *live, const pool_error_t *errors, size_t count, bool serial);

/* Returns what is noted of a result: the hash of its value, ELEMENT_UNTOUCHED or ELEMENT_ZERO. */
uint64_t call_element(const struct call *call, const void *element);

/* Notes the results of a call that is over, and frees them. */
void call_note_results(struct live *live);
void call_free_results(struct live *live);

#endif
