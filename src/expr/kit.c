/* kit.c: signatures read letter by letter. */
#include "expr/kit.h"
#include "expr/expr_internal.h"
#include <strings.h>

enum err kit_refuse(struct error *e)
{
    e->code = ERR_INPUT;
    e->text[0] = '\0';
    return ERR_INPUT;
}

const struct type *kit_arg_type(const struct resolution *r, int32_t i)
{
    const struct type *t = r->args[i]->type;

    return t && t->form == FORM_NULL ? NULL : t;
}

bool kit_nullable(const struct type *t)
{
    return t == NULL || t->nullable;
}

bool kit_is_integer(const struct type *t)
{
    return t && t->kind >= TYPE_INT8 && t->kind <= TYPE_INT64;
}

bool kit_is_number(const struct type *t)
{
    return t && t->kind >= TYPE_INT8 && t->kind <= TYPE_DECIMAL;
}

bool kit_is_time(const struct type *t)
{
    return t && t->kind >= TYPE_DATE && t->kind <= TYPE_TIMESTAMP_LTZ;
}

const struct type *kit_precision(struct arena *a, enum type_kind kind, int32_t precision, bool nullable)
{
    struct type *t = ARENA_NEW(a, struct type);

    if (t)
        *t = (struct type){.kind = kind, .nullable = nullable, .precision = precision};
    return t;
}

static const struct type *nested(struct arena *a, enum type_kind kind, const struct field *fields,
                                 int32_t count, bool nullable)
{
    struct type *t = ARENA_NEW(a, struct type);
    const struct field *copy = arena_copy(a, fields, sizeof *fields * (size_t)count);

    if (t == NULL || copy == NULL)
        return NULL;
    *t = (struct type){.kind = kind, .nullable = nullable, .field_count = count, .fields = copy};
    return t;
}

const struct type *kit_list(struct arena *a, const struct type *element, bool nullable)
{
    struct field field = {.name = "element", .type = element};

    return element ? nested(a, TYPE_LIST, &field, 1, nullable) : NULL;
}

const struct type *kit_map(struct arena *a, const struct type *key, const struct type *value, bool nullable)
{
    struct field fields[] = {{.name = "key", .type = key}, {.name = "value", .type = value}};

    return key && value ? nested(a, TYPE_MAP, fields, 2, nullable) : NULL;
}

bool kit_literal_text(const struct expr *x, struct slice *out)
{
    if (x->kind != EXPR_LITERAL || expr_is_null(x) || x->type->kind != TYPE_STRING)
        return false;
    *out = column_slice(x->literal, 0);
    return true;
}

int kit_word(struct slice text, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strlen(words[i]) == text.len && strncasecmp(words[i], text.ptr, text.len) == 0)
            return i;
    return -1;
}

/* What a letter takes, and as what: *want is NULL for "as it is". */
static bool takes(char letter, const struct resolution *r, int32_t i, const struct type **want)
{
    static const struct {
        char letter;
        enum type_kind kind;
    } exact[] = {{'s', TYPE_STRING}, {'y', TYPE_BINARY},    {'o', TYPE_BOOLEAN},      {'D', TYPE_DATE},
                 {'T', TYPE_TIME},   {'t', TYPE_TIMESTAMP}, {'z', TYPE_TIMESTAMP_LTZ}};
    const struct type *t = kit_arg_type(r, i);
    struct slice text;

    *want = NULL;
    switch (letter) {
    case 'a':
        return true;
    case 'u':
        return kit_literal_text(r->args[i], &text);
    case 'i':
        *want = type_simple(TYPE_INT64, kit_nullable(t));
        return t == NULL || kit_is_integer(t);
    case 'd':
        *want = type_simple(TYPE_DOUBLE, kit_nullable(t));
        return t == NULL || kit_is_number(t);
    case 'n':
        return kit_is_number(t);
    case 'e':
        return kit_is_time(t);
    case 'x':
        *want = t ? NULL : type_simple(TYPE_STRING, true);
        return t == NULL || t->kind == TYPE_STRING || t->kind == TYPE_BINARY || t->kind == TYPE_FIXED;
    default:
        for (size_t k = 0; k < COUNT_OF(exact); k++)
            if (exact[k].letter == letter) {
                *want = t ? NULL : type_simple(exact[k].kind, true);
                return t == NULL || t->kind == exact[k].kind || (letter == 'y' && t->kind == TYPE_FIXED);
            }
        assert(!"a letter that kit.h lists");
        return false;
    }
}

static const struct type *result_type(struct arena *a, char letter, bool nullable)
{
    switch (letter) {
    case 's':
        return type_simple(TYPE_STRING, nullable);
    case 'y':
        return type_simple(TYPE_BINARY, nullable);
    case 'o':
        return type_simple(TYPE_BOOLEAN, nullable);
    case 'i':
        return type_simple(TYPE_INT32, nullable);
    case 'l':
        return type_simple(TYPE_INT64, nullable);
    case 'd':
        return type_simple(TYPE_DOUBLE, nullable);
    case 'D':
        return type_simple(TYPE_DATE, nullable);
    case 'T':
        return kit_precision(a, TYPE_TIME, 0, nullable);
    case 't':
        return kit_precision(a, TYPE_TIMESTAMP, 3, nullable);
    case 'z':
        return kit_precision(a, TYPE_TIMESTAMP_LTZ, 3, nullable);
    default:
        assert(!"a result letter that kit.h lists");
        return NULL;
    }
}

enum err kit_types(struct resolution *r, const char *signature, struct error *e)
{
    const char *at = signature;
    bool optional = false;

    for (int32_t i = 0; i < r->arg_count; i++) {
        if (*at == '[') {
            optional = true;
            at++;
        }
        if (*at == '>' || *at == '\0')
            return kit_refuse(e);
        if (!takes(*at, r, i, &r->want[i]))
            return kit_refuse(e);
        if (at[1] != '*')
            at++;
    }
    if (*at != '\0' && *at != '[' && *at != '>' && at[1] != '*' && !optional)
        return kit_refuse(e); /* one is missing */
    if ((at = strchr(at, '>')) == NULL)
        return OK; /* the caller sets the result */
    r->result = result_type(r->arena, at[1], at[2] == '?');
    return r->result ? OK : error_memory(e, sizeof(struct type), "a type");
}

enum err kit_resolve(struct resolution *r, struct error *e)
{
    r->variant = r->function->simple;
    return kit_types(r, r->function->signature, e);
}
