/* sql_prompt.c: see sql_prompt.h.
 *
 *     weir> SELECT a          what was typed is kept until it is whole (sql_complete): its last word is a `;`
 *         > FROM t;
 */
#include "cli/sql_prompt.h"
#include "base/mem.h"
#include "cli/sql_lines.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define PROMPT      "weir> "
#define PROMPT_MORE "    > "

struct prompt {
    struct sql_client *client;
    struct sql_lines *lines;
    struct bytes typed; /* the statement so far */
};

/* --- completion ----------------------------------------------------------------------------------------- */

static void complete(void *arg, struct slice before, struct slice after, struct sql_words *out)
{
    struct prompt *p = arg;
    const char *text = arena_printf(out->arena, "%.*s%.*s", (int)p->typed.len,
                                    p->typed.len ? p->typed.ptr : "", (int)before.len, before.ptr);

    if (text)
        sql_words_find(sql_client_session(p->client), slice_text(text), after, out);
}

/* --- statements ----------------------------------------------------------------------------------------- */

/* QUIT and EXIT, also without `;`: who wants to leave should not be asked for more. */
static bool is_leaving_word(struct slice text)
{
    static const char *const words[] = {"quit", "exit"};

    while (text.len && (isspace((unsigned char)text.ptr[text.len - 1]) || text.ptr[text.len - 1] == ';'))
        text.len--;
    while (text.len && isspace((unsigned char)*text.ptr))
        text = slice_from(text, 1);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (text.len == 4 && strncasecmp(text.ptr, words[i], 4) == 0)
            return true;
    return false;
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isspace((unsigned char)text.ptr[i]))
            return false;
    return true;
}

/* What was typed is whole: do it. False: the user leaves. */
static bool execute(struct prompt *p)
{
    struct sql_source source = {.text = bytes_all(&p->typed)};

    if (p->typed.failed) {
        sql_client_error(p->client, "no memory for the statement");
    } else if (!is_blank(source.text)) {
        sql_lines_remember(p->lines, source.text);
        if (is_leaving_word(source.text))
            return false;
        sql_client_text(p->client, &source, false);
        putchar('\n');
    }
    bytes_clear(&p->typed);
    return !sql_client_leaving(p->client);
}

/* One more line. False: the user leaves. */
static bool step(struct prompt *p)
{
    const char *line = NULL;
    bool first = p->typed.len == 0;

    if (first)
        sql_client_news(p->client);
    switch (sql_lines_read(p->lines, first ? PROMPT : PROMPT_MORE, &line)) {
    case SQL_LINE_INTERRUPTED:
        puts("^C");
        bytes_clear(&p->typed);
        return !sql_client_leaving(p->client);
    case SQL_LINE_END:
        putchar('\n');
        return false;
    default:
        break;
    }
    bytes_printf(&p->typed, "%s\n", line);
    if (p->typed.failed || sql_complete(bytes_all(&p->typed)) || (first && is_leaving_word(slice_text(line))))
        return execute(p);
    return true;
}

static void leave(struct sql_client *c, int32_t running)
{
    if (running > 0) {
        sql_client_info(c, "%" PRId32 " %s in this client: stopping with a last checkpoint (Ctrl-C: at once)",
                        running, running > 1 ? "jobs run" : "job runs");
        sql_client_stop(c);
        sql_client_wait(c);
    }
    sql_client_info(c, "Exiting weir SQL client...");
}

enum err sql_prompt(struct sql_client *c, const char *history, struct error *e)
{
    struct prompt p = {.client = c};
    const char *home = getenv("HOME");
    char *path = history ? mem_strdup(history) : home ? mem_printf("%s/.weir-sql-history", home) : NULL;
    struct sql_lines_env env = {
        .history = path, .wake_fd = sql_client_wake_fd(c), .complete = complete, .arg = &p};
    enum err rc = sql_lines_open(&env, &p.lines, e);

    if (rc == OK) {
        printf("weir %s SQL client. HELP; tells more, QUIT; or Ctrl-D leaves, Tab completes.\n",
               WEIR_VERSION);
        if (path)
            printf("Command history file path: %s\n", path);
        putchar('\n');
        while (step(&p))
            ;
        sql_lines_close(p.lines);
        leave(c, sql_client_running(c));
    }
    bytes_fini(&p.typed);
    mem_free(path);
    return rc;
}
