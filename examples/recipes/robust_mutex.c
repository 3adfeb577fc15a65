/* How do workers share a lock that survives the death of its owner?
 *
 * A pthread mutex in shared memory, with the attributes `pshared` and `robust`. The process that
 * locks it after a dead owner gets EOWNERDEAD: it has the lock, repairs what the owner left half
 * done, and says so by pthread_mutex_consistent(). A mutex without `robust`, or a semaphore, is
 * never released by a dead owner: all others hang. */
#define _GNU_SOURCE
#include <errno.h>
#include <procpool.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "recipes/expect.h"

enum { ITEMS = 40, KILLED = ITEMS / 10 };

static struct account {
    pthread_mutex_t mutex;
    int deposits, balance; /* each deposit is 10 */
    int repairs;
} * account; /* shared: mapped before the pool was made, so all its processes have it */

static void open_account(void)
{
    pthread_mutexattr_t robust;
    account =
        mmap(NULL, sizeof *account, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(account != MAP_FAILED);
    pthread_mutexattr_init(&robust);
    EXPECT(pthread_mutexattr_setpshared(&robust, PTHREAD_PROCESS_SHARED) == 0);
    EXPECT(pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST) == 0);
    EXPECT(pthread_mutex_init(&account->mutex, &robust) == 0);
    pthread_mutexattr_destroy(&robust);
}

static int lock_account(void)
{
    int error = pthread_mutex_lock(&account->mutex);
    if (error != EOWNERDEAD)
        return error;
    account->balance = 10 * account->deposits; /* the owner died between the two */
    account->repairs++;
    return pthread_mutex_consistent(&account->mutex);
}

static int deposit(const void *item, void *result, pool_task_t *task)
{
    (void)item, (void)result;
    int error = lock_account();
    if (error)
        return pool_fail(task, error, "cannot lock the account");
    account->balance += 10;
    if (pool_task_index(task) % 10 == 5)
        raise(SIGKILL);
    account->deposits++;
    pthread_mutex_unlock(&account->mutex);
    return 0;
}

int main(void)
{
    const pool_options_t options = {.processes = 2};
    pool_t *pool;
    open_account();
    EXPECT(pool_create(&pool, &options) == 0);
    EXPECT(pool_map(pool, deposit, POOL_RANGE(ITEMS), POOL_NONE) == KILLED);
    pool_free(pool);
    EXPECT(lock_account() == 0); /* the last owner may be dead, too */
    EXPECT(account->deposits == ITEMS - KILLED && account->balance == 10 * account->deposits);
    EXPECT(account->repairs == KILLED);
    printf("%d deposits, %d owners died, %d repairs\n", account->deposits, KILLED,
           account->repairs);
    pthread_mutex_unlock(&account->mutex);
    pthread_mutex_destroy(&account->mutex);
    munmap(account, sizeof *account);
    return 0;
}
