/* sql_text.h: the text that a statement came from, and how an error in it is shown.
 *
 *     SQL parse failed. at bronze.sql:12:8: expected a type after `price`, found `)`
 *       12 |   price ),
 *          |         ^
 *     hint: say what type `price` has: price DOUBLE
 *
 * The binder reports what it finds wrong in the same way.
 */
#ifndef WEIR_SQL_SQL_TEXT_H
#define WEIR_SQL_SQL_TEXT_H
#include "sql/ast.h"
#include <stdarg.h>

struct sql_source {
    const char *name;  /* of the file, for messages; NULL: typed in */
    struct slice text; /* borrowed */
};

struct sql_error {
    enum err code;
    const char *stage;      /* static: SQL_PARSE_FAILED, SQL_VALIDATION_FAILED; NULL: none */
    struct ast_place place; /* the words that are wrong; begin == end at the end of the text */
    char message[600];      /* one line, no full stop */
    char hint[400];         /* what to do; empty: none */
};

#define SQL_PARSE_FAILED      "SQL parse failed."
#define SQL_VALIDATION_FAILED "SQL validation failed."

/* Fill error and return code; the hint is emptied. */
enum err sql_fail(struct sql_error *error, enum err code, const char *stage, struct ast_place place,
                  const char *fmt, ...) PRINTF(5, 6);
enum err sql_vfail(struct sql_error *error, enum err code, const char *stage, struct ast_place place,
                   const char *fmt, va_list args);
void sql_hint(struct sql_error *error, const char *fmt, ...) PRINTF(2, 3);

/* The text above, without a line feed at the end. */
void sql_error_render(const struct sql_error *error, const struct sql_source *source, struct bytes *out);
/* The same for a window so many columns wide: the line and the mark below it are not broken by its edge. */
void sql_error_render_within(const struct sql_error *error, const struct sql_source *source, int32_t columns,
                             struct bytes *out);
/* The same in one line, for a log or a struct error: `SQL parse failed. at bronze.sql:12:8: expected ...; say
 * ...`. Returns error->code. */
enum err sql_error_line(const struct sql_error *error, const struct sql_source *source, struct error *e);

/* The place of a byte range of text. */
struct ast_place sql_place(struct slice text, size_t begin, size_t end);

/* The nearest of the words to wrong, in any case: at most a third of its letters differ; NULL: none is near.
 */
const char *sql_nearest(const char *wrong, const char *const *words, size_t count);
#endif
