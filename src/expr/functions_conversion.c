/* functions_conversion.c: CAST and TRY_CAST as calls, TYPEOF, and the field of a row. */
#include "expr/cast.h"
#include "expr/expr_internal.h"
#include "expr/expr_types.h"
#include "expr/functions_core.h"

/* --- TYPEOF: known when the statement is read, whatever the value */

/* The argument's type as text. Flink would shorten some without TRUE behind it, which is none of SQL's. */
static enum err typeof_open(const struct expr *call, UNUSED const struct expr_session *session, void **self,
                            struct error *e)
{
    struct bytes text = {0};

    type_print(call->args[0]->type, &text);
    *self = (void *)bytes_cstr(&text);
    if (*self)
        return OK;
    bytes_fini(&text);
    return error_memory(e, 64, "the name of a type");
}

static void typeof_close(void *self)
{
    struct bytes text = {.ptr = self};

    bytes_fini(&text);
}

static enum err kernel_typeof(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        if (!call_put(c, i, slice_text(c->self)))
            return error_memory(e, 64, "the name of a type");
    return OK;
}

static enum err resolve_typeof(struct resolution *r, struct error *e)
{
    static const struct variant variant = {kernel_typeof, typeof_open, typeof_close, false};

    if (r->arg_count == 2 && (r->args[1]->kind != EXPR_LITERAL || r->args[1]->type->kind != TYPE_BOOLEAN ||
                              expr_is_null(r->args[1])))
        return error_set(e, ERR_INPUT, "the second argument of TYPEOF is TRUE or FALSE");
    r->variant = &variant;
    r->result = type_simple(TYPE_STRING, true); /* as Flink has it */
    return OK;
}

/* --- FIELD */

static enum err resolve_field(struct resolution *r, struct error *e)
{
    const struct type *row = r->args[0]->type;
    const struct expr *n = r->args[1];

    if (row->kind != TYPE_STRUCT || n->kind != EXPR_LITERAL || n->type->kind != TYPE_INT32)
        return ERR_INPUT;
    if (n->literal->i32[0] < 0 || n->literal->i32[0] >= row->field_count)
        return error_set(e, ERR_INPUT, "the row has no field %" PRId32, n->literal->i32[0]);
    r->result = row->fields[n->literal->i32[0]].type;
    if (row->nullable)
        r->result = type_nullable(r->arena, r->result, true);
    return r->result ? OK : ERR_MEMORY;
}

/* --- CAST, made by expr_cast */

static enum err resolve_cast(UNUSED struct resolution *r, struct error *e)
{
    return error_set(e, ERR_INPUT, "a type is wanted: CAST(x AS INT)");
}

const struct function functions_conversion[] = {
    {.name = "CAST",
     .group = GROUP_CONVERSION,
     .usage = "CAST(x AS type)",
     .doc = "The value as one of another type; fails when there is none.",
     .least = 1,
     .most = 1,
     .flags = FN_STRICT | FN_FAILS,
     .resolve = resolve_cast},
    {.name = "TRY_CAST",
     .group = GROUP_CONVERSION,
     .usage = "TRY_CAST(x AS type)",
     .doc = "The value as one of another type; NULL when there is none.",
     .least = 1,
     .most = 1,
     .flags = FN_STRICT,
     .resolve = resolve_cast},
    {.name = "TYPEOF",
     .group = GROUP_CONVERSION,
     .usage = "TYPEOF(x [, full])",
     .doc = "The name of the value's type, with whether it may be NULL.",
     .least = 1,
     .most = 2,
     .flags = 0,
     .resolve = resolve_typeof},
    {.name = "FIELD",
     .group = GROUP_CONVERSION,
     .usage = "row.field",
     .doc = "A field of a row.",
     .least = 2,
     .most = 2,
     .flags = FN_LAZY | FN_HIDDEN,
     .resolve = resolve_field},
    {0},
};

/* A cast whose values all have one: evaluated for all rows, also where only some need it. */
const struct function functions_safe_cast = {.name = "CAST",
                                             .group = GROUP_CONVERSION,
                                             .usage = "CAST(x AS type)",
                                             .doc = "The value as one of another type.",
                                             .least = 1,
                                             .most = 1,
                                             .flags = FN_STRICT | FN_HIDDEN,
                                             .resolve = resolve_cast};
