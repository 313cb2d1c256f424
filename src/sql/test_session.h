/* test_session.h: a session for tests: scripts run statement by statement, and what they gave as text. */
#ifndef WEIR_SQL_TEST_SESSION_H
#define WEIR_SQL_TEST_SESSION_H
#include "base/mem.h"
#include "base/test.h"
#include "config/config.h"
#include "io/fs.h"
#include "os/clock.h"
#include "sql/session.h"
#include <stdio.h>
#include <stdlib.h>

struct test_session {
    struct config *config;
    struct fs *fs;
    struct session *s;
};

static UNUSED void test_session_init(struct test_session *t)
{
    struct session_env env;
    struct error e;

    *t = (struct test_session){.config = config_new()};
    assert_non_null(t->config);
    ASSERT_OK(fs_local_new(&t->fs, &e), &e);
    env = (struct session_env){t->config, t->fs, clock_system()};
    t->s = session_new(&env);
    assert_non_null(t->s);
}

static UNUSED void test_session_fini(struct test_session *t)
{
    session_free(t->s);
    fs_free(t->fs);
    config_free(t->config);
}

/* Append what a statement gave. */
static void test_session_result(const struct result *r, struct bytes *out)
{
    static const char *const kinds[] = {"OK\n", "", "JOB\n", "CLIENT\n"};

    bytes_text(out, kinds[r->kind]);
    if (r->kind == RESULT_ROWS && r->rows)
        batch_print(r->rows, out);
    if (r->note)
        bytes_printf(out, "note: %s\n", r->note);
    batch_unref(r->rows);
}

/* Run a script to its end; what each statement gave is appended to out (may be NULL), errors as they are
 * shown to the user. The code of the last statement that failed, OK when none did. */
static UNUSED enum err test_session_run(struct test_session *t, const char *name, const char *sql,
                                        struct bytes *out)
{
    const struct sql_source source = {name, slice_text(sql)};
    size_t offset = 0;
    enum err failure = OK;

    for (;;) {
        struct arena arena = {0};
        const struct ast_statement *st = NULL;
        struct sql_error error = {0};
        struct result result = {0};
        struct bytes mine = {0};
        enum err rc = sql_parse(&arena, &source, &offset, &st, &error);
        bool end = rc == OK && st == NULL;

        if (rc == OK && st)
            rc = session_execute(t->s, &arena, &source, st, &result, &error);
        if (rc == OK && st)
            test_session_result(&result, &mine);
        if (rc != OK) {
            failure = rc;
            sql_error_render(&error, &source, &mine);
            bytes_text(&mine, "\n");
        }
        if (out)
            bytes_slice(out, bytes_all(&mine));
        bytes_fini(&mine);
        arena_fini(&arena);
        if (end || rc == ERR_MEMORY || (rc != OK && offset >= source.text.len))
            return failure;
    }
}
#endif
