/* How many processors are free, to judge a speed-up by. */
#ifndef EXAMPLES_PROCESSORS_H
#define EXAMPLES_PROCESSORS_H

struct processors {
    double begin, idle, own; /* seconds */
};

/* Begins to measure. Until processors_free(), this process or one child that it waits for works,
 * with a single thread. */
void processors_begin(struct processors *processors);

/* Returns how many processors on average were idle or did this work meanwhile, at most as many as
 * the process may use; NAN where the system does not tell. */
double processors_free(const struct processors *processors);

#endif
