/* What a model sees of a text: hashed word counts, and a signature that tells near-duplicates. */
#ifndef PREPROCESS_HASHING_H
#define PREPROCESS_HASHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEATURES 1024 /* buckets of the vector */
#define SIGNATURE 64  /* values of the signature */
#define SHINGLE 5     /* tokens in a shingle */

struct tokens {
    uint64_t count;
    uint64_t distinct;             /* by 64-bit hash */
    uint32_t signature[SIGNATURE]; /* all bits set where there is no token */
};

/* Hashes bytes, on every machine to the same value: FNV-1a, then the last step of MurmurHash3 to
 * spread the bits. */
uint64_t hash_bytes(const unsigned char *bytes, size_t size);

/* Computes what is above of normalised text:
 *   vector     the signed hashing trick: each token adds 1 or -1 to the bucket its hash names, then
 *              the vector is scaled to length 1 (Weinberger et al., 2009);
 *   signature  MinHash: the least value of each of 64 hash functions over all shingles, which are
 *              runs of 5 tokens (Broder, 1997). Two texts have as large a part of the 64 values in
 *              common, about, as of their shingles. A text of fewer than 5 tokens is one shingle.
 * Returns false, and writes nothing, when there is no memory. */
bool features_compute(const unsigned char *text, size_t size, struct tokens *tokens,
                      float vector[FEATURES]);

#endif
