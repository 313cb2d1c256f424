/* query_rows.h: the rows of a running query for the thread that prints them: what its sink collects, and what
 * else can end the wait for more: the job's end without an end of rows (it failed), and a user who has seen
 * enough.
 */
#ifndef WEIR_CLI_QUERY_ROWS_H
#define WEIR_CLI_QUERY_ROWS_H
#include "connectors/collect.h"
#include <stdatomic.h>

struct query_rows {
    struct collect *collect; /* owned */
    atomic_bool over;        /* the job's end */
    atomic_bool closed;      /* the user's */
};

MUST_USE bool query_rows_init(struct query_rows *q); /* false: no memory */
void query_rows_fini(struct query_rows *q);          /* the job is gone; zeroed is fine */

void query_rows_over(void *arg);             /* the queue; any thread */
void query_rows_close(struct query_rows *q); /* any thread: drops what is there, and what comes */
bool query_rows_closed(struct query_rows *q);

enum query_rows_got { QUERY_ROWS, QUERY_NOTHING, QUERY_END };
/* Wait up to timeout_ms (-1: for ever) for a batch; *out is a reference, the caller's. */
enum query_rows_got query_rows_take(struct query_rows *q, int64_t timeout_ms, struct batch **out);
#endif
