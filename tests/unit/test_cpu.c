/* How many processors: cgroup files of a made-up system, the environment, the affinity. */
#include "host/base/cpu.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procpool.h"
#include "unit/unit.h"

#define CGROUPS "proc/self/cgroup"
#define V2 "sys/fs/cgroup"
#define V1 "sys/fs/cgroup/cpu"

/* ---- A root directory of our own ---- */

static char root[PATH_MAX / 4];

static int make_root(void **test)
{
    (void)test;
    const char *temporary = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/unit-cpu-XXXXXX", temporary ? temporary : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)type;
    (void)where;
    return remove(path);
}

static int remove_root(void **test)
{
    (void)test;
    return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root, with the directories it needs. */
static void put(const char *name, const char *content)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static int quota(void)
{
    return pool__cgroup_quota(root);
}

static void put_v1(const char *directory, const char *microseconds, const char *period)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s/cpu.cfs_quota_us", directory);
    put(name, microseconds);
    snprintf(name, sizeof name, "%s/cpu.cfs_period_us", directory);
    put(name, period);
}

/* ---- Version 2 ---- */

static void a_v2_quota_is_rounded_up(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        int processors;
    } cases[] = {
        {"100000 100000\n", 1},   {"1000 100000\n", 1},
        {"1 100000\n", 1},        {"99999 100000\n", 1},
        {"100001 100000\n", 2},   {"150000 100000\n", 2},
        {"200000 100000", 2},     {"250000 50000\n", 5},
        {"6400000 100000\n", 64}, {"9223372036854775807 1\n", INT_MAX},
    };
    put(CGROUPS, "0::/\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        put(V2 "/cpu.max", cases[i].text);
        assert_int_equal(quota(), cases[i].processors);
    }
}

static void v2_files_that_make_no_sense_are_no_quota(void **test)
{
    (void)test;
    static const char *const texts[] = {
        "max 100000\n", "max\n",       "",           "\n",          "garbage\n",    "100000\n",
        "0 100000\n",   "-1 100000\n", "100000 0\n", "100000 -5\n", "100000 max\n", "0x10 x\n",
    };
    put(CGROUPS, "0::/\n");
    for (size_t i = 0; i < COUNT(texts); i++) {
        put(V2 "/cpu.max", texts[i]);
        assert_int_equal(quota(), 0);
    }
}

static void the_smallest_quota_on_the_way_up_counts(void **test)
{
    (void)test;
    put(CGROUPS, "0::/a/b/c\n");
    put(V2 "/a/b/c/cpu.max", "800000 100000\n");
    assert_int_equal(quota(), 8);
    put(V2 "/a/cpu.max", "300000 100000\n");
    assert_int_equal(quota(), 3);
    put(V2 "/a/b/cpu.max", "500000 100000\n");
    assert_int_equal(quota(), 3);
    put(V2 "/a/b/c/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 2);
    put(V2 "/cpu.max", "100000 100000\n");
    assert_int_equal(quota(), 1);
}

static void other_cgroups_and_what_lies_above_the_hierarchy_do_not_count(void **test)
{
    (void)test;
    put(CGROUPS, "0::/a/b\n");
    put(V2 "/a/b/cpu.max", "800000 100000\n");
    put(V2 "/a/b/c/cpu.max", "100000 100000\n");
    put(V2 "/b/cpu.max", "100000 100000\n");
    put("sys/fs/cpu.max", "100000 100000\n");
    put("sys/cpu.max", "100000 100000\n");
    put("cpu.max", "100000 100000\n");
    assert_int_equal(quota(), 8);
}

static void levels_that_a_container_does_not_see_are_skipped(void **test)
{
    (void)test;
    put(CGROUPS, "0::/docker/0123456789abcdef\n");
    put(V2 "/cpu.max", "400000 100000\n");
    assert_int_equal(quota(), 4);
    put(CGROUPS, "0::/../../outside\n");
    assert_int_equal(quota(), 4);
    put(CGROUPS, "4:cpu:/docker/0123456789abcdef\n");
    put_v1(V1, "300000\n", "100000\n");
    assert_int_equal(quota(), 3);
}

/* ---- Version 1 ---- */

static void a_v1_quota_is_rounded_up(void **test)
{
    (void)test;
    put(CGROUPS, "3:cpu:/\n");
    put_v1(V1, "250000\n", "100000\n");
    assert_int_equal(quota(), 3);
    put_v1(V1, "100000\n", "100000\n");
    assert_int_equal(quota(), 1);
    put_v1(V1, "1\n", "100000\n");
    assert_int_equal(quota(), 1);
}

static void v1_files_that_make_no_sense_are_no_quota(void **test)
{
    (void)test;
    static const char *const texts[][2] = {
        {"-1\n", "100000\n"}, {"0\n", "100000\n"}, {"100000\n", "0\n"},   {"100000\n", "-1\n"},
        {"", "100000\n"},     {"100000\n", ""},    {"max\n", "100000\n"}, {"x\n", "y\n"},
    };
    put(CGROUPS, "3:cpu:/\n");
    for (size_t i = 0; i < COUNT(texts); i++) {
        put_v1(V1, texts[i][0], texts[i][1]);
        assert_int_equal(quota(), 0);
    }
}

static void half_of_a_v1_quota_is_none(void **test)
{
    (void)test;
    put(CGROUPS, "3:cpu:/\n");
    put(V1 "/cpu.cfs_quota_us", "100000\n");
    assert_int_equal(quota(), 0);
}

static void a_v1_quota_is_found_at_every_level(void **test)
{
    (void)test;
    put(CGROUPS, "3:cpu:/slice/service\n");
    put_v1(V1, "-1\n", "100000\n");
    put_v1(V1 "/slice", "700000\n", "100000\n");
    assert_int_equal(quota(), 7);
    put_v1(V1 "/slice/service", "500000\n", "100000\n");
    assert_int_equal(quota(), 5);
    put_v1(V1, "200000\n", "100000\n");
    assert_int_equal(quota(), 2);
}

static void a_combined_controller_is_found_under_either_name(void **test)
{
    (void)test;
    put(CGROUPS, "4:cpu,cpuacct:/job\n");
    put_v1(V1 "/job", "600000\n", "100000\n");
    assert_int_equal(quota(), 6);
    put_v1(V1 ",cpuacct/job", "300000\n", "100000\n");
    assert_int_equal(quota(), 3);
    put(CGROUPS, "4:cpuacct,cpu:/job\n");
    assert_int_equal(quota(), 6);
    put_v1("sys/fs/cgroup/cpuacct,cpu/job", "200000\n", "100000\n");
    assert_int_equal(quota(), 2);
}

static void controllers_that_only_sound_like_cpu_do_not_count(void **test)
{
    (void)test;
    static const char *const lines[] = {"3:cpuset:/\n",   "3:cpuacct:/\n", "3:cpuset,cpuacct:/\n",
                                        "3:name=cpu:/\n", "3:xcpu:/\n",    "3:CPU:/\n"};
    static const char *const directories[] = {
        "cpuset", "cpuacct", "cpuset,cpuacct", "name=cpu", "xcpu", "CPU", "cpu"};
    for (size_t i = 0; i < COUNT(directories); i++) {
        char directory[64];
        snprintf(directory, sizeof directory, "sys/fs/cgroup/%s", directories[i]);
        put_v1(directory, "100000\n", "100000\n");
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        put(CGROUPS, lines[i]);
        assert_int_equal(quota(), 0);
    }
}

static void of_both_versions_the_smaller_quota_counts(void **test)
{
    (void)test;
    put(CGROUPS, "9:cpuset:/a\n4:cpu:/one\n1:name=systemd:/x\n0::/two\n");
    put_v1(V1 "/one", "500000\n", "100000\n");
    assert_int_equal(quota(), 5);
    put(V2 "/two/cpu.max", "300000 100000\n");
    assert_int_equal(quota(), 3);
    put_v1(V1 "/one", "200000\n", "100000\n");
    assert_int_equal(quota(), 2);
}

/* ---- Nothing to read ---- */

static void without_files_there_is_no_quota(void **test)
{
    (void)test;
    assert_int_equal(quota(), 0);
    put(CGROUPS, "0::/\n3:cpu:/\n");
    assert_int_equal(quota(), 0);
}

static void lines_that_make_no_sense_are_skipped(void **test)
{
    (void)test;
    put(CGROUPS, "\n:\n::\n0:\ncpu\n3:cpu\n:cpu:\ngarbage without end\n0::/ok");
    assert_int_equal(quota(), 0);
    put(V2 "/ok/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 2);
}

static void a_path_too_long_is_no_quota(void **test)
{
    (void)test;
    char line[PATH_MAX + 100];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_int_equal(pool__cgroup_quota(line), 0);
    memcpy(line, "0::/", 4);
    put(CGROUPS, line);
    put(V2 "/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 0);
}

/* ---- What this process may use ---- */

static void the_environment_overrides_the_count(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        int count; /* 0: ignored */
    } cases[] = {{"1", 1},
                 {"7", 7},
                 {"4000", POOL_PROCESSES_MAX},
                 {"4001", 0},
                 {"0", 0},
                 {"-1", 0},
                 {"", 0},
                 {"abc", 0},
                 {"3x", 0},
                 {"3 ", 0},
                 {"2.5", 0},
                 {"0x10", 0},
                 {"4294967298", 0},
                 {"99999999999999999999", 0}};
    unsetenv("PROCPOOL_PROCESSES");
    int usual = pool_cpu_count();
    assert_in_range(usual, 1, POOL_PROCESSES_MAX);
    for (size_t i = 0; i < COUNT(cases); i++) {
        setenv("PROCPOOL_PROCESSES", cases[i].text, 1);
        assert_int_equal(pool_cpu_count(), cases[i].count ? cases[i].count : usual);
    }
    unsetenv("PROCPOOL_PROCESSES");
    assert_int_equal(pool_cpu_count(), usual);
}

static void the_affinity_limits_the_count(void **test)
{
    (void)test;
    cpu_set_t usual, one;
    assert_int_equal(sched_getaffinity(0, sizeof usual, &usual), 0);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &usual))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    int processors = pool__processors(), count = pool_cpu_count();
    assert_int_equal(sched_setaffinity(0, sizeof usual, &usual), 0);
    assert_int_equal(processors, 1);
    assert_int_equal(count, 1);
    assert_in_range(pool__processors(), 1, CPU_COUNT(&usual));
}

#define WITH_ROOT(function) cmocka_unit_test_setup_teardown(function, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROOT(a_v2_quota_is_rounded_up),
        WITH_ROOT(v2_files_that_make_no_sense_are_no_quota),
        WITH_ROOT(the_smallest_quota_on_the_way_up_counts),
        WITH_ROOT(other_cgroups_and_what_lies_above_the_hierarchy_do_not_count),
        WITH_ROOT(levels_that_a_container_does_not_see_are_skipped),
        WITH_ROOT(a_v1_quota_is_rounded_up),
        WITH_ROOT(v1_files_that_make_no_sense_are_no_quota),
        WITH_ROOT(half_of_a_v1_quota_is_none),
        WITH_ROOT(a_v1_quota_is_found_at_every_level),
        WITH_ROOT(a_combined_controller_is_found_under_either_name),
        WITH_ROOT(controllers_that_only_sound_like_cpu_do_not_count),
        WITH_ROOT(of_both_versions_the_smaller_quota_counts),
        WITH_ROOT(without_files_there_is_no_quota),
        WITH_ROOT(lines_that_make_no_sense_are_skipped),
        WITH_ROOT(a_path_too_long_is_no_quota),
        cmocka_unit_test(the_environment_overrides_the_count),
        cmocka_unit_test(the_affinity_limits_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
