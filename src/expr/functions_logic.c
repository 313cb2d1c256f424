/* functions_logic.c: AND, OR, NOT, and what asks for a truth or a presence. */
#include "expr/functions_core.h"

static bool is_boolean(const struct expr *x)
{
    return x->type->kind == TYPE_BOOLEAN; /* a bare NULL is one too */
}

static enum err all_boolean(struct resolution *r, UNUSED struct error *e)
{
    bool nullable = false;

    for (int32_t i = 0; i < r->arg_count; i++) {
        if (!is_boolean(r->args[i]))
            return ERR_INPUT;
        nullable |= r->args[i]->type->nullable;
    }
    r->result = type_simple(TYPE_BOOLEAN, nullable);
    return OK;
}

static enum err kernel_not(struct call *c, UNUSED struct error *e)
{
    const uint8_t *v = c->args[0].column->u8;
    uint8_t *out = c->out->u8;

    for (int32_t i = 0; i < c->row_count; i++)
        out[i] = !v[i];
    return OK;
}
static const struct variant variant_not = {.kernel = kernel_not};

static enum err resolve_not(struct resolution *r, struct error *e)
{
    r->variant = &variant_not;
    return all_boolean(r, e);
}

/* Sets out to whether each row of the argument is there. */
static void presence(struct call *c, bool wanted)
{
    const struct column *v = c->args[0].column;

    if (v->validity == NULL) {
        memset(c->out->u8, wanted, (size_t)c->row_count);
        return;
    }
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->u8[i] = (v->validity[i >> 6] >> (i & 63) & 1) == (uint64_t)wanted;
}

static enum err kernel_is_null(struct call *c, UNUSED struct error *e)
{
    presence(c, false);
    return OK;
}

static enum err kernel_is_not_null(struct call *c, UNUSED struct error *e)
{
    presence(c, true);
    return OK;
}

static enum err resolve_presence(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant is_null = {.kernel = kernel_is_null}, is_not = {.kernel = kernel_is_not_null};

    r->result = type_simple(TYPE_BOOLEAN, false);
    r->variant = strcmp(r->function->name, "IS NULL") == 0 ? &is_null : &is_not;
    return OK;
}

/* ENFORCED(x, column): TRUE, but no NULL may be written to that column. */
static enum err kernel_enforced(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct slice name = arg_slice(&c->args[1], i);

        if (!arg_valid(&c->args[0], i))
            return error_set(
                e, ERR_INPUT,
                "Column '%.*s' is NOT NULL, however, a null value is being written into it. You can set "
                "'table.exec.sink.not-null-enforcer' = 'DROP' to leave such rows out",
                (int)name.len, name.ptr);
        c->out->u8[i] = true;
    }
    return OK;
}

static enum err resolve_enforced(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant enforced = {.kernel = kernel_enforced};

    r->result = type_simple(TYPE_BOOLEAN, false);
    r->variant = &enforced;
    return OK;
}

/* Whether each row is the truth asked for; an absent one is not. */
static void is_truth(struct call *c, bool truth, bool negated)
{
    const struct column *v = c->args[0].column;

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->u8[i] = (column_valid(v, i) && v->u8[i] == truth) != negated;
}

static enum err kernel_is_true(struct call *c, UNUSED struct error *e)
{
    is_truth(c, true, false);
    return OK;
}

static enum err kernel_is_false(struct call *c, UNUSED struct error *e)
{
    is_truth(c, false, false);
    return OK;
}

static enum err kernel_is_not_true(struct call *c, UNUSED struct error *e)
{
    is_truth(c, true, true);
    return OK;
}

static enum err kernel_is_not_false(struct call *c, UNUSED struct error *e)
{
    is_truth(c, false, true);
    return OK;
}

static enum err resolve_truth(struct resolution *r, struct error *e)
{
    static const struct {
        const char *name;
        struct variant variant;
    } variants[] = {
        {"IS TRUE", {.kernel = kernel_is_true}},         {"IS FALSE", {.kernel = kernel_is_false}},
        {"IS NOT TRUE", {.kernel = kernel_is_not_true}}, {"IS NOT FALSE", {.kernel = kernel_is_not_false}},
        {"IS UNKNOWN", {.kernel = kernel_is_null}},      {"IS NOT UNKNOWN", {.kernel = kernel_is_not_null}},
    };
    enum err rc = all_boolean(r, e);

    for (size_t i = 0; i < COUNT_OF(variants); i++)
        if (strcmp(variants[i].name, r->function->name) == 0)
            r->variant = &variants[i].variant;
    r->result = type_simple(TYPE_BOOLEAN, false);
    return rc;
}

#define LOGIC(n, text, what, min, max, bits, how)                                                            \
    {                                                                                                        \
        .name = n, .group = GROUP_LOGIC, .usage = text, .doc = what, .least = min, .most = max,              \
        .flags = bits, .resolve = how                                                                        \
    }
const struct function functions_logic[] = {
    LOGIC("AND", "a AND b", "TRUE when both are, FALSE when one is FALSE, else unknown.", 2, -1,
          FN_LAZY | FN_HIDDEN, all_boolean),
    LOGIC("OR", "a OR b", "TRUE when one is, FALSE when both are FALSE, else unknown.", 2, -1,
          FN_LAZY | FN_HIDDEN, all_boolean),
    LOGIC("NOT", "NOT a", "The opposite; unknown stays unknown.", 1, 1, FN_STRICT | FN_HIDDEN, resolve_not),
    LOGIC("IS TRUE", "a IS TRUE", "Whether a condition is TRUE, not FALSE or unknown.", 1, 1, FN_HIDDEN,
          resolve_truth),
    LOGIC("IS NOT TRUE", "a IS NOT TRUE", "Whether a condition is FALSE or unknown.", 1, 1, FN_HIDDEN,
          resolve_truth),
    LOGIC("IS FALSE", "a IS FALSE", "Whether a condition is FALSE, not TRUE or unknown.", 1, 1, FN_HIDDEN,
          resolve_truth),
    LOGIC("IS NOT FALSE", "a IS NOT FALSE", "Whether a condition is TRUE or unknown.", 1, 1, FN_HIDDEN,
          resolve_truth),
    LOGIC("IS UNKNOWN", "a IS UNKNOWN", "Whether a condition is neither TRUE nor FALSE.", 1, 1, FN_HIDDEN,
          resolve_truth),
    LOGIC("IS NOT UNKNOWN", "a IS NOT UNKNOWN", "Whether a condition is TRUE or FALSE.", 1, 1, FN_HIDDEN,
          resolve_truth),
    LOGIC("IS NULL", "x IS NULL", "Whether a value is absent.", 1, 1, FN_HIDDEN, resolve_presence),
    LOGIC("IS NOT NULL", "x IS NOT NULL", "Whether a value is there.", 1, 1, FN_HIDDEN, resolve_presence),
    LOGIC("ENFORCED", "ENFORCED(x, column)", "Of INSERT: fails where a NOT NULL column would get NULL.", 2, 2,
          FN_HIDDEN | FN_VOLATILE | FN_FAILS, resolve_enforced), /* volatile: it stays where it is */
    {0},
};
