/* progress.h: the live line of `weir run --progress`. */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H
#include "engine/engine.h"

struct progress;

/* A thread that writes a line to standard error every second, on a terminal over itself: about what
 * status(arg) says, and what the metrics know besides. All borrowed until progress_stop. NULL when it cannot be
 * started: nothing is lost by that. */
struct progress *progress_start(void (*status)(void *arg, struct engine_status *out), void *arg,
                                struct metrics *metrics);
void progress_stop(struct progress *p); /* a last line; NULL is fine */
#endif
