/* The command line of compare. */
#ifndef COMPARE_OPTIONS_H
#define COMPARE_OPTIONS_H

#include <stdbool.h>

struct options {
    int processes;
    int rounds;         /* medians are taken of so many runs */
    bool quick;         /* small inputs */
    const char *output; /* folder for the table and the chart; NULL: none */
    char *const
        *command; /* one program of the user's choice and its arguments; NULL: all programs */
};

/* Reads the command line. Returns -1, or the exit status with which the program should end now. */
int options_read(struct options *options, int argc, char **argv);

#endif
