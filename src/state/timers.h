/* timers.h: the timers of one task: keys to be woken for at a time, earliest first. A thin face of a state
 * whose namespace is the due time, so that timers are part of the snapshot without more ado. Setting a timer
 * twice keeps one, so an operator may set its window's timer for every record. Thread: the task's.
 */
#ifndef WEIR_STATE_TIMERS_H
#define WEIR_STATE_TIMERS_H
#include "state/state.h"

struct timers {
    struct state *state; /* borrowed from the store */
};

/* Declares the state `name` in store. */
MUST_USE enum err timers_init(struct timers *t, struct state_store *store, const char *name,
                              const struct schema *key, struct error *e);
MUST_USE bool timers_set(struct timers *t, int64_t due_us,
                         struct key key); /* false: no memory, nothing changed */
void timers_delete(struct timers *t, int64_t due_us, struct key key);

/* Take the earliest timer due by now_us; false when there is none. Its key is copied into key_bytes (the
 * caller's, kept over calls): valid until the next call. False with key_bytes->failed: there was no memory
 * for that; the timer stays. */
bool timers_pop(struct timers *t, int64_t now_us, int64_t *due_us, struct key *key, struct bytes *key_bytes);
bool timers_next_due(const struct timers *t, int64_t *due_us);
#endif
