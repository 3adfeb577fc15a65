/* Programs made up from seeds do on any pool what they do on a serial one, whatever else is done to the
 * pool; and where what comes out is not determined, each item has one of the ends it may have.
 *
 * POOL_TEST_PROGRAMS: how many of each. POOL_TEST_SEED: this one alone, or the first; failures name theirs. */
#include <inttypes.h>
#include <stdlib.h>

#include "support/deadline.h"
#include "support/host.h"
#include "support/program.h"
#include "support/world.h"

enum { PROGRAMS = 100, FIRST = 1, SECONDS = 20, END = 5000 };

static uint64_t number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Runs it both ways. Returns whether all was well. */
static bool run_program(const struct program *program, struct ledger *ledger)
{
    struct world *before = world_take();
    ledger_clear(ledger);
    struct outcomes *expected = program_expect(program);
    struct outcomes *real = program_run(program, ledger);
    bool good = program_check(program, expected, real, ledger, stderr);
    good = world_empties(END) && world_same(before) && good;
    outcomes_free(program, expected);
    outcomes_free(program, real);
    free(before);
    return good;
}

static void run_seed(uint64_t seed, bool loose, struct ledger *ledger)
{
    char name[100];
    snprintf(name, sizeof name, "%s program, POOL_TEST_SEED=%" PRIu64, loose ? "loose" : "strict",
             seed);
    struct program *program = program_make(seed, loose);
    deadline_arm(name, SECONDS);
    bool good = run_program(program, ledger);
    if (!good)
        program_print(program, stderr);
    program_free(program);
    if (!good)
        fail_msg("%s", name);
}

static void run_many(bool loose)
{
    struct ledger *ledger = ledger_make((size_t)PROGRAM_CALLS * PROGRAM_ITEMS);
    uint64_t seed = number_in("POOL_TEST_SEED", 0);
    uint64_t count = number_in("POOL_TEST_PROGRAMS", seed ? 1 : PROGRAMS);
    for (uint64_t i = 0; i < count; i++)
        run_seed((seed ? seed : FIRST) + i, loose, ledger);
}

static void programs_do_what_they_do_serially(void **state)
{
    (void)state;
    run_many(false);
}

static void each_item_has_an_end_that_it_may_have(void **state)
{
    (void)state;
    run_many(true);
}

int main(void)
{
    host_prepare_libuv();
    const struct CMUnitTest tests[] = {
        WORLD_TEST(programs_do_what_they_do_serially),
        WORLD_TEST(each_item_has_an_end_that_it_may_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
