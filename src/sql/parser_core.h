/* parser_core.h: what all parts of the parser share: tokens, names, lists and how they fail.
 *
 * 1. The first failure counts. After it every look at the next token finds the end, so that loops and lists
 * come to
 *    their end by themselves and no part has to ask after each step; the tree so made is thrown away.
 * 2. Allocation never gives NULL: when there is no memory the parser fails and everyone is given the same
 * scrap.
 * 3. What keywords were looked for at a token is remembered: a misspelt one is compared with those.
 */
#ifndef WEIR_SQL_PARSER_CORE_H
#define WEIR_SQL_PARSER_CORE_H
#include "sql/lexer.h"
#include "sql/parser.h"
#include <stdalign.h>

#define PARSER_TRIED_MAX 64

struct parser {
    struct arena *arena;
    const struct sql_source *source;
    struct lexer lexer;
    struct token *tokens; /* owned: of this statement, as far as they were looked at */
    size_t count, capacity;
    size_t at; /* the next one */
    int depth;
    bool failed;
    struct sql_error *error;
    size_t tried_at; /* the token at which the keywords in tried were looked for */
    int tried_count;
    uint16_t tried[PARSER_TRIED_MAX];
    size_t alias_at; /* 1 + the token of an alias without AS, which may be a misspelt keyword; 0: none */
    alignas(max_align_t) char scrap[1024];
};

/* --- tokens --- */
const struct token *parser_peek(struct parser *p, size_t ahead); /* valid until the next call */
struct slice parser_text_of(const struct parser *p, const struct token *t);

static inline bool parser_at(struct parser *p, enum token_kind kind)
{
    return parser_peek(p, 0)->kind == kind;
}
bool parser_at_word(struct parser *p, enum keyword k);
/* A keyword further on; not remembered as tried. */
bool parser_word_ahead(struct parser *p, size_t ahead, enum keyword k);
bool parser_kind_ahead(struct parser *p, size_t ahead, enum token_kind kind);
void parser_skip(struct parser *p, size_t count);

bool parser_take(struct parser *p, enum token_kind kind);
bool parser_take_word(struct parser *p, enum keyword k);
bool parser_take_words(struct parser *p, enum keyword first, enum keyword second); /* both or none */
void parser_want(struct parser *p, enum token_kind kind, const char *what);
void parser_want_word(struct parser *p, enum keyword k);

/* --- places --- */
struct ast_place parser_here(struct parser *p); /* of the next token */
struct ast_place parser_from(struct parser *p,
                             struct ast_place begin); /* from there to the last taken token */
struct ast_place parser_join(struct ast_place from, struct ast_place to);

/* --- failing --- */
/* `expected WHAT after the last token, found the next one`, with the likeliest hint. */
void parser_expected(struct parser *p, const char *what);
/* A message of its own for a place; false when there was a failure already (then no hint may be set). */
bool parser_refuse(struct parser *p, enum err code, struct ast_place place, const char *fmt, ...)
    PRINTF(4, 5);
void parser_no_memory(struct parser *p);
/* One level of nesting more; false when it is too deep. Each true is followed by parser_leave. */
bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);
/* A tree's height from those below; fails when it is too high. */
int32_t parser_height(struct parser *p, int32_t below, struct ast_place place);
/* parser_hint.c: find a hint for a failure at the next token, where `what` was expected. */
void parser_hint(struct parser *p, const struct token *found, const char *what);
/* How a token is named in a message: `price`, 'text', in 40 characters at most. */
#define PARSER_SHOWN_MAX 80
const char *parser_show(const struct parser *p, const struct token *t, char out[PARSER_SHOWN_MAX]);

/* --- memory --- */
void *parser_alloc(struct parser *p, size_t byte_count);
#define PARSER_NEW(p, type) ((type *)parser_alloc((p), sizeof(type)))
const char *parser_strdup(struct parser *p, struct slice s);

/* An array being read. */
struct list {
    void *items;
    int32_t count, capacity;
};
void *parser_add(struct parser *p, struct list *l, size_t size); /* a new zeroed element */
#define PARSER_ADD(p, list, type) ((type *)parser_add((p), (list), sizeof(type)))

/* --- names and texts --- */
bool parser_is_name(
    const struct token *t); /* could be a name: a word that is not reserved, or in back-ticks */
void parser_word(struct parser *p, struct ast_word *out, const char *what);
const struct ast_word *parser_new_word(struct parser *p, const char *what);
void parser_name(struct parser *p, struct ast_name *out, const char *what);
const struct ast_name *parser_new_name(struct parser *p, const char *what);
struct ast_words parser_words(struct parser *p, const char *what);            /* (a, b) */
struct ast_words parser_words_bare(struct parser *p, const char *what);       /* a, b */
void parser_string(struct parser *p, struct ast_word *out, const char *what); /* 'text' */
const struct ast_word *parser_new_string(struct parser *p, const char *what);
const struct ast_word *parser_comment(struct parser *p); /* [COMMENT 'text'] or NULL */
struct ast_options parser_options(struct parser *p);     /* ('k' = 'v', ...) */
struct ast_words parser_keys(struct parser *p);          /* ('k', ...) */
bool parser_if_exists(struct parser *p);                 /* [IF EXISTS] */
bool parser_if_not_exists(struct parser *p);             /* [IF NOT EXISTS] */
struct ast_hints parser_hints(struct parser *p);         /* [hint list] */

/* --- the parts of the grammar, one a file --- */
const struct ast_expr *parser_expr(struct parser *p);    /* parser_expr.c */
const struct ast_expr *parser_operand(struct parser *p); /* as a bound of BETWEEN: no AND, no = */
struct ast_exprs parser_exprs(struct parser *p);         /* a, b, ... */
struct ast_orders parser_orders(struct parser *p);       /* behind ORDER BY */
const struct ast_expr *parser_node(struct parser *p, const struct ast_expr *x); /* x in the arena */
const struct ast_expr *parser_make(struct parser *p, struct ast_place place, const char *name,
                                   const struct ast_expr *const *operands, int32_t count); /* a CALL */
const struct ast_expr *parser_named_call(struct parser *p,
                                         const struct ast_name *name); /* parser_call.c: at `(` */
const struct ast_window *parser_window(struct parser *p);
bool parser_form(struct parser *p, const struct ast_expr **out); /* parser_form.c: TRIM(...) and its like */
bool parser_json(struct parser *p,
                 const struct ast_expr **out); /* parser_json.c: JSON_VALUE(...) and its like */
bool parser_literal(struct parser *p, const struct ast_expr **out); /* parser_literal.c */
const struct ast_expr *parser_number(struct parser *p, const char *what);
enum ast_unit parser_unit(struct parser *p,
                          bool add); /* add: as TIMESTAMPADD takes them; NO_UNIT: none is there */
bool parser_interval_unit(struct parser *p, struct ast_literal *out);
const struct type *parser_type(struct parser *p, bool nullability,
                               struct ast_place *place); /* parser_type.c */
const struct ast_query *parser_query(struct parser *p);  /* parser_query.c */
const struct ast_word *parser_alias(struct parser *p);   /* [AS] name; NULL: none */
bool parser_at_query(struct parser *p);                  /* SELECT, WITH, VALUES, TABLE t, or `(` of such */
bool parser_paren_query(struct parser *p);               /* at `(`: a query is in it */
const struct ast_table *parser_tables(struct parser *p); /* parser_table.c: what stands behind FROM */
void parser_match(struct parser *p, struct ast_match *out);     /* parser_match.c */
const struct ast_statement *parser_statement(struct parser *p); /* parser_statement.c */
bool parser_begins(const struct token *t);                      /* a word that begins statements */
void parser_create(struct parser *p, struct ast_statement *s);  /* parser_create.c */
void parser_alter(struct parser *p, struct ast_statement *s);   /* parser_alter.c */
void parser_drop(struct parser *p, struct ast_statement *s);
void parser_show_statement(struct parser *p, struct ast_statement *s); /* parser_show.c */
void parser_describe(struct parser *p, struct ast_statement *s);
void parser_function(struct parser *p, struct ast_function *f);
void parser_schema_element(struct parser *p, struct ast_schema *s, struct list lists[2], bool alter);
struct ast_schema parser_schema(struct parser *p, bool alter); /* ( ... ) */
const struct ast_distribution *parser_distribution(struct parser *p);
enum ast_refresh parser_refresh(struct parser *p);
struct ast_assigns parser_partition(struct parser *p);     /* (k = v, ...) */
struct ast_assigns parser_opt_partition(struct parser *p); /* [PARTITION (...)] */
#endif
