/* session_window.h: an accumulator per key and session: rows that follow each other in less than a gap. A row
 * that falls between two sessions, or next to them, makes them one (window_function.merge). Port 0: results;
 * port 1: late rows (window.h has the rules; the end of a session is its last row's time plus the gap). Keyed
 * state: `<name>` (a key's sessions, in order), `<name>-fire` and `<name>-clean` (timers).
 */
#ifndef WEIR_OPERATORS_SESSION_WINDOW_H
#define WEIR_OPERATORS_SESSION_WINDOW_H
#include "operators/window.h"

struct session_spec {
    struct window_common
        common; /* fn->merge is needed; fn->fields is not used: savepoints have the list as BYTES */
    int64_t gap_us;
};
extern const struct operator_factory session_window_factory;
#endif
