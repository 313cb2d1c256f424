/* session_internal.h: a session's inside, and a statement under way; for session*.c, ddl*.c and show*.c.
 *
 *   session_execute --> struct doing --> ddl_*, show_*, session_* by kind --> struct result
 */
#ifndef WEIR_SQL_SESSION_INTERNAL_H
#define WEIR_SQL_SESSION_INTERNAL_H
#include "base/map.h"
#include "sql/session.h"
#include "sql/sql_store.h"

struct session {
    struct session_env env;
    struct map catalogs;        /* name to struct sql_catalog, owned */
    char *catalog, *database;   /* owned: the current ones */
    struct map settings;        /* what SET said: key to char *, owned */
    struct config *config;      /* owned: the program's, with settings above */
    struct sql_store temporary; /* tables and views, by session_key */
    struct map functions;       /* CREATE FUNCTION: ddl_function.h; values owned */
    struct map overridden;      /* "override.catalog.c.": asked for; values mean nothing */
};

/* A statement being done. Everything in it is borrowed but what result's rows hold. */
struct doing {
    struct session *s;
    struct arena *arena;
    const struct sql_source *source;
    struct sql_error *error;
    struct result *out;
};

/* error from e: what a user's statement asked for wrongly is a validation error. Returns rc. */
enum err doing_fail(struct doing *d, struct ast_place place, enum err rc, const struct error *e);
/* ERR_MEMORY for what the arena could not give. */
enum err doing_memory(struct doing *d);
/* `what` of the dialect that weir has not. */
enum err doing_unsupported(struct doing *d, struct ast_place place, const char *what, const char *instead);
/* One line, kept when there is one already. */
void doing_note(struct doing *d, const char *fmt, ...) PRINTF(2, 3);

/* The path of a table as text: c.d.t, in arena. */
const char *session_path_text(struct arena *arena, const struct table_path *p);
/* ... with each part in back-ticks. */
const char *session_path_quoted(struct arena *arena, const struct table_path *p);
/* The key of a temporary table; in arena. */
struct slice session_key(struct arena *arena, const struct table_path *p);
/* The temporary table of that path; NULL: none. */
const struct table_def *session_temporary(struct session *s, struct arena *arena, const struct table_path *p);

/* A catalog that must be there; the error has a hint. */
MUST_USE enum err session_catalog_at(struct doing *d, const char *name, struct ast_place place,
                                     struct sql_catalog **out);
/* Fill error, and hint at the nearest database or table. */
enum err session_no_database(struct session *s, struct arena *arena, struct sql_catalog *c,
                             const char *database, struct ast_place place, struct sql_error *error);
/* A database as d or c.d. */
MUST_USE enum err session_database_path(struct doing *d, const struct ast_name *name,
                                        struct sql_catalog **catalog, const char **database);
/* The table or view itself, whether temporary or not. ERR_NOT_FOUND: with a hint. */
MUST_USE enum err session_load(struct session *s, struct arena *arena, const struct table_path *p,
                               struct ast_place place, const struct table_def **out, struct sql_error *error);
/* The catalog must have that database. */
MUST_USE enum err session_need_database(struct doing *d, struct sql_catalog *c, const char *database,
                                        struct ast_place place);

/* --- statements --- */

MUST_USE enum err session_set(struct doing *d, const struct ast_option *option);
MUST_USE enum err session_reset(struct doing *d, const struct ast_option *option);
MUST_USE enum err session_use(struct doing *d, const struct ast_use *use);

/* --- results --- */

/* Rows of texts: cells are column_count for each row, in order; NULL is an absent value. A kind for each
 * column: 's' text, 'b' text that is "TRUE" or "FALSE". */
struct rows {
    struct doing *d;
    int32_t column_count;
    const char *const *names;
    const char *kinds; /* NULL: all 's' */
    const char **cells;
    int32_t cell_count, capacity;
};
void rows_add(struct rows *r, const char *cell); /* the arena keeps the failure */
MUST_USE enum err rows_finish(struct rows *r);   /* the result is made of them */
/* One column, a row each. */
MUST_USE enum err rows_of_names(struct doing *d, const char *column, const char *const *names, int32_t count);
#endif
