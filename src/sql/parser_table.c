/* parser_table.c: what stands behind FROM: names, subqueries, table functions, UNNEST, and joins of them. */
#include "sql/parser_core.h"

static struct ast_table *primary(struct parser *p);
static struct ast_table *joined(struct parser *p);

static void alias(struct parser *p, struct ast_table *t)
{
    bool is_as = parser_at_word(p, KW_AS);

    if (!is_as && !parser_is_name(parser_peek(p, 0)))
        return;
    t->alias = parser_alias(p);
    if (parser_at(p, TOKEN_LPAREN)) {
        t->columns = parser_words(p, "a column's name");
        p->alias_at = 0;
    }
}

/* TABLE( f(...) ) */
static void table_function(struct parser *p, struct ast_table *t)
{
    struct ast_name name;

    t->kind = AST_TABLE_FUNCTION;
    parser_skip(p, 1);
    parser_want(p, TOKEN_LPAREN, "`(`");
    parser_name(p, &name, "a table function");
    if (!parser_at(p, TOKEN_LPAREN))
        parser_expected(p, "`(`");
    t->call = p->failed ? NULL : parser_named_call(p, &name);
    t->height = t->call ? t->call->height : 0;
    parser_want(p, TOKEN_RPAREN, "`)`");
}

static void unnest(struct parser *p, struct ast_table *t)
{
    t->kind = AST_TABLE_UNNEST;
    parser_skip(p, 1);
    parser_want(p, TOKEN_LPAREN, "`(`");
    t->arrays = parser_exprs(p);
    for (int32_t i = 0; i < t->arrays.count; i++)
        t->height = MAX(t->height, t->arrays.items[i] ? t->arrays.items[i]->height : 0);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    t->ordinality = parser_take_words(p, KW_WITH, KW_ORDINALITY);
}

static void subquery(struct parser *p, struct ast_table *t)
{
    t->kind = AST_TABLE_QUERY;
    parser_skip(p, 1);
    t->query = parser_query(p);
    t->height = t->query ? t->query->height : 0;
    parser_want(p, TOKEN_RPAREN, "`)`");
}

static void named(struct parser *p, struct ast_table *t)
{
    t->kind = AST_TABLE_NAME;
    parser_name(p, &t->name, "a table, a subquery or TABLE(...)");
    if (parser_at(p, TOKEN_LPAREN) &&
        parser_refuse(p, ERR_INPUT, t->name.place, "a function is no table by itself"))
        sql_hint(p->error, "write TABLE(%s(...)), or LATERAL TABLE(%s(...)) in a join",
                 t->name.parts[t->name.count - 1].text, t->name.parts[t->name.count - 1].text);
    t->hints = parser_hints(p);
}

static struct ast_table *match(struct parser *p, struct ast_table *inner)
{
    struct ast_table *t = PARSER_NEW(p, struct ast_table);

    t->kind = AST_TABLE_MATCH;
    t->place = inner->place;
    t->height = inner->height;
    parser_skip(p, 1);
    t->match.table = inner;
    parser_match(p, &t->match);
    return t;
}

/* FOR SYSTEM_TIME AS OF x */
static void as_of(struct parser *p, struct ast_table *t)
{
    if (!parser_take_word(p, KW_FOR))
        return;
    parser_want_word(p, KW_SYSTEM_TIME);
    parser_want_word(p, KW_AS);
    parser_want_word(p, KW_OF);
    t->as_of = parser_expr(p);
    t->height = MAX(t->height, t->as_of ? t->as_of->height : 0);
}

static void refuse_sample(struct parser *p)
{
    if (parser_at_word(p, KW_TABLESAMPLE))
        parser_refuse(p, ERR_UNSUPPORTED, parser_here(p), "TABLESAMPLE is not supported");
    if (parser_at_word(p, KW_PIVOT) && parser_kind_ahead(p, 1, TOKEN_LPAREN))
        parser_refuse(p, ERR_UNSUPPORTED, parser_here(p), "PIVOT is not supported");
    if (parser_at_word(p, KW_UNPIVOT))
        parser_refuse(p, ERR_UNSUPPORTED, parser_here(p), "UNPIVOT is not supported");
}

static struct ast_table *primary(struct parser *p)
{
    struct ast_table *t = PARSER_NEW(p, struct ast_table);

    t->place = parser_here(p);
    t->lateral = parser_take_word(p, KW_LATERAL);
    if (parser_at(p, TOKEN_LPAREN) && !parser_paren_query(p)) {
        parser_skip(p, 1);
        t = parser_enter(p) ? joined(p) : t;
        if (!p->failed)
            parser_leave(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
        t->place = parser_from(p, t->place);
        if (t->alias == NULL && t->kind != AST_TABLE_JOIN)
            alias(p, t);
        return t;
    }
    if (parser_at(p, TOKEN_LPAREN))
        subquery(p, t);
    else if (parser_at_word(p, KW_TABLE))
        table_function(p, t);
    else if (parser_at_word(p, KW_UNNEST))
        unnest(p, t);
    else
        named(p, t);
    t->place = parser_from(p, t->place);
    as_of(p, t);
    if (parser_at_word(p, KW_MATCH_RECOGNIZE))
        t = match(p, t);
    refuse_sample(p);
    alias(p, t);
    t->height = parser_height(p, t->height, t->place);
    t->place = parser_from(p, t->place);
    return t;
}

/* --- joins --- */

/* The words of a join, taken; false when there is none. */
static bool join_words(struct parser *p, struct ast_join *join)
{
    static const struct {
        enum keyword k;
        enum ast_join_kind kind;
    } outer[] = {{KW_LEFT, AST_JOIN_LEFT}, {KW_RIGHT, AST_JOIN_RIGHT}, {KW_FULL, AST_JOIN_FULL}};

    if (parser_take_words(p, KW_CROSS, KW_JOIN)) {
        join->kind = AST_JOIN_CROSS;
        return true;
    }
    join->natural = parser_take_word(p, KW_NATURAL);
    join->kind = AST_JOIN_INNER;
    if (parser_take_word(p, KW_JOIN))
        return true;
    if (parser_take_word(p, KW_INNER)) {
        parser_want_word(p, KW_JOIN);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(outer); i++)
        if (parser_take_word(p, outer[i].k)) {
            parser_take_word(p, KW_OUTER);
            parser_want_word(p, KW_JOIN);
            join->kind = outer[i].kind;
            return true;
        }
    if (join->natural)
        parser_expected(p, "JOIN");
    return false;
}

static struct ast_table *join_of(struct parser *p, struct ast_table *left, struct ast_join join)
{
    struct ast_table *t = PARSER_NEW(p, struct ast_table);
    int32_t below;

    t->kind = AST_TABLE_JOIN;
    join.left = left;
    join.right = join.kind == AST_JOIN_COMMA ? joined(p) : primary(p);
    if (join.kind != AST_JOIN_CROSS && join.kind != AST_JOIN_COMMA && !join.natural) {
        if (parser_take_word(p, KW_ON))
            join.on = parser_expr(p);
        else if (parser_take_word(p, KW_USING))
            join.columns = parser_words(p, "a column's name");
        else
            parser_expected(p, "ON or USING");
    }
    t->join = join;
    t->place = parser_from(p, left->place);
    below = MAX(left->height, join.right->height);
    t->height = parser_height(p, MAX(below, join.on ? join.on->height : 0), t->place);
    return t;
}

static struct ast_table *joined(struct parser *p)
{
    struct ast_table *t = primary(p);
    struct ast_join join = {0};

    while (join_words(p, &join)) {
        t = join_of(p, t, join);
        join = (struct ast_join){0};
    }
    return t;
}

const struct ast_table *parser_tables(struct parser *p)
{
    struct ast_table *t = joined(p);
    struct ast_join comma = {.kind = AST_JOIN_COMMA};

    while (parser_take(p, TOKEN_COMMA))
        t = join_of(p, t, comma);
    return t;
}
