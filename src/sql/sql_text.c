/* sql_text.c: places in a text, and errors shown with the line that they are in. */
#include "sql/sql_text.h"
#include <ctype.h>
#include <stdio.h>

#define LINE_MAX_SHOWN   100 /* code points of a source line; of a longer one the part around the error */
#define BEFORE_SHOWN     60
#define LINE_LEAST_SHOWN 20 /* in however narrow a window */
#define FRAME_SHOWN      12 /* columns around it: "  " and " | ", "..." on both sides, one left free */

enum err sql_vfail(struct sql_error *error, enum err code, const char *stage, struct ast_place place,
                   const char *fmt, va_list args)
{
    struct sql_error filled = {.code = code, .stage = stage, .place = place};

    vsnprintf(filled.message, sizeof filled.message, fmt, args); /* args may lie in the old one */
    *error = filled;
    return code;
}

enum err sql_fail(struct sql_error *error, enum err code, const char *stage, struct ast_place place,
                  const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    sql_vfail(error, code, stage, place, fmt, args);
    va_end(args);
    return code;
}

void sql_hint(struct sql_error *error, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(error->hint, sizeof error->hint, fmt, args);
    va_end(args);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct ast_place sql_place(struct slice text, size_t begin, size_t end)
{
    struct ast_place place = {1, 1, (uint32_t)begin, (uint32_t)end};
    size_t at = slice_starts(text, SLICE("\xEF\xBB\xBF")) ? 3 : 0;

    assert(begin <= end && end <= text.len);
    for (; at < begin; at++) {
        if (text.ptr[at] == '\n') {
            place.line++;
            place.column = 1;
        } else if (!is_continuation(text.ptr[at])) {
            place.column++;
        }
    }
    return place;
}

/* Terminals show these with two columns. */
static bool is_wide(const char *at, const char *end)
{
    unsigned char a = (unsigned char)at[0], b = at + 1 < end ? (unsigned char)at[1] : 0;

    return (a == 0xe1 && b == 0x84) || (a == 0xe2 && b >= 0xba) || (a >= 0xe3 && a <= 0xec) ||
           (a == 0xed && b <= 0x9e) || (a == 0xef && b >= 0xbc && b <= 0xbd) || (a == 0xf0 && b >= 0x9f);
}

/* One line of the source and which bytes of it are wrong. */
struct shown {
    const char *begin, *from, *to, *end;
    bool cut_before, cut_after;
};

static const char *back(const char *at, const char *least, int count)
{
    while (count-- > 0 && at > least) {
        at--;
        while (at > least && is_continuation(*at))
            at--;
    }
    return at;
}

static const char *forth(const char *at, const char *most, int count)
{
    while (count-- > 0 && at < most) {
        at++;
        while (at < most && is_continuation(*at))
            at++;
    }
    return at;
}

/* As many characters of a line as there are columns; a wide one counts twice. */
static const char *forth_columns(const char *at, const char *most, int columns)
{
    for (; at < most; at = forth(at, most, 1)) {
        columns -= is_wide(at, most) ? 2 : 1;
        if (columns < 0)
            break;
    }
    return at;
}

static struct shown line_of(const struct sql_error *error, struct slice text, int columns)
{
    const char *all = text.ptr, *all_end = text.ptr + text.len;
    struct shown s = {.from = all + MIN(error->place.begin, text.len),
                      .to = all + MIN(error->place.end, text.len)};
    const char *begin, *end;

    for (s.begin = s.from; s.begin > all && s.begin[-1] != '\n';)
        s.begin--;
    s.end = memchr(s.from, '\n', (size_t)(all_end - s.from));
    s.end = s.end ? s.end : all_end;
    if (s.end > s.begin && s.end[-1] == '\r')
        s.end--;
    s.from = MIN(s.from, s.end);
    s.to = MAX(MIN(s.to, s.end), s.from);
    if (s.begin == all && slice_starts(text, SLICE("\xEF\xBB\xBF")))
        s.begin += 3;
    s.from = MAX(s.from, s.begin);
    s.to = MAX(s.to, s.from);
    begin = back(s.from, s.begin, columns * BEFORE_SHOWN / LINE_MAX_SHOWN);
    end = columns < LINE_MAX_SHOWN ? forth_columns(begin, s.end, columns) : forth(begin, s.end, columns);
    s.cut_before = begin > s.begin;
    s.cut_after = end < s.end;
    s.begin = begin;
    s.end = end;
    s.to = MIN(s.to, end);
    return s;
}

/* The line with what a terminal would act on made harmless. */
static void show_bytes(const char *at, const char *end, struct bytes *out)
{
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;

        bytes_u8(out, c == '\t' ? '\t' : c < 0x20 || c == 0x7f ? '?' : c);
    }
}

/* As many columns of fill as the bytes take; tabs stay, so that they are as wide as in the line above. */
static void show_fill(const char *at, const char *end, char fill, struct bytes *out)
{
    for (; at < end; at++)
        if (*at == '\t' && fill == ' ')
            bytes_u8(out, '\t');
        else if (!is_continuation(*at))
            for (int i = is_wide(at, end) ? 2 : 1; i; i--)
                bytes_u8(out, (uint8_t)fill);
}

static void show_line(const struct sql_error *error, const struct sql_source *source, int32_t columns,
                      struct bytes *out)
{
    char number[16];
    int width = snprintf(number, sizeof number, "%" PRId32, error->place.line);
    int room = columns - width - FRAME_SHOWN;
    struct shown s = line_of(error, source->text, MIN(MAX(room, LINE_LEAST_SHOWN), LINE_MAX_SHOWN));

    bytes_printf(out, "\n  %s | %s", number, s.cut_before ? "..." : "");
    show_bytes(s.begin, s.end, out);
    bytes_printf(out, "%s\n  %*s | %s", s.cut_after ? "..." : "", width, "", s.cut_before ? "   " : "");
    show_fill(s.begin, s.from, ' ', out);
    if (s.to > s.from)
        show_fill(s.from, s.to, '^', out);
    else
        bytes_u8(out, '^');
}

static void show_head(const struct sql_error *error, const struct sql_source *source, struct bytes *out)
{
    if (error->stage)
        bytes_printf(out, "%s ", error->stage);
    if (error->place.line == 0)
        bytes_text(out, source->name ? "in " : "");
    if (source->name)
        bytes_printf(out, "%s%s", error->place.line ? "at " : "", source->name);
    if (error->place.line && source->name)
        bytes_printf(out, ":%" PRId32 ":%" PRId32, error->place.line, error->place.column);
    else if (error->place.line)
        bytes_printf(out, "at line %" PRId32 ", column %" PRId32, error->place.line, error->place.column);
    if (error->place.line || source->name)
        bytes_text(out, ": ");
    bytes_text(out, error->message);
}

void sql_error_render_within(const struct sql_error *error, const struct sql_source *source, int32_t columns,
                             struct bytes *out)
{
    show_head(error, source, out);
    if (error->place.line && source->text.len)
        show_line(error, source, columns, out);
    if (error->hint[0])
        bytes_printf(out, "\nhint: %s", error->hint);
}

void sql_error_render(const struct sql_error *error, const struct sql_source *source, struct bytes *out)
{
    sql_error_render_within(error, source, INT16_MAX, out);
}

enum err sql_error_line(const struct sql_error *error, const struct sql_source *source, struct error *e)
{
    struct bytes line = {0};
    const char *text;

    show_head(error, source, &line);
    if (error->hint[0])
        bytes_printf(&line, "; %s", error->hint);
    text = bytes_cstr(&line);
    error_set(e, error->code, "%s", text ? text : error->message);
    bytes_fini(&line);
    return error->code;
}

#define NEAREST_MAX 40

/* Letters to change, add, leave out or swap with their neighbour to get from a to b. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2], *swap;

    for (size_t j = 0; j <= b_len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = toupper((unsigned char)a[i - 1]), y = toupper((unsigned char)b[j - 1]);

            now[j] = MIN(MIN(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == toupper((unsigned char)b[j - 2]) &&
                y == toupper((unsigned char)a[i - 2]))
                now[j] = MIN(now[j], before[j - 2] + 1);
        }
        swap = before;
        before = last;
        last = now;
        now = swap;
    }
    return last[b_len];
}

const char *sql_nearest(const char *wrong, const char *const *words, size_t count)
{
    size_t len = strlen(wrong), best_distance = MAX(len / 3, 1);
    const char *best = NULL;

    if (len < 2 || len > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(words[i]), d;

        if (other > NEAREST_MAX || other < 2 || MAX(len, other) - MIN(len, other) > best_distance)
            continue;
        d = distance(wrong, len, words[i], other);
        if (d < best_distance || (d == best_distance && best == NULL)) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
