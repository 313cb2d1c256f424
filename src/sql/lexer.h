/* lexer.h: SQL text to tokens, one at a time. Blanks and comments are skipped; a slash-star-plus begins a
 * hint and is a token. A token borrows its text; what is between quotes is decoded by lexer_value. The lexer
 * never fails: what is no token of SQL is a TOKEN_BAD whose reason says why, and lexing can go on behind it.
 */
#ifndef WEIR_SQL_LEXER_H
#define WEIR_SQL_LEXER_H
#include "sql/ast.h"
#include "sql/keywords.h"
#include "sql/sql_text.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,     /* a name or keyword */
    TOKEN_QUOTED,   /* `name` */
    TOKEN_TEXT,     /* 'text', U&'text', _UTF8'text', N'text' */
    TOKEN_BYTES,    /* X'0aff' */
    TOKEN_INTEGER,  /* 12 */
    TOKEN_DECIMAL,  /* 1.5, .5, 1. */
    TOKEN_DOUBLE,   /* 1e3 */
    TOKEN_HINT,     /* the beginning of a hint */
    TOKEN_HINT_END, /* and its end */
    TOKEN_SEMICOLON,
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACKET,
    TOKEN_RBRACKET,
    TOKEN_LBRACE,
    TOKEN_RBRACE,
    TOKEN_LEXCLUDE, /* {- of a pattern */
    TOKEN_REXCLUDE, /* -} */
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_COLON,
    TOKEN_QUESTION,
    TOKEN_CARET,
    TOKEN_DOLLAR,
    TOKEN_BAR,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_PERCENT,
    TOKEN_CONCAT, /* || */
    TOKEN_ARROW,  /* => */
    TOKEN_BAD,    /* from here on no token of SQL: other languages' ... */
};

enum token_bad {
    BAD_NONE,
    BAD_CHARACTER,
    BAD_UTF8,
    BAD_NUL,
    BAD_EQUALS, /* == */
    BAD_BANG,   /* != */
    BAD_CAST,   /* :: */
    BAD_DOUBLE_QUOTED,
    BAD_SMART_QUOTE,
    BAD_INVISIBLE, /* a no-break space and its like */
    BAD_DASH,      /* a typographic minus */
    BAD_OPEN_TEXT, /* the closing quote is missing: the token reaches to the end of the text */
    BAD_OPEN_NAME,
    BAD_OPEN_COMMENT,
    BAD_EMPTY_NAME, /* `` */
    BAD_LONG_NAME,
    BAD_CHARSET, /* _KOI8'text' */
    BAD_HEX,     /* X'0g' */
};

struct token {
    enum token_kind kind : 8;
    enum token_bad bad : 8;
    enum keyword keyword : 16; /* WORD: which, KW_NO_KEYWORD for a mere name */
    struct ast_place place;
};

struct lexer {
    struct slice text;
    size_t at;            /* next byte */
    int32_t line, column; /* of it */
};

#define LEXER_NAME_MAX 256 /* bytes of a name, as in Flink */

/* Begin at byte offset of text. A byte order mark at its beginning is skipped. */
void lexer_init(struct lexer *l, struct slice text, size_t offset);
struct token lexer_next(struct lexer *l);

static inline struct slice lexer_text(const struct lexer *l, const struct token *t)
{
    return ast_text(l->text, t->place);
}

/* Decode a QUOTED, TEXT or BYTES token. Returns NULL and *out (terminated, in arena); else why not, a
 * sentence for the user. escape is the character of a UESCAPE clause, else '\\'. No memory: arena->failed. */
const char *lexer_value(struct lexer *l, const struct token *t, char escape, struct arena *arena,
                        struct slice *out);
#endif
