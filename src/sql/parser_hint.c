/* parser_hint.c: what was probably meant, when a token is not the one that was expected. Each rule looks at
 * one likely slip and says whether it is that; the first that says so gives the hint.
 */
#include "sql/parser_core.h"
#include <stdio.h>

struct slip {
    struct parser *p;
    const struct token *found;
    const char *what;         /* was expected */
    const struct token *last; /* taken before; NULL: none */
    char shown[PARSER_SHOWN_MAX];
};

/* A word that begins a line and a statement, where the one before is not ended. */
static bool missing_semicolon(struct slip *s)
{
    if (s->last == NULL || !parser_begins(s->found) || s->found->place.line == s->last->place.line ||
        s->found->place.column != 1)
        return false;
    sql_hint(s->p->error, "a `;` is missing at the end of line %" PRId32, s->last->place.line);
    return true;
}

/* What the lexer found wrong by itself. */
static bool bad_token(struct slip *s)
{
    static const char *const hints[] = {
        [BAD_EQUALS] = "write `=`",
        [BAD_BANG] = "write `<>`",
        [BAD_CAST] = "write CAST(x AS type)",
        [BAD_DOUBLE_QUOTED] = "a text is written in single quotes: 'text'; a name in back-ticks: `name`",
        [BAD_SMART_QUOTE] = "it came perhaps from a text program: write ' instead",
        [BAD_INVISIBLE] = "it came perhaps from a web page: write a blank instead",
        [BAD_DASH] = "it came perhaps from a text program: write - instead",
        [BAD_OPEN_TEXT] = "close it with '; a quote within a text is written twice: 'it''s'",
        [BAD_OPEN_NAME] = "close it with a back-tick",
        [BAD_OPEN_COMMENT] = "close it with */",
        [BAD_CHARSET] = "write 'text', or U&'\\00e9' for characters by their code",
        [BAD_UTF8] = "save the file as UTF-8",
        [BAD_NUL] = "is this file a text?",
        [BAD_HEX] = "write X'0aff'",
    };
    const char *hint = s->found->bad < COUNT_OF(hints) ? hints[s->found->bad] : NULL;

    if (s->found->kind != TOKEN_BAD)
        return false;
    if (s->found->bad == BAD_CHARACTER && parser_text_of(s->p, s->found).len == 1 &&
        *parser_text_of(s->p, s->found).ptr == '#')
        hint = "a comment begins with --";
    if (s->found->bad == BAD_DOUBLE_QUOTED && s->last && s->last->kind == TOKEN_WORD &&
        s->last->keyword == KW_AS)
        hint = "a name is written in back-ticks: `name`";
    if (hint)
        sql_hint(s->p->error, "%s", hint);
    return true;
}

/* `a, b, )` and `SELECT a, FROM t` */
static bool trailing_comma(struct slip *s)
{
    if (s->last == NULL || s->last->kind != TOKEN_COMMA)
        return false;
    if (s->found->kind != TOKEN_RPAREN && s->found->kind != TOKEN_RBRACKET &&
        s->found->kind != TOKEN_SEMICOLON && s->found->kind != TOKEN_COMMA &&
        !(s->found->kind == TOKEN_WORD && (s->found->keyword == KW_FROM || s->found->keyword == KW_WHERE)))
        return false;
    sql_hint(s->p->error, "remove the comma before %s", parser_show(s->p, s->found, s->shown));
    return true;
}

/* Whether what was expected is something that a name could be. */
static bool wants_name(const char *what)
{
    static const char *const others[] = {"quotes", "number",    "a type",   "a statement", "a literal",
                                         "a unit", "character", "a length", "a precision", "a scale"};

    if (strncmp(what, "a ", 2) != 0 && strncmp(what, "an ", 3) != 0 && strncmp(what, "the ", 4) != 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strstr(what, others[i]))
            return false;
    return true;
}

/* A reserved word where a name or an expression was expected. */
static bool reserved_name(struct slip *s)
{
    static const enum keyword clauses[] = {
        KW_FROM, KW_AS,   KW_WHERE, KW_SELECT, KW_ON,    KW_WITH,   KW_AND,   KW_OR, KW_GROUP, KW_ORDER,
        KW_THEN, KW_ELSE, KW_END,   KW_WHEN,   KW_UNION, KW_HAVING, KW_LIMIT, KW_BY, KW_INTO};
    struct slice text = parser_text_of(s->p, s->found);
    bool table = strncmp(s->what, "a table", 7) == 0 && !parser_kind_ahead(s->p, 1, TOKEN_WORD);
    const char *more = "";

    if (s->found->kind != TOKEN_WORD || s->found->keyword == KW_NO_KEYWORD ||
        !keyword_reserved(s->found->keyword) || !wants_name(s->what))
        return false;
    for (size_t i = 0; i < COUNT_OF(clauses); i++)
        if (clauses[i] == s->found->keyword && !table)
            return false;
    if (strcmp(s->what, "an expression") == 0 && keyword_class(s->found->keyword) == KEYWORD_FUNCTION)
        more = ", as a function with parentheses";
    sql_hint(s->p->error,
             SLICE_FMT " is a reserved word: as a name it is written in back-ticks, `" SLICE_FMT "`%s",
             SLICE_ARG(text), SLICE_ARG(text), more);
    return true;
}

static bool compare_words(struct slip *s, const struct token *t, const char *const *words, size_t count,
                          const char *instead)
{
    struct slice text = parser_text_of(s->p, t);
    char copy[64];
    const char *near;

    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    near = sql_nearest(copy, words, count);
    if (near == NULL || strcasecmp(near, copy) == 0)
        return false;
    sql_hint(s->p->error, "did you mean %s%s%s?", near, instead ? " instead of " : "",
             instead ? instead : "");
    return true;
}

/* A column's name without a type; or a misspelt word that was taken for a column's name. */
static bool missing_type(struct slip *s)
{
    static const char *const words[] = {"WATERMARK", "PRIMARY", "CONSTRAINT", "UNIQUE"};

    if (strcmp(s->what, "a type") != 0 || s->last == NULL || !parser_is_name(s->last))
        return false;
    if (s->last->kind == TOKEN_WORD &&
        compare_words(s, s->last, words, COUNT_OF(words), parser_show(s->p, s->last, s->shown)))
        return true;
    sql_hint(s->p->error, "say what type the column has: %s STRING", parser_show(s->p, s->last, s->shown));
    return true;
}

/* connector = 'kafka', where 'connector' was wanted. */
static bool unquoted(struct slip *s)
{
    struct slice text = parser_text_of(s->p, s->found);

    if (strstr(s->what, "single quotes") == NULL ||
        (s->found->kind != TOKEN_WORD && s->found->kind != TOKEN_INTEGER && s->found->kind != TOKEN_QUOTED))
        return false;
    if (s->found->kind == TOKEN_QUOTED)
        text = slice_of(text.ptr + 1, text.len - 2);
    sql_hint(s->p->error, "write it in single quotes: '" SLICE_FMT "'", SLICE_ARG(text));
    return true;
}

/* SELECT a b c: after a column and its alias there comes a name. */
static bool missing_comma_select(struct slip *s)
{
    if (s->p->alias_at == 0 || s->p->alias_at != s->p->at || !parser_is_name(s->found))
        return false;
    sql_hint(s->p->error, "is a comma missing before %s?", parser_show(s->p, s->found, s->shown));
    return true;
}

/* One of the keywords that were looked for here, misspelt. */
static bool misspelt(struct slip *s)
{
    const char *words[PARSER_TRIED_MAX];
    size_t count = 0;

    if (s->found->kind != TOKEN_WORD || s->p->tried_at != s->p->at)
        return false;
    for (int i = 0; i < s->p->tried_count; i++)
        words[count++] = keyword_text((enum keyword)s->p->tried[i]);
    return compare_words(s, s->found, words, count, NULL);
}

/* `SELECT a FORM t`: FORM was taken for the name of a. */
static bool misspelt_alias(struct slip *s)
{
    static const char *const words[] = {"FROM",  "WHERE", "GROUP",   "ORDER",     "HAVING", "LIMIT",
                                        "UNION", "JOIN",  "LEFT",    "RIGHT",     "INNER",  "FULL",
                                        "CROSS", "ON",    "WINDOW",  "INTERSECT", "EXCEPT", "OFFSET",
                                        "FETCH", "LIKE",  "BETWEEN", "AND"};

    if (s->p->alias_at == 0 || s->p->alias_at != s->p->at || s->last->kind != TOKEN_WORD)
        return false;
    return compare_words(s, s->last, words, COUNT_OF(words), parser_show(s->p, s->last, s->shown));
}

/* 'it's': the quote within ended the text. */
static bool broken_text(struct slip *s)
{
    if (s->last == NULL || s->last->kind != TOKEN_TEXT || s->found->place.begin != s->last->place.end)
        return false;
    if (s->found->kind != TOKEN_WORD && s->found->kind != TOKEN_INTEGER && s->found->kind != TOKEN_TEXT)
        return false;
    sql_hint(s->p->error, "is a quote missing before %s? A quote within a text is written twice: 'it''s'",
             parser_show(s->p, s->last, s->shown));
    return true;
}

/* Of a list the next element stands there without a comma. */
static bool missing_comma(struct slip *s)
{
    enum token_kind kind = s->found->kind;

    if (strncmp(s->what, "`,` or", 6) != 0)
        return false;
    if (kind != TOKEN_QUOTED && kind != TOKEN_TEXT && kind != TOKEN_INTEGER && kind != TOKEN_DECIMAL &&
        !(kind == TOKEN_WORD && (!keyword_reserved(s->found->keyword) || s->found->keyword == KW_WATERMARK ||
                                 s->found->keyword == KW_PRIMARY || s->found->keyword == KW_CONSTRAINT)))
        return false;
    sql_hint(s->p->error, "a comma is missing before %s", parser_show(s->p, s->found, s->shown));
    return true;
}

/* The last opening sign without its closing one. */
static const struct token *open_paren(const struct parser *p)
{
    const struct token *stack[SQL_DEPTH_MAX * 2];
    size_t depth = 0;

    for (size_t i = 0; i < p->at && i < p->count; i++) {
        enum token_kind kind = p->tokens[i].kind;

        if ((kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET) && depth < COUNT_OF(stack))
            stack[depth++] = &p->tokens[i];
        else if ((kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET) && depth)
            depth--;
    }
    return depth ? stack[depth - 1] : NULL;
}

static bool missing_paren(struct slip *s)
{
    const struct token *open = open_paren(s->p);

    if (open == NULL ||
        (s->found->kind != TOKEN_END && s->found->kind != TOKEN_SEMICOLON && !parser_begins(s->found) &&
         !(s->found->kind == TOKEN_WORD && (s->found->keyword == KW_FROM || s->found->keyword == KW_WHERE))))
        return false;
    if (strncmp(s->what, "`,` or", 6) != 0 && strcmp(s->what, "`)`") != 0 && s->found->kind == TOKEN_WORD)
        return false;
    sql_hint(s->p->error, "the %s of line %" PRId32 ", column %" PRId32 " is not closed",
             parser_show(s->p, open, s->shown), open->place.line, open->place.column);
    return true;
}

static bool surplus_paren(struct slip *s)
{
    if (s->found->kind != TOKEN_RPAREN || strcmp(s->what, "`;`") != 0)
        return false;
    sql_hint(s->p->error, "this `)` has no `(`");
    return true;
}

void parser_hint(struct parser *p, const struct token *found, const char *what)
{
    static bool (*const rules[])(struct slip *) = {
        bad_token,     missing_semicolon, trailing_comma, broken_text, misspelt_alias,       misspelt,
        missing_type,  reserved_name,     missing_comma,  unquoted,    missing_comma_select, missing_paren,
        surplus_paren,
    };
    struct token last = p->at ? p->tokens[p->at - 1] : *found,
                 at = *found; /* looking ahead moves the tokens */
    struct slip s = {.p = p, .found = &at, .what = what, .last = p->at ? &last : NULL};

    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rules[i](&s))
            return;
}
