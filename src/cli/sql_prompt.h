/* sql_prompt.h: the interactive client: a prompt, statements of one or more lines, until the user leaves. */
#ifndef WEIR_CLI_SQL_PROMPT_H
#define WEIR_CLI_SQL_PROMPT_H
#include "cli/sql_client.h"

/* history: the file; NULL: ~/.weir-sql-history. Fails when the terminal cannot be used. */
MUST_USE enum err sql_prompt(struct sql_client *c, const char *history, struct error *e);
#endif
