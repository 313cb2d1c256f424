/* ast_print.h: what the printers of ast_print*.c share beside ast.h. */
#ifndef WEIR_SQL_AST_PRINT_H
#define WEIR_SQL_AST_PRINT_H
#include "sql/ast.h"

void ast_print_exprs(const struct ast_exprs *xs, struct bytes *out);
void ast_print_orders(const struct ast_orders *orders, struct bytes *out);    /* without ORDER BY */
void ast_print_words(const struct ast_words *words, struct bytes *out);       /* `a`, `b` */
void ast_print_string(const struct ast_word *word, struct bytes *out);        /* 'text' */
void ast_print_options(const struct ast_options *options, struct bytes *out); /* ('k' = 'v') */
void ast_print_hints(const struct ast_hints *hints, struct bytes *out);
void ast_print_window(const struct ast_window *w, struct bytes *out);
void ast_print_table(const struct ast_table *t, struct bytes *out);
void ast_print_match(const struct ast_match *m, struct bytes *out);
#endif
