/* query_rows.c: see query_rows.h. */
#include "cli/query_rows.h"

#define WAITING_BYTES ((size_t)4 << 20)
#define LOOK_MS       100 /* how long it may take to notice an end that no row tells of */

bool query_rows_init(struct query_rows *q)
{
    q->collect = collect_new(WAITING_BYTES);
    atomic_init(&q->over, false);
    atomic_init(&q->closed, false);
    return q->collect != NULL;
}

void query_rows_fini(struct query_rows *q)
{
    collect_free(q->collect);
    q->collect = NULL;
}

void query_rows_over(void *arg)
{
    struct query_rows *q = arg;

    atomic_store(&q->over, true);
}

void query_rows_close(struct query_rows *q)
{
    atomic_store(&q->closed, true);
    collect_cancel(q->collect);
}

bool query_rows_closed(struct query_rows *q)
{
    return atomic_load(&q->closed);
}

enum query_rows_got query_rows_take(struct query_rows *q, int64_t timeout_ms, struct batch **out)
{
    for (;;) {
        bool over = atomic_load(&q->over); /* before looking: what was put before it is still taken */
        int64_t slice_ms = over ? 0 : timeout_ms < 0 ? LOOK_MS : MIN(timeout_ms, LOOK_MS), unused;
        enum collect_state state = collect_take(q->collect, slice_ms, out, &unused);

        if (query_rows_closed(q)) {
            batch_unref(*out);
            return QUERY_END;
        }
        if (state == COLLECT_ROWS)
            return QUERY_ROWS;
        if (state == COLLECT_END || over)
            return QUERY_END;
        if (timeout_ms >= 0 && (timeout_ms -= slice_ms) <= 0)
            return QUERY_NOTHING;
    }
}
