#include "vary.h"

#include <stdio.h>
#include <string.h>

#include "common/random.h"
#include "preprocess/text.h"

enum {
    MOST_TEXT = 4096,           /* bytes of a sample, as JSON: part of a long text is enough */
    MOST_LINE = MOST_TEXT + 64, /* with the numbers of the file and of the sample */
};
static const double dropout = 0.1; /* the part of the words that is left out */

/* A sentence: where its text begins and ends. */
struct span {
    size_t begin, end;
};

/* A normalised text. */
struct text {
    const unsigned char *bytes;
    size_t size;
    struct span *sentences;
    size_t sentence_count;
};

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\n';
}

/* Reads the file and normalises it, as preprocess does. */
static bool read_text(const struct source *source, struct bench *bench, struct text *text)
{
    struct scratch *file = &bench->file;
    struct problem problem = {0};
    struct text_counts counts;
    size_t size, bad;
    if (!document_read(source->sources->names[source->index], file, &size, &problem))
        snprintf(source->reason, REASON, "%s: %s", status_text(problem.status), problem.detail);
    else if (memchr(file->text, 0, size))
        snprintf(source->reason, REASON, "binary: it has a zero byte");
    else if (!text_normalise(file->text, size, file->normal, &text->size, &counts, &bad))
        snprintf(source->reason, REASON, "not UTF-8: the byte 0x%02x at %zu", file->text[bad], bad);
    else if (text->size == 0)
        snprintf(source->reason, REASON, "only white space");
    text->bytes = file->normal;
    return source->reason[0] == '\0';
}

/* A sentence ends with one of . ! ? ; before white space: the statements of a program are some too. */
static bool is_end(const struct text *text, size_t at)
{
    return strchr(".!?;", text->bytes[at]) && at + 1 < text->size && is_space(text->bytes[at + 1]);
}

static bool find_sentences(struct text *text, struct buffer *buffer)
{
    struct span span = {0, 0};
    buffer_clear(buffer);
    for (size_t i = 0; i < text->size; i++) {
        if (!is_end(text, i) && i + 1 < text->size)
            continue;
        span.end = i + 1;
        buffer_add(buffer, &span, sizeof span);
        span.begin = i + 2;
    }
    text->sentences = (void *)buffer->data;
    text->sentence_count = buffer->size / sizeof span;
    return !buffer->failed;
}

/* All orders are equally likely (Fisher and Yates). */
static void shuffle(struct text *text, struct random *random)
{
    for (size_t left = text->sentence_count; left > 1; left--) {
        size_t other = random_below(random, left);
        struct span last = text->sentences[left - 1];
        text->sentences[left - 1] = text->sentences[other];
        text->sentences[other] = last;
    }
}

/* Adds the words of a sentence but for some. Returns false when the sample is full. */
static bool add_words(const struct text *text, const struct span *sentence, struct random *random,
                      size_t full, struct buffer *line)
{
    size_t begin = sentence->begin;
    while (begin < sentence->end) {
        size_t end = begin, before = line->size;
        while (end < sentence->end && !is_space(text->bytes[end]))
            end++;
        if (random_uniform(random) >= dropout) {
            buffer_add_json(line, text->bytes + begin, end - begin);
            buffer_add_text(line, " ");
        }
        if (line->size > full) {
            line->size = before;
            return false;
        }
        begin = end + 1;
    }
    return true;
}

/* Makes a line of JSON. The number of the file is that of its line in the list of files, from 0. */
static void make_line(const struct source *source, int sample, const struct text *text,
                      struct random *random, struct buffer *line)
{
    buffer_clear(line);
    buffer_add_text(line, "{\"file\":");
    buffer_add_number(line, source->index);
    buffer_add_text(line, ",\"sample\":");
    buffer_add_number(line, (size_t)sample);
    buffer_add_text(line, ",\"text\":\"");
    size_t empty = line->size, full = empty + MOST_TEXT;
    for (size_t s = 0; s < text->sentence_count; s++)
        if (!add_words(text, &text->sentences[s], random, full, line))
            break;
    if (line->size > empty)
        line->size--; /* the space after the last word */
    buffer_add_text(line, "\"}\n");
}

size_t vary_text_room(size_t samples)
{
    return samples * MOST_LINE;
}

bool vary_text(const struct source *source, struct bench *bench, struct outcome *outcome)
{
    struct text text = {0};
    struct random random = {source->seed};
    const struct buffer *line = &bench->line;
    if (!read_text(source, bench, &text))
        return false;
    bool good = find_sentences(&text, &bench->sentences);
    for (int i = 0; good && i < source->options->samples; i++) {
        shuffle(&text, &random);
        make_line(source, i, &text, &random, &bench->line);
        good = !line->failed;
        memcpy(outcome->bytes + outcome->size, line->data, line->size);
        outcome->size += line->size;
    }
    if (!good)
        snprintf(source->reason, REASON, "no memory for the samples");
    return good;
}
