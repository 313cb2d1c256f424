/* functions_json.c: looking into JSON texts. The clauses that SQL writes in words are arguments here, in this order:
 *
 *   JSON_EXISTS(json, path [, on error])                        'TRUE' 'FALSE' 'UNKNOWN' 'ERROR'
 *   JSON_VALUE(json, path [, returning, on empty, default on empty, on error, default on error])
 *       returning: a value (a NULL, say) of the type that RETURNING names: STRING, BOOLEAN, INT, BIGINT, DOUBLE
 *       on empty, on error: 'NULL' 'ERROR' 'DEFAULT'; a default that is not used is a NULL
 *   JSON_QUERY(json, path [, wrapper, on empty, on error [, returning]])
 *       wrapper: 'WITHOUT' 'CONDITIONAL' 'UNCONDITIONAL'
 *       on empty, on error: 'NULL' 'ERROR' 'EMPTY ARRAY' 'EMPTY OBJECT'; returning: STRING or ARRAY<STRING>
 *   "IS JSON"(json), "IS JSON OBJECT", "IS JSON ARRAY", "IS JSON SCALAR", "IS JSON VALUE", and "IS NOT JSON..."
 *
 * Words are text literals. Without a clause: FALSE, NULL, WITHOUT. A constant path is read once, a document once a
 * row.
 */
#include "base/mem.h"
#include "base/number_text.h"
#include "batch/builder.h"
#include "expr/functions.h"
#include "expr/json_path.h"
#include "expr/kit.h"

enum behaviour {
    ON_NULL,
    ON_ERROR,
    ON_DEFAULT,
    ON_EMPTY_ARRAY,
    ON_EMPTY_OBJECT,
    ON_TRUE,
    ON_FALSE,
    ON_UNKNOWN
};
static const char *const behaviours[] = {"NULL",         "ERROR", "DEFAULT", "EMPTY ARRAY",
                                         "EMPTY OBJECT", "TRUE",  "FALSE",   "UNKNOWN"};
enum wrapper { WRAP_NOT, WRAP_CONDITIONAL, WRAP_ALWAYS };
static const char *const wrappers[] = {"WITHOUT", "CONDITIONAL", "UNCONDITIONAL"};

struct looker {
    struct json_document document;
    struct json_path path;
    struct json_path_matches matches;
    struct bytes path_text; /* what path was read from */
    bool has_path, bad_path;
    struct bytes made;
};

/* What a path leads to. */
enum outcome { FOUND_NOTHING, FOUND_NODE, FOUND_LIST, FOUND_ERROR };

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a JSON document");
}

static enum err open_looker(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                            struct error *e)
{
    *self = mem_zalloc(sizeof(struct looker));
    return *self ? OK : no_memory(e);
}

static void close_looker(void *self)
{
    struct looker *l = self;

    if (l == NULL)
        return;
    json_document_fini(&l->document);
    json_path_fini(&l->path);
    json_path_matches_fini(&l->matches);
    bytes_fini(&l->path_text);
    bytes_fini(&l->made);
    mem_free(l);
}

static enum err prepare(struct call *c, int32_t row, struct error *e)
{
    struct looker *l = c->self;
    struct slice text = arg_slice(&c->args[1], row);
    struct error why = {0};
    enum err rc;

    if (l->has_path && slice_equal(text, bytes_all(&l->path_text)))
        return OK;
    json_path_fini(&l->path);
    bytes_clear(&l->path_text);
    l->has_path = false;
    rc = json_path_init(&l->path, text, &why);
    if (rc == ERR_MEMORY)
        return no_memory(e);
    if (rc == ERR_UNSUPPORTED)
        return call_fail(c, e, "%s", why.text);
    l->bad_path = rc != OK; /* an error of the path is one of the row */
    bytes_slice(&l->path_text, text);
    l->has_path = !l->path_text.failed;
    return l->has_path ? OK : no_memory(e);
}

/* Follow the path of a row through its document. */
static enum err look(struct call *c, int32_t row, enum outcome *out, struct error *e)
{
    struct looker *l = c->self;
    enum err rc = prepare(c, row, e);
    bool read;

    if (rc != OK)
        return rc;
    *out = FOUND_ERROR;
    read = json_document_read(&l->document, arg_slice(&c->args[0], row));
    if (l->document.failed)
        return no_memory(e);
    if (l->bad_path)
        return OK;
    if (!read) {
        *out = l->path.lax ? FOUND_NOTHING : FOUND_ERROR;
        return OK;
    }
    json_path_find(&l->path, &l->document, &l->matches);
    if (l->matches.failed)
        return no_memory(e);
    if (l->matches.missing && !l->path.lax)
        return OK;
    if (!l->path.definite)
        *out = FOUND_LIST;
    else
        *out = l->matches.count && l->document.nodes[l->matches.nodes[0]].kind != JSON_NULL ? FOUND_NODE
                                                                                            : FOUND_NOTHING;
    return OK;
}

static bool both_there(const struct call *c, int32_t row)
{
    return arg_valid(&c->args[0], row) && arg_valid(&c->args[1], row);
}

static int clause(const struct expr *call, int32_t arg, const char *const *words, int count, int otherwise)
{
    struct slice text;

    if (arg >= call->arg_count || !kit_literal_text(call->args[arg], &text))
        return otherwise;
    return kit_word(text, words, count);
}

static enum behaviour behaviour_of(const struct expr *call, int32_t arg, enum behaviour otherwise)
{
    return (enum behaviour)clause(call, arg, behaviours, COUNT_OF(behaviours), (int)otherwise);
}

static enum err fail_error(struct call *c, int32_t row, struct error *e)
{
    struct slice path = arg_slice(&c->args[1], row);

    return call_fail(c, e,
                     "%s: the text is no JSON, or '" SLICE_FMT "' does not lead to what is wanted in it",
                     c->expr->function->name, SLICE_ARG(path));
}

static enum err fail_empty(struct call *c, int32_t row, struct error *e)
{
    struct slice path = arg_slice(&c->args[1], row);

    return call_fail(c, e, "%s: '" SLICE_FMT "' leads to nothing", c->expr->function->name, SLICE_ARG(path));
}

/* --- JSON_EXISTS */

static enum err json_exists(struct call *c, struct error *e)
{
    enum behaviour on_error = behaviour_of(c->expr, 2, ON_FALSE);

    for (int32_t i = 0; i < c->row_count; i++) {
        enum outcome found = FOUND_ERROR;
        enum err rc = both_there(c, i) ? look(c, i, &found, e) : OK;

        if (rc != OK)
            return rc;
        if (!both_there(c, i) || (found == FOUND_ERROR && on_error == ON_UNKNOWN)) {
            if (!call_null(c, i))
                return no_memory(e);
            continue;
        }
        if (found == FOUND_ERROR && on_error == ON_ERROR)
            return fail_error(c, i, e);
        c->out->u8[i] = found == FOUND_ERROR ? on_error == ON_TRUE : found != FOUND_NOTHING;
    }
    return OK;
}

static enum err exists_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_types(r, "ss[u>o?", e);
    struct expr call = {.args = r->args, .arg_count = r->arg_count};
    enum behaviour on_error = behaviour_of(&call, 2, ON_FALSE);

    if (rc == OK && (on_error < ON_TRUE && on_error != ON_ERROR))
        return kit_refuse(e);
    r->variant = r->function->simple;
    return rc;
}

/* --- JSON_VALUE */

/* Set row to a scalar; *fits is false when it is not of the result's type. */
static enum err put_scalar(struct call *c, int32_t row, const struct json_node *n, bool *fits,
                           struct error *e)
{
    static const char *const words[] = {"null", "true", "false"};
    struct bytes *made = &((struct looker *)c->self)->made;
    bool number = n->kind == JSON_NUMBER, whole = number && json_document_is_integer(n->text);
    double d = 0;
    int64_t v = 0;
    char *to;

    *fits = true;
    switch (c->out->type->kind) {
    case TYPE_BOOLEAN:
        *fits = n->kind == JSON_TRUE || n->kind == JSON_FALSE;
        c->out->u8[row] = n->kind == JSON_TRUE;
        return OK;
    case TYPE_INT32:
        *fits = whole && number_parse_int(n->text, INT32_MIN, INT32_MAX, &v) == NULL;
        c->out->i32[row] = (int32_t)v;
        return OK;
    case TYPE_INT64:
        *fits = whole && number_parse_int(n->text, INT64_MIN, INT64_MAX, &v) == NULL;
        c->out->i64[row] = v;
        return OK;
    case TYPE_DOUBLE:
        *fits = number && number_parse_double(n->text, &d) == NULL;
        c->out->f64[row] = d;
        return OK;
    default:
        break;
    }
    if (n->kind == JSON_STRING && !n->escaped)
        return call_put(c, row, n->text) ? OK : no_memory(e);
    bytes_clear(made);
    if (n->kind == JSON_STRING)
        json_document_unescape(n->text, made);
    else if (number)
        json_document_number(n->text, made);
    else
        bytes_text(made, words[n->kind]);
    if (made->failed || (to = kit_text(c, made->len)) == NULL)
        return no_memory(e);
    if (made->len)
        memcpy(to, made->ptr, made->len);
    return call_put(c, row, slice_of(to, made->len)) ? OK : no_memory(e);
}

/* Set row to argument `arg`, which has the result's type. */
static enum err put_default(struct call *c, int32_t row, int32_t arg, struct error *e)
{
    const struct arg *a = &c->args[arg];
    int32_t from = row & a->mask;
    size_t width = type_width(c->out->type);

    if (!arg_valid(a, row))
        return call_null(c, row) ? OK : no_memory(e);
    if (c->out->type->kind == TYPE_STRING)
        return call_put(c, row, arg_slice(a, row)) ? OK : no_memory(e);
    memcpy((char *)c->out->values + (size_t)row * width,
           (const char *)a->column->values + (size_t)from * width, width);
    return OK;
}

static enum err value_row(struct call *c, int32_t row, struct error *e)
{
    struct looker *l = c->self;
    enum outcome found;
    enum behaviour on;
    enum err rc = look(c, row, &found, e);
    const struct json_node *n = rc == OK && found == FOUND_NODE ? &l->document.nodes[l->matches.nodes[0]]
                                                                : NULL;
    bool empty, fits;

    if (rc != OK)
        return rc;
    if (n && json_document_is_scalar(n)) {
        if ((rc = put_scalar(c, row, n, &fits, e)) != OK || fits)
            return rc;
        found = FOUND_ERROR;
    }
    empty = found == FOUND_NOTHING || (found != FOUND_ERROR && l->path.lax);
    on = behaviour_of(c->expr, empty ? 3 : 5, ON_NULL);
    if (on == ON_ERROR)
        return empty ? fail_empty(c, row, e) : fail_error(c, row, e);
    if (on == ON_DEFAULT)
        return put_default(c, row, empty ? 4 : 6, e);
    return call_null(c, row) ? OK : no_memory(e);
}

static enum err json_value(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        enum err rc = both_there(c, i) ? value_row(c, i, e) : call_null(c, i) ? OK : no_memory(e);

        if (rc != OK)
            return rc;
    }
    return OK;
}

static enum err value_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_types(r, r->arg_count > 3 ? "ssauaua" : "ss[a", e);
    const struct type *t = r->arg_count > 2 ? kit_arg_type(r, 2) : type_simple(TYPE_STRING, true);
    struct expr call = {.args = r->args, .arg_count = r->arg_count};

    if (rc != OK)
        return rc;
    if (r->arg_count > 3 &&
        (behaviour_of(&call, 3, ON_NULL) > ON_DEFAULT || behaviour_of(&call, 5, ON_NULL) > ON_DEFAULT))
        return kit_refuse(e);
    t = t ? t : type_simple(TYPE_STRING, true);
    if (t->kind != TYPE_STRING && t->kind != TYPE_BOOLEAN && t->kind != TYPE_INT32 && t->kind != TYPE_INT64 &&
        t->kind != TYPE_DOUBLE)
        return error_set(e, ERR_INPUT, "JSON_VALUE returns STRING, BOOLEAN, INT, BIGINT or DOUBLE");
    r->variant = r->function->simple;
    r->result = type_nullable(r->arena, t, true);
    for (int32_t i = 4; i < r->arg_count; i += 2)
        r->want[i] = r->result;
    if (r->arg_count > 2)
        r->want[2] = r->result;
    return r->result ? OK : no_memory(e);
}

/* --- JSON_QUERY */

/* Append what was found as JSON; false when it is a scalar, which is no result. */
static bool write_found(struct looker *l, enum outcome found, enum wrapper wrap)
{
    const struct json_node *n = found == FOUND_NODE ? &l->document.nodes[l->matches.nodes[0]] : NULL;
    bool array = n == NULL || n->kind == JSON_ARRAY;
    bool wrapped = wrap == WRAP_ALWAYS || (wrap == WRAP_CONDITIONAL && !array);

    bytes_clear(&l->made);
    if (n && json_document_is_scalar(n) && !wrapped)
        return false;
    if (wrapped)
        bytes_u8(&l->made, '[');
    if (n) {
        json_document_write(&l->document, l->matches.nodes[0], &l->made);
    } else {
        bytes_u8(&l->made, '[');
        for (size_t i = 0; i < l->matches.count; i++) {
            if (i)
                bytes_u8(&l->made, ',');
            json_document_write(&l->document, l->matches.nodes[i], &l->made);
        }
        bytes_u8(&l->made, ']');
    }
    if (wrapped)
        bytes_u8(&l->made, ']');
    return true;
}

/* The JSON that is the result of a row, in l->made; *null: there is none. */
static enum err query_row(struct call *c, int32_t row, bool *null, struct error *e)
{
    struct looker *l = c->self;
    enum outcome found;
    enum wrapper wrap = (enum wrapper)clause(c->expr, 2, wrappers, COUNT_OF(wrappers), WRAP_NOT);
    enum err rc = look(c, row, &found, e);
    enum behaviour on;
    bool empty;

    *null = false;
    if (rc != OK)
        return rc;
    if (found != FOUND_ERROR && found != FOUND_NOTHING && write_found(l, found, wrap))
        return l->made.failed ? no_memory(e) : OK;
    empty = found == FOUND_NOTHING || (found == FOUND_NODE && l->path.lax);
    on = behaviour_of(c->expr, empty ? 3 : 4, ON_NULL);
    if (on == ON_ERROR)
        return empty ? fail_empty(c, row, e) : fail_error(c, row, e);
    bytes_clear(&l->made);
    *null = on == ON_NULL;
    bytes_text(&l->made, on == ON_EMPTY_ARRAY ? "[]" : "{}");
    return l->made.failed ? no_memory(e) : OK;
}

static enum err json_query(struct call *c, struct error *e)
{
    struct bytes *made = &((struct looker *)c->self)->made;

    for (int32_t i = 0; i < c->row_count; i++) {
        bool null = true;
        enum err rc = both_there(c, i) ? query_row(c, i, &null, e) : OK;
        char *to;

        if (rc != OK)
            return rc;
        if (null) {
            if (!call_null(c, i))
                return no_memory(e);
            continue;
        }
        if ((to = kit_text(c, made->len)) == NULL)
            return no_memory(e);
        memcpy(to, made->ptr, made->len);
        if (!call_put(c, i, slice_of(to, made->len)))
            return no_memory(e);
    }
    return OK;
}

/* The elements of the result, which is read again, as an array of texts. */
static enum err append_array(struct call *c, struct error *e)
{
    struct looker *l = c->self;
    struct column_builder *to = &c->rows->children[0];
    struct bytes text = {0};

    if (!json_document_read(&l->document, bytes_all(&l->made)) || l->document.nodes[0].kind != JSON_ARRAY) {
        if (l->document.failed)
            return no_memory(e);
        builder_null(c->rows);
        return OK;
    }
    for (int32_t k = 1; k < l->document.nodes[0].next; k = l->document.nodes[k].next) {
        const struct json_node *n = &l->document.nodes[k];

        bytes_clear(&text);
        if (n->kind == JSON_STRING)
            json_document_unescape(n->text, &text);
        else
            json_document_write(&l->document, k, &text);
        if (n->kind == JSON_NULL)
            builder_null(to);
        else
            builder_copied(to, text.ptr ? text.ptr : "", text.len);
    }
    builder_list_end(c->rows);
    bytes_fini(&text);
    return text.failed ? no_memory(e) : OK;
}

static enum err json_query_array(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        bool null = true;
        enum err rc = both_there(c, i) ? query_row(c, i, &null, e) : OK;

        if (rc != OK)
            return rc;
        if (null)
            builder_null(c->rows);
        else if ((rc = append_array(c, e)) != OK)
            return rc;
    }
    return OK;
}

static enum err query_types(struct resolution *r, struct error *e)
{
    static const struct variant texts = {.kernel = json_query, .open = open_looker, .close = close_looker},
                                arrays = {.kernel = json_query_array,
                                          .open = open_looker,
                                          .close = close_looker,
                                          .builds = true};
    enum err rc = kit_types(r, r->arg_count > 2 ? "ssuuu[a>s?" : "ss>s?", e);
    struct expr call = {.args = r->args, .arg_count = r->arg_count};
    const struct type *t = r->arg_count > 5 ? kit_arg_type(r, 5) : NULL;

    if (rc != OK)
        return rc;
    if (clause(&call, 2, wrappers, COUNT_OF(wrappers), 0) < 0)
        return kit_refuse(e);
    for (int32_t i = 3; i < MIN(r->arg_count, 5); i++) {
        enum behaviour on = behaviour_of(&call, i, ON_NULL);

        if (on == ON_DEFAULT || on > ON_EMPTY_OBJECT)
            return kit_refuse(e);
    }
    r->variant = &texts;
    if (t == NULL || t->kind == TYPE_STRING)
        return OK;
    if (t->kind != TYPE_LIST || t->fields[0].type->kind != TYPE_STRING)
        return error_set(e, ERR_INPUT, "JSON_QUERY returns STRING or ARRAY<STRING>");
    r->variant = &arrays;
    r->result = type_nullable(r->arena, t, true);
    return r->result ? OK : no_memory(e);
}

/* --- IS JSON */

static bool is_kind(const struct json_document *d, struct slice name)
{
    if (slice_ends(name, SLICE("OBJECT")))
        return d->nodes[0].kind == JSON_OBJECT;
    if (slice_ends(name, SLICE("ARRAY")))
        return d->nodes[0].kind == JSON_ARRAY;
    return !slice_ends(name, SLICE("SCALAR")) || json_document_is_scalar(&d->nodes[0]);
}

static enum err is_json(struct call *c, struct error *e)
{
    struct json_document *d = &((struct looker *)c->self)->document;
    struct slice name = slice_text(c->expr->function->name);
    bool denied = slice_starts(name, SLICE("IS NOT"));

    for (int32_t i = 0; i < c->row_count; i++) {
        bool is = arg_valid(&c->args[0], i) && json_document_read(d, arg_slice(&c->args[0], i)) &&
                  is_kind(d, name);

        if (arg_valid(&c->args[0], i) && d->failed)
            return no_memory(e);
        c->out->u8[i] = is != denied;
    }
    return OK;
}

#define LOOKER(kernel_)                                                                                      \
    &(const struct variant)                                                                                  \
    {                                                                                                        \
        .kernel = kernel_, .open = open_looker, .close = close_looker                                        \
    }
#define IS(name_, doc_)                                                                                      \
    {                                                                                                        \
        .name = name_, .group = GROUP_JSON, .usage = "string " name_, .doc = doc_, .least = 1, .most = 1,    \
        .flags = FN_HIDDEN | FN_COSTLY, .resolve = kit_resolve, .signature = "s>o",                          \
        .simple = LOOKER(is_json),                                                                           \
    }

const struct function functions_json[] = {
    {"JSON_EXISTS", GROUP_JSON, "JSON_EXISTS(json, path [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])",
     "Whether the path leads to a value in the JSON text.", 2, 3, FN_FAILS | FN_COSTLY, exists_types, NULL,
     LOOKER(json_exists)},
    {"JSON_VALUE", GROUP_JSON,
     "JSON_VALUE(json, path [RETURNING type] [{NULL | ERROR | DEFAULT value} ON EMPTY] [{NULL | ERROR | "
     "DEFAULT value} ON "
     "ERROR])",
     "The scalar that the path leads to, as a text or of the type named.", 2, 7, FN_FAILS | FN_COSTLY,
     value_types, NULL, LOOKER(json_value)},
    {"JSON_QUERY", GROUP_JSON,
     "JSON_QUERY(json, path [RETURNING type] [{WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL]} [ARRAY] "
     "WRAPPER] [{NULL | "
     "EMPTY ARRAY | EMPTY OBJECT | ERROR} ON {EMPTY | ERROR}])",
     "The object or array that the path leads to, as JSON.", 2, 6, FN_FAILS | FN_COSTLY, query_types, NULL,
     NULL},
    IS("IS JSON", "Whether the text is JSON."),
    IS("IS JSON VALUE", "Whether the text is JSON."),
    IS("IS JSON OBJECT", "Whether the text is a JSON object."),
    IS("IS JSON ARRAY", "Whether the text is a JSON array."),
    IS("IS JSON SCALAR", "Whether the text is a JSON string, number, boolean or null."),
    IS("IS NOT JSON", "Whether the text is no JSON."),
    IS("IS NOT JSON VALUE", "Whether the text is no JSON."),
    IS("IS NOT JSON OBJECT", "Whether the text is no JSON object."),
    IS("IS NOT JSON ARRAY", "Whether the text is no JSON array."),
    IS("IS NOT JSON SCALAR", "Whether the text is no JSON scalar."),
    {NULL},
};
