/* Hashed word counts and MinHash signatures, in one pass over the tokens of a text. */
#include "hashing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* A set of hashes by open addressing: `capacity` is a power of two, 0 marks a free slot. */
struct set {
    uint64_t *slots;
    size_t capacity, count;
};

/* What is known after some tokens. */
struct pass {
    struct set seen;
    uint64_t tokens;
    uint64_t recent[SHINGLE]; /* the last tokens; token i is at i % SHINGLE */
    uint32_t salt[SIGNATURE]; /* hash function k: (value ^ salt[k]) * factor[k] */
    uint32_t factor[SIGNATURE];
    uint32_t least[SIGNATURE];
    double sums[FEATURES];
};

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCDu;
    value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53u;
    return value ^ (value >> 33);
}

uint64_t hash_bytes(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return mix(hash);
}

/* Puts `hash` where it belongs; there is room. Returns whether it is new. */
static bool set_put(struct set *set, uint64_t hash)
{
    size_t at = (size_t)hash & (set->capacity - 1);
    while (set->slots[at] != 0 && set->slots[at] != hash)
        at = (at + 1) & (set->capacity - 1);
    if (set->slots[at] == hash)
        return false;
    set->slots[at] = hash;
    set->count++;
    return true;
}

static bool set_grow(struct set *set)
{
    struct set larger = {.capacity = set->capacity > 0 ? 2 * set->capacity : 1024};
    larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i] != 0)
            set_put(&larger, set->slots[i]);
    free(set->slots);
    *set = larger;
    return true;
}

/* Adds `hash`. Returns false when there is no memory. */
static bool set_add(struct set *set, uint64_t hash)
{
    if (2 * set->count >= set->capacity && !set_grow(set))
        return false;
    set_put(set, hash != 0 ? hash : 1);
    return true;
}

static void pass_begin(struct pass *pass)
{
    memset(pass, 0, sizeof(*pass));
    for (uint32_t k = 0; k < SIGNATURE; k++) {
        uint64_t random = mix(k + 1);
        pass->salt[k] = (uint32_t)random;
        pass->factor[k] = (uint32_t)(random >> 32) | 1; /* odd: no two values become one */
        pass->least[k] = UINT32_MAX;
    }
}

/* Adds the shingle of the last `length` tokens to the signature. */
static void add_shingle(struct pass *pass, uint64_t length)
{
    uint64_t hash = 0;
    for (uint64_t i = pass->tokens - length; i < pass->tokens; i++)
        hash = hash * 0x9E3779B97F4A7C15u + pass->recent[i % SHINGLE];

    uint32_t value = (uint32_t)(mix(hash) >> 32);
    for (size_t k = 0; k < SIGNATURE; k++) {
        uint32_t permuted = (value ^ pass->salt[k]) * pass->factor[k];
        pass->least[k] = permuted < pass->least[k] ? permuted : pass->least[k];
    }
}

static bool add_token(struct pass *pass, uint64_t hash)
{
    pass->sums[hash % FEATURES] += hash >> 63 ? -1 : 1;
    pass->recent[pass->tokens++ % SHINGLE] = hash;
    if (pass->tokens >= SHINGLE)
        add_shingle(pass, SHINGLE);
    return set_add(&pass->seen, hash);
}

static void pass_end(struct pass *pass, struct tokens *tokens, float vector[FEATURES])
{
    if (pass->tokens > 0 && pass->tokens < SHINGLE)
        add_shingle(pass, pass->tokens);

    double squares = 0;
    for (size_t i = 0; i < FEATURES; i++)
        squares += pass->sums[i] * pass->sums[i];
    double scale = squares > 0 ? 1 / sqrt(squares) : 0;
    for (size_t i = 0; i < FEATURES; i++)
        vector[i] = (float)(pass->sums[i] * scale);

    tokens->count = pass->tokens;
    tokens->distinct = pass->seen.count;
    memcpy(tokens->signature, pass->least, sizeof(pass->least));
}

bool features_compute(const unsigned char *text, size_t size, struct tokens *tokens,
                      float vector[FEATURES])
{
    struct pass pass;
    bool enough = true;

    pass_begin(&pass);
    for (size_t at = 0, length; enough && (length = text_token(text, size, &at)) > 0; at += length)
        enough = add_token(&pass, hash_bytes(text + at, length));
    if (enough)
        pass_end(&pass, tokens, vector);
    free(pass.seen.slots);
    return enough;
}
