/* sql_job.h: runs the jobs of SQL statements in this process, so that what comes out can be compared; undisturbed, or
 * with a crash when half of the rows have reached the sinks.
 *
 *   source -- one row a batch --> ... --> sink, whose `batch` is ours: counts; fails once, when the checkpoint is there
 *      its `poll` is ours: steps slowly, asks for a checkpoint at the half and waits for it
 *
 * Thread: one; one job at a time.
 */
#ifndef WEIR_TESTS_SQL_JOB_H
#define WEIR_TESTS_SQL_JOB_H
#include "cli/job_run.h"
#include "sql/session.h"

/* What came, a line each. */
struct lines {
    char **list;
    size_t count, capacity;
};
void lines_add(struct lines *l, struct slice line);
void lines_cut(struct lines *l, size_t count); /* to the first `count` */
void lines_sort(struct lines *l);
void lines_fini(struct lines *l);

struct sql_job {
    struct session *session; /* borrowed, like the next */
    const struct job_process *process;
    const char *parallelism;
    int64_t
        crash_rows; /* how many rows reach the sinks in all: the job crashes at the half; 0: it does not */

    struct lines rows;   /* what a query gives, as Flink's print connector writes rows; owned */
    struct bytes header; /* its columns: `a INT, b STRING NOT NULL`; owned */
    int64_t sunk;        /* how many rows reached the sinks */
    bool crashed;
    bool
        from_checkpoint; /* what was restarted began where a checkpoint had been taken in the midst of the rows */
};

/* Plan and run a query, an INSERT or a statement set. message: why not. */
enum err sql_job_run(struct sql_job *j, const struct sql_source *source, const struct ast_statement *s,
                     struct bytes *message);
void sql_job_fini(struct sql_job *j);

/* A row as sql_job has it. */
void sql_job_row(const struct batch *b, int32_t row, struct bytes *out);
#endif
