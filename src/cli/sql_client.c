/* sql_client.c: the client's life, its signals, and which statement is whose. */
#include "base/mem.h"
#include "cli/sql_client_internal.h"
#include "os/log.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* --- signals -------------------------------------------------------------------------------------------- */

static void end_waiting(struct sql_client *c)
{
    struct sql_target *t = &c->target;
    int64_t now_us = clock_mono_us(clock_system());
    bool again = t->told_us != 0;

    if (again && now_us - t->told_us < SECOND_SIGNAL_US)
        return;
    if (!again)
        t->told_us = now_us;
    if (t->job)
        (again ? sql_job_cancel : sql_job_stop)(t->job);
    else
        (again ? sql_jobs_cancel : sql_jobs_stop)(c->jobs);
}

/* On the signals' thread. */
static void take_signal(void *arg, int signal)
{
    struct sql_client *c = arg;
    struct sql_target *t = &c->target;

    pthread_mutex_lock(&t->lock);
    if (signal == SIGTERM || c->options.manner != SQL_INTERACTIVE)
        t->leaving = true;
    if (t->queue) {
        query_rows_close(t->queue);
        if (t->job)
            sql_job_cancel(t->job);
    } else if (t->waiting) {
        end_waiting(c);
    } else if (write(c->wake[1], "", 1) < 0 && errno != EAGAIN) {
        log_warn("sql", "a signal could not be passed on");
    }
    pthread_mutex_unlock(&t->lock);
}

bool sql_client_leaving(struct sql_client *c)
{
    bool leaving;

    pthread_mutex_lock(&c->target.lock);
    leaving = c->target.leaving;
    pthread_mutex_unlock(&c->target.lock);
    return leaving;
}

int sql_client_wake_fd(struct sql_client *c)
{
    return c->wake[0];
}

/* --- life ----------------------------------------------------------------------------------------------- */

/* The width of characters is asked of the locale; a machine without one for the language still has UTF-8. */
static void set_locale(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static enum err set_up(struct sql_client *c, struct error *e)
{
    struct session_env env = {.config = c->config, .clock = clock_system()};
    enum err rc;

    if (pipe2(c->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_errno(e, errno, "a pipe for signals");
    if ((rc = job_process_logs(c->config, c->options.manner == SQL_APPLICATION ? NULL : "WARN", e)) != OK ||
        (rc = job_process_init(&c->process, c->config, e)) != OK)
        return rc;
    if (c->options.manner == SQL_APPLICATION)
        config_log_notes(c->config);
    env.fs = c->process.fs;
    if ((c->session = session_new(&env)) == NULL || (c->jobs = sql_jobs_new(&c->process)) == NULL)
        return error_memory(e, 0, "a SQL session");
    c->signals = signals_start(take_signal, c);
    return c->signals ? OK : error_memory(e, 0, "the thread that takes signals");
}

enum err sql_client_new(struct config *config, const struct sql_client_options *options,
                        struct sql_client **out, struct error *e)
{
    struct sql_client *c = mem_zalloc(sizeof *c);
    const char *no_color = getenv("NO_COLOR");
    enum err rc;

    *out = NULL;
    if (c == NULL)
        return error_memory(e, sizeof *c, "a SQL client");
    signals_block();
    set_locale();
    c->options = *options;
    c->config = config;
    c->out = stdout;
    c->terminal = isatty(STDOUT_FILENO);
    c->colour = c->terminal && !(no_color && *no_color);
    c->wake[0] = c->wake[1] = -1;
    pthread_mutex_init(&c->target.lock, NULL);
    if ((rc = set_up(c, e)) != OK) {
        sql_client_free(c);
        return rc;
    }
    *out = c;
    return OK;
}

void sql_client_free(struct sql_client *c)
{
    if (c == NULL)
        return;
    signals_stop(c->signals);
    sql_jobs_free(c->jobs);
    session_free(c->session);
    job_process_fini(&c->process);
    for (int i = 0; i < 2; i++)
        if (c->wake[i] >= 0)
            close(c->wake[i]);
    bytes_fini(&c->set.text);
    pthread_mutex_destroy(&c->target.lock);
    mem_free(c);
}

struct session *sql_client_session(struct sql_client *c)
{
    return c->session;
}

/* --- statements ----------------------------------------------------------------------------------------- */

static void print_help(struct sql_client *c)
{
    sql_answer_text(
        c,
        SLICE("Statements end with `;` and may take several lines. Besides SQL there are:\n\n"
              "  HELP                 this\n"
              "  QUIT, EXIT           leave; jobs that run are stopped with a last checkpoint (Ctrl-D too)\n"
              "  CLEAR                clear the screen\n"
              "  SET 'key' = 'value'  set a property of the session; SET alone lists them, RESET undoes\n"
              "  SHOW JOBS            jobs of this client; STOP JOB 'id' ends one\n"
              "  BEGIN STATEMENT SET  the INSERTs up to END become one job\n\n"
              "Tab completes words, names, settings and options; the arrow keys and Ctrl-R go through\n"
              "the history; Ctrl-C ends the running statement. How results are shown:\n"
              "SET 'sql-client.execution.result-mode' = 'tableau', 'table' or 'changelog' (the last two\n"
              "fill the screen).\n"));
}

static void clear_screen(struct sql_client *c)
{
    if (c->terminal && !c->silent)
        fputs("\033[H\033[2J\033[3J", c->out);
    fflush(c->out);
}

static bool client_command(const struct sql_call *call)
{
    struct sql_client *c = call->client;
    const char *word = call->statement->text.text;

    if (strcmp(word, "HELP") == 0) {
        print_help(c);
    } else if (strcmp(word, "CLEAR") == 0) {
        clear_screen(c);
    } else {
        pthread_mutex_lock(&c->target.lock);
        c->target.leaving = true;
        pthread_mutex_unlock(&c->target.lock);
    }
    return true;
}

static bool explain(const struct sql_call *call)
{
    struct sql_error error = {0};
    struct bytes text = {0};
    bool ok = plan_explain(call->client->session, call->arena, call->source, &call->statement->explain, &text,
                           &error) == OK;

    if (ok)
        sql_answer_text(call->client, bytes_all(&text));
    else
        sql_answer_sql_error(call, &error);
    bytes_fini(&text);
    return ok;
}

/* What the client could not obey is refused before it is set. */
static bool may_set(const struct sql_call *call)
{
    const struct ast_option *option = &call->statement->option;
    struct sql_error error = {0};
    struct error e;
    enum err rc;

    if (call->statement->kind != AST_SET || option->key.text == NULL || option->value.text == NULL)
        return true;
    rc = sql_settings_check(option->key.text, option->value.text, &e);
    if (rc == OK)
        return true;
    sql_fail(&error, rc, SQL_VALIDATION_FAILED, option->value.place, "%s", e.text);
    return sql_answer_sql_error(call, &error);
}

/* What the session does by itself, and what it says is a job. */
static bool session_statement(const struct sql_call *call)
{
    struct sql_client *c = call->client;
    struct result result = {0};
    struct sql_error error = {0};
    bool ok = true;

    if (!may_set(call))
        return false;
    if (session_execute(c->session, call->arena, call->source, call->statement, &result, &error) != OK)
        return sql_answer_sql_error(call, &error);
    if (result.note)
        sql_client_info(c, "%s", result.note);
    if (result.kind == RESULT_JOB)
        ok = sql_submit(call, call->statement);
    else if (result.kind == RESULT_ROWS)
        ok = sql_answer_rows(c, result.schema, result.rows);
    else
        sql_answer_done(c);
    batch_unref(result.rows);
    return ok;
}

/* Whether the statement goes into an open statement set, were it to fit or not. */
static bool is_for_set(const struct sql_call *call)
{
    switch (call->statement->kind) {
    case AST_BEGIN_STATEMENT_SET:
    case AST_END:
    case AST_CLIENT:
        return false;
    default:
        return call->client->set.open;
    }
}

static bool dispatch(const struct sql_call *call)
{
    const struct ast_statement *s = call->statement;

    if (is_for_set(call))
        return sql_submit_set_add(call);
    switch (s->kind) {
    case AST_CLIENT:
        return client_command(call);
    case AST_QUERY:
        return sql_query(call);
    case AST_INSERT:
    case AST_STATEMENT_SET:
        return sql_submit(call, s);
    case AST_EXPLAIN:
        return explain(call);
    case AST_BEGIN_STATEMENT_SET:
        return sql_submit_set_begin(call);
    case AST_END:
        return sql_submit_set_end(call);
    case AST_STOP_JOB:
        return sql_submit_stop_job(call);
    case AST_SHOW:
        return s->show.kind == AST_SHOW_JOBS ? sql_submit_show_jobs(call, NULL) : session_statement(call);
    case AST_DESCRIBE:
        return s->describe.object == AST_OBJECT_JOB ? sql_submit_show_jobs(call, &s->describe.job)
                                                    : session_statement(call);
    default:
        return session_statement(call);
    }
}

static bool execute(struct sql_call *call)
{
    struct error e;

    /* SET and RESET must work also when a setting is wrong. */
    if (sql_settings_read(session_config(call->client->session), &call->settings, &e) != OK &&
        call->statement->kind != AST_SET && call->statement->kind != AST_RESET)
        return sql_answer_error(call->client, &e);
    call->began_us = clock_mono_us(clock_system());
    return dispatch(call);
}

/* --- texts ---------------------------------------------------------------------------------------------- */

/* As Flink's client shows what it reads from a file: the prompt, and `> ` before each further line. */
static void echo_statement(struct sql_client *c, struct slice text)
{
    while (text.len && strchr(" \t\r\n", *text.ptr))
        text = slice_from(text, 1);
    while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
        text.len--;
    fputs("\nFlink SQL> ", c->out);
    for (size_t i = 0; i < text.len; i++) {
        fputc(text.ptr[i], c->out);
        if (text.ptr[i] == '\n')
            fputs("> ", c->out);
    }
    fputc('\n', c->out);
    fflush(c->out);
}

/* The next statement, read and executed. *more: there may be another. False: it failed, and was told. */
static bool next(struct sql_client *c, const struct sql_source *source, size_t *offset, bool echo, bool *more)
{
    struct arena arena = {0};
    struct sql_call call = {.client = c, .arena = &arena, .source = source};
    struct sql_error error = {0};
    size_t begin = *offset;
    bool ok = true;
    enum err rc = sql_parse(&arena, source, offset, &call.statement, &error);

    *more = rc != OK || call.statement != NULL;
    if (echo && *more)
        echo_statement(c, slice_of(source->text.ptr + begin, *offset - begin));
    if (rc != OK)
        ok = sql_answer_sql_error(&call, &error);
    else if (call.statement)
        ok = execute(&call);
    arena_fini(&arena);
    return ok;
}

bool sql_client_text(struct sql_client *c, const struct sql_source *source, bool echo)
{
    size_t offset = 0;
    bool ok = true, more = true;

    while (ok && more && !sql_client_leaving(c))
        ok = next(c, source, &offset, echo, &more);
    if (c->options.manner != SQL_INTERACTIVE && c->set.open && ok && !more) {
        sql_client_error(c, "a statement set is open at the end of the script; END; submits it");
        ok = false;
    }
    c->set.one_source = false; /* the source is the caller's, and goes */
    return ok;
}

/* --- files ---------------------------------------------------------------------------------------------- */

enum err sql_client_read(const char *path, struct bytes *out, struct error *e)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char part[16384];
    size_t n;
    bool failed;

    if (f == NULL)
        return error_errno(e, errno, "%s cannot be opened", path);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        bytes_append(out, part, n);
    failed = ferror(f);
    if (f != stdin)
        fclose(f);
    if (failed)
        return error_errno(e, errno, "reading %s", path);
    return out->failed ? error_memory(e, out->len, "a script") : OK;
}

bool sql_client_file(struct sql_client *c, const char *path, bool echo)
{
    struct bytes text = {0};
    struct sql_source source = {.name = strcmp(path, "-") == 0 ? NULL : path};
    struct error e;
    bool ok;

    if (sql_client_read(path, &text, &e) == OK) {
        source.text = bytes_all(&text);
        ok = sql_client_text(c, &source, echo);
    } else {
        ok = sql_answer_error(c, &e);
    }
    bytes_fini(&text);
    return ok;
}

static void warn_unused(UNUSED void *arg, const char *key)
{
    log_warn("sql", "%s has no effect: the script creates nothing of that name (or another name is meant)",
             key);
}

void sql_client_check_overrides(struct sql_client *c)
{
    session_unused_overrides(c->session, warn_unused, NULL);
}

bool sql_client_init_file(struct sql_client *c, const char *path)
{
    bool ok;

    c->silent = true;
    ok = sql_client_file(c, path, false);
    c->silent = false;
    return ok;
}
