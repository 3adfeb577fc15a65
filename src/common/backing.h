/* The file behind the host's half of the board.
 *
 * Memory without a file has one set of rights: a process that inherits a writable mapping of it can
 * always make the mapping writable again. A file in memory has a set for each descriptor by which it
 * is mapped. Where the supervisor maps it by a descriptor for reading alone, the kernel refuses
 * every later mprotect() that would make the mapping writable, in the supervisor and in all workers
 * that it forks.
 *
 * The seal F_SEAL_FUTURE_WRITE would do so too. But under this seal the kernel refuses
 * MADV_REMOVE, so the host could not give memory of its half back to the system. */
#ifndef POOL_COMMON_BACKING_H
#define POOL_COMMON_BACKING_H

#include <stddef.h>

/* Puts a file in memory, of constant size, behind the `size` bytes at `memory`, whose contents are
 * lost. `*file` becomes a descriptor by which the file can be mapped and read, and not written.
 * Where the system does not allow such a file, `*file` becomes -1 and the memory is as it was.
 * Returns 0, or a negated errno value when the memory may have been unmapped. Host only. */
int pool__back(void *memory, size_t size, int *file);

#endif
