/* sql_check.h: `weir sql --check`: all errors of scripts at once, with nothing run and nothing made. */
#ifndef WEIR_CLI_SQL_CHECK_H
#define WEIR_CLI_SQL_CHECK_H
#include "config/config.h"

/* Each file in a session of its own, after init (NULL: none). Errors go to standard error, a line on each
 * file to standard output. The exit code: 1 when there is any error. */
int sql_check(struct config *config, const char *init, char **files, int32_t file_count);
#endif
