/* function.h: the one table of scalar and aggregate functions: what each is called, takes, gives and does.
 * The binder looks names up here, program.c runs the kernels, SHOW FUNCTIONS and docs/functions.md are
 * printed from it.
 *
 * Functions of one kind lie in one file (functions_string.c, ...), which exports a list ended by a NULL name;
 * function.c joins the lists.
 *
 * A function has variants: one for each combination of types that it is evaluated differently for. A variant
 * is chosen by `resolve`, which sees the arguments, says what type each shall be cast to and what type comes
 * out.
 */
#ifndef WEIR_EXPR_FUNCTION_H
#define WEIR_EXPR_FUNCTION_H
#include "expr/expr.h"

enum function_group { /* chapters of docs/functions.md */
                      GROUP_COMPARISON,
                      GROUP_LOGIC,
                      GROUP_ARITHMETIC,
                      GROUP_STRING,
                      GROUP_TEMPORAL,
                      GROUP_CONDITIONAL,
                      GROUP_CONVERSION,
                      GROUP_COLLECTION,
                      GROUP_JSON,
                      GROUP_HASH,
                      GROUP_AGGREGATE,
                      GROUP_WINDOW
};

enum function_flag {
    FN_STRICT = 1, /* the result is NULL when an argument is: the kernel finds out->validity set so, and need
                    * not look at rows that it clears (their values may be anything) */
    FN_FAILS =
        2, /* can fail on a value: evaluated for the rows that need it and no others (CASE, AND, COALESCE) */
    FN_VOLATILE = 4,   /* another value each time (RAND, UUID): never folded, never shared */
    FN_DYNAMIC = 8,    /* depends on when it is evaluated (CURRENT_TIMESTAMP): not folded by the planner */
    FN_LAZY = 16,      /* a form that program.c evaluates: AND, OR, CASE, COALESCE, IF */
    FN_AGGREGATE = 32, /* not evaluated row by row: for the binder, and operators to come */
    FN_HIDDEN = 64,    /* operators and internal ones: not in SHOW FUNCTIONS */
    FN_BARE = 128,     /* may be written without parentheses: CURRENT_DATE */
    FN_COSTLY = 256    /* worth skipping for rows that do not need it (regular expressions, JSON) */
};

/* What a statement's session sets. Read-only while a job runs. */
struct expr_session {
    const struct zone *zone; /* table.local-time-zone; base/zone.h */
    bool legacy_cast;        /* table.exec.legacy-cast-behaviour */
    int64_t query_start_us;  /* wall clock at which the statement began: CURRENT_TIMESTAMP in batch */
};

/* One argument of a kernel: row i's value is at i & mask (0 for what is the same in every row). */
struct arg {
    const struct column *column;
    int32_t mask;
};
static inline bool arg_valid(const struct arg *a, int32_t row)
{
    return column_valid(a->column, row & a->mask);
}
static inline struct slice arg_slice(const struct arg *a, int32_t row)
{
    return column_slice(a->column, row & a->mask);
}
static inline int64_t arg_i64(const struct arg *a, int32_t row)
{
    return a->column->i64[row & a->mask];
}

/* One evaluation over rows 0..row_count. */
struct call {
    int32_t row_count;
    int32_t arg_count;
    const struct arg *args;
    const struct expr *expr;     /* the call itself: argument types, place */
    struct column *out;          /* type set, values allocated; FN_STRICT: validity set */
    struct column_builder *rows; /* variant->builds: append one value a row here instead of filling out */
    struct batch *owner; /* memory of the results: long text by call_text, else batch_alloc; results may also
                          * be views into the arguments' bytes, which stay alive as long */
    void *self;          /* what open made */
    const struct expr_session *session;
    int64_t now_us;       /* wall clock of this batch */
    int64_t watermark_us; /* what was told last by program_watermark; INT64_MIN: nothing yet */
};

/* No argument is NULL in this row: for kernels that are not FN_STRICT. */
static inline bool call_all_valid(const struct call *c, int32_t row)
{
    for (int32_t i = 0; i < c->arg_count; i++)
        if (!arg_valid(&c->args[i], row))
            return false;
    return true;
}

/* Room for a text of len bytes that lives as long as the result; NULL: no memory, return error_memory. */
char *call_text(struct call *c, size_t len);
/* Set row's value to a text (copied when it is not in the arguments or from call_text); false: no memory. */
bool call_put(struct call *c, int32_t row, struct slice text);
/* Row has no value. False: no memory. */
bool call_null(struct call *c, int32_t row);
/* Say that a value cannot be handled, with the place: `line 3, column 8: <text>`; returns ERR_INPUT. */
enum err call_fail(struct call *c, struct error *e, const char *fmt, ...) PRINTF(3, 4);

struct variant {
    enum err (*kernel)(struct call *c, struct error *e);
    /* What a kernel keeps from batch to batch, one a task: a compiled pattern, a cache. Both may be NULL. */
    enum err (*open)(const struct expr *call, const struct expr_session *s, void **self, struct error *e);
    void (*close)(void *self);
    bool builds; /* results are appended to call->rows: ARRAY, MAP, ROW */
};

/* A call being typed. resolve fills in want (NULL: as it is), result and variant. */
struct resolution {
    struct arena *arena;
    const struct function *function;
    int32_t arg_count;
    const struct expr *const *args;
    const struct type **want;
    const struct type *result; /* for FN_STRICT nullability is added from the arguments */
    const struct variant *variant;
};

struct function {
    const char *name; /* upper case: "SUBSTRING"; aliases are entries of their own */
    enum function_group group;
    const char
        *usage;      /* "SUBSTRING(string, start [, length]) or SUBSTRING(string FROM start [FOR length])" */
    const char *doc; /* a sentence */
    int16_t least, most; /* arguments; most -1: any number */
    uint16_t flags;
    /* ERR_INPUT without a text: "does not take these": the caller lists the usage. With one: that. */
    enum err (*resolve)(struct resolution *r, struct error *e);
    /* For simple cases instead of resolve: types by letter, one variant: see function.c. NULL: use resolve.
     */
    const char *signature;
    const struct variant *simple;
};

/* Any case. NULL when there is none. */
const struct function *function_find(const char *name);
/* Step through all, in the order of the reference: start with *at = 0; NULL at the end. */
const struct function *function_next(size_t *at);
const char *function_nearest(const char *name); /* NULL when none is near */
const char *function_group_title(enum function_group g);
/* All as a Markdown page, docs/functions.md; function_doc.c. */
void function_write_doc(struct bytes *out);
#endif
