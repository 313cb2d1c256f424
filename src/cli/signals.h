/* signals.h: SIGINT and SIGTERM taken by a thread of their own, so that what they ask for is done by plain
 * calls and not in a handler.
 */
#ifndef WEIR_CLI_SIGNALS_H
#define WEIR_CLI_SIGNALS_H
#include "base/base.h"

/* Two signals nearer to one another than this are one wish. */
#define SECOND_SIGNAL_US INT64_C(500000)

struct signals;

/* Before any thread is started: signals wait until somebody takes them. SIGPIPE is ignored from then on. */
void signals_block(void);

/* Call take(arg, signal) for each, on a new thread. NULL when that cannot be started: signals then wait for
 * ever. */
struct signals *signals_start(void (*take)(void *arg, int signal), void *arg);
void signals_stop(struct signals *s); /* NULL is fine */
#endif
