/* text_types.c: see text_types.h. */
#include "expr/text_types.h"

enum rule {
    AS_TEXT,  /* the text's own type */
    AT_MOST,  /* VARCHAR as long as the text */
    TOGETHER, /* as long as both texts; CHAR when both are */
    OVERLAID, /* VARCHAR as long as both */
    DIGEST,   /* CHAR(length) */
    UP_TO,    /* VARCHAR(length) */
};

static const struct {
    const char *name;
    enum rule rule;
    int32_t length;
} rules[] = {
    {"INITCAP", AS_TEXT, 0}, {"LOWER", AS_TEXT, 0},  {"UPPER", AS_TEXT, 0},    {"LEFT", AT_MOST, 0},
    {"LTRIM", AT_MOST, 0},   {"RIGHT", AT_MOST, 0},  {"RTRIM", AT_MOST, 0},    {"SUBSTRING", AT_MOST, 0},
    {"TRIM", AT_MOST, 0},    {"||", TOGETHER, 0},    {"OVERLAY", OVERLAID, 0}, {"MD5", DIGEST, 32},
    {"SHA1", DIGEST, 40},    {"SHA224", DIGEST, 56}, {"SHA256", DIGEST, 64},   {"SHA384", DIGEST, 96},
    {"SHA512", DIGEST, 128}, {"SHA2", UP_TO, 128},
};

static void limit(struct type *t, enum type_form form, int32_t length)
{
    t->form = length ? form : FORM_PLAIN; /* no limit: STRING */
    t->length = length;
}

static void together(struct type *t, const struct type *x, const struct type *y, bool fixed)
{
    bool both = x->length && y->length && y->length < INT32_MAX - x->length;

    limit(t, fixed && x->form == FORM_CHAR && y->form == FORM_CHAR ? FORM_CHAR : FORM_PLAIN,
          both ? x->length + y->length : 0);
}

const struct type *text_types_result(const struct resolution *r)
{
    const struct type *text, *second;
    struct type *t;
    size_t i = 0;

    while (i < COUNT_OF(rules) && strcmp(rules[i].name, r->function->name) != 0)
        i++;
    if (i == COUNT_OF(rules) || r->result->kind != TYPE_STRING)
        return r->result;
    text =
        r->args[rules[i].rule == AT_MOST && strcmp(rules[i].name, "TRIM") == 0 ? r->arg_count - 1 : 0]->type;
    second = r->args[r->arg_count > 1 ? 1 : 0]->type;
    if (rules[i].rule < DIGEST && (text->kind != TYPE_STRING || second->form == FORM_NULL))
        return r->result;
    if ((t = arena_copy(r->arena, r->result, sizeof *t)) == NULL)
        return NULL;
    if (rules[i].rule == AS_TEXT || rules[i].rule == AT_MOST)
        limit(t, rules[i].rule == AS_TEXT ? text->form : FORM_PLAIN, text->length);
    else if (rules[i].rule == TOGETHER || rules[i].rule == OVERLAID)
        together(t, text, second, rules[i].rule == TOGETHER);
    else
        limit(t, rules[i].rule == DIGEST ? FORM_CHAR : FORM_PLAIN, rules[i].length);
    return t;
}
