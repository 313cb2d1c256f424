/* run_sql.h: `weir run FILE.sql`: a file of SQL as an application. */
#ifndef WEIR_CLI_RUN_SQL_H
#define WEIR_CLI_RUN_SQL_H
#include "cli/run_options.h"

/* All its statements, then wait for the jobs. The exit code. */
int run_sql(const struct run_options *options, struct config *config);
#endif
