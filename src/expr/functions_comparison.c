/* functions_comparison.c: = <> < > <= >=, IS [NOT] DISTINCT FROM, IN.
 * The arguments become of one type first (comparison_type); numbers of one width are then compared by plain
 * loops, all else row by row.
 */
#include "expr/kernels.h"

KERNELS_FAST

#include "base/hash.h"
#include "base/mem.h"
#include "expr/cast.h"
#include "expr/expr_internal.h"
#include "expr/expr_types.h"
#include "expr/functions_core.h"
#include "expr/program.h"
#include "expr/rows.h"

enum comparison { EQ, NE, LT, GT, LE, GE };
enum layout { L_BYTE, L_I8, L_I16, L_I32, L_I64, L_FLOAT, L_DOUBLE, L_OTHER };

#define EQ_STEP(x, y) ((x) == (y))
#define NE_STEP(x, y) ((x) != (y))
#define LT_STEP(x, y) ((x) < (y))
#define GT_STEP(x, y) ((x) > (y))
#define LE_STEP(x, y) ((x) <= (y))
#define GE_STEP(x, y) ((x) >= (y))

#define ALL_OF(op)                                                                                           \
    KERNEL_BINARY(op##_u8, uint8_t, uint8_t, op##_STEP)                                                      \
    KERNEL_BINARY(op##_i8, int8_t, uint8_t, op##_STEP)                                                       \
    KERNEL_BINARY(op##_i16, int16_t, uint8_t, op##_STEP)                                                     \
    KERNEL_BINARY(op##_i32, int32_t, uint8_t, op##_STEP)                                                     \
    KERNEL_BINARY(op##_i64, int64_t, uint8_t, op##_STEP)                                                     \
    KERNEL_BINARY(op##_f32, float, uint8_t, op##_STEP)                                                       \
    KERNEL_BINARY(op##_f64, double, uint8_t, op##_STEP)
ALL_OF(EQ)
ALL_OF(NE)
ALL_OF(LT)
ALL_OF(GT)
ALL_OF(LE)
ALL_OF(GE)

/* TIMESTAMPs of which one has nanoseconds and the other microseconds. */
static int order_instants(const struct column *x, int32_t row, const struct column *y, int32_t other)
{
    __int128 a = x->i64[row], b = y->i64[other];

    a *= expr_type_is_nanos(x->type) ? 1 : 1000;
    b *= expr_type_is_nanos(y->type) ? 1 : 1000;
    return (a > b) - (a < b);
}

static bool holds(enum comparison op, int order)
{
    switch (op) {
    case EQ:
        return order == 0;
    case NE:
        return order != 0;
    case LT:
        return order < 0;
    case GT:
        return order > 0;
    case LE:
        return order <= 0;
    default:
        return order >= 0;
    }
}

static enum err compare_rows(struct call *c, enum comparison op)
{
    const struct column *x = c->args[0].column, *y = c->args[1].column;
    bool instants = expr_type_is_instant(x->type);

    for (int32_t i = 0; i < c->row_count; i++) {
        int32_t row = i & c->args[0].mask, other = i & c->args[1].mask;

        if (!column_valid(c->out, i))
            c->out->u8[i] = 0;
        else if (type_is_nested(x->type))
            c->out->u8[i] = rows_equal(x, row, y, other) == (op == EQ);
        else
            c->out->u8[i] = holds(op, (instants ? order_instants : rows_compare)(x, row, y, other));
    }
    return OK;
}

/* Equal texts are mostly of equal length, which a view compares at once. */
static enum err equal_views(struct call *c, bool wanted)
{
    const struct view *x = c->args[0].column->views, *y = c->args[1].column->views;

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->u8[i] = column_valid(c->out, i) &&
                        view_equal(&x[i & c->args[0].mask], &y[i & c->args[1].mask]) == wanted;
    return OK;
}

#define OTHER_OF(op)                                                                                         \
    static enum err op##_other(struct call *c, UNUSED struct error *e)                                       \
    {                                                                                                        \
        return compare_rows(c, op);                                                                          \
    }
OTHER_OF(LT)
OTHER_OF(GT)
OTHER_OF(LE)
OTHER_OF(GE)

static enum err EQ_other(struct call *c, UNUSED struct error *e)
{
    return type_is_view(c->args[0].column->type) ? equal_views(c, true) : compare_rows(c, EQ);
}

static enum err NE_other(struct call *c, UNUSED struct error *e)
{
    return type_is_view(c->args[0].column->type) ? equal_views(c, false) : compare_rows(c, NE);
}

#define VARIANTS_OF(op)                                                                                      \
    [op] = {{.kernel = op##_u8},  {.kernel = op##_i8},  {.kernel = op##_i16}, {.kernel = op##_i32},          \
            {.kernel = op##_i64}, {.kernel = op##_f32}, {.kernel = op##_f64}, {.kernel = op##_other}}
static const struct variant variants[][L_OTHER + 1] = {VARIANTS_OF(EQ), VARIANTS_OF(NE), VARIANTS_OF(LT),
                                                       VARIANTS_OF(GT), VARIANTS_OF(LE), VARIANTS_OF(GE)};

static enum layout layout_of(const struct type *t)
{
    switch (t->kind) {
    case TYPE_BOOLEAN:
        return L_BYTE;
    case TYPE_INT8:
        return L_I8;
    case TYPE_INT16:
        return L_I16;
    case TYPE_INT32:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS:
        return L_I32;
    case TYPE_INT64:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
    case TYPE_INTERVAL_MILLIS:
        return L_I64;
    case TYPE_FLOAT:
        return L_FLOAT;
    case TYPE_DOUBLE:
        return L_DOUBLE;
    default:
        return L_OTHER;
    }
}

/* --- the type in which two are compared */

static bool is_text(const struct type *t)
{
    return t->kind == TYPE_STRING;
}

/* What a text is cast to when it is compared with one of these. */
static bool takes_text(const struct type *t)
{
    return expr_type_is_number(t) || t->kind == TYPE_BOOLEAN || t->kind == TYPE_DATE ||
           t->kind == TYPE_TIME || expr_type_is_instant(t);
}

/* NULL: the two cannot be compared, or there is no memory (a->failed). */
static const struct type *comparison_type(struct arena *a, const struct type *x, const struct type *y)
{
    if (is_text(x) && takes_text(y) && !expr_type_is_null(y))
        return y;
    if (is_text(y) && takes_text(x) && !expr_type_is_null(x))
        return x;
    if ((x->kind == TYPE_DATE && expr_type_is_instant(y)) ||
        (y->kind == TYPE_DATE && expr_type_is_instant(x)))
        return x->kind == TYPE_DATE ? y : x;
    return expr_common_type(a, x, y);
}

/* Decimals are compared whatever their scales, timestamps whatever their precisions. */
static bool comparable_as_is(const struct type *x, const struct type *y)
{
    if (x->kind != y->kind || expr_type_is_null(x) || expr_type_is_null(y))
        return false;
    return x->kind == TYPE_DECIMAL || x->kind == TYPE_STRING || expr_type_is_instant(x);
}

/* Types both arguments alike; ERR_INPUT when they cannot be compared, or not be put in order. */
static enum err align(struct resolution *r, bool ordered, enum layout *layout)
{
    const struct type *x = r->args[0]->type, *y = r->args[1]->type, *t;

    if (comparable_as_is(x, y)) {
        *layout = expr_type_is_nanos(x) == expr_type_is_nanos(y) ? layout_of(x) : L_OTHER;
        return OK;
    }
    if ((t = comparison_type(r->arena, x, y)) == NULL || (ordered && type_is_nested(t)))
        return ERR_INPUT;
    r->want[0] = r->want[1] = t;
    *layout = layout_of(t);
    return OK;
}

static enum err resolve_comparison(struct resolution *r, UNUSED struct error *e)
{
    static const char *const names[] = {"=", "<>", "<", ">", "<=", ">="};
    enum layout layout = L_OTHER;
    size_t op = 0;
    enum err rc;

    while (strcmp(names[op], r->function->name) != 0)
        op++;
    if ((rc = align(r, op > NE, &layout)) != OK)
        return rc;
    r->variant = &variants[op][layout];
    r->result = type_simple(TYPE_BOOLEAN, false);
    return OK;
}

/* --- IS DISTINCT FROM */

static void distinct(struct call *c, bool wanted)
{
    const struct column *x = c->args[0].column, *y = c->args[1].column;

    for (int32_t i = 0; i < c->row_count; i++) {
        int32_t row = i & c->args[0].mask, other = i & c->args[1].mask;
        bool same;

        if (expr_type_is_instant(x->type) && column_valid(x, row) && column_valid(y, other))
            same = order_instants(x, row, y, other) == 0;
        else
            same = rows_equal(x, row, y, other);
        c->out->u8[i] = same != wanted;
    }
}

static enum err kernel_distinct(struct call *c, UNUSED struct error *e)
{
    distinct(c, true);
    return OK;
}

static enum err kernel_not_distinct(struct call *c, UNUSED struct error *e)
{
    distinct(c, false);
    return OK;
}

static enum err resolve_distinct(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant is = {.kernel = kernel_distinct}, is_not = {.kernel = kernel_not_distinct};
    enum layout layout;
    enum err rc = align(r, false, &layout);

    r->variant = strcmp(r->function->name, "IS DISTINCT FROM") == 0 ? &is : &is_not;
    r->result = type_simple(TYPE_BOOLEAN, false);
    return rc;
}

/* --- IN */

/* The list's values, when all are constants: open addressing, at least twice as many slots as values. */
struct in_set {
    struct arena arena; /* of the values */
    const struct column **slots;
    uint64_t mask;
    bool has_null;
};

static void in_close(void *self)
{
    struct in_set *s = self;

    if (s == NULL)
        return;
    arena_fini(&s->arena);
    mem_free(s->slots);
    mem_free(s);
}

static bool in_find(const struct in_set *s, const struct column *x, int32_t row, uint64_t *slot)
{
    for (*slot = rows_hash(x, row) & s->mask; s->slots[*slot]; *slot = (*slot + 1) & s->mask)
        if (rows_compare(s->slots[*slot], 0, x, row) == 0)
            return true;
    return false;
}

static enum err in_add(struct in_set *s, const struct expr *x, const struct expr_session *session,
                       struct error *e)
{
    const struct expr *value;
    enum err rc = program_constant(&s->arena, x, session, &value, e);
    uint64_t slot;

    if (rc != OK)
        return rc;
    if (expr_is_null(value))
        s->has_null = true;
    else if (!in_find(s, value->literal, 0, &slot))
        s->slots[slot] = value->literal;
    return OK;
}

/* Hashing can tell the values apart, and they are known beforehand. */
static bool in_can_hash(const struct expr *call)
{
    const struct type *t = call->args[0]->type;

    if (type_is_nested(t))
        return false;
    for (int32_t i = 1; i < call->arg_count; i++)
        if (!expr_is_constant(call->args[i]) || call->args[i]->type->kind != t->kind ||
            expr_type_is_nanos(call->args[i]->type) != expr_type_is_nanos(t) ||
            (t->kind == TYPE_DECIMAL && call->args[i]->type->scale != t->scale))
            return false;
    return true;
}

static enum err in_fill(struct in_set *s, const struct expr *call, const struct expr_session *session,
                        struct error *e)
{
    uint64_t slots = 16;
    enum err rc;

    while (slots < (uint64_t)call->arg_count * 2)
        slots *= 2;
    if ((s->slots = mem_calloc(slots, sizeof *s->slots)) == NULL)
        return error_memory(e, slots * sizeof *s->slots, "the list of IN");
    s->mask = slots - 1;
    for (int32_t i = 1; i < call->arg_count; i++)
        if ((rc = in_add(s, call->args[i], session, e)) != OK)
            return rc;
    return OK;
}

/* Without a set (self NULL) the list is compared one by one; so too when a value of it fails to evaluate. */
static enum err in_open(const struct expr *call, const struct expr_session *session, void **self,
                        struct error *e)
{
    struct in_set *s;
    enum err rc;

    *self = NULL;
    if (!in_can_hash(call))
        return OK;
    if ((s = mem_zalloc(sizeof *s)) == NULL)
        return error_memory(e, sizeof *s, "the list of IN");
    if ((rc = in_fill(s, call, session, e)) == OK) {
        *self = s;
        return OK;
    }
    in_close(s);
    return rc == ERR_INPUT ? OK : rc;
}

/* Whether the row's value is in the list; *unknown: it is not, but a NULL is. */
static bool in_list(const struct call *c, int32_t row, bool *unknown)
{
    const struct column *x = c->args[0].column;
    const struct in_set *s = c->self;
    uint64_t slot;

    *unknown = s && s->has_null;
    if (s)
        return in_find(s, x, row & c->args[0].mask, &slot);
    for (int32_t i = 1; i < c->arg_count; i++) {
        if (!arg_valid(&c->args[i], row))
            *unknown = true;
        else if (rows_equal(x, row & c->args[0].mask, c->args[i].column, row & c->args[i].mask))
            return true;
    }
    return false;
}

static enum err kernel_in(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        bool unknown = true, found = arg_valid(&c->args[0], i) && in_list(c, i, &unknown);

        c->out->u8[i] = found;
        if (!found && unknown && !call_null(c, i))
            return error_memory(e, sizeof(uint64_t), "the result of IN");
    }
    return OK;
}

static enum err resolve_in(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant in = {.kernel = kernel_in, .open = in_open, .close = in_close};
    const struct type *t = r->args[0]->type;
    bool nullable = false;

    for (int32_t i = 0; i < r->arg_count && t; i++) {
        t = comparison_type(r->arena, t, r->args[i]->type);
        nullable |= r->args[i]->type->nullable;
    }
    if (t == NULL)
        return ERR_INPUT;
    t = type_nullable(r->arena, t, true);
    for (int32_t i = 0; i < r->arg_count; i++)
        r->want[i] = t;
    r->variant = &in;
    r->result = type_simple(TYPE_BOOLEAN, nullable);
    return OK;
}

#define COMPARISON(n, text, what, min, max, bits, how)                                                       \
    {                                                                                                        \
        .name = n, .group = GROUP_COMPARISON, .usage = text, .doc = what, .least = min, .most = max,         \
        .flags = bits, .resolve = how                                                                        \
    }
#define BINARY(n, what) COMPARISON(n, "a " n " b", what, 2, 2, FN_STRICT | FN_HIDDEN, resolve_comparison)
/* Written out by functions_conditional.c's expansions. */
#define EXPANDED_ANY(n, text, what)    COMPARISON(n, text, what, 2, -1, FN_HIDDEN, NULL)
#define EXPANDED(n, text, what, count) COMPARISON(n, text, what, count, count, FN_HIDDEN, NULL)
const struct function functions_comparison[] = {
    BINARY("=", "Whether two values are equal."),
    BINARY("<>", "Whether two values differ."),
    BINARY("<", "Whether a comes before b."),
    BINARY(">", "Whether a comes after b."),
    BINARY("<=", "Whether a does not come after b."),
    BINARY(">=", "Whether a does not come before b."),
    COMPARISON("IS DISTINCT FROM", "a IS DISTINCT FROM b", "Whether two values differ; NULL equals NULL.", 2,
               2, FN_HIDDEN, resolve_distinct),
    COMPARISON("IS NOT DISTINCT FROM", "a IS NOT DISTINCT FROM b",
               "Whether two values are equal; NULL equals NULL.", 2, 2, FN_HIDDEN, resolve_distinct),
    EXPANDED("BETWEEN", "x BETWEEN low AND high", "Whether x lies between two values or is one of them.", 3),
    EXPANDED("NOT BETWEEN", "x NOT BETWEEN low AND high", "Whether x lies outside of two values.", 3),
    EXPANDED("BETWEEN SYMMETRIC", "x BETWEEN SYMMETRIC a AND b",
             "Whether x lies between two values given in any order.", 3),
    EXPANDED("NOT BETWEEN SYMMETRIC", "x NOT BETWEEN SYMMETRIC a AND b",
             "Whether x lies outside of two values given in any order.", 3),
    EXPANDED("!=", "a != b", "Whether two values differ.", 2),
    COMPARISON("IN", "x IN (a, b, ...)", "Whether x is one of the values.", 2, -1, FN_HIDDEN, resolve_in),
    EXPANDED_ANY("NOT IN", "x NOT IN (a, b, ...)", "Whether x is none of the values."),
    {0},
};
