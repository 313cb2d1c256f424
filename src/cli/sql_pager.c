/* sql_pager.c: result-mode table and changelog: the result on the whole screen, drawn anew each second while
 * the query runs, until the user leaves.
 *
 *   table      what the result is now: an insert adds a row, a delete removes an equal one
 *   changelog  the changes one by one, with their kind
 *
 * Rows are kept as texts (result_cells); `live` says which of them are shown, in order. At most max-table-
 * result.rows are kept, the oldest go.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "cli/sql_client_internal.h"
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define REFRESH_MS 1000
#define LOOK_MS    100 /* how long a key or a row may wait */
#define ESCAPE_MS  50  /* what follows ESC comes within, else it was that key alone */
#define FRAME_ROWS 6   /* title, two borders and the names, a border below, keys */

enum { KEY_NONE = 256, KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END };

struct live_row {
    int64_t row; /* of cells */
    uint64_t hash;
};

struct pager {
    const struct sql_call *call;
    const struct schema *schema;
    const struct result_style *style;
    struct query_rows *queue;
    struct result_cells cells;
    struct live_row *live; /* owned: those of the result are live_count from `oldest` on */
    size_t oldest, live_count, live_capacity;
    size_t top;  /* the first row shown ... */
    bool follow; /* ... is that of the last page */
    int32_t first_column;
    int rows, columns; /* of the screen */
    bool ended, failed, left;
    struct bytes screen;
    struct termios before;
};

/* --- what is shown -------------------------------------------------------------------------------------- */

/* The nth row of the result. */
static struct live_row *live_at(const struct pager *p, size_t n)
{
    return &p->live[p->oldest + n];
}

/* The texts of a row, one behind the other, without `op`. */
static struct slice row_text(const struct pager *p, int64_t row)
{
    int32_t from = p->style->changes, last = p->cells.column_count - 1;
    struct slice first = result_cell(&p->cells, row, from), end = result_cell(&p->cells, row, last);

    return slice_of(first.ptr, (size_t)(end.ptr + end.len - first.ptr));
}

static bool same_rows(const struct pager *p, int64_t a, int64_t b)
{
    for (int32_t i = p->style->changes; i < p->cells.column_count; i++)
        if (!slice_equal(result_cell(&p->cells, a, i), result_cell(&p->cells, b, i)))
            return false;
    return true;
}

static void drop(struct pager *p, size_t at)
{
    p->live_count--;
    memmove(live_at(p, at), live_at(p, at + 1), (p->live_count - at) * sizeof *p->live);
}

/* What is behind it moves once for many that were dropped. */
static void drop_oldest(struct pager *p)
{
    p->oldest++;
    p->live_count--;
    if (p->oldest < p->live_count)
        return;
    memmove(p->live, live_at(p, 0), p->live_count * sizeof *p->live);
    p->oldest = 0;
}

static void remove_equal(struct pager *p, const struct live_row *gone)
{
    for (size_t i = p->live_count; i-- > 0;)
        if (live_at(p, i)->hash == gone->hash && same_rows(p, live_at(p, i)->row, gone->row)) {
            drop(p, i);
            return;
        }
}

/* Row of cells, which has just come. */
static void take_row(struct pager *p, int64_t row, uint8_t kind)
{
    struct slice text = row_text(p, row);
    struct live_row r = {row, hash_bytes(text.ptr, text.len)};

    if (!p->style->changes && (kind == ROW_DELETE || kind == ROW_UPDATE_BEFORE)) {
        remove_equal(p, &r);
        return;
    }
    if ((int64_t)p->live_count >= p->call->settings.most_rows)
        drop_oldest(p);
    if (!MEM_GROW(p->live, p->oldest + p->live_count, p->live_capacity)) {
        p->failed = true;
        return;
    }
    *live_at(p, p->live_count++) = r;
}

/* Texts of rows that are shown no more are let go when they are the most. */
static void compact(struct pager *p)
{
    struct result_cells kept = {.column_count = p->cells.column_count};

    if (p->cells.row_count < 10000 + 2 * (int64_t)p->live_count)
        return;
    for (size_t i = 0; i < p->live_count; i++) {
        for (int32_t c = 0; c < kept.column_count; c++) {
            bytes_slice(&kept.text, result_cell(&p->cells, live_at(p, i)->row, c));
            bytes_append(&kept.ends, &kept.text.len, sizeof kept.text.len);
        }
        live_at(p, i)->row = (int64_t)i;
    }
    kept.row_count = (int64_t)p->live_count;
    p->failed |= kept.text.failed || kept.ends.failed;
    result_cells_fini(&p->cells);
    p->cells = kept;
}

static void take_rows(struct pager *p)
{
    int64_t began_us = clock_mono_us(clock_system());
    struct batch *rows;
    enum query_rows_got got = QUERY_NOTHING;

    while (!p->failed && clock_mono_us(clock_system()) - began_us < LOOK_MS * 1000 / 2 &&
           (got = query_rows_take(p->queue, 0, &rows)) == QUERY_ROWS) {
        int64_t first = p->cells.row_count;

        result_cells_add(&p->cells, rows, p->style);
        for (int64_t i = first; i < p->cells.row_count && !p->failed; i++) {
            int32_t row = batch_row(rows, (int32_t)(i - first));

            take_row(p, i, rows->row_kinds ? rows->row_kinds[row] : (uint8_t)ROW_INSERT);
        }
        p->failed |= p->cells.failed;
        batch_unref(rows);
        if (!p->failed)
            compact(p);
    }
    p->ended |= got == QUERY_END;
}

/* --- drawing -------------------------------------------------------------------------------------------- */

static size_t page_rows(const struct pager *p)
{
    return p->rows > FRAME_ROWS + 1 ? (size_t)(p->rows - FRAME_ROWS) : 1;
}

static void end_line(struct pager *p)
{
    bytes_text(&p->screen, "\033[K\r\n");
}

/* Columns from first_column on, as many as fit; *count of them. */
static void page_frame(struct pager *p, const struct result_cells *page, struct result_frame *f)
{
    int32_t used = 1;

    for (int32_t i = 0; i < f->column_count; i++) {
        for (int64_t row = 0; row < page->row_count; row++)
            f->widths[i] = MAX(f->widths[i], result_width(result_cell(page, row, i)));
        f->widths[i] = MIN(f->widths[i], p->call->settings.most_width);
    }
    f->names += p->first_column;
    f->widths += p->first_column;
    f->column_count -= p->first_column;
    for (int32_t i = 0; i < f->column_count; i++) {
        used += f->widths[i] + 3;
        if (used > p->columns && i > 0) {
            f->column_count = i;
            return;
        }
    }
    if (used > p->columns) /* one column only, wider than the screen */
        f->widths[0] = MAX(1, p->columns - 4);
}

/* The part of the cells that is on the screen, in the frame's columns. */
static void copy_page(const struct pager *p, size_t count, int32_t first, int32_t column_count,
                      struct result_cells *out)
{
    *out = (struct result_cells){.column_count = column_count};
    for (size_t i = 0; i < count; i++) {
        for (int32_t c = 0; c < column_count; c++) {
            bytes_slice(&out->text, result_cell(&p->cells, live_at(p, p->top + i)->row, first + c));
            bytes_append(&out->ends, &out->text.len, sizeof out->text.len);
        }
        out->failed |= out->text.failed || out->ends.failed;
        out->row_count += !out->failed;
    }
}

/* Lines made by result_print, for a screen that does not go back to the left by itself. */
static void put_lines(struct pager *p, const struct bytes *lines)
{
    for (size_t at = 0; at < lines->len;) {
        const char *end = memchr(lines->ptr + at, '\n', lines->len - at);
        size_t len = end ? (size_t)(end - lines->ptr) - at : lines->len - at;

        bytes_append(&p->screen, lines->ptr + at, len);
        end_line(p);
        at += len + 1;
    }
}

/* A line of its own, cut at the window's edge. */
static void put_line(struct pager *p, const char *look, const char *text)
{
    bytes_printf(&p->screen, "\033[%sm%.*s\033[0m", look, p->columns, text);
}

static void put_title(struct pager *p)
{
    char at[16], title[160];
    time_t now = time(NULL);
    struct tm local;
    size_t page = page_rows(p), pages = (p->live_count + page - 1) / page;

    strftime(at, sizeof at, "%H:%M:%S", localtime_r(&now, &local));
    snprintf(title, sizeof title, " SQL Query Result (%s)  rows: %zu  page: %zu of %zu%s  %s: %s ",
             p->style->changes ? "Changelog" : "Table", p->live_count,
             p->live_count ? (p->top + page - 1) / page + 1 : 0, pages, p->follow ? " (last)" : "",
             p->ended ? "ended" : "updated", at);
    put_line(p, "7", title);
    end_line(p);
}

static void put_table(struct pager *p, struct arena *arena)
{
    size_t count = MIN(page_rows(p), p->live_count - p->top);
    struct result_frame *f;
    struct result_cells page, shown;
    struct bytes lines = {0};

    copy_page(p, count, 0, p->cells.column_count, &page);
    f = result_frame_by_content(arena, p->schema, &page, p->style);
    if (f && !page.failed) {
        page_frame(p, &page, f);
        copy_page(p, count, p->first_column, f->column_count, &shown);
        result_header(f, &lines);
        for (int64_t i = 0; i < shown.row_count; i++)
            result_row(f, &shown, i, &lines);
        result_border(f, &lines);
        put_lines(p, &lines);
        p->failed |= lines.failed || shown.failed;
        result_cells_fini(&shown);
    }
    p->failed |= f == NULL || page.failed;
    result_cells_fini(&page);
    bytes_fini(&lines);
}

static void draw(struct pager *p)
{
    struct winsize size = {0};
    struct arena arena = {0};
    size_t page;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    p->rows = size.ws_row;
    p->columns = size.ws_col;
    page = page_rows(p);
    if (p->follow || p->top >= p->live_count)
        p->top = p->live_count ? (p->live_count - 1) / page * page : 0;
    bytes_text(&p->screen, "\033[H");
    put_title(p);
    put_table(p, &arena);
    put_line(p, "2", "q quit  up down PgUp PgDn  left right: columns  Home End: first, last page");
    bytes_text(&p->screen, "\033[K\033[J");
    p->failed |= !sql_answer_flush(p->call->client, &p->screen);
    arena_fini(&arena);
}

/* --- keys ----------------------------------------------------------------------------------------------- */

/* What follows ESC [ or ESC O. */
static int escape_key(const char *text, ssize_t n)
{
    static const struct {
        const char *text;
        int key;
    } keys[] = {{"A", KEY_UP},       {"B", KEY_DOWN},       {"C", KEY_RIGHT}, {"D", KEY_LEFT},
                {"5~", KEY_PAGE_UP}, {"6~", KEY_PAGE_DOWN}, {"H", KEY_HOME},  {"1~", KEY_HOME},
                {"F", KEY_END},      {"4~", KEY_END}};

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (n == (ssize_t)strlen(keys[i].text) && memcmp(text, keys[i].text, (size_t)n) == 0)
            return keys[i].key;
    return KEY_NONE;
}

/* One byte more of a key, which comes at once or not at all. */
static bool read_more(char *out)
{
    struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&keys, 1, ESCAPE_MS) > 0 && read(STDIN_FILENO, out, 1) == 1;
}

/* Keys may have been pressed faster than they are obeyed: one is taken, the others wait. */
static int read_key(void)
{
    char first, text[8];
    ssize_t n = read(STDIN_FILENO, &first, 1), count = 0;

    if (n <= 0)
        return n == 0 || errno != EINTR ? 'q' : KEY_NONE;
    if (first != '\033')
        return (unsigned char)first;
    if (!read_more(&first) || (first != '[' && first != 'O'))
        return KEY_NONE;
    while (count < (ssize_t)sizeof text && read_more(&text[count]))
        if (text[count++] >= '@') /* the last one of a sequence */
            break;
    return escape_key(text, count);
}

static void move_rows(struct pager *p, int64_t by)
{
    int64_t full = (int64_t)p->live_count - (int64_t)page_rows(p); /* from here on a page is full */
    int64_t last = MAX(full, (int64_t)p->top), to = (int64_t)p->top + by;

    p->top = (size_t)MAX(MIN(to, last), 0);
    p->follow = false;
}

static void obey(struct pager *p, int key)
{
    int64_t page = (int64_t)page_rows(p);

    switch (key) {
    case 'q':
    case 'Q':
        p->left = true;
        break;
    case KEY_UP:
        move_rows(p, -1);
        break;
    case KEY_DOWN:
        move_rows(p, 1);
        break;
    case KEY_PAGE_UP:
    case 'p':
    case 'P':
        move_rows(p, -page);
        break;
    case KEY_PAGE_DOWN:
    case 'n':
    case 'N':
    case ' ':
        move_rows(p, page);
        break;
    case KEY_HOME:
    case 'f':
    case 'F':
        p->top = 0;
        p->follow = false;
        break;
    case KEY_END:
    case 'l':
    case 'L':
        p->follow = true;
        break;
    case KEY_LEFT:
        p->first_column = MAX(0, p->first_column - 1);
        break;
    case KEY_RIGHT:
        p->first_column = MIN(p->cells.column_count - 1, p->first_column + 1);
        break;
    default:
        break;
    }
}

/* --- the screen */

static bool open_screen(struct pager *p)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || !p->call->client->terminal || tcgetattr(STDIN_FILENO, &p->before) != 0)
        return false;
    raw = p->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C is a signal, which closes the queue */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
        return false;
    bytes_text(&p->screen, "\033[?1049h\033[?25l\033[2J");
    return true;
}

static void close_screen(struct pager *p)
{
    bytes_text(&p->screen, "\033[?25h\033[?1049l");
    sql_answer_flush(p->call->client, &p->screen);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &p->before);
}

static void run(struct pager *p)
{
    int64_t drawn_us = 0;
    bool told_end = false;

    while (!p->left && !p->failed && !query_rows_closed(p->queue)) {
        struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
        int64_t now_us;
        bool pressed;

        take_rows(p);
        now_us = clock_mono_us(clock_system());
        if (drawn_us == 0 || now_us - drawn_us >= REFRESH_MS * 1000 || (p->ended && !told_end)) {
            draw(p);
            drawn_us = now_us;
            told_end = p->ended;
        }
        pressed = poll(&keys, 1, LOOK_MS) > 0;
        if (pressed) {
            obey(p, read_key());
            drawn_us = 0;
        }
    }
}

bool sql_pager(const struct sql_call *call, const struct schema *schema, const struct result_style *style,
               struct query_rows *queue)
{
    struct pager p = {.call = call, .schema = schema, .style = style, .queue = queue, .follow = true};
    bool opened;

    result_cells_init(&p.cells, schema, style);
    if ((opened = open_screen(&p))) {
        run(&p);
        close_screen(&p);
    }
    result_cells_fini(&p.cells);
    mem_free(p.live);
    bytes_fini(&p.screen);
    return opened;
}
