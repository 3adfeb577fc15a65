/* Items that are pointers are no plain data: POOL_GATHER copies what they point to. */
/* wrong: these items are pointers: use POOL_GATHER .* or name their type by POOL_IN_AS */
#include <procpool.h>

struct job {
    int number;
};

pool_in_t choose(int which, struct job **jobs, const char *const *texts, size_t count);
pool_in_t choose(int which, struct job **jobs, const char *const *texts, size_t count)
{
#ifdef WRONG
    (void)texts, (void)which;
    return POOL_IN(jobs, count);
#else
    const struct job *const same[] = {jobs[0], jobs[0]};
    struct job one = *jobs[0];
    char words[2][8] = {"a", "b"};
    double cells[2][3][4] = {{{0}}}, lines[count][which];
    lines[0][0] = 0;
    const pool_in_t all[] = {
        POOL_GATHER(jobs, count), POOL_GATHER(same, 2),
        POOL_GATHER(&texts, 1),   POOL_IN_AS(jobs, count, &pool_type_plain),
        POOL_IN(texts, count),    POOL_COLUMN(jobs[0], 1, number),
        POOL_IN(&one, 1),         POOL_IN(words, 2),
        POOL_IN(cells, 2),        POOL_IN(lines, count),
        POOL_IN(cells[0][0], 12), POOL_IN((pool_bytes_t *)0, 0),
        POOL_IN((int *)0, 0),
    };
    return all[which];
#endif
}
