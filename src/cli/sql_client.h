/* sql_client.h: a user's SQL, statement by statement: a session, the jobs it started, and where answers go.
 *
 *   text --parser--> statement --> the session's (CREATE, SET, SHOW ...)        sql_client.c
 *                              --> a query: its rows are printed                sql_query.c, sql_pager.c
 *                              --> INSERT, statement sets: jobs that run on     sql_submit.c
 *
 * Three manners: a client that somebody types into, a script that is echoed and answered in the texts of
 * Flink's client, and an application (`weir run`), which says little, and on standard error what is wrong.
 */
#ifndef WEIR_CLI_SQL_CLIENT_H
#define WEIR_CLI_SQL_CLIENT_H
#include "cli/sql_jobs.h"
#include "cli/sql_settings.h"

struct sql_client;

enum sql_manner { SQL_INTERACTIVE, SQL_SCRIPT, SQL_APPLICATION };

struct sql_client_options {
    enum sql_manner manner;
    const char *from; /* -s: for the application's one job */
    bool fresh, allow_non_restored, progress;
};

/* config is borrowed. Signals are blocked from then on and taken: SIGINT ends what is going on, SIGTERM the
 * client. */
MUST_USE enum err sql_client_new(struct config *config, const struct sql_client_options *options,
                                 struct sql_client **out, struct error *e);
void sql_client_free(struct sql_client *c); /* cancels jobs that run; NULL is fine */

/* Execute all statements of a text; echo: each is written out before its answer. False when one failed, and
 * was told; no other was begun then. */
bool sql_client_text(struct sql_client *c, const struct sql_source *source, bool echo);
/* The same for a file, and without its answers: what comes first (-i). */
bool sql_client_init_file(struct sql_client *c, const char *path);
bool sql_client_file(struct sql_client *c, const char *path, bool echo); /* "-": standard input */

/* A script is executed: warn of settings override.* that nothing in it was created by. */
void sql_client_check_overrides(struct sql_client *c);

/* Wait for the jobs that run; a signal stops them with a last checkpoint, a second one at once. False when
 * one failed, and was told. An application stops the others then. */
bool sql_client_wait(struct sql_client *c);
int32_t sql_client_running(struct sql_client *c); /* jobs */
void sql_client_stop(struct sql_client *c);       /* tell all jobs to end with a last checkpoint */
/* Tell of jobs that failed meanwhile. */
void sql_client_news(struct sql_client *c);

bool sql_client_leaving(struct sql_client *c); /* QUIT, SIGTERM; a script: SIGINT too */
int sql_client_wake_fd(struct sql_client *c); /* readable when SIGINT or SIGTERM came while nothing went on */
struct session *sql_client_session(struct sql_client *c);
void sql_client_info(struct sql_client *c, const char *fmt, ...) PRINTF(2, 3); /* "[INFO] ..." */
void sql_client_error(struct sql_client *c, const char *text); /* "[ERROR] Could not execute ..." */

/* The whole of a file, "-": standard input. Appended to out. */
MUST_USE enum err sql_client_read(const char *path, struct bytes *out, struct error *e);
#endif
