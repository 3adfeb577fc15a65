#include "buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preprocess/text.h"

bool buffer_reserve(struct buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : 4096;
    if (size <= buffer->capacity)
        return true;
    while (capacity < size)
        capacity *= 2;
    unsigned char *larger = realloc(buffer->data, capacity);
    if (!larger) {
        buffer->failed = true;
        return false;
    }
    buffer->data = larger;
    buffer->capacity = capacity;
    return true;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0 || !buffer_reserve(buffer, buffer->size + size))
        return;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_number(struct buffer *buffer, size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    buffer_add_text(buffer, text);
}

/* `length` is 0 for a byte that is not UTF-8. */
static void add_json_character(struct buffer *buffer, const unsigned char *text, size_t length)
{
    char escaped[8];
    if (length == 0) {
        buffer_add_text(buffer, "\\ufffd");
    } else if (text[0] < 0x20 || text[0] == '"' || text[0] == '\\') {
        snprintf(escaped, sizeof escaped, "\\u%04x", text[0]);
        buffer_add_text(buffer, escaped);
    } else {
        buffer_add(buffer, text, length);
    }
}

void buffer_add_json(struct buffer *buffer, const void *text, size_t size)
{
    const unsigned char *at = text, *end = at + size;
    while (at < end) {
        uint32_t character;
        size_t length = text_decode(at, (size_t)(end - at), &character);
        add_json_character(buffer, at, length);
        at += length > 0 ? length : 1;
    }
}

void buffer_fini(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
