/* window.h: what windows are, and what is done in them: shared by window_agg.c (tumbling, sliding, months)
 * and session_window.c.
 *
 * The rules, Flink's for event time; a window [start, end) in microseconds has as its last moment end - 1000
 * (end less 1 ms), to which DataStream watermarks compare:
 *   1. It fires when watermark >= end - 1000: one result per key.
 *   2. A row that still reaches it later makes it fire again, once per batch of rows.
 *   3. It is forgotten, and a row that belongs to it is late, when watermark >= end - 1000 + allowed
 * lateness. A row of several windows is late when all of them are gone. A row without a time is late too.
 */
#ifndef WEIR_OPERATORS_WINDOW_H
#define WEIR_OPERATORS_WINDOW_H
#include "batch/builder.h"
#include "operators/operator.h"

#define WINDOW_LAST_US 1000 /* the last moment of a window lies so much before its end */

struct window {
    int64_t start_us, end_us; /* end is not part of it */
};

/* What a job does in a window: an accumulator of fixed size per key, plain memory that is copied and stored,
 * so it has no pointers. It is zeroed to begin with. arg is the spec's. An error fails the job. */
struct window_function {
    size_t acc_size;
    const struct state_field
        *fields; /* the accumulator's columns in a savepoint, all of it; NULL: as BYTES */
    size_t field_count;
    void (*init)(const void *arg, void *acc); /* NULL: zeroes will do */
    /* Rows of b, all of one key. */
    enum err (*add)(const void *arg, void *acc, const struct batch *b, const int32_t *rows, int32_t count,
                    struct error *e);
    void (*merge)(const void *arg, void *acc, const void *other); /* sessions only */
    /* Append results, usually one row, to out; key_decode gives the key's values. self is the observer's
     * (NULL without). */
    enum err (*emit)(const void *arg, void *self, const void *acc, struct slice key, const struct window *w,
                     struct builder *out, struct error *e);
};

/* A job's own metrics. */
struct window_observer {
    void *(*open)(const void *arg,
                  const struct op_env *env); /* what the next ones get as self; may give NULL */
    void (*added)(void *self, const struct batch *b, int64_t records_aggregated,
                  int64_t late_records);                  /* after each */
    void (*fired)(void *self, int64_t windows_processed); /* after results went out: one per key and window */
    void (*close)(void *self);                            /* may be NULL */
};

/* What both operators are told. Read-only; must outlive operators, stores and snapshots. */
struct window_common {
    const struct schema *input, *output;
    int32_t time_column; /* TIMESTAMP or TIMESTAMP_LTZ, precision up to 6 */
    int32_t key_count;
    const int32_t *keys;
    int64_t allowed_lateness_us;
    const struct window_function *fn;
    const void *fn_arg;
    const char *state_name;     /* NULL: "windows" */
    int32_t result_time_column; /* of output, filled with the window's last moment; -1: none */
    bool late_to_port;          /* late rows go to port 1, as they came; else they are dropped and counted
                                 * as numLateRecordsDropped */
    const struct window_observer *observer; /* NULL: none; its arg is fn_arg */
};

/* a + b, held at the ends of the range. */
static inline int64_t window_plus(int64_t a, int64_t b)
{
    int64_t r;

    if (__builtin_add_overflow(a, b, &r))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return r;
}

/* The last moment, and that until which late rows are taken. */
static inline int64_t window_last_us(int64_t end_us)
{
    return window_plus(end_us, -WINDOW_LAST_US);
}
static inline int64_t window_gone_us(int64_t end_us, int64_t allowed_lateness_us)
{
    return window_plus(window_last_us(end_us), allowed_lateness_us);
}
#endif
