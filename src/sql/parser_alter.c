/* parser_alter.c: ALTER and DROP of everything. */
#include "sql/parser_core.h"

/* k = v, of PARTITION (...); v is a literal. */
struct ast_assigns parser_partition(struct parser *p)
{
    struct list items = {0};

    parser_want(p, TOKEN_LPAREN, "`(`");
    do {
        struct ast_assign a = {0};
        struct ast_word *word = PARSER_NEW(p, struct ast_word);

        parser_word(p, word, "a partition column");
        a.name = (struct ast_name){1, word, word->place};
        if (parser_take(p, TOKEN_EQ) && !parser_literal(p, &a.value))
            parser_expected(p, "a literal");
        *PARSER_ADD(p, &items, struct ast_assign) = a;
    } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return (struct ast_assigns){items.count, items.items};
}

struct ast_assigns parser_opt_partition(struct parser *p)
{
    return parser_take_word(p, KW_PARTITION) ? parser_partition(p) : (struct ast_assigns){0};
}

/* --- ALTER TABLE --- */

static void partitions(struct parser *p, struct ast_alter *a, bool add)
{
    struct list items = {0};

    do {
        struct ast_partition part = {0};

        parser_want_word(p, KW_PARTITION);
        part.spec = parser_partition(p);
        if (add && parser_take_word(p, KW_WITH))
            part.options = parser_options(p);
        *PARSER_ADD(p, &items, struct ast_partition) = part;
    } while (add ? parser_at_word(p, KW_PARTITION) : parser_take(p, TOKEN_COMMA));
    a->partitions = items.items;
    a->partition_count = items.count;
}

/* What is added or modified: (a, b), one element, or the distribution. */
static void schema(struct parser *p, struct ast_alter *a)
{
    struct list lists[2] = {{0}};

    a->listed = parser_at(p, TOKEN_LPAREN);
    if (a->listed) {
        a->schema = parser_schema(p, true);
    } else if (parser_take_word(p, KW_DISTRIBUTION)) {
        a->distribution = parser_distribution(p);
    } else {
        a->schema.place = parser_here(p);
        if (parser_at_word(p, KW_COLUMN) &&
            parser_refuse(p, ERR_INPUT, parser_here(p), "no word COLUMN is expected here"))
            sql_hint(p->error, "leave it out: ALTER TABLE t ADD a INT");
        parser_schema_element(p, &a->schema, lists, true);
        a->schema.place = parser_from(p, a->schema.place);
    }
}

static const struct ast_expr *column(struct parser *p)
{
    struct ast_expr x = {.kind = AST_COLUMN};

    parser_name(p, &x.column, "a column's name");
    x.place = x.column.place;
    return parser_node(p, &x);
}

static void drop_from_table(struct parser *p, struct ast_alter *a)
{
    struct list columns = {0};
    struct ast_word *word;

    if (parser_take_words(p, KW_PRIMARY, KW_KEY)) {
        a->action = AST_ALTER_DROP_PRIMARY_KEY;
    } else if (parser_take_word(p, KW_WATERMARK)) {
        a->action = AST_ALTER_DROP_WATERMARK;
    } else if (parser_take_word(p, KW_DISTRIBUTION)) {
        a->action = AST_ALTER_DROP_DISTRIBUTION;
    } else if (parser_take_word(p, KW_CONSTRAINT)) {
        a->action = AST_ALTER_DROP_CONSTRAINT;
        word = PARSER_NEW(p, struct ast_word);
        parser_word(p, word, "the constraint's name");
        a->column = (struct ast_name){1, word, word->place};
    } else if (parser_at_word(p, KW_PARTITION) || parser_word_ahead(p, 2, KW_PARTITION)) {
        a->action = AST_ALTER_DROP_PARTITIONS;
        a->partition_if_exists = parser_if_exists(p);
        partitions(p, a, false);
    } else {
        a->action = AST_ALTER_DROP_COLUMNS;
        a->listed = parser_take(p, TOKEN_LPAREN);
        do {
            *PARSER_ADD(p, &columns, const struct ast_expr *) = column(p);
        } while (a->listed && parser_take(p, TOKEN_COMMA));
        if (a->listed)
            parser_want(p, TOKEN_RPAREN, "`,` or `)`");
        a->columns = (struct ast_exprs){columns.count, columns.items};
    }
}

static void rename_in_table(struct parser *p, struct ast_alter *a)
{
    if (parser_take_word(p, KW_TO)) {
        a->action = AST_ALTER_RENAME;
        a->new_name = parser_new_name(p, "the new name");
        return;
    }
    a->action = AST_ALTER_RENAME_COLUMN;
    parser_name(p, &a->column, "TO or a column's name");
    parser_want_word(p, KW_TO);
    parser_word(p, &a->new_column, "the column's new name");
}

static void set_options(struct parser *p, struct ast_alter *a)
{
    a->action = AST_ALTER_SET;
    a->options = parser_options(p);
}

static void reset_options(struct parser *p, struct ast_alter *a)
{
    a->action = AST_ALTER_RESET;
    a->keys = parser_keys(p);
}

static void alter_table(struct parser *p, struct ast_alter *a)
{
    a->if_exists = parser_if_exists(p);
    parser_name(p, &a->name, "a table");
    if (parser_take_word(p, KW_RENAME)) {
        rename_in_table(p, a);
    } else if (parser_take_word(p, KW_SET)) {
        set_options(p, a);
    } else if (parser_take_word(p, KW_RESET)) {
        reset_options(p, a);
    } else if (parser_take_word(p, KW_ADD)) {
        a->action = AST_ALTER_ADD;
        a->if_not_exists = parser_if_not_exists(p);
        if (a->if_not_exists || parser_at_word(p, KW_PARTITION)) {
            a->action = AST_ALTER_ADD_PARTITIONS;
            partitions(p, a, true);
        } else {
            schema(p, a);
        }
    } else if (parser_take_word(p, KW_MODIFY)) {
        a->action = AST_ALTER_MODIFY;
        schema(p, a);
    } else if (parser_take_word(p, KW_DROP)) {
        drop_from_table(p, a);
    } else if (parser_at_word(p, KW_PARTITION) || parser_at_word(p, KW_COMPACT)) {
        a->action = AST_ALTER_COMPACT;
        if (parser_at_word(p, KW_PARTITION))
            partitions(p, a, false);
        parser_want_word(p, KW_COMPACT);
    } else {
        parser_expected(p, "RENAME, SET, RESET, ADD, MODIFY or DROP");
    }
}

/* --- the others --- */

static void alter_materialized(struct parser *p, struct ast_alter *a)
{
    parser_name(p, &a->name, "a table");
    if (parser_take_word(p, KW_SUSPEND)) {
        a->action = AST_ALTER_SUSPEND;
    } else if (parser_take_word(p, KW_RESUME)) {
        a->action = AST_ALTER_RESUME;
        if (parser_take_word(p, KW_WITH))
            a->options = parser_options(p);
    } else if (parser_take_word(p, KW_REFRESH)) {
        a->action = AST_ALTER_REFRESH;
        if (parser_at_word(p, KW_PARTITION))
            partitions(p, a, false);
    } else if (parser_take_word(p, KW_RESET)) {
        reset_options(p, a);
    } else if (parser_take_word(p, KW_SET)) {
        if (parser_take_word(p, KW_FRESHNESS)) {
            a->action = AST_ALTER_FRESHNESS;
            parser_want(p, TOKEN_EQ, "`=`");
            a->freshness = parser_expr(p);
        } else if (parser_take_word(p, KW_REFRESH_MODE)) {
            a->action = AST_ALTER_REFRESH_MODE;
            a->refresh = parser_refresh(p);
        } else {
            set_options(p, a);
        }
    } else {
        parser_expected(p, "SUSPEND, RESUME, REFRESH, SET or RESET");
    }
}

static void alter_view(struct parser *p, struct ast_view *v)
{
    parser_name(p, &v->name, "a view");
    if (parser_take_word(p, KW_AS)) {
        v->query = parser_query(p);
        return;
    }
    if (!parser_take_words(p, KW_RENAME, KW_TO))
        parser_expected(p, "RENAME TO or AS");
    v->new_name = parser_new_name(p, "the new name");
}

static void alter_catalog(struct parser *p, struct ast_alter *a, bool catalog)
{
    parser_name(p, &a->name, catalog ? "a catalog" : "a database");
    if (parser_take_word(p, KW_SET)) {
        set_options(p, a);
    } else if (catalog && parser_take_word(p, KW_RESET)) {
        reset_options(p, a);
    } else if (catalog && parser_take_word(p, KW_COMMENT)) {
        a->action = AST_ALTER_COMMENT;
        parser_string(p, &a->comment, "the comment in single quotes");
    } else {
        parser_expected(p, catalog ? "SET, RESET or COMMENT" : "SET");
    }
}

static void alter_function(struct parser *p, struct ast_function *f)
{
    f->temporary = parser_take_word(p, KW_TEMPORARY);
    f->system = f->temporary && parser_take_word(p, KW_SYSTEM);
    parser_want_word(p, KW_FUNCTION);
    f->if_exists = parser_if_exists(p);
    parser_function(p, f);
}

static void alter_model(struct parser *p, struct ast_model *m)
{
    m->if_exists = parser_if_exists(p);
    parser_name(p, &m->name, "a model");
    if (parser_take_words(p, KW_RENAME, KW_TO)) {
        m->new_name = parser_new_name(p, "the new name");
    } else {
        parser_want_word(p, KW_SET);
        m->options = parser_options(p);
    }
}

void parser_alter(struct parser *p, struct ast_statement *s)
{
    if (parser_take_word(p, KW_TABLE)) {
        s->kind = AST_ALTER_TABLE;
        alter_table(p, &s->alter);
    } else if (parser_take_word(p, KW_VIEW)) {
        s->kind = AST_ALTER_VIEW;
        alter_view(p, &s->view);
    } else if (parser_take_word(p, KW_CATALOG)) {
        s->kind = AST_ALTER_CATALOG;
        alter_catalog(p, &s->alter, true);
    } else if (parser_take_word(p, KW_DATABASE)) {
        s->kind = AST_ALTER_DATABASE;
        alter_catalog(p, &s->alter, false);
    } else if (parser_at_word(p, KW_FUNCTION) || parser_at_word(p, KW_TEMPORARY)) {
        s->kind = AST_ALTER_FUNCTION;
        alter_function(p, &s->function);
    } else if (parser_take_words(p, KW_MATERIALIZED, KW_TABLE)) {
        s->kind = AST_ALTER_MATERIALIZED_TABLE;
        alter_materialized(p, &s->alter);
    } else if (parser_take_word(p, KW_MODEL)) {
        s->kind = AST_ALTER_MODEL;
        alter_model(p, &s->model);
    } else {
        parser_expected(p, "TABLE, VIEW, CATALOG, DATABASE or FUNCTION");
    }
}

/* --- DROP --- */

static const struct {
    enum keyword k;
    enum ast_object object;
    bool temporary; /* TEMPORARY may stand before it */
} objects[] = {
    {KW_TABLE, AST_OBJECT_TABLE, true},        {KW_VIEW, AST_OBJECT_VIEW, true},
    {KW_DATABASE, AST_OBJECT_DATABASE, false}, {KW_CATALOG, AST_OBJECT_CATALOG, false},
    {KW_FUNCTION, AST_OBJECT_FUNCTION, true},  {KW_MODEL, AST_OBJECT_MODEL, true},
};

void parser_drop(struct parser *p, struct ast_statement *s)
{
    struct ast_drop *d = &s->drop;
    bool found = false;

    s->kind = AST_DROP;
    d->temporary = parser_take_word(p, KW_TEMPORARY);
    d->system = d->temporary && parser_take_word(p, KW_SYSTEM);
    if (!d->temporary && parser_take_words(p, KW_MATERIALIZED, KW_TABLE)) {
        d->object = AST_OBJECT_MATERIALIZED_TABLE;
        found = true;
    }
    for (size_t i = 0; i < COUNT_OF(objects) && !found; i++)
        if ((!d->temporary || objects[i].temporary) && (!d->system || objects[i].k == KW_FUNCTION) &&
            parser_take_word(p, objects[i].k)) {
            d->object = objects[i].object;
            found = true;
        }
    if (!found)
        parser_expected(p, "TABLE, VIEW, CATALOG, DATABASE or FUNCTION");
    d->if_exists = parser_if_exists(p);
    parser_name(p, &d->name, "a name");
    if (d->object == AST_OBJECT_DATABASE) {
        d->restricted = parser_take_word(p, KW_RESTRICT);
        d->cascade = !d->restricted && parser_take_word(p, KW_CASCADE);
    }
}
