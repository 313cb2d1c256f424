/* parser_statement.c: what a statement's first word says it is, and all the smaller statements. */
#include "formats/utf8.h"
#include "sql/parser_core.h"

static const struct ast_statement *insert_statement(struct parser *p);

/* --- changing rows --- */

static void insert_columns(struct parser *p, struct ast_insert *i)
{
    if (!parser_at(p, TOKEN_LPAREN) || parser_paren_query(p))
        return;
    i->columns = parser_words(p, "a column's name");
}

static void insert(struct parser *p, struct ast_statement *s)
{
    struct ast_insert *i = &s->insert;

    s->kind = AST_INSERT;
    i->overwrite = parser_take_word(p, KW_OVERWRITE);
    if (!i->overwrite && !parser_take_word(p, KW_INTO))
        parser_expected(p, "INTO or OVERWRITE");
    if (parser_at_word(p, KW_TABLE) &&
        parser_refuse(p, ERR_INPUT, parser_here(p), "no word TABLE is expected here"))
        sql_hint(p->error, "leave it out: INSERT %s t SELECT ...", i->overwrite ? "OVERWRITE" : "INTO");
    parser_name(p, &i->table, "a table");
    i->hints = parser_hints(p);
    i->partition = parser_opt_partition(p);
    for (int32_t k = 0; k < i->partition.count; k++)
        if (i->partition.items[k].value == NULL)
            parser_refuse(p, ERR_INPUT, i->partition.items[k].name.place,
                          "a value is expected: PARTITION (%s = ...)",
                          i->partition.items[k].name.parts[0].text);
    insert_columns(p, i);
    parser_at_word(p, KW_SELECT); /* so that a misspelt one is recognised */
    parser_at_word(p, KW_VALUES);
    if (!parser_at_query(p))
        parser_expected(p, "SELECT or VALUES");
    i->query = parser_query(p);
}

static const struct ast_word *target_alias(struct parser *p)
{
    if (!parser_take_word(p, KW_AS) && !parser_is_name(parser_peek(p, 0)))
        return NULL;
    return parser_new_word(p, "a name");
}

static void update(struct parser *p, struct ast_statement *s)
{
    struct list assigns = {0};

    s->kind = AST_UPDATE;
    parser_name(p, &s->update.table, "a table");
    if (!parser_at_word(p, KW_SET))
        s->update.alias = target_alias(p);
    parser_want_word(p, KW_SET);
    do {
        struct ast_assign a = {0};
        struct ast_word *word = PARSER_NEW(p, struct ast_word);

        parser_word(p, word, "a column's name");
        a.name = (struct ast_name){1, word, word->place};
        parser_want(p, TOKEN_EQ, "`=`");
        a.value = parser_expr(p);
        *PARSER_ADD(p, &assigns, struct ast_assign) = a;
    } while (parser_take(p, TOKEN_COMMA));
    s->update.assigns = (struct ast_assigns){assigns.count, assigns.items};
    if (parser_take_word(p, KW_WHERE))
        s->update.where = parser_expr(p);
}

static void delete (struct parser *p, struct ast_statement *s)
{
    s->kind = AST_DELETE;
    parser_want_word(p, KW_FROM);
    parser_name(p, &s->del.table, "a table");
    s->del.alias = target_alias(p);
    if (parser_take_word(p, KW_WHERE))
        s->del.where = parser_expr(p);
}

static void merge(struct parser *p, struct ast_statement *s)
{
    (void)s;
    if (parser_refuse(p, ERR_UNSUPPORTED, p->tokens[p->at - 1].place, "MERGE is not supported"))
        sql_hint(p->error, "INSERT INTO a table with a primary key updates the rows that are there");
}

static void truncate(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_TRUNCATE;
    parser_want_word(p, KW_TABLE);
    parser_name(p, &s->name, "a table");
}

static void call(struct parser *p, struct ast_statement *s)
{
    struct ast_name name;

    s->kind = AST_CALL_PROCEDURE;
    parser_name(p, &name, "a procedure");
    if (!parser_at(p, TOKEN_LPAREN))
        parser_expected(p, "`(`");
    s->call = p->failed ? NULL : parser_named_call(p, &name);
}

/* --- statement sets, EXECUTE, EXPLAIN, plans --- */

/* The cursor is behind STATEMENT SET: BEGIN insert; ... END */
static void set_body(struct parser *p, struct ast_statement *s)
{
    struct list inserts = {0};

    s->kind = AST_STATEMENT_SET;
    parser_want_word(p, KW_BEGIN);
    do {
        *PARSER_ADD(p, &inserts, const struct ast_statement *) = insert_statement(p);
        parser_want(p, TOKEN_SEMICOLON, "`;`");
        while (parser_take(p, TOKEN_SEMICOLON))
            ;
    } while (!p->failed && !parser_at_word(p, KW_END));
    parser_want_word(p, KW_END);
    s->set.count = inserts.count;
    s->set.inserts = inserts.items;
}

static const struct ast_statement *insert_statement(struct parser *p)
{
    struct ast_statement *s = PARSER_NEW(p, struct ast_statement);

    s->place = parser_here(p);
    parser_want_word(p, KW_INSERT);
    insert(p, s);
    s->place = parser_from(p, s->place);
    return s;
}

/* A query, an INSERT or STATEMENT SET ..., where one of them is wanted. */
static const struct ast_statement *inner(struct parser *p, bool queries)
{
    struct ast_statement *s = PARSER_NEW(p, struct ast_statement);

    s->place = parser_here(p);
    if (parser_at_word(p, KW_INSERT))
        return insert_statement(p);
    if (parser_take_words(p, KW_STATEMENT, KW_SET)) {
        set_body(p, s);
    } else if (queries && parser_take_word(p, KW_UPDATE)) {
        update(p, s);
    } else if (queries && parser_take_word(p, KW_DELETE)) {
        delete (p, s);
    } else if (queries && parser_at_query(p)) {
        s->kind = AST_QUERY;
        s->query = parser_query(p);
    } else {
        parser_expected(p, queries ? "SELECT, INSERT or STATEMENT SET" : "INSERT or STATEMENT SET");
    }
    s->place = parser_from(p, s->place);
    return s;
}

static void execute(struct parser *p, struct ast_statement *s)
{
    s->execute = true;
    if (parser_take_words(p, KW_STATEMENT, KW_SET)) {
        s->execute = false;
        set_body(p, s);
    } else if (parser_take_word(p, KW_PLAN)) {
        s->execute = false;
        s->kind = AST_EXECUTE_PLAN;
        s->plan.execute = true;
        parser_string(p, &s->plan.path, "the plan's file in single quotes");
    } else if (parser_take_word(p, KW_INSERT)) {
        insert(p, s);
    } else if (parser_at_query(p)) {
        s->kind = AST_QUERY;
        s->query = parser_query(p);
    } else {
        parser_expected(p, "STATEMENT SET, INSERT, SELECT or PLAN");
    }
}

static void begin(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_BEGIN_STATEMENT_SET;
    parser_want_word(p, KW_STATEMENT);
    parser_want_word(p, KW_SET);
}

static void end(struct parser *p, struct ast_statement *s)
{
    (void)p;
    s->kind = AST_END;
}

static void explain(struct parser *p, struct ast_statement *s)
{
    static const struct {
        enum keyword k;
        uint32_t detail;
    } details[] = {{KW_ESTIMATED_COST, AST_ESTIMATED_COST},
                   {KW_CHANGELOG_MODE, AST_CHANGELOG_MODE},
                   {KW_JSON_EXECUTION_PLAN, AST_JSON_EXECUTION_PLAN},
                   {KW_PLAN_ADVICE, AST_PLAN_ADVICE}};
    bool more = true;

    s->kind = AST_EXPLAIN;
    if (!parser_take_words(p, KW_PLAN, KW_FOR))
        while (more) {
            uint32_t before = s->explain.details;

            for (size_t i = 0; i < COUNT_OF(details); i++)
                if (parser_take_word(p, details[i].k))
                    s->explain.details |= details[i].detail;
            more = s->explain.details != before && parser_take(p, TOKEN_COMMA);
        }
    s->explain.statement = inner(p, true);
}

static void compile(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_COMPILE_PLAN;
    s->plan.execute = parser_take_words(p, KW_AND, KW_EXECUTE);
    parser_want_word(p, KW_PLAN);
    parser_string(p, &s->plan.path, "the plan's file in single quotes");
    if (!s->plan.execute)
        s->plan.if_not_exists = parser_if_not_exists(p);
    parser_want_word(p, KW_FOR);
    s->plan.statement = inner(p, false);
}

/* --- the session --- */

static void use(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_USE;
    if (parser_word_ahead(p, 0, KW_CATALOG) && parser_is_name(parser_peek(p, 1))) {
        parser_skip(p, 1);
        s->use.kind = AST_USE_CATALOG;
        parser_name(p, &s->use.name, "a catalog");
    } else if (parser_take_word(p, KW_MODULES)) {
        s->use.kind = AST_USE_MODULES;
        s->use.modules = parser_words_bare(p, "a module");
    } else {
        parser_name(p, &s->use.name, "a database, CATALOG or MODULES");
    }
}

/* Blanks off both ends. */
static struct slice trim(struct slice s)
{
    while (s.len && strchr(" \t\r\n", s.ptr[0]))
        s = slice_from(s, 1);
    while (s.len && strchr(" \t\r\n", s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* How far an unquoted SET reaches: to the `;`, a comment or the line's end. */
static size_t raw_end(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] != ';' && text.ptr[at] != '\n' &&
           !(text.ptr[at] == '-' && at + 1 < text.len && text.ptr[at + 1] == '-' && at > 0 &&
             text.ptr[at - 1] == ' '))
        at++;
    return at;
}

/* Characters that a line has: no byte that is none in UTF-8, no control characters. */
static bool is_plain(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' && !strchr("\t\r", s.ptr[i]))
            return false;
    return utf8_valid(s.ptr, s.len);
}

static struct ast_word raw_word(struct parser *p, struct slice s)
{
    size_t begin = (size_t)(s.ptr - p->source->text.ptr);

    if (s.len > 1 && s.ptr[0] == '\'' && s.ptr[s.len - 1] == '\'')
        return (struct ast_word){parser_strdup(p, slice_of(s.ptr + 1, s.len - 2)),
                                 sql_place(p->source->text, begin, begin + s.len)};
    return (struct ast_word){parser_strdup(p, s), sql_place(p->source->text, begin, begin + s.len)};
}

/* SET key = value without quotes, as Flink took it until 1.13: the words are not SQL's, so the text is read. */
static void raw_set(struct parser *p, struct ast_statement *s)
{
    const struct token *t = parser_peek(p, 0);
    size_t from = t->place.begin, to = raw_end(p->source->text, from);
    struct slice all = slice_of(p->source->text.ptr + from, to - from);
    const char *equal = memchr(all.ptr, '=', all.len);
    struct slice key;

    if (equal == NULL || (key = trim(slice_of(all.ptr, (size_t)(equal - all.ptr)))).len == 0) {
        parser_expected(p, "'key' = 'value'");
        return;
    }
    if (!is_plain(all)) {
        parser_refuse(p, ERR_INPUT, sql_place(p->source->text, from, to),
                      "a setting is plain text in UTF-8, without control characters");
        return;
    }
    s->option.key = raw_word(p, key);
    s->option.value = raw_word(p, trim(slice_from(all, key.len ? (size_t)(equal - all.ptr) + 1 : 0)));
    p->count = p->at; /* what was looked at are no tokens */
    lexer_init(&p->lexer, p->source->text, to);
}

static void set(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_SET;
    if (parser_at(p, TOKEN_END) || parser_at(p, TOKEN_SEMICOLON))
        return;
    if (!parser_at(p, TOKEN_TEXT)) {
        raw_set(p, s);
        return;
    }
    parser_string(p, &s->option.key, "'key' = 'value'");
    parser_want(p, TOKEN_EQ, "`=`");
    parser_string(p, &s->option.value, "the value in single quotes");
}

static void reset(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_RESET;
    if (!parser_at(p, TOKEN_END) && !parser_at(p, TOKEN_SEMICOLON))
        parser_string(p, &s->option.key, "the key in single quotes");
}

static void jar(struct parser *p, struct ast_statement *s, enum ast_statement_kind kind)
{
    s->kind = kind;
    parser_want_word(p, KW_JAR);
    parser_string(p, &s->text, "the file's path in single quotes");
}

static void add(struct parser *p, struct ast_statement *s)
{
    jar(p, s, AST_ADD_JAR);
}

static void remove_(struct parser *p, struct ast_statement *s)
{
    jar(p, s, AST_REMOVE_JAR);
}

static void load(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_LOAD_MODULE;
    parser_want_word(p, KW_MODULE);
    parser_word(p, &s->module.name, "a module");
    if (parser_take_word(p, KW_WITH))
        s->module.options = parser_options(p);
}

static void unload(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_UNLOAD_MODULE;
    parser_want_word(p, KW_MODULE);
    parser_word(p, &s->module.name, "a module");
}

static void stop(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_STOP_JOB;
    parser_want_word(p, KW_JOB);
    parser_string(p, &s->stop_job.job, "the job's id in single quotes");
    s->stop_job.savepoint = parser_take_words(p, KW_WITH, KW_SAVEPOINT);
    s->stop_job.drain = parser_take_words(p, KW_WITH, KW_DRAIN);
    if (s->stop_job.drain && !s->stop_job.savepoint)
        parser_refuse(p, ERR_INPUT, p->tokens[p->at - 1].place, "WITH DRAIN takes WITH SAVEPOINT before it");
}

static void analyze(struct parser *p, struct ast_statement *s)
{
    s->kind = AST_ANALYZE;
    parser_want_word(p, KW_TABLE);
    parser_name(p, &s->analyze.table, "a table");
    s->analyze.partition = parser_opt_partition(p);
    parser_want_word(p, KW_COMPUTE);
    parser_want_word(p, KW_STATISTICS);
    if (!parser_take_word(p, KW_FOR))
        return;
    s->analyze.all_columns = parser_take_words(p, KW_ALL, KW_COLUMNS);
    if (s->analyze.all_columns)
        return;
    parser_want_word(p, KW_COLUMNS);
    s->analyze.columns = parser_words_bare(p, "a column's name");
}

static void replace(struct parser *p, struct ast_statement *s)
{
    p->at--; /* REPLACE TABLE is CREATE OR REPLACE TABLE */
    p->tokens[p->at].keyword = KW_CREATE;
    parser_skip(p, 1);
    parser_create(p, s);
    if (s->kind != AST_CREATE_TABLE)
        parser_refuse(p, ERR_INPUT, s->place, "REPLACE is for tables");
    s->create_table.or_replace = true;
}

static void client(struct parser *p, struct ast_statement *s)
{
    const struct token *t = &p->tokens[p->at - 1];

    s->kind = AST_CLIENT;
    s->text = (struct ast_word){keyword_text(t->keyword), t->place};
}

static const struct {
    enum keyword k;
    void (*parse)(struct parser *p, struct ast_statement *s);
} statements[] = {
    {KW_INSERT, insert},
    {KW_CREATE, parser_create},
    {KW_SET, set},
    {KW_DROP, parser_drop},
    {KW_ALTER, parser_alter},
    {KW_SHOW, parser_show_statement},
    {KW_EXPLAIN, explain},
    {KW_EXECUTE, execute},
    {KW_BEGIN, begin},
    {KW_END, end},
    {KW_DESCRIBE, parser_describe},
    {KW_DESC, parser_describe},
    {KW_USE, use},
    {KW_RESET, reset},
    {KW_UPDATE, update},
    {KW_DELETE, delete},
    {KW_MERGE, merge},
    {KW_TRUNCATE, truncate},
    {KW_CALL, call},
    {KW_COMPILE, compile},
    {KW_ADD, add},
    {KW_REMOVE, remove_},
    {KW_LOAD, load},
    {KW_UNLOAD, unload},
    {KW_STOP, stop},
    {KW_ANALYZE, analyze},
    {KW_REPLACE, replace},
    {KW_QUIT, client},
    {KW_EXIT, client},
    {KW_CLEAR, client},
    {KW_HELP, client},
};

bool parser_begins(const struct token *t)
{
    if (t->kind != TOKEN_WORD || t->keyword == KW_NO_KEYWORD)
        return false;
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (statements[i].k == t->keyword)
            return true;
    return t->keyword == KW_SELECT || t->keyword == KW_WITH || t->keyword == KW_VALUES;
}

const struct ast_statement *parser_statement(struct parser *p)
{
    struct ast_statement *s = PARSER_NEW(p, struct ast_statement);

    s->place = parser_here(p);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (parser_take_word(p, statements[i].k)) {
            statements[i].parse(p, s);
            s->place = parser_from(p, s->place);
            return s;
        }
    parser_at_word(p, KW_SELECT);
    parser_at_word(p, KW_WITH);
    parser_at_word(p, KW_VALUES);
    if (!parser_at_query(p))
        parser_expected(p, "a statement");
    s->kind = AST_QUERY;
    s->query = parser_query(p);
    s->place = parser_from(p, s->place);
    return s;
}
