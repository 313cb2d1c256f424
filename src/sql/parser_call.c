/* parser_call.c: f(...) with what may stand in and behind the parentheses: DISTINCT, named arguments,
 * tables, ORDER BY, FILTER, OVER.
 */
#include "sql/parser_core.h"

/* TABLE t or (SELECT ...) [PARTITION BY ...] [ORDER BY ...] */
static const struct ast_expr *table_argument(struct parser *p)
{
    struct ast_expr x = {.kind = AST_TABLE_ARG};
    struct ast_place begin = parser_here(p);

    if (parser_take_word(p, KW_TABLE)) {
        if (parser_at(p, TOKEN_LPAREN)) {
            parser_skip(p, 1);
            x.table_arg.query = parser_query(p);
            parser_want(p, TOKEN_RPAREN, "`)`");
        } else {
            x.table_arg.table = parser_new_name(p, "a table");
        }
    } else {
        parser_want(p, TOKEN_LPAREN, "`(`");
        x.table_arg.query = parser_query(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    if (parser_take_words(p, KW_PARTITION, KW_BY)) {
        bool paren = parser_take(p, TOKEN_LPAREN);
        struct list one = {0};

        if (paren) {
            x.table_arg.partition = parser_exprs(p);
            parser_want(p, TOKEN_RPAREN, "`,` or `)`");
        } else { /* without parentheses one only: a comma is the next argument's */
            *PARSER_ADD(p, &one, const struct ast_expr *) = parser_expr(p);
            x.table_arg.partition = (struct ast_exprs){one.count, one.items};
        }
    }
    if (parser_take_words(p, KW_ORDER, KW_BY)) {
        bool paren = parser_take(p, TOKEN_LPAREN);

        x.table_arg.order = parser_orders(p);
        if (paren)
            parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    }
    x.place = parser_from(p, begin);
    x.height = parser_height(p, x.table_arg.query ? x.table_arg.query->height : 0, begin);
    return parser_node(p, &x);
}

/* (SELECT ...) PARTITION BY: a table and no value. A query alone is left to the binder, which knows the
 * function. */
static bool table_ahead(struct parser *p)
{
    size_t depth = 0, ahead = 0;

    if (parser_word_ahead(p, 0, KW_TABLE))
        return true;
    if (!parser_paren_query(p))
        return false;
    do {
        enum token_kind kind = parser_peek(p, ahead++)->kind;

        depth += kind == TOKEN_LPAREN;
        depth -= kind == TOKEN_RPAREN;
        if (kind == TOKEN_END)
            return false;
    } while (depth);
    return parser_word_ahead(p, ahead, KW_PARTITION) || parser_word_ahead(p, ahead, KW_ORDER);
}

static const struct ast_expr *plain_argument(struct parser *p)
{
    struct ast_expr x = {.kind = AST_DEFAULT, .place = parser_here(p)};

    if (parser_at(p, TOKEN_STAR)) {
        x.kind = AST_STAR;
        parser_skip(p, 1);
        return parser_node(p, &x);
    }
    if (parser_word_ahead(p, 0, KW_DEFAULT)) {
        parser_skip(p, 1);
        return parser_node(p, &x);
    }
    return table_ahead(p) ? table_argument(p) : parser_expr(p);
}

static const struct ast_expr *argument(struct parser *p)
{
    struct ast_expr x = {.kind = AST_NAMED};
    struct ast_place begin = parser_here(p);

    if (!parser_kind_ahead(p, 1, TOKEN_ARROW) || !parser_is_name(parser_peek(p, 0)))
        return plain_argument(p);
    parser_word(p, &x.named.name, "an argument's name");
    parser_skip(p, 1);
    x.named.expr = plain_argument(p);
    x.place = parser_from(p, begin);
    x.height = parser_height(p, x.named.expr ? x.named.expr->height : 0, begin);
    return parser_node(p, &x);
}

static struct ast_orders parenthesised_orders(struct parser *p)
{
    struct ast_orders order;

    parser_want(p, TOKEN_LPAREN, "`(`");
    parser_want_word(p, KW_ORDER);
    parser_want_word(p, KW_BY);
    order = parser_orders(p);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return order;
}

/* --- windows --- */

static struct ast_bound bound(struct parser *p)
{
    struct ast_bound b = {.place = parser_here(p)};

    if (parser_take_words(p, KW_CURRENT, KW_ROW)) {
        b.kind = AST_CURRENT_ROW;
    } else if (parser_take_word(p, KW_UNBOUNDED)) {
        b.kind = parser_take_word(p, KW_FOLLOWING) ? AST_UNBOUNDED_FOLLOWING : AST_UNBOUNDED_PRECEDING;
        if (b.kind == AST_UNBOUNDED_PRECEDING)
            parser_want_word(p, KW_PRECEDING);
    } else {
        b.expr = parser_operand(p);
        b.kind = parser_take_word(p, KW_FOLLOWING) ? AST_FOLLOWING : AST_PRECEDING;
        if (b.kind == AST_PRECEDING)
            parser_want_word(p, KW_PRECEDING);
    }
    b.place = parser_from(p, b.place);
    return b;
}

static void frame(struct parser *p, struct ast_window *w)
{
    w->rows = parser_take_word(p, KW_ROWS);
    w->framed = w->rows || parser_take_word(p, KW_RANGE);
    if (!w->framed)
        return;
    if (parser_take_word(p, KW_BETWEEN)) {
        w->from = bound(p);
        parser_want_word(p, KW_AND);
        w->to = bound(p);
    } else {
        w->from = bound(p);
        w->to.kind = AST_CURRENT_ROW;
    }
    if (parser_at_word(p, KW_ALLOW) || parser_at_word(p, KW_DISALLOW)) {
        parser_skip(p, 1);
        parser_want_word(p, KW_PARTIAL);
    }
}

/* ( [base] [PARTITION BY ...] [ORDER BY ...] [frame] ), or the name of a window. */
const struct ast_window *parser_window(struct parser *p)
{
    struct ast_window *w = PARSER_NEW(p, struct ast_window);

    w->place = parser_here(p);
    w->bare = !parser_take(p, TOKEN_LPAREN);
    if (w->bare) {
        w->base = parser_new_word(p, "`(` or the name of a window");
        return w;
    }
    if (parser_is_name(parser_peek(p, 0)))
        w->base = parser_new_word(p, "the name of a window");
    if (parser_take_words(p, KW_PARTITION, KW_BY))
        w->partition = parser_exprs(p);
    if (parser_take_words(p, KW_ORDER, KW_BY))
        w->order = parser_orders(p);
    frame(p, w);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    w->place = parser_from(p, w->place);
    return w;
}

/* --- the call --- */

static void arguments(struct parser *p, struct ast_call *call)
{
    struct list list = {0};

    parser_want(p, TOKEN_LPAREN, "`(`");
    if (parser_take(p, TOKEN_RPAREN))
        return;
    call->distinct = parser_take_word(p, KW_DISTINCT);
    if (!call->distinct)
        parser_take_word(p, KW_ALL);
    do {
        *PARSER_ADD(p, &list, const struct ast_expr *) = argument(p);
    } while (parser_take(p, TOKEN_COMMA));
    if (parser_take_words(p, KW_ORDER, KW_BY))
        call->order = parser_orders(p);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    call->operands = (struct ast_exprs){list.count, list.items};
}

/* IGNORE NULLS, WITHIN GROUP (...), FILTER (WHERE ...), OVER ...: in this order, as in Flink. */
static void call_tail(struct parser *p, struct ast_call *call)
{
    if (parser_take_words(p, KW_IGNORE, KW_NULLS))
        call->nulls = AST_IGNORE_NULLS;
    else if (parser_take_words(p, KW_RESPECT, KW_NULLS))
        call->nulls = AST_RESPECT_NULLS;
    if (parser_take_words(p, KW_WITHIN, KW_GROUP))
        call->order = parenthesised_orders(p);
    if (parser_at_word(p, KW_FILTER) && parser_kind_ahead(p, 1, TOKEN_LPAREN)) {
        parser_skip(p, 2);
        parser_want_word(p, KW_WHERE);
        call->filter = parser_expr(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    if (parser_take_word(p, KW_OVER))
        call->over = parser_window(p);
}

static int32_t height_of(const struct ast_call *call)
{
    int32_t below = call->filter ? call->filter->height : 0;

    for (int32_t i = 0; i < call->operands.count; i++)
        below = MAX(below, call->operands.items[i] ? call->operands.items[i]->height : 0);
    for (int32_t i = 0; i < call->order.count; i++)
        below = MAX(below, call->order.items[i].expr ? call->order.items[i].expr->height : 0);
    for (int32_t i = 0; call->over && i < call->over->partition.count; i++)
        below = MAX(below, call->over->partition.items[i] ? call->over->partition.items[i]->height : 0);
    for (int32_t i = 0; call->over && i < call->over->order.count; i++)
        below = MAX(below, call->over->order.items[i].expr ? call->over->order.items[i].expr->height : 0);
    return below;
}

static const char *upper(struct parser *p, const char *text)
{
    char *copy = (char *)parser_strdup(p, slice_text(text));

    for (char *c = copy; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 32);
    return copy;
}

const struct ast_expr *parser_named_call(struct parser *p, const struct ast_name *name)
{
    struct ast_expr x = {.kind = AST_CALL};

    x.call.path = arena_copy(p->arena, name, sizeof *name);
    if (x.call.path == NULL)
        parser_no_memory(p);
    x.call.name = upper(p, name->parts[name->count - 1].text);
    arguments(p, &x.call);
    call_tail(p, &x.call);
    if (p->failed)
        return NULL;
    x.place = parser_from(p, name->place);
    x.height = parser_height(p, height_of(&x.call), x.place);
    return parser_node(p, &x);
}
