/* sql_lines.c: see sql_lines.h. Characters are read here and not by libedit, so that a signal, which comes by
 * the wake-up pipe, ends the wait for the next one.
 */
#include "cli/sql_lines.h"
#include "base/mem.h"
#include "cli/result_print.h"
#include <ctype.h>
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_MAX 2000 /* statements */
#define LIST_MAX    120  /* words shown; more are only counted */

struct sql_lines {
    struct sql_lines_env env;
    EditLine *edit;
    History *history;
    const char *prompt;
    bool interrupted;
    mbstate_t shift;
    char *last;            /* owned: the line without its end */
    struct termios before; /* of the terminal; given back at the end */
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
        int got = l->interrupted ? -1 : read_byte(l, &byte);

        if (l->interrupted) { /* the line is ended where it ends on the screen, be it several lines long */
            *out = L'\n';
            return 1;
        }
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

/* How many bytes all words share, in any case; whole characters. */
static size_t common_length(const struct sql_words *w)
{
    const char *first = w->items[0].text;
    size_t n = strlen(first);

    for (int32_t i = 1; i < w->count; i++) {
        size_t same = 0;

        while (same < n &&
               tolower((unsigned char)first[same]) == tolower((unsigned char)w->items[i].text[same]))
            same++;
        n = same;
    }
    while (n > 0 && ((unsigned char)first[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static size_t window_width(void)
{
    struct winsize size = {0};

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Below the line; libedit draws that again. */
static void list_words(const struct sql_words *w)
{
    size_t width = 0, used = 0, most = window_width();

    for (int32_t i = 0; i < MIN(w->count, LIST_MAX); i++)
        width = MAX(width, (size_t)result_width(slice_text(w->items[i].text)) + 2);
    for (int32_t i = 0; i < MIN(w->count, LIST_MAX); i++) {
        const char *text = w->items[i].text;

        if (used == 0 || used + width >= most) {
            fputc('\n', stdout);
            used = 0;
        }
        printf("%s%*s", text, (int)(width - (size_t)result_width(slice_text(text))), "");
        used += width;
    }
    if (w->count > LIST_MAX)
        printf("\n... %d more", (int)(w->count - LIST_MAX));
    fputc('\n', stdout);
    fflush(stdout);
}

/* Put the first len bytes of word, and what comes after it, in the place of the prefix before the cursor. */
static void replace(EditLine *edit, struct slice prefix, const char *word, size_t len, const char *after)
{
    const char *text_end = prefix.ptr + prefix.len;
    size_t characters = 0;
    char *text = mem_printf("%.*s%s", (int)len, word, after);

    for (const char *at = prefix.ptr; at < text_end; at++)
        characters += ((unsigned char)*at & 0xc0) != 0x80;
    if (text) {
        el_deletestr(edit, (int)characters);
        el_insertstr(edit, text);
    }
    mem_free(text);
}

static unsigned char complete(EditLine *edit, UNUSED int key)
{
    struct sql_lines *l = of(edit);
    const LineInfo *line = el_line(edit);
    struct slice before = slice_of(line->buffer, (size_t)(line->cursor - line->buffer));
    struct slice after = slice_of(line->cursor, (size_t)(line->lastchar - line->cursor));
    struct arena arena = {0};
    struct sql_words words = {.arena = &arena};
    unsigned char then = CC_REFRESH_BEEP;

    if (l->env.complete)
        l->env.complete(l->env.arg, before, after, &words);
    if (words.count > 0) {
        struct slice prefix = slice_from(before, before.len - words.prefix_len);
        size_t common = common_length(&words);
        bool one = words.count == 1, more = one || common > prefix.len;

        if (more)
            replace(edit, prefix, words.items[0].text, common, one ? words.items[0].after : "");
        else
            list_words(&words);
        then = more ? CC_REFRESH : CC_REDISPLAY;
    }
    arena_fini(&arena);
    return then;
}

/* --- life ----------------------------------------------------------------------------------------------- */

/* While a statement runs, keys are neither shown nor taken for an end of file: they wait for the next line.
 * Ctrl-C stays a signal. libedit takes the terminal as it finds it for what is to be between its lines. */
static void set_quiet(struct sql_lines *l)
{
    struct termios quiet;

    if (tcgetattr(STDIN_FILENO, &l->before) != 0)
        return;
    quiet = l->before;
    quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

static void set_back(const struct sql_lines *l)
{
    tcsetattr(STDIN_FILENO, TCSADRAIN, &l->before);
}

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
    set_quiet(l);
    if ((l->edit = el_init("weir", stdin, stdout, stderr)) == NULL) {
        set_back(l);
        mem_free(l);
        return error_set(e, ERR_IO, "line editing cannot be started on this terminal (TERM)");
    }
    el_set(l->edit, EL_CLIENTDATA, l);
    el_set(l->edit, EL_PROMPT, give_prompt);
    el_set(l->edit, EL_EDITOR, "emacs");
    el_set(l->edit, EL_GETCFN, read_character);
    el_wset(l->edit, EL_ADDFN, L"weir-complete", L"complete words and names", complete); /* el_set leaks */
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
    set_back(l);
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
    el_set(l->edit, EL_PREP_TERM, 1); /* before the prompt is seen: no key after it is lost */
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
