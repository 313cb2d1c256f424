/* rewrite.c: see rewrite.h. */
#include "plan/rewrite.h"

/* x with other arguments, or x itself when they are the same. */
static const struct expr *with_args(struct arena *a, const struct expr *x, const struct expr **args)
{
    struct expr *copy;

    if (memcmp(args, x->args, sizeof *args * (size_t)x->arg_count) == 0)
        return x;
    if ((copy = arena_copy(a, x, sizeof *x)) != NULL)
        copy->args = args;
    return copy;
}

const struct expr *rewrite_through(struct arena *a, const struct expr *x, const struct expr *const *exprs)
{
    const struct expr **args;

    if (x->kind == EXPR_COLUMN)
        return exprs[x->column];
    if (x->kind != EXPR_CALL || x->arg_count == 0)
        return x;
    if ((args = ARENA_ARRAY(a, const struct expr *, x->arg_count)) == NULL)
        return NULL;
    for (int32_t i = 0; i < x->arg_count; i++)
        if ((args[i] = rewrite_through(a, x->args[i], exprs)) == NULL)
            return NULL;
    return with_args(a, x, args);
}

const struct expr *rewrite_and(struct arena *a, const struct expr *x, const struct expr *y)
{
    const struct expr *args[] = {x, y}, *out;
    struct error e;

    if (x == NULL || y == NULL)
        return x ? x : y;
    return expr_call(a, "AND", args, 2, x->place, &out, &e) == OK ? out : NULL;
}

bool rewrite_volatile(const struct expr *x)
{
    if (x->kind != EXPR_CALL)
        return false;
    if (x->function->flags & FN_VOLATILE)
        return true;
    for (int32_t i = 0; i < x->arg_count; i++)
        if (rewrite_volatile(x->args[i]))
            return true;
    return false;
}

const struct expr *rewrite_fold(struct arena *a, const struct expr *x, const struct expr_session *session)
{
    const struct expr **args, *out;
    struct error e;
    enum err rc;

    if (x->kind != EXPR_CALL)
        return x;
    if (expr_is_constant(x)) {
        rc = program_constant(a, x, session, &out, &e);
        return rc == OK ? out : rc == ERR_MEMORY ? NULL : x;
    }
    if (x->arg_count == 0)
        return x;
    if ((args = ARENA_ARRAY(a, const struct expr *, x->arg_count)) == NULL)
        return NULL;
    for (int32_t i = 0; i < x->arg_count; i++)
        if ((args[i] = rewrite_fold(a, x->args[i], session)) == NULL)
            return NULL;
    return with_args(a, x, args);
}
