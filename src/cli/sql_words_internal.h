/* sql_words_internal.h: what sql_words.c and sql_words_options.c share. */
#ifndef WEIR_CLI_SQL_WORDS_INTERNAL_H
#define WEIR_CLI_SQL_WORDS_INTERNAL_H
#include "cli/sql_words.h"
#include "sql/lexer.h"

#define TOKENS_MAX 4096 /* of a statement; what is behind them is not looked at */

struct sql_place_token {
    enum token_kind kind;
    enum token_bad bad;
    struct slice text; /* TEXT, QUOTED: what is between the quotes */
};

/* The statement around the cursor. */
struct sql_place {
    struct session *session;
    struct sql_words *out;
    struct sql_place_token *tokens; /* of the whole statement, without the one at the cursor */
    int32_t count, cursor;          /* tokens before the cursor */
    struct slice prefix;            /* what was typed of the word at the cursor, without a quote before it */
    char open;                      /* the quote that is open before the prefix, 0: none */
};

/* Take a word into the list if it begins with the prefix, in any case. text and after are borrowed. */
void sql_words_add(struct sql_place *p, enum sql_word_rank rank, const char *text, const char *after);
bool sql_words_is(const struct sql_place *p, int32_t at, const char *word); /* a token, in any case */
enum token_kind sql_words_kind(const struct sql_place *p, int32_t at);      /* END: outside */

/* Settings and options: false when the cursor is at neither. */
bool sql_words_options(struct sql_place *p);
#endif
