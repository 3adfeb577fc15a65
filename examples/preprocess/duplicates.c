/* Near-duplicates: signatures in bands, candidates verified, groups by union-find. */
#include "duplicates.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BANDS 16
#define ROWS (SIGNATURE / BANDS)

struct entry {
    uint64_t key; /* hash of the signature's band that is looked at */
    const struct facts *facts;
    size_t index; /* of the record */
};

struct group {
    size_t first, size;
};

/* ---- Union-find: the root of a tree is its least index ------------------------------------- */

static size_t find_root(size_t *parents, size_t i)
{
    while (parents[i] != i)
        i = parents[i] = parents[parents[i]];
    return i;
}

static void join(size_t *parents, size_t left, size_t right)
{
    left = find_root(parents, left);
    right = find_root(parents, right);
    if (left < right)
        parents[right] = left;
    else
        parents[left] = right;
}

/* ---- Finding pairs ------------------------------------------------------------------------- */

double duplicates_similarity(const struct facts *left, const struct facts *right)
{
    int equal = 0;
    for (size_t k = 0; k < SIGNATURE; k++)
        equal += left->tokens.signature[k] == right->tokens.signature[k];
    return (double)equal / SIGNATURE;
}

static int compare_signatures(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = memcmp(a->facts->tokens.signature, b->facts->tokens.signature,
                       sizeof(a->facts->tokens.signature));
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_keys(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = (a->key > b->key) - (a->key < b->key);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* Joins files with equal signatures and keeps one of each in `entries`: a thousand copies of one
 * file would be half a million pairs later. Returns how many are left. */
static size_t join_equal(struct entry *entries, size_t count, size_t *parents)
{
    size_t kept = 0;
    qsort(entries, count, sizeof(*entries), compare_signatures);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && duplicates_similarity(entries[kept - 1].facts, entries[i].facts) == 1)
            join(parents, entries[kept - 1].index, entries[i].index);
        else
            entries[kept++] = entries[i];
    }
    return kept;
}

/* Joins the similar pairs of entries that share a key. */
static void join_similar(const struct entry *entries, size_t count, size_t *parents)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (find_root(parents, entries[i].index) != find_root(parents, entries[k].index) &&
                duplicates_similarity(entries[i].facts, entries[k].facts) >= NEAR_DUPLICATE)
                join(parents, entries[i].index, entries[k].index);
}

static void join_band(struct entry *entries, size_t count, size_t band, size_t *parents)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t *values = entries[i].facts->tokens.signature + band * ROWS;
        entries[i].key = hash_bytes((const unsigned char *)values, ROWS * sizeof(*values));
    }
    qsort(entries, count, sizeof(*entries), compare_keys);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && entries[end].key == entries[i].key;)
            end++;
        join_similar(entries + i, end - i, parents);
    }
}

/* ---- Collecting groups --------------------------------------------------------------------- */

static int compare_groups(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    int order = (a->size < b->size) - (a->size > b->size);
    return order != 0 ? order : (a->first > b->first) - (a->first < b->first);
}

/* Makes a group of each tree of two and more. `groups` and `places` have room for `count`. */
static void collect(struct duplicates *duplicates, size_t *parents, size_t count,
                    struct group *groups, size_t *places)
{
    size_t total = 0, roots = 0;

    for (size_t i = 0; i < count; i++)
        groups[i] = (struct group){.first = i, .size = 0};
    for (size_t i = 0; i < count; i++)
        groups[find_root(parents, i)].size++;
    for (size_t i = 0; i < count; i++)
        if (groups[i].size >= 2)
            groups[roots++] = groups[i];
    qsort(groups, roots, sizeof(*groups), compare_groups);

    for (size_t i = 0; i < count; i++)
        places[i] = SIZE_MAX;
    for (size_t g = 0; g < roots; g++) {
        duplicates->starts[g] = places[groups[g].first] = total;
        total += groups[g].size;
    }
    duplicates->starts[roots] = total;
    duplicates->count = roots;
    for (size_t i = 0; i < count; i++) {
        size_t *place = &places[find_root(parents, i)];
        if (*place != SIZE_MAX)
            duplicates->members[(*place)++] = i;
    }
}

/* Joins all near-duplicates in `parents`. `entries` has room for `count`. */
static void join_all(const struct record *records, size_t count, struct entry *entries,
                     size_t *parents)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        parents[i] = i;
        if (records[i].facts.tokens.count > 0)
            entries[used++] = (struct entry){.facts = &records[i].facts, .index = i};
    }
    used = join_equal(entries, used, parents);
    for (size_t band = 0; band < BANDS; band++)
        join_band(entries, used, band, parents);
}

int duplicates_find(struct duplicates *duplicates, const struct record *records, size_t count)
{
    struct duplicates found = {.starts = calloc(count + 1, sizeof(*found.starts)),
                               .members = calloc(count + 1, sizeof(*found.members))};
    struct entry *entries = calloc(count + 1, sizeof(*entries));
    struct group *groups = calloc(count + 1, sizeof(*groups));
    size_t *parents = calloc(count + 1, sizeof(*parents));
    size_t *places = calloc(count + 1, sizeof(*places));
    int code = 0;

    if (!found.starts || !found.members || !entries || !groups || !parents || !places) {
        code = -ENOMEM;
        duplicates_fini(&found);
    } else {
        join_all(records, count, entries, parents);
        collect(&found, parents, count, groups, places);
        *duplicates = found;
    }
    free(entries);
    free(groups);
    free(parents);
    free(places);
    return code;
}

void duplicates_fini(struct duplicates *duplicates)
{
    free(duplicates->starts);
    free(duplicates->members);
    *duplicates = (struct duplicates){0};
}
