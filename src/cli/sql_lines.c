/* sql_lines.c: see sql_lines.h. Characters are read here and not by libedit, so that a signal, which comes by
 * the wake-up pipe, ends the wait for the next one.
 */
#include "cli/sql_lines.h"
#include "base/mem.h"
#include "base/bytes.h"
#include <ctype.h>
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_MAX    2000 /* statements */
#define CANDIDATES_MAX 500
#define LIST_MAX       60 /* candidates shown; more are only counted */

struct sql_lines {
    struct sql_lines_env env;
    EditLine *edit;
    History *history;
    const char *prompt;
    bool interrupted;
    mbstate_t shift;
    char *last; /* owned: the line without its end */
};

static struct sql_lines *of(EditLine *edit)
{
    void *l = NULL;

    el_get(edit, EL_CLIENTDATA, &l);
    return l;
}

static char *give_prompt(EditLine *edit)
{
    return (char *)of(edit)->prompt;
}

/* --- characters ----------------------------------------------------------------------------------------- */

/* 1: a byte; 0: the end; -1: told to give up. */
static int read_byte(struct sql_lines *l, char *out)
{
    for (;;) {
        struct pollfd both[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                {.fd = l->env.wake_fd, .events = POLLIN}};
        char drain[16];

        if (poll(both, 2, -1) < 0 && errno != EINTR)
            return 0;
        if (both[1].revents & POLLIN) {
            while (read(l->env.wake_fd, drain, sizeof drain) > 0)
                ;
            l->interrupted = true;
            return -1;
        }
        if (both[0].revents) {
            ssize_t n = read(STDIN_FILENO, out, 1);

            if (n >= 0 || errno != EINTR)
                return n > 0;
        }
    }
}

static int read_character(EditLine *edit, wchar_t *out)
{
    struct sql_lines *l = of(edit);

    for (;;) {
        char byte;
        int got = read_byte(l, &byte);

        if (got <= 0)
            return got;
        switch (mbrtowc(out, &byte, 1, &l->shift)) {
        case (size_t)-2:
            break; /* more bytes of it come */
        case (size_t)-1:
            l->shift = (mbstate_t){0};
            *out = L'\xfffd';
            return 1;
        default:
            return 1;
        }
    }
}

/* --- completion ----------------------------------------------------------------------------------------- */

static bool in_word(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_' || ch == '$' || (ch & 0x80);
}

/* How many letters all words share, in any case. */
static size_t common_length(const char *const *words, int32_t count)
{
    size_t n = strlen(words[0]);

    for (int32_t i = 1; i < count; i++) {
        size_t same = 0;

        while (same < n && tolower((unsigned char)words[0][same]) == tolower((unsigned char)words[i][same]))
            same++;
        n = same;
    }
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int32_t sort_unique(const char **words, int32_t count)
{
    int32_t n = 0;

    qsort(words, (size_t)count, sizeof *words, by_text);
    for (int32_t i = 0; i < count; i++)
        if (n == 0 || strcmp(words[n - 1], words[i]) != 0)
            words[n++] = words[i];
    return n;
}

/* Below the line; libedit draws that again. */
static void list_words(const char *const *words, int32_t count)
{
    size_t width = 0, used = 0;

    for (int32_t i = 0; i < MIN(count, LIST_MAX); i++)
        width = MAX(width, strlen(words[i]) + 2);
    fputc('\n', stdout);
    for (int32_t i = 0; i < MIN(count, LIST_MAX); i++) {
        if (used + width > 80) {
            fputc('\n', stdout);
            used = 0;
        }
        printf("%-*s", (int)width, words[i]);
        used += width;
    }
    if (count > LIST_MAX)
        printf("... %d more", (int)(count - LIST_MAX));
    fputc('\n', stdout);
    fflush(stdout);
}

/* Put the first len letters of word in the place of the prefix before the cursor. */
static void replace(EditLine *edit, size_t prefix_len, const char *word, size_t len, bool whole)
{
    char *text = mem_printf("%.*s%s", (int)len, word, whole ? " " : "");

    if (text) {
        el_deletestr(edit, (int)prefix_len);
        el_insertstr(edit, text);
    }
    mem_free(text);
}

static unsigned char complete(EditLine *edit, UNUSED int key)
{
    struct sql_lines *l = of(edit);
    const LineInfo *line = el_line(edit);
    const char *begin = line->cursor, *words[CANDIDATES_MAX];
    struct arena arena = {0};
    struct slice prefix;
    unsigned char then = CC_REFRESH;
    int32_t count;

    while (begin > line->buffer && in_word(begin[-1]))
        begin--;
    prefix = slice_of(begin, (size_t)(line->cursor - begin));
    count = l->env.complete ? l->env.complete(l->env.arg, &arena, prefix, words, CANDIDATES_MAX) : 0;
    count = sort_unique(words, count);
    if (count == 0) {
        then = CC_REFRESH_BEEP;
    } else {
        size_t common = common_length(words, count);

        if (count == 1 || common > prefix.len)
            replace(edit, prefix.len, words[0], common, count == 1);
        else
            list_words(words, count);
        then = count == 1 || common > prefix.len ? CC_REFRESH : CC_REDISPLAY;
    }
    arena_fini(&arena);
    return then;
}

/* --- life ----------------------------------------------------------------------------------------------- */

static enum err open_history(struct sql_lines *l, struct error *e)
{
    HistEvent event;

    if ((l->history = history_init()) == NULL)
        return error_memory(e, 0, "a history");
    history(l->history, &event, H_SETSIZE, HISTORY_MAX);
    history(l->history, &event, H_SETUNIQUE, 1);
    el_set(l->edit, EL_HIST, history, l->history);
    if (l->env.history)
        history(l->history, &event, H_LOAD, l->env.history); /* there is none yet: it is written at the end */
    return OK;
}

enum err sql_lines_open(const struct sql_lines_env *env, struct sql_lines **out, struct error *e)
{
    struct sql_lines *l = mem_zalloc(sizeof *l);
    enum err rc;

    *out = NULL;
    if (l == NULL)
        return error_memory(e, sizeof *l, "line editing");
    l->env = *env;
    if ((l->edit = el_init("weir", stdin, stdout, stderr)) == NULL) {
        mem_free(l);
        return error_set(e, ERR_IO, "line editing cannot be started on this terminal (TERM)");
    }
    el_set(l->edit, EL_CLIENTDATA, l);
    el_set(l->edit, EL_PROMPT, give_prompt);
    el_set(l->edit, EL_EDITOR, "emacs");
    el_set(l->edit, EL_GETCFN, read_character);
    el_set(l->edit, EL_ADDFN, "weir-complete", "complete words and names", complete);
    el_set(l->edit, EL_BIND, "^I", "weir-complete", NULL);
    el_set(l->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    if ((rc = open_history(l, e)) != OK) {
        sql_lines_close(l);
        return rc;
    }
    el_source(l->edit, NULL); /* ~/.editrc: the user's own keys */
    *out = l;
    return OK;
}

void sql_lines_close(struct sql_lines *l)
{
    HistEvent event;

    if (l == NULL)
        return;
    if (l->history && l->env.history)
        history(l->history, &event, H_SAVE, l->env.history);
    if (l->history)
        history_end(l->history);
    el_end(l->edit);
    mem_free(l->last);
    mem_free(l);
}

enum sql_line sql_lines_read(struct sql_lines *l, const char *prompt, const char **text)
{
    const char *line;
    size_t len;
    int count = 0;

    l->prompt = prompt;
    l->interrupted = false;
    l->shift = (mbstate_t){0};
    el_resize(l->edit);
    line = el_gets(l->edit, &count);
    if (l->interrupted)
        return SQL_LINE_INTERRUPTED;
    if (line == NULL || count <= 0)
        return SQL_LINE_END;
    len = strcspn(line, "\r\n");
    mem_free(l->last);
    if ((l->last = mem_strndup(line, len)) == NULL)
        return SQL_LINE_END;
    *text = l->last;
    return SQL_LINE_TEXT;
}

/* A statement of several lines becomes one that can be edited; not where the end of a line ends a comment. */
void sql_lines_remember(struct sql_lines *l, struct slice statement)
{
    char *text;
    HistEvent event;

    while (statement.len && isspace((unsigned char)statement.ptr[statement.len - 1]))
        statement.len--;
    if (statement.len == 0 || (text = mem_strndup(statement.ptr, statement.len)) == NULL)
        return;
    if (strstr(text, "--") == NULL)
        for (char *p = text; *p; p++)
            if (*p == '\n')
                *p = ' ';
    history(l->history, &event, H_ENTER, text);
    mem_free(text);
}
