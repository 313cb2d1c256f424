/* run_options.h: the arguments of `weir run`, as Flink's client takes them. */
#ifndef WEIR_CLI_RUN_OPTIONS_H
#define WEIR_CLI_RUN_OPTIONS_H
#include "config/config.h"

struct run_options {
    const char *job;   /* path of the .so, or of a file of SQL */
    const char *entry; /* -c: "weir_main" */
    const char *from;  /* -s: NULL: none */
    bool fresh;        /* --fresh: begin anew although there is a checkpoint */
    bool allow_non_restored;
    bool progress; /* --progress: a live line on the terminal */
    bool detached; /* -d: run on in the background */
    bool help;
    int argc; /* what comes after the job: argv[0] is the job itself */
    char **argv;
};

/* Reads the configuration's files and environment, then the arguments (-D, -p) over them. */
MUST_USE enum err run_options_read(int argc, char **argv, struct config *config, struct run_options *out,
                                   struct error *e);
void run_options_help(void);
bool run_options_is_sql(const char *path); /* FILE.sql */

/* The configuration's files and environment, under everything else. */
MUST_USE enum err run_options_files(struct config *config, struct error *e);
#endif
