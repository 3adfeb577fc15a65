/* Runs in every process of a test; gate_make() only in the test program. */
#include "support/gate.h"

#include <stdatomic.h>

#include "support/deadline.h"
#include "support/world.h"

enum { PATIENCE = 20000 };

struct gate {
    atomic_bool open;
};

struct gate *gate_make(void)
{
    return world_shared(sizeof(struct gate));
}

void gate_open(struct gate *gate)
{
    atomic_store(&gate->open, true);
}

void gate_close(struct gate *gate)
{
    atomic_store(&gate->open, false);
}

bool gate_is_open(const struct gate *gate)
{
    return atomic_load(&gate->open);
}

static bool is_open(void *gate)
{
    return gate_is_open(gate);
}

bool gate_pass(const struct gate *gate)
{
    return deadline_met(PATIENCE, is_open, (void *)gate);
}

int gate_initializer(void *gate, void **state, pool_task_t *task)
{
    (void)state;
    (void)task;
    return gate_pass(gate) ? 0 : 1;
}
