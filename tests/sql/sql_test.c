/* sql_test.c: runs golden files of SQL and compares what comes out with what they say.
 *
 *   sql_test [--record] [FILE...]      all of tests/sql/golden when none is named
 *   sql_test --differ [FILE...]        prints what differs in .expr files, as lines for tests/sql/differences.txt
 *
 * A .expr file has an expression a line, with type and text as Flink 1.20.5 has them (tests/live/flink_diff recorded
 * them): `expression TAB type TAB CAST(expression AS STRING)`; `ERROR` as type: it fails. Where weir answers
 * otherwise, and is meant to, tests/sql/differences.txt has its answer and the reason. In a .test file, statements
 * stand behind `> `, to their `;`, and below each what comes: `OK`, rows as `+I(1, 'a')`, or `! message`; an empty line
 * ends them. --record writes what came into the .test files instead, to be read by a person.
 *
 * Each query runs twice: with parallelism 1, and with parallelism 2 and a failure while rows are under way, from which
 * the job restarts. The rows must be the same.
 */
#include "base/mem.h"
#include "cli/job_run.h"
#include "connectors/collect.h"
#include "os/clock.h"
#include "plan/plan.h"
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER "tests/sql/golden"

struct run {
    struct config *config;
    struct job_process process;
    struct session *session;
    struct map differences; /* expression to `type TAB text`, owned */
    int tests, failed;
    bool record, differ;
};

/* --- running a query --- */

/* FAIL_ONCE(x): x, but the first time in a job that it sees a row, the job fails: the crash half-way. */
static atomic_bool fail_armed;

static enum err fail_once(struct call *c, struct error *e)
{
    if (atomic_exchange(&fail_armed, false))
        return error_set(e, ERR_IO, "the failure that the test wants");
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->u8[i] = c->args[0].column->u8[i & c->args[0].mask];
    return OK;
}
static const struct variant fail_once_variant = {.kernel = fail_once};
static const struct function fail_once_function = {.name = "FAIL_ONCE",
                                                   .group = GROUP_LOGIC,
                                                   .usage = "FAIL_ONCE(boolean)",
                                                   .doc = "Of the tests.",
                                                   .least = 1,
                                                   .most = 1,
                                                   .flags = FN_VOLATILE | FN_FAILS | FN_HIDDEN,
                                                   .signature = "o>o",
                                                   .simple = &fail_once_variant};

struct job_thread {
    struct engine *engine;
    enum err rc;
    struct error e;
    atomic_bool over;
};

static void *run_job(void *arg)
{
    struct job_thread *t = arg;

    t->rc = engine_run(t->engine, &t->e);
    atomic_store(&t->over, true);
    return NULL;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Append rows as lines; a repeated part is taken back. */
struct lines {
    char **list;
    size_t count, capacity;
};

static void lines_add(struct lines *l, const struct batch *b)
{
    struct bytes text = {0};
    char *at, *end;

    batch_print(b, &text);
    for (at = (char *)(uintptr_t)bytes_cstr(&text); at && *at; at = end + 1) {
        if ((end = strchr(at, '\n')) == NULL) /* a NUL in a text */
            break;
        *end = '\0';
        if (MEM_GROW(l->list, l->count, l->capacity))
            l->list[l->count++] = mem_strdup(at);
    }
    bytes_fini(&text);
}

static void lines_cut(struct lines *l, size_t count)
{
    while (l->count > count)
        mem_free(l->list[--l->count]);
}

static enum err collect_rows(struct run *r, struct plan *plan, struct collect *collect, struct lines *rows,
                             struct error *e)
{
    struct job_request request = {.graph = &plan->graph, .config = session_config(r->session), .fresh = true};
    struct job_run job = {0};
    struct job_thread t = {0};
    struct batch *b;
    int64_t repeated = 0;
    pthread_t thread;
    enum err rc;

    if ((rc = job_run_init(&job, &r->process, &request, e)) == OK) {
        t.engine = job.engine;
        pthread_create(&thread, NULL, run_job, &t);
        for (;;) {
            bool over = atomic_load(&t.over);
            enum collect_state state = collect_take(collect, over ? 0 : 20, &b, &repeated);

            if (repeated)
                lines_cut(rows, rows->count - (size_t)repeated);
            repeated = 0;
            if (state == COLLECT_ROWS) {
                lines_add(rows, b);
                batch_unref(b);
            } else if (state == COLLECT_END || over) {
                break;
            }
        }
        pthread_join(thread, NULL);
        rc = t.rc;
        *e = t.e;
    }
    job_run_fini(&job);
    return rc;
}

static enum err run_query(struct run *r, const struct sql_source *source, const struct ast_statement *s,
                          struct bytes *types, struct lines *rows, struct bytes *message)
{
    struct collect *collect = collect_new(1 << 20);
    struct sql_error error = {0};
    struct plan *plan = NULL;
    struct error e;
    enum err rc = plan_job(r->session, source, s, collect, &plan, &error);

    if (rc != OK) {
        bytes_text(message, error.message);
    } else {
        for (int32_t i = 0; types && i < plan->schema->field_count; i++) {
            bytes_text(types, i ? ", " : "");
            type_print(plan->schema->fields[i].type, types);
        }
        if ((rc = collect_rows(r, plan, collect, rows, &e)) != OK)
            bytes_text(message, e.text);
    }
    plan_free(plan);
    collect_free(collect);
    return rc;
}

/* --- statements --- */

static void set(struct run *r, const char *key, const char *value)
{
    struct error e;

    if (config_set(session_config(r->session), key, value, "the test", &e) == OK)
        return;
    fprintf(stderr, "sql_test: %s\n", e.text);
    exit(1);
}

static enum err parse(struct arena *arena, const char *text, struct sql_source *source,
                      const struct ast_statement **out, struct bytes *message)
{
    struct sql_error error = {0};
    size_t offset = 0;
    enum err rc;

    *source = (struct sql_source){.name = NULL, .text = slice_text(text)};
    rc = sql_parse(arena, source, &offset, out, &error);
    if (rc != OK)
        bytes_text(message, error.message);
    return rc;
}

/* Run one query; what came as sorted lines, or the message. */
static enum err ask(struct run *r, const char *text, const char *parallelism, bool fail, struct bytes *types,
                    struct bytes *out)
{
    struct arena arena = {0};
    struct lines rows = {0};
    struct sql_source source;
    const struct ast_statement *statement = NULL;
    enum err rc = parse(&arena, text, &source, &statement, out);

    set(r, "parallelism.default", parallelism);
    atomic_store(&fail_armed, fail);
    if (rc == OK)
        rc = run_query(r, &source, statement, types, &rows, out);
    if (rows.count)
        qsort(rows.list, rows.count, sizeof *rows.list, compare_lines);
    for (size_t i = 0; rc == OK && i < rows.count; i++)
        bytes_printf(out, "%s\n", rows.list[i]);
    lines_cut(&rows, 0);
    mem_free(rows.list);
    arena_fini(&arena);
    return rc;
}

static void complain(struct run *r, const char *file, int line, const char *what, const char *want,
                     const char *got)
{
    r->failed++;
    printf("%s:%d: %s\n  wanted: %s\n  got:    %s\n", file, line, what, want, got);
}

/* --- .expr files --- */

/* What weir says of an expression: `type TAB text`. */
static void answer(struct run *r, const char *text, struct bytes *out)
{
    struct bytes query = {0}, types = {0}, rows = {0};
    enum err rc;

    bytes_printf(&query, "SELECT %s", text);
    rc = ask(r, bytes_cstr(&query), "1", false, &types, &rows);
    if (rc == OK) {
        bytes_clear(&query);
        bytes_clear(&rows);
        bytes_printf(&query, "SELECT CAST(%s AS STRING)", text);
        rc = ask(r, bytes_cstr(&query), "1", false, NULL, &rows);
    }
    if (rc != OK)
        bytes_printf(out, "ERROR\t%s", bytes_cstr(&rows));
    else if (rows.len > 5) /* +I( and ) with a line feed around the text */
        bytes_printf(out, "%s\t%.*s", bytes_cstr(&types), (int)rows.len - 5, rows.ptr + 3);
    else
        bytes_printf(out, "%s\t", bytes_cstr(&types));
    bytes_fini(&query);
    bytes_fini(&types);
    bytes_fini(&rows);
}

/* Two failures are alike, whatever they say. */
static bool same_answer(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (strncmp(a, "ERROR\t", 6) == 0 && strncmp(b, "ERROR\t", 6) == 0);
}

static void expression_line(struct run *r, const char *file, int line, char *text)
{
    char *want = strchr(text, '\t');
    const char *other;
    struct bytes got = {0};

    if (want == NULL)
        return;
    *want++ = '\0';
    r->tests++;
    if ((other = map_get(&r->differences, slice_text(text))) == NULL)
        other = want;
    answer(r, text, &got);
    if (!same_answer(bytes_cstr(&got), other)) {
        if (r->differ)
            printf("%s\t%s\t?\n", text, got.ptr);
        else
            complain(r, file, line, text, other, got.ptr);
    }
    bytes_fini(&got);
}

/* `expression TAB type TAB text TAB reason` a line. */
static void read_differences(struct run *r)
{
    FILE *f = fopen("tests/sql/differences.txt", "r");
    char *line = NULL, *type, *reason;
    size_t room = 0;

    while (f && getline(&line, &room, f) >= 0) {
        if (*line == '#' || (type = strchr(line, '\t')) == NULL || (reason = strrchr(line, '\t')) == type)
            continue;
        *type++ = *reason = '\0';
        mem_free(map_remove(&r->differences, slice_text(line)));
        if (!map_put(&r->differences, slice_text(line), mem_strdup(type)))
            abort();
    }
    free(line);
    if (f)
        fclose(f);
}

static void expression_file(struct run *r, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    for (int n = 1; f && getline(&line, &room, f) >= 0; n++) {
        line[strcspn(line, "\n")] = '\0';
        if (*line && *line != '#')
            expression_line(r, path, n, line);
    }
    free(line);
    if (f)
        fclose(f);
}

/* --- .test files --- */

/* A statement that is no query: done by the session, rows of SHOW and DESCRIBE as they come. */
static enum err execute(struct run *r, const char *text, struct bytes *out, bool *is_query)
{
    struct arena arena = {0};
    struct sql_error error = {0};
    struct sql_source source;
    const struct ast_statement *statement = NULL;
    struct result result = {0};
    enum err rc = parse(&arena, text, &source, &statement, out);

    *is_query = rc == OK && statement->kind == AST_QUERY;
    if (rc == OK && !*is_query) {
        rc = session_execute(r->session, &arena, &source, statement, &result, &error);
        if (rc != OK)
            bytes_text(out, error.message);
        else if (result.rows)
            batch_print(result.rows, out);
        else
            bytes_text(out, "OK\n");
        batch_unref(result.rows);
    }
    arena_fini(&arena);
    return rc;
}

/* The query under a condition that fails once; NULL for what is no SELECT. */
static void with_failure(const char *text, struct bytes *out)
{
    size_t len = strlen(text);

    while (len && (text[len - 1] == ';' || text[len - 1] == '\n' || text[len - 1] == ' '))
        len--;
    bytes_printf(out, "SELECT * FROM (%.*s) WHERE FAIL_ONCE(TRUE)", (int)len, text);
}

static void statement_block(struct run *r, const char *file, int line, const char *text, const char *want,
                            FILE *record)
{
    struct bytes out = {0}, again = {0}, query = {0};
    bool is_query;
    enum err rc = execute(r, text, &out, &is_query);

    r->tests++;
    if (is_query) {
        bytes_clear(&out);
        rc = ask(r, text, "1", false, NULL, &out);
    }
    if (rc != OK) {
        bytes_printf(&again, "! %s\n", bytes_cstr(&out));
        bytes_clear(&out);
        bytes_text(&out, bytes_cstr(&again));
        bytes_clear(&again);
    }
    if (record)
        fprintf(record, "%s", bytes_cstr(&out));
    else if (strcmp(bytes_cstr(&out), want) != 0)
        complain(r, file, line, text, want, bytes_cstr(&out));
    else if (is_query && rc == OK) {
        with_failure(text, &query);
        if (ask(r, bytes_cstr(&query), "2", true, NULL, &again) != OK ||
            strcmp(bytes_cstr(&again), want) != 0)
            complain(r, file, line, "after a restart, with parallelism 2:", want, bytes_cstr(&again));
    }
    bytes_fini(&out);
    bytes_fini(&again);
    bytes_fini(&query);
}

static void test_file(struct run *r, const char *path)
{
    FILE *f = fopen(path, "r"), *record = NULL;
    struct bytes text = {0}, want = {0}, copy = {0};
    enum { OUTSIDE, STATEMENT, ROWS } at = OUTSIDE;
    char *line = NULL;
    size_t room = 0;
    int n, begun = 0;

    if (f == NULL)
        return;
    if (r->record)
        record = tmpfile();
    for (n = 1;; n++) {
        bool more = getline(&line, &room, f) >= 0;

        if (at == ROWS && (!more || *line == '\n')) {
            statement_block(r, path, begun, bytes_cstr(&text), bytes_cstr(&want), record);
            at = OUTSIDE;
        }
        if (!more)
            break;
        if (record && at != ROWS)
            fputs(line, record);
        if (at == OUTSIDE && strncmp(line, "> ", 2) == 0) {
            bytes_clear(&text);
            bytes_clear(&want);
            bytes_text(&want, "");
            begun = n;
            at = STATEMENT;
        }
        if (at == STATEMENT) {
            bytes_text(&text, line + (line[0] == '>' ? 2 : 0));
            if (sql_complete(bytes_all(&text)))
                at = ROWS;
        } else if (at == ROWS) {
            bytes_text(&want, line);
        }
    }
    fclose(f);
    if (record) {
        rewind(record);
        if ((f = fopen(path, "w")) != NULL) {
            while (getline(&line, &room, record) >= 0)
                fputs(line, f);
            fclose(f);
        }
        fclose(record);
    }
    free(line);
    bytes_fini(&text);
    bytes_fini(&want);
    bytes_fini(&copy);
}

/* --- all files --- */

static void one_file(struct run *r, const char *path)
{
    int before = r->failed, tests = r->tests;
    struct session_env env;

    env = (struct session_env){.config = r->config, .fs = r->process.fs, .clock = clock_system()};
    if ((r->session = session_new(&env)) == NULL)
        abort();
    set(r, "restart-strategy.type", "fixed-delay");
    set(r, "restart-strategy.fixed-delay.attempts", "3");
    set(r, "restart-strategy.fixed-delay.delay", "1 ms");
    set(r, "execution.checkpointing.interval", "10 ms");
    if (strcmp(path + strlen(path) - 5, ".expr") == 0)
        expression_file(r, path);
    else
        test_file(r, path);
    session_free(r->session);
    if (!r->differ)
        printf("[  %s  ] %s: %d statements, %d wrong\n", r->failed == before ? "    OK" : "FAILED", path,
               r->tests - tests, r->failed - before);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void all_files(struct run *r)
{
    struct dirent **list;
    int count = scandir(FOLDER, &list, NULL, by_name);

    for (int i = 0; i < count; i++) {
        char path[300];
        size_t len = strlen(list[i]->d_name);

        snprintf(path, sizeof path, FOLDER "/%s", list[i]->d_name);
        if (len > 5 &&
            (strcmp(path + strlen(path) - 5, ".expr") == 0 || strcmp(path + strlen(path) - 5, ".test") == 0))
            one_file(r, path);
        free(list[i]);
    }
    if (count >= 0)
        free(list);
}

int main(int argc, char **argv)
{
    struct run r = {.config = config_new()};
    struct map_entry *entry;
    struct error e;
    int at = 1;

    if (r.config == NULL || function_register(&fail_once_function, &e) != OK ||
        job_process_logs(r.config, "ERROR", &e) != OK || job_process_init(&r.process, r.config, &e) != OK) {
        fprintf(stderr, "sql_test: %s\n", e.text);
        return 1;
    }
    if (at < argc && strcmp(argv[at], "--record") == 0) {
        r.record = true;
        at++;
    } else if (at < argc && strcmp(argv[at], "--differ") == 0) {
        r.differ = true;
        at++;
    }
    read_differences(&r);
    if (at == argc)
        all_files(&r);
    for (; at < argc; at++)
        one_file(&r, argv[at]);
    if (!r.differ)
        printf("[==========] %d test(s)\n[  PASSED  ] %d test(s).\n", r.tests, r.tests - r.failed);
    if (r.failed)
        printf("[  FAILED  ] %d test(s)\n", r.failed);
    for (size_t i = 0; (entry = map_next(&r.differences, &i)) != NULL;)
        mem_free(entry->value);
    map_fini(&r.differences);
    job_process_fini(&r.process);
    config_free(r.config);
    return r.failed > 0;
}
