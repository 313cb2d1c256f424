/* functions_json_make.c: making JSON texts. The clause for NULLs is the first argument:
 *
 *   JSON_OBJECT('NULL' or 'ABSENT', key, value, key, value, ...)      members come out in the order of their keys
 *   JSON_ARRAY('NULL' or 'ABSENT', value, ...)
 *
 * A value that is itself a call of JSON_OBJECT or JSON_ARRAY is put in as JSON, any other text as a string.
 */
#include "base/base64.h"
#include "base/mem.h"
#include "base/zone.h"
#include "expr/cast.h"
#include "expr/functions.h"
#include "expr/json_document.h"
#include "expr/kit.h"

struct maker {
    struct bytes made, text;
    struct json_document document; /* JSON_UNQUOTE */
    int32_t *order;                /* of an object's members; owned */
};

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a JSON text");
}

static enum err open_maker(const struct expr *call, UNUSED const struct expr_session *s, void **self,
                           struct error *e)
{
    struct maker *m = mem_zalloc(sizeof *m);

    if (m && (m->order = mem_calloc((size_t)call->arg_count + 1, sizeof *m->order)) == NULL) {
        mem_free(m);
        m = NULL;
    }
    *self = m;
    return m ? OK : no_memory(e);
}

static void close_maker(void *self)
{
    struct maker *m = self;

    if (m == NULL)
        return;
    bytes_fini(&m->made);
    bytes_fini(&m->text);
    json_document_fini(&m->document);
    mem_free(m->order);
    mem_free(m);
}

static bool put_made(struct call *c, int32_t row)
{
    const struct bytes *made = &((struct maker *)c->self)->made;
    char *to = made->failed || made->len > INT32_MAX ? NULL : kit_text(c, made->len);

    if (to == NULL)
        return false;
    if (made->len)
        memcpy(to, made->ptr, made->len);
    return call_put(c, row, slice_of(to, made->len));
}

/* --- values */

/* Zeros at the end of a fraction are not written. */
static void cut_zeros(struct bytes *text)
{
    if (text->len == 0 || memchr(text->ptr, '.', text->len) == NULL)
        return;
    while (text->ptr[text->len - 1] == '0')
        text->len--;
    text->len -= text->ptr[text->len - 1] == '.';
}

/* Times as `2020-01-02T03:04:05.678`, instants in UTC with a Z. */
static void scalar(struct maker *m, const struct column *v, int32_t row)
{
    struct bytes *out = &m->made;
    bool quoted = !kit_is_number(v->type) && v->type->kind != TYPE_BOOLEAN;

    bytes_clear(&m->text);
    cast_print(v, row, zone_gmt(), &m->text);
    if (v->type->kind == TYPE_TIMESTAMP || v->type->kind == TYPE_TIMESTAMP_LTZ) {
        char *blank = m->text.len ? memchr(m->text.ptr, ' ', m->text.len) : NULL;

        if (blank)
            *blank = 'T';
        cut_zeros(&m->text);
        if (v->type->kind == TYPE_TIMESTAMP_LTZ)
            bytes_u8(&m->text, 'Z');
    }
    if (v->type->kind == TYPE_DECIMAL)
        cut_zeros(&m->text);
    out->failed |= m->text.failed;
    if (v->type->kind == TYPE_BOOLEAN)
        bytes_text(out, v->u8[row] ? "true" : "false");
    else if (quoted)
        json_document_quote(bytes_all(&m->text), out);
    else
        bytes_slice(out, bytes_all(&m->text));
}

static void value(struct maker *m, const struct column *v, int32_t row);

static void elements(struct maker *m, const struct column *v, int32_t row)
{
    bytes_u8(&m->made, '[');
    for (int32_t k = v->offsets[row]; k < v->offsets[row + 1]; k++) {
        if (k > v->offsets[row])
            bytes_u8(&m->made, ',');
        value(m, &v->children[0], k);
    }
    bytes_u8(&m->made, ']');
}

static void key(struct maker *m, const struct column *v, int32_t row)
{
    if (column_valid(v, row) && v->type->kind == TYPE_STRING) {
        json_document_quote(column_slice(v, row), &m->made);
        return;
    }
    bytes_clear(&m->text);
    if (column_valid(v, row))
        cast_print(v, row, zone_gmt(), &m->text);
    else
        bytes_text(&m->text, "null");
    json_document_quote(bytes_all(&m->text), &m->made);
}

static void pairs(struct maker *m, const struct column *v, int32_t row)
{
    bytes_u8(&m->made, '{');
    for (int32_t k = v->offsets[row]; k < v->offsets[row + 1]; k++) {
        if (k > v->offsets[row])
            bytes_u8(&m->made, ',');
        key(m, &v->children[0], k);
        bytes_u8(&m->made, ':');
        value(m, &v->children[1], k);
    }
    bytes_u8(&m->made, '}');
}

static void fields(struct maker *m, const struct column *v, int32_t row)
{
    bytes_u8(&m->made, '{');
    for (int32_t i = 0; i < v->type->field_count; i++) {
        if (i)
            bytes_u8(&m->made, ',');
        json_document_quote(slice_text(v->type->fields[i].name), &m->made);
        bytes_u8(&m->made, ':');
        value(m, &v->children[i], row);
    }
    bytes_u8(&m->made, '}');
}

static void value(struct maker *m, const struct column *v, int32_t row)
{
    if (!column_valid(v, row)) {
        bytes_text(&m->made, "null");
        return;
    }
    switch (v->type->kind) {
    case TYPE_LIST:
        elements(m, v, row);
        break;
    case TYPE_MAP:
        pairs(m, v, row);
        break;
    case TYPE_STRUCT:
        fields(m, v, row);
        break;
    case TYPE_STRING:
        json_document_quote(column_slice(v, row), &m->made);
        break;
    case TYPE_BINARY:
    case TYPE_FIXED:
        bytes_u8(&m->made, '"');
        base64_encode(column_slice(v, row), &m->made);
        bytes_u8(&m->made, '"');
        break;
    default:
        scalar(m, v, row);
    }
}

static bool is_json_call(const struct expr *x)
{
    return x->kind == EXPR_CALL &&
           (strcmp(x->function->name, "JSON_OBJECT") == 0 || strcmp(x->function->name, "JSON_ARRAY") == 0);
}

static void argument(struct call *c, int32_t arg, int32_t row)
{
    struct maker *m = c->self;
    const struct arg *a = &c->args[arg];

    if (is_json_call(c->expr->args[arg]) && arg_valid(a, row))
        bytes_slice(&m->made, arg_slice(a, row));
    else
        value(m, a->column, row & a->mask);
}

/* --- the functions */

static enum err json_string(struct call *c, struct error *e)
{
    struct maker *m = c->self;

    EACH_ROW(c, i)
    {
        bytes_clear(&m->made);
        argument(c, 0, i);
        if (!put_made(c, i))
            return no_memory(e);
    }
    return OK;
}

static bool absent_on_null(const struct expr *call)
{
    struct slice mode;

    return kit_literal_text(call->args[0], &mode) && slice_is(mode, "ABSENT");
}

static enum err json_array(struct call *c, struct error *e)
{
    struct maker *m = c->self;
    bool absent = absent_on_null(c->expr);

    for (int32_t i = 0; i < c->row_count; i++) {
        bytes_clear(&m->made);
        bytes_u8(&m->made, '[');
        for (int32_t k = 1; k < c->arg_count; k++) {
            if (absent && !arg_valid(&c->args[k], i))
                continue;
            if (m->made.len > 1)
                bytes_u8(&m->made, ',');
            argument(c, k, i);
        }
        bytes_u8(&m->made, ']');
        if (!put_made(c, i))
            return no_memory(e);
    }
    return OK;
}

/* Put the keys of a row in order into m->order; of equal ones the last counts. Returns how many there are. */
static int32_t order_keys(struct call *c, int32_t row, bool absent)
{
    int32_t *order = ((struct maker *)c->self)->order, count = 0;

    for (int32_t k = 1; k + 1 < c->arg_count; k += 2) {
        struct slice name = arg_slice(&c->args[k], row);
        int32_t at = count;

        if (absent && !arg_valid(&c->args[k + 1], row))
            continue;
        while (at > 0 && slice_compare(name, arg_slice(&c->args[order[at - 1]], row)) < 0)
            at--;
        if (at > 0 && slice_equal(name, arg_slice(&c->args[order[at - 1]], row))) {
            order[at - 1] = k;
            continue;
        }
        memmove(order + at + 1, order + at, (size_t)(count++ - at) * sizeof *order);
        order[at] = k;
    }
    return count;
}

static enum err json_object(struct call *c, struct error *e)
{
    struct maker *m = c->self;
    bool absent = absent_on_null(c->expr);

    for (int32_t i = 0; i < c->row_count; i++) {
        int32_t count;

        for (int32_t k = 1; k < c->arg_count; k += 2)
            if (!arg_valid(&c->args[k], i))
                return call_fail(c, e, "JSON_OBJECT: a key is NULL");
        count = order_keys(c, i, absent);
        bytes_clear(&m->made);
        bytes_u8(&m->made, '{');
        for (int32_t k = 0; k < count; k++) {
            if (k)
                bytes_u8(&m->made, ',');
            json_document_quote(arg_slice(&c->args[m->order[k]], i), &m->made);
            bytes_u8(&m->made, ':');
            argument(c, m->order[k] + 1, i);
        }
        bytes_u8(&m->made, '}');
        if (!put_made(c, i))
            return no_memory(e);
    }
    return OK;
}

static enum err json_quote(struct call *c, struct error *e)
{
    struct maker *m = c->self;

    EACH_ROW(c, i)
    {
        bytes_clear(&m->made);
        json_document_quote(arg_slice(&c->args[0], i), &m->made);
        if (!put_made(c, i))
            return no_memory(e);
    }
    return OK;
}

/* Of a JSON string what it says; any other text stays as it is. */
static enum err json_unquote(struct call *c, struct error *e)
{
    struct maker *m = c->self;

    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"' &&
                      json_document_read(&m->document, text) && m->document.nodes[0].kind == JSON_STRING;

        if (m->document.failed)
            return no_memory(e);
        bytes_clear(&m->made);
        if (quoted)
            json_document_unescape(m->document.nodes[0].text, &m->made);
        if (quoted ? !put_made(c, i) : !call_put(c, i, text))
            return no_memory(e);
    }
    return OK;
}

/* --- types */

static enum err check_mode(struct resolution *r, struct error *e)
{
    struct slice mode;

    if (!kit_literal_text(r->args[0], &mode) || (!slice_is(mode, "NULL") && !slice_is(mode, "ABSENT")))
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = type_simple(TYPE_STRING, false);
    return OK;
}

static enum err array_types(struct resolution *r, struct error *e)
{
    return check_mode(r, e);
}

static enum err object_types(struct resolution *r, struct error *e)
{
    enum err rc = check_mode(r, e);

    for (int32_t i = 1; rc == OK && i < r->arg_count; i += 2)
        if (i + 1 == r->arg_count || kit_arg_type(r, i) == NULL || kit_arg_type(r, i)->kind != TYPE_STRING)
            return kit_refuse(e);
    return rc;
}

#define MAKER(kernel_)                                                                                       \
    &(const struct variant)                                                                                  \
    {                                                                                                        \
        .kernel = kernel_, .open = open_maker, .close = close_maker                                          \
    }

const struct function functions_json_make[] = {
    {"JSON_STRING", GROUP_JSON, "JSON_STRING(value)", "Any value as JSON; NULL of NULL.", 1, 1,
     FN_STRICT | FN_COSTLY, kit_resolve, "a>s", MAKER(json_string)},
    {"JSON_OBJECT", GROUP_JSON, "JSON_OBJECT([[KEY] key VALUE value, ...] [NULL | ABSENT ON NULL])",
     "A JSON object of these members, in the order of their keys.", 1, -1, FN_FAILS | FN_COSTLY, object_types,
     NULL, MAKER(json_object)},
    {"JSON_ARRAY", GROUP_JSON, "JSON_ARRAY([value, ...] [NULL | ABSENT ON NULL])",
     "A JSON array of these values; NULLs are left out when not told otherwise.", 1, -1, FN_COSTLY,
     array_types, NULL, MAKER(json_array)},
    {"JSON_QUOTE", GROUP_JSON, "JSON_QUOTE(string)", "The text as a JSON string, in quotes.", 1, 1, FN_STRICT,
     kit_resolve, "s>s", MAKER(json_quote)},
    {"JSON_UNQUOTE", GROUP_JSON, "JSON_UNQUOTE(string)",
     "What a JSON string says; a text that is none stays as it is.", 1, 1, FN_STRICT, kit_resolve, "s>s",
     MAKER(json_unquote)},
    {NULL},
};
