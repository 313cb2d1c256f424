/* sql_test.h: what the kinds of golden files share. */
#ifndef WEIR_TESTS_SQL_TEST_H
#define WEIR_TESTS_SQL_TEST_H
#include "base/map.h"
#include "sql_job.h"

struct sql_test {
    struct config *config;
    struct job_process process;
    struct session *session; /* of the file at hand */
    struct map differences;  /* expression to `type TAB text`, owned */
    int tests, failed;
    int queries, crashed,
        restored; /* of the scripts: jobs; how many crashed; how many of them after a checkpoint */
    bool record, differ;
};

/* A session of its own in t->session, which is freed. */
void sql_test_session(struct sql_test *t);
enum err sql_test_parse(struct arena *arena, const char *text, struct sql_source *source,
                        const struct ast_statement **out, struct bytes *message);
void sql_test_complain(struct sql_test *t, const char *file, int line, const char *what, const char *want,
                       const char *got);

/* sql_script.c: a .test file. */
void sql_script(struct sql_test *t, const char *path);
#endif
