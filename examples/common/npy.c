#include "npy.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* The shape as a Python tuple. Returns 0 or -EOVERFLOW. */
static int format_shape(char *text, size_t room, const size_t *shape, int dimensions)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < dimensions; i++) {
        int wrote =
            snprintf(text + used, room - used, "%zu,%s", shape[i], i + 1 < dimensions ? " " : "");
        if (wrote < 0 || (size_t)wrote >= room - used)
            return -EOVERFLOW;
        used += (size_t)wrote;
    }
    return 0;
}

/* Magic, version and length of the rest come first, then a Python dictionary and spaces. */
int npy_write_header(FILE *file, const char *type, const size_t *shape, int dimensions)
{
    static const unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 128 - 10, 0};
    const uint16_t one = 1;
    char order = *(const unsigned char *)&one == 1 ? '<' : '>';
    char header[128 - sizeof start], tuple[64];
    int code = format_shape(tuple, sizeof tuple, shape, dimensions);
    if (code < 0)
        return code;
    memset(header, ' ', sizeof header);
    int used =
        snprintf(header, sizeof header,
                 "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s), }", order, type, tuple);
    if (used < 0 || (size_t)used >= sizeof header)
        return -EOVERFLOW;
    header[used] = ' ';
    header[sizeof header - 1] = '\n';
    errno = 0;
    if (fwrite(start, sizeof start, 1, file) == 1 && fwrite(header, sizeof header, 1, file) == 1)
        return 0;
    return errno ? -errno : -EIO;
}
