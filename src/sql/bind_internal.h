/* bind_internal.h: what the parts of the binder share: bind_expr.c (values), bind_json.c (the clauses of JSON
 * functions), bind_query.c (SELECT), bind_table.c (FROM), bind_table_function.c (TABLE(...)), bind_insert.c.
 */
#ifndef WEIR_SQL_BIND_INTERNAL_H
#define WEIR_SQL_BIND_INTERNAL_H
#include "base/map.h"
#include "sql/bind.h"
#include "expr/program.h"
#include "sql/user_function.h"

#define VIEW_DEPTH_MAX 32

/* A WITH query: bound anew wherever it is used. */
struct with_entry {
    const struct ast_with *with;
    const struct with_entry *next; /* those that its own query may use */
};

struct binder {
    struct session *session;
    struct arena *arena;
    const struct sql_source *source;
    struct sql_error *error;
    const struct with_entry *with;
    int view_depth;
};

/* The columns that a name can mean: those of the tables in FROM, one behind the other. */
struct scope_column {
    const char *table; /* as the query calls its table; NULL: it has no name */
    const char *name;
    const struct type *type;
};
struct scope {
    int32_t count;
    const struct scope_column *columns;
    bool aggregates_allowed;
};

MUST_USE enum err bind_fail(struct binder *b, enum err code, struct ast_place place, const char *fmt, ...)
    PRINTF(4, 5);
/* What is in the dialect, but not in this version. */
MUST_USE enum err bind_unsupported(struct binder *b, struct ast_place place, const char *what);
MUST_USE enum err bind_memory(struct binder *b, struct ast_place place);
/* Turn a failed expr_* call into an error at place. */
MUST_USE enum err bind_failed(struct binder *b, enum err rc, struct ast_place place, const struct error *e);

static inline struct place bind_place(struct ast_place p)
{
    return (struct place){p.line, p.column};
}

MUST_USE enum err bind_expr(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                            const struct expr **out);
/* A type as a statement has it, for the plan, which outlives the statement. */
MUST_USE enum err bind_type(struct binder *b, const struct type *written, struct ast_place place,
                            const struct type **out);
/* A condition: BOOLEAN. clause is "WHERE", "ON". */
MUST_USE enum err bind_condition(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                                 const char *clause, const struct expr **out);
/* JSON_VALUE and its like: args are the operands, with room for the clauses behind them. */
MUST_USE enum err bind_json(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                            const struct expr **args, const struct expr **out);
/* A call of a function of the user's. */
MUST_USE enum err bind_user_call(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                                 const struct user_function *u, const struct expr **out);
MUST_USE enum err bind_literal(struct binder *b, const struct ast_expr *x, const struct expr **out);

MUST_USE enum err bind_any_query(struct binder *b, const struct ast_query *q, const struct rel **out);
MUST_USE enum err bind_from(struct binder *b, const struct ast_table *t, const struct rel **out,
                            struct scope *scope);

/* TABLE(f(...)) behind the tables of input (NULL: none): of the user's, or TUMBLE, HOP, CUMULATE. */
MUST_USE enum err bind_table_function(struct binder *b, const struct ast_table *t, bool outer,
                                      const struct rel *input, const struct rel **out, struct scope *scope);
/* UNNEST and table functions of the user's with no table before them. */
MUST_USE enum err bind_alone(struct binder *b, const struct ast_table *t, const struct rel **out,
                             struct scope *scope);
/* The input's columns, then those of array's elements; scope is the input's, and then the whole's. */
MUST_USE enum err bind_elements(struct binder *b, const struct ast_table *t, const struct expr *array,
                                bool outer, const struct rel *input, const struct rel **out,
                                struct scope *scope);
MUST_USE enum err bind_rename_columns(struct binder *b, const struct ast_table *t, int32_t first,
                                      struct scope *scope);
MUST_USE enum err bind_scope_of(struct binder *b, const struct schema *schema, const char *table,
                                struct ast_place place, struct scope *out);
/* One row without columns worth a name, for SELECT without FROM; NULL: no memory. */
const struct rel *bind_one_row(struct binder *b, struct ast_place place);

/* Relations; NULL when there is no memory. */
struct rel *bind_rel(struct binder *b, enum rel_kind kind, const struct schema *schema,
                     struct ast_place place, const struct rel *input);
/* One row of one column, for what has no FROM. */
const struct rel *bind_one_row(struct binder *b, struct ast_place place);
const struct rel *bind_project(struct binder *b, const struct rel *input, const struct expr *const *exprs,
                               const char *const *names, int32_t count, struct ast_place place);
#endif
