/* parser_json.c: the JSON functions, whose clauses are words between and behind the arguments. */
#include "sql/parser_core.h"

/* a, or a FORMAT JSON, which says no more than that a is JSON. */
static const struct ast_expr *value(struct parser *p)
{
    const struct ast_expr *x = parser_expr(p);

    parser_take_words(p, KW_FORMAT, KW_JSON);
    return x;
}

static struct ast_json *clauses(struct parser *p, struct ast_json **json)
{
    if (*json == NULL)
        *json = PARSER_NEW(p, struct ast_json);
    return *json;
}

static void returning(struct parser *p, struct ast_json **json)
{
    if (!parser_take_word(p, KW_RETURNING))
        return;
    clauses(p, json);
    (*json)->returning = parser_type(p, false, &(*json)->returning_place);
}

/* What shall be done, of: NULL, ERROR, DEFAULT x, EMPTY ARRAY, EMPTY OBJECT, TRUE, FALSE, UNKNOWN. */
static bool behaviour(struct parser *p, enum ast_json_behaviour *out, const struct ast_expr **value_out)
{
    static const struct {
        enum keyword k;
        enum ast_json_behaviour behaviour;
    } words[] = {{KW_NULL, AST_JSON_NULL},
                 {KW_ERROR, AST_JSON_ERROR},
                 {KW_TRUE, AST_JSON_TRUE},
                 {KW_FALSE, AST_JSON_FALSE},
                 {KW_UNKNOWN, AST_JSON_UNKNOWN}};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (parser_take_word(p, words[i].k)) {
            *out = words[i].behaviour;
            return true;
        }
    if (parser_take_word(p, KW_DEFAULT)) {
        *out = AST_JSON_DEFAULT;
        *value_out = parser_expr(p);
        return true;
    }
    if (parser_take_word(p, KW_EMPTY)) {
        *out = parser_take_word(p, KW_OBJECT) ? AST_JSON_EMPTY_OBJECT : AST_JSON_EMPTY_ARRAY;
        if (*out == AST_JSON_EMPTY_ARRAY)
            parser_want_word(p, KW_ARRAY);
        return true;
    }
    return false;
}

/* ... ON EMPTY and ... ON ERROR, in any order. */
static void behaviours(struct parser *p, struct ast_json **json)
{
    enum ast_json_behaviour what;
    const struct ast_expr *x = NULL;

    while (behaviour(p, &what, &x)) {
        clauses(p, json);
        parser_want_word(p, KW_ON);
        if (parser_take_word(p, KW_EMPTY)) {
            (*json)->on_empty = what;
            (*json)->empty_default = x;
        } else {
            if (!parser_take_word(p, KW_ERROR))
                parser_expected(p, "EMPTY or ERROR");
            (*json)->on_error = what;
            (*json)->error_default = x;
        }
        x = NULL;
    }
}

/* WITHOUT [ARRAY] WRAPPER, WITH [CONDITIONAL|UNCONDITIONAL] [ARRAY] WRAPPER */
static void wrapper(struct parser *p, struct ast_json **json)
{
    bool with = parser_take_word(p, KW_WITH);

    if (!with && !parser_take_word(p, KW_WITHOUT))
        return;
    clauses(p, json);
    (*json)->wrapper = with ? AST_WRAPPER_UNCONDITIONAL : AST_WRAPPER_NONE;
    if (with && parser_take_word(p, KW_CONDITIONAL))
        (*json)->wrapper = AST_WRAPPER_CONDITIONAL;
    else if (with)
        parser_take_word(p, KW_UNCONDITIONAL);
    parser_take_word(p, KW_ARRAY);
    parser_want_word(p, KW_WRAPPER);
}

/* NULL ON NULL, ABSENT ON NULL */
static void on_null(struct parser *p, struct ast_json **json)
{
    bool absent = parser_word_ahead(p, 0, KW_ABSENT) && parser_word_ahead(p, 1, KW_ON);

    if (!absent && !(parser_word_ahead(p, 0, KW_NULL) && parser_word_ahead(p, 1, KW_ON)))
        return;
    clauses(p, json);
    parser_skip(p, 2);
    parser_want_word(p, KW_NULL);
    (*json)->on_null = absent ? AST_ONNULL_ABSENT : AST_ONNULL_NULL;
}

/* x, path and clauses: JSON_EXISTS, JSON_VALUE, JSON_QUERY */
static void of_path(struct parser *p, enum keyword k, struct list *operands, struct ast_json **json)
{
    *PARSER_ADD(p, operands, const struct ast_expr *) = value(p);
    parser_want(p, TOKEN_COMMA, "`,`");
    *PARSER_ADD(p, operands, const struct ast_expr *) = parser_expr(p);
    if (k != KW_JSON_EXISTS)
        returning(p, json);
    if (k == KW_JSON_QUERY)
        wrapper(p, json);
    behaviours(p, json);
}

/* [KEY] k VALUE v, k : v */
static void pair(struct parser *p, struct list *operands)
{
    if (parser_word_ahead(p, 0, KW_KEY) && !parser_kind_ahead(p, 1, TOKEN_COLON) &&
        !parser_word_ahead(p, 1, KW_VALUE))
        parser_skip(p, 1);
    *PARSER_ADD(p, operands, const struct ast_expr *) = parser_expr(p);
    if (!parser_take(p, TOKEN_COLON) && !parser_take_word(p, KW_VALUE))
        parser_expected(p, "VALUE or `:`");
    *PARSER_ADD(p, operands, const struct ast_expr *) = value(p);
}

static void of_values(struct parser *p, enum keyword k, struct list *operands, struct ast_json **json)
{
    bool pairs = k == KW_JSON_OBJECT || k == KW_JSON_OBJECTAGG;
    bool many = k == KW_JSON_OBJECT || k == KW_JSON_ARRAY;

    on_null(p, json);
    if (many && parser_at(p, TOKEN_RPAREN))
        return;
    do {
        if (pairs)
            pair(p, operands);
        else
            *PARSER_ADD(p, operands, const struct ast_expr *) = value(p);
    } while (many && parser_take(p, TOKEN_COMMA));
}

static struct ast_orders order_by(struct parser *p)
{
    parser_want_word(p, KW_ORDER);
    parser_want_word(p, KW_BY);
    return parser_orders(p);
}

static void aggregate_tail(struct parser *p, struct ast_call *call)
{
    if (parser_take_words(p, KW_WITHIN, KW_GROUP)) {
        parser_want(p, TOKEN_LPAREN, "`(`");
        call->order = order_by(p);
        parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    }
    if (parser_take_word(p, KW_FILTER)) {
        parser_want(p, TOKEN_LPAREN, "`(`");
        parser_want_word(p, KW_WHERE);
        call->filter = parser_expr(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    if (parser_take_word(p, KW_OVER))
        call->over = parser_window(p);
}

static const struct ast_expr *json_call(struct parser *p, enum keyword k)
{
    struct ast_place begin = parser_here(p);
    struct ast_json *json = NULL;
    struct list operands = {0};
    struct ast_orders order = {0};
    const struct ast_expr *x;
    struct ast_expr *call;

    parser_skip(p, 2);
    if (k == KW_JSON_EXISTS || k == KW_JSON_VALUE || k == KW_JSON_QUERY) {
        of_path(p, k, &operands, &json);
    } else {
        of_values(p, k, &operands, &json);
        if (k == KW_JSON_ARRAYAGG && parser_at_word(p, KW_ORDER))
            order = order_by(p);
        on_null(p, &json);
    }
    parser_want(p, TOKEN_RPAREN, "`)`");
    x = p->failed ? NULL
                  : parser_make(p, parser_from(p, begin), keyword_text(k), operands.items, operands.count);
    if (x == NULL)
        return NULL;
    call = (struct ast_expr *)x; /* made just now */
    call->call.json = json;
    call->call.order = order;
    if (k == KW_JSON_OBJECTAGG || k == KW_JSON_ARRAYAGG)
        aggregate_tail(p, &call->call);
    call->place = parser_from(p, begin);
    return call;
}

bool parser_json(struct parser *p, const struct ast_expr **out)
{
    static const enum keyword functions[] = {KW_JSON_EXISTS,  KW_JSON_VALUE, KW_JSON_QUERY,
                                             KW_JSON_OBJECT,  KW_JSON_ARRAY, KW_JSON_OBJECTAGG,
                                             KW_JSON_ARRAYAGG};

    if (!parser_kind_ahead(p, 1, TOKEN_LPAREN))
        return false;
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (parser_word_ahead(p, 0, functions[i])) {
            *out = json_call(p, functions[i]);
            return true;
        }
    return false;
}
