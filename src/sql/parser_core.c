/* parser_core.c: tokens, names, lists and failures: see the head of parser_core.h. */
#include "sql/parser_core.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

/* What everyone finds after a failure. */
static const struct token end_token = {.kind = TOKEN_END};

static bool add_token(struct parser *p)
{
    if (!MEM_GROW(p->tokens, p->count, p->capacity)) {
        parser_no_memory(p);
        return false;
    }
    p->tokens[p->count] = lexer_next(&p->lexer);
    p->count++;
    if (p->lexer.at - p->tokens[0].place.begin <= SQL_STATEMENT_MAX)
        return true;
    parser_refuse(p, ERR_INPUT, p->tokens[0].place, "the statement that begins here is longer than %zu bytes",
                  SQL_STATEMENT_MAX);
    return false;
}

const struct token *parser_peek(struct parser *p, size_t ahead)
{
    if (p->failed)
        return &end_token;
    while (p->at + ahead >= p->count) {
        if (p->count && p->tokens[p->count - 1].kind == TOKEN_END)
            return &p->tokens[p->count - 1];
        if (!add_token(p))
            return &end_token;
    }
    return &p->tokens[p->at + ahead];
}

struct slice parser_text_of(const struct parser *p, const struct token *t)
{
    return lexer_text(&p->lexer, t);
}

static void remember(struct parser *p, enum keyword k)
{
    if (p->tried_at != p->at)
        p->tried_count = 0;
    p->tried_at = p->at;
    if (p->tried_count < PARSER_TRIED_MAX)
        p->tried[p->tried_count++] = (uint16_t)k;
}

bool parser_word_ahead(struct parser *p, size_t ahead, enum keyword k)
{
    const struct token *t = parser_peek(p, ahead);

    return t->kind == TOKEN_WORD && t->keyword == k;
}

bool parser_kind_ahead(struct parser *p, size_t ahead, enum token_kind kind)
{
    return parser_peek(p, ahead)->kind == kind;
}

bool parser_at_word(struct parser *p, enum keyword k)
{
    if (parser_word_ahead(p, 0, k))
        return true;
    if (!p->failed)
        remember(p, k);
    return false;
}

void parser_skip(struct parser *p, size_t count)
{
    while (count-- && parser_peek(p, 0)->kind != TOKEN_END)
        p->at++;
}

bool parser_take(struct parser *p, enum token_kind kind)
{
    if (!parser_at(p, kind))
        return false;
    parser_skip(p, 1);
    return true;
}

bool parser_take_word(struct parser *p, enum keyword k)
{
    if (!parser_at_word(p, k))
        return false;
    parser_skip(p, 1);
    return true;
}

bool parser_take_words(struct parser *p, enum keyword first, enum keyword second)
{
    if (!parser_at_word(p, first) || !parser_word_ahead(p, 1, second))
        return false;
    parser_skip(p, 2);
    return true;
}

void parser_want(struct parser *p, enum token_kind kind, const char *what)
{
    if (!parser_take(p, kind))
        parser_expected(p, what);
}

void parser_want_word(struct parser *p, enum keyword k)
{
    if (!parser_take_word(p, k))
        parser_expected(p, keyword_text(k));
}

struct ast_place parser_here(struct parser *p)
{
    return parser_peek(p, 0)->place;
}

struct ast_place parser_join(struct ast_place from, struct ast_place to)
{
    from.end = MAX(from.end, to.end);
    return from;
}

struct ast_place parser_from(struct parser *p, struct ast_place begin)
{
    return p->at && !p->failed ? parser_join(begin, p->tokens[p->at - 1].place) : begin;
}

const char *parser_show(const struct parser *p, const struct token *t, char out[PARSER_SHOWN_MAX])
{
    struct slice s = parser_text_of(p, t);
    size_t len = MIN(s.len, (size_t)40);
    bool quoted = t->kind == TOKEN_QUOTED || t->kind == TOKEN_TEXT;
    const char *tick = quoted && len == s.len ? "" : "`";

    while (len < s.len && len && ((unsigned char)s.ptr[len] & 0xc0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s.ptr[i] < 0x20)
            len = i;
    snprintf(out, PARSER_SHOWN_MAX, "%s%.*s%s%s", tick, (int)len, s.ptr, len < s.len ? "..." : "", tick);
    return out;
}

/* What the lexer could not make a token of; NULL when the message is the ordinary one. */
static const char *bad_message(const struct token *t)
{
    static const char *const messages[] = {
        [BAD_UTF8] = "this byte is not UTF-8",
        [BAD_NUL] = "a character of code 0 has no place in SQL",
        [BAD_INVISIBLE] = "an invisible character, which is no blank for SQL",
        [BAD_OPEN_TEXT] = "Encountered \"<EOF>\": the text that begins here has no closing quote",
        [BAD_OPEN_NAME] = "Encountered \"<EOF>\": the name that begins here has no closing back-tick",
        [BAD_OPEN_COMMENT] = "Encountered \"<EOF>\": the comment that begins here has no end",
        [BAD_EMPTY_NAME] = "a name may not be empty",
        [BAD_LONG_NAME] = "a name may have 256 bytes at most",
        [BAD_CHARSET] = "a text in a character set that is not known",
        [BAD_HEX] = "X'...' takes an even number of hexadecimal digits",
        [BAD_DOUBLE_QUOTED] = "double quotes make neither a text nor a name",
        [BAD_SMART_QUOTE] = "a typographic quote is no quote for SQL",
        [BAD_DASH] = "a typographic dash is no minus for SQL",
        [BAD_EQUALS] = "`==` is no operator of SQL",
        [BAD_BANG] = "`!=` is not taken by Flink's SQL",
        [BAD_CAST] = "`::` is not taken by Flink's SQL",
    };

    return t->kind == TOKEN_BAD && t->bad < COUNT_OF(messages) ? messages[t->bad] : NULL;
}

void parser_expected(struct parser *p, const char *what)
{
    const struct token *t = parser_peek(p, 0);
    const char *odd = bad_message(t);
    struct ast_place end = t->place;
    char last[PARSER_SHOWN_MAX], found[PARSER_SHOWN_MAX], after[PARSER_SHOWN_MAX + 16] = "";

    if (p->failed)
        return;
    if (p->at) /* the end of the text is shown behind what was read, not behind blank lines */
        end = sql_place(p->source->text, p->tokens[p->at - 1].place.end, p->tokens[p->at - 1].place.end);
    if (p->at)
        snprintf(after, sizeof after, " after %s", parser_show(p, &p->tokens[p->at - 1], last));
    if (odd)
        sql_fail(p->error, ERR_INPUT, SQL_PARSE_FAILED, t->place, "%s", odd);
    else if (t->kind == TOKEN_END)
        sql_fail(p->error, ERR_INPUT, SQL_PARSE_FAILED, end, "Encountered \"<EOF>\": expected %s%s", what,
                 after);
    else
        sql_fail(p->error, ERR_INPUT, SQL_PARSE_FAILED, t->place, "expected %s%s, found %s", what, after,
                 parser_show(p, t, found));
    parser_hint(p, t, what);
    p->failed = true;
}

bool parser_refuse(struct parser *p, enum err code, struct ast_place place, const char *fmt, ...)
{
    va_list args;

    if (p->failed)
        return false;
    va_start(args, fmt);
    sql_vfail(p->error, code, SQL_PARSE_FAILED, place, fmt, args);
    va_end(args);
    p->failed = true;
    return true;
}

void parser_no_memory(struct parser *p)
{
    parser_refuse(p, ERR_MEMORY, (struct ast_place){0}, "no memory to read the statement");
}

bool parser_enter(struct parser *p)
{
    if (++p->depth <= SQL_DEPTH_MAX)
        return true;
    p->depth--;
    if (parser_refuse(p, ERR_INPUT, parser_here(p), "nested deeper than %d levels", SQL_DEPTH_MAX))
        sql_hint(p->error, "split the statement: put the inner parts into views or WITH");
    return false;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

int32_t parser_height(struct parser *p, int32_t below, struct ast_place place)
{
    if (below < AST_HEIGHT_MAX)
        return below + 1;
    if (parser_refuse(p, ERR_INPUT, place, "more than %d operations build on one another here",
                      AST_HEIGHT_MAX))
        sql_hint(p->error,
                 "split the statement: put parts into views or WITH, or into parentheses of equal size");
    return 1;
}

void *parser_alloc(struct parser *p, size_t byte_count)
{
    void *ptr = arena_alloc(p->arena, byte_count);

    assert(ptr || byte_count <= sizeof p->scrap);
    if (ptr)
        return ptr;
    parser_no_memory(p);
    return memset(p->scrap, 0, sizeof p->scrap);
}

const char *parser_strdup(struct parser *p, struct slice s)
{
    const char *text = arena_text(p->arena, s);

    if (text == NULL)
        parser_no_memory(p);
    return text ? text : "";
}

void *parser_add(struct parser *p, struct list *l, size_t size)
{
    if (l->count == l->capacity) {
        int32_t capacity = l->capacity ? l->capacity * 2 : 4;
        void *more = arena_alloc(p->arena, size * (size_t)capacity);

        if (more == NULL) {
            parser_no_memory(p);
            assert(size <= sizeof p->scrap);
            return memset(p->scrap, 0, sizeof p->scrap);
        }
        if (l->count)
            memcpy(more, l->items, size * (size_t)l->count);
        l->items = more;
        l->capacity = capacity;
    }
    return (char *)l->items + size * (size_t)l->count++;
}
