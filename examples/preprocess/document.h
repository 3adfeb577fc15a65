/* One file: from a path to what is known of its text, or to the reason why nothing is. */
#ifndef PREPROCESS_DOCUMENT_H
#define PREPROCESS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hashing.h"

/* How a file ended: name, and what tables and people read. */
#define STATUS_MAP(XX)                                                                             \
    XX(STATUS_OK, "ok")                                                                            \
    XX(STATUS_EMPTY, "empty")                                                                      \
    XX(STATUS_BINARY, "binary")                                                                    \
    XX(STATUS_NOT_UTF8, "not UTF-8")                                                               \
    XX(STATUS_TOO_LARGE, "too large")                                                              \
    XX(STATUS_VANISHED, "vanished")                                                                \
    XX(STATUS_UNREADABLE, "unreadable")                                                            \
    XX(STATUS_NO_MEMORY, "no memory")                                                              \
    XX(STATUS_WORKER_DIED, "worker died")

enum status {
#define STATUS_CODE(name, text) name,
    STATUS_MAP(STATUS_CODE)
#undef STATUS_CODE
        STATUS_COUNT
};

/* The table's text of a status. */
const char *status_text(enum status status);

/* Why a file failed; all zero for a good one. */
struct problem {
    enum status status;
    char detail[124];
};

/* What is known of a file. */
struct facts {
    uint64_t bytes;
    uint64_t lines;
    uint64_t characters;
    uint64_t fingerprint; /* of the normalised text: equal texts have equal ones */
    struct tokens tokens;
};

/* All that is made of a file: plain data without pointers or padding, so that it travels between
 * processes as it is, and can be compared byte by byte. */
struct document {
    struct facts facts;
    float vector[FEATURES];
};

/* What is kept of a file until the end: small, as there may be millions of files. */
struct record {
    struct problem problem;
    struct facts facts; /* all zero with a problem */
};

/* The buffers of one worker, kept from file to file. */
struct scratch {
    unsigned char *text, *normal;
    size_t capacity;  /* of each */
    size_t max_bytes; /* larger files are refused */
};

void scratch_init(struct scratch *scratch, size_t max_bytes);
void scratch_fini(struct scratch *scratch);

/* Reads the file at `path` into scratch->text, at most max_bytes. Returns false with the reason in
 * `*problem`, which is all zero before. */
bool document_read(const char *path, struct scratch *scratch, size_t *size,
                   struct problem *problem);

/* Makes the document of the file at `path`. Returns false with the reason in `*problem`, which is
 * all zero before, and leaves `*document` as it is, or half written. */
bool document_make(const char *path, struct scratch *scratch, struct document *document,
                   struct problem *problem);

#endif
