/* sql_lines.h: lines typed on a terminal: editing, history, completion (libedit).
 */
#ifndef WEIR_CLI_SQL_LINES_H
#define WEIR_CLI_SQL_LINES_H
#include "cli/sql_words.h"

struct sql_lines;

struct sql_lines_env {
    const char *history; /* file, borrowed; NULL: none is kept */
    int wake_fd;         /* when it is readable, what was typed is given up */
    /* Words for the cursor, which is between two parts of the line. May be NULL. */
    void (*complete)(void *arg, struct slice before, struct slice after, struct sql_words *out);
    void *arg;
};

MUST_USE enum err sql_lines_open(const struct sql_lines_env *env, struct sql_lines **out, struct error *e);
void sql_lines_close(struct sql_lines *l); /* writes the history; NULL is fine */

enum sql_line { SQL_LINE_TEXT, SQL_LINE_INTERRUPTED, SQL_LINE_END };
/* One line, without its end; *text is borrowed until the next call. prompt is borrowed meanwhile. */
enum sql_line sql_lines_read(struct sql_lines *l, const char *prompt, const char **text);
void sql_lines_remember(struct sql_lines *l, struct slice statement);
#endif
