/* parser_show.c: SHOW and DESCRIBE. */
#include "sql/parser_core.h"

/* What may stand behind each kind of SHOW. */
enum { FROM = 1, LIKE = 2, NAME = 4, ILIKE = 8 | LIKE };

static const struct shown {
    enum keyword words[2]; /* behind SHOW; the second KW_NO_KEYWORD when there is one only */
    enum ast_show_kind kind;
    int takes;
} kinds[] = {
    {{KW_CATALOGS}, AST_SHOW_CATALOGS, 0},
    {{KW_CURRENT, KW_CATALOG}, AST_SHOW_CURRENT_CATALOG, 0},
    {{KW_CURRENT, KW_DATABASE}, AST_SHOW_CURRENT_DATABASE, 0},
    {{KW_DATABASES}, AST_SHOW_DATABASES, FROM | ILIKE},
    {{KW_TABLES}, AST_SHOW_TABLES, FROM | LIKE},
    {{KW_VIEWS}, AST_SHOW_VIEWS, FROM | LIKE},
    {{KW_USER, KW_FUNCTIONS}, AST_SHOW_FUNCTIONS, FROM | ILIKE},
    {{KW_FUNCTIONS}, AST_SHOW_FUNCTIONS, FROM | ILIKE},
    {{KW_FULL, KW_MODULES}, AST_SHOW_MODULES, 0},
    {{KW_MODULES}, AST_SHOW_MODULES, 0},
    {{KW_PROCEDURES}, AST_SHOW_PROCEDURES, FROM | ILIKE},
    {{KW_COLUMNS}, AST_SHOW_COLUMNS, FROM | NAME | LIKE},
    {{KW_CREATE, KW_TABLE}, AST_SHOW_CREATE_TABLE, NAME},
    {{KW_CREATE, KW_VIEW}, AST_SHOW_CREATE_VIEW, NAME},
    {{KW_CREATE, KW_CATALOG}, AST_SHOW_CREATE_CATALOG, NAME},
    {{KW_CREATE, KW_MODEL}, AST_SHOW_CREATE_MODEL, NAME},
    {{KW_PARTITIONS}, AST_SHOW_PARTITIONS, NAME},
    {{KW_JARS}, AST_SHOW_JARS, 0},
    {{KW_JOBS}, AST_SHOW_JOBS, 0},
    {{KW_MODELS}, AST_SHOW_MODELS, FROM | ILIKE},
};

static void like(struct parser *p, struct ast_show *s)
{
    s->not_like = parser_take_word(p, KW_NOT);
    s->any_case = parser_take_word(p, KW_ILIKE);
    if (!s->any_case && !parser_take_word(p, KW_LIKE)) {
        if (s->not_like)
            parser_expected(p, "LIKE");
        return;
    }
    s->like = parser_new_string(p, "a pattern in single quotes");
}

static void details(struct parser *p, struct ast_show *s, int takes)
{
    bool from = takes & FROM && (parser_take_word(p, KW_FROM) || parser_take_word(p, KW_IN));

    if (takes & FROM && takes & NAME && !from)
        parser_expected(p, "FROM or IN");
    if (from || takes & NAME)
        s->from = parser_new_name(p, "a name");
    if (s->kind == AST_SHOW_PARTITIONS)
        s->partition = parser_opt_partition(p);
    if (takes & LIKE)
        like(p, s);
}

void parser_show_statement(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_SHOW;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct shown *k = &kinds[i];
        bool two = k->words[1] != KW_NO_KEYWORD;

        if (two ? !parser_take_words(p, k->words[0], k->words[1]) : !parser_take_word(p, k->words[0]))
            continue;
        s->show.kind = k->kind;
        s->show.user = k->words[0] == KW_USER;
        s->show.full = k->words[0] == KW_FULL;
        details(p, &s->show, k->takes);
        return;
    }
    if (parser_at_word(p, KW_CREATE))
        parser_skip(p, 1), parser_expected(p, "TABLE, VIEW or CATALOG");
    parser_expected(
        p, "CATALOGS, DATABASES, TABLES, VIEWS, FUNCTIONS, MODULES, COLUMNS, JOBS, JARS or CREATE TABLE");
}

void parser_describe(struct parser *p, struct ast_statement *s)
{
    struct ast_describe *d = &s->describe;

    s->kind = AST_DESCRIBE;
    if (parser_word_ahead(p, 0, KW_JOB) && parser_kind_ahead(p, 1, TOKEN_TEXT)) {
        parser_skip(p, 1);
        d->object = AST_OBJECT_JOB;
        parser_string(p, &d->job, "the job's id in single quotes");
        return;
    }
    if (parser_word_ahead(p, 0, KW_CATALOG) && !parser_kind_ahead(p, 1, TOKEN_END))
        d->object = AST_OBJECT_CATALOG;
    else if (parser_word_ahead(p, 0, KW_DATABASE))
        d->object = AST_OBJECT_DATABASE;
    else if (parser_word_ahead(p, 0, KW_MODEL) && parser_is_name(parser_peek(p, 1)))
        d->object = AST_OBJECT_MODEL;
    else if (parser_word_ahead(p, 0, KW_FUNCTION))
        d->object = AST_OBJECT_FUNCTION;
    if (d->object != AST_OBJECT_TABLE)
        parser_skip(p, 1);
    d->extended = parser_take_word(p, KW_EXTENDED);
    parser_name(p, &d->name, d->object == AST_OBJECT_FUNCTION ? "a function" : "a table");
}
