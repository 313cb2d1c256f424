/* ddl_draft.h: a table's definition while a statement puts it together: from LIKE, from a query, from what is
 * there (ALTER), and from what is written; draft_finish then looks at the whole, whatever it came from.
 * Within this folder. All in the statement's arena, which keeps the failure.
 */
#ifndef WEIR_SQL_DDL_DRAFT_H
#define WEIR_SQL_DDL_DRAFT_H
#include "sql/ddl.h"

struct draft_column {
    struct table_column column;  /* COMPUTED: type NULL until draft_finish; expr is its text */
    const struct ast_expr *expr; /* COMPUTED, when it is written in this statement */
    struct ast_place place;      /* of its name, or of the clause that brought it */
    bool base;                   /* from LIKE */
};

struct draft {
    struct doing *d;
    struct table_path path;
    struct ast_place place; /* of the table's name */
    bool temporary;
    const char *comment;
    struct draft_column *columns;
    int32_t column_count, capacity;
    struct ast_word time;             /* WATERMARK FOR; text NULL: none */
    const struct ast_expr *watermark; /* when it is written in this statement */
    const char *watermark_text;
    struct ast_words key;
    const char *key_name;
    struct ast_words partition;
    const struct table_option *options;
    int32_t option_count;
};

/* A draft of the table that is there, for ALTER: everything is at place. */
void draft_of(struct draft *dr, struct doing *d, const struct table_def *t, struct ast_place place);
/* Its number, -1: none of that name. */
int32_t draft_find(const struct draft *dr, const char *name);
/* Put c before column number at (column_count: at the end). */
void draft_insert(struct draft *dr, int32_t at, const struct draft_column *c);
void draft_remove(struct draft *dr, int32_t at);

/* One column as it is written. */
MUST_USE enum err draft_column(struct draft *dr, const struct ast_column *written, struct draft_column *out);
/* PRIMARY KEY as it is written, of the table or of a column. */
MUST_USE enum err draft_key(struct draft *dr, const struct ast_constraint *c, const struct ast_word *column);
MUST_USE enum err draft_watermark(struct draft *dr, const struct ast_watermark *w);
MUST_USE enum err draft_options(struct draft *dr, const struct ast_options *options);

/* The tree of a column's or watermark's text, which is in the definition. */
MUST_USE enum err draft_tree(struct draft *dr, const char *text, const char *whose, struct ast_place place,
                             const struct ast_expr **out);
/* LIKE: what the base table gives, by the rules; then the new columns are put in. */
MUST_USE enum err draft_like(struct draft *dr, const struct ast_create_table *t);

/* Check everything and make the definition. */
MUST_USE enum err draft_finish(struct draft *dr, const struct table_def **out);

/* `did you mean`, or which columns there are. */
void draft_hint_columns(struct draft *dr, const char *wrong);
/* The text of an expression as SQL, in arena; NULL when there is no memory. */
const char *draft_text(struct doing *d, const struct ast_expr *x);
#endif
