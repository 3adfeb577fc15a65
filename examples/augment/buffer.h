/* Bytes that grow. */
#ifndef AUGMENT_BUFFER_H
#define AUGMENT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    unsigned char *data;
    size_t size, capacity;
    bool failed; /* there was no memory for something; the rest is there */
};

/* Makes room for `size` bytes in all. Returns false, and notes it, if there is no memory. */
bool buffer_reserve(struct buffer *buffer, size_t size);

/* Empties the buffer and keeps its memory. */
void buffer_clear(struct buffer *buffer);

void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_add_text(struct buffer *buffer, const char *text);

/* Adds a number in decimal. */
void buffer_add_number(struct buffer *buffer, size_t number);

/* Adds a text as JSON has it between quotes. Each byte that is not UTF-8 becomes U+FFFD. */
void buffer_add_json(struct buffer *buffer, const void *text, size_t size);

void buffer_fini(struct buffer *buffer);

#endif
