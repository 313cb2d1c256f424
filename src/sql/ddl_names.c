/* ddl_names.c: which tables and columns a statement's tree names. A view's query is kept as it was
 * written, but with the names of tables in full, so that it means the same wherever it is read; and a
 * column that others are computed from cannot be dropped.
 */
#include "sql/ddl.h"
#include "sql/parser.h"

/* Names that WITH gives: they hide tables. */
struct scope {
    const struct scope *outer;
    const struct ast_with *with;
    int32_t count;
    bool all; /* RECURSIVE: each sees all of them */
};

struct walk {
    void (*table)(struct walk *w, const struct ast_name *name);  /* may be NULL */
    void (*column)(struct walk *w, const struct ast_name *name); /* may be NULL */
    const struct scope *scope;
    void *arg;
};

static void walk_expr(struct walk *w, const struct ast_expr *x);
static void walk_query(struct walk *w, const struct ast_query *q);

static void walk_exprs(struct walk *w, const struct ast_exprs *list)
{
    for (int32_t i = 0; i < list->count; i++)
        walk_expr(w, list->items[i]);
}

static void walk_orders(struct walk *w, const struct ast_orders *list)
{
    for (int32_t i = 0; i < list->count; i++)
        walk_expr(w, list->items[i].expr);
}

static void walk_items(struct walk *w, const struct ast_item *items, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        walk_expr(w, items[i].expr);
}

static void walk_table_name(struct walk *w, const struct ast_name *name)
{
    if (w->table == NULL)
        return;
    for (const struct scope *s = w->scope; name->count == 1 && s; s = s->outer)
        for (int32_t i = 0; i < s->count; i++)
            if (strcmp(s->with[i].name.text, name->parts[0].text) == 0)
                return;
    w->table(w, name);
}

static void walk_window(struct walk *w, const struct ast_window *x)
{
    if (x == NULL)
        return;
    walk_exprs(w, &x->partition);
    walk_orders(w, &x->order);
    walk_expr(w, x->from.expr);
    walk_expr(w, x->to.expr);
}

static void walk_call(struct walk *w, const struct ast_call *c)
{
    walk_exprs(w, &c->operands);
    walk_window(w, c->over);
    walk_expr(w, c->filter);
    walk_orders(w, &c->order);
    if (c->json) {
        walk_expr(w, c->json->empty_default);
        walk_expr(w, c->json->error_default);
    }
}

static void walk_expr(struct walk *w, const struct ast_expr *x)
{
    if (x == NULL)
        return;
    switch (x->kind) {
    case AST_COLUMN:
        if (w->column)
            w->column(w, &x->column);
        return;
    case AST_CALL:
        walk_call(w, &x->call);
        return;
    case AST_CAST:
        walk_expr(w, x->cast.expr);
        return;
    case AST_FIELD:
        walk_expr(w, x->field.expr);
        return;
    case AST_SUBQUERY:
        walk_query(w, x->subquery);
        return;
    case AST_NAMED:
        walk_expr(w, x->named.expr);
        return;
    case AST_TABLE_ARG:
        if (x->table_arg.table)
            walk_table_name(w, x->table_arg.table);
        walk_query(w, x->table_arg.query);
        walk_exprs(w, &x->table_arg.partition);
        walk_orders(w, &x->table_arg.order);
        return;
    case AST_LITERAL:
    case AST_STAR:
    case AST_UNIT:
    case AST_FLAG:
    case AST_DEFAULT:
        return;
    }
}

static void walk_table(struct walk *w, const struct ast_table *t);

static void walk_match(struct walk *w, const struct ast_match *m)
{
    walk_table(w, m->table);
    walk_exprs(w, &m->partition);
    walk_orders(w, &m->order);
    walk_items(w, m->measures, m->measure_count);
    walk_items(w, m->defines, m->define_count);
    walk_expr(w, m->within);
}

static void walk_table(struct walk *w, const struct ast_table *t)
{
    if (t == NULL)
        return;
    walk_expr(w, t->as_of);
    switch (t->kind) {
    case AST_TABLE_NAME:
        walk_table_name(w, &t->name);
        return;
    case AST_TABLE_QUERY:
        walk_query(w, t->query);
        return;
    case AST_TABLE_JOIN:
        walk_table(w, t->join.left);
        walk_table(w, t->join.right);
        walk_expr(w, t->join.on);
        return;
    case AST_TABLE_FUNCTION:
        walk_expr(w, t->call);
        return;
    case AST_TABLE_UNNEST:
        walk_exprs(w, &t->arrays);
        return;
    case AST_TABLE_MATCH:
        walk_match(w, &t->match);
        return;
    }
}

static void walk_groups(struct walk *w, const struct ast_group *items, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        walk_expr(w, items[i].expr);
        walk_groups(w, items[i].items, items[i].count);
    }
}

static void walk_select(struct walk *w, const struct ast_select *s)
{
    walk_items(w, s->items, s->item_count);
    walk_table(w, s->from);
    walk_expr(w, s->where);
    walk_groups(w, s->groups, s->group_count);
    walk_expr(w, s->having);
    for (int32_t i = 0; i < s->window_count; i++)
        walk_window(w, s->windows[i].window);
}

static void walk_body(struct walk *w, const struct ast_query *q)
{
    switch (q->kind) {
    case AST_SELECT:
        walk_select(w, &q->select);
        break;
    case AST_VALUES:
        walk_exprs(w, &q->values.rows);
        break;
    case AST_TABLE:
        walk_table_name(w, &q->table);
        break;
    case AST_UNION:
    case AST_INTERSECT:
    case AST_EXCEPT:
        walk_query(w, q->set.left);
        walk_query(w, q->set.right);
        break;
    }
    walk_orders(w, &q->order);
    walk_expr(w, q->limit);
    walk_expr(w, q->offset);
}

static void walk_query(struct walk *w, const struct ast_query *q)
{
    const struct scope *outer = w->scope;
    struct scope inner;

    if (q == NULL)
        return;
    inner = (struct scope){outer, q->with, 0, q->recursive};
    w->scope = &inner;
    for (int32_t i = 0; i < q->with_count; i++) { /* each sees those before it */
        inner.count = inner.all ? q->with_count : i;
        walk_query(w, q->with[i].query);
    }
    inner.count = q->with_count;
    walk_body(w, q);
    w->scope = outer;
}

/* --- a query's text --- */

struct expand {
    struct doing *d;
    struct bytes *out;
    uint32_t at;                   /* of the source: what is before it is in out */
    const struct ast_name **names; /* in the order of the tree */
    int32_t count, capacity;
};

static void note_table(struct walk *w, const struct ast_name *name)
{
    struct expand *x = w->arg;
    int32_t i;

    if (x->count == x->capacity) {
        int32_t capacity = MAX(16, x->capacity * 2);
        const struct ast_name **names = ARENA_ARRAY(x->d->arena, const struct ast_name *, capacity);

        if (names == NULL)
            return;
        if (x->count)
            memcpy(names, x->names, sizeof *names * (size_t)x->count);
        x->names = names;
        x->capacity = capacity;
    }
    for (i = x->count++; i > 0 && x->names[i - 1]->place.begin > name->place.begin; i--)
        x->names[i] = x->names[i - 1]; /* in the order of the text */
    x->names[i] = name;
}

static void copy_until(struct expand *x, uint32_t end)
{
    bytes_append(x->out, x->d->source->text.ptr + x->at, end - x->at);
    x->at = end;
}

static void write_name(struct expand *x, const struct ast_name *name)
{
    struct table_path path;
    struct sql_error ignored;
    const char *text;

    if (session_path(x->d->s, x->d->arena, name, &path, &ignored) != OK ||
        (text = session_path_quoted(x->d->arena, &path)) == NULL)
        return; /* no memory: the arena says so. More than three parts: bind_query has refused it */
    copy_until(x, name->place.begin);
    bytes_text(x->out, text);
    x->at = name->place.end;
}

const char *ddl_query_text(struct doing *d, const struct ast_query *q)
{
    struct bytes out = {0};
    struct expand x = {.d = d, .out = &out, .at = q->place.begin};
    struct walk w = {.table = note_table, .arg = &x};
    const char *text = NULL;

    walk_query(&w, q);
    for (int32_t i = 0; i < x.count; i++)
        write_name(&x, x.names[i]);
    copy_until(&x, q->place.end);
    if (!out.failed && !d->arena->failed)
        text = arena_text(d->arena, bytes_all(&out));
    bytes_fini(&out);
    return text;
}

/* --- columns --- */

struct find {
    const char *column;
    bool found;
};

static void see_column(struct walk *w, const struct ast_name *name)
{
    struct find *f = w->arg;

    f->found |= strcmp(name->parts[0].text, f->column) == 0;
}

bool ddl_reads(const struct ast_expr *x, const char *column)
{
    struct find f = {.column = column};
    struct walk w = {.column = see_column, .arg = &f};

    walk_expr(&w, x);
    return f.found;
}
