/* session.h: what one user of SQL has: catalogs, a current catalog and database, settings, temporary tables;
 * and the doing of all statements that are not jobs.
 *
 *   text --parser.h--> statement --session_execute--> CREATE, DROP, ALTER, USE, SET, SHOW, DESCRIBE ...:
 * done, with a result to print
 *                             \--plan.h--> queries, INSERT, statement sets, EXPLAIN: a job's graph
 *
 * A statement that fails changes nothing. Thread: one at a time.
 */
#ifndef WEIR_SQL_SESSION_H
#define WEIR_SQL_SESSION_H
#include "batch/batch.h"
#include "expr/function.h"
#include "sql/parser.h"
#include "sql/sql_catalog.h"

struct session;
struct user_function;

struct session_env {
    struct config *config; /* borrowed; of the program: SET writes a layer of the session's own above it */
    struct fs *fs;         /* borrowed */
    struct clock *clock;   /* borrowed */
};

/* default_catalog.default_database is there, and current. NULL when there is no memory. */
struct session *session_new(const struct session_env *env);
void session_free(struct session *s);

/* Settings as a job of now sees them: the program's with SET's above. Borrowed, valid until the next
 * statement. */
struct config *session_config(struct session *s);
/* What expressions need to know (time zone ...), read anew from the settings; ERR_CONFIG: a setting is wrong.
 * Lives in arena. */
MUST_USE enum err session_expr(struct session *s, struct arena *arena, const struct expr_session **out,
                               struct error *e);
/* Tell fn the keys override.* that no CREATE of this session has asked for. */
void session_unused_overrides(struct session *s, void (*fn)(void *arg, const char *key), void *arg);
struct fs *session_fs(struct session *s);
struct clock *session_clock(struct session *s);

/* --- names --- */

struct table_path {
    const char *catalog, *database, *name;
};
/* t, d.t and c.d.t in full; in arena. More than three parts: SQL_VALIDATION_FAILED. */
MUST_USE enum err session_path(struct session *s, struct arena *arena, const struct ast_name *name,
                               struct table_path *out, struct sql_error *error);
/* A table or view by its name as written; temporary ones go first. The error names the nearest table. */
MUST_USE enum err session_table(struct session *s, struct arena *arena, const struct ast_name *name,
                                const struct table_def **out, struct sql_error *error);
/* A user's function as a call has its name, loaded into arena; *out NULL: there is none of that name, or a
 * built-in one goes before it. */
MUST_USE enum err session_function(struct session *s, struct arena *arena, const struct ast_name *name,
                                   const struct user_function **out, struct sql_error *error);
/* The nearest of users' functions; NULL: none is near. */
const char *session_function_near(struct session *s, struct arena *arena, const char *name);
/* NULL when there is no such catalog. */
struct sql_catalog *session_find_catalog(struct session *s, const char *name);

/* --- statements --- */

enum result_kind {
    RESULT_OK,     /* done, nothing to show */
    RESULT_ROWS,   /* rows of schema to show */
    RESULT_JOB,    /* not done here: the statement is a job, or EXPLAIN: see plan.h */
    RESULT_CLIENT, /* QUIT, EXIT, CLEAR, HELP: the client's own */
};
struct result {
    enum result_kind kind;
    const struct schema *schema; /* ROWS: in arena */
    struct batch *rows;          /* ROWS: one reference, the caller's; NULL: none */
    const char *note;            /* something that the user should know, one line, in arena; NULL: nothing */
};

/* Do one statement of source. Result and error live in arena, error places are in source. */
MUST_USE enum err session_execute(struct session *s, struct arena *arena, const struct sql_source *source,
                                  const struct ast_statement *statement, struct result *out,
                                  struct sql_error *error);

/* For completion: tell fn what may stand where a table is wanted, behind the `count` names of qualifier and a
 * dot; names live in arena. A catalog that is a service is asked when it is the current one, or named: that
 * may take its time. */
enum session_offered { OFFER_TABLE, OFFER_DATABASE, OFFER_CATALOG };
typedef void session_offer_fn(void *arg, enum session_offered kind, const char *name);
void session_offer(struct session *s, struct arena *arena, const char *const *qualifier, int32_t count,
                   session_offer_fn *fn, void *arg);
#endif
