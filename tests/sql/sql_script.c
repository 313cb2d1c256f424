/* sql_script.c: scripts of SQL with what comes, and what is otherwise in weir.
 *
 *   -- anything outside a statement is a remark
 *   > SELECT a, b
 *     FROM t WHERE a > 1;                  further lines of a statement are indented
 *   : a INT, b STRING                      columns of a query
 *   +I[2, x]                               its rows, in any order; other statements: OK, rows of SHOW, or `! why not`
 *   ~ reason                               weir's own answer instead: why, then all of it
 *   : a INT, b STRING NOT NULL
 *   +I[2, x]
 *                                          an empty line ends it
 *   >1 SELECT a FROM t LIMIT 1;            which rows come depends on the order of the input: parallelism 1 only
 *
 * $data is the folder golden/data, $work an empty folder of the run. Flink 1.20.5 wrote the answers
 * (tests/live/flink_diff). Failures are alike, whatever they say, but weir's must be as under `~`.
 *
 * A script runs twice from its beginning, each time in a session and folder of its own: with parallelism 1, and with
 * parallelism 2 and a crash of every job when half of its rows have reached the sinks. The answers must be the same.
 * --record writes the answers that differ under `~ ?`, to be given a reason by a person, and takes out those that are
 * not needed any more.
 */
#include "base/mem.h"
#include "sql_test.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA "tests/sql/golden/data"

struct block {
    struct bytes before; /* remarks and empty lines */
    int line;
    bool ordered; /* >1 */
    struct bytes statement, flink, reason, weir;
    bool differs;        /* has `~` */
    struct bytes answer; /* what came at parallelism 1 */
    int64_t sunk;        /* rows then */
};

struct script {
    const char *path;
    struct block *blocks;
    size_t count, capacity;
    struct bytes after;
};

/* --- reading --- */

static struct block *add_block(struct script *s)
{
    if (!MEM_GROW(s->blocks, s->count, s->capacity))
        abort();
    s->blocks[s->count] = (struct block){0};
    return &s->blocks[s->count++];
}

static void read_script(struct script *s)
{
    FILE *f = fopen(s->path, "r");
    enum { OUTSIDE, STATEMENT, FLINK, WEIR } at = OUTSIDE;
    struct block *b = NULL;
    struct bytes before = {0};
    char *line = NULL;
    size_t room = 0;

    for (int n = 1; f && getline(&line, &room, f) >= 0; n++) {
        if (at == STATEMENT && strncmp(line, "  ", 2) != 0)
            at = FLINK;
        if (at != STATEMENT && *line == '\n')
            at = OUTSIDE;
        if (at == OUTSIDE && (strncmp(line, "> ", 2) == 0 || strncmp(line, ">1 ", 3) == 0)) {
            b = add_block(s);
            b->before = before;
            before = (struct bytes){0};
            b->line = n;
            b->ordered = line[1] == '1';
            bytes_text(&b->statement, line + (b->ordered ? 3 : 2));
            at = STATEMENT;
        } else if (at == OUTSIDE) {
            bytes_text(&before, line);
        } else if (at == FLINK && strncmp(line, "~ ", 2) == 0) {
            b->differs = true;
            bytes_text(&b->reason, line);
            at = WEIR;
        } else {
            bytes_text(at == STATEMENT ? &b->statement : at == FLINK ? &b->flink : &b->weir, line);
        }
    }
    s->after = before;
    free(line);
    if (f)
        fclose(f);
}

static void free_script(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct block *b = &s->blocks[i];

        bytes_fini(&b->before);
        bytes_fini(&b->statement);
        bytes_fini(&b->flink);
        bytes_fini(&b->reason);
        bytes_fini(&b->weir);
        bytes_fini(&b->answer);
    }
    mem_free(s->blocks);
    bytes_fini(&s->after);
}

/* --- doing --- */

struct way {
    const char *parallelism;
    bool crash;
    char data[PATH_MAX], work[PATH_MAX]; /* folders */
};

static void expand(const struct way *way, const char *text, struct bytes *out)
{
    for (const char *at = text; *at;) {
        bool data = strncmp(at, "$data", 5) == 0, work = strncmp(at, "$work", 5) == 0;

        if (data || work) {
            bytes_text(out, data ? way->data : way->work);
            at += 5;
        } else {
            bytes_u8(out, (uint8_t)*at++);
        }
    }
}

/* The folders by their names again: they are others elsewhere. */
static void abbreviate(const struct way *way, struct bytes *answer)
{
    size_t data = strlen(way->data), work = strlen(way->work);
    struct bytes out = {0};

    for (const char *at = bytes_cstr(answer); *at;) {
        if (strncmp(at, way->data, data) == 0) {
            bytes_text(&out, "$data");
            at += data;
        } else if (strncmp(at, way->work, work) == 0) {
            bytes_text(&out, "$work");
            at += work;
        } else {
            bytes_u8(&out, (uint8_t)*at++);
        }
    }
    bytes_text(&out, "");
    bytes_fini(answer);
    *answer = out;
}

static enum err run_job(struct sql_test *t, const struct way *way, struct block *b,
                        const struct sql_source *source, const struct ast_statement *s, struct bytes *out)
{
    struct sql_job job = {.session = t->session,
                          .process = &t->process,
                          .parallelism = b->ordered ? "1" : way->parallelism,
                          .crash_rows = way->crash ? b->sunk : 0};
    enum err rc = sql_job_run(&job, source, s, out);

    if (rc == OK && job.header.len) {
        bytes_printf(out, ": %s\n", bytes_cstr(&job.header));
        lines_sort(&job.rows);
        for (size_t i = 0; i < job.rows.count; i++)
            bytes_printf(out, "%s\n", job.rows.list[i]);
    } else if (rc == OK) {
        bytes_text(out, "OK\n");
    }
    if (!way->crash) {
        b->sunk = job.sunk;
        t->queries++;
    }
    t->crashed += job.crashed;
    t->restored += job.from_checkpoint;
    sql_job_fini(&job);
    return rc;
}

static void print_rows(const struct batch *rows, struct bytes *out)
{
    for (int32_t i = 0; rows && i < batch_live(rows); i++) {
        sql_job_row(rows, batch_row(rows, i), out);
        bytes_u8(out, '\n');
    }
}

/* Run a statement; out: its answer. */
static void do_statement(struct sql_test *t, const struct way *way, struct block *b, struct bytes *out)
{
    struct arena arena = {0};
    struct sql_error error = {0};
    struct sql_source source;
    const struct ast_statement *statement = NULL;
    struct result result = {0};
    struct bytes text = {0}, message = {0}; /* message: also what a job gave */
    enum err rc;

    expand(way, bytes_cstr(&b->statement), &text);
    rc = sql_test_parse(&arena, bytes_cstr(&text), &source, &statement, &message);
    if (rc == OK) {
        rc = session_execute(t->session, &arena, &source, statement, &result, &error);
        if (rc != OK)
            bytes_text(&message, error.message);
        else if (result.kind == RESULT_JOB)
            rc = run_job(t, way, b, &source, statement, &message);
        else if (result.kind == RESULT_ROWS)
            print_rows(result.rows, out);
        else
            bytes_text(out, "OK\n");
    }
    if (rc != OK)
        bytes_printf(out, "! %s\n", bytes_cstr(&message));
    else
        bytes_append(out, message.ptr ? message.ptr : "", message.len);
    abbreviate(way, out);
    batch_unref(result.rows);
    bytes_fini(&text);
    bytes_fini(&message);
    arena_fini(&arena);
}

static void sort_answer(struct bytes *answer)
{
    struct lines lines = {0};
    struct bytes sorted = {0};
    const char *at = bytes_cstr(answer), *end;

    for (; (end = strchr(at, '\n')) != NULL; at = end + 1)
        lines_add(&lines, slice_of(at, (size_t)(end - at)));
    lines_sort(&lines);
    for (size_t i = 0; i < lines.count; i++)
        bytes_printf(&sorted, "%s\n", lines.list[i]);
    bytes_text(&sorted, "");
    lines_fini(&lines);
    bytes_fini(answer);
    *answer = sorted;
}

/* Whether lines are the same in any order; two failures are, whatever Flink's says. */
static bool same(const struct bytes *want, const struct bytes *got, bool flinks)
{
    struct bytes a = {0}, b = {0};
    bool ok;

    bytes_append(&a, want->ptr ? want->ptr : "", want->len);
    bytes_append(&b, got->ptr ? got->ptr : "", got->len);
    if (flinks && a.len && b.len && a.ptr[0] == '!' && b.ptr[0] == '!') {
        ok = true;
    } else {
        sort_answer(&a);
        sort_answer(&b);
        ok = strcmp(bytes_cstr(&a), bytes_cstr(&b)) == 0;
    }
    bytes_fini(&a);
    bytes_fini(&b);
    return ok;
}

/* --- both runs --- */

static void check_first(struct sql_test *t, struct script *s, struct block *b)
{
    bool as_flink = same(&b->flink, &b->answer, true);

    if (t->record) {
        if (as_flink || !b->differs || !same(&b->weir, &b->answer, false)) {
            b->differs = !as_flink;
            if (as_flink || b->reason.len == 0) {
                bytes_clear(&b->reason);
                bytes_text(&b->reason, "~ ?\n");
            }
            bytes_clear(&b->weir);
            bytes_append(&b->weir, b->answer.ptr, b->answer.len);
        }
    } else if (b->differs ? !same(&b->weir, &b->answer, false) : !as_flink) {
        sql_test_complain(t, s->path, b->line, bytes_cstr(&b->statement),
                          bytes_cstr(b->differs ? &b->weir : &b->flink), bytes_cstr(&b->answer));
    } else if (b->differs && as_flink) {
        sql_test_complain(t, s->path, b->line, bytes_cstr(&b->statement),
                          "no other answer than Flink's: take the `~` out", bytes_cstr(&b->answer));
    }
}

static void run_all(struct sql_test *t, struct script *s, const struct way *way)
{
    sql_test_session(t);
    if (mkdir(way->work, 0777) != 0)
        abort();
    for (size_t i = 0; i < s->count; i++) {
        struct block *b = &s->blocks[i];
        struct bytes again = {0};

        if (!way->crash) {
            t->tests++;
            do_statement(t, way, b, &b->answer);
            check_first(t, s, b);
        } else {
            do_statement(t, way, b, &again);
            if (!same(&b->answer, &again, true)) /* a failure names the subtask */
                sql_test_complain(t, s->path, b->line,
                                  "after a crash, with parallelism 2:", bytes_cstr(&b->answer),
                                  bytes_cstr(&again));
        }
        bytes_fini(&again);
    }
}

static void write_script(const struct script *s)
{
    FILE *f = fopen(s->path, "w");

    if (f == NULL)
        abort();
    for (size_t i = 0; i < s->count; i++) {
        struct block *b = &s->blocks[i];

        fprintf(f, "%s%s%s%s", b->before.len ? bytes_cstr(&b->before) : "", b->ordered ? ">1 " : "> ",
                bytes_cstr(&b->statement), bytes_cstr(&b->flink));
        if (b->differs)
            fprintf(f, "%s%s", bytes_cstr(&b->reason), bytes_cstr(&b->weir));
    }
    if (s->after.len)
        fprintf(f, "%.*s", (int)s->after.len, s->after.ptr);
    fclose(f);
}

static void remove_folder(const char *path)
{
    char command[PATH_MAX + 20];

    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0)
        fprintf(stderr, "sql_test: %s is left\n", path);
}

void sql_script(struct sql_test *t, const char *path)
{
    char folder[] = "/tmp/weir_sql_test.XXXXXX";
    struct script script = {.path = path};
    struct way way = {.parallelism = "1"};

    if (realpath(DATA, way.data) == NULL || mkdtemp(folder) == NULL)
        abort();
    read_script(&script);
    snprintf(way.work, sizeof way.work, "%s/1", folder);
    run_all(t, &script, &way);
    way.parallelism = "2";
    way.crash = true;
    snprintf(way.work, sizeof way.work, "%s/2", folder);
    if (t->record)
        write_script(&script);
    else
        run_all(t, &script, &way);
    free_script(&script);
    remove_folder(folder);
}
