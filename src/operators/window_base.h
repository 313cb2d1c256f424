/* window_base.h: the half that all window operators have in common: results on their way out, late rows, the
 * watermark that decides what is late (part of checkpoints: item `watermark`), metrics. Private to them.
 */
#ifndef WEIR_OPERATORS_WINDOW_BASE_H
#define WEIR_OPERATORS_WINDOW_BASE_H
#include "operators/window.h"

struct window_base {
    const struct window_common *common;
    const struct op_env *env;
    void *observed;
    struct counter *dropped;
    int64_t watermark_us;  /* all windows whose last moment it has reached have fired */
    struct key_batch keys; /* of the batch at hand */
    struct builder results;
    int64_t fired; /* results since the observer was told */
    int32_t *late; /* owned: row numbers */
    size_t late_count, late_capacity;
    struct schema key_schema;
    struct field *key_fields; /* owned */
};

MUST_USE enum err window_base_init(struct window_base *w, const struct window_common *common,
                                   struct error *e);
MUST_USE enum err window_base_open(struct window_base *w, const struct op_env *env, struct error *e);
void window_base_fini(struct window_base *w);
MUST_USE enum err window_base_restore(struct window_base *w, const struct op_restore *from, struct error *e);
MUST_USE enum err window_base_snapshot(const struct window_base *w, struct op_snapshot *out, struct error *e);

/* One window's result for one key; sends a batch when there are enough. */
MUST_USE enum err window_base_result(struct window_base *w, const void *acc, struct slice key,
                                     const struct window *window, struct error *e);
MUST_USE enum err window_base_flush(struct window_base *w, struct error *e); /* what is there */

/* At the start of a batch: keys, and no late rows yet. At its end: late rows go where they must, the observer
 * is told. */
MUST_USE enum err window_base_begin(struct window_base *w, struct batch *b, struct error *e);
MUST_USE enum err window_base_late(struct window_base *w, int32_t row, struct error *e);
MUST_USE enum err window_base_end(struct window_base *w, struct batch *b, struct error *e);
#endif
