/* bind_json.c: the clauses of JSON functions as arguments: texts, and a NULL of the type that RETURNING names.
 *
 *   JSON_EXISTS(x, path, on error)
 *   JSON_VALUE(x, path, returning, on empty, its default, on error, its default)
 *   JSON_QUERY(x, path, wrapper, on empty, on error, returning)
 *   JSON_OBJECT(on null, key, value, ...)    JSON_ARRAY(on null, value, ...)
 */
#include "sql/bind_internal.h"

static const char *behaviour(enum ast_json_behaviour b, const char *unsaid)
{
    static const char *const names[] = {
        [AST_JSON_ERROR] = "ERROR",
        [AST_JSON_NULL] = "NULL",
        [AST_JSON_EMPTY_ARRAY] = "EMPTY ARRAY",
        [AST_JSON_EMPTY_OBJECT] = "EMPTY OBJECT",
        [AST_JSON_DEFAULT] = "DEFAULT",
        [AST_JSON_TRUE] = "TRUE",
        [AST_JSON_FALSE] = "FALSE",
        [AST_JSON_UNKNOWN] = "UNKNOWN",
    };

    return b == AST_JSON_UNSAID ? unsaid : names[b];
}

static const struct expr *word(struct binder *b, const char *text)
{
    return expr_char(b->arena, slice_text(text));
}

/* DEFAULT x ON EMPTY: x as the type that comes out; a NULL when there is no such clause. */
static enum err bind_default(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                             const struct type *type, const struct expr **out)
{
    struct error e;
    enum err rc;

    if (x == NULL) {
        *out = expr_null(b->arena, type);
        return OK;
    }
    if ((rc = bind_expr(b, scope, x, out)) != OK)
        return rc;
    rc = expr_cast(b->arena, *out, type, false, bind_place(x->place), out, &e);
    return rc == OK ? OK : bind_failed(b, rc, x->place, &e);
}

static enum err returned_type(struct binder *b, const struct ast_json *j, struct ast_place place,
                              const struct type **out)
{
    *out = type_simple(TYPE_STRING, true);
    return j->returning ? bind_type(b, j->returning, place, out) : OK;
}

static enum err add_value_clauses(struct binder *b, const struct scope *scope, const struct ast_json *j,
                                  const struct type *type, const struct expr **args)
{
    enum err rc;

    args[2] = expr_null(b->arena, type);
    args[3] = word(b, behaviour(j->on_empty, "NULL"));
    args[5] = word(b, behaviour(j->on_error, "NULL"));
    if ((rc = bind_default(b, scope, j->empty_default, type, &args[4])) != OK)
        return rc;
    return bind_default(b, scope, j->error_default, type, &args[6]);
}

static void add_query_clauses(struct binder *b, const struct ast_json *j, const struct type *type,
                              const struct expr **args)
{
    static const char *const wrappers[] = {
        [AST_WRAPPER_UNSAID] = "WITHOUT",
        [AST_WRAPPER_NONE] = "WITHOUT",
        [AST_WRAPPER_CONDITIONAL] = "CONDITIONAL",
        [AST_WRAPPER_UNCONDITIONAL] = "UNCONDITIONAL",
    };

    args[2] = word(b, wrappers[j->wrapper]);
    args[3] = word(b, behaviour(j->on_empty, "NULL"));
    args[4] = word(b, behaviour(j->on_error, "NULL"));
    args[5] = expr_null(b->arena, type);
}

/* What is done with NULLs goes first. */
static int32_t add_null_clause(struct binder *b, const struct ast_call *c, const struct ast_json *j,
                               const struct expr **args)
{
    const char *unsaid = strcmp(c->name, "JSON_OBJECT") == 0 ? "NULL" : "ABSENT";

    memmove(args + 1, args, (size_t)c->operands.count * sizeof *args);
    args[0] = word(b, j->on_null == AST_ONNULL_UNSAID ? unsaid
                      : j->on_null == AST_ONNULL_NULL ? "NULL"
                                                      : "ABSENT");
    return c->operands.count + 1;
}

enum err bind_json(struct binder *b, const struct scope *scope, const struct ast_expr *x,
                   const struct expr **args, const struct expr **out)
{
    static const struct ast_json unsaid = {0};
    const struct ast_call *c = &x->call;
    const struct ast_json *j = c->json ? c->json : &unsaid;
    int32_t count = c->operands.count;
    const struct type *type;
    struct error e;
    enum err rc = returned_type(b, j, x->place, &type);

    if (rc != OK)
        return rc;
    if (strcmp(c->name, "JSON_EXISTS") == 0 && count == 2) {
        args[count++] = word(b, behaviour(j->on_error, "FALSE"));
    } else if (strcmp(c->name, "JSON_VALUE") == 0 && count == 2) {
        rc = add_value_clauses(b, scope, j, type, args);
        count = 7;
    } else if (strcmp(c->name, "JSON_QUERY") == 0 && count == 2) {
        add_query_clauses(b, j, type, args);
        count = 6;
    } else if (strcmp(c->name, "JSON_OBJECT") == 0 || strcmp(c->name, "JSON_ARRAY") == 0) {
        count = add_null_clause(b, c, j, args);
    }
    if (rc != OK)
        return rc;
    if (b->arena->failed)
        return bind_memory(b, x->place);
    rc = expr_call(b->arena, c->name, args, count, bind_place(x->place), out, &e);
    return rc == OK ? OK : bind_failed(b, rc, x->place, &e);
}
