/* show.h: the statements that tell what there is; within this folder. */
#ifndef WEIR_SQL_SHOW_H
#define WEIR_SQL_SHOW_H
#include "sql/session_internal.h"

MUST_USE enum err show_execute(struct doing *d, const struct ast_show *show, struct ast_place place);
MUST_USE enum err show_describe(struct doing *d, const struct ast_describe *describe, struct ast_place place);
/* DESCRIBE's rows, of the columns that fit. */
MUST_USE enum err show_columns(struct doing *d, const struct table_def *t, const struct ast_show *filter);

/* Whether a column is PROCTIME(), the processing-time attribute. */
bool show_is_proctime(const struct table_column *c);

/* SHOW CREATE ...: appended to out as Flink writes it. */
void show_create_table(const struct table_def *t, struct bytes *out);
void show_create_view(const struct table_def *t, struct bytes *out);
void show_create_catalog(const struct sql_catalog *c, struct bytes *out);

/* Whether name is like the pattern: % any run, _ any one character, \ before one that stands for itself. */
bool show_like(struct slice name, struct slice pattern, bool any_case);
/* Whether show's LIKE, if there is one, lets name pass. */
bool show_passes(const struct ast_show *show, const char *name);
#endif
