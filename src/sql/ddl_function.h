/* ddl_function.h: the functions of a session: made, dropped, found, shown; within this folder.
 *
 * Kept is where a function comes from, not the function: each statement loads it into its own arena, so that
 * a job goes on when it is dropped. Found in Flink's order: temporary system functions, built-in ones, those
 * of a database.
 */
#ifndef WEIR_SQL_DDL_FUNCTION_H
#define WEIR_SQL_DDL_FUNCTION_H
#include "sql/session_internal.h"

/* One allocation, freed as a whole by mem_free. */
struct stored_function {
    bool temporary, system;
    struct table_path path; /* system: name only. In lower case, as Flink keeps names of functions */
    const char *library, *symbol;
};

MUST_USE enum err ddl_create_function(struct doing *d, const struct ast_function *f);
MUST_USE enum err ddl_drop_function(struct doing *d, const struct ast_drop *drop);
MUST_USE enum err ddl_describe_function(struct doing *d, const struct ast_describe *x);
/* Names of those that can be called by their last name here. */
void ddl_function_names(struct doing *d, const char *catalog, const char *database, struct sql_names *names);
#endif
