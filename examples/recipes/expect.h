/* For the recipes: ends the program with status 1 if something that a recipe promises does not
 * hold. The tests run the recipes and look at that status. */
#ifndef RECIPES_EXPECT_H
#define RECIPES_EXPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition) expect((condition), #condition, __FILE__, __LINE__)

static inline void expect(bool holds, const char *condition, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
    exit(1);
}

#endif
