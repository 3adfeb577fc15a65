/* How many processors are free, to judge a speed-up by. */
#ifndef EXAMPLES_PROCESSORS_H
#define EXAMPLES_PROCESSORS_H

struct processors {
    double begin, idle, own; /* seconds */
};

/* Begins to measure, while this process works with a single thread and no other of its processes
 * does. */
void processors_begin(struct processors *processors);

/* Returns how many processors on average were idle or worked for this process since then, at most
 * as many as the process may use; NAN where the system does not tell. */
double processors_free(const struct processors *processors);

#endif
