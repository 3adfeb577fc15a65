#include "number.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool number_read(const char *text, bool units, unsigned long long *number)
{
    static const char known[] = "KMG";
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    const char *unit = units && *end != '\0' ? strchr(known, *end) : NULL;
    int shift = unit ? 10 * (int)(unit - known + 1) : 0;
    if (errno != 0 || end[unit ? 1 : 0] != '\0' || value > ULLONG_MAX >> shift)
        return false;
    *number = value << shift;
    return true;
}

bool number_read_within(const char *text, long least, long most, long *number)
{
    unsigned long long value;
    if (!number_read(text, false, &value) || value > (unsigned long long)most ||
        (long)value < least)
        return false;
    *number = (long)value;
    return true;
}
