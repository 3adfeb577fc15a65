/* Runs in workers, and in the test program for serial pools: what items do. */
#include "support/program.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/work.h"

enum {
    MARK = 0x4d000000, /* codes from here stand for the end of a process, on a serial pool */
    MARK_EXIT = 0x1000,
    WRONG = 0x4e000000, /* the pool did not give an item the right index, worker or state */
    STATE = 0x5eed
};

/* Set in the test program; workers have it as it was when the pool was made. */
static struct {
    const struct program *program;
    struct ledger *ledger;
    bool serially, contribute;
} acting;

void program_act(const struct program *program, bool serially, struct ledger *ledger)
{
    acting.program = program;
    acting.serially = serially;
    acting.ledger = ledger;
}

void program_act_contribute(bool contribute)
{
    acting.contribute = contribute;
}

bool program_unmark(struct mishap *error)
{
    int code = error->code - MARK;
    if (error->kind != POOL_FAILED || error->code < MARK || error->code >= WRONG)
        return false;
    error->kind = code >= MARK_EXIT ? POOL_EXITED : POOL_CRASHED;
    error->code = code % MARK_EXIT;
    return true;
}

/* ---- Starts and ends of workers ---- */

/* The state of this worker, or of the serial pool. */
static uint64_t own_state;

int program_initialize(void *initargs, void **state, pool_task_t *task)
{
    (void)task;
    own_state = *(const uint64_t *)initargs + STATE;
    *state = &own_state;
    return 0;
}

void program_finalize(void *state)
{
    *(uint64_t *)state = 0; /* an item that ran after this would find the wrong state */
}

/* ---- Deeds ---- */

enum deed {
    DO_WELL,
    DO_SLEEP,
    DO_REFUSE,
    DO_FAIL,
    DO_FAIL_LONG,
    DO_FAIL_TWICE,
    DO_RECANT,
    DO_SPOIL,
    DO_CRASH,
    DO_EXIT
};

static enum deed deed_of(const struct call *call, uint64_t chance)
{
    if (call->crash && (chance >> 3) % call->crash == 0)
        return chance % 3 ? DO_CRASH : DO_EXIT;
    if (call->bad && (chance >> 5) % call->bad == 0)
        return (enum deed)(DO_REFUSE + (chance >> 40) % (DO_CRASH - DO_REFUSE));
    if (call->sleep && (chance >> 7) % call->sleep == 0)
        return DO_SLEEP;
    return DO_WELL;
}

static int crash(uint64_t chance, pool_task_t *task)
{
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGFPE, SIGUSR2};
    int number = signals[chance % (sizeof signals / sizeof signals[0])];
    if (acting.serially)
        return pool_fail(task, MARK + number, "a crash");
    if (number == SIGSEGV)
        work_write_to_null(NULL, NULL, NULL);
    if (number == SIGABRT)
        abort();
    kill(getpid(), number);
    for (;;)
        pause();
}

static int leave(uint64_t chance, pool_task_t *task)
{
    int status = (int)(chance >> 8) & 0xff;
    if (acting.serially)
        return pool_fail(task, MARK + MARK_EXIT + status, "an exit");
    if (chance & 1)
        exit(status);
    _exit(status);
}

static int code_of(uint64_t chance)
{
    static const int codes[] = {1, -1, EDOM, -ENOENT, INT_MAX, INT_MIN, 77, POOL_EITEM, 0};
    return codes[chance % (sizeof codes / sizeof codes[0])];
}

/* Fails with a message of fewer than `most` random bytes, at a random file and line. */
static int fail_with(pool_task_t *task, uint64_t chance, size_t most)
{
    static const char *const files[] = {"a.c", "some/where/else.c", "", NULL};
    char text[POOL_MESSAGE_MAX + 200];
    size_t size = (chance >> 16) % most;
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(1 + program_mix(chance, i) % 255);
    text[size] = '\0';
    return pool_fail_at(task, files[chance % 4], (int)(chance >> 20 & 0xffff), code_of(chance >> 8),
                        "%s", text);
}

/* Writes half a result, and fails. */
static int spoil(const struct call *call, uint64_t chance, void *result, pool_task_t *task)
{
    size_t size =
        call->what == CALL_FOLD && acting.contribute ? sizeof(uint64_t) : call->result.size;
    if (result && (call->what == CALL_FOLD || shape_is_plain(&call->result)))
        memset(result, 0xee, 1 + size / 2);
    else if (result && call->result.kind == KIND_TEXT)
        *(char **)result = pool_task_alloc(task, 10);
    return fail_with(task, chance, 100);
}

/* Does the deed of the item. Returns what the function returns; 0: there is to be a result. */
static int perform(const struct call *call, uint64_t chance, void *result, pool_task_t *task)
{
    int code;
    switch (deed_of(call, chance)) {
    case DO_SLEEP:
        if (acting.ledger)
            usleep((useconds_t)((chance >> 20) % call->sleep_most));
        return 0;
    case DO_REFUSE:
        code = code_of(chance >> 8);
        return code ? code : 2;
    case DO_FAIL:
        return fail_with(task, chance, 100);
    case DO_FAIL_LONG:
        return fail_with(task, chance, POOL_MESSAGE_MAX + 150);
    case DO_FAIL_TWICE:
        fail_with(task, chance >> 3, POOL_MESSAGE_MAX + 150);
        return fail_with(task, chance, 100);
    case DO_RECANT:
        fail_with(task, chance, 100);
        return 0;
    case DO_SPOIL:
        return spoil(call, chance, result, task);
    case DO_CRASH:
        return crash(chance >> 12, task);
    case DO_EXIT:
        return leave(chance >> 12, task);
    default:
        return 0;
    }
}

/* ---- Results ---- */

static void *from_task(void *task, size_t size)
{
    return pool_task_alloc(task, size);
}

/* Makes the result, now and then in memory from the heap, which the pool frees. */
static int give_result(const struct call *call, uint64_t hash, void *result, pool_task_t *task)
{
    bool heap = hash >> 60 == 0;
    const struct program_allocator allocator = {heap ? program_from_heap : from_task, task};
    if (!result || call->result.kind == KIND_NONE)
        return result ? pool_fail(task, WRONG, "there is room for no result") : 0;
    return value_make(&call->result, result, hash, &allocator) ? 0 : -ENOMEM;
}

/* Gives, now and then, the text or blob of the item as the result, which lies in the item then.
 * Returns whether it did. */
static bool echo(const struct call *call, uint64_t hash, const void *item, void *result)
{
    bool same = call->item.kind == call->result.kind &&
                (call->item.kind == KIND_TEXT || call->item.kind == KIND_BLOB);
    if (same && hash % 8 == 0)
        memcpy(result, item, call->item.size);
    return same && hash % 8 == 0;
}

/* ---- The functions ---- */

static bool told_right(const struct call *call, const void *item, pool_task_t *task)
{
    const pool_options_t *options = &acting.program->options;
    const uint64_t *state = pool_task_state(task);
    if (pool_task_attempt(task) != 1 || pool_task_index(task) >= call->count)
        return false;
    if (pool_task_worker(task) < 0 || pool_task_worker(task) >= POOL_PROCESSES_MAX)
        return false;
    if (call->what == CALL_BROADCAST && acting.ledger &&
        pool_task_index(task) != (size_t)pool_task_worker(task))
        return false;
    if (options->initializer ? !state || *state != acting.program->seed + STATE : state != NULL)
        return false;
    return (item == NULL) == (call->item.kind == KIND_RANGE);
}

static int act(int slot, const void *item, void *result, pool_task_t *task)
{
    const struct call *call = &acting.program->calls[slot];
    size_t index = pool_task_index(task);
    if (!told_right(call, item, task))
        return pool_fail(task, WRONG, "item %zu was told nonsense", index);
    if (acting.ledger)
        ledger_mark(acting.ledger, (size_t)slot * PROGRAM_ITEMS + index);
    uint64_t content = item ? value_hash(&call->item, item) : index;
    uint64_t hash = program_mix(content, pool_task_seed(task));
    int code = perform(call, program_mix(program_mix(content, index), call->salt), result, task);
    if (code)
        return code;
    if (call->what != CALL_FOLD)
        return echo(call, hash, item, result) ? 0 : give_result(call, hash, result, task);
    if (acting.contribute)
        memcpy(result, &hash, sizeof hash);
    else
        program_sum_add(result, hash);
    return 0;
}

#define SLOTS(XX) XX(0) XX(1) XX(2) XX(3) XX(4) XX(5)

#define SLOT(n)                                                                                    \
    static int act_##n(const void *item, void *result, pool_task_t *task)                          \
    {                                                                                              \
        return act(n, item, result, task);                                                         \
    }
SLOTS(SLOT)

pool_function_t program_function(const struct call *call)
{
#define NAME(n) act_##n,
    static const pool_function_t functions[] = {SLOTS(NAME)};
    _Static_assert(sizeof functions / sizeof functions[0] == PROGRAM_CALLS, "a function for each");
    return functions[call->slot];
}

static int count_row(int slot, uint64_t key, const char *text, const double *values, size_t count,
                     uint64_t *result, pool_task_t *task)
{
    struct program_row row = {slot, key, text, values, count};
    return act(slot, &row, result, task);
}
POOL_FALLIBLE(count_row, uint64_t, (int, slot), (uint64_t, key), (const char *, text),
              (const double *, values, counted_by, count), (size_t, count));

static int name_row(int slot, uint64_t key, const char *text, const double *values, size_t count,
                    char **result, pool_task_t *task)
{
    struct program_row row = {slot, key, text, values, count};
    return act(slot, &row, result, task);
}
POOL_FALLIBLE(name_row, char *, (int, slot), (uint64_t, key), (const char *, text),
              (const double *, values, counted_by, count), (size_t, count));

const pool_callable_t *program_callable(const struct call *call)
{
    _Static_assert(sizeof(struct count_row_args) == sizeof(struct program_row) &&
                       sizeof(struct name_row_args) == sizeof(struct program_row),
                   "rows are rows");
    return call->result.kind == KIND_TEXT ? &name_row_function.callable
                                          : &count_row_function.callable;
}

/* ---- Sums ---- */

void program_sum_add(void *sum, uint64_t hash)
{
    struct program_sum head;
    memcpy(&head, sum, sizeof head);
    size_t extra = head.size - sizeof head;
    head.sum += (double)(int64_t)hash * (hash % 3 ? 1e-9 : 1e3);
    head.hash = head.hash * 31 + hash;
    head.count++;
    memcpy(sum, &head, sizeof head);
    unsigned char *bytes = (unsigned char *)sum + sizeof head;
    if (extra > 0)
        bytes[hash % extra] = (unsigned char)(bytes[hash % extra] * 3 + (hash >> 56));
}

int program_sum_merge(void *into, const void *from)
{
    struct program_sum head, later;
    memcpy(&head, into, sizeof head);
    memcpy(&later, from, sizeof later);
    head.sum += later.sum;
    head.hash = head.hash * 1000003 + later.hash;
    head.count += later.count;
    memcpy(into, &head, sizeof head);
    for (size_t i = sizeof head; i < head.size; i++)
        ((unsigned char *)into)[i] =
            (unsigned char)(((unsigned char *)into)[i] * 5 + ((const unsigned char *)from)[i]);
    return 0;
}
