/* ast.h: a SQL statement as a tree, as the parser reads it and the binder takes it.
 *
 *   struct ast_statement   what is to be done: a kind and the part of its union that the kind names
 *   struct ast_query       SELECT, VALUES, TABLE t, UNION ...; with WITH, ORDER BY, LIMIT
 *   struct ast_table       what stands in FROM: a name, a subquery, a join, a table function, MATCH_RECOGNIZE
 *   struct ast_expr        a value: literal, column, call, subquery ...
 *
 * 1. All nodes of a statement live in one arena and are read-only once parsed.
 * 2. Every node has its place in the source, by which the text of a node can be cut out (ast_text).
 * 3. Names are as written (their case counts in Flink), without back-ticks, and never empty.
 * 4. Lists are a count and an array of pointers or structs; an absent part is NULL or 0.
 * 5. No tree is higher than AST_HEIGHT_MAX, so recursion over it is safe.
 */
#ifndef WEIR_SQL_AST_H
#define WEIR_SQL_AST_H
#include "base/arena.h"
#include "batch/type.h"

#define AST_HEIGHT_MAX 500 /* of nested expressions, queries and joins together */

struct ast_query;
struct ast_table;
struct ast_statement;

/* Where a node stands in its source. */
struct ast_place {
    int32_t line, column; /* from 1, the column in code points; line 0: nowhere */
    uint32_t begin, end;  /* bytes of the source */
};

/* A piece of text with its place: a string literal's value, or a single name. */
struct ast_word {
    const char *text; /* terminated; no NUL within */
    struct ast_place place;
};

/* a.b.c */
struct ast_name {
    int32_t count; /* 1 or more */
    const struct ast_word *parts;
    struct ast_place place;
};

struct ast_words {
    int32_t count;
    const struct ast_word *items;
};

struct ast_exprs {
    int32_t count;
    const struct ast_expr *const *items;
};

/* 'key' = 'value', in WITH (...), SET (...) and hints. In PARTITION (k = v) key is a column's name. */
struct ast_option {
    struct ast_word key, value;
};
struct ast_options {
    int32_t count;
    const struct ast_option *items;
};

/* One of a hint list: OPTIONS('k' = 'v'), BROADCAST(a, b), STATE_TTL('a' = '1d'). */
struct ast_hint {
    struct ast_word name; /* as written; compare in any case */
    struct ast_options options;
    struct ast_words words; /* when the arguments are names or texts without `=` */
};
struct ast_hints {
    int32_t count;
    const struct ast_hint *items;
};

/* --- expressions --- */

enum ast_expr_kind {
    AST_LITERAL,
    AST_COLUMN,    /* a, t.a, c.d.t.a.field: which part is what is for the binder to find out */
    AST_STAR,      /* *, t.* */
    AST_CALL,      /* functions, operators and special forms, by canonical name: see below */
    AST_CAST,      /* CAST(x AS t), TRY_CAST(x AS t) */
    AST_FIELD,     /* x.name where x is no column: f(a).name, a[1].name */
    AST_UNIT,      /* DAY in EXTRACT(DAY FROM x) */
    AST_FLAG,      /* BOTH in TRIM(BOTH ...) */
    AST_SUBQUERY,  /* (SELECT ...): a value, or the last operand of IN, EXISTS, "= SOME" ... */
    AST_NAMED,     /* name => x, an argument */
    AST_DEFAULT,   /* DEFAULT, an argument */
    AST_TABLE_ARG, /* TABLE t [PARTITION BY ...] [ORDER BY ...] or a query, an argument of a table function */
};

enum ast_literal_kind {
    AST_NULL,
    AST_BOOLEAN,   /* value 0 or 1 */
    AST_UNKNOWN,   /* UNKNOWN: a BOOLEAN NULL */
    AST_INTEGER,   /* text: digits; value when they fit 64 bits, else `large` */
    AST_DECIMAL,   /* text: digits with one point: 1.50, .5, 1. */
    AST_DOUBLE,    /* text: with an exponent: 1e3 */
    AST_CHAR,      /* text: 'it''s' is it's; UTF-8 */
    AST_BYTES,     /* text: the bytes of X'0aff' (may hold NUL) */
    AST_DATE,      /* value: days since 1970-01-01 */
    AST_TIME,      /* value: microseconds of the day, nanos, precision */
    AST_TIMESTAMP, /* value: microseconds since 1970-01-01T00:00:00, nanos, precision */
    AST_INTERVAL,  /* value: months (unit YEAR or MONTH) or milliseconds, already with its sign */
};

enum ast_unit {
    AST_NO_UNIT,
    AST_NANOSECOND,
    AST_MICROSECOND,
    AST_MILLISECOND,
    AST_SECOND,
    AST_MINUTE,
    AST_HOUR,
    AST_DAY,
    AST_WEEK,
    AST_MONTH,
    AST_QUARTER,
    AST_YEAR,
    AST_DECADE,
    AST_CENTURY,
    AST_MILLENNIUM,
    AST_DOW, /* EXTRACT only, from here on */
    AST_ISODOW,
    AST_DOY,
    AST_ISOYEAR,
    AST_EPOCH,
};

struct ast_literal {
    enum ast_literal_kind kind;
    struct slice text; /* for DATE .. INTERVAL what stood between the quotes */
    int64_t value;
    bool large;            /* INTEGER: does not fit 64 bits, only text counts */
    int32_t nanos;         /* TIME, TIMESTAMP: 0..999, to add to the microseconds */
    int32_t precision;     /* TIME, TIMESTAMP: digits of the fraction, 0..9 */
    enum ast_unit unit;    /* INTERVAL '1-2' YEAR TO MONTH: YEAR ... */
    enum ast_unit to_unit; /* ... and MONTH; NO_UNIT when there is one only */
    bool negative;         /* INTERVAL: a `-` stood before the text */
    int32_t digits;        /* INTERVAL: DAY(3), 0 when not given */
    int32_t fraction;      /* INTERVAL: SECOND(3), -1 when not given */
};

enum ast_order_nulls { AST_NULLS_UNSAID, AST_NULLS_FIRST, AST_NULLS_LAST };
struct ast_order {
    const struct ast_expr *expr;
    bool descending;
    enum ast_order_nulls nulls;
};
struct ast_orders {
    int32_t count;
    const struct ast_order *items;
};

enum ast_bound_kind {
    AST_UNBOUNDED_PRECEDING,
    AST_PRECEDING,
    AST_CURRENT_ROW,
    AST_FOLLOWING,
    AST_UNBOUNDED_FOLLOWING
};
struct ast_bound {
    enum ast_bound_kind kind;
    const struct ast_expr *expr; /* PRECEDING, FOLLOWING: how many rows, or an interval */
    struct ast_place place;
};

/* OVER (...), and WINDOW w AS (...). */
struct ast_window {
    struct ast_place place;
    const struct ast_word *base; /* OVER w: only this; OVER (w ORDER BY ...): a window that is extended */
    struct ast_exprs partition;
    struct ast_orders order;
    bool framed;           /* ROWS or RANGE was written */
    bool rows;             /* ROWS, else RANGE */
    struct ast_bound from; /* when framed */
    struct ast_bound to;   /* CURRENT ROW when only one bound was written */
    bool bare;             /* OVER w without parentheses */
};

/* What JSON functions say of odd cases; the value that a clause was not written is 0 throughout. */
enum ast_json_behaviour {
    AST_JSON_UNSAID,
    AST_JSON_ERROR,
    AST_JSON_NULL,
    AST_JSON_EMPTY_ARRAY,
    AST_JSON_EMPTY_OBJECT,
    AST_JSON_DEFAULT, /* with the expression */
    AST_JSON_TRUE,    /* JSON_EXISTS ... ON ERROR */
    AST_JSON_FALSE,
    AST_JSON_UNKNOWN,
};
enum ast_json_wrapper {
    AST_WRAPPER_UNSAID,
    AST_WRAPPER_NONE,
    AST_WRAPPER_CONDITIONAL,
    AST_WRAPPER_UNCONDITIONAL
};
struct ast_json {
    const struct type *returning; /* JSON_VALUE, JSON_QUERY ... RETURNING t */
    struct ast_place returning_place;
    enum ast_json_behaviour on_empty, on_error;
    const struct ast_expr *empty_default, *error_default;
    enum ast_json_wrapper wrapper; /* JSON_QUERY */
    enum {
        AST_ONNULL_UNSAID,
        AST_ONNULL_NULL,
        AST_ONNULL_ABSENT
    } on_null; /* JSON_OBJECT, JSON_ARRAY, ...AGG */
};

/* The names of calls. What is written as f(a, b) has the name f in upper case and its operands as written.
 * Forms of their own and what their operands are (x, y, ...: any expression):
 *
 *   "+" "-" with 1 or 2, "*" "/" "%" "||" "=" "<>" "<" "<=" ">" ">="      AND OR NOT
 *   "IS NULL" "IS NOT NULL" "IS TRUE" "IS NOT TRUE" "IS FALSE" "IS NOT FALSE" "IS UNKNOWN" "IS NOT UNKNOWN"
 *   "IS DISTINCT FROM" "IS NOT DISTINCT FROM"
 *   "IS JSON VALUE" (of IS JSON too) "IS JSON OBJECT" "IS JSON ARRAY" "IS JSON SCALAR": x; with NOT: a NOT
 * call "BETWEEN" "BETWEEN SYMMETRIC": x, low, high       "LIKE" "SIMILAR TO": x, pattern [, escape] "IN": x,
 * then values, or one SUBQUERY             "EXISTS" "UNIQUE": SUBQUERY (NOT BETWEEN, NOT LIKE, NOT IN ... are
 * a NOT call around these)
 *   "= SOME" "= ALL" "<> SOME" ... : x, then values or one SUBQUERY (ANY is SOME)
 *   "OVERLAPS" "CONTAINS" "EQUALS" "PRECEDES" "SUCCEEDS" "IMMEDIATELY PRECEDES" "IMMEDIATELY SUCCEEDS":
 *       ROW(a, b), ROW(c, d)
 *   "IS A SET" "IS EMPTY" "IS NOT EMPTY": x   "MEMBER OF" "SUBMULTISET OF" "MULTISET UNION" [... "ALL"]: x, y
 *   "CASE": condition, value, ..., else: always an odd number; the form CASE x WHEN y becomes x = y, with x
 *       shared by the conditions, and a list WHEN y, z becomes x IN (y, z); an absent ELSE is a NULL literal
 *   "ROW": (a, b) and ROW(a, b)     "ARRAY": ARRAY[...]      "MAP": MAP[key, value, ...]    "MULTISET"
 *   "ARRAY QUERY" "MAP QUERY" "MULTISET QUERY": SUBQUERY
 *   "ITEM": x[i]                    "DESCRIPTOR": columns
 *   "EXTRACT": UNIT, x              "FLOOR" "CEIL": x [, UNIT] (CEILING is CEIL)
 *   "TIMESTAMPADD": UNIT, n, x      "TIMESTAMPDIFF": UNIT, x, y      "INTERVAL": x, UNIT of INTERVAL x DAY
 *   "SUBSTRING": x, from [, for]    "POSITION": a, b [, from] of POSITION(a IN b)
 *   "TRIM": FLAG (BOTH, LEADING, TRAILING), characters (' ' when not written), x
 *   "OVERLAY": x, y, from [, for]   "TRANSLATE" with USING and "CONVERT" are refused
 *   "JSON_EXISTS" "JSON_VALUE" "JSON_QUERY": x, path, and `json`
 *   "JSON_OBJECT": key, value, ...  "JSON_OBJECTAGG": key, value     "JSON_ARRAY" "JSON_ARRAYAGG", and `json`
 *   "COUNT" with STAR               "FINAL" "RUNNING": x, in MATCH_RECOGNIZE
 *   "GROUPING" ..., "TUMBLE" ..., "CURRENT_DATE" ...: as functions; `bare` tells of missing parentheses
 */
struct ast_call {
    const char *name;            /* canonical: upper case */
    const struct ast_name *path; /* f, c.d.f: as written; NULL for operators and forms */
    struct ast_exprs operands;
    bool bare;     /* CURRENT_DATE, written without parentheses */
    bool distinct; /* f(DISTINCT x) */
    enum { AST_KEEP_NULLS_UNSAID, AST_IGNORE_NULLS, AST_RESPECT_NULLS } nulls;
    const struct ast_window *over;
    const struct ast_expr *filter; /* FILTER (WHERE x) */
    struct ast_orders order;       /* WITHIN GROUP (ORDER BY ...), ARRAY_AGG(x ORDER BY y) */
    const struct ast_json *json;   /* clauses of the JSON functions; NULL when there are none */
};

struct ast_expr {
    enum ast_expr_kind kind;
    int32_t height; /* 1 + that of the highest below */
    struct ast_place place;
    union {
        struct ast_literal literal;
        struct ast_name column;      /* COLUMN */
        const struct ast_name *star; /* STAR: the t of t.*, or NULL */
        struct ast_call call;
        struct {
            const struct ast_expr *expr;
            const struct type *type;
            struct ast_place type_place;
            bool try_cast;
        } cast;
        struct {
            const struct ast_expr *expr;
            struct ast_word name;
        } field;
        enum ast_unit unit;
        const char *flag; /* static, upper case */
        const struct ast_query *subquery;
        struct {
            struct ast_word name;
            const struct ast_expr *expr;
        } named;
        struct {
            const struct ast_name *table;  /* TABLE t; or */
            const struct ast_query *query; /* a query */
            struct ast_exprs partition;
            struct ast_orders order;
        } table_arg;
    };
};

/* --- queries --- */

enum ast_query_kind { AST_SELECT, AST_VALUES, AST_TABLE, AST_UNION, AST_INTERSECT, AST_EXCEPT };

struct ast_with {
    struct ast_word name;
    struct ast_words columns;
    const struct ast_query *query;
};

struct ast_item {
    const struct ast_expr *expr;
    const struct ast_word *alias; /* NULL: none */
};

enum ast_group_kind {
    AST_GROUP_EXPR,
    AST_GROUP_LIST, /* (a, b) or () within GROUPING SETS, CUBE, ROLLUP; () alone too */
    AST_GROUP_SETS,
    AST_GROUP_CUBE,
    AST_GROUP_ROLLUP
};
struct ast_group {
    enum ast_group_kind kind;
    struct ast_place place;
    const struct ast_expr *expr; /* EXPR */
    int32_t count;               /* the others */
    const struct ast_group *items;
};

struct ast_named_window {
    struct ast_word name;
    const struct ast_window *window;
};

struct ast_select {
    struct ast_hints hints;
    bool distinct;
    int32_t item_count;
    const struct ast_item *items;
    const struct ast_table *from; /* NULL: SELECT 1 */
    const struct ast_expr *where;
    bool grouped; /* GROUP BY was written (group_count may be 1 with an empty list) */
    bool group_distinct;
    int32_t group_count;
    const struct ast_group *groups;
    const struct ast_expr *having;
    int32_t window_count;
    const struct ast_named_window *windows;
};

struct ast_query {
    enum ast_query_kind kind;
    int32_t height;
    struct ast_place place; /* with the WITH, ORDER BY and LIMIT, without parentheses around it */
    bool recursive;         /* WITH RECURSIVE */
    int32_t with_count;
    const struct ast_with *with;
    union {
        struct ast_select select;
        struct { /* VALUES: each a call of ROW, also when written as VALUES 1, 2 */
            struct ast_exprs rows;
        } values;
        struct ast_name table; /* TABLE t */
        struct {               /* UNION, INTERSECT, EXCEPT */
            const struct ast_query *left, *right;
            bool all;
        } set;
    };
    struct ast_orders order;
    const struct ast_expr *limit; /* LIMIT n, FETCH FIRST n ROWS ONLY; NULL too for LIMIT ALL */
    const struct ast_expr *offset;
};

/* --- tables --- */

enum ast_table_kind {
    AST_TABLE_NAME,     /* c.d.t */
    AST_TABLE_QUERY,    /* (SELECT ...) */
    AST_TABLE_JOIN,     /* a JOIN b ON ..., a, b */
    AST_TABLE_FUNCTION, /* TABLE(f(...)): call is a CALL (TUMBLE, HOP, CUMULATE, SESSION, the user's) */
    AST_TABLE_UNNEST,   /* UNNEST(x, ...) */
    AST_TABLE_MATCH,    /* t MATCH_RECOGNIZE (...) */
};

enum ast_join_kind {
    AST_JOIN_COMMA,
    AST_JOIN_CROSS,
    AST_JOIN_INNER,
    AST_JOIN_LEFT,
    AST_JOIN_RIGHT,
    AST_JOIN_FULL
};

struct ast_join {
    enum ast_join_kind kind;
    bool natural;
    const struct ast_table *left, *right;
    const struct ast_expr *on; /* ON x; or */
    struct ast_words columns;  /* USING (a, b); or neither */
};

enum ast_pattern_kind {
    AST_PATTERN_NAME,
    AST_PATTERN_SEQUENCE, /* A B */
    AST_PATTERN_EITHER,   /* A | B */
    AST_PATTERN_REPEAT,   /* A*, A+, A?, A{2}, A{2,}, A{2,3}, A{,3}; reluctant with ? behind it */
    AST_PATTERN_EXCLUDE,  /* {- A -} */
    AST_PATTERN_PERMUTE
};
struct ast_pattern {
    enum ast_pattern_kind kind;
    int32_t height;
    struct ast_place place;
    struct ast_word name; /* NAME */
    int32_t least, most;  /* REPEAT; most -1: no end */
    bool reluctant;       /* REPEAT */
    int32_t count;        /* below: REPEAT and EXCLUDE have one */
    const struct ast_pattern *const *items;
};

enum ast_skip { AST_SKIP_UNSAID, AST_SKIP_NEXT_ROW, AST_SKIP_PAST_LAST_ROW, AST_SKIP_FIRST, AST_SKIP_LAST };
struct ast_subset {
    struct ast_word name;
    struct ast_words members;
};

struct ast_match {
    const struct ast_table *table;
    struct ast_exprs partition;
    struct ast_orders order;
    int32_t measure_count;
    const struct ast_item *measures; /* alias is always set */
    enum { AST_ROWS_UNSAID, AST_ONE_ROW, AST_ALL_ROWS } rows_per_match;
    enum ast_skip skip;
    struct ast_word skip_to; /* FIRST, LAST: which variable */
    bool at_start, at_end;   /* ^ and $ */
    const struct ast_pattern *pattern;
    const struct ast_expr *within; /* an interval */
    int32_t subset_count;
    const struct ast_subset *subsets;
    int32_t define_count;
    const struct ast_item *defines; /* alias is the variable */
};

struct ast_table {
    enum ast_table_kind kind;
    int32_t height;
    struct ast_place place; /* with alias */
    bool lateral;
    bool ordinality; /* UNNEST ... WITH ORDINALITY */
    union {
        struct ast_name name;
        const struct ast_query *query;
        struct ast_join join;
        const struct ast_expr *call;
        struct ast_exprs arrays; /* UNNEST */
        struct ast_match match;
    };
    struct ast_hints hints;       /* NAME only */
    const struct ast_expr *as_of; /* FOR SYSTEM_TIME AS OF x */
    const struct ast_word *alias; /* NULL: none */
    struct ast_words columns;     /* AS t (a, b) */
};

/* --- statements --- */

/* k = v in PARTITION (...), and SET k = v of UPDATE. */
struct ast_assign {
    struct ast_name name;
    const struct ast_expr *value; /* NULL: PARTITION (k) without a value */
};
struct ast_assigns {
    int32_t count;
    const struct ast_assign *items;
};

struct ast_insert {
    struct ast_name table;
    struct ast_hints hints;
    bool overwrite;
    struct ast_assigns partition;
    struct ast_words columns; /* none: all */
    const struct ast_query *query;
};

struct ast_update {
    struct ast_name table;
    const struct ast_word *alias;
    struct ast_assigns assigns;
    const struct ast_expr *where;
};

struct ast_delete {
    struct ast_name table;
    const struct ast_word *alias;
    const struct ast_expr *where;
};

/* EXECUTE STATEMENT SET BEGIN insert; ... END, and what EXPLAIN and COMPILE PLAN say STATEMENT SET to. */
struct ast_set {
    int32_t count;
    const struct ast_statement *const *inserts;
};

enum ast_explain_detail { /* bits */
                          AST_ESTIMATED_COST = 1,
                          AST_CHANGELOG_MODE = 2,
                          AST_JSON_EXECUTION_PLAN = 4,
                          AST_PLAN_ADVICE = 8
};
struct ast_explain {
    uint32_t details;
    const struct ast_statement *statement; /* QUERY, INSERT, STATEMENT_SET, ... */
};

struct ast_plan {
    struct ast_word path;
    bool if_not_exists;
    bool execute;                          /* COMPILE AND EXECUTE PLAN; EXECUTE PLAN */
    const struct ast_statement *statement; /* COMPILE: INSERT or STATEMENT_SET */
};

enum ast_column_kind { AST_PHYSICAL, AST_COMPUTED, AST_METADATA };
enum ast_enforced { AST_ENFORCED_UNSAID, AST_ENFORCED, AST_NOT_ENFORCED };

struct ast_constraint {
    bool unique; /* else PRIMARY KEY */
    const struct ast_word *name;
    struct ast_words columns;
    enum ast_enforced enforced;
    struct ast_place place;
};

struct ast_column {
    enum ast_column_kind kind;
    struct ast_word name;
    const struct type *type; /* PHYSICAL, METADATA */
    struct ast_place type_place;
    const struct ast_expr *expr;             /* COMPUTED */
    const struct ast_word *metadata_key;     /* METADATA FROM 'key'; NULL: its name is the key */
    bool is_virtual;                         /* METADATA VIRTUAL */
    const struct ast_constraint *constraint; /* a INT PRIMARY KEY NOT ENFORCED */
    const struct ast_word *comment;
    bool first;                   /* ALTER TABLE ... FIRST */
    const struct ast_word *after; /* ALTER TABLE ... AFTER a */
    struct ast_place place;
};

struct ast_watermark {
    struct ast_name column;
    const struct ast_expr *expr;
    struct ast_place place;
};

struct ast_distribution {
    enum { AST_DISTRIBUTION_UNSAID, AST_DISTRIBUTION_HASH, AST_DISTRIBUTION_RANGE } kind;
    struct ast_words columns;
    const struct ast_expr *buckets; /* a number, or NULL */
    struct ast_place place;
};

/* What stands between the parentheses of CREATE TABLE, and after ALTER TABLE ... ADD and MODIFY. */
struct ast_schema {
    int32_t column_count;
    const struct ast_column *columns;
    int32_t constraint_count; /* of the table: those of a column are at the column */
    const struct ast_constraint *constraints;
    const struct ast_watermark *watermark;
    struct ast_place place;
};

enum ast_like_rule { AST_INCLUDING, AST_EXCLUDING, AST_OVERWRITING };
enum ast_like_part {
    AST_LIKE_ALL,
    AST_LIKE_CONSTRAINTS,
    AST_LIKE_DISTRIBUTION,
    AST_LIKE_GENERATED,
    AST_LIKE_METADATA,
    AST_LIKE_OPTIONS,
    AST_LIKE_PARTITIONS,
    AST_LIKE_WATERMARKS
};
struct ast_like_option {
    enum ast_like_rule rule;
    enum ast_like_part part;
    struct ast_place place;
};
struct ast_like {
    struct ast_name table;
    int32_t option_count;
    const struct ast_like_option *options;
    struct ast_place place;
};

enum ast_refresh { AST_REFRESH_UNSAID, AST_REFRESH_CONTINUOUS, AST_REFRESH_FULL };

struct ast_create_table {
    struct ast_name name;
    bool temporary, if_not_exists, or_replace;
    bool has_schema; /* ( ... ) was written */
    struct ast_schema schema;
    const struct ast_word *comment;
    const struct ast_distribution *distribution;
    struct ast_words partitioned_by;
    bool has_options; /* WITH (...) was written */
    struct ast_options options;
    const struct ast_like *like;
    const struct ast_query *query;    /* AS ... */
    const struct ast_expr *freshness; /* MATERIALIZED: an interval */
    enum ast_refresh refresh;         /* MATERIALIZED */
};

struct ast_view {
    struct ast_name name;
    bool temporary, if_exists, if_not_exists;
    struct ast_words columns;
    const struct ast_word *comment;
    const struct ast_query *query;
    const struct ast_name *new_name; /* ALTER VIEW ... RENAME TO */
};

struct ast_create_object { /* a catalog, a database */
    struct ast_name name;
    bool if_not_exists;
    const struct ast_word *comment;
    bool has_options;
    struct ast_options options;
};

struct ast_function {
    struct ast_name name;
    bool temporary, system, if_exists, if_not_exists;
    struct ast_word class_name;
    const char *language; /* "C", "JAVA", "SCALA", "SQL", "PYTHON"; NULL: not said */
    struct ast_words jars;
};

struct ast_model {
    struct ast_name name;
    bool temporary, if_exists, if_not_exists;
    struct ast_schema input, output;
    const struct ast_word *comment;
    struct ast_options options;
    const struct ast_query *query;   /* AS ... */
    const struct ast_name *new_name; /* ALTER MODEL ... RENAME TO */
};

enum ast_alter_action {
    AST_ALTER_RENAME,          /* new_name */
    AST_ALTER_SET,             /* options */
    AST_ALTER_RESET,           /* keys */
    AST_ALTER_COMMENT,         /* comment (catalogs) */
    AST_ALTER_ADD,             /* schema, distribution */
    AST_ALTER_MODIFY,          /* schema, distribution */
    AST_ALTER_RENAME_COLUMN,   /* column, new_column */
    AST_ALTER_DROP_COLUMNS,    /* columns */
    AST_ALTER_DROP_CONSTRAINT, /* column[0]: its name */
    AST_ALTER_DROP_PRIMARY_KEY,
    AST_ALTER_DROP_WATERMARK,
    AST_ALTER_DROP_DISTRIBUTION,
    AST_ALTER_ADD_PARTITIONS,  /* partitions, if_not_exists */
    AST_ALTER_DROP_PARTITIONS, /* partitions, partition_if_exists */
    AST_ALTER_COMPACT,         /* partitions: none or one */
    AST_ALTER_FRESHNESS,       /* materialized tables from here: freshness */
    AST_ALTER_REFRESH_MODE,    /* refresh */
    AST_ALTER_SUSPEND,
    AST_ALTER_RESUME,  /* options */
    AST_ALTER_REFRESH, /* partitions */
    AST_ALTER_AS       /* query */
};
struct ast_partition {
    struct ast_assigns spec;
    struct ast_options options; /* ADD PARTITION (...) WITH (...) */
};
struct ast_alter { /* a table, a materialized table, a catalog, a database */
    enum ast_alter_action action;
    struct ast_name name;
    bool if_exists;
    const struct ast_name *new_name;
    struct ast_options options;
    struct ast_words keys;
    struct ast_word comment;
    bool listed; /* ADD, MODIFY: (a, b) in parentheses, DROP (a, b) */
    struct ast_schema schema;
    const struct ast_distribution *distribution;
    struct ast_name column;
    struct ast_word new_column;
    struct ast_exprs columns; /* AST_COLUMN each */
    int32_t partition_count;
    const struct ast_partition *partitions;
    bool if_not_exists, partition_if_exists;
    const struct ast_expr *freshness;
    enum ast_refresh refresh;
    const struct ast_query *query;
};

enum ast_object {
    AST_OBJECT_TABLE,
    AST_OBJECT_VIEW,
    AST_OBJECT_DATABASE,
    AST_OBJECT_CATALOG,
    AST_OBJECT_FUNCTION,
    AST_OBJECT_MATERIALIZED_TABLE,
    AST_OBJECT_MODEL,
    AST_OBJECT_JOB /* DESCRIBE JOB 'id' */
};
struct ast_drop {
    enum ast_object object;
    struct ast_name name;
    bool temporary, system, if_exists;
    bool cascade, restricted; /* DROP DATABASE d CASCADE, RESTRICT */
};

enum ast_use_kind { AST_USE_DATABASE, AST_USE_CATALOG, AST_USE_MODULES };
struct ast_use {
    enum ast_use_kind kind;
    struct ast_name name;
    struct ast_words modules;
};

enum ast_show_kind {
    AST_SHOW_CATALOGS,
    AST_SHOW_CURRENT_CATALOG,
    AST_SHOW_DATABASES,
    AST_SHOW_CURRENT_DATABASE,
    AST_SHOW_TABLES,
    AST_SHOW_VIEWS,
    AST_SHOW_FUNCTIONS, /* user: SHOW USER FUNCTIONS */
    AST_SHOW_MODULES,   /* full: SHOW FULL MODULES */
    AST_SHOW_PROCEDURES,
    AST_SHOW_COLUMNS,        /* from: the table */
    AST_SHOW_CREATE_TABLE,   /* from: what is shown */
    AST_SHOW_CREATE_VIEW,    /* the same */
    AST_SHOW_CREATE_CATALOG, /* the same */
    AST_SHOW_CREATE_MODEL,   /* the same */
    AST_SHOW_PARTITIONS,     /* from: the table; partition */
    AST_SHOW_JARS,
    AST_SHOW_JOBS,
    AST_SHOW_MODELS
};
struct ast_show {
    enum ast_show_kind kind;
    bool user, full;
    const struct ast_name *from;  /* FROM or IN; NULL: the current one */
    const struct ast_word *like;  /* the pattern; NULL: all */
    bool not_like, any_case;      /* NOT LIKE; ILIKE */
    struct ast_assigns partition; /* PARTITIONS t PARTITION (...) */
};

struct ast_describe {
    enum ast_object object;
    bool extended;
    struct ast_name name;
    struct ast_word job;
};

struct ast_stop_job {
    struct ast_word job;
    bool savepoint, drain;
};

struct ast_module {
    struct ast_word name;
    struct ast_options options;
};

struct ast_analyze {
    struct ast_name table;
    struct ast_assigns partition;
    bool all_columns;
    struct ast_words columns;
};

enum ast_statement_kind {
    AST_QUERY,          /* query */
    AST_INSERT,         /* insert */
    AST_UPDATE,         /* update */
    AST_DELETE,         /* del */
    AST_TRUNCATE,       /* name */
    AST_CALL_PROCEDURE, /* call: an AST_CALL */
    AST_STATEMENT_SET,  /* set: EXECUTE STATEMENT SET BEGIN ... END; EXPLAIN STATEMENT SET BEGIN ... END */
    AST_BEGIN_STATEMENT_SET,       /* nothing */
    AST_END,                       /* nothing */
    AST_EXPLAIN,                   /* explain */
    AST_COMPILE_PLAN,              /* plan */
    AST_EXECUTE_PLAN,              /* plan */
    AST_CREATE_TABLE,              /* create_table */
    AST_CREATE_MATERIALIZED_TABLE, /* create_table */
    AST_CREATE_VIEW,               /* view */
    AST_CREATE_CATALOG,            /* create_object */
    AST_CREATE_DATABASE,           /* create_object */
    AST_CREATE_FUNCTION,           /* function */
    AST_CREATE_MODEL,              /* model */
    AST_ALTER_TABLE,               /* alter */
    AST_ALTER_MATERIALIZED_TABLE,  /* alter */
    AST_ALTER_VIEW,                /* view: query or new_name */
    AST_ALTER_CATALOG,             /* alter */
    AST_ALTER_DATABASE,            /* alter */
    AST_ALTER_FUNCTION,            /* function */
    AST_ALTER_MODEL,               /* model: options or new_name */
    AST_DROP,                      /* drop */
    AST_USE,                       /* use */
    AST_SHOW,                      /* show */
    AST_DESCRIBE,                  /* describe */
    AST_STOP_JOB,                  /* stop_job */
    AST_LOAD_MODULE,               /* module */
    AST_UNLOAD_MODULE,             /* module */
    AST_ADD_JAR,                   /* text */
    AST_REMOVE_JAR,                /* text */
    AST_SET,                       /* option: key.text NULL for a bare SET */
    AST_RESET,                     /* option.key; text NULL for a bare RESET */
    AST_ANALYZE,                   /* analyze */
    AST_CLIENT,                    /* text: "QUIT", "EXIT", "CLEAR", "HELP": for the interactive client */
};

struct ast_statement {
    enum ast_statement_kind kind;
    struct ast_place place; /* without the `;` */
    bool execute;           /* QUERY, INSERT: EXECUTE stood before it */
    union {
        const struct ast_query *query;
        struct ast_insert insert;
        struct ast_update update;
        struct ast_delete del;
        struct ast_name name;
        const struct ast_expr *call;
        struct ast_set set;
        struct ast_explain explain;
        struct ast_plan plan;
        struct ast_create_table create_table;
        struct ast_view view;
        struct ast_create_object create_object;
        struct ast_function function;
        struct ast_model model;
        struct ast_alter alter;
        struct ast_drop drop;
        struct ast_use use;
        struct ast_show show;
        struct ast_describe describe;
        struct ast_stop_job stop_job;
        struct ast_module module;
        struct ast_word text;
        struct ast_option option;
        struct ast_analyze analyze;
    };
};

/* The text of a node, borrowed from source: a view's body, a column's expression. */
static inline struct slice ast_text(struct slice source, struct ast_place place)
{
    assert(place.begin <= place.end && place.end <= source.len);
    return slice_of(source.ptr + place.begin, place.end - place.begin);
}

/* "DAY", ...; static. */
const char *ast_unit_name(enum ast_unit unit);

/* Back to SQL text, on one line, names in back-ticks, parentheses where they are needed: what SHOW CREATE
 * VIEW and EXPLAIN show; parsed again it gives the same tree. Appended to out, which keeps its failure. */
void ast_print(const struct ast_statement *s, struct bytes *out);
void ast_print_query(const struct ast_query *q, struct bytes *out);
void ast_print_expr(const struct ast_expr *x, struct bytes *out);
void ast_print_name(const struct ast_name *name, struct bytes *out);
void ast_print_type(const struct type *t, struct bytes *out);
/* `name`, with a back-tick in it doubled; and 'text', with a quote in it doubled. */
void ast_print_word(const char *name, struct bytes *out);
void ast_print_text(struct slice text, struct bytes *out);
#endif
