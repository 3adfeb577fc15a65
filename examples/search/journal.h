/* The journal of a search: a text file that only grows, from which a search goes on after Ctrl-C, a kill
 * or a crash of the whole program. The first line says of which study it is. Then each trial that ends
 * in a round adds a line:
 *   TRIAL EPOCHS OUTCOME SCORE SECONDS CHECK
 * The score is hexadecimal, so that no bit of it is lost, and the check is of the line before it. */
#ifndef SEARCH_JOURNAL_H
#define SEARCH_JOURNAL_H

#include <stdio.h>

#include "rounds.h"

struct journal {
    FILE *stream;
};

/* Opens the journal at `path`, or begins one, and lets `rounds` take its results. A last line that is cut
 * off, as by a kill in the middle of a write, is removed. The file is locked: two searches cannot write
 * into it. Returns 0, or -1 with the reason in the `size` bytes at `problem`: the file is the journal of
 * another study, is damaged, cannot be written, or is in use. Then the file is as it was. */
int journal_open(struct journal *journal, const char *path, struct rounds *rounds, char *problem,
                 size_t size);

/* Adds a line. The system has it when the call returns: it outlives a kill of this process, though not
 * a power failure. Returns 0 or a negated errno value. */
int journal_add(struct journal *journal, const struct result *result);

/* Closes the journal. A second call does nothing. */
void journal_close(struct journal *journal);

#endif
