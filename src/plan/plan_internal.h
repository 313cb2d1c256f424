/* plan_internal.h: what the parts of the planner share: plan.c (a statement), plan_rel.c (relations), plan_source.c
 * (tables that are read), plan_sink.c (tables that are written).
 *
 * Planning goes over the relations twice: first to see which columns of each table somebody needs (INSERTs of one
 * statement set share a table's source), then to make vertices.
 */
#ifndef WEIR_PLAN_PLAN_INTERNAL_H
#define WEIR_PLAN_PLAN_INTERNAL_H
#include "connectors/connector.h"
#include "plan/plan.h"
#include "plan/rewrite.h"

/* Rows as they leave one or several vertices (UNION ALL). */
struct stage {
    int32_t count;
    int32_t *vertices;
    int32_t port; /* at which they emit: 0, but for dead letters */
    const struct schema *schema;
    enum connector_changes changes;
    int32_t key_count; /* CHANGES_UPSERT: by these columns of schema, -1: no more among them */
    const int32_t *keys;
    int32_t parallelism;
    bool bounded;
};

/* A table that is read, once for all who read it with the same options. */
struct source {
    struct source *next;
    const struct table_def *table;
    struct ast_options hints;
    bool *needed;     /* per column of the table */
    int32_t *numbers; /* per column of the table: its number in stage.schema, -1 when it is not read */
    bool planned;
    const struct expr
        *filter;  /* over the table's columns: what all who read it ask of a row; NULL: nothing */
    bool is_read; /* by one at least: filter counts */
    struct stage stage;
};

/* What a connector holds outside the arena, let go with the plan. */
struct plan_release {
    struct plan_release *next;
    void (*release)(const void *spec);
    const void *spec;
    struct map options; /* owned; texts in the arena */
};

struct planner {
    struct session *session;
    const struct sql_source *source;
    struct sql_error *error;
    struct plan *plan;
    struct arena *arena; /* the graph's */
    const struct expr_session *expr_session;
    struct source *sources;
    bool dry;                     /* the first time over: no vertices */
    const struct expr *condition; /* on the rows of the scan that is planned next; NULL: none */
    int32_t parallelism, numbered;
};

MUST_USE enum err plan_fail(struct planner *p, enum err code, struct ast_place place, const char *fmt, ...)
    PRINTF(4, 5);
MUST_USE enum err plan_memory(struct planner *p, struct ast_place place);

/* Plan r: at least the needed columns of its schema; numbers[i] is where column i is in the stage, -1: nowhere. */
MUST_USE enum err plan_rel(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                           struct stage *out);
/* Refuse what needs, of a stream by key, the row that a key had before. */
MUST_USE enum err plan_refuse_upsert(struct planner *p, const struct stage *s, const char *what,
                                     struct ast_place place);
/* A vertex behind a stage; in place. parallelism 0: the stage's. */
MUST_USE enum err plan_vertex(struct planner *p, struct stage *s, struct vertex *v, struct ast_place place);
/* Expressions over a stage as its new columns; nothing is added when they are its columns as they are. */
MUST_USE enum err plan_calc(struct planner *p, struct stage *s, const struct expr *condition,
                            const struct expr *const *exprs, const struct schema *schema,
                            struct ast_place place);

MUST_USE enum err plan_scan(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                            struct stage *out);
MUST_USE enum err plan_values(struct planner *p, const struct rel *r, struct stage *out);
MUST_USE enum err plan_sink(struct planner *p, const struct bound_insert *insert, struct stage *s);
/* Write what a source cannot read to the table that its options name. */
MUST_USE enum err plan_letters(struct planner *p, const struct source *source,
                               const struct connector_plan *plan, const struct map *options,
                               struct ast_place place);
MUST_USE enum err plan_collect(struct planner *p, struct collect *collect, struct stage *s);

/* The options of a table with those of a hint, kept until the plan is freed, and what connector it is. Options of the
 * planner's own are left out. */
MUST_USE enum err plan_options(struct planner *p, const struct table_def *table,
                               const struct ast_options *hints, struct ast_place place,
                               struct plan_release **kept, const struct connector **connector);
/* How a scan is to be done, as the hint says, else the table; NULL: neither. */
#define PLAN_IDLE_TIMEOUT "scan.watermark.idle-timeout"
const char *plan_scan_option(const struct rel *scan, const char *key);
/* A table's declared physical columns, its keys and partition columns, as connectors want to know them. */
const struct connector_table *plan_table(struct planner *p, const struct table_def *table);
#endif
