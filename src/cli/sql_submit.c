/* sql_submit.c: INSERT and statement sets become jobs that run side by side; SHOW JOBS and STOP JOB. */
#include "cli/progress.h"
#include "cli/sql_client_internal.h"
#include <unistd.h>

/* --- one job -------------------------------------------------------------------------------------------- */

/* Two running jobs of one name would keep their checkpoints in the same folder. */
static enum err check_name(struct sql_client *c, const char *name, struct error *e)
{
    if (config_string(session_config(c->session), "execution.checkpointing.dir") == NULL)
        return OK;
    for (struct sql_job *job = sql_jobs_next(c->jobs, NULL); job; job = sql_jobs_next(c->jobs, job)) {
        enum job_state state = sql_job_state(job);

        if (state <= JOB_RESTARTING && strcmp(sql_job_name(job), name) == 0)
            return error_set(e, ERR_CONFIG,
                             "a job named \"%s\" runs already, and its checkpoints would lie in the same "
                             "folder; put both INSERTs into one STATEMENT SET, or SET 'pipeline.name' before "
                             "each",
                             name);
    }
    return OK;
}

/* Wait for one job of the user's; signals stop it as they would stop all. */
static enum err wait_for(struct sql_client *c, struct sql_job *job, struct error *e)
{
    struct progress *progress = NULL;
    enum err rc;

    pthread_mutex_lock(&c->target.lock);
    c->target.waiting = true;
    c->target.job = job;
    c->target.told_us = 0;
    if (c->target.leaving)
        sql_job_stop(job);
    pthread_mutex_unlock(&c->target.lock);
    if (c->options.progress)
        progress = progress_start(sql_jobs_status, c->jobs, c->process.metrics);
    rc = sql_job_wait(job, e);
    progress_stop(progress);
    pthread_mutex_lock(&c->target.lock);
    c->target.waiting = false;
    c->target.job = NULL;
    pthread_mutex_unlock(&c->target.lock);
    return rc;
}

static bool answer_submitted(const struct sql_call *call, struct sql_job *job)
{
    struct sql_client *c = call->client;
    struct error e;

    if (c->options.manner == SQL_APPLICATION) {
        fprintf(c->out, "Job has been submitted with JobID %s\n", sql_job_id(job));
        fflush(c->out);
        return true;
    }
    if (call->settings.dml_sync) {
        if (wait_for(c, job, &e) != OK)
            return sql_answer_error(c, &e);
        sql_client_info(c, "Complete execution of the SQL update statement.");
        return true;
    }
    sql_client_info(c, "Submitting SQL update statement to the cluster...");
    sql_client_info(c, "SQL update statement has been successfully submitted to the cluster:");
    if (!c->silent)
        fprintf(c->out, "Job ID: %s\n\n", sql_job_id(job));
    fflush(c->out);
    return true;
}

bool sql_submit(const struct sql_call *call, const struct ast_statement *statement)
{
    struct sql_client *c = call->client;
    struct sql_job_request r = {.config = session_config(c->session),
                                .from = c->options.from,
                                .fresh = c->options.fresh,
                                .allow_non_restored = c->options.allow_non_restored};
    struct sql_error error = {0};
    struct plan *plan = NULL;
    struct sql_job *job;
    struct error e;

    if (plan_job(c->session, call->source, statement, NULL, &plan, &error) != OK)
        return sql_answer_sql_error(call, &error);
    if (check_name(c, plan->graph.name, &e) != OK) {
        plan_free(plan);
        return sql_answer_error(c, &e);
    }
    if (sql_jobs_start(c->jobs, plan, &r, &job, &e) != OK)
        return sql_answer_error(c, &e);
    return answer_submitted(call, job);
}

/* --- statement sets, statement by statement */

static bool refuse(const struct sql_call *call, const char *text)
{
    struct sql_error error = {0};

    sql_fail(&error, ERR_INPUT, SQL_VALIDATION_FAILED, call->statement->place, "%s", text);
    return sql_answer_sql_error(call, &error);
}

bool sql_submit_set_begin(const struct sql_call *call)
{
    struct sql_set *set = &call->client->set;

    if (set->open)
        return refuse(call, "a statement set is open already; END submits it");
    bytes_clear(&set->text);
    *set = (struct sql_set){.open = true,
                            .one_source = true,
                            .source = call->source,
                            .begin = call->statement->place.end,
                            .text = set->text};
    sql_answer_done(call->client);
    return true;
}

bool sql_submit_set_add(const struct sql_call *call)
{
    struct sql_set *set = &call->client->set;
    struct sql_error error = {0};
    struct bound_insert unused;

    if (call->statement->kind != AST_INSERT)
        return refuse(call, "only INSERT can stand in a statement set; END submits what is in it so far");
    if (bind_insert(call->client->session, call->arena, call->source, &call->statement->insert, &unused,
                    &error) != OK)
        return sql_answer_sql_error(call,
                                    &error); /* told where it was typed; the set stays open without it */
    set->one_source &= call->source == set->source;
    set->count++;
    bytes_slice(&set->text, ast_text(call->source->text, call->statement->place));
    bytes_text(&set->text, ";\n");
    sql_answer_done(call->client);
    return true;
}

/* Read the INSERTs of the set again, as one text; the places in it are those of source. */
static enum err read_set(const struct sql_call *call, const struct sql_source *source, size_t begin,
                         struct ast_statement *out, struct sql_error *error)
{
    const struct sql_set *set = &call->client->set;
    const struct ast_statement **inserts = ARENA_ARRAY(call->arena, const struct ast_statement *,
                                                       set->count + 1);
    int32_t n = 0;

    if (inserts == NULL)
        return sql_fail(error, ERR_MEMORY, NULL, call->statement->place, "no memory for a statement set");
    while (n < set->count) {
        const struct ast_statement *s = NULL;
        enum err rc = sql_parse(call->arena, source, &begin, &s, error);

        if (rc != OK)
            return rc;
        assert(s != NULL); /* each was read before */
        if (s->kind == AST_INSERT)
            inserts[n++] = s;
    }
    *out = (struct ast_statement){.kind = AST_STATEMENT_SET, .place = inserts[0]->place};
    out->set = (struct ast_set){n, inserts};
    return OK;
}

bool sql_submit_set_end(const struct sql_call *call)
{
    struct sql_set *set = &call->client->set;
    struct sql_call whole = *call;
    struct sql_source source = {.text = bytes_all(&set->text)};
    struct ast_statement statement;
    struct sql_error error = {0};

    if (!set->open)
        return refuse(call, "no statement set is open; BEGIN STATEMENT SET opens one");
    set->open = false;
    if (set->count == 0)
        return refuse(call, "the statement set is empty");
    whole.source = set->one_source ? set->source : &source;
    whole.statement = &statement;
    if (set->text.failed)
        return refuse(call, "there was no memory to keep the statement set");
    if (read_set(call, whole.source, set->one_source ? set->begin : 0, &statement, &error) != OK)
        return sql_answer_sql_error(&whole, &error);
    return sql_submit(&whole, &statement);
}

/* --- what runs ------------------------------------------------------------------------------------------ */

static struct sql_job *find(const struct sql_call *call, const struct ast_word *id)
{
    struct sql_job *job = sql_jobs_find(call->client->jobs, id->text);
    struct sql_error error = {0};

    if (job)
        return job;
    sql_fail(&error, ERR_NOT_FOUND, NULL, id->place, "there is no job '%s' in this client", id->text);
    sql_hint(&error, "SHOW JOBS lists them");
    sql_answer_sql_error(call, &error);
    return NULL;
}

bool sql_submit_show_jobs(const struct sql_call *call, const struct ast_word *id)
{
    struct sql_client *c = call->client;
    struct sql_job *only = NULL;
    struct batch *rows = NULL;
    struct error e;
    bool ok;

    if (id && (only = find(call, id)) == NULL)
        return false;
    if (sql_jobs_rows(c->jobs, only, &rows, &e) != OK)
        return sql_answer_error(c, &e);
    ok = sql_answer_rows(c, rows->schema, rows);
    batch_unref(rows);
    return ok;
}

bool sql_submit_stop_job(const struct sql_call *call)
{
    const struct ast_stop_job *stop = &call->statement->stop_job;
    struct sql_client *c = call->client;
    struct sql_job *job = find(call, &stop->job);
    struct error e;

    if (job == NULL)
        return false;
    if (stop->drain || stop->savepoint)
        return refuse(call, "savepoints are not in this version: STOP JOB takes a last checkpoint and ends");
    if (sql_job_state(job) > JOB_RESTARTING) {
        error_set(&e, ERR_NOT_FOUND, "job %s does not run any more: it is %s", sql_job_id(job),
                  job_state_name(sql_job_state(job)));
        return sql_answer_error(c, &e);
    }
    sql_job_stop(job);
    if (wait_for(c, job, &e) != OK)
        return sql_answer_error(c, &e);
    sql_answer_done(c);
    return true;
}

/* --- waiting for all ------------------------------------------------------------------------------------ */

/* False: it failed. */
static bool tell_end(struct sql_client *c, struct sql_job *job, enum err rc, const struct error *e)
{
    struct error named = *e;

    if (rc != OK) {
        error_add(&named, rc, "job %s (%s) failed", sql_job_id(job), sql_job_name(job));
        return sql_answer_error(c, &named);
    }
    if (c->options.manner == SQL_APPLICATION)
        fprintf(c->out, "Program execution finished\nJob %s: %s\nJob Runtime: %" PRId64 " ms\n",
                sql_job_name(job), job_state_name(sql_job_state(job)), sql_job_runtime_ms(job));
    return true;
}

/* A signal that came before the waiting began is heeded now. */
static void begin_waiting(struct sql_client *c)
{
    pthread_mutex_lock(&c->target.lock);
    c->target.waiting = true;
    c->target.told_us = 0;
    if (c->target.leaving)
        sql_jobs_stop(c->jobs);
    pthread_mutex_unlock(&c->target.lock);
}

bool sql_client_wait(struct sql_client *c)
{
    struct progress *progress = NULL;
    struct sql_job *job;
    struct error e = {0};
    enum err rc = OK;
    bool ok = true;

    begin_waiting(c);
    if (c->options.progress && sql_jobs_running(c->jobs) > 0)
        progress = progress_start(sql_jobs_status, c->jobs, c->process.metrics);
    while ((job = sql_jobs_ended(c->jobs, true, &rc, &e)) != NULL) {
        if (tell_end(c, job, rc, &e))
            continue;
        ok = false;
        if (c->options.manner == SQL_APPLICATION)
            sql_jobs_stop(c->jobs);
    }
    progress_stop(progress);
    pthread_mutex_lock(&c->target.lock);
    c->target.waiting = false;
    pthread_mutex_unlock(&c->target.lock);
    return ok;
}

int32_t sql_client_running(struct sql_client *c)
{
    return sql_jobs_running(c->jobs);
}

void sql_client_stop(struct sql_client *c)
{
    sql_jobs_stop(c->jobs);
}

void sql_client_news(struct sql_client *c)
{
    struct error e = {0};
    enum err rc = OK;

    for (struct sql_job *job; (job = sql_jobs_ended(c->jobs, false, &rc, &e)) != NULL;)
        tell_end(c, job, rc, &e);
}
