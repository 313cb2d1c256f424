/* sql_test.c: runs golden files of SQL and compares what comes out with what they say.
 *
 *   sql_test [FILE...]             all of tests/sql/golden when none is named
 *   sql_test --record [FILE...]    writes weir's answers below those of .test files from which they differ (sql_script.c)
 *   sql_test --differ [FILE...]    prints what differs in .expr files, as lines for tests/sql/differences.txt
 *
 * A .expr file has an expression a line, with type and text as Flink 1.20.5 has them (tests/live/flink_diff recorded
 * them): `expression TAB type TAB CAST(expression AS STRING)`; `ERROR` as type: it fails. Where weir answers
 * otherwise, and is meant to, tests/sql/differences.txt has its answer and the reason. A .test file is a script of
 * statements with the rows that come: sql_script.c.
 */
#include "sql_test.h"
#include "base/mem.h"
#include "os/clock.h"
#include "os/log.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "tests/sql/golden"

void sql_test_session(struct sql_test *t)
{
    struct session_env env = {.config = t->config, .fs = t->process.fs, .clock = clock_system()};

    session_free(t->session);
    if ((t->session = session_new(&env)) == NULL)
        abort();
}

enum err sql_test_parse(struct arena *arena, const char *text, struct sql_source *source,
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

void sql_test_complain(struct sql_test *t, const char *file, int line, const char *what, const char *want,
                       const char *got)
{
    t->failed++;
    printf("%s:%d: %s\n  wanted: %s\n  got:    %s\n", file, line, what, want, got);
}

/* Run one query of one row; its types and row, or the message. */
static enum err ask(struct sql_test *t, const char *text, struct bytes *types, struct bytes *out)
{
    struct sql_job job = {.session = t->session, .process = &t->process, .parallelism = "1"};
    struct arena arena = {0};
    struct sql_source source;
    const struct ast_statement *statement = NULL;
    enum err rc = sql_test_parse(&arena, text, &source, &statement, out);

    if (rc == OK && (rc = sql_job_run(&job, &source, statement, out)) == OK) {
        if (types)
            bytes_text(types, strchr(bytes_cstr(&job.header), ' ') + 1);
        if (job.rows.count)
            bytes_text(out, job.rows.list[0]);
    }
    sql_job_fini(&job);
    arena_fini(&arena);
    return rc;
}

/* --- .expr files --- */

/* What weir says of an expression: `type TAB text`. */
static void answer(struct sql_test *t, const char *text, struct bytes *out)
{
    struct bytes query = {0}, types = {0}, row = {0};
    enum err rc;

    bytes_printf(&query, "SELECT %s AS x", text);
    rc = ask(t, bytes_cstr(&query), &types, &row);
    if (rc == OK) {
        bytes_clear(&query);
        bytes_clear(&row);
        bytes_printf(&query, "SELECT CAST(%s AS STRING) AS x", text);
        rc = ask(t, bytes_cstr(&query), NULL, &row);
    }
    if (rc != OK)
        bytes_printf(out, "ERROR\t%s", bytes_cstr(&row));
    else if (strcmp(bytes_cstr(&row), "+I[null]") == 0)
        bytes_printf(out, "%s\tNULL", bytes_cstr(&types));
    else if (row.len > 4) /* +I[ and ] around the text */
        bytes_printf(out, "%s\t%.*s", bytes_cstr(&types), (int)row.len - 4, row.ptr + 3);
    else
        bytes_printf(out, "%s\t", bytes_cstr(&types));
    bytes_fini(&query);
    bytes_fini(&types);
    bytes_fini(&row);
}

/* Two failures are alike, whatever they say. */
static bool same_answer(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (strncmp(a, "ERROR\t", 6) == 0 && strncmp(b, "ERROR\t", 6) == 0);
}

static void expression_line(struct sql_test *t, const char *file, int line, char *text)
{
    char *want = strchr(text, '\t');
    const char *other;
    struct bytes got = {0};

    if (want == NULL)
        return;
    *want++ = '\0';
    t->tests++;
    if ((other = map_get(&t->differences, slice_text(text))) == NULL)
        other = want;
    answer(t, text, &got);
    if (!same_answer(bytes_cstr(&got), other)) {
        if (t->differ)
            printf("%s\t%s\t?\n", text, got.ptr);
        else
            sql_test_complain(t, file, line, text, other, got.ptr);
    }
    bytes_fini(&got);
}

/* `expression TAB type TAB text TAB reason` a line. */
static void read_differences(struct sql_test *t)
{
    FILE *f = fopen("tests/sql/differences.txt", "r");
    char *line = NULL, *type, *reason;
    size_t room = 0;

    while (f && getline(&line, &room, f) >= 0) {
        if (*line == '#' || (type = strchr(line, '\t')) == NULL || (reason = strrchr(line, '\t')) == type)
            continue;
        *type++ = *reason = '\0';
        mem_free(map_remove(&t->differences, slice_text(line)));
        if (!map_put(&t->differences, slice_text(line), mem_strdup(type)))
            abort();
    }
    free(line);
    if (f)
        fclose(f);
}

static void expression_file(struct sql_test *t, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    for (int n = 1; f && getline(&line, &room, f) >= 0; n++) {
        line[strcspn(line, "\n")] = '\0';
        if (*line && *line != '#')
            expression_line(t, path, n, line);
    }
    free(line);
    if (f)
        fclose(f);
}

/* --- all files --- */

static void one_file(struct sql_test *t, const char *path)
{
    int before = t->failed, tests = t->tests;

    if (strcmp(path + strlen(path) - 5, ".expr") == 0) {
        sql_test_session(t);
        expression_file(t, path);
    } else {
        sql_script(t, path);
    }
    if (!t->differ)
        printf("[  %s  ] %s: %d statements, %d wrong\n", t->failed == before ? "    OK" : "FAILED", path,
               t->tests - tests, t->failed - before);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void all_files(struct sql_test *t)
{
    struct dirent **list;
    int count = scandir(FOLDER, &list, NULL, by_name);

    for (int i = 0; i < count; i++) {
        char path[300];
        size_t len = strlen(list[i]->d_name);

        snprintf(path, sizeof path, FOLDER "/%s", list[i]->d_name);
        if (len > 5 &&
            (strcmp(path + strlen(path) - 5, ".expr") == 0 || strcmp(path + strlen(path) - 5, ".test") == 0))
            one_file(t, path);
        free(list[i]);
    }
    if (count >= 0)
        free(list);
}

int main(int argc, char **argv)
{
    struct sql_test t = {.config = config_new()};
    struct map_entry *entry;
    struct error e;
    int at = 1;

    if (t.config == NULL || job_process_logs(t.config, "ERROR", &e) != OK ||
        job_process_init(&t.process, t.config, &e) != OK) {
        fprintf(stderr, "sql_test: %s\n", e.text);
        return 1;
    }
    if (at < argc && strcmp(argv[at], "--record") == 0) {
        t.record = true;
        at++;
    } else if (at < argc && strcmp(argv[at], "--differ") == 0) {
        t.differ = true;
        at++;
    }
    log_init(LOG_ERROR, LOG_TEXT, open("/dev/null", O_WRONLY)); /* failures are wanted here */
    read_differences(&t);
    if (at == argc)
        all_files(&t);
    for (; at < argc; at++)
        one_file(&t, argv[at]);
    if (!t.differ)
        printf("[==========] %d test(s)\n[  PASSED  ] %d test(s).\n", t.tests, t.tests - t.failed);
    if (t.failed)
        printf("[  FAILED  ] %d test(s)\n", t.failed);
    if (t.queries)
        printf("%d jobs in scripts: %d crashed at the half, %d of them after a checkpoint\n", t.queries,
               t.crashed, t.restored);
    for (size_t i = 0; (entry = map_next(&t.differences, &i)) != NULL;)
        mem_free(entry->value);
    map_fini(&t.differences);
    session_free(t.session);
    job_process_fini(&t.process);
    config_free(t.config);
    return t.failed > 0;
}
