/* parser_match.c: MATCH_RECOGNIZE ( ... ) and its pattern. */
#include "sql/parser_core.h"

static struct ast_pattern *either(struct parser *p);

static struct ast_pattern *pattern_of(struct parser *p, enum ast_pattern_kind kind, const struct list *items,
                                      struct ast_place begin)
{
    struct ast_pattern *x = PARSER_NEW(p, struct ast_pattern);
    struct ast_pattern *const *all = items->items;
    int32_t below = 0;

    x->kind = kind;
    x->items = items->items;
    x->count = items->count;
    for (int32_t i = 0; i < items->count; i++)
        below = MAX(below, all[i] ? all[i]->height : 0);
    x->place = parser_from(p, begin);
    x->height = parser_height(p, below, x->place);
    return x;
}

static struct ast_pattern *primary(struct parser *p)
{
    struct list items = {0};
    struct ast_place begin = parser_here(p);
    struct ast_pattern *x;

    if (parser_take(p, TOKEN_LPAREN)) {
        x = either(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
        return x;
    }
    if (parser_take(p, TOKEN_LEXCLUDE)) {
        *PARSER_ADD(p, &items, struct ast_pattern *) = either(p);
        parser_want(p, TOKEN_REXCLUDE, "`-}`");
        return pattern_of(p, AST_PATTERN_EXCLUDE, &items, begin);
    }
    if (parser_at_word(p, KW_PERMUTE) && parser_kind_ahead(p, 1, TOKEN_LPAREN)) {
        parser_skip(p, 2);
        do {
            *PARSER_ADD(p, &items, struct ast_pattern *) = either(p);
        } while (parser_take(p, TOKEN_COMMA));
        parser_want(p, TOKEN_RPAREN, "`,` or `)`");
        return pattern_of(p, AST_PATTERN_PERMUTE, &items, begin);
    }
    x = PARSER_NEW(p, struct ast_pattern);
    x->kind = AST_PATTERN_NAME;
    x->height = 1;
    parser_word(p, &x->name, "a variable of the pattern");
    x->place = x->name.place;
    return x;
}

static int32_t times(struct parser *p)
{
    const struct ast_expr *x = parser_number(p, "a number");

    if (x && (x->literal.kind != AST_INTEGER || x->literal.large || x->literal.value > 1000000))
        parser_refuse(p, ERR_INPUT, x->place, "a number up to 1000000 is expected here");
    return x && !p->failed ? (int32_t)x->literal.value : 0;
}

/* * + ? {n} {n,} {,m} {n,m}; false when there is none. */
static bool quantifier(struct parser *p, struct ast_pattern *x)
{
    x->least = 0;
    x->most = -1;
    if (parser_take(p, TOKEN_STAR))
        return true;
    if (parser_take(p, TOKEN_PLUS)) {
        x->least = 1;
        return true;
    }
    if (parser_take(p, TOKEN_QUESTION)) {
        x->most = 1;
        return true;
    }
    if (!parser_take(p, TOKEN_LBRACE))
        return false;
    if (!parser_at(p, TOKEN_COMMA))
        x->least = x->most = times(p);
    if (parser_take(p, TOKEN_COMMA))
        x->most = parser_at(p, TOKEN_RBRACE) ? -1 : times(p);
    parser_want(p, TOKEN_RBRACE, "`}`");
    if (x->most >= 0 && x->most < x->least)
        parser_refuse(p, ERR_INPUT, p->tokens[p->at - 1].place,
                      "a variable cannot occur at least %" PRId32 " and at most %" PRId32 " times", x->least,
                      x->most);
    return true;
}

static struct ast_pattern *factor(struct parser *p)
{
    struct ast_place begin = parser_here(p);
    struct ast_pattern *x = primary(p), *repeat = PARSER_NEW(p, struct ast_pattern);
    struct list items = {0};
    struct ast_pattern bounds;

    if (!quantifier(p, repeat))
        return x;
    bounds = *repeat;
    bounds.reluctant = parser_take(p, TOKEN_QUESTION);
    *PARSER_ADD(p, &items, struct ast_pattern *) = x;
    x = pattern_of(p, AST_PATTERN_REPEAT, &items, begin);
    x->least = bounds.least;
    x->most = bounds.most;
    x->reluctant = bounds.reluctant;
    return x;
}

static struct ast_pattern *sequence(struct parser *p)
{
    struct list items = {0};
    struct ast_place begin = parser_here(p);

    do {
        *PARSER_ADD(p, &items, struct ast_pattern *) = factor(p);
    } while (parser_is_name(parser_peek(p, 0)) || parser_at(p, TOKEN_LPAREN) ||
             parser_at(p, TOKEN_LEXCLUDE) || parser_word_ahead(p, 0, KW_PERMUTE));
    if (items.count == 1)
        return ((struct ast_pattern **)items.items)[0];
    return pattern_of(p, AST_PATTERN_SEQUENCE, &items, begin);
}

static struct ast_pattern *either(struct parser *p)
{
    struct list items = {0};
    struct ast_place begin = parser_here(p);

    if (!parser_enter(p))
        return PARSER_NEW(p, struct ast_pattern);
    do {
        *PARSER_ADD(p, &items, struct ast_pattern *) = sequence(p);
    } while (parser_take(p, TOKEN_BAR));
    parser_leave(p);
    if (items.count == 1)
        return ((struct ast_pattern **)items.items)[0];
    return pattern_of(p, AST_PATTERN_EITHER, &items, begin);
}

static void measures(struct parser *p, struct ast_match *m)
{
    struct list items = {0};

    if (!parser_take_word(p, KW_MEASURES))
        return;
    do {
        struct ast_item item = {.expr = parser_expr(p)};

        parser_want_word(p, KW_AS);
        item.alias = parser_new_word(p, "the measure's name");
        *PARSER_ADD(p, &items, struct ast_item) = item;
    } while (parser_take(p, TOKEN_COMMA));
    m->measures = items.items;
    m->measure_count = items.count;
}

static void rows_and_skip(struct parser *p, struct ast_match *m)
{
    if (parser_at_word(p, KW_ONE) || parser_at_word(p, KW_ALL)) {
        m->rows_per_match = parser_take_word(p, KW_ONE) ? AST_ONE_ROW : AST_ALL_ROWS;
        if (m->rows_per_match == AST_ALL_ROWS)
            parser_skip(p, 1);
        if (!parser_take_word(p, KW_ROWS))
            parser_want_word(p, KW_ROW);
        parser_want_word(p, KW_PER);
        parser_want_word(p, KW_MATCH);
    }
    if (!parser_take_word(p, KW_AFTER))
        return;
    parser_want_word(p, KW_MATCH);
    parser_want_word(p, KW_SKIP);
    if (parser_take_word(p, KW_PAST)) {
        parser_want_word(p, KW_LAST);
        parser_want_word(p, KW_ROW);
        m->skip = AST_SKIP_PAST_LAST_ROW;
        return;
    }
    parser_want_word(p, KW_TO);
    if (parser_take_words(p, KW_NEXT, KW_ROW)) {
        m->skip = AST_SKIP_NEXT_ROW;
        return;
    }
    m->skip = parser_take_word(p, KW_FIRST) ? AST_SKIP_FIRST : AST_SKIP_LAST;
    if (m->skip == AST_SKIP_LAST)
        parser_take_word(p, KW_LAST);
    parser_word(p, &m->skip_to, "NEXT ROW, FIRST or LAST and a variable");
}

static void subsets(struct parser *p, struct ast_match *m)
{
    struct list items = {0};

    if (!parser_take_word(p, KW_SUBSET))
        return;
    do {
        struct ast_subset *s = PARSER_ADD(p, &items, struct ast_subset);

        parser_word(p, &s->name, "a variable");
        parser_want(p, TOKEN_EQ, "`=`");
        s->members = parser_words(p, "a variable");
    } while (parser_take(p, TOKEN_COMMA));
    m->subsets = items.items;
    m->subset_count = items.count;
}

static void defines(struct parser *p, struct ast_match *m)
{
    struct list items = {0};

    parser_want_word(p, KW_DEFINE);
    do {
        struct ast_item item = {.alias = parser_new_word(p, "a variable of the pattern")};

        parser_want_word(p, KW_AS);
        item.expr = parser_expr(p);
        *PARSER_ADD(p, &items, struct ast_item) = item;
    } while (parser_take(p, TOKEN_COMMA));
    m->defines = items.items;
    m->define_count = items.count;
}

void parser_match(struct parser *p, struct ast_match *m)
{
    parser_want(p, TOKEN_LPAREN, "`(`");
    if (parser_take_words(p, KW_PARTITION, KW_BY))
        m->partition = parser_exprs(p);
    if (parser_take_words(p, KW_ORDER, KW_BY))
        m->order = parser_orders(p);
    measures(p, m);
    rows_and_skip(p, m);
    parser_want_word(p, KW_PATTERN);
    parser_want(p, TOKEN_LPAREN, "`(`");
    m->at_start = parser_take(p, TOKEN_CARET);
    m->pattern = either(p);
    m->at_end = parser_take(p, TOKEN_DOLLAR);
    parser_want(p, TOKEN_RPAREN, "a variable, a quantifier or `)`");
    if (parser_take_word(p, KW_WITHIN))
        m->within = parser_expr(p);
    subsets(p, m);
    defines(p, m);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
}
