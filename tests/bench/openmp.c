/* The OpenMP contestants; without OpenMP they are not there. */
#include "contest.h"

#ifdef _OPENMP

bool openmp_there(void)
{
    return true;
}

void openmp_dynamic(const struct work *work, int threads)
{
    size_t count = work->count;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < count; i++)
        work_item(work, i);
}

void openmp_static(const struct work *work, int threads)
{
    size_t count = work->count;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < count; i++)
        work_item(work, i);
}

#else

bool openmp_there(void)
{
    return false;
}

void openmp_dynamic(const struct work *work, int threads)
{
    (void)work;
    (void)threads;
}

void openmp_static(const struct work *work, int threads)
{
    (void)work;
    (void)threads;
}

#endif
