/* sql_words.h: what may come next in a statement that is being typed: for completion. */
#ifndef WEIR_CLI_SQL_WORDS_H
#define WEIR_CLI_SQL_WORDS_H
#include "sql/session.h"

/* In the order in which they are shown. */
enum sql_word_rank { WORD_NAME, WORD_FUNCTION, WORD_KEYWORD };

struct sql_word {
    const char *text;  /* as it is put in */
    const char *after; /* what is put behind it when it is the only one */
    enum sql_word_rank rank;
};

struct sql_words {
    struct arena *arena; /* the words live in it */
    size_t prefix_len;   /* bytes before the cursor that a word takes the place of */
    int32_t count, capacity;
    struct sql_word *items; /* by rank, then by text; no two are equal */
};

/* The cursor is between before and after in a statement. out->arena is given; the rest is filled in. */
void sql_words_find(struct session *session, struct slice before, struct slice after, struct sql_words *out);
#endif
