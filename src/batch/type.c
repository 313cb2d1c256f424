/* type.c: types as tables by kind, and their SQL text. */
#include "batch/type.h"
#include "base/map.h"
#include <ctype.h>
#include <stdlib.h>

static const struct kind_info {
    const char *name; /* in SQL */
    uint8_t width;
} kinds[] = {
    [TYPE_BOOLEAN] = {"BOOLEAN", 1},
    [TYPE_INT8] = {"TINYINT", 1},
    [TYPE_INT16] = {"SMALLINT", 2},
    [TYPE_INT32] = {"INT", 4},
    [TYPE_INT64] = {"BIGINT", 8},
    [TYPE_FLOAT] = {"FLOAT", 4},
    [TYPE_DOUBLE] = {"DOUBLE", 8},
    [TYPE_DECIMAL] = {"DECIMAL", 16},
    [TYPE_DATE] = {"DATE", 4},
    [TYPE_TIME] = {"TIME", 8},
    [TYPE_TIMESTAMP] = {"TIMESTAMP", 8},
    [TYPE_TIMESTAMP_LTZ] = {"TIMESTAMP_LTZ", 8},
    [TYPE_INTERVAL_MONTHS] = {"INTERVAL MONTH", 4},
    [TYPE_INTERVAL_MILLIS] = {"INTERVAL SECOND", 8},
    [TYPE_STRING] = {"STRING", 16},
    [TYPE_BINARY] = {"BYTES", 16},
    [TYPE_FIXED] = {"BINARY", 16},
    [TYPE_UUID] = {"UUID", 16},
    [TYPE_LIST] = {"ARRAY", 4},
    [TYPE_MAP] = {"MAP", 4},
    [TYPE_STRUCT] = {"ROW", 0},
};

size_t type_width(const struct type *t)
{
    return kinds[t->kind].width;
}

bool type_is_nested(const struct type *t)
{
    return t->kind >= TYPE_LIST;
}

bool type_equal(const struct type *a, const struct type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->nullable != b->nullable || a->form != b->form ||
        a->precision != b->precision || a->scale != b->scale || a->length != b->length ||
        a->field_count != b->field_count)
        return false;
    for (int32_t i = 0; i < a->field_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            !type_equal(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

const struct type *type_nullable(struct arena *arena, const struct type *t, bool nullable)
{
    struct type *copy;

    if (t->nullable == nullable || (copy = arena_copy(arena, t, sizeof *t)) == NULL)
        return t->nullable == nullable ? t : NULL;
    copy->nullable = nullable;
    return copy;
}

static const char *name_of(const struct type *t)
{
    if (t->form == FORM_CHAR)
        return "CHAR";
    if (t->form == FORM_MULTISET)
        return "MULTISET";
    if (t->form == FORM_NULL)
        return "NULL";
    if (t->kind == TYPE_STRING && t->length)
        return "VARCHAR";
    return t->kind == TYPE_BINARY && t->length ? "VARBINARY" : kinds[t->kind].name;
}

void type_print(const struct type *t, struct bytes *out)
{
    bytes_text(out, name_of(t));
    switch (t->kind) {
    case TYPE_DECIMAL:
        bytes_printf(out, "(%" PRId32 ", %" PRId32 ")", t->precision, t->scale);
        break;
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        bytes_printf(out, "(%" PRId32 ")", t->precision);
        break;
    case TYPE_FIXED:
        bytes_printf(out, "(%" PRId32 ")", t->length);
        break;
    case TYPE_STRING:
    case TYPE_BINARY:
        if (t->length)
            bytes_printf(out, "(%" PRId32 ")", t->length);
        break;
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        bytes_text(out, "<");
        for (int32_t i = 0; i < (t->form == FORM_MULTISET ? 1 : t->field_count); i++) {
            bytes_text(out, i ? ", " : "");
            if (t->kind == TYPE_STRUCT)
                bytes_printf(out, "`%s` ", t->fields[i].name);
            type_print(t->fields[i].type, out);
        }
        bytes_text(out, ">");
        break;
    default:
        break;
    }
    if (!t->nullable)
        bytes_text(out, " NOT NULL");
}

const struct type *type_simple(enum type_kind kind, bool nullable)
{
#define SIMPLE(k, p) [k] = { {.kind = k, .precision = p}, {.kind = k, .nullable = true, .precision = p} }
    static const struct type types[][2] = {
        SIMPLE(TYPE_BOOLEAN, 0),
        SIMPLE(TYPE_INT8, 0),
        SIMPLE(TYPE_INT16, 0),
        SIMPLE(TYPE_INT32, 0),
        SIMPLE(TYPE_INT64, 0),
        SIMPLE(TYPE_FLOAT, 0),
        SIMPLE(TYPE_DOUBLE, 0),
        SIMPLE(TYPE_DATE, 0),
        SIMPLE(TYPE_TIME, 6),
        SIMPLE(TYPE_TIMESTAMP, 6),
        SIMPLE(TYPE_TIMESTAMP_LTZ, 6),
        SIMPLE(TYPE_INTERVAL_MONTHS, 0),
        SIMPLE(TYPE_INTERVAL_MILLIS, 0),
        SIMPLE(TYPE_STRING, 0),
        SIMPLE(TYPE_BINARY, 0),
        SIMPLE(TYPE_UUID, 0),
    };
#undef SIMPLE
    assert((size_t)kind < COUNT_OF(types) && kind != TYPE_DECIMAL && kind != TYPE_FIXED);
    return &types[kind][nullable];
}

int32_t schema_find(const struct schema *s, struct slice name)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (slice_is(name, s->fields[i].name))
            return i;
    return -1;
}

/* --- parsing --- */

#define TYPE_DEPTH_MAX 32

struct type_text {
    struct slice all, left;
    struct arena *arena;
    int depth;
    struct error *e;
};

static enum err fail(struct type_text *t, const char *what)
{
    return error_set(t->e, ERR_INPUT, "type `" SLICE_FMT "`, at character %zu: %s", SLICE_ARG(t->all),
                     t->all.len - t->left.len + 1, what);
}

static void skip_blanks(struct type_text *t)
{
    while (t->left.len && isspace((unsigned char)*t->left.ptr))
        t->left = slice_from(t->left, 1);
}

static bool take(struct type_text *t, char c)
{
    skip_blanks(t);
    if (t->left.len == 0 || *t->left.ptr != c)
        return false;
    t->left = slice_from(t->left, 1);
    return true;
}

/* A name: letters, digits, '_', or anything between back-ticks. Empty when there is none. */
static struct slice take_word(struct type_text *t)
{
    size_t len = 0;

    skip_blanks(t);
    if (t->left.len && *t->left.ptr == '`') {
        const char *end = memchr(t->left.ptr + 1, '`', t->left.len - 1);
        struct slice word;

        if (end == NULL)
            return (struct slice){NULL, 0};
        word = slice_of(t->left.ptr + 1, (size_t)(end - t->left.ptr) - 1);
        t->left = slice_from(t->left, word.len + 2);
        return word;
    }
    while (len < t->left.len && (isalnum((unsigned char)t->left.ptr[len]) || t->left.ptr[len] == '_'))
        len++;
    t->left = slice_from(t->left, len);
    return slice_of(t->left.ptr - len, len);
}

static bool word_is(struct slice word, const char *name)
{
    return word.len == strlen(name) && strncasecmp(word.ptr, name, word.len) == 0;
}

static bool take_keyword(struct type_text *t, const char *name)
{
    struct slice before = t->left;

    if (word_is(take_word(t), name))
        return true;
    t->left = before;
    return false;
}

/* The kind, form and standard length of a type's name. */
static bool find_kind(struct slice word, struct type *out)
{
    static const struct {
        const char *name;
        enum type_kind kind;
        enum type_form form;
        int32_t length;
    } others[] = {
        {"INTEGER", TYPE_INT32, FORM_PLAIN, 0},   {"VARCHAR", TYPE_STRING, FORM_PLAIN, 1},
        {"CHAR", TYPE_STRING, FORM_CHAR, 1},      {"VARBINARY", TYPE_BINARY, FORM_PLAIN, 1},
        {"DEC", TYPE_DECIMAL, FORM_PLAIN, 0},     {"NUMERIC", TYPE_DECIMAL, FORM_PLAIN, 0},
        {"MULTISET", TYPE_MAP, FORM_MULTISET, 0},
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (word_is(word, kinds[i].name)) {
            out->kind = (enum type_kind)i;
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (word_is(word, others[i].name)) {
            out->kind = others[i].kind;
            out->form = others[i].form;
            out->length = others[i].length;
            return true;
        }
    return false;
}

static enum err take_number(struct type_text *t, int32_t max, int32_t *out)
{
    struct slice word = take_word(t);
    int64_t v = 0;

    for (size_t i = 0; i < word.len && v <= max; i++) {
        if (!isdigit((unsigned char)word.ptr[i]))
            return fail(t, "a number is wanted");
        v = v * 10 + (word.ptr[i] - '0');
    }
    if (word.len == 0 || v > max)
        return fail(t, "a number is wanted that fits the type");
    *out = (int32_t)v;
    return OK;
}

static enum err take_type(struct type_text *t, struct type *out);

/* COMMENT 'text', where a quote is written twice; nothing when it is not there. */
static enum err take_comment(struct type_text *t, const char **out)
{
    size_t len = 0, n = 0;
    char *text;

    if (!take_keyword(t, "COMMENT"))
        return OK;
    if (!take(t, '\''))
        return fail(t, "a comment in single quotes is wanted");
    while (len < t->left.len &&
           (t->left.ptr[len] != '\'' || (len + 1 < t->left.len && t->left.ptr[len + 1] == '\'')))
        len += t->left.ptr[len] == '\'' ? 2 : 1;
    if (len >= t->left.len)
        return fail(t, "the comment has no closing quote");
    if ((text = arena_alloc(t->arena, len + 1)) == NULL)
        return error_memory(t->e, len, "a comment");
    for (size_t i = 0; i < len; i++) {
        text[n++] = t->left.ptr[i];
        i += t->left.ptr[i] == '\'';
    }
    t->left = slice_from(t->left, len + 1);
    *out = text;
    return OK;
}

static enum err take_fields(struct type_text *t, bool named, char end, const struct field **fields,
                            int32_t *count)
{
    static const char *const map_names[] = {"key", "value"};
    struct field *list = NULL;
    int32_t n = 0, capacity = 0;

    do {
        struct type *type = ARENA_NEW(t->arena, struct type);
        struct slice name = SLICE("element");
        struct field *f;
        enum err rc;

        if (n == capacity) {
            struct field *more = ARENA_ARRAY(t->arena, struct field, capacity = capacity * 2 + 8);

            if (more && n)
                memcpy(more, list, (size_t)n * sizeof *list);
            list = more;
        }
        if (t->arena->failed)
            return error_memory(t->e, sizeof *type, "a type");
        if (named && (name = take_word(t)).len == 0)
            return fail(t, "a field name is wanted");
        if ((rc = take_type(t, type)) != OK)
            return rc;
        f = &list[n];
        *f = (struct field){.name = named ? arena_text(t->arena, name) : map_names[MIN(n, 1)], .type = type};
        if (named && (rc = take_comment(t, &f->doc)) != OK)
            return rc;
        n++;
    } while (take(t, ','));
    skip_blanks(t);
    if (end && !take(t, end))
        return fail(t, end == '>' ? "`>` or `,` is wanted" : "`)` or `,` is wanted");
    *fields = list;
    *count = n;
    return t->arena->failed ? error_memory(t->e, 0, "a type") : OK;
}

/* Kept as a map of each element to how often it is there. */
static enum err multiset(struct type_text *t, struct type *out)
{
    struct field *fields = ARENA_ARRAY(t->arena, struct field, 2);

    if (out->field_count != 1)
        return fail(t, "MULTISET wants one element type");
    if (fields == NULL)
        return error_memory(t->e, sizeof *fields * 2, "a type");
    fields[0] = (struct field){.name = "key", .type = out->fields[0].type};
    fields[1] = (struct field){.name = "value", .type = type_simple(TYPE_INT32, false)};
    out->fields = fields;
    out->field_count = 2;
    return OK;
}

static enum err take_nested(struct type_text *t, struct type *out)
{
    bool row = out->kind == TYPE_STRUCT;
    struct field *element;
    enum err rc;

    if (++t->depth > TYPE_DEPTH_MAX)
        return fail(t, "types are nested too deep (32 at most)");
    if (take(t, '<'))
        rc = take_fields(t, row, '>', &out->fields, &out->field_count);
    else if (row && take(t, '('))
        rc = take_fields(t, row, ')', &out->fields, &out->field_count);
    else
        return fail(t, "`<` is wanted");
    t->depth--;
    if (rc != OK)
        return rc;
    if (out->form == FORM_MULTISET)
        return multiset(t, out);
    if (out->kind == TYPE_MAP && out->field_count != 2)
        return fail(t, "MAP wants a key and a value type");
    if (out->kind == TYPE_LIST) {
        if (out->field_count != 1)
            return fail(t, "ARRAY wants one element type");
        element = (struct field *)out->fields;
        element->name = "element";
    }
    return OK;
}

static enum err take_precision(struct type_text *t, struct type *out)
{
    bool timed = out->kind == TYPE_TIME || out->kind == TYPE_TIMESTAMP || out->kind == TYPE_TIMESTAMP_LTZ;
    enum err rc = OK;

    if (timed)
        out->precision = out->kind == TYPE_TIME ? 0 : 6;
    if (out->kind == TYPE_DECIMAL)
        out->precision = 10;
    if (out->kind == TYPE_FIXED)
        out->length = 1;
    if (!take(t, '('))
        return OK;
    if (timed)
        rc = take_number(t, 9, &out->precision);
    else if (out->kind == TYPE_DECIMAL)
        rc = take_number(t, 38, &out->precision);
    else if (type_is_view(out))
        rc = take_number(t, INT32_MAX, &out->length);
    else
        return fail(t, "this type takes no length or precision");
    if (rc == OK && type_is_view(out) && out->length == INT32_MAX && out->form == FORM_PLAIN)
        out->length = 0; /* VARCHAR(2147483647) is STRING */
    if (rc == OK && out->kind == TYPE_DECIMAL && take(t, ','))
        rc = take_number(t, out->precision, &out->scale);
    if (rc == OK && !take(t, ')'))
        rc = fail(t, "`)` is wanted");
    return rc;
}

static enum err take_type(struct type_text *t, struct type *out)
{
    struct type_text at = *t;
    enum err rc;

    if (!find_kind(take_word(t), out))
        return fail(&at, "there is no such type");
    rc = out->kind >= TYPE_LIST ? take_nested(t, out) : take_precision(t, out);
    if (rc != OK)
        return rc;
    if (out->kind == TYPE_TIMESTAMP && take_keyword(t, "WITH")) {
        if (!take_keyword(t, "LOCAL") || !take_keyword(t, "TIME") || !take_keyword(t, "ZONE"))
            return fail(t, "WITH LOCAL TIME ZONE is wanted");
        out->kind = TYPE_TIMESTAMP_LTZ;
    }
    out->nullable = true;
    if (take_keyword(t, "NOT")) {
        if (!take_keyword(t, "NULL"))
            return fail(t, "NOT NULL is wanted");
        out->nullable = false;
    } else {
        take_keyword(t, "NULL");
    }
    return OK;
}

enum err type_parse(struct arena *arena, struct slice text, const struct type **out, struct error *e)
{
    struct type_text t = {text, text, arena, 0, e};
    struct type *type = ARENA_NEW(arena, struct type);
    enum err rc;

    if (type == NULL)
        return error_memory(e, sizeof *type, "a type");
    if ((rc = take_type(&t, type)) != OK)
        return rc;
    skip_blanks(&t);
    if (t.left.len)
        return fail(&t, "the type should end here");
    *out = type;
    return OK;
}

enum err schema_parse(struct arena *arena, struct slice text, const struct schema **out, struct error *e)
{
    struct type_text t = {text, text, arena, 0, e};
    struct schema *schema = ARENA_NEW(arena, struct schema);
    enum err rc;

    if (schema == NULL)
        return error_memory(e, sizeof *schema, "a schema");
    if ((rc = take_fields(&t, true, '\0', &schema->fields, &schema->field_count)) != OK)
        return rc;
    skip_blanks(&t);
    if (t.left.len)
        return fail(&t, "`,` or the end is wanted");
    *out = schema;
    return OK;
}

/* --- copying --- */

static const struct field *copy_fields(struct arena *arena, const struct field *from, int32_t count)
{
    struct field *fields = ARENA_ARRAY(arena, struct field, count);

    for (int32_t i = 0; fields && i < count; i++) {
        struct type *type = arena_copy(arena, from[i].type, sizeof *type);

        if (type)
            type->fields = copy_fields(arena, from[i].type->fields, from[i].type->field_count);
        fields[i] = (struct field){arena_strdup(arena, from[i].name), type, from[i].id,
                                   arena_strdup(arena, from[i].doc)};
    }
    return fields;
}

enum err schema_copy(struct arena *arena, const struct schema *from, const struct schema **out,
                     struct error *e)
{
    struct schema *schema = ARENA_NEW(arena, struct schema);

    if (schema)
        *schema = (struct schema){from->field_count, copy_fields(arena, from->fields, from->field_count)};
    if (arena->failed)
        return error_memory(e, sizeof *schema, "a schema");
    *out = schema;
    return OK;
}
