/* ddl.h: the statements that make, change and drop things; within this folder. */
#ifndef WEIR_SQL_DDL_H
#define WEIR_SQL_DDL_H
#include "sql/session_internal.h"

MUST_USE enum err ddl_create_table(struct doing *d, const struct ast_create_table *t, struct ast_place place);
MUST_USE enum err ddl_create_view(struct doing *d, const struct ast_view *v);
MUST_USE enum err ddl_create_catalog(struct doing *d, const struct ast_create_object *o);
MUST_USE enum err ddl_create_database(struct doing *d, const struct ast_create_object *o);
MUST_USE enum err ddl_alter_table(struct doing *d, const struct ast_alter *a);
MUST_USE enum err ddl_alter_view(struct doing *d, const struct ast_view *v);
MUST_USE enum err ddl_alter_catalog(struct doing *d, const struct ast_alter *a);
MUST_USE enum err ddl_alter_database(struct doing *d, const struct ast_alter *a);
MUST_USE enum err ddl_drop(struct doing *d, const struct ast_drop *drop);

/* WITH (...) as a list, in d's arena; of a key given twice the later counts. */
MUST_USE enum err ddl_options(struct doing *d, const struct ast_options *given,
                              const struct table_option **out, int32_t *count);
/* Options of base with those of more over them; and without those of keys. In d's arena. */
MUST_USE enum err ddl_options_merge(struct doing *d, const struct table_option *base, int32_t base_count,
                                    const struct table_option *more, int32_t more_count,
                                    const struct table_option **out, int32_t *count);
MUST_USE enum err ddl_options_without(struct doing *d, const struct table_option *base, int32_t base_count,
                                      const struct ast_words *keys, const struct table_option **out,
                                      int32_t *count);

/* Put a finished definition into its catalog, or among the temporary ones. */
MUST_USE enum err ddl_store_new(struct doing *d, const struct table_def *t, bool if_not_exists,
                                struct ast_place place, bool *made);
MUST_USE enum err ddl_store_changed(struct doing *d, const struct table_def *t, struct ast_place place);
/* Give a table or view, written `name` in the statement, another name in its database. */
MUST_USE enum err ddl_rename(struct doing *d, const struct table_def *old, const struct ast_name *name,
                             const struct ast_name *new_name);

/* The query's text with the names of tables in full. NULL when there is no memory. */
const char *ddl_query_text(struct doing *d, const struct ast_query *q);
/* Whether x reads a column of that name. */
bool ddl_reads(const struct ast_expr *x, const char *column);
#endif
