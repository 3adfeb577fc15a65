/* UTF-8 text: decoding, lower case, normalising, tokens. Needs no locale, keeps no state. */
#ifndef PREPROCESS_TEXT_H
#define PREPROCESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum text_class {
    TEXT_SPACE,
    TEXT_MARK,     /* punctuation, symbols, control characters */
    TEXT_LETTER,   /* letters, digits, underscore: runs of them are tokens */
    TEXT_IDEOGRAPH /* written without spaces: each is a token of its own */
};

struct text_counts {
    uint64_t lines;      /* ended by LF, CR LF or CR; the last one may lack its end */
    uint64_t characters; /* code points, line ends and a byte order mark included */
};

/* Decodes the character that `text` (at least one byte) begins with. Returns its length in bytes,
 * or 0 if it is not UTF-8: cut off, overlong, a surrogate, beyond U+10FFFF. */
size_t text_decode(const unsigned char *text, size_t size, uint32_t *character);

/* The lower case of Latin (to Extended-A), Greek and Cyrillic letters, character by character;
 * a final sigma becomes a plain one, so that words in capitals equal those in small letters. */
uint32_t text_lower(uint32_t character);

enum text_class text_class_of(uint32_t character);

/* Writes `text` to `normal` in lower case, without a byte order mark and outer white space; each
 * inner run of white space becomes one line feed if it holds a line end, one space otherwise.
 * `normal` has room for `size` bytes: no character grows. `*normal_size` and `*counts` are written
 * on success. Returns false if the text is not UTF-8, with the offset of the bad byte in `*bad`. */
bool text_normalise(const unsigned char *text, size_t size, unsigned char *normal,
                    size_t *normal_size, struct text_counts *counts, size_t *bad);

/* Finds the first token of `text`, which is valid UTF-8, at or after `*at`. Returns its length in
 * bytes and moves `*at` to its start; 0 when there is none. */
size_t text_token(const unsigned char *text, size_t size, size_t *at);

#endif
