/* rel.h: a query after binding: relations, each with its columns, names and types found. Expressions read the
 * columns of the relation's input (of the left, then the right one of two) by number.
 *
 *     SELECT a, UPPER(b) AS c FROM t WHERE a > 5
 *
 *     PROJECT (column 0, UPPER(column 1))  ->  FILTER (column 0 > 5)  ->  SCAN t (a, b)
 *
 * Read-only, in the statement's arena. bind.h makes them, plan.h turns them into a graph.
 */
#ifndef WEIR_SQL_REL_H
#define WEIR_SQL_REL_H
#include "expr/expr.h"
#include "sql/sql_catalog.h"

enum rel_kind {
    REL_SCAN,   /* columns of a table as they are declared, computed ones left out: the binder puts a PROJECT
                   above */
    REL_VALUES, /* rows of constant expressions */
    REL_FILTER,
    REL_PROJECT,
    REL_WATERMARK, /* the same rows, with a watermark */
    REL_UNION,     /* ALL: two or more inputs with the same types */
    REL_UNNEST,    /* the input's columns, then those of the elements of an ARRAY, MAP or MULTISET */
    REL_LIMIT,
};

struct rel {
    enum rel_kind kind;
    const struct schema *schema;
    struct ast_place place;
    int32_t input_count;
    const struct rel *const *inputs;
    int32_t time_column; /* of schema: the row's event time, which its watermark is about; -1: none */
    union {
        struct {
            const struct table_def *table;
            const char *alias;        /* as the query calls it */
            struct ast_options hints; /* OPTIONS('k' = 'v') */
            const int32_t *columns;   /* per field of schema: the number of the table's column */
        } scan;
        struct {
            int32_t row_count;
            const struct expr *const *const *rows;
        } values;
        struct {
            const struct expr *condition;
        } filter;
        struct {
            const struct expr *const *exprs; /* schema->field_count of them */
        } project;
        struct {
            const struct expr *expr; /* over schema; time_column is set */
        } watermark;
        struct {
            const struct expr *array; /* over the input */
            bool outer;               /* LEFT JOIN: rows without elements stay, with absent ones */
            bool ordinality;
        } unnest;
        struct {
            int64_t count; /* -1: all */
            int64_t offset;
        } limit;
    };
};
#endif
