/* parser_query.c: SELECT, VALUES, TABLE t, set operations, WITH, ORDER BY, LIMIT.
 *
 *     query := [WITH ...] body [ORDER BY ...] [LIMIT ...] [OFFSET ...] [FETCH ...]
 *     body  := term { UNION|EXCEPT [ALL] term }          term := leaf { INTERSECT [ALL] leaf }
 *     leaf  := SELECT ... | VALUES ... | TABLE t | ( query )
 */
#include "sql/parser_core.h"

static bool query_word(struct parser *p, size_t ahead)
{
    return parser_word_ahead(p, ahead, KW_SELECT) || parser_word_ahead(p, ahead, KW_VALUES) ||
           parser_word_ahead(p, ahead, KW_WITH) ||
           (parser_word_ahead(p, ahead, KW_TABLE) && !parser_kind_ahead(p, ahead + 1, TOKEN_LPAREN));
}

/* What can only stand behind a query. */
static bool query_tail(struct parser *p, size_t ahead)
{
    static const enum keyword tails[] = {KW_UNION, KW_EXCEPT, KW_INTERSECT, KW_ORDER,
                                         KW_LIMIT, KW_OFFSET, KW_FETCH};

    for (size_t i = 0; i < COUNT_OF(tails); i++)
        if (parser_word_ahead(p, ahead, tails[i]))
            return true;
    return parser_kind_ahead(p, ahead, TOKEN_RPAREN);
}

/* The token behind the `)` of the `(` at ahead. */
static size_t behind_paren(struct parser *p, size_t ahead)
{
    size_t depth = 0;

    for (;; ahead++) {
        enum token_kind kind = parser_peek(p, ahead)->kind;

        if (kind == TOKEN_END || kind == TOKEN_SEMICOLON)
            return ahead;
        depth += kind == TOKEN_LPAREN;
        depth -= kind == TOKEN_RPAREN;
        if (depth == 0)
            return ahead + 1;
    }
}

/* `((SELECT 1) UNION (SELECT 2))` is a query in parentheses, `((SELECT 1) + 1)` and `((SELECT 1) AS a JOIN
 * b)` are not: what follows the inner parenthesis tells. */
bool parser_paren_query(struct parser *p)
{
    size_t ahead = 0;

    if (!parser_at(p, TOKEN_LPAREN))
        return false;
    while (ahead <= SQL_DEPTH_MAX && parser_kind_ahead(p, ahead, TOKEN_LPAREN))
        ahead++;
    if (!query_word(p, ahead))
        return false;
    for (ahead--; ahead > 0; ahead--)
        if (!query_tail(p, behind_paren(p, ahead)))
            return false;
    return true;
}

bool parser_at_query(struct parser *p)
{
    return query_word(p, 0) || parser_paren_query(p);
}

/* --- SELECT --- */

/* [AS] name. A name without AS may be a misspelt FROM or WHERE: that is remembered. */

const struct ast_word *parser_alias(struct parser *p)
{
    const struct ast_word *alias;

    if (parser_take_word(p, KW_AS))
        return parser_new_word(p, "a name");
    if (!parser_is_name(parser_peek(p, 0)))
        return NULL;
    alias = parser_new_word(p, "a name");
    p->alias_at = p->at;
    return alias;
}

static void select_item(struct parser *p, struct ast_item *item)
{
    struct ast_expr star = {.kind = AST_STAR, .place = parser_here(p)};

    if (parser_take(p, TOKEN_STAR)) {
        item->expr = parser_node(p, &star);
        return;
    }
    item->expr = parser_expr(p);
    if (item->expr && item->expr->kind != AST_STAR)
        item->alias = parser_alias(p);
}

static void group(struct parser *p, struct ast_group *out);

static void groups(struct parser *p, struct ast_group *out, enum ast_group_kind kind, size_t words)
{
    struct list items = {0};

    parser_skip(p, words);
    parser_want(p, TOKEN_LPAREN, "`(`");
    if (parser_enter(p)) {
        do {
            struct ast_group item = {0};

            group(p, &item);
            *PARSER_ADD(p, &items, struct ast_group) = item;
        } while (parser_take(p, TOKEN_COMMA));
        parser_leave(p);
    }
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    out->kind = kind;
    out->items = items.items;
    out->count = items.count;
}

/* (a, b) was read as a row; here it is a list. */
static void row_to_list(struct parser *p, struct ast_group *out)
{
    const struct ast_exprs *row = &out->expr->call.operands;
    struct ast_group *items = arena_alloc(p->arena, sizeof *items * (size_t)row->count);

    if (items == NULL) {
        parser_no_memory(p);
        return;
    }
    for (int32_t i = 0; i < row->count; i++)
        items[i] = (struct ast_group){.place = row->items[i]->place, .expr = row->items[i]};
    out->kind = AST_GROUP_LIST;
    out->count = row->count;
    out->items = items;
    out->expr = NULL;
}

static void group(struct parser *p, struct ast_group *out)
{
    bool paren = parser_at(p, TOKEN_LPAREN);

    out->place = parser_here(p);
    if (paren && parser_kind_ahead(p, 1, TOKEN_RPAREN)) {
        parser_skip(p, 2);
        out->kind = AST_GROUP_LIST;
    } else if (parser_at_word(p, KW_GROUPING) && parser_word_ahead(p, 1, KW_SETS)) {
        groups(p, out, AST_GROUP_SETS, 2);
    } else if (parser_at_word(p, KW_CUBE)) {
        groups(p, out, AST_GROUP_CUBE, 1);
    } else if (parser_at_word(p, KW_ROLLUP)) {
        groups(p, out, AST_GROUP_ROLLUP, 1);
    } else {
        out->expr = parser_expr(p);
        if (paren && out->expr && out->expr->kind == AST_CALL && out->expr->place.begin == out->place.begin &&
            strcmp(out->expr->call.name, "ROW") == 0)
            row_to_list(p, out);
    }
    out->place = parser_from(p, out->place);
}

static void group_by(struct parser *p, struct ast_select *s)
{
    struct list items = {0};

    if (!parser_take_words(p, KW_GROUP, KW_BY))
        return;
    s->grouped = true;
    s->group_distinct = parser_take_word(p, KW_DISTINCT);
    if (!s->group_distinct)
        parser_take_word(p, KW_ALL);
    do {
        struct ast_group item = {0};

        group(p, &item);
        *PARSER_ADD(p, &items, struct ast_group) = item;
    } while (parser_take(p, TOKEN_COMMA));
    s->groups = items.items;
    s->group_count = items.count;
}

static void named_windows(struct parser *p, struct ast_select *s)
{
    struct list windows = {0};

    if (!parser_take_word(p, KW_WINDOW))
        return;
    do {
        struct ast_named_window *w = PARSER_ADD(p, &windows, struct ast_named_window);

        parser_word(p, &w->name, "the name of a window");
        parser_want_word(p, KW_AS);
        if (!parser_at(p, TOKEN_LPAREN))
            parser_expected(p, "`(`");
        w->window = parser_window(p);
    } while (parser_take(p, TOKEN_COMMA));
    s->windows = windows.items;
    s->window_count = windows.count;
}

/* How high an expression is, or nothing. */
static int32_t high(const struct ast_expr *x)
{
    return x ? x->height : 0;
}

static int32_t select_height(const struct ast_select *s)
{
    int32_t below = MAX(high(s->where), high(s->having));

    for (int32_t i = 0; i < s->item_count; i++)
        below = MAX(below, high(s->items[i].expr));
    for (int32_t i = 0; i < s->group_count; i++)
        below = MAX(below, high(s->groups[i].expr));
    return MAX(below, s->from ? s->from->height : 0);
}

static void select_body(struct parser *p, struct ast_query *q)
{
    struct ast_select *s = &q->select;
    struct list items = {0};

    q->kind = AST_SELECT;
    parser_skip(p, 1);
    s->hints = parser_hints(p);
    s->distinct = parser_take_word(p, KW_DISTINCT);
    if (!s->distinct)
        parser_take_word(p, KW_ALL);
    do {
        struct ast_item item = {0};

        select_item(p, &item);
        *PARSER_ADD(p, &items, struct ast_item) = item;
    } while (parser_take(p, TOKEN_COMMA));
    s->items = items.items;
    s->item_count = items.count;
    if (parser_take_word(p, KW_FROM)) {
        s->from = parser_tables(p);
        if (parser_take_word(p, KW_WHERE))
            s->where = parser_expr(p);
        group_by(p, s);
        if (parser_take_word(p, KW_HAVING))
            s->having = parser_expr(p);
        named_windows(p, s);
    } else if (parser_at_word(p, KW_WHERE) || parser_at_word(p, KW_GROUP) || parser_at_word(p, KW_HAVING)) {
        parser_expected(p, "FROM");
    }
    q->height = parser_height(p, select_height(s), q->place);
}

/* VALUES (1, 'a'), (2, 'b') */
static void values_body(struct parser *p, struct ast_query *q)
{
    struct list rows = {0};
    int32_t below = 0;

    q->kind = AST_VALUES;
    parser_skip(p, 1);
    do {
        struct ast_place begin = parser_here(p);
        bool paren = parser_at(p, TOKEN_LPAREN);
        const struct ast_expr *row = parser_expr(p);

        if (row && !(row->kind == AST_CALL && row->call.path == NULL && strcmp(row->call.name, "ROW") == 0))
            row = parser_make(p, paren ? parser_from(p, begin) : row->place, "ROW", &row, 1);
        below = MAX(below, high(row));
        *PARSER_ADD(p, &rows, const struct ast_expr *) = row;
    } while (parser_take(p, TOKEN_COMMA));
    q->values.rows = (struct ast_exprs){rows.count, rows.items};
    q->height = parser_height(p, below, q->place);
}

/* --- set operations --- */

static struct ast_query *leaf(struct parser *p)
{
    struct ast_query *q;

    if (parser_at(p, TOKEN_LPAREN)) {
        parser_skip(p, 1);
        q = (struct ast_query *)parser_query(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
        return q;
    }
    q = PARSER_NEW(p, struct ast_query);
    q->place = parser_here(p);
    if (parser_at_word(p, KW_SELECT)) {
        select_body(p, q);
    } else if (parser_at_word(p, KW_VALUES)) {
        values_body(p, q);
    } else if (parser_take_word(p, KW_TABLE)) {
        q->kind = AST_TABLE;
        parser_name(p, &q->table, "a table");
        q->height = 1;
    } else {
        parser_expected(p, "SELECT, VALUES, TABLE or `(`");
    }
    q->place = parser_from(p, q->place);
    return q;
}

static struct ast_query *set_operation(struct parser *p, struct ast_query *left, enum ast_query_kind kind,
                                       struct ast_query *(*operand)(struct parser *p))
{
    struct ast_query *q = PARSER_NEW(p, struct ast_query);

    q->kind = kind;
    q->place = left ? left->place : parser_here(p);
    parser_skip(p, 1);
    q->set.all = parser_take_word(p, KW_ALL);
    if (!q->set.all)
        parser_take_word(p, KW_DISTINCT);
    q->set.left = left;
    q->set.right = operand(p);
    q->height = p->failed ? 1 : parser_height(p, MAX(left->height, q->set.right->height), q->place);
    q->place = parser_from(p, q->place);
    return q;
}

static struct ast_query *term(struct parser *p)
{
    struct ast_query *q = leaf(p);

    while (parser_at_word(p, KW_INTERSECT))
        q = set_operation(p, q, AST_INTERSECT, leaf);
    return q;
}

static struct ast_query *body(struct parser *p)
{
    struct ast_query *q = term(p);

    for (;;)
        if (parser_at_word(p, KW_UNION))
            q = set_operation(p, q, AST_UNION, term);
        else if (parser_at_word(p, KW_EXCEPT))
            q = set_operation(p, q, AST_EXCEPT, term);
        else
            return q;
}

/* --- the whole --- */

static void with_list(struct parser *p, struct ast_query *q)
{
    struct list list = {0};

    if (!parser_take_word(p, KW_WITH))
        return;
    q->recursive = parser_take_word(p, KW_RECURSIVE);
    do {
        struct ast_with w = {0};

        parser_word(p, &w.name, "a name");
        if (parser_at(p, TOKEN_LPAREN))
            w.columns = parser_words(p, "a column's name");
        parser_want_word(p, KW_AS);
        parser_want(p, TOKEN_LPAREN, "`(`");
        w.query = parser_query(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
        q->height = MAX(q->height, w.query ? w.query->height : 0);
        *PARSER_ADD(p, &list, struct ast_with) = w;
    } while (parser_take(p, TOKEN_COMMA));
    q->with = list.items;
    q->with_count = list.count;
}

static const struct ast_expr *row_count(struct parser *p)
{
    return parser_number(p, "a number of rows");
}

/* ORDER BY, LIMIT, OFFSET, FETCH. */
static void tail(struct parser *p, struct ast_query *q)
{
    if (parser_take_words(p, KW_ORDER, KW_BY))
        q->order = parser_orders(p);
    if (parser_take_word(p, KW_LIMIT)) {
        if (!parser_take_word(p, KW_ALL))
            q->limit = row_count(p);
        if (parser_at(p, TOKEN_COMMA) &&
            parser_refuse(p, ERR_INPUT, parser_here(p), "LIMIT takes one number"))
            sql_hint(p->error, "instead of LIMIT start, count write LIMIT count OFFSET start");
    }
    if (parser_take_word(p, KW_OFFSET)) {
        q->offset = row_count(p);
        if (!parser_take_word(p, KW_ROWS))
            parser_take_word(p, KW_ROW);
    }
    if (q->limit == NULL && parser_take_word(p, KW_FETCH)) {
        if (!parser_take_word(p, KW_NEXT))
            parser_want_word(p, KW_FIRST);
        q->limit = row_count(p);
        if (!parser_take_word(p, KW_ROWS))
            parser_want_word(p, KW_ROW);
        parser_want_word(p, KW_ONLY);
    }
}

/* A query that stood in parentheses with an ORDER BY of its own, as a table of an outer one. */
static struct ast_query *wrap(struct parser *p, const struct ast_query *inner)
{
    struct ast_query *q = PARSER_NEW(p, struct ast_query);
    struct ast_table *t = PARSER_NEW(p, struct ast_table);
    struct ast_item *item = PARSER_NEW(p, struct ast_item);
    struct ast_expr star = {.kind = AST_STAR, .place = inner->place};

    *t = (struct ast_table){.kind = AST_TABLE_QUERY, .place = inner->place, .query = inner};
    t->height = parser_height(p, inner->height, inner->place);
    *item = (struct ast_item){.expr = parser_node(p, &star)};
    *q = (struct ast_query){.kind = AST_SELECT, .place = inner->place};
    q->height = parser_height(p, t->height, inner->place);
    q->select.items = item;
    q->select.item_count = 1;
    q->select.from = t;
    return q;
}

const struct ast_query *parser_query(struct parser *p)
{
    struct ast_query outer = {.place = parser_here(p)}, *q;
    bool paren;

    if (!parser_enter(p))
        return NULL;
    with_list(p, &outer);
    paren = parser_at(p, TOKEN_LPAREN);
    q = body(p);
    tail(p, &outer);
    parser_leave(p);
    if (p->failed || q == NULL)
        return NULL;
    if (paren && !outer.with_count && !outer.order.count && !outer.limit && !outer.offset &&
        q->kind != AST_UNION && q->kind != AST_INTERSECT && q->kind != AST_EXCEPT)
        return q; /* ((SELECT 1)) */
    if ((q->with_count && outer.with_count) ||
        ((q->order.count || q->limit || q->offset) && (outer.order.count || outer.limit || outer.offset)) ||
        (q->with_count && (outer.order.count || outer.limit || outer.offset)))
        q = wrap(p, q);
    if (outer.with_count) {
        q->with = outer.with;
        q->with_count = outer.with_count;
        q->recursive = outer.recursive;
        q->height = parser_height(p, MAX(q->height, outer.height), outer.place);
    }
    if (outer.order.count || outer.limit || outer.offset) {
        q->order = outer.order;
        q->limit = outer.limit;
        q->offset = outer.offset;
    }
    q->place = parser_from(p, outer.place);
    return p->failed ? NULL : q;
}
