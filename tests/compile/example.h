/* What the examples of the header's pages take for granted. */
#include <procpool.h>
#include <uv.h>

void example(void);
int print_page(const void *item, void *result, pool_task_t *task);
int square(const void *item, void *result, pool_task_t *task);
void on_end(pool_future_t *future, void *context);

extern pool_t *pool;
extern size_t count;
extern double data[4], squares[4];
