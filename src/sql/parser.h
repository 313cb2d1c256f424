/* parser.h: SQL text to statements, in Flink 1.20's dialect.
 *
 * Written by hand (recursive descent; expressions by operator precedence) and not generated: messages are
 * what users meet most, and a parser that knows what it is in the midst of can say what it expected after
 * which word, where the open parenthesis is and what was probably meant; many of Flink's words are names or
 * keywords by where they stand, which a table-driven grammar has to be bent around. And there is one tool
 * less to build.
 *
 * A script is statements, each ended by `;` (the last may go without). Limits: SQL_STATEMENT_MAX bytes a
 * statement, SQL_DEPTH_MAX parentheses within one another, AST_HEIGHT_MAX (ast.h) for long chains.
 */
#ifndef WEIR_SQL_PARSER_H
#define WEIR_SQL_PARSER_H
#include "sql/ast.h"
#include "sql/sql_text.h"

#define SQL_STATEMENT_MAX ((size_t)4 << 20)
#define SQL_DEPTH_MAX     200

/* Parse the statement at *offset of source->text, blanks and comments and empty statements before it skipped.
 * On success *offset is behind its `;` and *out lives in arena, or is NULL when there is no more statement.
 * ERR_INPUT, ERR_UNSUPPORTED, ERR_MEMORY: *error says what and where (also a message for ERR_MEMORY), and
 * *offset is where the next statement probably begins: behind the next `;`, or at a statement that begins a
 * line when the `;` before it was forgotten. */
MUST_USE enum err sql_parse(struct arena *arena, const struct sql_source *source, size_t *offset,
                            const struct ast_statement **out, struct sql_error *error);

/* All statements of a script, and all its errors: after one the parser goes on with the next statement. */
struct sql_script {
    int32_t statement_count;
    const struct ast_statement **statements;
    int32_t error_count;
    struct sql_error *errors;
};
/* OK also when there are errors; ERR_MEMORY is the only failure. More than SQL_ERRORS_MAX are not collected.
 */
#define SQL_ERRORS_MAX 100
MUST_USE enum err sql_parse_script(struct arena *arena, const struct sql_source *source,
                                   struct sql_script *out, struct error *e);

/* One expression, as it stands in a column's definition or a hint: the whole text. Places are from its start.
 */
MUST_USE enum err sql_parse_expr(struct arena *arena, const struct sql_source *source,
                                 const struct ast_expr **out, struct sql_error *error);

/* Whether what was typed so far is whole: its last word is a `;` outside quotes, comments, and the body of a
 * STATEMENT SET. Blank input is whole too. */
bool sql_complete(struct slice text);

/* Whether word (any case) must stand in back-ticks to be a name. */
bool sql_reserved(struct slice word);
/* Step through all words of the dialect in order: start with *at = 0; NULL at the end. */
const char *sql_keyword_next(size_t *at);
#endif
