/* user_function.h: functions that users write in C (weir/function.h): loaded from a shared object, and made
 * entries like those of the built-in table, which expressions call.
 *
 *     CREATE FUNCTION f AS 'symbol' LANGUAGE C USING JAR 'lib.so'
 *        \-- user_function_load --> struct user_function --> expr_call_function --> program.h
 *
 * A table function is a function here whose value is an ARRAY of ROWs: what LATERAL TABLE flattens. Libraries
 * are never unloaded, since a job that runs may call into them.
 */
#ifndef WEIR_SQL_USER_FUNCTION_H
#define WEIR_SQL_USER_FUNCTION_H
#include "expr/function.h"
#include <weir/function.h>

struct user_function {
    struct function function; /* first: a call finds its user_function by it */
    struct variant variant;
    const struct weir_function *fn; /* in the library */
    const struct schema *arguments;
    const struct type *result; /* table functions: ARRAY<ROW<...> NOT NULL> NOT NULL */
    bool is_table;
};

/* Load path, take symbol as function `name` (as the user calls it). Lives in arena. ERR_CONFIG: why it cannot
 * be loaded. */
MUST_USE enum err user_function_load(struct arena *arena, const char *name, const char *path,
                                     const char *symbol, const struct user_function **out, struct error *e);

/* user_function_run.c: how it is evaluated. */
extern const struct variant user_function_variant;
#endif
