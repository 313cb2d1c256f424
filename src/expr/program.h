/* program.h: expressions made ready to run: trees flattened into steps over columns, each evaluated once a
 * batch. A step that occurs twice is shared; constants are folded; what can fail is evaluated only for the
 * rows that need it. Steps run over dense columns: a batch with a selection is gathered first, the columns
 * that are read only. Memory of steps in between is reused from batch to batch; results belong to the batch
 * that comes out. Thread: the task's.
 */
#ifndef WEIR_EXPR_PROGRAM_H
#define WEIR_EXPR_PROGRAM_H
#include "expr/function.h"

struct program;

struct program_spec {
    const struct expr *condition; /* BOOLEAN: rows for which it is not TRUE are dropped; NULL: none are */
    const struct expr *const *results; /* columns of the output */
    const struct schema *schema;       /* of the output: result_count fields; types as the results' */
    int32_t result_count;
    const struct expr_session *session; /* outlives the program */
};

/* spec and its trees are borrowed and must outlive the program. */
MUST_USE enum err program_new(const struct program_spec *spec, struct budget *budget, struct program **out,
                              struct error *e);
void program_free(struct program *p);

/* Evaluate over the live rows of in (borrowed). *out: a batch of spec->schema with the row kinds, split and
 * birth of in; NULL when no row is left. Columns that are only passed on are shared, not copied. now_us: the
 * wall clock. */
MUST_USE enum err program_run(struct program *p, struct batch *in, int64_t now_us, struct batch **out,
                              struct error *e);

/* Event time has come this far: what CURRENT_WATERMARK gives from here on; INT64_MIN, as at first: NULL. */
void program_watermark(struct program *p, int64_t watermark_us);

/* Evaluate a constant to one row; for folding and for options. The result lives in arena. */
MUST_USE enum err program_constant(struct arena *a, const struct expr *x, const struct expr_session *s,
                                   const struct expr **out, struct error *e);
#endif
