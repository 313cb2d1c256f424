/* window_agg.h: an accumulator per key and window of event time, windows laid out by the clock: tumbling,
 * sliding, calendar months in UTC. Port 0: results; port 1: late rows (window.h has the rules). Keyed state
 * `windows`: namespace the window's end, then the key, then the accumulator.
 */
#ifndef WEIR_OPERATORS_WINDOW_AGG_H
#define WEIR_OPERATORS_WINDOW_AGG_H
#include "operators/window.h"

enum window_kind { WINDOW_TUMBLING, WINDOW_SLIDING, WINDOW_MONTH };

struct window_spec {
    struct window_common common;
    enum window_kind kind;
    int64_t size_us;   /* TUMBLING, SLIDING; milliseconds at least */
    int64_t slide_us;  /* SLIDING; size need not be a multiple of it */
    int64_t offset_us; /* of the grid: 4 days make weeks begin on Mondays; MONTH: not used */
};
extern const struct operator_factory window_agg_factory;

/* The last window, by its start, that at_us lies in (SLIDING: it may end before at_us when slide is larger
 * than size). */
struct window window_last_of(const struct window_spec *s, int64_t at_us);
#endif
