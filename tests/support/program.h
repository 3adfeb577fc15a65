/* Programs made up from a seed: pools of all options, calls of all kinds over items of all kinds, which
 * do all that items may do, and what is done to the pool meanwhile. The same seed gives the same program.
 *
 * A program is run on a serial pool, one call at a time, and on a pool as it says; what comes out must be
 * the same, or, where that is not determined, one of what it may be. */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <procpool.h>

#include "support/ledger.h"

enum {
    PROGRAM_CALLS = 6,
    PROGRAM_ITEMS = 8192, /* of one call, at most */
    PROGRAM_STEPS = 64,
    PROGRAM_MISCHIEFS = 4
};

/* ---- The next random number: program_values.c ---- */

uint64_t program_mix(uint64_t a, uint64_t b);

/* A number below `sides`. */
uint64_t program_roll(uint64_t *dice, uint64_t sides);

/* ---- Values: program_values.c; in every process ---- */

enum kind {
    KIND_NONE,
    KIND_RANGE,
    KIND_NUMBER,
    KIND_ODD, /* bytes, of any size */
    KIND_TEXT,
    KIND_BLOB,
    KIND_TREE, /* a struct with a table */
    KIND_ROW   /* of a typed function */
};

struct shape {
    enum kind kind;
    size_t size; /* of an element */
    size_t most; /* bytes that it points to, at most or so */
};

const char *shape_name(enum kind kind);
const pool_type_t *shape_type(const struct shape *shape);
bool shape_is_plain(const struct shape *shape);
size_t shape_size(enum kind kind);

struct program_allocator {
    void *(*allocate)(void *context, size_t size); /* zeroed */
    void *context;
};

/* The `allocate` of an allocator that has no context: takes the memory from the heap. */
void *program_from_heap(void *unused, size_t size);

/* Makes the value that belongs to `hash`, in zeroed memory. False when there is no memory. */
bool value_make(const struct shape *shape, void *element, uint64_t hash,
                const struct program_allocator *allocator);

/* Of all that the value is, behind pointers too. */
uint64_t value_hash(const struct shape *shape, const void *element);

/* Rows are those of typed functions with these arguments. */
struct program_row {
    int slot;
    uint64_t key;
    const char *text;
    const double *values;
    size_t count;
};

/* ---- Programs: program_make.c ---- */

enum what {
    CALL_MAP,
    CALL_STARMAP,
    CALL_APPLY,
    CALL_FOLD,
    CALL_BROADCAST,
    CALL_IMAP,
    CALL_IMAP_UNORDERED
};

struct call {
    int slot; /* which of the program's it is */
    enum what what;
    bool blocking; /* else there is a future, or an iterator */
    bool unheld;   /* nobody holds the future */
    bool bare;     /* made by a function without options */
    bool shared_items, shared_results, in_place;
    bool from_source; /* an iterator's items come from a function */
    bool watched;     /* it has callbacks */
    struct shape item, result;
    size_t count;
    size_t oracle_chunksize;
    pool_map_options_t options;
    uint64_t salt;              /* of what its items do */
    uint64_t bad, crash, sleep; /* one item in so many does; 0: none */
    unsigned sleep_most;        /* microseconds */
    size_t abandon; /* an iterator is freed after so many results; SIZE_MAX: at its end */
    bool cancelled; /* there is a step, or a mischief, that does it */
    bool shrunk;    /* a broadcast, and the pool becomes smaller meanwhile */
    void *items;    /* of a range NULL */
};

enum action {
    STEP_START,
    STEP_FINISH, /* wait for the call */
    STEP_TAKE,   /* `number` results of an iterator */
    STEP_POLL,   /* pool_step(), `number` times */
    STEP_PAUSE,  /* `number` microseconds */
    STEP_RESIZE, /* to `number` workers */
    STEP_KILL,   /* the workers in the mask `number` */
    STEP_CANCEL, /* with `number` as grace */
    STEP_TERMINATE
};

struct step {
    enum action action;
    int call, number;
    int way; /* of waiting */
};

struct program {
    uint64_t seed;
    bool loose; /* what comes out is not determined: items are cancelled, or killed from outside */
    bool kills, terminates;
    pool_options_t options;
    int count;
    struct call calls[PROGRAM_CALLS];
    int steps;
    struct step step[PROGRAM_STEPS];
    int threads;              /* that wait for what has not ended after the steps */
    int order[PROGRAM_CALLS]; /* in this order */
    int ways[PROGRAM_CALLS];
    int mischiefs; /* what another thread does meanwhile */
    struct mischief {
        int pause; /* microseconds before it */
        struct step step;
    } mischief[PROGRAM_MISCHIEFS];
};

struct program *program_make(uint64_t seed, bool loose);
void program_free(struct program *program);

/* Prints the program: program_print.c. */
void program_print(const struct program *program, FILE *stream);

/* ---- What items do: program_act.c; in workers, and in the host for serial pools ---- */

/* A struct with hidden size, so that merging needs no more. */
struct program_sum {
    double sum;
    uint64_t hash, count, size; /* the bytes behind this are added up, too */
};

/* Says which program is being run. `serially`: what would end the process fails with a mark instead.
 * `ledger`: who counts the runs, or NULL. Before the pool is made. */
void program_act(const struct program *program, bool serially, struct ledger *ledger);

/* Has folds' functions give what they would add, an uint64_t. */
void program_act_contribute(bool contribute);

pool_function_t program_function(const struct call *call);
const pool_callable_t *program_callable(const struct call *call);
int program_initialize(void *initargs, void **state, pool_task_t *task);
void program_finalize(void *state);

void program_sum_add(void *sum, uint64_t hash);
int program_sum_merge(void *into, const void *from);

/* ---- Running: program_run.c ---- */

enum { ELEMENT_ABSENT = 0, ELEMENT_UNTOUCHED = 1, ELEMENT_ZERO = 2 }; /* beside hashes of values */

struct mishap {
    bool is; /* there is one */
    pool_error_kind_t kind;
    int code, line;
    unsigned attempt;
    char *message, *file;
};

/* Whether this error, of a serial pool, stands for the end of a process; then it becomes that. */
bool program_unmark(struct mishap *error);

/* What came out of a call. */
struct outcome {
    bool refused; /* it was not even begun: `returned` says why */
    bool ended;
    bool knows_errors;
    int returned;
    size_t failed;         /* errors told */
    uint64_t *elements;    /* an iterator's: as they came, by index */
    struct mishap *errors; /* by index */
    void *sum;
    int good_calls, bad_calls; /* callbacks */
    size_t progress, done, bad, total;
    char wrong[256]; /* what must not be, whatever else there is */
};

struct outcomes {
    struct outcome of[PROGRAM_CALLS];
    char wrong[256];
};

/* Runs each call on a serial pool; of folds also what each item adds is in `elements`. */
struct outcomes *program_expect(const struct program *program);

/* Runs the program. */
struct outcomes *program_run(const struct program *program, struct ledger *ledger);

void outcomes_free(const struct program *program, struct outcomes *outcomes);

__attribute__((format(printf, 2, 3))) void program_wrong(char wrong[256], const char *format, ...);

/* ---- Comparing: program_check.c ---- */

/* Whether what came out is, or may be, what it should; else writes why not to `stream`. After the pool's
 * end, so that the ledger is complete. */
bool program_check(const struct program *program, const struct outcomes *expected,
                   const struct outcomes *real, const struct ledger *ledger, FILE *stream);

#endif
