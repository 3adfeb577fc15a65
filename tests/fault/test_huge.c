/* A blob of 3 GiB goes to a worker and comes back whole, and it all fits into what the caller needs for
 * it, blob and result, and 4 GiB more.
 *
 * The host is forked, into a memory cgroup of its own where one can be made: there the limit is the
 * kernel's. Elsewhere the machine's memory in use is watched meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/outcome.h"
#include "support/subhost.h"
#include "support/world.h"

#define GIB ((size_t)1 << 30)
#define SIZE (3 * GIB)
#define NEEDED (12 * GIB)          /* free, or there is no test */
#define LIMIT (2 * SIZE + 4 * GIB) /* blob, result, and what the pool may take */

/* ---- The machine's memory ---- */

/* The sum of those lines of /proc/meminfo, in bytes. */
static size_t meminfo(const char *one, const char *other)
{
    char line[256], name[64];
    size_t kibibytes, sum = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%63[^:]: %zu", name, &kibibytes) == 2 &&
            (strcmp(name, one) == 0 || strcmp(name, other) == 0))
            sum += kibibytes * 1024;
    if (file)
        fclose(file);
    return sum;
}

static size_t in_use(void)
{
    return meminfo("AnonPages", "Shmem");
}

/* ---- A memory cgroup, of version 1 or 2 ---- */

static struct cgroup {
    char folder[128]; /* "" when none could be made */
    const char *peak_file;
} cgroup;

static bool write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    close(file);
    return written;
}

static size_t read_number(const char *folder, const char *name)
{
    char path[256];
    size_t number = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%zu", &number) != 1)
        number = 0;
    if (file)
        fclose(file);
    return number;
}

static bool make_cgroup_in(const char *mount, const char *limit_file, const char *peak_file)
{
    char limit[32];
    snprintf(cgroup.folder, sizeof cgroup.folder, "%s/procpool-test-huge-%d", mount, getpid());
    snprintf(limit, sizeof limit, "%zu", LIMIT);
    cgroup.peak_file = peak_file;
    if (mkdir(cgroup.folder, 0755) == 0 && write_file(cgroup.folder, limit_file, limit))
        return true;
    rmdir(cgroup.folder);
    cgroup.folder[0] = '\0';
    return false;
}

static bool make_cgroup(void)
{
    return make_cgroup_in("/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                          "memory.max_usage_in_bytes") ||
           make_cgroup_in("/sys/fs/cgroup", "memory.max", "memory.peak");
}

static bool cgroup_removed(void *unused)
{
    (void)unused;
    return rmdir(cgroup.folder) == 0 || errno == ENOENT;
}

/* ---- The host ---- */

static pool_bytes_t give_back(pool_bytes_t bytes)
{
    return bytes;
}
POOL_FUNCTION(give_back, pool_bytes_t, (pool_bytes_t, bytes));

static void be_host(void *unused)
{
    struct give_back_args row = {.bytes = {malloc(SIZE), SIZE}};
    pool_bytes_t result;
    pool_t *pool;
    pool_options_t options = {.processes = 1};
    (void)unused;
    SUBHOST_CHECK(!cgroup.folder[0] || write_file(cgroup.folder, "cgroup.procs", "0"));
    SUBHOST_EQUAL(pool_create(&pool, &options), 0);
    SUBHOST_CHECK(row.bytes.data);
    for (size_t i = 0; i < SIZE / sizeof i; i++)
        ((size_t *)row.bytes.data)[i] = i * 2654435761u;
    SUBHOST_EQUAL(pool_starmap(pool, &give_back_function, &row, 1, &result), 0);
    SUBHOST_CHECK(result.size == SIZE);
    SUBHOST_CHECK(memcmp(result.data, row.bytes.data, SIZE) == 0);
    pool_free(pool);
    pool_release(&pool_type_bytes, &result, 1);
    free(row.bytes.data);
}

/* Watches the memory in use until the process has ended. Returns the most there was. */
static size_t watch(pid_t host, int *status)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    size_t most = 0;
    while (waitpid(host, status, WNOHANG) == 0) {
        size_t now = in_use();
        most = now > most ? now : most;
        nanosleep(&moment, NULL);
    }
    return most;
}

static void a_blob_of_3_gibibytes_and_back(void **state)
{
    int status = 0;
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* their shadow is large as well */
#endif
    if (meminfo("MemAvailable", "") < NEEDED || deadline_slowness() > 1) {
        fprintf(stderr, "skipped: there are no 12 GiB free, or no time\n");
        skip();
    }
    world_expect_orphans();
    bool limited = make_cgroup();
    size_t before = in_use();
    size_t most = watch(subhost_start(be_host, NULL), &status) - before;
    size_t peak = limited ? read_number(cgroup.folder, cgroup.peak_file) : most;
    bool removed = !limited || deadline_met(5000, cgroup_removed, NULL);
    fprintf(stderr, "at most %.2f GiB in use, limit %zu GiB, %s\n", (double)peak / (double)GIB,
            LIMIT / GIB, limited ? "held by a cgroup" : "sampled");
    assert_true(removed);
    assert_int_equal(status, 0);
    assert_true(peak <= LIMIT);
    assert_true(world_empties(5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST_WITHIN(a_blob_of_3_gibibytes_and_back, 150),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
