/* sql_options.h: the arguments of `weir sql`, as Flink's client takes them. */
#ifndef WEIR_CLI_SQL_OPTIONS_H
#define WEIR_CLI_SQL_OPTIONS_H
#include "config/config.h"

struct sql_options {
    const char *file;    /* -f */
    const char *init;    /* -i */
    const char *history; /* -hist */
    bool help;
    char **jars; /* -j, in argv's order; owned array of borrowed texts */
    size_t jar_count, jar_capacity;
    char **checked; /* --check FILE...: borrowed, of argv */
    int32_t checked_count;
};

/* The configuration's files and environment first, then -D. */
MUST_USE enum err sql_options_read(int argc, char **argv, struct config *config, struct sql_options *out,
                                   struct error *e);
void sql_options_fini(struct sql_options *o);
void sql_options_help(void);
#endif
