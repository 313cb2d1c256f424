/* parser_names.c: names, texts, lists of them, options and hints. */
#include "sql/parser_core.h"

bool parser_is_name(const struct token *t)
{
    return t->kind == TOKEN_QUOTED ||
           (t->kind == TOKEN_WORD && (t->keyword == KW_NO_KEYWORD || !keyword_reserved(t->keyword)));
}

void parser_word(struct parser *p, struct ast_word *out, const char *what)
{
    const struct token *t = parser_peek(p, 0);
    struct slice s;

    *out = (struct ast_word){"", t->place};
    if (!parser_is_name(t)) {
        parser_expected(p, what);
        return;
    }
    s = parser_text_of(p, t);
    if (t->kind == TOKEN_QUOTED && lexer_value(&p->lexer, t, '\\', p->arena, &s) == NULL && p->arena->failed)
        parser_no_memory(p);
    out->text = t->kind == TOKEN_QUOTED ? s.ptr : parser_strdup(p, s);
    parser_skip(p, 1);
}

const struct ast_word *parser_new_word(struct parser *p, const char *what)
{
    struct ast_word *word = PARSER_NEW(p, struct ast_word);

    parser_word(p, word, what);
    return word;
}

void parser_name(struct parser *p, struct ast_name *out, const char *what)
{
    struct list parts = {0};
    struct ast_place begin = parser_here(p);

    do {
        parser_word(p, PARSER_ADD(p, &parts, struct ast_word), parts.count > 1 ? "a name" : what);
    } while (parser_take(p, TOKEN_DOT));
    *out = (struct ast_name){parts.count, parts.items, parser_from(p, begin)};
}

const struct ast_name *parser_new_name(struct parser *p, const char *what)
{
    struct ast_name *name = PARSER_NEW(p, struct ast_name);

    parser_name(p, name, what);
    return name;
}

struct ast_words parser_words_bare(struct parser *p, const char *what)
{
    struct list words = {0};

    do {
        parser_word(p, PARSER_ADD(p, &words, struct ast_word), what);
    } while (parser_take(p, TOKEN_COMMA));
    return (struct ast_words){words.count, words.items};
}

struct ast_words parser_words(struct parser *p, const char *what)
{
    struct ast_words words;

    parser_want(p, TOKEN_LPAREN, "`(`");
    words = parser_words_bare(p, what);
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return words;
}

void parser_string(struct parser *p, struct ast_word *out, const char *what)
{
    const struct token *t = parser_peek(p, 0);
    struct slice s = {"", 0};
    const char *why;

    *out = (struct ast_word){"", t->place};
    if (t->kind != TOKEN_TEXT) {
        parser_expected(p, what);
        return;
    }
    why = lexer_value(&p->lexer, t, '\\', p->arena, &s);
    if (why)
        parser_refuse(p, ERR_INPUT, t->place, "%s", why);
    else if (p->arena->failed)
        parser_no_memory(p);
    else
        out->text = s.ptr;
    parser_skip(p, 1);
}

const struct ast_word *parser_new_string(struct parser *p, const char *what)
{
    struct ast_word *word = PARSER_NEW(p, struct ast_word);

    parser_string(p, word, what);
    return word;
}

const struct ast_word *parser_comment(struct parser *p)
{
    return parser_take_word(p, KW_COMMENT) ? parser_new_string(p, "the comment in single quotes") : NULL;
}

struct ast_options parser_options(struct parser *p)
{
    struct list options = {0};

    parser_want(p, TOKEN_LPAREN, "`(`");
    if (parser_take(p, TOKEN_RPAREN))
        return (struct ast_options){0};
    do {
        struct ast_option *o = PARSER_ADD(p, &options, struct ast_option);

        parser_string(p, &o->key, "an option's name in single quotes");
        parser_want(p, TOKEN_EQ, "`=`");
        parser_string(p, &o->value, "the option's value in single quotes");
    } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return (struct ast_options){options.count, options.items};
}

struct ast_words parser_keys(struct parser *p)
{
    struct list keys = {0};

    parser_want(p, TOKEN_LPAREN, "`(`");
    if (parser_take(p, TOKEN_RPAREN))
        return (struct ast_words){0};
    do {
        parser_string(p, PARSER_ADD(p, &keys, struct ast_word), "an option's name in single quotes");
    } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    return (struct ast_words){keys.count, keys.items};
}

bool parser_if_exists(struct parser *p)
{
    return parser_take_words(p, KW_IF, KW_EXISTS);
}

bool parser_if_not_exists(struct parser *p)
{
    if (!parser_at_word(p, KW_IF) || !parser_word_ahead(p, 1, KW_NOT) || !parser_word_ahead(p, 2, KW_EXISTS))
        return false;
    parser_skip(p, 3);
    return true;
}

/* One argument of a hint: 'k' = 'v', k = 'v', a name, a text or a number. */
static void hint_argument(struct parser *p, struct list *options, struct list *words)
{
    struct ast_word word = {0};
    const struct token *t = parser_peek(p, 0);

    if (t->kind == TOKEN_TEXT) {
        parser_string(p, &word, "an argument of the hint");
    } else if (t->kind == TOKEN_INTEGER) {
        word = (struct ast_word){parser_strdup(p, parser_text_of(p, t)), t->place};
        parser_skip(p, 1);
    } else {
        parser_word(p, &word, "an argument of the hint");
        while (parser_take(p, TOKEN_DOT)) { /* c.d.t: the table's whole name */
            struct ast_word more;
            const char *joined;

            parser_word(p, &more, "a name");
            joined = arena_printf(p->arena, "%s.%s", word.text, more.text);
            if (joined == NULL)
                parser_no_memory(p);
            word = (struct ast_word){joined ? joined : "", parser_join(word.place, more.place)};
        }
    }
    if (parser_take(p, TOKEN_EQ)) {
        struct ast_option *o = PARSER_ADD(p, options, struct ast_option);

        o->key = word;
        parser_string(p, &o->value, "the option's value in single quotes");
    } else {
        *PARSER_ADD(p, words, struct ast_word) = word;
    }
}

static void hint(struct parser *p, struct ast_hint *out)
{
    struct list options = {0}, words = {0};

    parser_word(p, &out->name, "a hint's name");
    if (!parser_take(p, TOKEN_LPAREN))
        return;
    if (!parser_at(p, TOKEN_RPAREN))
        do {
            hint_argument(p, &options, &words);
        } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_RPAREN, "`,` or `)`");
    out->options = (struct ast_options){options.count, options.items};
    out->words = (struct ast_words){words.count, words.items};
}

struct ast_hints parser_hints(struct parser *p)
{
    struct list hints = {0};

    if (!parser_take(p, TOKEN_HINT))
        return (struct ast_hints){0};
    do {
        hint(p, PARSER_ADD(p, &hints, struct ast_hint));
    } while (parser_take(p, TOKEN_COMMA));
    parser_want(p, TOKEN_HINT_END, "`,` or `*/`");
    return (struct ast_hints){hints.count, hints.items};
}
