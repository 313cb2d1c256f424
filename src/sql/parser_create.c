/* parser_create.c: CREATE of everything, and the parts that ALTER shares with it: columns, keys, watermarks,
 * distributions.
 */
#include "sql/parser_core.h"

/* --- what stands between the parentheses of a table --- */

enum { COLUMNS, CONSTRAINTS }; /* the lists of parser_schema_element */

static enum ast_enforced enforced(struct parser *p)
{
    if (parser_take_word(p, KW_ENFORCED))
        return AST_ENFORCED;
    return parser_take_words(p, KW_NOT, KW_ENFORCED) ? AST_NOT_ENFORCED : AST_ENFORCED_UNSAID;
}

static bool at_constraint(struct parser *p)
{
    return parser_at_word(p, KW_CONSTRAINT) || parser_at_word(p, KW_PRIMARY) || parser_at_word(p, KW_UNIQUE);
}

/* [CONSTRAINT n] PRIMARY KEY|UNIQUE [(a, b)] [[NOT] ENFORCED]; of a column when it is given. */
static void constraint(struct parser *p, struct ast_constraint *c, const struct ast_word *column)
{
    struct ast_word *own;

    c->place = parser_here(p);
    if (parser_take_word(p, KW_CONSTRAINT))
        c->name = parser_new_word(p, "the constraint's name");
    c->unique = parser_take_word(p, KW_UNIQUE);
    if (!c->unique) {
        parser_want_word(p, KW_PRIMARY);
        parser_want_word(p, KW_KEY);
    }
    if (column) {
        own = PARSER_NEW(p, struct ast_word);
        *own = *column;
        c->columns = (struct ast_words){1, own};
    } else {
        c->columns = parser_words(p, "a column's name");
    }
    c->enforced = enforced(p);
    c->place = parser_from(p, c->place);
    if (c->enforced == AST_NOT_ENFORCED)
        return;
    if (parser_refuse(p, ERR_INPUT, c->place, "a key that is %sNOT ENFORCED is expected here",
                      c->enforced == AST_ENFORCED ? "" : "declared "))
        sql_hint(p->error, "write %s%s NOT ENFORCED: keys are taken on trust, nobody checks them",
                 c->unique ? "UNIQUE" : "PRIMARY KEY", column ? "" : " (...)");
}

/* FIRST, AFTER a: where ALTER TABLE puts a column. */
static void position(struct parser *p, struct ast_column *c)
{
    c->first = parser_take_word(p, KW_FIRST);
    if (!c->first && parser_take_word(p, KW_AFTER))
        c->after = parser_new_word(p, "a column's name");
}

/* Behind the type: [METADATA [FROM 'key'] [VIRTUAL]] [PRIMARY KEY NOT ENFORCED] [COMMENT 'text'] */
static void column_clauses(struct parser *p, struct ast_column *c)
{
    struct ast_constraint *key;

    if (parser_take_word(p, KW_METADATA)) {
        c->kind = AST_METADATA;
        if (parser_take_word(p, KW_FROM))
            c->metadata_key = parser_new_string(p, "the metadata's name in single quotes");
        c->is_virtual = parser_take_word(p, KW_VIRTUAL);
    } else if (at_constraint(p)) {
        key = PARSER_NEW(p, struct ast_constraint);
        constraint(p, key, &c->name);
        c->constraint = key;
    }
}

static void column(struct parser *p, struct ast_column *c, bool alter)
{
    c->place = parser_here(p);
    parser_word(p, &c->name, "a column's name");
    if (parser_at(p, TOKEN_DOT))
        parser_refuse(p, ERR_UNSUPPORTED, parser_from(p, c->place),
                      "a field within a column cannot be defined by itself");
    if (parser_take_word(p, KW_AS)) {
        c->kind = AST_COMPUTED;
        c->expr = parser_expr(p);
    } else {
        c->type = parser_type(p, true, &c->type_place);
        column_clauses(p, c);
    }
    c->comment = parser_comment(p);
    if (alter)
        position(p, c);
    c->place = parser_from(p, c->place);
}

static void watermark(struct parser *p, struct ast_schema *s)
{
    struct ast_watermark *w = PARSER_NEW(p, struct ast_watermark);

    w->place = parser_here(p);
    parser_skip(p, 1);
    parser_want_word(p, KW_FOR);
    parser_name(p, &w->column, "the column of the watermark");
    parser_want_word(p, KW_AS);
    w->expr = parser_expr(p);
    w->place = parser_from(p, w->place);
    if (s->watermark)
        parser_refuse(p, ERR_INPUT, w->place,
                      "a table has one watermark at most; the first is in line %" PRId32,
                      s->watermark->place.line);
    s->watermark = w;
}

void parser_schema_element(struct parser *p, struct ast_schema *s, struct list lists[2], bool alter)
{
    if (parser_at_word(p, KW_WATERMARK)) {
        watermark(p, s);
    } else if (at_constraint(p)) {
        struct ast_constraint c = {0};

        constraint(p, &c, NULL);
        *PARSER_ADD(p, &lists[CONSTRAINTS], struct ast_constraint) = c;
    } else {
        struct ast_column c = {0};

        column(p, &c, alter);
        *PARSER_ADD(p, &lists[COLUMNS], struct ast_column) = c;
    }
    s->columns = lists[COLUMNS].items;
    s->column_count = lists[COLUMNS].count;
    s->constraints = lists[CONSTRAINTS].items;
    s->constraint_count = lists[CONSTRAINTS].count;
}

struct ast_schema parser_schema(struct parser *p, bool alter)
{
    struct ast_schema s = {.place = parser_here(p)};
    struct list lists[2] = {{0}};

    parser_want(p, TOKEN_LPAREN, "`(`");
    do {
        parser_schema_element(p, &s, lists, alter);
    } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    s.place = parser_from(p, s.place);
    return s;
}

/* The cursor is behind DISTRIBUTED, or DISTRIBUTION: [BY [HASH|RANGE] (a, b)] [INTO n BUCKETS] */
const struct ast_distribution *parser_distribution(struct parser *p)
{
    struct ast_distribution *d = PARSER_NEW(p, struct ast_distribution);

    d->place = parser_here(p);
    if (parser_take_word(p, KW_BY)) {
        if (parser_take_word(p, KW_HASH))
            d->kind = AST_DISTRIBUTION_HASH;
        else if (parser_take_word(p, KW_RANGE))
            d->kind = AST_DISTRIBUTION_RANGE;
        d->columns = parser_words(p, "a column's name");
    } else if (!parser_at_word(p, KW_INTO)) {
        parser_expected(p, "BY or INTO");
    }
    if (parser_take_word(p, KW_INTO)) {
        d->buckets = parser_number(p, "the number of buckets");
        parser_want_word(p, KW_BUCKETS);
    }
    d->place = parser_from(p, d->place);
    return d;
}

/* --- CREATE TABLE --- */

static const struct {
    enum keyword k;
    enum ast_like_part part;
} like_parts[] = {
    {KW_ALL, AST_LIKE_ALL},
    {KW_CONSTRAINTS, AST_LIKE_CONSTRAINTS},
    {KW_DISTRIBUTION, AST_LIKE_DISTRIBUTION},
    {KW_GENERATED, AST_LIKE_GENERATED},
    {KW_METADATA, AST_LIKE_METADATA},
    {KW_OPTIONS, AST_LIKE_OPTIONS},
    {KW_PARTITIONS, AST_LIKE_PARTITIONS},
    {KW_WATERMARKS, AST_LIKE_WATERMARKS},
};

static void like_option(struct parser *p, struct ast_like_option *o)
{
    o->place = parser_here(p);
    if (parser_take_word(p, KW_INCLUDING))
        o->rule = AST_INCLUDING;
    else if (parser_take_word(p, KW_EXCLUDING))
        o->rule = AST_EXCLUDING;
    else if (parser_take_word(p, KW_OVERWRITING))
        o->rule = AST_OVERWRITING;
    else
        parser_expected(p, "INCLUDING, EXCLUDING or OVERWRITING");
    for (size_t i = 0; i < COUNT_OF(like_parts); i++)
        if (parser_take_word(p, like_parts[i].k)) {
            o->part = like_parts[i].part;
            o->place = parser_from(p, o->place);
            return;
        }
    parser_expected(p,
                    "ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, PARTITIONS or WATERMARKS");
}

static const struct ast_like *like(struct parser *p)
{
    struct ast_like *l = PARSER_NEW(p, struct ast_like);
    struct list options = {0};

    l->place = parser_here(p);
    parser_name(p, &l->table, "a table");
    if (parser_take(p, TOKEN_LPAREN)) {
        while (!p->failed && !parser_at(p, TOKEN_RPAREN))
            like_option(p, PARSER_ADD(p, &options, struct ast_like_option));
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    l->options = options.items;
    l->option_count = options.count;
    l->place = parser_from(p, l->place);
    return l;
}

/* COMMENT, DISTRIBUTED, PARTITIONED BY, WITH */
static void table_clauses(struct parser *p, struct ast_create_table *t)
{
    t->comment = parser_comment(p);
    if (parser_take_word(p, KW_DISTRIBUTED))
        t->distribution = parser_distribution(p);
    if (parser_take_words(p, KW_PARTITIONED, KW_BY)) {
        t->partitioned_by = parser_words(p, "a column's name");
        if (p->failed && p->at && parser_text_of(p, &p->tokens[p->at]).len == 1 &&
            *parser_text_of(p, &p->tokens[p->at]).ptr == '(')
            sql_hint(p->error, "partitions are by columns, not by functions of them: add a computed column");
    }
    t->has_options = parser_take_word(p, KW_WITH);
    if (t->has_options)
        t->options = parser_options(p);
}

static void create_table(struct parser *p, struct ast_statement *s, bool temporary, bool replace)
{
    struct ast_create_table *t = &s->create_table;

    s->kind = AST_CREATE_TABLE;
    t->temporary = temporary;
    t->or_replace = replace;
    t->if_not_exists = parser_if_not_exists(p);
    parser_name(p, &t->name, "the table's name");
    t->has_schema = parser_at(p, TOKEN_LPAREN);
    if (t->has_schema)
        t->schema = parser_schema(p, false);
    table_clauses(p, t);
    if (parser_take_word(p, KW_LIKE))
        t->like = like(p);
    else if (parser_take_word(p, KW_AS))
        t->query = parser_query(p);
}

enum ast_refresh parser_refresh(struct parser *p)
{
    parser_want(p, TOKEN_EQ, "`=`");
    if (parser_take_word(p, KW_CONTINUOUS))
        return AST_REFRESH_CONTINUOUS;
    parser_want_word(p, KW_FULL);
    return AST_REFRESH_FULL;
}

static void create_materialized(struct parser *p, struct ast_statement *s)
{
    struct ast_create_table *t = &s->create_table;

    s->kind = AST_CREATE_MATERIALIZED_TABLE;
    t->if_not_exists = parser_if_not_exists(p);
    parser_name(p, &t->name, "the table's name");
    t->has_schema = parser_at(p, TOKEN_LPAREN);
    if (t->has_schema)
        t->schema = parser_schema(p, false);
    table_clauses(p, t);
    parser_want_word(p, KW_FRESHNESS);
    parser_want(p, TOKEN_EQ, "`=`");
    t->freshness = parser_expr(p);
    if (parser_take_word(p, KW_REFRESH_MODE))
        t->refresh = parser_refresh(p);
    parser_want_word(p, KW_AS);
    t->query = parser_query(p);
}

/* --- the others --- */

static void create_view(struct parser *p, struct ast_statement *s, bool temporary)
{
    struct ast_view *v = &s->view;

    s->kind = AST_CREATE_VIEW;
    v->temporary = temporary;
    v->if_not_exists = parser_if_not_exists(p);
    parser_name(p, &v->name, "the view's name");
    if (parser_at(p, TOKEN_LPAREN))
        v->columns = parser_words(p, "a column's name");
    v->comment = parser_comment(p);
    parser_want_word(p, KW_AS);
    v->query = parser_query(p);
}

static void create_object(struct parser *p, struct ast_statement *s, enum ast_statement_kind kind,
                          const char *what)
{
    struct ast_create_object *o = &s->create_object;

    s->kind = kind;
    o->if_not_exists = parser_if_not_exists(p);
    parser_name(p, &o->name, what);
    if (kind == AST_CREATE_CATALOG && o->name.count > 1)
        parser_refuse(p, ERR_INPUT, o->name.place, "a catalog's name has one part");
    o->comment = parser_comment(p);
    o->has_options = parser_take_word(p, KW_WITH);
    if (o->has_options)
        o->options = parser_options(p);
}

/* f AS 'class' [LANGUAGE ...] [USING JAR '...', JAR '...'] */
void parser_function(struct parser *p, struct ast_function *f)
{
    static const enum keyword languages[] = {KW_JAVA, KW_SCALA, KW_SQL, KW_PYTHON, KW_C};
    struct list jars = {0};

    parser_name(p, &f->name, "the function's name");
    parser_want_word(p, KW_AS);
    parser_string(p, &f->class_name, "the function's class or symbol in single quotes");
    if (parser_take_word(p, KW_LANGUAGE)) {
        for (size_t i = 0; i < COUNT_OF(languages) && f->language == NULL; i++)
            if (parser_take_word(p, languages[i]))
                f->language = keyword_text(languages[i]);
        if (f->language == NULL)
            parser_expected(p, "C, JAVA, SCALA, SQL or PYTHON");
    }
    if (!parser_take_word(p, KW_USING))
        return;
    do {
        parser_want_word(p, KW_JAR);
        parser_string(p, PARSER_ADD(p, &jars, struct ast_word), "the file's path in single quotes");
    } while (parser_take(p, TOKEN_COMMA));
    f->jars = (struct ast_words){jars.count, jars.items};
}

static void create_function(struct parser *p, struct ast_statement *s, bool temporary)
{
    s->kind = AST_CREATE_FUNCTION;
    s->function.temporary = temporary;
    s->function.system = parser_take_word(p, KW_SYSTEM);
    if (s->function.system && !temporary)
        parser_refuse(p, ERR_INPUT, p->tokens[p->at - 1].place, "a SYSTEM function must be TEMPORARY");
    parser_want_word(p, KW_FUNCTION);
    s->function.if_not_exists = parser_if_not_exists(p);
    parser_function(p, &s->function);
}

static void create_model(struct parser *p, struct ast_statement *s, bool temporary)
{
    struct ast_model *m = &s->model;

    s->kind = AST_CREATE_MODEL;
    m->temporary = temporary;
    m->if_not_exists = parser_if_not_exists(p);
    parser_name(p, &m->name, "the model's name");
    if (parser_take_word(p, KW_INPUT))
        m->input = parser_schema(p, false);
    if (parser_take_word(p, KW_OUTPUT))
        m->output = parser_schema(p, false);
    m->comment = parser_comment(p);
    if (parser_take_word(p, KW_WITH))
        m->options = parser_options(p);
    if (parser_take_word(p, KW_AS))
        m->query = parser_query(p);
}

static void refuse_temporary(struct parser *p, bool temporary, const char *what)
{
    if (temporary)
        parser_refuse(p, ERR_INPUT, p->tokens[p->at - 1].place, "a %s cannot be TEMPORARY", what);
}

void parser_create(struct parser *p, struct ast_statement *s)
{
    bool replace = parser_take_words(p, KW_OR, KW_REPLACE), temporary = parser_take_word(p, KW_TEMPORARY);

    if (parser_take_word(p, KW_TABLE)) {
        create_table(p, s, temporary, replace);
    } else if (parser_take_word(p, KW_VIEW)) {
        if (replace &&
            parser_refuse(p, ERR_UNSUPPORTED, p->tokens[p->at - 1].place, "a view cannot be replaced"))
            sql_hint(p->error, "use ALTER VIEW v AS SELECT ..., or DROP VIEW IF EXISTS v before");
        create_view(p, s, temporary);
    } else if (parser_take_word(p, KW_CATALOG)) {
        refuse_temporary(p, temporary, "catalog");
        create_object(p, s, AST_CREATE_CATALOG, "the catalog's name");
    } else if (parser_take_word(p, KW_DATABASE)) {
        refuse_temporary(p, temporary, "database");
        create_object(p, s, AST_CREATE_DATABASE, "the database's name");
    } else if (parser_at_word(p, KW_FUNCTION) || parser_at_word(p, KW_SYSTEM)) {
        create_function(p, s, temporary);
    } else if (parser_take_words(p, KW_MATERIALIZED, KW_TABLE)) {
        create_materialized(p, s);
    } else if (parser_take_word(p, KW_MODEL)) {
        create_model(p, s, temporary);
    } else {
        parser_expected(p, "TABLE, VIEW, CATALOG, DATABASE or FUNCTION");
    }
}
