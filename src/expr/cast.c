/* cast.c: which types cast to which, and casts of nested types, which are those of their elements.
 * See cast_internal.h for the parts.
 */
#include "expr/cast_internal.h"
#include "expr/expr_types.h"

static cast_fn find(const struct type *from, const struct type *to);

static bool same_layout(const struct type *a, const struct type *b)
{
    return a->kind == b->kind && a->precision == b->precision && a->scale == b->scale;
}

/* A text of at most a's length always has b's. */
static bool shorter(const struct type *a, const struct type *b)
{
    bool limited = a->length > 0 || a->form == FORM_CHAR;

    if (b->form == FORM_CHAR || b->kind == TYPE_FIXED)
        return a->form == b->form && a->kind == b->kind && a->length == b->length;
    return b->length == 0 || (limited && a->length <= b->length);
}

bool cast_is_free(const struct type *from, const struct type *to)
{
    if (from->form == FORM_NULL || to->form == FORM_NULL)
        return from->form == to->form;
    if (type_is_view(from) && type_is_view(to)) {
        if ((from->kind == TYPE_FIXED || from->kind == TYPE_BINARY) && to->kind == TYPE_BINARY)
            return shorter(from, to);
        return from->kind == to->kind && shorter(from, to);
    }
    if (!same_layout(from, to) || from->field_count != to->field_count)
        return false;
    for (int32_t i = 0; i < from->field_count; i++)
        if (!cast_is_free(from->fields[i].type, to->fields[i].type))
            return false;
    return true;
}

/* --- without being asked */

static bool implicit_nested(const struct type *from, const struct type *to)
{
    if (from->kind != to->kind || from->form != to->form || from->field_count != to->field_count)
        return false;
    for (int32_t i = 0; i < from->field_count; i++)
        if (!cast_is_implicit(from->fields[i].type, to->fields[i].type))
            return false;
    return true;
}

static bool implicit_number(const struct type *from, const struct type *to)
{
    if (to->kind == TYPE_DECIMAL || to->kind == TYPE_DOUBLE)
        return expr_type_is_number(from);
    if (to->kind == TYPE_FLOAT)
        return expr_type_is_exact(from) || from->kind == TYPE_FLOAT;
    return expr_type_is_integer(from) && from->kind <= to->kind;
}

bool cast_is_implicit(const struct type *from, const struct type *to)
{
    if (from->form == FORM_NULL)
        return true;
    if (to->form == FORM_NULL)
        return false;
    if (type_is_nested(from) || type_is_nested(to))
        return implicit_nested(from, to);
    if (expr_type_is_number(to))
        return expr_type_is_number(from) && implicit_number(from, to);
    switch (to->kind) {
    case TYPE_STRING:
        return from->kind == TYPE_STRING && (to->form != FORM_CHAR || from->form == FORM_CHAR);
    case TYPE_BINARY:
        return from->kind == TYPE_BINARY || from->kind == TYPE_FIXED;
    case TYPE_DATE:
    case TYPE_TIME:
        return from->kind == to->kind || from->kind == TYPE_TIMESTAMP;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return expr_type_is_instant(from);
    default:
        return from->kind == to->kind;
    }
}

/* --- evaluation */

enum err cast_null(struct cast *k, struct column *to, int32_t row, struct error *e)
{
    size_t byte_count = VALIDITY_WORDS(to->row_count) * sizeof(uint64_t);

    if (to == k->call->out)
        return call_null(k->call, row) ? OK : error_memory(e, byte_count, "the result of a cast");
    if (to->validity == NULL) {
        if ((to->validity = batch_alloc(k->call->owner, byte_count)) == NULL)
            return error_memory(e, byte_count, "the result of a cast");
        memset(to->validity, 0xff, byte_count);
    }
    to->validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    memset((char *)to->values + (size_t)row * type_width(to->type), 0, type_width(to->type));
    return OK;
}

enum err cast_bad(struct cast *k, struct column *to, int32_t row, struct slice value, const char *why,
                  struct error *e)
{
    struct type plain = *to->type;
    struct bytes name = {0};
    const char *text;
    enum err rc;

    if (k->try_cast)
        return cast_null(k, to, row, e);
    plain.nullable = true;
    type_print(&plain, &name);
    text = bytes_cstr(&name);
    value.len = MIN(value.len, 200);
    rc = call_fail(k->call, e, "'" SLICE_FMT "' does not cast to %s: %s; TRY_CAST gives NULL instead",
                   SLICE_ARG(value), text ? text : "the type", why);
    bytes_fini(&name);
    return rc;
}

static bool alloc_child(struct cast *k, const struct column *from, struct column *to)
{
    bool list = to->type->kind == TYPE_LIST || to->type->kind == TYPE_MAP;
    size_t words = VALIDITY_WORDS(from->row_count), values;

    to->row_count = from->row_count;
    if (from->validity) {
        if ((to->validity = batch_alloc(k->call->owner, MAX(words, 1) * sizeof(uint64_t))) == NULL)
            return false;
        memcpy(to->validity, from->validity, words * sizeof(uint64_t));
    }
    values = ((size_t)to->row_count + list) * type_width(to->type);
    if (to->type->kind == TYPE_STRUCT)
        return true;
    if ((to->values = batch_alloc(k->call->owner, MAX(values, 1))) == NULL)
        return false;
    memset(to->values, 0, values);
    return true;
}

static enum err cast_child(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    cast_fn fn = find(from->type, to->type);

    if (fn == NULL) { /* nothing is to be done */
        column_adopt(to, from, to->type);
        return OK;
    }
    if (!alloc_child(k, from, to))
        return error_memory(e, (size_t)from->row_count, "the result of a cast");
    return fn(k, from, to, e);
}

/* Elements outside of any row, and those of absent rows, are cast too: they must not fail. */
static enum err cast_children(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    enum err rc;

    for (int32_t i = 0; i < to->type->field_count; i++)
        if ((rc = cast_child(k, &from->children[i], &to->children[i], e)) != OK)
            return rc;
    return OK;
}

static enum err cast_nested(struct cast *k, const struct column *from, struct column *to, struct error *e)
{
    if (to->type->kind != TYPE_STRUCT)
        memcpy(to->offsets, from->offsets, ((size_t)from->row_count + 1) * sizeof *to->offsets);
    return cast_children(k, from, to, e);
}

static bool nested_casts(const struct type *from, const struct type *to)
{
    if (from->kind != to->kind || from->form != to->form || from->field_count != to->field_count)
        return false;
    for (int32_t i = 0; i < from->field_count; i++)
        if (!cast_is_free(from->fields[i].type, to->fields[i].type) &&
            find(from->fields[i].type, to->fields[i].type) == NULL)
            return false;
    return true;
}

/* NULL: no such cast, or nothing to be done. */
static cast_fn find(const struct type *from, const struct type *to)
{
    cast_fn fn;

    if (cast_is_free(from, to))
        return NULL;
    if (to->kind == TYPE_STRING || (type_is_view(from) && type_is_view(to)))
        return cast_text_find(from, to);
    if (type_is_nested(from) || type_is_nested(to))
        return nested_casts(from, to) ? cast_nested : NULL;
    if (from->kind == TYPE_STRING)
        return cast_parse_find(to);
    if ((fn = cast_number_find(from, to)) != NULL)
        return fn;
    return cast_time_find(from, to);
}

bool cast_can_fail(const struct type *from, const struct type *to)
{
    if (to->kind == TYPE_STRING || (type_is_view(from) && type_is_view(to)))
        return false;
    for (int32_t i = 0; i < MIN(from->field_count, to->field_count); i++)
        if (cast_can_fail(from->fields[i].type, to->fields[i].type))
            return true;
    if (from->kind == TYPE_STRING || (expr_type_is_approx(from) && to->kind == TYPE_DECIMAL))
        return true;
    return expr_type_is_instant(to) && expr_type_is_nanos(to); /* far years */
}

static enum err run(struct call *c, bool try_cast, struct error *e)
{
    struct cast k = {.call = c, .zone = zone_gmt(), .try_cast = try_cast};
    const struct column *from = c->args[0].column;
    cast_fn fn = find(c->expr->args[0]->type, c->expr->type);

    if (c->session && c->session->zone)
        k.zone = c->session->zone;
    if (fn == NULL && type_is_nested(c->expr->type))
        fn = cast_nested; /* other names of fields, the same values */
    assert(fn);           /* expr_cast makes no call of a cast that does nothing else */
    return fn(&k, from, c->out, e);
}

static enum err kernel_cast(struct call *c, struct error *e)
{
    return run(c, false, e);
}

static enum err kernel_try_cast(struct call *c, struct error *e)
{
    return run(c, true, e);
}

const struct variant *cast_variant(const struct type *from, const struct type *to, bool try_cast)
{
    static const struct variant cast = {.kernel = kernel_cast}, tried = {.kernel = kernel_try_cast};

    if (find(from, to) == NULL && !cast_is_free(from, to))
        return NULL;
    return try_cast ? &tried : &cast;
}
