/* sql_client_internal.h: what the files of the SQL client share: sql_client.c, sql_answer.c, sql_query.c,
 * sql_pager.c, sql_submit.c. Functions that return false have told what failed.
 */
#ifndef WEIR_CLI_SQL_CLIENT_INTERNAL_H
#define WEIR_CLI_SQL_CLIENT_INTERNAL_H
#include "cli/result_print.h"
#include "cli/query_rows.h"
#include "cli/signals.h"
#include "cli/sql_client.h"
#include <pthread.h>
#include <stdio.h>

/* What the signals' thread acts on; all under the lock. */
struct sql_target {
    pthread_mutex_t lock;
    struct query_rows *queue; /* a query is being printed */
    struct sql_job *job;      /* ... by this job; NULL: not started yet */
    bool waiting;             /* for `job`, or when it is NULL for all */
    int64_t told_us;          /* when it was first told to stop waiting, 0: not yet */
    bool leaving;
};

/* BEGIN STATEMENT SET ... END. In a script the statements are those of one source, so that places of errors
 * are right; typed in, they are put together. */
struct sql_set {
    bool open, one_source;
    const struct sql_source *source;
    size_t begin; /* in source: where the set begins */
    int32_t count;
    struct bytes text; /* the statements, each with `;` */
};

struct sql_client {
    struct sql_client_options options;
    struct config *config;
    struct job_process process;
    struct session *session;
    struct sql_jobs *jobs;
    struct signals *signals;
    struct sql_target target;
    int wake[2];
    struct sql_set set;
    FILE *out;
    bool terminal; /* out is one */
    bool colour, silent;
    bool told_wide; /* what to do about rows wider than the window: said once */
};

/* One statement and what is needed to tell what is wrong with it. */
struct sql_call {
    struct sql_client *client;
    struct arena *arena; /* dies with the statement */
    const struct sql_source *source;
    const struct ast_statement *statement;
    struct sql_settings settings;
    int64_t began_us;
};

/* --- sql_answer.c */
bool sql_answer_error(struct sql_client *c, const struct error *e);                    /* false */
bool sql_answer_sql_error(const struct sql_call *call, const struct sql_error *error); /* false */
void sql_answer_done(struct sql_client *c);                                            /* OK */
bool sql_answer_rows(struct sql_client *c, const struct schema *schema, const struct batch *rows);
int32_t sql_answer_columns(const struct sql_client *c);        /* of the window; INT16_MAX: there is none */
void sql_answer_text(struct sql_client *c, struct slice text); /* as it is */
/* Write and forget what is in text; false when nobody reads any more. */
bool sql_answer_flush(struct sql_client *c, struct bytes *text);

/* --- sql_query.c */
bool sql_query(const struct sql_call *call);
bool sql_query_style(const struct sql_call *call, struct result_style *out);

/* --- sql_pager.c: a full screen until the user leaves it; false: no screen could be had */
bool sql_pager(const struct sql_call *call, const struct schema *schema, const struct result_style *style,
               struct query_rows *queue);

/* --- sql_submit.c */
bool sql_submit(const struct sql_call *call, const struct ast_statement *statement);
bool sql_submit_set_begin(const struct sql_call *call);
bool sql_submit_set_add(const struct sql_call *call);
bool sql_submit_set_end(const struct sql_call *call);
bool sql_submit_show_jobs(const struct sql_call *call, const struct ast_word *id); /* NULL: all */
bool sql_submit_stop_job(const struct sql_call *call);
#endif
