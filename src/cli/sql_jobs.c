/* sql_jobs.c: see sql_jobs.h. The table's lock guards the list, and in each job what its thread writes: over,
 * rc, error, status at the end, and the engine's pointer, which is gone once the job was reaped.
 */
#include "cli/sql_jobs.h"
#include "base/mem.h"
#include "batch/builder.h"
#include "os/random.h"
#include <pthread.h>
#include <stdio.h>

#define ID_MAX 33

struct sql_job {
    struct sql_job *next;
    struct sql_jobs *jobs;
    char id[ID_MAX];
    char *name;
    struct config *config; /* these three until it is reaped */
    struct plan *plan;
    struct job_run run;
    pthread_t thread;
    void (*ended)(void *arg);
    void *arg;
    int64_t began_wall_us, began_us, ended_us;
    bool over, reaped, told;
    enum err rc;
    struct error error;
    struct engine_status last; /* how it was when it ended */
};

struct sql_jobs {
    struct job_process *process;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a job is over */
    struct sql_job *first, **last;
    struct random random;
    bool served;
};

struct sql_jobs *sql_jobs_new(struct job_process *process)
{
    struct sql_jobs *jobs = mem_zalloc(sizeof *jobs);

    if (jobs == NULL)
        return NULL;
    jobs->process = process;
    jobs->last = &jobs->first;
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    random_seed(&jobs->random, random_entropy());
    return jobs;
}

/* --- life ----------------------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct sql_job *job = arg;
    struct sql_jobs *jobs = job->jobs;
    struct error e = {0};
    enum err rc = engine_run(job->run.engine, &e);

    if (job->ended)
        job->ended(job->arg);
    pthread_mutex_lock(&jobs->lock);
    engine_status(job->run.engine, &job->last);
    job->rc = rc;
    job->error = e;
    job->ended_us = clock_mono_us(clock_system());
    job->over = true;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* Free what a job that is over holds. */
static void reap(struct sql_job *job)
{
    struct sql_jobs *jobs = job->jobs;
    struct job_run over;

    if (job->reaped)
        return;
    pthread_join(job->thread, NULL);
    pthread_mutex_lock(&jobs->lock);
    over = job->run;
    job->run = (struct job_run){0};
    job->reaped = true;
    pthread_mutex_unlock(&jobs->lock);
    job_run_fini(&over);
    plan_free(job->plan);
    config_free(job->config);
    job->plan = NULL;
    job->config = NULL;
}

static void free_job(struct sql_job *job)
{
    job_run_fini(&job->run);
    plan_free(job->plan);
    config_free(job->config);
    mem_free(job->name);
    mem_free(job);
}

static void make_id(struct sql_jobs *jobs, char id[ID_MAX])
{
    snprintf(id, ID_MAX, "%016" PRIx64 "%016" PRIx64, random_u64(&jobs->random), random_u64(&jobs->random));
}

static enum err set_up(struct sql_job *job, const struct sql_job_request *r, struct error *e)
{
    struct sql_jobs *jobs = job->jobs;
    enum err rc;

    if ((job->name = mem_strdup(job->plan->graph.name)) == NULL ||
        (job->config = config_copy(r->config)) == NULL)
        return error_memory(e, 0, "a job");
    if ((rc = job_run_init(&job->run, jobs->process,
                           &(struct job_request){.graph = &job->plan->graph,
                                                 .config = job->config,
                                                 .from = r->from,
                                                 .fresh = r->fresh,
                                                 .allow_non_restored = r->allow_non_restored,
                                                 .passing = r->passing},
                           e)) != OK)
        return rc;
    if (!jobs->served && (rc = job_process_serve(jobs->process, job->config, e)) != OK)
        return rc;
    jobs->served = true;
    return OK;
}

/* The entry goes into the table before its thread runs: whoever stops all jobs finds it. */
static enum err launch(struct sql_job *job, struct error *e)
{
    struct sql_jobs *jobs = job->jobs;
    int failed;

    job->began_wall_us = clock_wall_us(clock_system());
    job->began_us = clock_mono_us(clock_system());
    pthread_mutex_lock(&jobs->lock);
    if ((failed = pthread_create(&job->thread, NULL, run, job)) == 0) {
        *jobs->last = job;
        jobs->last = &job->next;
    }
    pthread_mutex_unlock(&jobs->lock);
    return failed ? error_errno(e, failed, "starting a job's thread") : OK;
}

enum err sql_jobs_start(struct sql_jobs *jobs, struct plan *plan, const struct sql_job_request *r,
                        struct sql_job **out, struct error *e)
{
    struct sql_job *job = mem_zalloc(sizeof *job);
    enum err rc;

    *out = NULL;
    if (job == NULL) {
        plan_free(plan);
        return error_memory(e, sizeof *job, "a job");
    }
    job->jobs = jobs;
    job->plan = plan;
    job->ended = r->ended;
    job->arg = r->arg;
    make_id(jobs, job->id);
    if ((rc = set_up(job, r, e)) != OK || (rc = launch(job, e)) != OK) {
        free_job(job);
        return rc;
    }
    *out = job;
    return OK;
}

void sql_jobs_free(struct sql_jobs *jobs)
{
    if (jobs == NULL)
        return;
    sql_jobs_cancel(jobs);
    while (jobs->first) {
        struct sql_job *job = jobs->first;

        reap(job);
        jobs->first = job->next;
        free_job(job);
    }
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    mem_free(jobs);
}

/* --- asking --------------------------------------------------------------------------------------------- */

const char *sql_job_id(const struct sql_job *job)
{
    return job->id;
}

const char *sql_job_name(const struct sql_job *job)
{
    return job->name;
}

/* With the lock. */
static void read_status(struct sql_job *job, struct engine_status *out)
{
    if (job->over)
        *out = job->last;
    else
        engine_status(job->run.engine, out);
}

enum job_state sql_job_state(struct sql_job *job)
{
    struct engine_status s;

    pthread_mutex_lock(&job->jobs->lock);
    read_status(job, &s);
    pthread_mutex_unlock(&job->jobs->lock);
    return s.state;
}

int64_t sql_job_runtime_ms(struct sql_job *job)
{
    int64_t end_us;

    pthread_mutex_lock(&job->jobs->lock);
    end_us = job->over ? job->ended_us : clock_mono_us(clock_system());
    pthread_mutex_unlock(&job->jobs->lock);
    return (end_us - job->began_us) / 1000;
}

enum err sql_job_wait(struct sql_job *job, struct error *e)
{
    pthread_mutex_lock(&job->jobs->lock);
    while (!job->over)
        pthread_cond_wait(&job->jobs->changed, &job->jobs->lock);
    pthread_mutex_unlock(&job->jobs->lock);
    reap(job);
    job->told = true;
    if (job->rc != OK)
        *e = job->error;
    return job->rc;
}

struct sql_job *sql_jobs_ended(struct sql_jobs *jobs, bool wait, enum err *rc, struct error *e)
{
    struct sql_job *found = NULL;
    bool some_run;

    pthread_mutex_lock(&jobs->lock);
    for (;;) {
        some_run = false;
        for (struct sql_job *job = jobs->first; job && found == NULL; job = job->next) {
            found = job->over && !job->told ? job : NULL;
            some_run |= !job->over;
        }
        if (found || !wait || !some_run)
            break;
        pthread_cond_wait(&jobs->changed, &jobs->lock);
    }
    pthread_mutex_unlock(&jobs->lock);
    if (found)
        *rc = sql_job_wait(found, e);
    return found;
}

static void tell(struct sql_job *job, void (*wish)(struct engine *))
{
    pthread_mutex_lock(&job->jobs->lock);
    if (!job->over)
        wish(job->run.engine);
    pthread_mutex_unlock(&job->jobs->lock);
}

void sql_job_cancel(struct sql_job *job)
{
    tell(job, engine_cancel);
}

void sql_job_stop(struct sql_job *job)
{
    tell(job, engine_stop);
}

/* --- all ------------------------------------------------------------------------------------------------ */

struct sql_job *sql_jobs_next(struct sql_jobs *jobs, struct sql_job *job)
{
    struct sql_job *next;

    pthread_mutex_lock(&jobs->lock);
    next = job ? job->next : jobs->first;
    pthread_mutex_unlock(&jobs->lock);
    return next;
}

struct sql_job *sql_jobs_find(struct sql_jobs *jobs, const char *id)
{
    struct sql_job *job = sql_jobs_next(jobs, NULL);

    while (job && strcmp(job->id, id) != 0)
        job = sql_jobs_next(jobs, job);
    return job;
}

int32_t sql_jobs_running(struct sql_jobs *jobs)
{
    int32_t n = 0;

    pthread_mutex_lock(&jobs->lock);
    for (struct sql_job *job = jobs->first; job; job = job->next)
        n += !job->over;
    pthread_mutex_unlock(&jobs->lock);
    return n;
}

static void tell_all(struct sql_jobs *jobs, void (*wish)(struct engine *))
{
    pthread_mutex_lock(&jobs->lock);
    for (struct sql_job *job = jobs->first; job; job = job->next)
        if (!job->over)
            wish(job->run.engine);
    pthread_mutex_unlock(&jobs->lock);
}

void sql_jobs_stop(struct sql_jobs *jobs)
{
    tell_all(jobs, engine_stop);
}

void sql_jobs_cancel(struct sql_jobs *jobs)
{
    tell_all(jobs, engine_cancel);
}

void sql_jobs_status(void *arg, struct engine_status *out)
{
    struct sql_jobs *jobs = arg;

    *out = (struct engine_status){0};
    pthread_mutex_lock(&jobs->lock);
    for (struct sql_job *job = jobs->first; job; job = job->next) {
        struct engine_status s;

        read_status(job, &s);
        out->records_in += s.records_in;
        out->records_out += s.records_out;
        out->checkpoints_completed += s.checkpoints_completed;
        out->checkpoints_failed += s.checkpoints_failed;
        out->last_checkpoint_us = MAX(out->last_checkpoint_us, s.last_checkpoint_us);
        out->restarts += s.restarts;
    }
    pthread_mutex_unlock(&jobs->lock);
}

static const struct type text_type = {.kind = TYPE_STRING};
static const struct type time_type = {.kind = TYPE_TIMESTAMP_LTZ, .precision = 3};
static const struct field columns[] = {
    {"job id", &text_type}, {"job name", &text_type}, {"status", &text_type}, {"start time", &time_type}};
static const struct schema schema = {COUNT_OF(columns), columns};

enum err sql_jobs_rows(struct sql_jobs *jobs, const struct sql_job *only, struct batch **out, struct error *e)
{
    struct builder b;
    enum err rc;

    *out = NULL;
    if (!builder_init(&b, &schema, NULL))
        return error_memory(e, 0, "a list of jobs");
    for (struct sql_job *job = sql_jobs_next(jobs, NULL); job; job = sql_jobs_next(jobs, job)) {
        const char *state = job_state_name(sql_job_state(job));

        if (only && job != only)
            continue;
        builder_copied(&b.columns[0], job->id, strlen(job->id));
        builder_copied(&b.columns[1], job->name, strlen(job->name));
        builder_copied(&b.columns[2], state, strlen(state));
        builder_i64(&b.columns[3], job->began_wall_us / 1000 * 1000);
    }
    rc = builder_finish(&b, out, e);
    builder_fini(&b);
    return rc;
}
