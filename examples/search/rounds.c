#include "rounds.h"

#include <errno.h>
#include <stdlib.h>

const char *outcome_text(enum outcome outcome)
{
    static const char *const texts[] = {
#define OUTCOME_TEXT(name, text) text,
        OUTCOME_MAP(OUTCOME_TEXT)
#undef OUTCOME_TEXT
    };
    return texts[outcome];
}

/* ---- The plan ---- */

/* Divides by `eta` so many times. */
static unsigned divide(unsigned number, unsigned eta, int times)
{
    for (; times > 0; times--)
        number /= eta;
    return number;
}

int rounds_number(const struct study *study)
{
    int number = 1;
    if (study->method == METHOD_RANDOM)
        return number;
    while (divide(study->trials, study->eta, number) > 0 &&
           divide(study->epochs, study->eta, number) > 0)
        number++;
    return number;
}

unsigned rounds_trials(const struct study *study, int round)
{
    return divide(study->trials, study->eta, round);
}

unsigned rounds_epochs(const struct study *study, int round)
{
    return divide(study->epochs, study->eta, rounds_number(study) - 1 - round);
}

/* ---- Order ---- */

/* Sorts the better result to the front, and results without a score to the end. */
static int compare_scores(const void *left, const void *right)
{
    const struct result *a = left, *b = right;
    bool scored = a->outcome == OUTCOME_SCORED;
    if (scored != (b->outcome == OUTCOME_SCORED))
        return scored ? -1 : 1;
    if (scored && a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->trial > b->trial) - (a->trial < b->trial);
}

static int compare_trials(const void *left, const void *right)
{
    const struct result *a = left, *b = right;
    return (a->trial > b->trial) - (a->trial < b->trial);
}

const struct result *rounds_best(const struct result *results, size_t count)
{
    const struct result *best = count > 0 ? results : NULL;
    for (size_t i = 1; i < count; i++)
        if (compare_scores(&results[i], best) < 0)
            best = &results[i];
    return best && best->outcome == OUTCOME_SCORED ? best : NULL;
}

/* ---- Going on ---- */

static size_t count_scored(const struct result *results, size_t count)
{
    size_t scored = 0;
    for (size_t i = 0; i < count; i++)
        scored += results[i].outcome == OUTCOME_SCORED;
    return scored;
}

/* Begins the round after the present one with the best trials of it. */
static void begin_next(struct rounds *rounds)
{
    const struct result *old = rounds->results + rounds->first;
    struct result *next = rounds->results + rounds->count;
    size_t before = rounds->count - rounds->first, count = count_scored(old, before);

    rounds->round++;
    rounds->first = rounds->count;
    if (rounds->round == rounds_number(rounds->study))
        return;
    for (size_t i = 0; i < before; i++)
        next[i] = old[i];
    qsort(next, before, sizeof *next, compare_scores);
    if (count > rounds_trials(rounds->study, rounds->round))
        count = rounds_trials(rounds->study, rounds->round);
    qsort(next, count, sizeof *next, compare_trials);
    for (size_t i = 0; i < count; i++)
        next[i] = (struct result){.trial = next[i].trial,
                                  .epochs = rounds_epochs(rounds->study, rounds->round)};
    rounds->count += count;
}

int rounds_init(struct rounds *rounds, const struct study *study)
{
    size_t room = study->trials; /* to sort a round in */
    *rounds = (struct rounds){.study = study, .count = study->trials};
    for (int round = 0; round < rounds_number(study); round++)
        room += rounds_trials(study, round);
    rounds->results = calloc(room, sizeof *rounds->results);
    if (!rounds->results)
        return -ENOMEM;
    for (unsigned i = 0; i < study->trials; i++)
        rounds->results[i] = (struct result){.trial = i, .epochs = rounds_epochs(study, 0)};
    return 0;
}

void rounds_free(struct rounds *rounds)
{
    free(rounds->results);
    *rounds = (struct rounds){0};
}

static struct result *find_pending(const struct rounds *rounds, const struct result *result)
{
    size_t count = rounds->count - rounds->first;
    if (rounds_done(rounds))
        return NULL;
    struct result *found =
        bsearch(result, rounds->results + rounds->first, count, sizeof *found, compare_trials);
    if (!found || found->epochs != result->epochs || found->outcome != OUTCOME_PENDING)
        return NULL;
    return found;
}

bool rounds_take(struct rounds *rounds, const struct result *result)
{
    struct result *place = find_pending(rounds, result);
    if (!place)
        return false;
    *place = *result;
    place->order = rounds->ended++;
    rounds->lost += place->outcome != OUTCOME_SCORED;
    if (rounds->ended == rounds->count)
        begin_next(rounds);
    return true;
}

bool rounds_done(const struct rounds *rounds)
{
    return rounds->ended == rounds->count;
}

const struct result *rounds_winner(const struct rounds *rounds)
{
    const struct result *best = NULL;
    for (size_t end = rounds->count, first; end > 0 && !best; end = first) {
        for (first = end; first > 0; first--)
            if (rounds->results[first - 1].epochs != rounds->results[end - 1].epochs)
                break;
        best = rounds_best(rounds->results + first, end - first);
    }
    return best;
}
