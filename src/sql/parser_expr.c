/* parser_expr.c: expressions by operator precedence: an operand, then operators for as long as they bind
 * tighter than what is to the left. A table has each operator's strength; those with a shape of their own
 * (IS, BETWEEN, IN, LIKE) have a function each.
 */
#include "sql/parser_core.h"

/* How tight operators bind, as in Flink. */
enum {
    BIND_MULTISET_UNION = 14,
    BIND_MULTISET_INTERSECT = 18,
    BIND_OR = 22,
    BIND_AND = 24,
    BIND_NOT = 26,
    BIND_IS = 28,
    BIND_COMPARE = 30,
    BIND_LIKE = 32,
    BIND_PLUS = 40,
    BIND_TIMES = 60,
    BIND_SIGN = 80
};

static const struct ast_expr *binary(struct parser *p, int least);

static struct ast_place place_of(const struct ast_expr *x)
{
    return x ? x->place : (struct ast_place){0};
}

const struct ast_expr *parser_node(struct parser *p, const struct ast_expr *x)
{
    struct ast_expr *node = PARSER_NEW(p, struct ast_expr);

    *node = *x;
    if (node->height == 0)
        node->height = 1;
    return node;
}

const struct ast_expr *parser_make(struct parser *p, struct ast_place place, const char *name,
                                   const struct ast_expr *const *operands, int32_t count)
{
    struct ast_expr x = {.kind = AST_CALL, .place = place, .call = {.name = name, .operands.count = count}};
    int32_t below = 0;

    for (int32_t i = 0; i < count; i++)
        below = MAX(below, operands[i] ? operands[i]->height : 0);
    for (int32_t i = 0; i < count; i++)
        if (operands[i] && operands[i]->kind == AST_STAR)
            parser_refuse(p, ERR_INPUT, operands[i]->place, "`*` stands for columns and is no value");
    x.height = parser_height(p, below, place);
    if (count) {
        x.call.operands.items = arena_copy(p->arena, operands, sizeof *operands * (size_t)count);
        if (x.call.operands.items == NULL)
            parser_no_memory(p);
    }
    return p->failed ? NULL : parser_node(p, &x);
}

static const struct ast_expr *make1(struct parser *p, struct ast_place begin, const char *name,
                                    const struct ast_expr *x)
{
    return parser_make(p, parser_from(p, begin), name, &x, 1);
}

static const struct ast_expr *make2(struct parser *p, const char *name, const struct ast_expr *x,
                                    const struct ast_expr *y)
{
    const struct ast_expr *both[] = {x, y};

    return parser_make(p, parser_from(p, place_of(x)), name, both, 2);
}

struct ast_exprs parser_exprs(struct parser *p)
{
    struct list list = {0};

    do {
        *PARSER_ADD(p, &list, const struct ast_expr *) = parser_expr(p);
    } while (parser_take(p, TOKEN_COMMA));
    return (struct ast_exprs){list.count, list.items};
}

struct ast_orders parser_orders(struct parser *p)
{
    struct list list = {0};

    do {
        struct ast_order *o = PARSER_ADD(p, &list, struct ast_order);

        o->expr = parser_expr(p);
        o->descending = !parser_take_word(p, KW_ASC) && parser_take_word(p, KW_DESC);
        if (parser_take_word(p, KW_NULLS)) {
            if (parser_take_word(p, KW_FIRST))
                o->nulls = AST_NULLS_FIRST;
            else
                parser_want_word(p, KW_LAST), o->nulls = AST_NULLS_LAST;
        }
    } while (parser_take(p, TOKEN_COMMA));
    return (struct ast_orders){list.count, list.items};
}

/* --- operands --- */

/* ( ... ): a query, one expression, or a row of several. */
static const struct ast_expr *paren(struct parser *p)
{
    struct ast_place begin = parser_here(p);
    struct ast_expr query = {.kind = AST_SUBQUERY};
    struct ast_exprs list;

    if (parser_paren_query(p)) {
        parser_skip(p, 1);
        query.subquery = parser_query(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
        query.place = parser_from(p, begin);
        query.height = parser_height(p, query.subquery ? query.subquery->height : 0, begin);
        return parser_node(p, &query);
    }
    parser_skip(p, 1);
    list = parser_exprs(p);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    if (p->failed || list.count == 1)
        return p->failed ? NULL : list.items[0];
    return parser_make(p, parser_from(p, begin), "ROW", list.items, list.count);
}

/* a, a.b.c, t.*, f(...), c.d.f(...) */
static const struct ast_expr *named(struct parser *p)
{
    struct ast_expr x = {.kind = AST_COLUMN};
    struct list parts = {0};
    struct ast_place begin = parser_here(p);
    struct ast_name name;

    for (;;) {
        const struct token *t = parser_peek(p, 0);
        struct ast_word *part = PARSER_ADD(p, &parts, struct ast_word);

        if (parts.count == 1 && t->kind == TOKEN_WORD && t->keyword != KW_NO_KEYWORD &&
            keyword_class(t->keyword) != KEYWORD_NAME && parser_kind_ahead(p, 1, TOKEN_LPAREN)) {
            t = parser_peek(p, 0);
            *part = (struct ast_word){parser_strdup(p, parser_text_of(p, t)), t->place};
            parser_skip(p, 1);
        } else {
            parser_word(p, part, parts.count == 1 ? "an expression" : "a name");
        }
        if (!parser_at(p, TOKEN_DOT))
            break;
        parser_skip(p, 1);
        if (parser_take(p, TOKEN_STAR)) {
            x.kind = AST_STAR;
            break;
        }
    }
    name = (struct ast_name){parts.count, parts.items, parser_from(p, begin)};
    if (x.kind == AST_COLUMN && parser_at(p, TOKEN_LPAREN))
        return p->failed ? NULL : parser_named_call(p, &name);
    x.place = name.place;
    if (x.kind == AST_STAR)
        x.star = arena_copy(p->arena, &name, sizeof name);
    else
        x.column = name;
    if (p->arena->failed)
        parser_no_memory(p);
    return parser_node(p, &x);
}

/* CURRENT_DATE, CURRENT_TIMESTAMP(3): with or without parentheses. */
static const struct ast_expr *variable(struct parser *p, const struct token *t)
{
    struct ast_place begin = t->place;
    struct ast_expr x = {.kind = AST_CALL, .place = begin};

    if (parser_kind_ahead(p, 1, TOKEN_LPAREN))
        return named(p);
    x.call.name = keyword_text(t->keyword);
    x.call.bare = true;
    parser_skip(p, 1);
    return parser_node(p, &x);
}

static const struct ast_expr *primary(struct parser *p)
{
    const struct token *t = parser_peek(p, 0);
    const struct ast_expr *x = NULL;

    switch (t->kind) {
    case TOKEN_LPAREN:
        return paren(p);
    case TOKEN_QUOTED:
        return named(p);
    case TOKEN_QUESTION:
        if (parser_refuse(p, ERR_UNSUPPORTED, t->place, "parameters (`?`) are not supported"))
            sql_hint(p->error, "write the value itself");
        return NULL;
    default:
        break;
    }
    if (parser_literal(p, &x))
        return x;
    if (t->kind == TOKEN_WORD && t->keyword != KW_NO_KEYWORD) {
        if (parser_form(p, &x) || parser_json(p, &x))
            return x;
        t = parser_peek(p, 0);
        if (t->kind == TOKEN_WORD && keyword_class(t->keyword) == KEYWORD_VARIABLE)
            return variable(p, t);
        if (t->kind == TOKEN_WORD && keyword_class(t->keyword) == KEYWORD_FUNCTION &&
            parser_kind_ahead(p, 1, TOKEN_LPAREN))
            return named(p);
        t = parser_peek(p, 0);
    }
    if (parser_is_name(t))
        return named(p);
    parser_expected(p, "an expression");
    return NULL;
}

/* x[i] and x.name behind an operand. */
static const struct ast_expr *postfix(struct parser *p, const struct ast_expr *x)
{
    for (;;) {
        if (parser_take(p, TOKEN_LBRACKET)) {
            const struct ast_expr *index = parser_expr(p);

            parser_want(p, TOKEN_RBRACKET, "`]`");
            x = make2(p, "ITEM", x, index);
        } else if (x && parser_at(p, TOKEN_DOT)) {
            struct ast_expr field = {.kind = AST_FIELD, .field.expr = x};

            parser_skip(p, 1);
            parser_word(p, &field.field.name, "a field's name");
            field.place = parser_from(p, x->place);
            field.height = parser_height(p, x->height, field.place);
            x = parser_node(p, &field);
        } else {
            return x;
        }
    }
}

static const struct ast_expr *unary(struct parser *p)
{
    struct ast_place begin = parser_here(p);
    const struct ast_expr *x;

    if (!parser_enter(p))
        return NULL;
    if (parser_take(p, TOKEN_MINUS))
        x = make1(p, begin, "-", binary(p, BIND_SIGN));
    else if (parser_take(p, TOKEN_PLUS))
        x = make1(p, begin, "+", binary(p, BIND_SIGN));
    else if (parser_take_word(p, KW_NOT))
        x = make1(p, begin, "NOT", binary(p, BIND_NOT));
    else
        x = postfix(p, primary(p));
    parser_leave(p);
    return x;
}

/* --- operators --- */

static const struct sign_operator {
    enum token_kind kind;
    int bind;
    const char *name, *some, *all; /* some, all: with SOME or ANY, and ALL behind it */
} sign_operators[] = {
    {TOKEN_EQ, BIND_COMPARE, "=", "= SOME", "= ALL"}, {TOKEN_NE, BIND_COMPARE, "<>", "<> SOME", "<> ALL"},
    {TOKEN_LT, BIND_COMPARE, "<", "< SOME", "< ALL"}, {TOKEN_LE, BIND_COMPARE, "<=", "<= SOME", "<= ALL"},
    {TOKEN_GT, BIND_COMPARE, ">", "> SOME", "> ALL"}, {TOKEN_GE, BIND_COMPARE, ">=", ">= SOME", ">= ALL"},
    {TOKEN_PLUS, BIND_PLUS, "+", NULL, NULL},         {TOKEN_MINUS, BIND_PLUS, "-", NULL, NULL},
    {TOKEN_STAR, BIND_TIMES, "*", NULL, NULL},        {TOKEN_SLASH, BIND_TIMES, "/", NULL, NULL},
    {TOKEN_PERCENT, BIND_TIMES, "%", NULL, NULL},     {TOKEN_CONCAT, BIND_TIMES, "||", NULL, NULL},
};

static const struct word_operator {
    enum keyword first, second; /* second: KW_NO_KEYWORD when there is one word only */
    int bind;
    const char *name;
} word_operators[] = {
    {KW_OVERLAPS, KW_NO_KEYWORD, BIND_COMPARE, "OVERLAPS"},
    {KW_CONTAINS, KW_NO_KEYWORD, BIND_COMPARE, "CONTAINS"},
    {KW_EQUALS, KW_NO_KEYWORD, BIND_COMPARE, "EQUALS"},
    {KW_PRECEDES, KW_NO_KEYWORD, BIND_COMPARE, "PRECEDES"},
    {KW_SUCCEEDS, KW_NO_KEYWORD, BIND_COMPARE, "SUCCEEDS"},
    {KW_IMMEDIATELY, KW_PRECEDES, BIND_COMPARE, "IMMEDIATELY PRECEDES"},
    {KW_IMMEDIATELY, KW_SUCCEEDS, BIND_COMPARE, "IMMEDIATELY SUCCEEDS"},
    {KW_MEMBER, KW_OF, BIND_COMPARE, "MEMBER OF"},
    {KW_SUBMULTISET, KW_OF, BIND_COMPARE, "SUBMULTISET OF"},
    {KW_MULTISET, KW_UNION, BIND_MULTISET_UNION, "MULTISET UNION"},
    {KW_MULTISET, KW_EXCEPT, BIND_MULTISET_UNION, "MULTISET EXCEPT"},
    {KW_MULTISET, KW_INTERSECT, BIND_MULTISET_INTERSECT, "MULTISET INTERSECT"},
};

/* (a, b) or (SELECT ...) behind IN, SOME and ALL: x and what is in the parentheses as one call. */
static const struct ast_expr *membership(struct parser *p, const char *name, const struct ast_expr *x)
{
    struct list operands = {0};
    struct ast_exprs values;

    *PARSER_ADD(p, &operands, const struct ast_expr *) = x;
    if (!parser_at(p, TOKEN_LPAREN)) {
        parser_expected(p, "`(`");
        return NULL;
    }
    if (parser_paren_query(p)) {
        *PARSER_ADD(p, &operands, const struct ast_expr *) = paren(p);
    } else {
        parser_skip(p, 1);
        values = parser_exprs(p);
        for (int32_t i = 0; i < values.count; i++)
            *PARSER_ADD(p, &operands, const struct ast_expr *) = values.items[i];
        parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    }
    return p->failed ? NULL
                     : parser_make(p, parser_from(p, place_of(x)), name, operands.items, operands.count);
}

const struct ast_expr *parser_operand(struct parser *p)
{
    return binary(p, BIND_LIKE + 1);
}

static const struct ast_expr *between(struct parser *p, const struct ast_expr *x)
{
    const struct ast_expr *all[3] = {x};
    bool symmetric = parser_take_word(p, KW_SYMMETRIC);

    if (!symmetric)
        parser_take_word(p, KW_ASYMMETRIC);
    all[1] = parser_operand(p);
    parser_want_word(p, KW_AND);
    all[2] = parser_operand(p);
    return parser_make(p, parser_from(p, place_of(x)), symmetric ? "BETWEEN SYMMETRIC" : "BETWEEN", all, 3);
}

static const struct ast_expr *like(struct parser *p, const char *name, const struct ast_expr *x)
{
    const struct ast_expr *all[3] = {x, parser_operand(p)};
    bool escape = parser_take_word(p, KW_ESCAPE);

    if (escape)
        all[2] = parser_operand(p);
    return parser_make(p, parser_from(p, place_of(x)), name, all, escape ? 3 : 2);
}

/* [NOT] BETWEEN, IN, LIKE and their like; false when the next words are none of them. */
static bool predicate(struct parser *p, const struct ast_expr **x)
{
    bool negated = parser_at_word(p, KW_NOT);
    enum keyword k = parser_peek(p, negated)->kind == TOKEN_WORD ? parser_peek(p, negated)->keyword
                                                                 : KW_NO_KEYWORD;
    const struct ast_expr *left = *x;

    parser_at_word(p, KW_BETWEEN); /* so that a misspelt one is recognised */
    parser_at_word(p, KW_LIKE);
    parser_at_word(p, KW_IN);
    if (k != KW_BETWEEN && k != KW_IN && k != KW_LIKE && k != KW_ILIKE && k != KW_RLIKE && k != KW_SIMILAR)
        return false;
    parser_skip(p, 1 + negated);
    if (k == KW_SIMILAR)
        parser_want_word(p, KW_TO);
    if (k == KW_BETWEEN)
        *x = between(p, left);
    else if (k == KW_IN)
        *x = membership(p, "IN", left);
    else
        *x = like(p, k == KW_SIMILAR ? "SIMILAR TO" : keyword_text(k), left);
    if (negated)
        *x = make1(p, place_of(left), "NOT", *x);
    return true;
}

static const struct ast_expr *is_json(struct parser *p, const struct ast_expr *x)
{
    static const struct {
        enum keyword k;
        const char *name;
    } kinds[] = {{KW_VALUE, "IS JSON VALUE"},
                 {KW_OBJECT, "IS JSON OBJECT"},
                 {KW_ARRAY, "IS JSON ARRAY"},
                 {KW_SCALAR, "IS JSON SCALAR"}};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (parser_take_word(p, kinds[i].k))
            return make1(p, place_of(x), kinds[i].name, x);
    return make1(p, place_of(x), "IS JSON VALUE", x);
}

/* IS [NOT] ..., the cursor being behind IS. */
static const struct ast_expr *is(struct parser *p, const struct ast_expr *x)
{
    static const struct {
        enum keyword k;
        const char *name, *negated;
    } states[] = {
        {KW_NULL, "IS NULL", "IS NOT NULL"},    {KW_TRUE, "IS TRUE", "IS NOT TRUE"},
        {KW_FALSE, "IS FALSE", "IS NOT FALSE"}, {KW_UNKNOWN, "IS UNKNOWN", "IS NOT UNKNOWN"},
        {KW_EMPTY, "IS EMPTY", "IS NOT EMPTY"},
    };
    bool negated = parser_take_word(p, KW_NOT);
    const struct ast_expr *json;

    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (parser_take_word(p, states[i].k))
            return make1(p, place_of(x), negated ? states[i].negated : states[i].name, x);
    if (parser_take_words(p, KW_DISTINCT, KW_FROM))
        return make2(p, negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", x,
                     binary(p, BIND_COMPARE + 1));
    if (parser_take_word(p, KW_JSON)) {
        json = is_json(p, x);
        return negated ? make1(p, place_of(x), "NOT", json) : json;
    }
    if (parser_take_words(p, KW_A, KW_SET)) {
        json = make1(p, place_of(x), "IS A SET", x);
        return negated ? make1(p, place_of(x), "NOT", json) : json;
    }
    parser_expected(p, "NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM");
    return NULL;
}

/* a, b, c, ... of one AND or OR. Few are a chain to the left, as everywhere; of many a tree that is not
 * high. */
static const struct ast_expr *chain(struct parser *p, const char *name, const struct ast_expr *const *items,
                                    int32_t count)
{
    const struct ast_expr *left, *right;

    if (p->failed)
        return NULL;
    if (count == 1)
        return items[0];
    if (count <= 64) {
        left = chain(p, name, items, count - 1);
        right = items[count - 1];
    } else {
        left = chain(p, name, items, count / 2);
        right = chain(p, name, items + count / 2, count - count / 2);
    }
    if (left == NULL || right == NULL)
        return NULL;
    return parser_make(p, parser_join(left->place, right->place), name,
                       (const struct ast_expr *[]){left, right}, 2);
}

static const struct ast_expr *logic(struct parser *p, enum keyword k, int bind, const struct ast_expr *first)
{
    struct list items = {0};

    *PARSER_ADD(p, &items, const struct ast_expr *) = first;
    do {
        *PARSER_ADD(p, &items, const struct ast_expr *) = binary(p, bind + 1);
    } while (parser_take_word(p, k));
    return p->failed ? NULL : chain(p, keyword_text(k), items.items, items.count);
}

/* An operator of signs that binds at least so tight; NULL: there is none. */
static const struct sign_operator *next_sign(struct parser *p, int least)
{
    enum token_kind kind = parser_peek(p, 0)->kind;

    for (size_t i = 0; i < COUNT_OF(sign_operators); i++)
        if (sign_operators[i].kind == kind && sign_operators[i].bind >= least)
            return &sign_operators[i];
    return NULL;
}

static const struct word_operator *next_word(struct parser *p, int least)
{
    for (size_t i = 0; i < COUNT_OF(word_operators); i++) {
        const struct word_operator *o = &word_operators[i];

        if (o->bind >= least && parser_word_ahead(p, 0, o->first) &&
            (o->second == KW_NO_KEYWORD || parser_word_ahead(p, 1, o->second)))
            return o;
    }
    return NULL;
}

static const struct ast_expr *after_sign(struct parser *p, const struct sign_operator *o,
                                         const struct ast_expr *x)
{
    parser_skip(p, 1);
    if (o->some && (parser_word_ahead(p, 0, KW_SOME) || parser_word_ahead(p, 0, KW_ANY))) {
        parser_skip(p, 1);
        return membership(p, o->some, x);
    }
    if (o->all && parser_word_ahead(p, 0, KW_ALL)) {
        parser_skip(p, 1);
        return membership(p, o->all, x);
    }
    return make2(p, o->name, x, binary(p, o->bind + 1));
}

static const struct ast_expr *after_word(struct parser *p, const struct word_operator *o,
                                         const struct ast_expr *x)
{
    const char *name = o->name;

    parser_skip(p, o->second == KW_NO_KEYWORD ? 1 : 2);
    if (o->first == KW_MULTISET && parser_take_word(p, KW_ALL))
        name = o->second == KW_UNION    ? "MULTISET UNION ALL"
               : o->second == KW_EXCEPT ? "MULTISET EXCEPT ALL"
                                        : "MULTISET INTERSECT ALL";
    else if (o->first == KW_MULTISET)
        parser_take_word(p, KW_DISTINCT);
    return make2(p, name, x, binary(p, o->bind + 1));
}

/* An expression of operators that bind at least so tight. */
static const struct ast_expr *binary(struct parser *p, int least)
{
    const struct ast_expr *x = unary(p);

    while (!p->failed) {
        const struct sign_operator *sign = next_sign(p, least);
        const struct word_operator *word;

        if (sign)
            x = after_sign(p, sign, x);
        else if (parser_peek(p, 0)->kind != TOKEN_WORD)
            break;
        else if (least <= BIND_AND && parser_take_word(p, KW_AND))
            x = logic(p, KW_AND, BIND_AND, x);
        else if (least <= BIND_OR && parser_take_word(p, KW_OR))
            x = logic(p, KW_OR, BIND_OR, x);
        else if (least <= BIND_IS && parser_take_word(p, KW_IS))
            x = is(p, x);
        else if (least <= BIND_LIKE && predicate(p, &x))
            continue;
        else if ((word = next_word(p, least)) != NULL)
            x = after_word(p, word, x);
        else
            break;
    }
    return x;
}

const struct ast_expr *parser_expr(struct parser *p)
{
    return binary(p, 0);
}
