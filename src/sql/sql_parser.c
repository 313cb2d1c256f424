/* sql_parser.c (parser.h): one statement, a script with all its errors, and where to go on after one. */
#include "sql/parser.h"
#include "base/mem.h"
#include "sql/parser_core.h"

static void init(struct parser *p, struct arena *arena, const struct sql_source *source, size_t offset,
                 struct sql_error *error)
{
    *p = (struct parser){.arena = arena, .source = source, .error = error};
    lexer_init(&p->lexer, source->text, offset);
    *error = (struct sql_error){0};
}

static bool is_open(const struct token *t)
{
    return t->kind == TOKEN_BAD &&
           (t->bad == BAD_OPEN_TEXT || t->bad == BAD_OPEN_NAME || t->bad == BAD_OPEN_COMMENT);
}

/* A word that at a line's beginning hardly stands in the midst of a statement. */
static bool begins_surely(const struct token *t)
{
    static const enum keyword words[] = {KW_CREATE, KW_INSERT, KW_EXECUTE, KW_EXPLAIN, KW_USE, KW_ALTER};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (t->kind == TOKEN_WORD && t->keyword == words[i] && t->place.column == 1)
            return true;
    return false;
}

static void go_to(struct lexer *l, const struct token *t)
{
    l->at = t->place.begin;
    l->line = t->place.line;
    l->column = t->place.column;
}

/* Where a quote or comment has no end anything may be a part of it: the next line is as good a guess as any.
 * */
static void skip_line(struct lexer *l)
{
    while (l->at < l->text.len && l->text.ptr[l->at] != '\n') {
        l->at++;
        l->column++;
    }
}

/* Let the lexer stand where the next statement probably begins: see sql_parse. */
static void recover(struct parser *p)
{
    bool known = p->at < p->count;
    struct token t = p->tokens[known ? p->at : p->count - 1];
    struct lexer *l = &p->lexer;

    go_to(l, &t);
    if (known && p->at > 0 && t.place.column == 1 && parser_begins(&t))
        return; /* the `;` before it was forgotten */
    for (;;) {
        t = lexer_next(l);
        if (t.kind == TOKEN_END || t.kind == TOKEN_SEMICOLON)
            return;
        if (is_open(&t)) {
            go_to(l, &t);
            skip_line(l);
        } else if (begins_surely(&t) && t.place.begin > p->tokens[0].place.begin) {
            go_to(l, &t);
            return;
        }
    }
}

/* Make the next statement; the tokens of the one before are forgotten. NULL without a failure: there is
 * none. */
static const struct ast_statement *next(struct parser *p)
{
    const struct ast_statement *s;

    p->count = p->at = p->alias_at = 0;
    p->tried_at = SIZE_MAX;
    p->depth = 0;
    p->failed = false;
    while (parser_take(p, TOKEN_SEMICOLON))
        ;
    if (!p->failed && parser_at(p, TOKEN_END))
        return NULL;
    s = p->failed ? NULL : parser_statement(p);
    if (!p->failed && !parser_take(p, TOKEN_SEMICOLON) && !parser_at(p, TOKEN_END))
        parser_expected(p, "`;`");
    if (!p->failed)
        return s;
    if (p->error->code != ERR_MEMORY)
        recover(p);
    return NULL;
}

/* Where the next statement is looked for: behind the last token that was taken. */
static size_t offset_behind(const struct parser *p)
{
    return p->at ? p->tokens[p->at - 1].place.end : p->lexer.at;
}

enum err sql_parse(struct arena *arena, const struct sql_source *source, size_t *offset,
                   const struct ast_statement **out, struct sql_error *error)
{
    struct parser p;

    assert(*offset <= source->text.len);
    init(&p, arena, source, *offset, error);
    *out = next(&p);
    *offset = error->code == OK ? offset_behind(&p) : p.lexer.at;
    mem_free(p.tokens);
    return error->code;
}

static bool keep(struct arena *arena, struct list *list, const void *item, size_t size)
{
    if (list->count == list->capacity) {
        int32_t capacity = list->capacity * 2 + 8;
        void *more = arena_alloc(arena, size * (size_t)capacity);

        if (more == NULL)
            return false;
        if (list->count)
            memcpy(more, list->items, size * (size_t)list->count);
        list->items = more;
        list->capacity = capacity;
    }
    memcpy((char *)list->items + size * (size_t)list->count++, item, size);
    return true;
}

/* The lexer stands behind what was looked at, which may be more than the statement. */
static void forget_lookahead(struct parser *p)
{
    if (p->at > 0 && p->at < p->count)
        go_to(&p->lexer, &p->tokens[p->at]);
}

enum err sql_parse_script(struct arena *arena, const struct sql_source *source, struct sql_script *out,
                          struct error *e)
{
    struct list statements = {0}, errors = {0};
    struct sql_error error;
    struct parser p;
    bool fine = true;

    *out = (struct sql_script){0};
    init(&p, arena, source, 0, &error);
    while (fine && errors.count < SQL_ERRORS_MAX) {
        const struct ast_statement *s;
        size_t before = p.lexer.at;

        error = (struct sql_error){0};
        s = next(&p);
        if (error.code == ERR_MEMORY)
            fine = false;
        else if (error.code != OK)
            fine = keep(arena, &errors, &error, sizeof error);
        else if (s)
            fine = keep(arena, &statements, &s, sizeof(struct ast_statement *));
        else
            break;
        if (error.code == OK)
            forget_lookahead(&p);
        assert(p.lexer.at > before || !fine);
    }
    mem_free(p.tokens);
    *out = (struct sql_script){statements.count, statements.items, errors.count, errors.items};
    return fine ? OK : error_memory(e, source->text.len, "the statements of a script");
}

enum err sql_parse_expr(struct arena *arena, const struct sql_source *source, const struct ast_expr **out,
                        struct sql_error *error)
{
    struct parser p;

    init(&p, arena, source, 0, error);
    *out = parser_expr(&p);
    if (!p.failed && !parser_at(&p, TOKEN_END))
        parser_expected(&p, "the end of the expression");
    if (p.failed)
        *out = NULL;
    mem_free(p.tokens);
    return error->code;
}

bool sql_complete(struct slice text)
{
    struct token t, last = {0}, before = {0};
    struct lexer l;
    bool in_set = false, whole = true;

    lexer_init(&l, text, 0);
    while ((t = lexer_next(&l)).kind != TOKEN_END) {
        if (is_open(&t))
            return false;
        if (t.kind == TOKEN_WORD && t.keyword == KW_BEGIN && last.keyword == KW_SET &&
            before.keyword == KW_STATEMENT)
            in_set = true;
        if (t.kind == TOKEN_WORD && t.keyword == KW_END && last.kind == TOKEN_SEMICOLON)
            in_set = false;
        whole = t.kind == TOKEN_SEMICOLON && !in_set;
        before = last;
        last = t;
    }
    return whole;
}

bool sql_reserved(struct slice word)
{
    enum keyword k = keyword_find(word);

    return k != KW_NO_KEYWORD && keyword_reserved(k);
}

const char *sql_keyword_next(size_t *at)
{
    return ++*at < KW_COUNT_OF ? keyword_text((enum keyword) * at) : NULL;
}
