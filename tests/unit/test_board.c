/* The board as memory: who may write to which half, with a file behind the host's half and without,
 * and what is left when the system refuses something. The sources themselves, with system calls
 * that can be told to fail. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/deadline.h"
#include "support/process.h"
#include "support/subhost.h"
#include "support/world.h"
#include "unit/supply.h"
#include "unit/unit.h"

static int files_asked_for;

#define fcntl(...) (supplied() ? fcntl(__VA_ARGS__) : -1)
#define ftruncate(...) (supplied() ? ftruncate(__VA_ARGS__) : -1)
#define getrlimit(...) (supplied() ? getrlimit(__VA_ARGS__) : -1)
#define memfd_create(...) (files_asked_for++, supplied() ? memfd_create(__VA_ARGS__) : -1)
#define mmap(...) (supplied() ? mmap(__VA_ARGS__) : MAP_FAILED)
#define open(...) (supplied() ? open(__VA_ARGS__) : -1)
#define read(...) (supplied() ? read(__VA_ARGS__) : -1)
#include "common/backing.c"
#include "common/board.c"
#include "common/descriptor.c"
#undef fcntl
#undef ftruncate
#undef getrlimit
#undef memfd_create
#undef mmap
#undef open
#undef read

enum { ITEM = 4711, RESULT = 4712, LATER = 4713 };

/* The board of this case, and the descriptor of its file. */
static struct pool__board *board;
static int file;

static volatile int *item(void)
{
    return (volatile int *)(void *)pool__board_at(board, board->items_start);
}

static volatile int *result(void)
{
    return (volatile int *)(void *)pool__board_at(board, board->results_start);
}

static void map(void)
{
    assert_int_equal(pool__board_map(&board, &file, 1, 1), 0);
    *item() = ITEM;
}

/* Maps a board with a file behind it. */
static void map_sealable(void)
{
    if (!process_may_back_memory())
        skip();
    map();
    assert_true(file > 2);
}

static void unmap(void)
{
    pool__close(&file);
    pool__board_unmap(board);
}

/* ---- Rights ---- */

/* Does what a supervisor does to the board, and then a worker. */
static void become_worker(void)
{
    SUBHOST_EQUAL(pool__board_seal(board, file), 0);
    pool__close(&file);
    SUBHOST_EQUAL(pool__board_protect(board), 0);
}

static void use_board(void *unused)
{
    (void)unused;
    become_worker();
    SUBHOST_EQUAL(*item(), ITEM);
    *result() = RESULT;
}

static void a_worker_reads_items_and_writes_results(void **state)
{
    (void)state;
    map_sealable();
    subhost_passes(use_board, NULL);
    assert_int_equal(*result(), RESULT);
    unmap();
}

static void write_item(void *unused)
{
    (void)unused;
    become_worker();
    *item() = LATER;
}

static void a_worker_that_writes_an_item_is_killed(void **state)
{
    (void)state;
    world_expect_orphans();
    for (int with_file = 0; with_file <= 1; with_file++) {
        map();
        if (!with_file)
            pool__close(&file);
        int status = subhost_wait(subhost_start(write_item, NULL));
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        assert_int_equal(*item(), ITEM);
        unmap();
    }
}

/* All of the half, one page of it, and some of both halves. */
static void make_writable(void *unused)
{
    const int both = PROT_READ | PROT_WRITE;
    size_t half = board->host_half, page = (size_t)sysconf(_SC_PAGESIZE);
    (void)unused;
    become_worker();
    SUBHOST_CHECK(mprotect(board, half, both) < 0 && errno == EACCES);
    SUBHOST_CHECK(mprotect(board, page, both) < 0 && errno == EACCES);
    SUBHOST_CHECK(mprotect(board, half, PROT_WRITE | PROT_EXEC) < 0 && errno == EACCES);
    SUBHOST_CHECK(mprotect(pool__board_at(board, half - page), 2 * page, both) < 0);
    SUBHOST_EQUAL(*item(), ITEM);
}

static void no_mprotect_in_a_worker_makes_the_hosts_half_writable(void **state)
{
    (void)state;
    map_sealable();
    subhost_passes(make_writable, NULL);
    unmap();
}

static void the_file_cannot_be_written_mapped_to_write_or_resized(void **state)
{
    (void)state;
    map_sealable();
    assert_true(fcntl(file, F_GETFD) & FD_CLOEXEC);
    assert_true(write(file, "x", 1) < 0);
    assert_true(ftruncate(file, 0) < 0);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), MAP_FAILED);
    /* Nor by a descriptor that can write. */
    int other = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char name[16];
    snprintf(name, sizeof name, "%d", file);
    int writable = openat(other, name, O_RDWR | O_CLOEXEC);
    assert_true(writable >= 0);
    assert_true(ftruncate(writable, 0) < 0 && errno == EPERM);
    assert_true(ftruncate(writable, (off_t)1 << 50) < 0 && errno == EPERM);
    close(writable);
    close(other);
    assert_int_equal(*item(), ITEM);
    unmap();
}

static long pages_of_file(void)
{
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    return (long)status.st_blocks;
}

static void the_host_gives_memory_of_its_half_back(void **state)
{
    enum { SIZE = 1 << 20 };
    (void)state;
    map_sealable();
    unsigned char *items = pool__board_at(board, board->items_start) + SIZE;
    long before = pages_of_file();
    memset(items, 1, SIZE);
    assert_true(pages_of_file() >= before + SIZE / 512);
    assert_int_equal(madvise(items, SIZE, MADV_REMOVE), 0);
    assert_int_equal(pages_of_file(), before);
    assert_int_equal(items[0], 0);
    unmap();
}

/* ---- Refusals ---- */

/* Maps a board while a system call fails after `made` that succeed; `alone`: only this one, and not
 * those after it. What is mapped can be used, and in the end nothing is left. Returns whether any
 * call failed. */
static bool map_refused(int made, bool alone)
{
    struct world *before = world_take();
    supply = made;
    only_one = alone;
    refused = false;
    int error = pool__board_map(&board, &file, 1, 1);
    supply = -1;
    assert_int_equal(error, error && !alone ? -ENOMEM : 0);
    if (error) {
        assert_int_equal(file, -1);
    } else {
        *item() = ITEM;
        *result() = RESULT;
        if (!deadline_valgrind()) /* which reads the whole board when a process ends */
            subhost_passes(use_board, NULL);
        unmap();
    }
    assert_true(world_same(before));
    free(before);
    return refused;
}

static void a_board_goes_without_a_file_where_the_system_refuses_one(void **state)
{
    static const int errors[] = {EINVAL, EPERM};
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        refusal = errors[i];
        for (int alone = 0; alone <= 1; alone++)
            for (int made = 0; map_refused(made, alone); made++)
                ;
    }
}

static void a_board_that_needs_no_file_asks_for_none(void **state)
{
    (void)state;
    files_asked_for = 0;
    assert_int_equal(pool__board_map(&board, NULL, 1, 1), 0);
    assert_int_equal(files_asked_for, 0);
    pool__board_unmap(board);
}

/* SIGXFSZ has its default action here, which ends the process. */
static void allow_small_files(void *unused)
{
    const struct rlimit limit = {1 << 20, 1 << 20};
    (void)unused;
    signal(SIGXFSZ, SIG_DFL);
    SUBHOST_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    SUBHOST_EQUAL(pool__board_map(&board, &file, 1, 1), 0);
    SUBHOST_EQUAL(file, -1);
    *item() = ITEM;
    use_board(NULL);
}

static void a_limit_of_file_sizes_does_not_kill_the_host(void **state)
{
    (void)state;
    subhost_passes(allow_small_files, NULL);
}

static void seal_without_memory(void *unused)
{
    (void)unused;
    supply = 0;
    refusal = ENOMEM;
    only_one = true;
    SUBHOST_EQUAL(pool__board_seal(board, file), -ENOMEM);
}

static void a_supervisor_that_cannot_seal_the_board_says_so(void **state)
{
    (void)state;
    map_sealable();
    subhost_passes(seal_without_memory, NULL);
    unmap();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_worker_reads_items_and_writes_results),
        WORLD_TEST(a_worker_that_writes_an_item_is_killed),
        WORLD_TEST(no_mprotect_in_a_worker_makes_the_hosts_half_writable),
        WORLD_TEST(the_file_cannot_be_written_mapped_to_write_or_resized),
        WORLD_TEST(the_host_gives_memory_of_its_half_back),
        WORLD_TEST(a_board_goes_without_a_file_where_the_system_refuses_one),
        WORLD_TEST(a_board_that_needs_no_file_asks_for_none),
        WORLD_TEST(a_limit_of_file_sizes_does_not_kill_the_host),
        WORLD_TEST(a_supervisor_that_cannot_seal_the_board_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
