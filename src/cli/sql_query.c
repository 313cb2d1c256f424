/* sql_query.c: SELECT: the query as a job whose sink hands its rows to this thread, which prints them.
 *
 *   engine: ... -> sink --query_rows--> here: tableau as they come (streaming) or when all are there (batch)
 *                                            or the pager
 */
#include "base/mem.h"
#include "cli/sql_client_internal.h"
#include "expr/function.h"

/* A query that is being printed. */
struct query {
    const struct sql_call *call;
    struct query_rows queue;
    struct plan *plan;           /* until the job has it */
    const struct schema *schema; /* lives as long as the job */
    struct sql_job *job;
    struct result_style style;
    struct result_frame *frame;
    struct result_cells cells;
    struct bytes text;
    int64_t row_count;
    struct error error; /* of printing */
};

/* Tell the signals' thread what to end. A signal that came before is heeded too. */
static void aim(struct sql_client *c, struct query_rows *queue, struct sql_job *job)
{
    pthread_mutex_lock(&c->target.lock);
    c->target.queue = queue;
    c->target.job = job;
    if (job && query_rows_closed(queue))
        sql_job_cancel(job);
    pthread_mutex_unlock(&c->target.lock);
}

static const char *plural(int64_t row_count)
{
    return row_count > 1 ? "rows" : "row";
}

/* " (0.12 seconds)", as it may be wanted, and the line's end. */
static void print_cost(struct query *q)
{
    double seconds = (double)(clock_mono_us(clock_system()) - q->call->began_us) / 1e6;

    if (q->call->settings.time_cost)
        bytes_printf(&q->text, " (%.2f seconds)", seconds);
    bytes_u8(&q->text, '\n');
    sql_answer_flush(q->call->client, &q->text);
}

static void print_rows(struct query *q)
{
    for (int64_t i = 0; i < q->cells.row_count; i++)
        result_row(q->frame, &q->cells, i, &q->text);
}

/* Nobody reads, or there is no memory to go on. */
static void give_up(struct query *q)
{
    query_rows_close(&q->queue);
    sql_job_cancel(q->job);
    if (q->cells.failed || q->text.failed)
        error_memory(&q->error, 0, "the rows of a result");
}

/* --- as they come --------------------------------------------------------------------------------------- */

static void print_streaming(struct query *q)
{
    struct batch *rows;

    q->frame = result_frame_by_type(q->call->arena, q->schema, &q->style);
    if (q->frame == NULL) {
        q->text.failed = true;
        give_up(q);
        return;
    }
    result_header(q->frame, &q->text);
    if (!sql_answer_flush(q->call->client, &q->text))
        give_up(q);
    while (query_rows_take(&q->queue, -1, &rows) == QUERY_ROWS) {
        result_cells_clear(&q->cells);
        result_cells_add(&q->cells, rows, &q->style);
        batch_unref(rows);
        print_rows(q);
        q->row_count += q->cells.row_count;
        if (q->cells.failed || !sql_answer_flush(q->call->client, &q->text))
            give_up(q);
    }
}

/* Lines that the window's edge has broken are hard to read. */
static void tell_wide(struct query *q)
{
    struct sql_client *c = q->call->client;
    int32_t width = 1;

    for (int32_t i = 0; i < q->frame->column_count; i++)
        width += q->frame->widths[i] + 3;
    if (width <= sql_answer_columns(c) || c->options.manner != SQL_INTERACTIVE || c->told_wide)
        return;
    c->told_wide = true;
    sql_client_info(
        c, "The rows are wider than this window. SET 'sql-client.execution.result-mode' = 'table'; shows "
           "them a screen at a time, with columns to scroll through.");
}

static void end_streaming(struct query *q, bool terminated)
{
    if (q->row_count > 0 && !terminated)
        result_border(q->frame, &q->text);
    bytes_printf(&q->text, "%s a total of %" PRId64 " %s",
                 terminated ? "Query terminated, received" : "Received", q->row_count, plural(q->row_count));
    print_cost(q);
    if (q->frame && q->row_count > 0)
        tell_wide(q);
}

/* --- when all are there --------------------------------------------------------------------------------- */

static void collect_batch(struct query *q)
{
    struct batch *rows;

    while (query_rows_take(&q->queue, -1, &rows) == QUERY_ROWS) {
        result_cells_add(&q->cells, rows, &q->style);
        batch_unref(rows);
        if (q->cells.failed)
            give_up(q);
    }
    q->row_count = q->cells.row_count;
}

static void end_batch(struct query *q, bool terminated)
{
    if (terminated) {
        end_streaming(q, true);
        return;
    }
    if (q->row_count > 0) {
        q->frame = result_frame_by_content(q->call->arena, q->schema, &q->cells, &q->style);
        if (q->frame == NULL)
            return;
        result_header(q->frame, &q->text);
        print_rows(q);
        result_border(q->frame, &q->text);
        bytes_printf(&q->text, "%" PRId64 " %s in set", q->row_count, plural(q->row_count));
    } else {
        bytes_text(&q->text, "Empty set");
    }
    print_cost(q);
    if (q->frame)
        tell_wide(q);
}

/* --- all of it ------------------------------------------------------------------------------------------ */

bool sql_query_style(const struct sql_call *call, struct result_style *out)
{
    const struct expr_session *x;
    struct error e;

    *out = (struct result_style){.changes = !call->settings.batch,
                                 .visible = call->client->terminal,
                                 .most_width = call->settings.most_width};
    if (session_expr(call->client->session, call->arena, &x, &e) != OK)
        return sql_answer_error(call->client, &e);
    out->zone = x->zone;
    return true;
}

static bool plan(struct query *q)
{
    const struct sql_call *call = q->call;
    struct sql_error error = {0};
    struct error e;

    if (plan_job(call->client->session, call->source, call->statement, q->queue.collect, &q->plan, &error) !=
        OK)
        return sql_answer_sql_error(call, &error);
    if (call->settings.batch && !q->plan->bounded) {
        error_set(&e, ERR_UNSUPPORTED,
                  "execution.runtime-mode is batch, and the query reads a table that has no end; SET "
                  "'execution.runtime-mode' = 'streaming', or bound the table's scan");
        return sql_answer_error(call->client, &e);
    }
    return true;
}

static bool start(struct query *q)
{
    struct sql_client *c = q->call->client;
    struct sql_job_request r = {
        .config = session_config(c->session), .passing = true, .ended = query_rows_over, .arg = &q->queue};
    struct plan *mine = q->plan;
    struct error e;

    q->plan = NULL;
    q->schema = mine->schema;
    if (sql_jobs_start(c->jobs, mine, &r, &q->job, &e) != OK)
        return sql_answer_error(c, &e);
    return true;
}

/* Rows are printed by now, or were not wanted. The schema goes with the job: what needs it comes first. */
static bool finish(struct query *q, bool paged)
{
    struct sql_client *c = q->call->client;
    bool terminated;
    enum err rc;
    struct error e;

    aim(c, NULL, NULL); /* from here on no signal closes the queue */
    terminated = query_rows_closed(&q->queue);
    query_rows_close(&q->queue);
    if (terminated || paged)
        sql_job_cancel(q->job);
    if (!paged && q->error.code == OK && sql_job_state(q->job) != JOB_FAILED)
        (q->call->settings.batch ? end_batch : end_streaming)(q, terminated);
    rc = sql_job_wait(q->job, &e);
    if (paged)
        sql_client_info(c, "Result retrieval cancelled.");
    if (rc != OK && !terminated)
        return sql_answer_error(c, &e);
    if (q->error.code != OK)
        return sql_answer_error(c, &q->error);
    return !ferror(c->out);
}

static bool page(struct query *q)
{
    struct result_style style = q->style;

    if (q->call->settings.mode == MODE_TABLEAU || q->call->client->options.manner != SQL_INTERACTIVE)
        return false;
    style.changes = q->call->settings.mode == MODE_CHANGELOG;
    return sql_pager(q->call, q->schema, &style, &q->queue);
}

static bool show(struct query *q)
{
    aim(q->call->client, &q->queue, q->job);
    if (page(q))
        return finish(q, true);
    if (q->call->settings.batch)
        collect_batch(q);
    else
        print_streaming(q);
    return finish(q, false);
}

static bool answer_no_memory(struct sql_client *c)
{
    struct error e;

    error_memory(&e, 0, "the rows of a query");
    return sql_answer_error(c, &e);
}

bool sql_query(const struct sql_call *call)
{
    struct query q = {.call = call};
    bool ok;

    ok = query_rows_init(&q.queue) || answer_no_memory(call->client);
    ok = ok && sql_query_style(call, &q.style) && plan(&q);
    if (ok) {
        result_cells_init(&q.cells, q.plan->schema, &q.style);
        aim(call->client, &q.queue, NULL);
        ok = start(&q) && show(&q);
        aim(call->client, NULL, NULL);
    }
    plan_free(q.plan);
    result_cells_fini(&q.cells);
    bytes_fini(&q.text);
    query_rows_fini(&q.queue);
    return ok;
}
