/* ast_print_query.c: queries and tables back to text. */
#include "sql/ast_print.h"

void ast_print_options(const struct ast_options *options, struct bytes *out)
{
    bytes_u8(out, '(');
    for (int32_t i = 0; i < options->count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_string(&options->items[i].key, out);
        bytes_text(out, " = ");
        ast_print_string(&options->items[i].value, out);
    }
    bytes_u8(out, ')');
}

static void print_hint(const struct ast_hint *h, struct bytes *out)
{
    ast_print_word(h->name.text, out);
    if (h->options.count == 0 && h->words.count == 0)
        return;
    bytes_u8(out, '(');
    for (int32_t i = 0; i < h->words.count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_string(&h->words.items[i], out);
    }
    for (int32_t i = 0; i < h->options.count; i++) {
        bytes_text(out, i || h->words.count ? ", " : "");
        ast_print_string(&h->options.items[i].key, out);
        bytes_text(out, " = ");
        ast_print_string(&h->options.items[i].value, out);
    }
    bytes_u8(out, ')');
}

void ast_print_hints(const struct ast_hints *hints, struct bytes *out)
{
    if (hints->count == 0)
        return;
    bytes_text(out, " /*+ ");
    for (int32_t i = 0; i < hints->count; i++) {
        bytes_text(out, i ? ", " : "");
        print_hint(&hints->items[i], out);
    }
    bytes_text(out, " */");
}

static void print_bound(const struct ast_bound *b, struct bytes *out)
{
    static const char *const texts[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING",
                                        "UNBOUNDED FOLLOWING"};

    if (b->expr)
        ast_print_expr(b->expr, out);
    bytes_text(out, texts[b->kind]);
}

void ast_print_window(const struct ast_window *w, struct bytes *out)
{
    const char *gap = "";

    if (w->bare) {
        ast_print_word(w->base->text, out);
        return;
    }
    bytes_u8(out, '(');
    if (w->base) {
        ast_print_word(w->base->text, out);
        gap = " ";
    }
    if (w->partition.count) {
        bytes_printf(out, "%sPARTITION BY ", gap);
        ast_print_exprs(&w->partition, out);
        gap = " ";
    }
    if (w->order.count) {
        bytes_printf(out, "%sORDER BY ", gap);
        ast_print_orders(&w->order, out);
        gap = " ";
    }
    if (w->framed) {
        bytes_printf(out, "%s%s BETWEEN ", gap, w->rows ? "ROWS" : "RANGE");
        print_bound(&w->from, out);
        bytes_text(out, " AND ");
        print_bound(&w->to, out);
    }
    bytes_u8(out, ')');
}

/* --- tables --- */

static void print_join(const struct ast_join *j, struct bytes *out)
{
    static const char *const words[] = {", ",          " CROSS JOIN ", " INNER JOIN ",
                                        " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "};
    bool paren = j->right->kind == AST_TABLE_JOIN;

    if (j->left->kind == AST_TABLE_JOIN && j->left->join.kind == AST_JOIN_COMMA &&
        j->kind != AST_JOIN_COMMA) {
        bytes_u8(out, '(');
        ast_print_table(j->left, out);
        bytes_u8(out, ')');
    } else {
        ast_print_table(j->left, out);
    }
    bytes_text(out, j->natural ? " NATURAL" : "");
    bytes_text(out, words[j->kind]);
    bytes_text(out, paren ? "(" : "");
    ast_print_table(j->right, out);
    bytes_text(out, paren ? ")" : "");
    if (j->on) {
        bytes_text(out, " ON ");
        ast_print_expr(j->on, out);
    } else if (j->columns.count) {
        bytes_text(out, " USING (");
        ast_print_words(&j->columns, out);
        bytes_u8(out, ')');
    }
}

static void print_alias(const struct ast_table *t, struct bytes *out)
{
    if (t->alias == NULL)
        return;
    bytes_text(out, " AS ");
    ast_print_word(t->alias->text, out);
    if (t->columns.count) {
        bytes_text(out, " (");
        ast_print_words(&t->columns, out);
        bytes_u8(out, ')');
    }
}

void ast_print_table(const struct ast_table *t, struct bytes *out)
{
    bytes_text(out, t->lateral ? "LATERAL " : "");
    switch (t->kind) {
    case AST_TABLE_NAME:
        ast_print_name(&t->name, out);
        ast_print_hints(&t->hints, out);
        break;
    case AST_TABLE_QUERY:
        bytes_u8(out, '(');
        ast_print_query(t->query, out);
        bytes_u8(out, ')');
        break;
    case AST_TABLE_JOIN:
        print_join(&t->join, out);
        break;
    case AST_TABLE_FUNCTION:
        bytes_text(out, "TABLE(");
        ast_print_expr(t->call, out);
        bytes_u8(out, ')');
        break;
    case AST_TABLE_UNNEST:
        bytes_text(out, "UNNEST(");
        ast_print_exprs(&t->arrays, out);
        bytes_text(out, t->ordinality ? ") WITH ORDINALITY" : ")");
        break;
    case AST_TABLE_MATCH:
        ast_print_table(t->match.table, out);
        ast_print_match(&t->match, out);
        break;
    }
    if (t->as_of) {
        bytes_text(out, " FOR SYSTEM_TIME AS OF ");
        ast_print_expr(t->as_of, out);
    }
    print_alias(t, out);
}

/* --- queries --- */

static void print_groups(const struct ast_group *items, int32_t count, struct bytes *out);

static void print_group(const struct ast_group *g, struct bytes *out)
{
    static const char *const words[] = {"", "", "GROUPING SETS ", "CUBE", "ROLLUP"};

    if (g->kind == AST_GROUP_EXPR) {
        ast_print_expr(g->expr, out);
        return;
    }
    bytes_printf(out, "%s(", words[g->kind]);
    print_groups(g->items, g->count, out);
    bytes_u8(out, ')');
}

static void print_groups(const struct ast_group *items, int32_t count, struct bytes *out)
{
    for (int32_t i = 0; i < count; i++) {
        bytes_text(out, i ? ", " : "");
        print_group(&items[i], out);
    }
}

static void print_items(const struct ast_item *items, int32_t count, struct bytes *out)
{
    for (int32_t i = 0; i < count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_expr(items[i].expr, out);
        if (items[i].alias) {
            bytes_text(out, " AS ");
            ast_print_word(items[i].alias->text, out);
        }
    }
}

static void print_clause(const char *word, const struct ast_expr *x, struct bytes *out)
{
    if (x == NULL)
        return;
    bytes_text(out, word);
    ast_print_expr(x, out);
}

static void print_select(const struct ast_select *s, struct bytes *out)
{
    bytes_text(out, "SELECT");
    ast_print_hints(&s->hints, out);
    bytes_text(out, s->distinct ? " DISTINCT " : " ");
    print_items(s->items, s->item_count, out);
    if (s->from) {
        bytes_text(out, " FROM ");
        ast_print_table(s->from, out);
    }
    print_clause(" WHERE ", s->where, out);
    if (s->grouped) {
        bytes_text(out, s->group_distinct ? " GROUP BY DISTINCT " : " GROUP BY ");
        print_groups(s->groups, s->group_count, out);
    }
    print_clause(" HAVING ", s->having, out);
    for (int32_t i = 0; i < s->window_count; i++) {
        bytes_text(out, i ? ", " : " WINDOW ");
        ast_print_word(s->windows[i].name.text, out);
        bytes_text(out, " AS ");
        ast_print_window(s->windows[i].window, out);
    }
}

/* A set operation's side: in parentheses when it would otherwise be read differently. */
static void print_side(const struct ast_query *q, const struct ast_query *outer, bool right,
                       struct bytes *out)
{
    bool set = q->kind == AST_UNION || q->kind == AST_EXCEPT || q->kind == AST_INTERSECT;
    bool paren = q->with_count || q->order.count || q->limit || q->offset ||
                 (set && (right || (outer->kind == AST_INTERSECT && q->kind != AST_INTERSECT)));

    bytes_text(out, paren ? "(" : "");
    ast_print_query(q, out);
    bytes_text(out, paren ? ")" : "");
}

static void print_set(const struct ast_query *q, struct bytes *out)
{
    print_side(q->set.left, q, false, out);
    bytes_text(out, q->kind == AST_UNION ? " UNION " : q->kind == AST_EXCEPT ? " EXCEPT " : " INTERSECT ");
    bytes_text(out, q->set.all ? "ALL " : "");
    print_side(q->set.right, q, true, out);
}

static void print_with(const struct ast_query *q, struct bytes *out)
{
    for (int32_t i = 0; i < q->with_count; i++) {
        bytes_text(out, i ? ", " : q->recursive ? "WITH RECURSIVE " : "WITH ");
        ast_print_word(q->with[i].name.text, out);
        if (q->with[i].columns.count) {
            bytes_text(out, " (");
            ast_print_words(&q->with[i].columns, out);
            bytes_u8(out, ')');
        }
        bytes_text(out, " AS (");
        ast_print_query(q->with[i].query, out);
        bytes_u8(out, ')');
    }
    bytes_text(out, q->with_count ? " " : "");
}

void ast_print_query(const struct ast_query *q, struct bytes *out)
{
    print_with(q, out);
    switch (q->kind) {
    case AST_SELECT:
        print_select(&q->select, out);
        break;
    case AST_VALUES:
        bytes_text(out, "VALUES ");
        ast_print_exprs(&q->values.rows, out);
        break;
    case AST_TABLE:
        bytes_text(out, "TABLE ");
        ast_print_name(&q->table, out);
        break;
    case AST_UNION:
    case AST_INTERSECT:
    case AST_EXCEPT:
        print_set(q, out);
        break;
    }
    if (q->order.count) {
        bytes_text(out, " ORDER BY ");
        ast_print_orders(&q->order, out);
    }
    print_clause(" LIMIT ", q->limit, out);
    print_clause(" OFFSET ", q->offset, out);
}

/* --- MATCH_RECOGNIZE --- */

static void print_pattern(const struct ast_pattern *x, struct bytes *out);

static void print_patterns(const struct ast_pattern *x, const char *between, struct bytes *out)
{
    for (int32_t i = 0; i < x->count; i++) {
        bool paren = x->items[i]->kind == AST_PATTERN_EITHER ||
                     (x->items[i]->kind == AST_PATTERN_SEQUENCE && x->kind != AST_PATTERN_EITHER) ||
                     (x->kind == AST_PATTERN_REPEAT && x->items[i]->kind == AST_PATTERN_REPEAT);

        bytes_text(out, i ? between : "");
        bytes_text(out, paren ? "(" : "");
        print_pattern(x->items[i], out);
        bytes_text(out, paren ? ")" : "");
    }
}

static void print_quantifier(const struct ast_pattern *x, struct bytes *out)
{
    if (x->most < 0 && x->least <= 1)
        bytes_text(out, x->least ? "+" : "*");
    else if (x->most == 1 && x->least == 0)
        bytes_text(out, "?");
    else if (x->most < 0)
        bytes_printf(out, "{%" PRId32 ",}", x->least);
    else if (x->most == x->least)
        bytes_printf(out, "{%" PRId32 "}", x->least);
    else
        bytes_printf(out, "{%" PRId32 ",%" PRId32 "}", x->least, x->most);
    bytes_text(out, x->reluctant ? "?" : "");
}

static void print_pattern(const struct ast_pattern *x, struct bytes *out)
{
    switch (x->kind) {
    case AST_PATTERN_NAME:
        ast_print_word(x->name.text, out);
        break;
    case AST_PATTERN_SEQUENCE:
        print_patterns(x, " ", out);
        break;
    case AST_PATTERN_EITHER:
        print_patterns(x, " | ", out);
        break;
    case AST_PATTERN_REPEAT:
        print_patterns(x, "", out);
        print_quantifier(x, out);
        break;
    case AST_PATTERN_EXCLUDE:
        bytes_text(out, "{- ");
        print_patterns(x, "", out);
        bytes_text(out, " -}");
        break;
    case AST_PATTERN_PERMUTE:
        bytes_text(out, "PERMUTE(");
        print_patterns(x, ", ", out);
        bytes_u8(out, ')');
        break;
    }
}

static void print_skip(const struct ast_match *m, struct bytes *out)
{
    static const char *const skips[] = {"", "TO NEXT ROW", "PAST LAST ROW", "TO FIRST ", "TO LAST "};

    if (m->rows_per_match)
        bytes_text(out, m->rows_per_match == AST_ONE_ROW ? " ONE ROW PER MATCH" : " ALL ROWS PER MATCH");
    if (m->skip == AST_SKIP_UNSAID)
        return;
    bytes_printf(out, " AFTER MATCH SKIP %s", skips[m->skip]);
    if (m->skip >= AST_SKIP_FIRST)
        ast_print_word(m->skip_to.text, out);
}

void ast_print_match(const struct ast_match *m, struct bytes *out)
{
    bytes_text(out, " MATCH_RECOGNIZE (");
    if (m->partition.count) {
        bytes_text(out, "PARTITION BY ");
        ast_print_exprs(&m->partition, out);
        bytes_u8(out, ' ');
    }
    if (m->order.count) {
        bytes_text(out, "ORDER BY ");
        ast_print_orders(&m->order, out);
        bytes_u8(out, ' ');
    }
    if (m->measure_count) {
        bytes_text(out, "MEASURES ");
        print_items(m->measures, m->measure_count, out);
    }
    print_skip(m, out);
    bytes_text(out, m->at_start ? " PATTERN (^ " : " PATTERN (");
    print_pattern(m->pattern, out);
    bytes_text(out, m->at_end ? " $)" : ")");
    print_clause(" WITHIN ", m->within, out);
    for (int32_t i = 0; i < m->subset_count; i++) {
        bytes_text(out, i ? ", " : " SUBSET ");
        ast_print_word(m->subsets[i].name.text, out);
        bytes_text(out, " = (");
        ast_print_words(&m->subsets[i].members, out);
        bytes_u8(out, ')');
    }
    for (int32_t i = 0; i < m->define_count; i++) {
        bytes_text(out, i ? ", " : " DEFINE ");
        ast_print_word(m->defines[i].alias->text, out);
        bytes_text(out, " AS ");
        ast_print_expr(m->defines[i].expr, out);
    }
    bytes_u8(out, ')');
}
