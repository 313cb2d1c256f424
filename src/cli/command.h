/* command.h: the words that may follow `weir`: one file each, one table (main.c). */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H
#include "base/error.h"

struct command {
    const char *name;
    const char *summary;               /* for `weir --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code: 0, or 1 */
};

int command_run(int argc, char **argv);    /* run.c */
int command_sql(int argc, char **argv);    /* sql.c */
int command_table(int argc, char **argv);  /* table.c */
int command_config(int argc, char **argv); /* config_reference.c */

/* Say on standard error what is wrong with the arguments, and where the help is; returns 1. */
int command_usage(const char *command, const char *fmt, ...) PRINTF(2, 3);
#endif
