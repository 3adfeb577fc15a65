/* Runs in every process of a test. */
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

char *memory_text(char letter, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return NULL;
    memset(text, letter, length);
    text[length] = '\0';
    return text;
}

void *memory_copy(const void *data, size_t size)
{
    void *copy = malloc(size + 1);
    return copy ? memcpy(copy, data, size) : NULL;
}

bool memory_is(const void *data, size_t size, unsigned char byte)
{
    const unsigned char *bytes = data;
    return size == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, size - 1) == 0);
}
