/* The life of a chunk as a word: what is packed comes out, and of all transitions exactly the
 * allowed ones succeed. What threads make of it is in test_claim.c. */
#include "common/chunk.h"

#include "unit/unit.h"

static const int workers[] = {0, 1, 2047, 4094, 4095};
static const uint32_t lives[] = {0, 1, 0x7fff, 0xfffe, 0xffff};
static const uint32_t generations[] = {0, 1, 0x7fffffff, 0xfffffffe, 0xffffffff};

enum { STATES = 16 }; /* a stray write can make more than there are */

/* ---- The word ---- */

static void every_field_comes_out_as_it_was_packed(void **test)
{
    (void)test;
    for (unsigned state = POOL__FREE; state <= POOL__DONE; state++)
        for (size_t w = 0; w < COUNT(workers); w++)
            for (size_t l = 0; l < COUNT(lives); l++)
                for (size_t g = 0; g < COUNT(generations); g++) {
                    uint64_t word =
                        pool__word((enum pool__state)state, workers[w], lives[l], generations[g]);
                    assert_int_equal(pool__word_state(word), state);
                    assert_int_equal(pool__word_worker(word), workers[w]);
                    assert_int_equal(pool__word_life(word), lives[l]);
                    assert_true(pool__word_owned(word, workers[w], lives[l]));
                    assert_int_equal(pool__word_generation(word), generations[g]);
                }
}

static void all_workers_and_lives_have_words_of_their_own(void **test)
{
    (void)test;
    for (int worker = 0; worker < 4096; worker++)
        assert_int_equal(pool__word_worker(pool__word(POOL__RUNNING, worker, 0, 0)), worker);
    for (uint32_t life = 0; life < 0x10000; life++) {
        uint64_t word = pool__word(POOL__RUNNING, 7, life, 3);
        assert_true(pool__word_owned(word, 7, life));
        assert_false(pool__word_owned(word, 7, life + 1));
        assert_false(pool__word_owned(word, 8, life));
    }
}

static void fields_have_fixed_places(void **test)
{
    (void)test;
    assert_true(pool__word(POOL__FREE, 0, 0, 0) == 0);
    assert_true(pool__word(POOL__DONE, 0xabc, 0x1234, 0x56789abc) == 0x4abc123456789abc);
    assert_true(pool__word(POOL__RUNNING, 4095, 0xffff, 0xffffffff) == 0x2fffffffffffffff);
}

static void the_life_wraps_at_16_bits(void **test)
{
    (void)test;
    uint64_t word = pool__word(POOL__RUNNING, 5, 0x10003, 9);
    assert_true(word == pool__word(POOL__RUNNING, 5, 3, 9));
    assert_true(pool__word_owned(word, 5, 3));
    assert_true(pool__word_owned(word, 5, 0x10003));
    assert_false(pool__word_owned(word, 5, 0x10004));
    _Atomic uint64_t cell = pool__word(POOL__QUEUED, 0, 0, 9);
    assert_true(pool__claim(&cell, 9, 5, 0xffffffff));
    assert_true(pool__commit(&cell, 9, 5, 0xffff));
}

static void the_generation_wraps_at_32_bits(void **test)
{
    (void)test;
    uint32_t generation = 0xffffffff;
    _Atomic uint64_t cell = pool__word(POOL__QUEUED, 0, 0, generation);
    generation++;
    assert_false(pool__claim(&cell, generation, 1, 1));
    cell = pool__word(POOL__QUEUED, 0, 0, generation);
    assert_true(cell == pool__word(POOL__QUEUED, 0, 0, 0));
    assert_false(pool__claim(&cell, 0xffffffff, 1, 1));
    assert_true(pool__claim(&cell, generation, 1, 1));
}

static void a_word_with_any_owner_has_no_other_owner(void **test)
{
    (void)test;
    for (size_t a = 0; a < COUNT(workers) * COUNT(lives); a++)
        for (size_t b = 0; b < COUNT(workers) * COUNT(lives); b++) {
            uint64_t word = pool__word(POOL__DONE, workers[a / COUNT(lives)],
                                       lives[a % COUNT(lives)], 0xffffffff);
            bool owned = pool__word_owned(word, workers[b / COUNT(lives)], lives[b % COUNT(lives)]);
            assert_int_equal(owned, a == b);
        }
}

static void a_ticket_names_chunk_and_generation(void **test)
{
    (void)test;
    static const uint32_t chunks[] = {0, 1, 4095, 0xffffffff};
    for (size_t c = 0; c < COUNT(chunks); c++)
        for (size_t g = 0; g < COUNT(generations); g++) {
            uint64_t ticket = pool__ticket(chunks[c], generations[g]);
            assert_int_equal(pool__ticket_chunk(ticket), chunks[c]);
            assert_int_equal(pool__ticket_generation(ticket), generations[g]);
        }
}

/* ---- Transitions ---- */

static uint64_t any_word(unsigned state, int worker, uint32_t life, uint32_t generation)
{
    return pool__word((enum pool__state)0, worker, life, generation) | (uint64_t)state << 60;
}

/* Tries claim and commit for this claimant on a cell with this word. */
static void try_both(uint64_t word, uint32_t generation, int worker, uint32_t life)
{
    _Atomic uint64_t cell = word;
    bool may_claim = word == pool__word(POOL__QUEUED, 0, 0, generation);
    assert_int_equal(pool__claim(&cell, generation, worker, life), may_claim);
    assert_true(cell == (may_claim ? pool__word(POOL__RUNNING, worker, life, generation) : word));

    cell = word;
    bool may_commit = word == pool__word(POOL__RUNNING, worker, life, generation);
    assert_int_equal(pool__commit(&cell, generation, worker, life), may_commit);
    assert_true(cell == (may_commit ? pool__word(POOL__DONE, worker, life, generation) : word));
}

/* Tries all claimants of the tables on this word. */
static void try_all(uint64_t word)
{
    for (size_t w = 0; w < COUNT(workers); w++)
        for (size_t l = 0; l < COUNT(lives); l++)
            for (size_t g = 0; g < COUNT(generations); g++)
                try_both(word, generations[g], workers[w], lives[l]);
}

static void only_the_allowed_transitions_succeed_and_others_change_nothing(void **test)
{
    (void)test;
    for (unsigned state = 0; state < STATES; state++)
        for (size_t w = 0; w < COUNT(workers); w++)
            for (size_t l = 0; l < COUNT(lives); l++)
                for (size_t g = 0; g < COUNT(generations); g++)
                    try_all(any_word(state, workers[w], lives[l], generations[g]));
}

/* The owner hands over (RUNNING to FULL) and the host serves it (FULL to RUNNING): one word moves,
 * whatever state the owner's own copy of it says. */
static void a_move_changes_the_state_of_the_owners_chunk_alone(void **test)
{
    (void)test;
    const uint64_t owned = pool__word(POOL__RUNNING, 7, 5, 9);
    const uint64_t others[] = {pool__word(POOL__FREE, 6, 5, 9), pool__word(POOL__FREE, 7, 4, 9),
                               pool__word(POOL__FREE, 7, 5, 8), pool__word(POOL__FREE, 7, 5, 9)};
    for (unsigned state = 0; state < STATES; state++)
        for (unsigned from = POOL__FREE; from <= POOL__DONE; from++)
            for (unsigned to = POOL__FREE; to <= POOL__DONE; to++)
                for (size_t i = 0; i < COUNT(others); i++) {
                    uint64_t word = others[i] | (uint64_t)state << 60;
                    _Atomic uint64_t cell = word;
                    bool may = i == COUNT(others) - 1 && state == from;
                    bool moved =
                        pool__move(&cell, (enum pool__state)from, (enum pool__state)to, owned);
                    assert_int_equal(moved, may);
                    assert_true(cell == (may ? others[i] | (uint64_t)to << 60 : word));
                }
}

static void a_chunk_is_claimed_once_and_committed_once(void **test)
{
    (void)test;
    _Atomic uint64_t cell = pool__word(POOL__QUEUED, 0, 0, 4);
    assert_true(pool__claim(&cell, 4, 3, 1));
    assert_false(pool__claim(&cell, 4, 3, 1));
    assert_false(pool__claim(&cell, 4, 2, 1));
    assert_false(pool__commit(&cell, 4, 2, 1));
    assert_false(pool__commit(&cell, 4, 3, 2));
    assert_true(pool__commit(&cell, 4, 3, 1));
    assert_false(pool__commit(&cell, 4, 3, 1));
    assert_false(pool__claim(&cell, 4, 3, 1));
}

static void a_settled_chunk_cannot_be_committed(void **test)
{
    (void)test;
    _Atomic uint64_t cell = pool__word(POOL__QUEUED, 0, 0, 4);
    assert_true(pool__claim(&cell, 4, 3, 1));
    cell = pool__word(POOL__QUEUED, 0, 0, 5);
    assert_false(pool__commit(&cell, 4, 3, 1));
    assert_true(pool__claim(&cell, 5, 2, 1));
    assert_false(pool__commit(&cell, 4, 3, 1));
    assert_true(pool__commit(&cell, 5, 2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_out_as_it_was_packed),
        cmocka_unit_test(all_workers_and_lives_have_words_of_their_own),
        cmocka_unit_test(fields_have_fixed_places),
        cmocka_unit_test(the_life_wraps_at_16_bits),
        cmocka_unit_test(the_generation_wraps_at_32_bits),
        cmocka_unit_test(a_word_with_any_owner_has_no_other_owner),
        cmocka_unit_test(a_ticket_names_chunk_and_generation),
        cmocka_unit_test(only_the_allowed_transitions_succeed_and_others_change_nothing),
        cmocka_unit_test(a_move_changes_the_state_of_the_owners_chunk_alone),
        cmocka_unit_test(a_chunk_is_claimed_once_and_committed_once),
        cmocka_unit_test(a_settled_chunk_cannot_be_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
