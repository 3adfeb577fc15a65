/* The rows of the table as data. */
#include "rows.h"

const char *const peer_names[PEERS] = {
    [PROCPOOL] = "procpool", [PIPE] = "pipe",
    [WORD] = "word",         [SEQUENTIAL] = "loop",
    [MEMCPY] = "memcpy",     [CODEC] = "codec",
    [GLIB] = "GLib",         [CONDITIONS] = "conditions",
    [FORK] = "fork",         [THREADS] = "threads",
    [OPENMP] = "OpenMP",     [OPENMP_STATIC] = "static",
    [PYTHON] = "Python",
};

static double per_worker(int processes)
{
    return processes;
}

/* The makespan of any in-order dispatch, relative to the best possible, when the long item comes
 * last and is as long as a worker's share of the others. */
static double in_order(int processes)
{
    return 2.0 * processes / (processes + 1);
}

#define AT(limit)                                                                                  \
    {                                                                                              \
        .factor = (limit)                                                                          \
    }
#define TIMES(limit, peer)                                                                         \
    {                                                                                              \
        .factor = (limit), .against = (peer)                                                       \
    }
#define SCALED(limit, by)                                                                          \
    {                                                                                              \
        .factor = (limit), .scale = (by)                                                           \
    }

#define FOR_EACH_SIZE(row, what)                                                                   \
    [(row) + 0] = {what ", 100 futures", "us", false, {{0}}},                                      \
             [(row) + 1] = {what ", 1,000 futures", "us", false, {{0}}},                           \
             [(row) + 2] = {what ", 10,000 futures", "us", false, {{0}}},                          \
             [(row) + 3] = {what ", 100,000 futures", "us", false, {{0}}},                         \
             [(row) + 4] = {what ", 1,000,000 futures", "us", false, {{0}}}
#define FOR_EACH_OPERATION(row, what)                                                              \
    [(row) + 0] = {what "submit", "n^", false, {{0}}},                                             \
             [(row) + 1] = {what "wait for all", "n^", false, {{0}}},                              \
             [(row) + 2] = {what "get one by one", "n^", false, {{0}}},                            \
             [(row) + 3] = {what "take as completed", "n^", false, {{0}}},                         \
             [(row) + 4] = {what "cancel", "n^", false, {{0}}}
#define FOR_EACH_ITERATOR(row, what)                                                               \
    [(row) + 0] = {what ", alone", "us", false, {{0}}},                                            \
             [(row) + 1] = {what ", 100 open", "us", false, {{0}}},                                \
             [(row) + 2] = {what ", 1,000 open", "us", false, {{0}}}

const struct row_text rows[ROWS] = {
    [TRIP_AWAKE] = {"round trip, partner awake", "us", false, {AT(5), TIMES(2, PIPE)}},
    [TRIP_ASLEEP] = {"round trip, partner asleep", "us", false, {TIMES(2, PIPE)}},
    [DISPATCH] = {"empty tasks, one by one",
                  "M/s",
                  true,
                  {AT(3), TIMES(1, THREADS), TIMES(100, PYTHON)}},
    [ELEMENTS_COPIED] = {"10M doubles squared, copied", "ns", false, {AT(10), TIMES(3, THREADS)}},
    [ELEMENTS_SHARED] = {"10M doubles squared, shared", "ns", false, {AT(5), TIMES(1.3, THREADS)}},
    [COMPUTE_10US] = {"items of 10 us", "speed-up", true, {TIMES(0.98, OPENMP)}},
    [COMPUTE_1MS] = {"items of 1 ms",
                     "speed-up",
                     true,
                     {SCALED(0.98, per_worker), TIMES(0.99, OPENMP)}},
    [COMPUTE_20MS] = {"items of 20 ms",
                      "speed-up",
                      true,
                      {SCALED(0.98, per_worker), TIMES(0.99, OPENMP)}},
    [TAIL_LAST] = {"one long item last",
                   "of best",
                   false,
                   {SCALED(1.005, in_order), TIMES(1.01, OPENMP)}},
    [TAIL_PARETO] = {"Pareto items", "of best", false, {AT(1.02), TIMES(1.01, OPENMP)}},
    [BLOBS_COPIED] = {"1 MiB in and out, copied", "MB/s", true, {AT(1400), TIMES(0.5, MEMCPY)}},
    [BLOBS_SHARED] = {"1 MiB in and out, shared", "MB/s", true, {AT(3800), TIMES(0.95, THREADS)}},
    [CODEC_INT64] = {"typed rows, int64 to int64", "ns", false, {AT(10), TIMES(1, CODEC)}},
    [CODEC_DOUBLE] = {"typed rows, double to double", "ns", false, {AT(10), TIMES(1, CODEC)}},
    [CODEC_TEXT] = {"typed rows, 20-byte texts", "ns", false, {AT(200), TIMES(2, CODEC)}},
    [CODEC_BLOBS] = {"typed blobs, 1 MiB", "GB/s", true, {AT(1), TIMES(0.5, MEMCPY)}},
    [LIFE_2] = {"pool of 2 made, used, freed", "ms", false, {AT(1), TIMES(3, FORK)}},
    [LIFE_32] = {"pool of 32 made, used, freed", "ms", false, {AT(8), TIMES(3, FORK)}},
    [DEATH] = {"worker killed to error", "ms", false, {AT(5)}},
    [IDLE_MEMORY] = {"memory of an idle worker", "KiB", false, {AT(90)}},
    [HOST_MEMORY] = {"host memory for 10M items", "MiB", false, {AT(64)}},
    FOR_EACH_SIZE(SUBMIT, "submit"),
    FOR_EACH_SIZE(WAIT, "wait for all"),
    FOR_EACH_SIZE(GET, "get one by one"),
    FOR_EACH_SIZE(COMPLETED, "take as completed"),
    FOR_EACH_SIZE(CANCEL, "cancel"),
    [HELD] = {"submit and wait, 100,000 held", "us", false, {TIMES(0.05, PYTHON), TIMES(3, GLIB)}},
    [HELD_RATIO] = {"the same, relative to 1,000", "times", false, {AT(1.5)}},
    [FLOWING] = {"submit and wait, 100,000 flowing",
                 "us",
                 false,
                 {TIMES(0.05, PYTHON), TIMES(3, GLIB)}},
    FOR_EACH_OPERATION(GROWTH, "growth of "),
    [FUTURE_MEMORY_100K] = {"host memory of a future, 100,000", "bytes", false, {{0}}},
    [FUTURE_MEMORY_1M] = {"host memory of a future, 1,000,000", "bytes", false, {AT(400)}},
    [URGENT_BLOCKING] = {"urgent call beside pool_map", "ms", false, {AT(2)}},
    [URGENT_AWAY] = {"urgent call beside pool_map_async", "ms", false, {AT(2)}},
    [EQUAL_BLOCKING] = {"equal call beside pool_map", "ms", false, {AT(5)}},
    [EQUAL_AWAY] = {"equal call beside pool_map_async", "ms", false, {AT(5)}},
    FOR_EACH_ITERATOR(OPEN, "iterator opened"),
    FOR_EACH_ITERATOR(STEP, "iterator stepped"),
    FOR_EACH_ITERATOR(FREE, "iterator freed"),
    [ITERATOR_MEMORY] = {"memory of an iterator, 1,000 open", "KiB", false, {{0}}},
    [HERD] = {"switches a call, 16 threads, 5 ms", "switches", false, {TIMES(2, CONDITIONS)}},
};
