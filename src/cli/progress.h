/* progress.h: the live line of `weir run --progress`. */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H
#include "engine/engine.h"

struct progress;

/* A thread that writes a line about the engine to standard error every second; on a terminal over itself. All
 * borrowed until progress_stop. NULL when it cannot be started: nothing is lost by that. */
struct progress *progress_start(struct engine *engine, struct metrics *metrics, struct budget *budget);
void progress_stop(struct progress *p); /* a last line; NULL is fine */
#endif
