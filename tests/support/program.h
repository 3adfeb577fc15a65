/* Random programs: the options of a pool, calls of all kinds, items that do all that items may do, and what
 * happens to the pool meanwhile. The same seed gives the same program.
 *
 * A program is run twice: on a serial pool, one call after the other, and on a pool with the options of the
 * program. Both must give the same. Where an end depends on time, it must be one that the item may have. */
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
    PROGRAM_ITEMS = 8192, /* at most, of one call */
    PROGRAM_STEPS = 64,
    PROGRAM_MISCHIEFS = 4
};

/* ---- Random numbers: program_values.c ---- */

/* Mixes two numbers to one that looks random. */
uint64_t program_mix(uint64_t a, uint64_t b);

/* Returns the next random number below `sides`. */
uint64_t program_roll(uint64_t *dice, uint64_t sides);

/* ---- Values: program_values.c; runs in every process ---- */

enum kind {
    KIND_NONE,
    KIND_RANGE,
    KIND_NUMBER,
    KIND_ODD, /* an array of bytes, of any size */
    KIND_TEXT,
    KIND_BLOB,
    KIND_TREE, /* a struct with a table of its members */
    KIND_ROW   /* the arguments of a typed function */
};

struct shape {
    enum kind kind;
    size_t size; /* of an element */
    size_t most; /* about the largest number of bytes that an element points to */
};

const char *shape_name(enum kind kind);
const pool_type_t *shape_type(const struct shape *shape);
bool shape_is_plain(const struct shape *shape);
size_t shape_size(enum kind kind);

struct program_allocator {
    void *(*allocate)(void *context, size_t size); /* gives zeroed memory */
    void *context;
};

/* The `allocate` of an allocator without a context: takes memory from the heap. */
void *program_from_heap(void *unused, size_t size);

/* Makes the value for a random `hash` in an element that is zeroed. False: there is no memory. */
bool value_make(const struct shape *shape, void *element, uint64_t hash,
                const struct program_allocator *allocator);

/* Returns a hash of the whole value, with what it points to. */
uint64_t value_hash(const struct shape *shape, const void *element);

/* The arguments of the typed functions; their rows have the same layout. */
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
    int slot; /* number of the call in its program */
    enum what what;
    bool blocking; /* false: it gives a future, or an iterator */
    bool unheld;   /* the program keeps no future */
    bool bare;     /* by a function that takes no options */
    bool shared_items, shared_results, in_place;
    bool from_source; /* the items of the iterator come from a function */
    bool watched;     /* with callbacks */
    struct shape item, result;
    size_t count;
    size_t oracle_chunksize;
    pool_map_options_t options;
    uint64_t salt;              /* random: decides what its items do */
    uint64_t bad, crash, sleep; /* one in so many items does that; 0: none */
    unsigned sleep_most;        /* microseconds */
    size_t abandon; /* results after which the iterator is freed; SIZE_MAX: at its end */
    bool cancelled; /* by a step or a mischief */
    bool shrunk;    /* a broadcast: the pool may become smaller meanwhile */
    void *items;    /* NULL: a range */
};

enum action {
    STEP_START,
    STEP_FINISH, /* waits for the call */
    STEP_TAKE,   /* takes `number` results of an iterator */
    STEP_POLL,   /* calls pool_step() `number` times */
    STEP_PAUSE,  /* waits `number` microseconds */
    STEP_RESIZE, /* resizes the pool to `number` workers */
    STEP_KILL,   /* kills the workers in the mask `number` */
    STEP_CANCEL, /* cancels the call, with `number` as grace */
    STEP_TERMINATE
};

struct step {
    enum action action;
    int call, number;
    int way; /* which of the ways to wait */
};

struct program {
    uint64_t seed;
    bool loose; /* ends depend on time: items are cancelled, time out, or are killed */
    bool kills, terminates;
    pool_options_t options;
    int count;
    struct call calls[PROGRAM_CALLS];
    int steps;
    struct step step[PROGRAM_STEPS];
    int threads;              /* that wait, after the steps, for the calls that have not ended */
    int order[PROGRAM_CALLS]; /* in which they wait for them */
    int ways[PROGRAM_CALLS];
    int mischiefs; /* what another thread does beside the steps */
    struct mischief {
        int pause; /* microseconds before the step */
        struct step step;
    } mischief[PROGRAM_MISCHIEFS];
};

struct program *program_make(uint64_t seed, bool loose);
void program_free(struct program *program);

/* Prints the program: program_print.c. */
void program_print(const struct program *program, FILE *stream);

/* ---- What items do: program_act.c; runs in workers, for serial pools in the test program ---- */

/* The head of a sum. It holds the size of the whole, since the merge function is not given that. */
struct program_sum {
    double sum;
    uint64_t hash, count, size; /* the bytes behind this head are added up, too */
};

/* Sets the program whose items are to run, before the pool is made. `serially`: an item that would end its
 * process fails with a mark instead. `ledger` counts the runs of items; NULL: they are not counted. */
void program_act(const struct program *program, bool serially, struct ledger *ledger);

/* true: the functions of folds give the number that they would add, a uint64_t. */
void program_act_contribute(bool contribute);

pool_function_t program_function(const struct call *call);
const pool_callable_t *program_callable(const struct call *call);
int program_initialize(void *initargs, void **state, pool_task_t *task);
void program_finalize(void *state);

void program_sum_add(void *sum, uint64_t hash);
int program_sum_merge(void *into, const void *from);

/* ---- Running: program_run.c ---- */

/* What is noted of a result that is no value; hashes of values are larger. */
enum { ELEMENT_ABSENT = 0, ELEMENT_UNTOUCHED = 1, ELEMENT_ZERO = 2 };

/* The error of an item. */
struct mishap {
    bool is; /* false: the item has none */
    pool_error_kind_t kind;
    int code, line;
    unsigned attempt;
    char *message, *file;
};

/* Turns an error that a serial pool gave in place of the end of a process into that end. False: it is
 * another error, and stays as it is. */
bool program_unmark(struct mishap *error);

/* What came out of a call. */
struct outcome {
    bool refused; /* the call was not begun; `returned` says why */
    bool ended;
    bool knows_errors;
    int returned;
    size_t failed;         /* number of errors */
    uint64_t *elements;    /* what is noted of each result, by index */
    struct mishap *errors; /* by index */
    void *sum;
    int good_calls, bad_calls; /* callbacks made */
    size_t progress, done, bad, total;
    char wrong[256]; /* the first thing that is wrong whatever the serial pool gave */
};

struct outcomes {
    struct outcome of[PROGRAM_CALLS];
    char wrong[256];
};

/* Runs each call on a serial pool. The `elements` of a fold are what each item adds. */
struct outcomes *program_expect(const struct program *program);

/* Runs the program on a pool with its options. */
struct outcomes *program_run(const struct program *program, struct ledger *ledger);

void outcomes_free(const struct program *program, struct outcomes *outcomes);

/* Writes what is wrong, unless something is written there already. */
__attribute__((format(printf, 2, 3))) void program_wrong(char wrong[256], const char *format, ...);

/* ---- Comparing: program_check.c ---- */

/* Whether what came out of the pool is, or may be, right. Prints what is wrong. The pool must have
 * ended, so that the ledger is complete. */
bool program_check(const struct program *program, const struct outcomes *expected,
                   const struct outcomes *real, const struct ledger *ledger, FILE *stream);

#endif
