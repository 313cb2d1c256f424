/* ddl_alter.h: what ALTER TABLE does to a draft's columns; within this folder. */
#ifndef WEIR_SQL_DDL_ALTER_H
#define WEIR_SQL_DDL_ALTER_H
#include "sql/ddl_draft.h"

MUST_USE enum err alter_add(struct draft *dr, const struct ast_alter *a);
MUST_USE enum err alter_modify(struct draft *dr, const struct ast_alter *a);
MUST_USE enum err alter_rename_column(struct draft *dr, const struct ast_alter *a);
MUST_USE enum err alter_drop_columns(struct draft *dr, const struct ast_alter *a);
#endif
