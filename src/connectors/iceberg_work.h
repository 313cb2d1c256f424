/* iceberg_work.h: what a task has done on an I/O thread, one thing at a time; the task looks whether it is
 * done, is woken when it is, and may close at any moment: what has not begun will not be done, what runs is
 * waited for.
 *
 *   idle --work_start--> NEW --> RUNNING --> idle, env->wake
 *                         └── work_free: never run
 */
#ifndef WEIR_CONNECTORS_ICEBERG_WORK_H
#define WEIR_CONNECTORS_ICEBERG_WORK_H
#include "operators/operator.h"

struct work;

/* env is borrowed until work_free. NULL when there is no memory. */
struct work *work_new(const struct op_env *env);
void work_free(struct work *w); /* NULL is fine */

/* Have run(arg) called on an I/O thread. Only while nothing is under way. ERR_MEMORY: it will not be. */
MUST_USE enum err work_start(struct work *w, void (*run)(void *arg), void *arg, struct error *e);
/* Started and not done: what run writes is not to be looked at. */
bool work_is_busy(struct work *w);
#endif
