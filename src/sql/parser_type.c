/* parser_type.c: types as they are written in columns and casts. */
#include "sql/parser_core.h"

#define LENGTH_MAX INT32_MAX

/* The simple names; what may stand behind each says `takes`. */
enum takes { TAKES_NOTHING, TAKES_LENGTH, TAKES_PRECISION, TAKES_DECIMAL };
static const struct simple {
    enum keyword k;
    enum type_kind kind;
    enum type_form form;
    enum takes takes;
    int32_t standard, most; /* length or precision */
} simples[] = {
    {KW_BOOLEAN, TYPE_BOOLEAN, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_TINYINT, TYPE_INT8, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_SMALLINT, TYPE_INT16, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_INT, TYPE_INT32, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_INTEGER, TYPE_INT32, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_BIGINT, TYPE_INT64, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_FLOAT, TYPE_FLOAT, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_DOUBLE, TYPE_DOUBLE, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_DATE, TYPE_DATE, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_STRING, TYPE_STRING, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_BYTES, TYPE_BINARY, FORM_PLAIN, TAKES_NOTHING, 0, 0},
    {KW_CHAR, TYPE_STRING, FORM_CHAR, TAKES_LENGTH, 1, LENGTH_MAX},
    {KW_CHARACTER, TYPE_STRING, FORM_CHAR, TAKES_LENGTH, 1, LENGTH_MAX},
    {KW_VARCHAR, TYPE_STRING, FORM_PLAIN, TAKES_LENGTH, 1, LENGTH_MAX},
    {KW_BINARY, TYPE_FIXED, FORM_PLAIN, TAKES_LENGTH, 1, LENGTH_MAX},
    {KW_VARBINARY, TYPE_BINARY, FORM_PLAIN, TAKES_LENGTH, 1, LENGTH_MAX},
    {KW_DECIMAL, TYPE_DECIMAL, FORM_PLAIN, TAKES_DECIMAL, 10, 38},
    {KW_DEC, TYPE_DECIMAL, FORM_PLAIN, TAKES_DECIMAL, 10, 38},
    {KW_NUMERIC, TYPE_DECIMAL, FORM_PLAIN, TAKES_DECIMAL, 10, 38},
    {KW_TIME, TYPE_TIME, FORM_PLAIN, TAKES_PRECISION, 0, 9},
    {KW_TIMESTAMP, TYPE_TIMESTAMP, FORM_PLAIN, TAKES_PRECISION, 6, 9},
    {KW_TIMESTAMP_LTZ, TYPE_TIMESTAMP_LTZ, FORM_PLAIN, TAKES_PRECISION, 6, 9},
};

static int32_t size(struct parser *p, int32_t least, int32_t most, const char *what)
{
    const struct token *t = parser_peek(p, 0);
    struct slice s = parser_text_of(p, t);
    int64_t v = 0;

    if (t->kind != TOKEN_INTEGER) {
        parser_expected(p, what);
        return least;
    }
    for (size_t i = 0; i < s.len && v <= most; i++)
        v = v * 10 + (s.ptr[i] - '0');
    if (v < least || v > most)
        parser_refuse(p, ERR_INPUT, t->place, "%s between %" PRId32 " and %" PRId32 " is expected here", what,
                      least, most);
    parser_skip(p, 1);
    return (int32_t)v;
}

/* WITHOUT TIME ZONE, WITH LOCAL TIME ZONE */
static void zone(struct parser *p, struct type *t)
{
    if (parser_take_words(p, KW_WITHOUT, KW_TIME)) {
        parser_want_word(p, KW_ZONE);
        return;
    }
    if (!parser_at_word(p, KW_WITH) ||
        !(parser_word_ahead(p, 1, KW_LOCAL) || parser_word_ahead(p, 1, KW_TIME)))
        return;
    if (t->kind == TYPE_TIME || parser_word_ahead(p, 1, KW_TIME)) {
        if (parser_refuse(p, ERR_UNSUPPORTED, parser_here(p),
                          "a %s with a time zone of its own is not supported",
                          t->kind == TYPE_TIME ? "TIME" : "TIMESTAMP"))
            sql_hint(p->error, "TIMESTAMP_LTZ(3) is an instant, shown in the session's time zone");
        return;
    }
    parser_skip(p, 2);
    parser_want_word(p, KW_TIME);
    parser_want_word(p, KW_ZONE);
    t->kind = TYPE_TIMESTAMP_LTZ;
}

static void charset(struct parser *p)
{
    struct ast_word name;

    if (parser_take_words(p, KW_CHARACTER, KW_SET))
        parser_word(p, &name, "a character set");
}

static void simple(struct parser *p, const struct simple *s, struct type *t)
{
    bool varying;

    *t = (struct type){.kind = s->kind, .form = s->form, .nullable = true};
    parser_skip(p, 1);
    if (s->k == KW_DOUBLE)
        parser_take_word(p, KW_PRECISION);
    varying = (s->k == KW_CHAR || s->k == KW_CHARACTER || s->k == KW_BINARY) &&
              parser_take_word(p, KW_VARYING);
    if (varying) {
        t->kind = s->k == KW_BINARY ? TYPE_BINARY : TYPE_STRING;
        t->form = FORM_PLAIN;
    }
    if (s->takes == TAKES_LENGTH)
        t->length = s->standard;
    else
        t->precision = s->standard;
    if (s->takes != TAKES_NOTHING && parser_take(p, TOKEN_LPAREN)) {
        if (s->takes == TAKES_LENGTH)
            t->length = size(p, 1, s->most, "a length");
        else
            t->precision = size(p, s->takes == TAKES_DECIMAL, s->most, "a precision");
        if (s->takes == TAKES_DECIMAL && parser_take(p, TOKEN_COMMA))
            t->scale = size(p, 0, t->precision, "a scale");
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    if (s->takes == TAKES_LENGTH && t->length == LENGTH_MAX && t->form == FORM_PLAIN && t->kind != TYPE_FIXED)
        t->length = 0; /* VARCHAR(2147483647) is STRING */
    if (s->takes == TAKES_PRECISION && s->k != KW_TIMESTAMP_LTZ)
        zone(p, t);
    if (s->takes == TAKES_LENGTH)
        charset(p);
}

/* --- nested types --- */

static struct type *new_type(struct parser *p, enum type_kind kind)
{
    struct type *t = PARSER_NEW(p, struct type);

    t->kind = kind;
    t->nullable = true;
    return t;
}

/* name type ['comment'], ... up to the closing sign */
static void row_fields(struct parser *p, struct type *t, enum token_kind end)
{
    struct list fields = {0};
    struct ast_word word;
    struct ast_place place;

    if (!parser_at(p, end))
        do {
            struct field *f = PARSER_ADD(p, &fields, struct field);

            parser_word(p, &word, "a field's name");
            f->name = word.text;
            f->type = parser_type(p, true, &place);
            if (parser_at(p, TOKEN_TEXT)) {
                parser_string(p, &word, "a comment");
                f->doc = word.text;
            }
        } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, end, end == TOKEN_GT ? "`,` or `>`" : "`,` or `)`");
    t->fields = fields.items;
    t->field_count = fields.count;
}

static void set_fields(struct parser *p, struct type *t, const char *const names[2], const struct type *first,
                       const struct type *second)
{
    struct field *fields = parser_alloc(p, sizeof *fields * 2);

    fields[0] = (struct field){.name = names[0], .type = first};
    fields[1] = (struct field){.name = names[1], .type = second};
    t->fields = fields;
    t->field_count = second ? 2 : 1;
}

static void collect(struct parser *p, struct type *t, enum keyword k, const struct type *first,
                    const struct type *second)
{
    static const char *const element[] = {"element", NULL}, *const pair[] = {"key", "value"};

    t->kind = k == KW_ARRAY ? TYPE_LIST : TYPE_MAP;
    t->nullable = true;
    if (k == KW_MULTISET) {
        t->form = FORM_MULTISET;
        second = type_simple(TYPE_INT32, false);
    }
    set_fields(p, t, k == KW_ARRAY ? element : pair, first, second);
}

static void nested(struct parser *p, struct type *t, enum keyword k)
{
    const struct type *first, *second = NULL;
    struct ast_place place;

    parser_skip(p, 1);
    if (k == KW_ROW) {
        t->kind = TYPE_STRUCT;
        if (parser_take(p, TOKEN_NE)) /* ROW<> */
            return;
        if (parser_take(p, TOKEN_LPAREN)) {
            row_fields(p, t, TOKEN_RPAREN);
            return;
        }
        parser_want(p, TOKEN_LT, "`<`");
        row_fields(p, t, TOKEN_GT);
        return;
    }
    parser_want(p, TOKEN_LT, "`<`");
    first = parser_type(p, true, &place);
    if (k == KW_MAP) {
        parser_want(p, TOKEN_COMMA, "`,`");
        second = parser_type(p, true, &place);
    }
    parser_want(p, TOKEN_GT, "`>`");
    collect(p, t, k, first, second);
}

/* --- the whole --- */

/* Types of other systems, and what Flink has for them. */
static const struct {
    const char *name, *flink;
} foreign[] = {
    {"TEXT", "STRING"},
    {"NVARCHAR", "VARCHAR(n)"},
    {"VARCHAR2", "VARCHAR(n)"},
    {"CLOB", "STRING"},
    {"LONGTEXT", "STRING"},
    {"STR", "STRING"},
    {"UUID", "STRING"},
    {"JSON", "STRING"},
    {"JSONB", "STRING"},
    {"ENUM", "STRING"},
    {"DATETIME", "TIMESTAMP(3)"},
    {"TIMESTAMPTZ", "TIMESTAMP_LTZ(3)"},
    {"TIMESTAMP_NTZ", "TIMESTAMP(3)"},
    {"DATETIME2", "TIMESTAMP(3)"},
    {"INT8", "TINYINT"},
    {"INT16", "SMALLINT"},
    {"INT32", "INT"},
    {"INT64", "BIGINT"},
    {"LONG", "BIGINT"},
    {"SHORT", "SMALLINT"},
    {"BYTE", "TINYINT"},
    {"UINT8", "SMALLINT"},
    {"UINT16", "INT"},
    {"UINT32", "BIGINT"},
    {"UINT64", "DECIMAL(20, 0)"},
    {"SERIAL", "INT"},
    {"BIGSERIAL", "BIGINT"},
    {"FLOAT32", "FLOAT"},
    {"FLOAT64", "DOUBLE"},
    {"FLOAT4", "FLOAT"},
    {"FLOAT8", "DOUBLE"},
    {"REAL", "FLOAT"},
    {"MONEY", "DECIMAL(19, 4)"},
    {"NUMBER", "DECIMAL(p, s)"},
    {"BIGNUMERIC", "DECIMAL(38, s)"},
    {"BOOL", "BOOLEAN"},
    {"BIT", "BOOLEAN"},
    {"BLOB", "BYTES"},
    {"BYTEA", "BYTES"},
    {"LIST", "ARRAY<t>"},
    {"STRUCT", "ROW<name t, ...>"},
    {"OBJECT", "MAP<STRING, t> or ROW<name t, ...>"},
    {"VARIANT", "STRING"},
    {"ANY", "a type of its own"},
};

static void unknown_type(struct parser *p)
{
    static const char *const known[] = {
        "BOOLEAN", "TINYINT", "SMALLINT",  "INT",           "INTEGER", "BIGINT", "FLOAT",     "DOUBLE",
        "DATE",    "STRING",  "BYTES",     "CHAR",          "VARCHAR", "BINARY", "VARBINARY", "DECIMAL",
        "NUMERIC", "TIME",    "TIMESTAMP", "TIMESTAMP_LTZ", "ARRAY",   "MAP",    "ROW",       "MULTISET"};
    const struct token *t = parser_peek(p, 0);
    char shown[PARSER_SHOWN_MAX];
    const char *text, *near;

    if (t->kind != TOKEN_WORD ||
        (keyword_class(t->keyword) != KEYWORD_NAME && t->keyword != KW_REAL && t->keyword != KW_ANY &&
         t->keyword != KW_BLOB && t->keyword != KW_CLOB && t->keyword != KW_BIT)) {
        parser_expected(p, "a type");
        return;
    }
    text = parser_strdup(p, parser_text_of(p, t));
    if (!parser_refuse(p, ERR_INPUT, t->place, "there is no type %s", parser_show(p, t, shown)))
        return;
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        if (strcasecmp(foreign[i].name, text) == 0) {
            sql_hint(p->error, "in Flink's SQL that is %s", foreign[i].flink);
            return;
        }
    if (t->keyword == KW_KEY)
        sql_hint(p->error, "is this a key? It begins with PRIMARY KEY");
    else if ((near = sql_nearest(text, known, COUNT_OF(known))) != NULL)
        sql_hint(p->error, "did you mean %s?", near);
    else
        sql_hint(
            p->error,
            "types are STRING, INT, BIGINT, DOUBLE, DECIMAL(p, s), BOOLEAN, DATE, TIMESTAMP(3), ARRAY<t>, "
            "MAP<k, v>, ROW<name t, ...>, ...");
}

static void interval_type(struct parser *p, struct type *t)
{
    struct ast_literal units;

    parser_skip(p, 1);
    if (parser_interval_unit(p, &units))
        t->kind = units.unit >= AST_MONTH ? TYPE_INTERVAL_MONTHS : TYPE_INTERVAL_MILLIS;
}

/* A type's name and what belongs to it, into t. */
static void type_name(struct parser *p, struct type *t)
{
    const struct token *at = parser_peek(p, 0);
    enum keyword k = at->kind == TOKEN_WORD ? at->keyword : KW_NO_KEYWORD;

    for (size_t i = 0; i < COUNT_OF(simples) && k != KW_NO_KEYWORD; i++)
        if (simples[i].k == k) {
            simple(p, &simples[i], t);
            return;
        }
    if (k == KW_ARRAY || k == KW_MAP || k == KW_MULTISET || k == KW_ROW)
        nested(p, t, k);
    else if (k == KW_INTERVAL)
        interval_type(p, t);
    else if (k == KW_RAW)
        parser_refuse(p, ERR_UNSUPPORTED, at->place, "RAW types hold Java objects and are not supported");
    else
        unknown_type(p);
}

/* [NULL | NOT NULL] */
static bool nullable(struct parser *p)
{
    if (parser_take_words(p, KW_NOT, KW_NULL))
        return false;
    parser_take_word(p, KW_NULL);
    return true;
}

/* INT ARRAY and INT NOT NULL MULTISET: the element comes first. */
static struct type *suffixes(struct parser *p, struct type *t)
{
    for (int depth = 0; depth < SQL_DEPTH_MAX; depth++) {
        size_t skip = parser_word_ahead(p, 0, KW_NOT) && parser_word_ahead(p, 1, KW_NULL) ? 2 : 0;
        enum keyword k = parser_peek(p, skip)->kind == TOKEN_WORD ? parser_peek(p, skip)->keyword
                                                                  : KW_NO_KEYWORD;
        struct type *outer;

        if (k != KW_ARRAY && k != KW_MULTISET)
            return t;
        parser_skip(p, skip + 1);
        t->nullable = skip == 0;
        outer = new_type(p, TYPE_LIST);
        collect(p, outer, k, t, NULL);
        t = outer;
    }
    parser_refuse(p, ERR_INPUT, parser_here(p), "a type is nested too deep");
    return t;
}

const struct type *parser_type(struct parser *p, bool nullability, struct ast_place *place)
{
    struct type *t = new_type(p, TYPE_BOOLEAN);

    *place = parser_here(p);
    if (!parser_enter(p))
        return t;
    type_name(p, t);
    t = suffixes(p, t);
    if (nullability)
        t->nullable = nullable(p);
    parser_leave(p);
    *place = parser_from(p, *place);
    return t;
}
