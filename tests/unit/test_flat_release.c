/* What is given back and what is not: pool_release() for arrays of results, and dropping without
 * what was only borrowed. The code under test is compiled in, so that its free() can be counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/flat_make.h"

#define free(memory) flat_give_back(NULL, memory)
#include "common/flat.c"
#undef free

/* ---- pool_release() ---- */

enum { VALUES = 3 };

static void assert_zero(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(((const unsigned char *)data)[i], 0);
}

/* An array whose middle element is as a failed item leaves it. */
static void release_array(const struct flat_kind *kind, uint64_t *seed)
{
    static _Alignas(16) unsigned char array[VALUES * 4096];
    size_t size = kind->size, live = 0, given = 0;
    assert_true(size <= 4096);
    for (size_t i = 0; i < VALUES; i++) {
        struct flat_frame frame = flat_pack(kind->type, size, flat_make(seed, kind->type, size));
        if (i == 1)
            memset(array + size, 0, size);
        else
            assert_int_equal(flat_unpack(frame, FLAT_OWNED, kind->type, size, array + i * size), 0);
        live += i == 1 ? 0 : flat_account.live;
        flat_frame_free(&frame);
    }
    flat_account = (struct flat_account){.mode = FLAT_OWNED, .live = live};
    pool_release(kind->type, array, VALUES);
    given = flat_account.given;
    assert_int_equal(flat_account.live, 0);
    assert_int_equal(given, live);
    assert_zero(array, VALUES * size);
    pool_release(kind->type, array, VALUES); /* once more does nothing */
    assert_int_equal(flat_account.given, given);
}

static void release_frees_everything_and_zeroes(void **test)
{
    (void)test;
    uint64_t seed = 5;
    for (size_t i = 0; i < FLAT_KINDS; i++)
        for (int round = 0; round < 20 && flat_kinds[i].type != &pool_type_plain; round++)
            release_array(&flat_kinds[i], &seed);
}

static void release_of_nothing_does_nothing(void **test)
{
    (void)test;
    char *text = NULL;
    int number = 42;
    pool_release(&pool_type_text, NULL, 0);
    pool_release(&pool_type_text, &text, 0);
    pool_release(NULL, &text, 1);
    pool_release(&pool_type_plain, &number, 1); /* of a size that the type does not know */
    assert_int_equal(number, 42);
}

/* ---- Borrowed pieces ---- */

struct loan {
    const char *word;
    char *name;
    uint8_t n;
    const double *numbers;
    double *copies;
    const char **words;
    char *const *names;
};
POOL_STRUCT(loan, (word), (name), (n), (numbers, counted_by, n), (copies, counted_by, n),
            (words, counted_by, n), (names, counted_by, n, &pool_type_text));

static char *pieces[16];
static size_t dropped;

static void note_piece(void *context, void *memory)
{
    assert_ptr_equal(context, pieces);
    assert_true(dropped < COUNT(pieces));
    pieces[dropped++] = memory;
}

static bool was_dropped(const void *memory)
{
    size_t times = 0;
    for (size_t i = 0; i < dropped; i++)
        times += pieces[i] == memory;
    assert_true(times <= 1);
    return times == 1;
}

/* `all`: as in the host, which has borrowed nothing. */
static void drop_loan(bool all)
{
    double numbers[1], copies[1];
    char word[] = "word", name[] = "name", *names[] = {name + 1};
    const char *words[] = {word + 1};
    struct loan loan = {word, name, 1, numbers, copies, words, names};
    const struct pool__dropper dropper = {note_piece, pieces, all};
    dropped = 0;
    pool__drop(&dropper, &loan_type, &loan);
    assert_true(was_dropped(name) && was_dropped(copies) && was_dropped(words));
    assert_true(was_dropped(name + 1)); /* not const, whatever lends it */
    assert_int_equal(was_dropped(word), all);
    assert_int_equal(was_dropped(word + 1), all);
    assert_int_equal(was_dropped(numbers), all);
    assert_int_equal(was_dropped(names), all);
    assert_int_equal(dropped, all ? 8 : 4);
}

static void what_is_const_is_kept_where_it_was_made(void **test)
{
    (void)test;
    drop_loan(true);
    drop_loan(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_frees_everything_and_zeroes),
        cmocka_unit_test(release_of_nothing_does_nothing),
        cmocka_unit_test(what_is_const_is_kept_where_it_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
