/* expr.h: a typed expression over the columns of a batch: what SQL's expressions become.
 *
 *     a > 5 AND UPPER(b) = 'X'      call AND -- call > -- column 0
 *                                       \          \-- literal 5
 *                                        \- call = -- call UPPER -- column 1
 *                                                \-- literal 'X'
 *
 * Trees live in an arena, are read-only once made, and are well typed: expr_call finds the function's variant
 * for the arguments' types, wraps arguments in the implicit casts that Flink would add, and knows the
 * result's type and nullability. Messages of failed calls say what is wrong and what to write instead,
 * without a place: the binder knows it. program.h evaluates trees, a batch at a time.
 */
#ifndef WEIR_EXPR_EXPR_H
#define WEIR_EXPR_EXPR_H
#include "batch/batch.h"

struct function;
struct variant;

struct place { /* in the text of a statement, from 1; line 0: unknown */
    int32_t line, column;
};

enum expr_kind { EXPR_COLUMN, EXPR_LITERAL, EXPR_CALL };

struct expr {
    enum expr_kind kind;
    const struct type *type;
    struct place place;              /* for failures while the job runs */
    int32_t column;                  /* COLUMN: its number in the batch */
    const struct column *literal;    /* LITERAL: one row */
    const struct function *function; /* CALL */
    const struct variant *variant; /* CALL: how it is evaluated for these types; NULL: an aggregate or a form
                                      that program.c knows */
    int32_t arg_count;
    const struct expr *const *args;
};

/* All makers return NULL when there is no memory (arena->failed). */
const struct expr *expr_column(struct arena *a, int32_t column, const struct type *type);
const struct expr *expr_literal(struct arena *a, const struct type *type,
                                const struct column *one_row); /* deep copy */
const struct expr *expr_null(struct arena *a,
                             const struct type *type); /* type NULL: a bare NULL, FORM_NULL */
const struct expr *expr_bool(struct arena *a, bool v); /* NOT NULL types */
const struct expr *expr_int(struct arena *a, enum type_kind kind,
                            int64_t v); /* INT8..INT64, DATE, TIME, intervals */
const struct expr *expr_double(struct arena *a, double v);
const struct expr *expr_decimal(struct arena *a, __int128 unscaled, int32_t precision, int32_t scale);
const struct expr *expr_char(struct arena *a,
                             struct slice text); /* CHAR(n) NOT NULL, as a literal is in Flink */
const struct expr *expr_at(struct arena *a, const struct expr *x,
                           struct place place); /* the same with a place */

/* Call a function by name, in any case ("SUBSTRING", "+", "IS NULL", "CASE", "AND"; function.h lists them).
 * ERR_NOT_FOUND: no such function (with the nearest name); ERR_INPUT: these arguments do not fit (with the
 * signatures that would). */
MUST_USE enum err expr_call(struct arena *a, const char *name, const struct expr *const *args, int32_t count,
                            struct place place, const struct expr **out, struct error *e);

/* The same of a function that is at hand: one that is not in the table. f must live as long as the tree. */
MUST_USE enum err expr_call_function(struct arena *a, const struct function *f,
                                     const struct expr *const *args, int32_t count, struct place place,
                                     const struct expr **out, struct error *e);

/* CAST and TRY_CAST. ERR_INPUT: no such cast. A cast to the type that is there is the expression itself. */
MUST_USE enum err expr_cast(struct arena *a, const struct expr *x, const struct type *type, bool try_cast,
                            struct place place, const struct expr **out, struct error *e);

/* The cast that happens without being asked for (INSERT into a column, arguments, UNION): ERR_INPUT when
 * Flink would not either. */
MUST_USE enum err expr_implicit_cast(struct arena *a, const struct expr *x, const struct type *type,
                                     struct place place, const struct expr **out, struct error *e);

/* The type that both can become without being asked (CASE, UNION, IN, COALESCE); NULL when there is none. */
const struct type *expr_common_type(struct arena *a, const struct type *x, const struct type *y);

/* The same tree with other column numbers: numbers[old] is the new one. */
const struct expr *expr_renumber(struct arena *a, const struct expr *x, const int32_t *numbers);
/* used[i] is set for every column that x reads. */
void expr_mark_columns(const struct expr *x, bool *used);
bool expr_is_constant(const struct expr *x); /* no columns, and the same each time it is evaluated */
bool expr_equal(const struct expr *x, const struct expr *y);

/* As EXPLAIN shows it, with the columns' names: `(a > 5) AND (UPPER(b) = 'X')`. */
void expr_print(const struct expr *x, const struct schema *names, struct bytes *out);
#endif
