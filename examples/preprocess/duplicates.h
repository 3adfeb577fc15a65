/* Finds files whose texts are nearly the same, by their signatures. */
#ifndef PREPROCESS_DUPLICATES_H
#define PREPROCESS_DUPLICATES_H

#include <stddef.h>

#include "document.h"

#define NEAR_DUPLICATE 0.8 /* files at least this similar belong together */

/* Groups of two and more files, the largest first; in a group, and among groups of one size, in
 * the order of the records. Group g is members[starts[g]] up to members[starts[g + 1] - 1]. */
struct duplicates {
    size_t count;    /* of groups */
    size_t *starts;  /* count + 1 */
    size_t *members; /* indices of records */
};

/* The part of the signatures' values that two files share, from 0 to 1: about the part of their
 * shingles that they share. */
double duplicates_similarity(const struct facts *left, const struct facts *right);

/* Groups the records. Only files that agree in all 4 values of one of 16 bands of the signature
 * are looked at: of pairs with similarity 0.8 that misses 1 in 4,600 (Leskovec et al., Mining of
 * Massive Datasets, 3.4). Files are in one group when a chain of similar pairs connects them.
 * Files without tokens are in no group. Returns 0 or -ENOMEM. */
int duplicates_find(struct duplicates *duplicates, const struct record *records, size_t count);

void duplicates_fini(struct duplicates *duplicates);

#endif
