/* sql_jobs.h: the jobs of a SQL client: each with its own engine, run by a thread of its own in this process,
 * side by side. A job that is over stays in the table with how it ended; what it held is freed.
 *
 *     start -> running -> over (FINISHED, STOPPED, CANCELED, FAILED)
 *
 * Thread: the client's, but for the calls that say any.
 */
#ifndef WEIR_CLI_SQL_JOBS_H
#define WEIR_CLI_SQL_JOBS_H
#include "batch/batch.h"
#include "cli/job_run.h"
#include "plan/plan.h"

struct sql_jobs;
struct sql_job;

/* Process is borrowed; metrics are served from the first job on. NULL when there is no memory. */
struct sql_jobs *sql_jobs_new(struct job_process *process);
void sql_jobs_free(struct sql_jobs *jobs); /* cancels what still runs; NULL is fine */

struct sql_job_request {
    const struct config *config; /* copied */
    const char *from;            /* as in struct job_request */
    bool fresh, allow_non_restored, passing;
    void (*ended)(void *arg); /* called on the job's thread when it is over; may be NULL */
    void *arg;
};
/* Takes plan, also on failure. *out is borrowed from the table. */
MUST_USE enum err sql_jobs_start(struct sql_jobs *jobs, struct plan *plan, const struct sql_job_request *r,
                                 struct sql_job **out, struct error *e);

const char *sql_job_id(const struct sql_job *job); /* 32 hexadecimal digits */
const char *sql_job_name(const struct sql_job *job);
enum job_state sql_job_state(struct sql_job *job); /* any thread */
int64_t sql_job_runtime_ms(struct sql_job *job);
/* Wait for its end: OK, or why it failed. */
MUST_USE enum err sql_job_wait(struct sql_job *job, struct error *e);
/* A job that is over and was not told of yet, neither here nor by sql_job_wait: *rc and e say how it ended.
 * wait: until there is one. NULL: none, or none that still runs. */
struct sql_job *sql_jobs_ended(struct sql_jobs *jobs, bool wait, enum err *rc, struct error *e);
void sql_job_cancel(struct sql_job *job); /* any thread; at once */
void sql_job_stop(struct sql_job *job);   /* any thread; with a last checkpoint */

struct sql_job *sql_jobs_next(struct sql_jobs *jobs, struct sql_job *job); /* NULL: the first */
struct sql_job *sql_jobs_find(struct sql_jobs *jobs, const char *id);      /* NULL: there is none */
int32_t sql_jobs_running(struct sql_jobs *jobs);                           /* any thread */
void sql_jobs_stop(struct sql_jobs *jobs);                                 /* all; any thread */
void sql_jobs_cancel(struct sql_jobs *jobs);                               /* all; any thread */
/* The sum over what runs and has run; for a progress line. arg: the table. Any thread. */
void sql_jobs_status(void *arg, struct engine_status *out);

/* SHOW JOBS, and DESCRIBE JOB for one: rows in the client's form; one reference, the caller's. Schema is
 * static. */
MUST_USE enum err sql_jobs_rows(struct sql_jobs *jobs, const struct sql_job *only, struct batch **out,
                                struct error *e);
#endif
