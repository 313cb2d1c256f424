/* parser_form.c: functions with a grammar of their own: CASE, CAST, EXTRACT(unit FROM x), TRIM(BOTH x FROM
 * y) ...; and the constructors ROW, ARRAY, MAP and MULTISET. Each begins at its word.
 */
#include "sql/parser_core.h"

typedef const struct ast_expr *form(struct parser *p, struct ast_place begin);

#define MAKE(p, begin, name, ...)                                                                            \
    parser_make(p, parser_from(p, begin), name, (const struct ast_expr *[]){__VA_ARGS__},                    \
                (int32_t)(sizeof((const struct ast_expr *[]){__VA_ARGS__}) / sizeof(struct ast_expr *)))

static void open(struct parser *p)
{
    parser_skip(p, 1);
    parser_want(p, TOKEN_LPAREN, "`(`");
}

static void close(struct parser *p)
{
    parser_want(p, TOKEN_RPAREN, "`)`");
}

static const struct ast_expr *leaf(struct parser *p, struct ast_expr x, struct ast_place begin)
{
    x.place = parser_from(p, begin);
    return parser_node(p, &x);
}

static const struct ast_expr *null_at(struct parser *p, struct ast_place place)
{
    struct ast_expr x = {.kind = AST_LITERAL, .place = place, .literal.kind = AST_NULL};

    return parser_node(p, &x);
}

/* The condition of one WHEN: as written, or for CASE x the comparison with it. */
static const struct ast_expr *when(struct parser *p, const struct ast_expr *subject)
{
    struct ast_place begin = parser_here(p);
    struct ast_exprs list;
    struct list all = {0};

    if (subject == NULL)
        return parser_expr(p);
    list = parser_exprs(p);
    if (p->failed)
        return NULL;
    if (list.count == 1)
        return MAKE(p, begin, "=", subject, list.items[0]);
    *PARSER_ADD(p, &all, const struct ast_expr *) = subject;
    for (int32_t i = 0; i < list.count; i++)
        *PARSER_ADD(p, &all, const struct ast_expr *) = list.items[i];
    return p->failed ? NULL : parser_make(p, parser_from(p, begin), "IN", all.items, all.count);
}

static const struct ast_expr *form_case(struct parser *p, struct ast_place begin)
{
    struct list all = {0};
    const struct ast_expr *subject = NULL;

    parser_skip(p, 1);
    if (!parser_at_word(p, KW_WHEN))
        subject = parser_expr(p);
    if (!parser_at_word(p, KW_WHEN))
        parser_expected(p, "WHEN");
    while (parser_take_word(p, KW_WHEN)) {
        *PARSER_ADD(p, &all, const struct ast_expr *) = when(p, subject);
        parser_want_word(p, KW_THEN);
        *PARSER_ADD(p, &all, const struct ast_expr *) = parser_expr(p);
    }
    *PARSER_ADD(p, &all, const struct ast_expr *) = parser_take_word(p, KW_ELSE) ? parser_expr(p)
                                                                                 : null_at(p, parser_here(p));
    parser_want_word(p, KW_END);
    return p->failed ? NULL : parser_make(p, parser_from(p, begin), "CASE", all.items, all.count);
}

static const struct ast_expr *form_cast(struct parser *p, struct ast_place begin)
{
    struct ast_expr x = {.kind = AST_CAST};

    x.cast.try_cast = parser_word_ahead(p, 0, KW_TRY_CAST);
    open(p);
    x.cast.expr = parser_expr(p);
    parser_want_word(p, KW_AS);
    x.cast.type = parser_type(p, false, &x.cast.type_place);
    if (parser_word_ahead(p, 0, KW_NOT) &&
        parser_refuse(p, ERR_INPUT, parser_here(p), "CAST takes a type without NOT NULL"))
        sql_hint(p->error, "leave NOT NULL out: the result is as nullable as what is cast");
    close(p);
    x.height = parser_height(p, x.cast.expr ? x.cast.expr->height : 0, begin);
    return leaf(p, x, begin);
}

static const struct ast_expr *unit_leaf(struct parser *p, bool add)
{
    struct ast_expr x = {.kind = AST_UNIT};
    struct ast_place begin = parser_here(p);

    x.unit = parser_unit(p, add);
    if (x.unit == AST_NO_UNIT)
        parser_expected(p, add ? "a unit (SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR)"
                               : "a unit (YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, ...)");
    return leaf(p, x, begin);
}

static const struct ast_expr *form_extract(struct parser *p, struct ast_place begin)
{
    const struct ast_expr *unit, *x;

    open(p);
    unit = unit_leaf(p, false);
    parser_want_word(p, KW_FROM);
    x = parser_expr(p);
    close(p);
    return MAKE(p, begin, "EXTRACT", unit, x);
}

/* FLOOR(x), FLOOR(x TO DAY), and CEIL */
static const struct ast_expr *form_floor(struct parser *p, struct ast_place begin)
{
    const char *name = parser_word_ahead(p, 0, KW_FLOOR) ? "FLOOR" : "CEIL";
    const struct ast_expr *x, *unit = NULL;

    open(p);
    x = parser_expr(p);
    if (parser_take_word(p, KW_TO))
        unit = unit_leaf(p, false);
    close(p);
    return unit ? MAKE(p, begin, name, x, unit) : MAKE(p, begin, name, x);
}

static const struct ast_expr *form_timestamp(struct parser *p, struct ast_place begin)
{
    const char *name = parser_word_ahead(p, 0, KW_TIMESTAMPADD) ? "TIMESTAMPADD" : "TIMESTAMPDIFF";
    const struct ast_expr *unit, *x, *y;

    open(p);
    unit = unit_leaf(p, true);
    parser_want(p, TOKEN_COMMA, "`,`");
    x = parser_expr(p);
    parser_want(p, TOKEN_COMMA, "`,`");
    y = parser_expr(p);
    close(p);
    return MAKE(p, begin, name, unit, x, y);
}

/* SUBSTRING(x FROM a [FOR b]), SUBSTRING(x, a [, b]) */
static const struct ast_expr *form_substring(struct parser *p, struct ast_place begin)
{
    const struct ast_expr *x, *from, *length = NULL;
    bool commas;

    open(p);
    x = parser_expr(p);
    commas = parser_take(p, TOKEN_COMMA);
    if (!commas && !parser_take_word(p, KW_FROM))
        parser_expected(p, "FROM or `,`");
    from = parser_expr(p);
    if (commas ? parser_take(p, TOKEN_COMMA) : parser_take_word(p, KW_FOR))
        length = parser_expr(p);
    close(p);
    return length ? MAKE(p, begin, "SUBSTRING", x, from, length) : MAKE(p, begin, "SUBSTRING", x, from);
}

/* TRIM([BOTH|LEADING|TRAILING] [characters] FROM x), TRIM(x) */
static const struct ast_expr *form_trim(struct parser *p, struct ast_place begin)
{
    struct ast_expr flag = {.kind = AST_FLAG, .flag = "BOTH"};
    struct ast_expr blank = {.kind = AST_LITERAL, .literal = {.kind = AST_CHAR, .text = SLICE(" ")}};
    const struct ast_expr *side, *characters = NULL, *x;

    open(p);
    if (parser_take_word(p, KW_LEADING))
        flag.flag = "LEADING";
    else if (parser_take_word(p, KW_TRAILING))
        flag.flag = "TRAILING";
    else
        parser_take_word(p, KW_BOTH);
    side = leaf(p, flag, begin);
    if (!parser_at_word(p, KW_FROM))
        characters = parser_expr(p);
    if (parser_take_word(p, KW_FROM)) {
        x = parser_expr(p);
    } else {
        x = characters;
        characters = NULL;
    }
    close(p);
    return MAKE(p, begin, "TRIM", side, characters ? characters : leaf(p, blank, begin), x);
}

static const struct ast_expr *form_overlay(struct parser *p, struct ast_place begin)
{
    const struct ast_expr *x, *y, *from, *length = NULL;

    open(p);
    x = parser_expr(p);
    parser_want_word(p, KW_PLACING);
    y = parser_expr(p);
    parser_want_word(p, KW_FROM);
    from = parser_expr(p);
    if (parser_take_word(p, KW_FOR))
        length = parser_expr(p);
    close(p);
    return length ? MAKE(p, begin, "OVERLAY", x, y, from, length) : MAKE(p, begin, "OVERLAY", x, y, from);
}

static const struct ast_expr *form_position(struct parser *p, struct ast_place begin)
{
    const struct ast_expr *x, *y, *from = NULL;

    open(p);
    x = parser_operand(p);
    parser_want_word(p, KW_IN);
    y = parser_expr(p);
    if (parser_take_word(p, KW_FROM))
        from = parser_expr(p);
    close(p);
    return from ? MAKE(p, begin, "POSITION", x, y, from) : MAKE(p, begin, "POSITION", x, y);
}

/* ARRAY[...], MAP[...], MULTISET[...], and ARRAY(SELECT ...) */
static const struct ast_expr *form_collection(struct parser *p, struct ast_place begin)
{
    static const struct {
        enum keyword k;
        const char *list, *query;
    } names[] = {{KW_ARRAY, "ARRAY", "ARRAY QUERY"},
                 {KW_MAP, "MAP", "MAP QUERY"},
                 {KW_MULTISET, "MULTISET", "MULTISET QUERY"}};
    size_t i = 0;
    struct ast_exprs items = {0};
    struct ast_expr query = {.kind = AST_SUBQUERY};

    while (i + 1 < COUNT_OF(names) && !parser_word_ahead(p, 0, names[i].k))
        i++;
    parser_skip(p, 1);
    if (parser_at(p, TOKEN_LPAREN) && parser_paren_query(p)) {
        parser_skip(p, 1);
        query.subquery = parser_query(p);
        close(p);
        query.height = parser_height(p, query.subquery ? query.subquery->height : 0, begin);
        return MAKE(p, begin, names[i].query, leaf(p, query, begin));
    }
    parser_want(p, TOKEN_LBRACKET, "`[`");
    if (!parser_at(p, TOKEN_RBRACKET))
        items = parser_exprs(p);
    parser_want(p, TOKEN_RBRACKET, "`,` or `]`");
    if (names[i].k == KW_MAP && items.count % 2 != 0 &&
        parser_refuse(p, ERR_INPUT, parser_from(p, begin), "MAP[...] has a key without a value"))
        sql_hint(p->error, "MAP takes pairs: MAP['a', 1, 'b', 2]");
    return p->failed ? NULL : parser_make(p, parser_from(p, begin), names[i].list, items.items, items.count);
}

static const struct ast_expr *form_row(struct parser *p, struct ast_place begin)
{
    struct ast_exprs items;

    open(p);
    items = parser_exprs(p);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return p->failed ? NULL : parser_make(p, parser_from(p, begin), "ROW", items.items, items.count);
}

static const struct ast_expr *form_exists(struct parser *p, struct ast_place begin)
{
    const char *name = parser_word_ahead(p, 0, KW_EXISTS) ? "EXISTS" : "UNIQUE";
    struct ast_expr query = {.kind = AST_SUBQUERY};
    struct ast_place inner;

    parser_skip(p, 1);
    inner = parser_here(p);
    parser_want(p, TOKEN_LPAREN, "`(`");
    query.subquery = parser_query(p);
    close(p);
    query.height = parser_height(p, query.subquery ? query.subquery->height : 0, begin);
    return MAKE(p, begin, name, leaf(p, query, inner));
}

static const struct ast_expr *form_descriptor(struct parser *p, struct ast_place begin)
{
    struct list columns = {0};

    open(p);
    do {
        struct ast_expr x = {.kind = AST_COLUMN};

        parser_name(p, &x.column, "a column");
        x.place = x.column.place;
        *PARSER_ADD(p, &columns, const struct ast_expr *) = parser_node(p, &x);
    } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return p->failed ? NULL
                     : parser_make(p, parser_from(p, begin), "DESCRIPTOR", columns.items, columns.count);
}

/* RUNNING x, FINAL x, of MATCH_RECOGNIZE. */
static const struct ast_expr *form_running(struct parser *p, struct ast_place begin)
{
    const char *name = parser_word_ahead(p, 0, KW_RUNNING) ? "RUNNING" : "FINAL";
    const struct ast_expr *x;

    parser_skip(p, 1);
    x = parser_operand(p);
    return MAKE(p, begin, name, x);
}

/* A function whose name is reserved but takes plain arguments. */
static const struct ast_expr *form_plain(struct parser *p, struct ast_place begin)
{
    const struct token *t = parser_peek(p, 0);
    struct ast_word *part = PARSER_NEW(p, struct ast_word);
    struct ast_name name = {1, part, begin};

    *part = (struct ast_word){parser_strdup(p, parser_text_of(p, t)), begin};
    parser_skip(p, 1);
    return p->failed ? NULL : parser_named_call(p, &name);
}

static const struct ast_expr *form_refused(struct parser *p, struct ast_place begin)
{
    char shown[PARSER_SHOWN_MAX];

    parser_refuse(p, ERR_UNSUPPORTED, begin, "%s is not supported", parser_show(p, parser_peek(p, 0), shown));
    return NULL;
}

static const struct {
    enum keyword k;
    enum token_kind next; /* the form only when this follows; END: always */
    form *parse;
} forms[] = {
    {KW_CASE, TOKEN_END, form_case},
    {KW_CAST, TOKEN_END, form_cast},
    {KW_TRY_CAST, TOKEN_LPAREN, form_cast},
    {KW_EXTRACT, TOKEN_END, form_extract},
    {KW_FLOOR, TOKEN_LPAREN, form_floor},
    {KW_CEIL, TOKEN_LPAREN, form_floor},
    {KW_CEILING, TOKEN_LPAREN, form_floor},
    {KW_TIMESTAMPADD, TOKEN_LPAREN, form_timestamp},
    {KW_TIMESTAMPDIFF, TOKEN_LPAREN, form_timestamp},
    {KW_SUBSTRING, TOKEN_LPAREN, form_substring},
    {KW_TRIM, TOKEN_LPAREN, form_trim},
    {KW_OVERLAY, TOKEN_LPAREN, form_overlay},
    {KW_POSITION, TOKEN_LPAREN, form_position},
    {KW_ARRAY, TOKEN_END, form_collection},
    {KW_MAP, TOKEN_LBRACKET, form_collection},
    {KW_MAP, TOKEN_LPAREN, form_collection},
    {KW_MULTISET, TOKEN_END, form_collection},
    {KW_ROW, TOKEN_LPAREN, form_row},
    {KW_PERIOD, TOKEN_LPAREN, form_row},
    {KW_EXISTS, TOKEN_END, form_exists},
    {KW_UNIQUE, TOKEN_END, form_exists},
    {KW_DESCRIPTOR, TOKEN_LPAREN, form_descriptor},
    {KW_RUNNING, TOKEN_END, form_running},
    {KW_FINAL, TOKEN_WORD, form_running},
    {KW_FINAL, TOKEN_QUOTED, form_running},
    {KW_PREV, TOKEN_LPAREN, form_plain},
    {KW_NEXT, TOKEN_LPAREN, form_plain},
    {KW_CLASSIFIER, TOKEN_LPAREN, form_plain},
    {KW_MATCH_NUMBER, TOKEN_LPAREN, form_plain},
    {KW_CONVERT, TOKEN_LPAREN, form_refused},
    {KW_TRANSLATE, TOKEN_LPAREN, form_plain},
    {KW_CURSOR, TOKEN_LPAREN, form_refused},
    {KW_NEXT, TOKEN_WORD, form_refused},
};

bool parser_form(struct parser *p, const struct ast_expr **out)
{
    enum keyword k = parser_peek(p, 0)->keyword;
    enum token_kind next = parser_peek(p, 1)->kind;

    if (k == KW_FINAL && !parser_kind_ahead(p, 2, TOKEN_LPAREN) && !parser_kind_ahead(p, 2, TOKEN_DOT))
        return false; /* a column of that name */
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (forms[i].k == k && (forms[i].next == TOKEN_END || forms[i].next == next)) {
            *out = forms[i].parse(p, parser_here(p));
            return true;
        }
    return false;
}
