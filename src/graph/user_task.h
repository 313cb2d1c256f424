/* user_task.h: the inside of weir.h's running functions: a struct weir_task is what one instance of a user's
 * function sees of its operator: outputs being filled, the clock, metrics, and where to say why it failed.
 * Thread: the operator's.
 */
#ifndef WEIR_GRAPH_USER_TASK_H
#define WEIR_GRAPH_USER_TASK_H
#include "batch/builder.h"
#include "operators/operator.h"
#include <weir/function.h>

#define TASK_OUTPUTS 5

struct weir_rows {
    struct weir_task *task; /* borrowed */
    int32_t port;
    struct builder *b; /* own, or one that is lent (stream_window.c) */
    struct builder own;
    bool ready;               /* b is initialised */
    const struct batch *kept; /* the input that b keeps alive already */
    int64_t now_us;
    struct slice printed;                              /* the last bytes given to weir_put_printable, ... */
    struct view print;                                 /* ... and what was made of them */
    void (*rows_of)(struct weir_rows *r, int32_t row); /* weir_rows_of of a table function (sql); else NULL */
};

struct weir_task {
    const struct op_env *env;
    const struct schema *schemas[TASK_OUTPUTS]; /* NULL: there is no such output */
    struct weir_rows rows[TASK_OUTPUTS];
    struct batch *in; /* borrowed: the batch that the function was given; NULL in timers */
    int64_t watermark_us;
    bool failed;
    struct error error; /* why: the first failure */
    void *extra;        /* of the operator around it (keyed state) */
};

void user_task_init(struct weir_task *t, const struct op_env *env,
                    const struct schema *const schemas[TASK_OUTPUTS]);
void user_task_fini(struct weir_task *t);

/* Emit what the function has made, or tell why it failed. ok: what the function returned. */
MUST_USE enum err user_task_flush(struct weir_task *t, bool ok, const char *name, struct error *e);

static inline const struct batch *batch_of(const struct weir_batch *b)
{
    return (const struct batch *)b;
}
#endif
