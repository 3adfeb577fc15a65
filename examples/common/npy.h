/* Arrays for NumPy: the .npy format, version 1.0. */
#ifndef EXAMPLES_NPY_H
#define EXAMPLES_NPY_H

#include <stddef.h>
#include <stdio.h>

/* Writes the header of an array. `type` is NumPy's letter and size of an element in this machine's
 * byte order: "f4", "u1", "i8". The elements follow it as they lie in memory, the last dimension
 * varying fastest. The header fills 128 bytes, so the elements are aligned when the file is mapped.
 * Returns 0 or a negated errno value; -EOVERFLOW if the shape is too long a text. */
int npy_write_header(FILE *file, const char *type, const size_t *shape, int dimensions);

#endif
