/* Runs in the host: the board as a transport. */
#include "common/board.h"
#include "host/pool.h"
#include "host/process/link.h"
#include "host/process/spawn.h"
#include "host/transport/board/account.h"
#include "host/transport/board/audit.h"
#include "host/transport/board/express.h"
#include "host/transport/board/memory.h"
#include "host/transport/board/put.h"
#include "host/transport/board/recall.h"
#include "host/transport/board/settle.h"
#include "host/transport/board/wake.h"
#include "host/transport/transport.h"

static void close_board(pool_t *pool)
{
    pool__wake_from(pool, 0);
    pool__tell(pool);
}

static void resize(pool_t *pool, int processes)
{
    pool__clear_mailboxes(pool);
    pool__wake_from(pool, processes);
    pool__tell(pool);
}

/* What the worker committed before it died is collected first, while the account still has the
 * worker's pid. */
static void died(pool_t *pool, const struct pool__death *death)
{
    pool__collect_all(pool);
    pool__member_died(pool, death);
    pool__reconcile(pool, death);
}

static void audit(pool_t *pool)
{
    pool__reconcile(pool, NULL);
    pool__cut_long(pool);
    pool__ask(pool);
}

static bool wake(pool_t *pool)
{
    pool__wake_some(pool);
    pool__cut_long(pool);
    return false;
}

const struct pool__transport_ops pool__board_transport = {.open = pool__spawn,
                                                          .close = close_board,
                                                          .resize = resize,
                                                          .put = pool__put,
                                                          .room = pool__has_room,
                                                          .outstanding = pool__outstanding,
                                                          .collect = pool__collect,
                                                          .recall = pool__recall,
                                                          .died = died,
                                                          .abandon = pool__give_up,
                                                          .audit = audit,
                                                          .trim = pool__trim,
                                                          .wake = wake,
                                                          .spin = pool__await_commit,
                                                          .arm = pool__arm,
                                                          .disarm = pool__disarm,
                                                          .listen = pool__listen};
