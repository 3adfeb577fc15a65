/* Random values of random types: the writer gives the bytes that a second writer gives, the reader
 * gives the value back in every kind of memory, and damaged bytes do no harm.
 *
 * POOL_TEST_VALUES: how many values. POOL_TEST_SEED: where to begin; a failure says where. */
#include <errno.h>
#include <stdio.h>

#include "support/deadline.h"
#include "unit/flat_encode.h"
#include "unit/flat_make.h"
#include "unit/flat_same.h"
#include "unit/flat_tables.h"

enum { VALUES = 200000, VALUES_OF_A_TYPE = 50 };

static uint64_t running; /* the seed of the type at work; 0: none */

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static int tell_seed(void **test)
{
    (void)test;
    if (running)
        fprintf(stderr, "POOL_TEST_SEED=%llu begins with the type it failed with\n",
                (unsigned long long)running);
    running = 0;
    return 0;
}

typedef void check(const pool_type_t *type, uint64_t *seed);

/* Each type from a seed of its own, so that it can be made without those before it. */
static void for_random_types(check *function, uint64_t values)
{
    running = number_from("POOL_TEST_SEED", 1);
    for (uint64_t value = 0; value < values; running++) {
        uint64_t seed = running;
        const pool_type_t *type = flat_random_type(&seed);
        for (int i = 0; i < VALUES_OF_A_TYPE && value < values; i++, value++)
            function(type, &seed);
    }
    running = 0;
}

static uint64_t values_wanted(void)
{
    return number_from("POOL_TEST_VALUES", VALUES / (uint64_t)deadline_slowness());
}

static _Alignas(16) unsigned char got[FLAT_LARGEST];

/* ---- Round trips ---- */

static void write_in_room(const pool_type_t *type, const void *value, uint64_t room,
                          const struct flat_code *code)
{
    static unsigned char buffer[sizeof code->bytes];
    struct pool_writer writer = {.base = buffer, .room = room};
    buffer[room] = 0xee;
    assert_int_equal(pool__pack(&writer, type, type->size, value), 0);
    assert_true(writer.used == code->size);
    assert_int_equal(buffer[room], 0xee);
}

static void round_trip(const pool_type_t *type, uint64_t *seed)
{
    const void *value = flat_make(seed, type, type->size);
    const struct flat_code *code = flat_encode(type, type->size, value);
    struct flat_frame frame = flat_pack(type, type->size, value);
    assert_true(frame.size == code->size);
    assert_memory_equal(frame.bytes, code->bytes, code->size);
    write_in_room(type, value, random_below(seed, code->size + 1), code);
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        assert_int_equal(flat_unpack(frame, mode, type, type->size, got), 0);
        flat_walk(type, type->size, got);
        assert_true(flat_same(type, type->size, value, got));
        flat_drop(type, got);
    }
    flat_frame_free(&frame);
}

static void random_values_come_back(void **test)
{
    (void)test;
    for_random_types(round_trip, values_wanted());
}

/* ---- Damage ---- */

static void change_number(struct flat_frame *frame, uint64_t *seed)
{
    uint64_t at = random_below(seed, frame->size / 8) * 8, number;
    memcpy(&number, frame->bytes + at, sizeof number);
    switch (random_below(seed, 4)) {
    case 0:
        number = random_below(seed, 300);
        break;
    case 1:
        number += random_below(seed, 5) - 2;
        break;
    case 2:
        number = (uint64_t)1 << random_below(seed, 64);
        break;
    default:
        number = random_next(seed) | (uint64_t)1 << 63;
    }
    memcpy(frame->bytes + at, &number, sizeof number);
}

/* One to three times. Returns a frame of exactly its new size. */
static struct flat_frame damage(struct flat_frame frame, uint64_t *seed)
{
    struct flat_frame copy = flat_frame_of(frame.bytes, frame.size);
    for (uint64_t n = 1 + random_below(seed, 3); n > 0; n--) {
        if (copy.size >= 8 && random_below(seed, 2))
            change_number(&copy, seed);
        else if (copy.size > 0 && random_below(seed, 4))
            copy.bytes[random_below(seed, copy.size)] = (unsigned char)random_next(seed);
        else
            copy.size = random_below(seed, copy.size + 1);
    }
    struct flat_frame damaged = flat_frame_of(copy.bytes, copy.size);
    flat_frame_free(&copy);
    return damaged;
}

static uint64_t accepted, refused;

static void survive_damage(const pool_type_t *type, uint64_t *seed)
{
    struct flat_frame whole = flat_pack(type, type->size, flat_make(seed, type, type->size));
    struct flat_frame frame = damage(whole, seed);
    flat_refuse = random_below(seed, 4) ? 0 : 1 + random_below(seed, 20);
    for (enum flat_mode mode = 0; mode < FLAT_MODES; mode++) {
        int error = flat_unpack(frame, mode, type, type->size, got);
        assert_true(error == 0 || error == -EBADMSG || error == -ELOOP || error == -ENOMEM ||
                    error == FLAT_STRANGE);
        if (error == 0)
            flat_walk(type, type->size, got);
        flat_drop(type, got);
        accepted += error == 0;
        refused += error != 0;
    }
    flat_refuse = 0;
    flat_frame_free(&frame);
    flat_frame_free(&whole);
}

static void damaged_values_do_no_harm(void **test)
{
    (void)test;
    accepted = refused = 0;
    for_random_types(survive_damage, values_wanted());
    assert_true(accepted > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(random_values_come_back, tell_seed),
        cmocka_unit_test_teardown(damaged_values_do_no_harm, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
