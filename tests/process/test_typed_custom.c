/* Custom types whose functions crash, exit, fail or write nonsense, wherever they run: in the worker
 * and on the host's side. Each costs its item only, and the pool works on. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/world.h"

enum { COUNT = 24, MIB = 1 << 20 };

/* When an item does its deed. */
enum moment {
    NEVER,
    PACKING_ITEM,
    UNPACKING_ITEM,
    IN_FUNCTION,
    PACKING_RESULT,
    RELEASING_RESULT, /* in the worker, when it has been packed */
    UNPACKING_RESULT,
    MOMENTS
};

static const char *const packed = "the item could not be packed";
static const char *const messages[MOMENTS] = {
    [PACKING_ITEM] = "the item could not be packed",
    [UNPACKING_ITEM] = "the item could not be unpacked",
    [PACKING_RESULT] = "the result could not be packed",
    [UNPACKING_RESULT] = "the result could not be unpacked",
};

/* The item, and the result. */
struct cargo {
    enum moment moment;
    int (*deed)(pool_writer_t *writer, pool_reader_t *reader);
    bool is_result;
    int number;
    char *text;
};

static bool in_worker; /* not in the host, and not in its copies */

static int begin_worker(void *unused, void **state, pool_task_t *task)
{
    (void)unused;
    (void)state;
    (void)task;
    in_worker = true;
    return 0;
}

static int act(const struct cargo *cargo, enum moment moment, pool_writer_t *writer,
               pool_reader_t *reader)
{
    bool there = moment == PACKING_ITEM || moment == UNPACKING_RESULT ? !in_worker : in_worker;
    return cargo->moment == moment && there ? cargo->deed(writer, reader) : 0;
}

/* ---- The type ---- */

static int pack_cargo(const void *value, pool_writer_t *writer)
{
    const struct cargo *cargo = value;
    int error = pool_write(writer, cargo, offsetof(struct cargo, text));
    if (!error)
        error = act(cargo, cargo->is_result ? PACKING_RESULT : PACKING_ITEM, writer, NULL);
    return error ? error : pool_write_value(writer, &pool_type_text, &cargo->text);
}

static int unpack_cargo(void *value, pool_reader_t *reader)
{
    struct cargo *cargo = value;
    int error = pool_read(reader, cargo, offsetof(struct cargo, text));
    if (!error)
        error = act(cargo, cargo->is_result ? UNPACKING_RESULT : UNPACKING_ITEM, NULL, reader);
    return error ? error : pool_read_value(reader, &pool_type_text, &cargo->text);
}

static void release_cargo(void *value)
{
    struct cargo *cargo = value;
    act(cargo, RELEASING_RESULT, NULL, NULL);
    free(cargo->text);
}

static const pool_type_t cargo_type = {.name = "cargo",
                                       .kind = POOL_KIND_CUSTOM,
                                       .size = sizeof(struct cargo),
                                       .pack = pack_cargo,
                                       .unpack = unpack_cargo,
                                       .release = release_cargo};

static int carry(const void *item, void *result, pool_task_t *task)
{
    const struct cargo *in = item;
    struct cargo *out = result;
    (void)task;
    *out = *in;
    out->is_result = true;
    out->number = 3 * in->number;
    out->text = strdup(in->text);
    int code = act(in, IN_FUNCTION, NULL, NULL);
    if (code)
        free(out->text);
    return code;
}

/* ---- Deeds ---- */

static int crash(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return raise(SIGSEGV);
}

static int be_killed(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return raise(SIGKILL);
}

static int give_up(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    abort();
}

static int leave(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    exit(3);
}

static int leave_with_success(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    _exit(0);
}

static int fail(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)writer;
    (void)reader;
    return -EIO;
}

static int write_beyond_memory(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)reader;
    return pool_write(writer, "", (size_t)1 << 46);
}

static int write_beyond_numbers(pool_writer_t *writer, pool_reader_t *reader)
{
    (void)reader;
    int error = pool_write(writer, "", SIZE_MAX - 7);
    return error ? error : pool_write(writer, "", SIZE_MAX - 7);
}

/* The second time there is room for what it wrote the first time. */
static int write_more_each_time(pool_writer_t *writer, pool_reader_t *reader)
{
    static char bytes[64 * MIB];
    static size_t times; /* in copies of the host it starts again: so its address counts, too */
    (void)reader;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    times++;
    return pool_write(writer, bytes, times * MIB + (size_t)now.tv_nsec % MIB);
}

static int read_too_much(pool_writer_t *writer, pool_reader_t *reader)
{
    char bytes[100];
    (void)writer;
    while (pool_read_left(reader) >= sizeof bytes)
        pool_read(reader, bytes, sizeof bytes);
    return pool_read(reader, bytes, sizeof bytes);
}
