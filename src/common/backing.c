/* Runs in the host: puts a file in memory behind the host's half of the board. It leaves one
 * descriptor, which is for reading alone. It must never ask for a file that would harm the host:
 * see allowed() and overcommits(). */
#include "common/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/descriptor.h"

/* Whether this process may make a file of so many bytes. Where the limit RLIMIT_FSIZE is lower,
 * ftruncate() raises SIGXFSZ, which would kill the host. */
static bool allowed(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && size <= limit.rlim_cur;
}

/* Whether the system lets processes map more memory than there is. In the strict mode, 2, memory
 * without a file is reserved when it is mapped. The pages of a file are not: one that is refused
 * later would be a SIGBUS in the host. */
static bool overcommits(void)
{
    char mode;
    int file = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    bool known = file >= 0 && read(file, &mode, 1) == 1;
    pool__close(&file);
    return known && mode != '2';
}

/* Makes a file of `size` zeros that can neither shrink nor grow: a process that could shrink it
 * could kill the host by SIGBUS. `*writable` is for the host's mapping, `*readable` for all others.
 * On failure either may be open. */
static int make_file(size_t size, int *writable, int *readable)
{
    int error = pool__memfd(writable, "procpool");
    if (error)
        return error;
    /* Emptied first: it may have been descriptor 1 for a moment, where another thread wrote. */
    if (ftruncate(*writable, 0) < 0 || ftruncate(*writable, (off_t)size) < 0 ||
        fcntl(*writable, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return -errno;
    return pool__reopen(readable, *writable);
}

int pool__back(void *memory, size_t size, int *file)
{
    int writable = -1, readable = -1, error = 0;
    bool made = allowed(size) && overcommits() && make_file(size, &writable, &readable) == 0;
    if (made && mmap(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
                     writable, 0) == MAP_FAILED)
        error = -errno;
    pool__close(&writable);
    if (!made || error)
        pool__close(&readable);
    *file = readable;
    return error;
}
