/* UTF-8 text: decoding, lower case, normalising, tokens. */
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Capital letters `first` to `last`, every `step`-th of them, become small ones by adding `add`. */
static const struct {
    uint32_t first, last;
    uint32_t step;
    int32_t add;
} capitals[] = {
    {0x00C0, 0x00D6, 1, 32}, /* Latin-1 */
    {0x00D8, 0x00DE, 1, 32},
    {0x0100, 0x012E, 2, 1}, /* Latin Extended-A */
    {0x0130, 0x0130, 1, 'i' - 0x0130},
    {0x0132, 0x0136, 2, 1},
    {0x0139, 0x0147, 2, 1},
    {0x014A, 0x0176, 2, 1},
    {0x0178, 0x0178, 1, 0x00FF - 0x0178},
    {0x0179, 0x017D, 2, 1},
    {0x0386, 0x0386, 1, 38}, /* Greek, with accents */
    {0x0388, 0x038A, 1, 37},
    {0x038C, 0x038C, 1, 64},
    {0x038E, 0x038F, 1, 63},
    {0x0391, 0x03A1, 1, 32}, /* Greek */
    {0x03A3, 0x03AB, 1, 32},
    {0x03C2, 0x03C2, 1, 1},  /* final sigma */
    {0x0400, 0x040F, 1, 80}, /* Cyrillic */
    {0x0410, 0x042F, 1, 32},
    {0x0460, 0x0480, 2, 1},
    {0x048A, 0x04BE, 2, 1},
    {0x04C0, 0x04C0, 1, 15},
    {0x04C1, 0x04CD, 2, 1},
    {0x04D0, 0x052E, 2, 1},
};

/* What is no letter beyond ASCII, in rough blocks: enough to cut text into words. */
static const struct {
    uint32_t first, last;
    enum text_class class;
} classes[] = {
    {0x0080, 0x0084, TEXT_MARK},      {0x0085, 0x0085, TEXT_SPACE}, /* next line */
    {0x0086, 0x009F, TEXT_MARK},      {0x00A0, 0x00A0, TEXT_SPACE}, /* no-break space */
    {0x00A1, 0x00A9, TEXT_MARK},      {0x00AB, 0x00B4, TEXT_MARK},
    {0x00B6, 0x00B9, TEXT_MARK},      {0x00BB, 0x00BF, TEXT_MARK},
    {0x00D7, 0x00D7, TEXT_MARK},      {0x00F7, 0x00F7, TEXT_MARK}, /* times, divided by */
    {0x1680, 0x1680, TEXT_SPACE},     {0x2000, 0x200A, TEXT_SPACE},
    {0x200B, 0x2027, TEXT_MARK},      {0x2028, 0x2029, TEXT_SPACE}, /* line, paragraph */
    {0x202A, 0x202E, TEXT_MARK},      {0x202F, 0x202F, TEXT_SPACE},
    {0x2030, 0x205E, TEXT_MARK},      {0x205F, 0x205F, TEXT_SPACE},
    {0x2060, 0x206F, TEXT_MARK},      {0x20A0, 0x20CF, TEXT_MARK}, /* currencies */
    {0x2190, 0x2BFF, TEXT_MARK},      {0x3000, 0x3000, TEXT_SPACE},
    {0x3001, 0x3004, TEXT_MARK},      {0x3008, 0x3020, TEXT_MARK},
    {0x3040, 0x30FF, TEXT_IDEOGRAPH}, {0x3400, 0x4DBF, TEXT_IDEOGRAPH}, /* kana, Han */
    {0x4E00, 0x9FFF, TEXT_IDEOGRAPH}, {0xE000, 0xF8FF, TEXT_MARK},      /* private use */
    {0xF900, 0xFAFF, TEXT_IDEOGRAPH}, {0xFE10, 0xFE6F, TEXT_MARK},
    {0xFEFF, 0xFEFF, TEXT_MARK},      {0xFF01, 0xFF0F, TEXT_MARK},
    {0xFF1A, 0xFF20, TEXT_MARK},      {0xFF3B, 0xFF40, TEXT_MARK},
    {0xFF5B, 0xFF65, TEXT_MARK},      {0xFFE0, 0xFFFF, TEXT_MARK},
    {0x1F000, 0x1FAFF, TEXT_MARK},    {0x20000, 0x3FFFF, TEXT_IDEOGRAPH},
};

size_t text_decode(const unsigned char *text, size_t size, uint32_t *character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = text[0];
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;

    if (first < 0x80) {
        *character = first;
        return 1;
    }
    if (first < 0xC0 || first > 0xF7 || length > size)
        return 0;
    uint32_t value = first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3Fu);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *character = value;
    return length;
}

static size_t encode(uint32_t character, unsigned char *text)
{
    static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

    for (size_t i = length - 1; i > 0; i--, character >>= 6)
        text[i] = (unsigned char)(0x80 | (character & 0x3F));
    text[0] = (unsigned char)(lead[length] | character);
    return length;
}

uint32_t text_lower(uint32_t character)
{
    if (character < 0x80)
        return character >= 'A' && character <= 'Z' ? character + 32 : character;
    for (size_t i = 0; i < COUNT(capitals) && character >= capitals[i].first; i++)
        if (character <= capitals[i].last &&
            (character - capitals[i].first) % capitals[i].step == 0)
            return (uint32_t)((int32_t)character + capitals[i].add);
    return character;
}

static enum text_class class_of_ascii(uint32_t character)
{
    if (character == ' ' || (character >= '\t' && character <= '\r'))
        return TEXT_SPACE;
    bool letter = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    bool digit = character >= '0' && character <= '9';
    return letter || digit || character == '_' ? TEXT_LETTER : TEXT_MARK;
}

enum text_class text_class_of(uint32_t character)
{
    if (character < 0x80)
        return class_of_ascii(character);
    for (size_t i = 0; i < COUNT(classes) && character >= classes[i].first; i++)
        if (character <= classes[i].last)
            return classes[i].class;
    return TEXT_LETTER;
}

bool text_normalise(const unsigned char *text, size_t size, unsigned char *normal,
                    size_t *normal_size, struct text_counts *counts, size_t *bad)
{
    struct text_counts seen = {0};
    uint32_t character = '\n', before = '\n';
    size_t written = 0;
    unsigned char gap = 0; /* the white space that goes before the next character, if any */

    for (size_t at = 0, length; at < size; at += length, before = character) {
        length = text_decode(text + at, size - at, &character);
        if (length == 0) {
            *bad = at;
            return false;
        }
        seen.characters++;
        if (character == 0xFEFF && at == 0)
            continue;
        if (text_class_of(character) != TEXT_SPACE) {
            if (gap && written > 0)
                normal[written++] = gap;
            gap = 0;
            written += encode(text_lower(character), normal + written);
        } else if (character == '\n' || character == '\r') {
            seen.lines += !(character == '\n' && before == '\r');
            gap = '\n';
        } else if (!gap) {
            gap = ' ';
        }
    }
    seen.lines += before != '\n' && before != '\r';
    *normal_size = written;
    *counts = seen;
    return true;
}

size_t text_token(const unsigned char *text, size_t size, size_t *at)
{
    size_t start = *at, length;
    uint32_t character = 0;
    enum text_class class = TEXT_SPACE;

    for (length = 0; start < size; start += length) {
        length = text_decode(text + start, size - start, &character);
        class = text_class_of(character);
        if (class == TEXT_LETTER || class == TEXT_IDEOGRAPH)
            break;
    }
    if (start == size)
        return 0;
    size_t end = start + length;
    while (class == TEXT_LETTER && end < size) {
        length = text_decode(text + end, size - end, &character);
        if (text_class_of(character) != TEXT_LETTER)
            break;
        end += length;
    }
    *at = start;
    return end - start;
}
