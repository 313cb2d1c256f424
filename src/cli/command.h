/* command.h: the words that may follow `weir`: one table (main.c). */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H
#include "base/error.h"

struct command {
    const char *name;
    const char *summary;               /* for `weir --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code: 0, or 1 */
};

int command_run(int argc, char **argv);       /* run.c */
int command_sql(int argc, char **argv);       /* sql.c */
int command_table(int argc, char **argv);     /* table.c */
int command_reference(int argc, char **argv); /* reference.c: whichever page argv[0] names */

/* Say on standard error what is wrong with the arguments, and where the help is; returns 1. */
int command_usage(const char *command, const char *fmt, ...) PRINTF(2, 3);
#endif
