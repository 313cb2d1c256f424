/* program_internal.h: how a program is kept and run (program.c makes it, program_run.c runs it).
 *
 * A step is one expression, an argument comes before what takes it. A frame is a set of rows over which steps
 * are evaluated: the live rows of the batch, those of them that pass the condition, those for which a branch
 * of CASE is wanted. Each frame remembers the steps evaluated over it; a step that a frame further out has is
 * gathered from there.
 *
 *     live rows (root) --- rows that pass --- rows of WHEN x <> 0
 *     scalars: one row, for what is the same in every row
 *
 * Invariants
 *   1. A value is at column, mask; mask 0 for scalars, else -1.
 *   2. A step that escapes has all its memory in the batch that comes out; that of others is scratch memory,
 *      reused from batch to batch, or the scratch batch, dropped after each.
 */
#ifndef WEIR_EXPR_PROGRAM_INTERNAL_H
#define WEIR_EXPR_PROGRAM_INTERNAL_H
#include "batch/builder.h"
#include "expr/program.h"

struct run;
struct frame;

/* Evaluates a lazy form (FN_LAZY) over a frame. */
typedef enum err (*program_form)(struct run *r, struct frame *f, int32_t step, struct arg *out,
                                 struct error *e);

struct step {
    const struct expr *expr;
    const int32_t *args; /* steps; as many as the expression's */
    program_form form;   /* NULL: a kernel, or no call */
    bool scalar;         /* the same in every row */
    bool guarded;        /* it or what it needs can fail or is dear: only for the rows that need it */
    bool escapes;
    bool shares;            /* its value is a part of its argument's, not a copy */
    bool opened;            /* self is set: to be closed */
    void *self;             /* the variant's */
    struct builder *rows;   /* owned; for variants that build, and forms of nested types */
    struct schema building; /* of rows: one field */
    struct field built;
};

/* Memory that is handed out piece by piece and taken back as a whole; the blocks are kept. */
struct scratch {
    struct scratch_block *blocks; /* owned, newest first */
    struct budget *budget;
    size_t wanted; /* bytes handed out since the last reset */
};
void *scratch_alloc(struct scratch *s, size_t byte_count); /* 64-byte aligned, not zeroed; NULL: none */
void scratch_reset(struct scratch *s);
void scratch_fini(struct scratch *s);

struct program {
    const struct program_spec *spec; /* a copy in arena */
    struct arena arena;
    struct budget *budget;
    struct step *steps;
    int32_t step_count, step_capacity;
    int32_t *results;        /* steps */
    int32_t condition;       /* step, -1: none */
    bool only_passes;        /* all results are columns of the input */
    bool scratch_texts;      /* there are steps that do not escape and may want batch memory */
    struct batch *constants; /* owned: memory of what was folded and of literals' copies */
    struct arg *folded;      /* for each step; column NULL when it is not known beforehand */
    struct scratch scratch;
    int64_t watermark_us;
};

struct frame {
    struct frame *parent;      /* NULL: the live rows, or the scalars */
    const int32_t *rows;       /* of the parent; NULL for a root */
    const int32_t *input_rows; /* of the batch; NULL: all of them in order */
    int32_t row_count;
    struct arg *values; /* for each step; column NULL: not evaluated here */
};

/* Texts of one owner: the chunk from which the next are cut. */
struct text_chunk {
    char *next;
    size_t left;
    char *begin; /* of the chunk */
};

struct run {
    struct program *p;
    struct batch *in;   /* NULL while folding */
    struct batch *out;  /* memory of what escapes */
    struct batch *rest; /* memory of what does not; NULL when nothing wants it */
    bool folding;       /* everything escapes, into out */
    struct text_chunk out_text, rest_text;
    struct frame scalars;
    int64_t now_us;
};

/* One kernel being run: what call_text and its like find behind the call. */
struct program_call {
    struct call call;
    struct run *run;
    bool escapes;
    bool in_scratch; /* out's own memory is scratch memory */
};

/* The value of a step over a frame. */
MUST_USE enum err program_eval(struct run *r, struct frame *f, int32_t step, struct arg *out,
                               struct error *e);

/* Memory for the results of a step, and a column of its type with values (zeroed for views), no validity. */
void *program_alloc(struct run *r, const struct step *s, size_t byte_count);
struct column *program_column(struct run *r, const struct step *s, int32_t row_count);

/* Only the headers, of nested types too; no rows. */
struct column *program_header(struct run *r, const struct step *s, const struct type *type);

/* Rows of a column of the step's type; -1: absent. */
MUST_USE enum err program_gather(struct run *r, const struct step *s, const struct column *from,
                                 const int32_t *rows, int32_t count, struct arg *out, struct error *e);
/* What the step's builder made, row_count rows, as its value. */
MUST_USE enum err program_take_built(struct run *r, const struct step *s, int32_t row_count,
                                     struct column *out, struct error *e);

/* A frame of some rows of another; rows (of f) must live as long. */
MUST_USE enum err program_frame(struct run *r, struct frame *f, const int32_t *rows, int32_t count,
                                struct frame *out, struct error *e);

/* program_lazy.c; NULL: there is none. *shares: see struct step. */
program_form program_form_find(const struct function *f, bool *shares);
enum err program_no_memory(struct error *e);
#endif
