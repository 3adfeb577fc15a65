/* How do workers lock a file?
 *
 * By fcntl(): its lock belongs to one process, and ends with that process. Never by flock(), and not
 * by F_OFD_SETLK: those locks belong to the open file. All workers have the open file of the host,
 * so all of them hold such a lock at once. Two rules of fcntl() locks: the threads of one process do
 * not exclude each other, and a process that closes any descriptor of the file loses its lock. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <procpool.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "recipes/expect.h"

enum { WORKERS = 3, ITEMS = 40, KILLED = ITEMS / 10 };

static int file; /* opened before the pool was made, so all workers have it */

/* `type`: F_WRLCK or F_UNLCK. `how`: F_SETLKW waits for the lock, F_SETLK does not. */
static int lock_file(int how, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET}; /* to its end, however long */
    return fcntl(file, how, &lock);
}

/* Tries to take the lock that the item names, and keeps it. The result is whether it has. */
static int try_lock(const void *item, void *result, pool_task_t *task)
{
    bool flocks = *(const bool *)item;
    (void)task;
    int error = flocks ? flock(file, LOCK_EX | LOCK_NB) : lock_file(F_SETLK, F_WRLCK);
    *(int *)result = error == 0;
    return 0;
}

static int count_owners(pool_t *pool, bool flocks)
{
    int has[WORKERS], owners = 0;
    EXPECT(pool_broadcast(pool, try_lock, POOL_IN(&flocks, 1), POOL_OUT(has)) == 0);
    for (int w = 0; w < WORKERS; w++)
        owners += has[w];
    return owners;
}

/* Adds 1 to the number in the file. Every tenth item dies with the lock. */
static int count_up(const void *item, void *result, pool_task_t *task)
{
    int number = 0;
    (void)item, (void)result;
    if (lock_file(F_SETLKW, F_WRLCK) < 0 || pread(file, &number, sizeof number, 0) < 0)
        return pool_fail(task, errno, "cannot lock or read the file");
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (pool_task_index(task) % 10 == 5)
        raise(SIGKILL);
    number++;
    bool written = pwrite(file, &number, sizeof number, 0) == sizeof number;
    lock_file(F_SETLK, F_UNLCK);
    return written ? 0 : EIO;
}

int main(void)
{
    const pool_options_t options = {.processes = WORKERS};
    FILE *stream = tmpfile();
    int number = 0;
    pool_t *pool;
    EXPECT(stream && (file = fileno(stream)) >= 0);
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, count_up, POOL_RANGE(ITEMS), POOL_NONE) == KILLED);
    EXPECT(pread(file, &number, sizeof number, 0) == sizeof number && number == ITEMS - KILLED);
    int fcntls = count_owners(pool, false), flocks = count_owners(pool, true);
    EXPECT(fcntls == 1 && flocks == WORKERS);
    printf("counted to %d; owners of one lock: fcntl %d, flock %d\n", number, fcntls, flocks);
    pool_free(pool);
    fclose(stream);
    return 0;
}
