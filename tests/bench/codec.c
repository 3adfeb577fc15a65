/* Typed values on their way: rows into functions and results back, through the pool, and through the
 * codec alone: packed, unpacked in place, called, packed, unpacked into memory of the caller's, all in
 * this process. */
#include "harness.h"
#include "topics.h"

#include <stdlib.h>
#include <string.h>

#include "common/flat.h"

enum { NUMBERS = 1000000, TEXTS = 300000, LETTERS = 20, BLOBS = 128, BLOB = 1 << 20 };

/* ---- The functions ---- */

static int64_t invert(int64_t number)
{
    return ~number;
}
POOL_FUNCTION(invert, int64_t, (int64_t, number));

static double halve(double number)
{
    return number / 2;
}
POOL_FUNCTION(halve, double, (double, number));

static char *flip(const char *text)
{
    char *flipped = malloc(LETTERS + 1);
    if (!flipped)
        return NULL;
    for (int i = 0; i < LETTERS; i++)
        flipped[i] = text[LETTERS - 1 - i];
    flipped[LETTERS] = '\0';
    return flipped;
}
POOL_FUNCTION(flip, char *, (const char *, text));

static pool_bytes_t give_back(pool_bytes_t bytes)
{
    return bytes;
}
POOL_FUNCTION(give_back, pool_bytes_t, (pool_bytes_t, bytes));

/* ---- The ways ---- */

/* `count` rows of a function, and where their results go. */
struct journey {
    enum row row; /* for complaints */
    const pool_callable_t *function;
    void *rows, *results;
    size_t count;
    bool (*right)(const struct journey *journey);
    bool fresh; /* results are from malloc(), not the argument */
};

static void run_pool(pool_t *pool, const struct journey *journey)
{
    int code =
        (pool_starmap)(pool, journey->function, journey->rows, journey->count, journey->results);
    if (code != 0)
        bench_fail("%s: pool_starmap: %d items failed, or %s", rows[journey->row].what, code,
                   pool_strerror(code));
}

static void *alloc_zeroed(void *unused, size_t size)
{
    (void)unused;
    return calloc(1, size);
}

static void drop_freed(void *unused, void *memory)
{
    (void)unused;
    free(memory);
}

static void must(int error)
{
    if (error)
        bench_fail("codec: %s", pool_strerror(error));
}

/* From `value` through the flat form at `box` to the zeroed memory at `copy`. */
static void pass(void *box, const pool_type_t *type, size_t size, const void *value, void *copy,
                 bool in_place)
{
    const struct pool__memory memory = {.alloc = alloc_zeroed, .in_place = in_place};
    struct pool_writer writer = {.base = box, .room = 2 * BLOB};
    must(pool__pack(&writer, type, size, value));
    struct pool_reader reader = {.base = box, .size = writer.used, .memory = &memory};
    must(pool__unpack(&reader, type, size, copy));
}

static void run_codec(const struct journey *journey, unsigned char *box)
{
    const pool_callable_t *function = journey->function;
    const struct pool__dropper dropper = {drop_freed, NULL, false};
    union {
        unsigned char bytes[64];
        long double aligned;
    } row, result;
    for (size_t i = 0; i < journey->count; i++) {
        const char *from = (const char *)journey->rows + i * function->args->size;
        char *to = (char *)journey->results + i * function->result_size;
        memset(&row, 0, sizeof row);
        memset(to, 0, function->result_size);
        pass(box, function->args, function->args->size, from, &row, true);
        function->call(&row, &result, NULL);
        pass(box + 2 * BLOB, function->result, function->result_size, &result, to, false);
        if (journey->fresh)
            pool__drop(&dropper, function->result, &result);
    }
}

/* What copying costs at the least: the same bytes into a box and out of it. */
static void run_memcpy(const struct journey *journey, unsigned char *box)
{
    const struct give_back_args *from = journey->rows;
    pool_bytes_t *to = journey->results;
    for (size_t i = 0; i < journey->count; i++) {
        to[i] = (pool_bytes_t){bench_alloc(1, BLOB), BLOB};
        memcpy(box, from[i].bytes.data, BLOB);
        memcpy(to[i].data, box, BLOB);
    }
}

/* ---- Measuring ---- */

static double seconds(const struct journey *journey, enum peer peer, pool_t *pool,
                      unsigned char *box)
{
    memset(journey->results, 0xff, journey->count * journey->function->result_size);
    bench_settle();
    double start = bench_now();
    if (peer == PROCPOOL)
        run_pool(pool, journey);
    else if (peer == CODEC)
        run_codec(journey, box);
    else
        run_memcpy(journey, box);
    double took = bench_now() - start;
    bench_require(journey->right(journey), journey->row, peer);
    pool_release(journey->function->result, journey->results, journey->count);
    return took;
}

static double nanoseconds(const struct journey *journey, enum peer peer, pool_t *pool,
                          unsigned char *box)
{
    return seconds(journey, peer, pool, box) * 1e9 / (double)journey->count;
}

/* In and out together. */
static double gigabytes(const struct journey *journey, enum peer peer, pool_t *pool,
                        unsigned char *box)
{
    return 2.0 * BLOBS * BLOB / 1e9 / seconds(journey, peer, pool, box);
}

/* ---- Rows and results ---- */

static bool all_inverted(const struct journey *journey)
{
    const int64_t *results = journey->results;
    for (size_t i = 0; i < journey->count; i++)
        if (results[i] != ~(int64_t)i)
            return false;
    return true;
}

static bool all_halved(const struct journey *journey)
{
    const double *results = journey->results;
    for (size_t i = 0; i < journey->count; i++)
        if (results[i] != (double)i / 2)
            return false;
    return true;
}

static bool all_flipped(const struct journey *journey)
{
    const struct flip_args *from = journey->rows;
    char *const *results = journey->results;
    for (size_t i = 0; i < journey->count; i++)
        for (int k = 0; k < LETTERS; k++)
            if (results[i][k] != from[i].text[LETTERS - 1 - k])
                return false;
    return true;
}

static bool all_back(const struct journey *journey)
{
    const struct give_back_args *from = journey->rows;
    const pool_bytes_t *results = journey->results;
    for (size_t i = 0; i < journey->count; i++)
        if (results[i].size != BLOB || memcmp(results[i].data, from[i].bytes.data, BLOB) != 0)
            return false;
    return true;
}

static struct journey journey_of(enum row row, const pool_callable_t *function, size_t count,
                                 bool (*right)(const struct journey *journey))
{
    return (struct journey){.row = row,
                            .function = function,
                            .rows = bench_alloc(count, function->args->size),
                            .results = bench_alloc(count, function->result_size),
                            .count = count,
                            .right = right};
}

enum { JOURNEYS = 4 };

/* The rows, and the memory that those of texts and blobs point to. */
static void fill(struct journey *journeys, char *letters, unsigned char *bytes)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        ((struct invert_args *)journeys[0].rows)[i].number = (int64_t)i;
        ((struct halve_args *)journeys[1].rows)[i].number = (double)i;
    }
    for (size_t i = 0; i < TEXTS; i++) {
        char *text = letters + i * (LETTERS + 1);
        snprintf(text, LETTERS + 1, "%0*zu", LETTERS, i * 7919);
        ((struct flip_args *)journeys[2].rows)[i].text = text;
    }
    for (size_t i = 0; i < (size_t)BLOBS * BLOB; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 24);
    for (size_t i = 0; i < BLOBS; i++)
        ((struct give_back_args *)journeys[3].rows)[i].bytes =
            (pool_bytes_t){bytes + i * BLOB, BLOB};
}

static void run_round(struct bench *bench, const struct journey *journeys, pool_t *pool,
                      unsigned char *box)
{
    static const enum peer peers[] = {PROCPOOL, CODEC};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            bench_record(bench, journeys[i].row, peers[k],
                         nanoseconds(&journeys[i], peers[k], pool, box));
    for (int k = 0; k < 2; k++)
        bench_record(bench, CODEC_BLOBS, peers[k], gigabytes(&journeys[3], peers[k], pool, box));
    bench_record(bench, CODEC_BLOBS, MEMCPY, gigabytes(&journeys[3], MEMCPY, pool, box));
}

void measure_codec(struct bench *bench)
{
    pool_t *pool = bench_pool(bench->processes);
    unsigned char *box = bench_alloc(4, BLOB), *bytes = bench_alloc(BLOBS, BLOB);
    char *letters = bench_alloc(TEXTS, LETTERS + 1);
    struct journey journeys[JOURNEYS] = {
        journey_of(CODEC_INT64, &invert_function.callable, NUMBERS, all_inverted),
        journey_of(CODEC_DOUBLE, &halve_function.callable, NUMBERS, all_halved),
        journey_of(CODEC_TEXT, &flip_function.callable, TEXTS, all_flipped),
        journey_of(CODEC_BLOBS, &give_back_function.callable, BLOBS, all_back),
    };
    journeys[2].fresh = true;
    fill(journeys, letters, bytes);
    while (bench_next_round(bench))
        run_round(bench, journeys, pool, box);
    for (int i = 0; i < JOURNEYS; i++) {
        free(journeys[i].rows);
        free(journeys[i].results);
    }
    free(letters);
    free(bytes);
    free(box);
    pool_free(pool);
}
