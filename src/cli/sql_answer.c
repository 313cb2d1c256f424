/* sql_answer.c: answers: Flink's texts, errors with their place, tables of results. */
#include "cli/sql_client_internal.h"
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLUE  "\033[34;1m"
#define RED   "\033[31;1m"
#define RESET "\033[0m"

void sql_client_info(struct sql_client *c, const char *fmt, ...)
{
    va_list va;

    if (c->silent)
        return;
    fputs(c->colour ? BLUE "[INFO] " : "[INFO] ", c->out);
    va_start(va, fmt);
    vfprintf(c->out, fmt, va);
    va_end(va);
    fputs(c->colour ? RESET "\n" : "\n", c->out);
    fflush(c->out);
}

void sql_client_error(struct sql_client *c, const char *text)
{
    if (c->options.manner == SQL_APPLICATION) {
        fprintf(stderr, "weir run: %s\n", text);
        return;
    }
    fprintf(c->out, "%s[ERROR] Could not execute SQL statement. Reason:%s\n%s\n", c->colour ? RED : "",
            c->colour ? RESET : "", text);
    fflush(c->out);
}

int32_t sql_answer_columns(const struct sql_client *c)
{
    struct winsize size = {0};

    if (!c->terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return INT16_MAX;
    return size.ws_col;
}

bool sql_answer_error(struct sql_client *c, const struct error *e)
{
    sql_client_error(c, e->text);
    return false;
}

bool sql_answer_sql_error(const struct sql_call *call, const struct sql_error *error)
{
    struct bytes text = {0};

    sql_error_render_within(error, call->source, sql_answer_columns(call->client), &text);
    sql_client_error(call->client, text.failed ? error->message : bytes_cstr(&text));
    bytes_fini(&text);
    return false;
}

void sql_answer_done(struct sql_client *c)
{
    if (c->options.manner != SQL_APPLICATION)
        sql_client_info(c, "Execute statement succeeded.");
}

void sql_answer_text(struct sql_client *c, struct slice text)
{
    if (c->silent)
        return;
    fwrite(text.ptr, 1, text.len, c->out);
    if (text.len == 0 || text.ptr[text.len - 1] != '\n')
        fputc('\n', c->out);
    fflush(c->out);
}

bool sql_answer_flush(struct sql_client *c, struct bytes *text)
{
    bool all;

    if (!c->silent)
        fwrite(text->ptr, 1, text->len, c->out);
    all = !text->failed && fflush(c->out) == 0 && !ferror(c->out);
    bytes_clear(text);
    return all;
}

/* What SHOW CREATE gives: one text of several lines, which is to be copied and not framed. */
static bool print_plain(struct sql_client *c, const struct batch *rows)
{
    struct slice text;
    int32_t row;

    if (rows->schema->field_count != 1 || rows->schema->fields[0].type->kind != TYPE_STRING ||
        batch_live(rows) != 1)
        return false;
    row = batch_row(rows, 0);
    if (!column_valid(&rows->columns[0], row))
        return false;
    text = column_slice(&rows->columns[0], row);
    if (memchr(text.ptr, '\n', text.len) == NULL)
        return false;
    sql_answer_text(c, text);
    return true;
}

bool sql_answer_rows(struct sql_client *c, const struct schema *schema, const struct batch *rows)
{
    struct result_style style = {.null_empty = true, .visible = c->terminal};
    struct result_cells cells;
    struct result_frame *frame;
    struct bytes text = {0};
    struct arena arena = {0};
    struct error e;

    if (rows == NULL || batch_live(rows) == 0) {
        sql_answer_text(c, SLICE("Empty set"));
        return true;
    }
    if (print_plain(c, rows))
        return true;
    result_cells_init(&cells, schema, &style);
    result_cells_add(&cells, rows, &style);
    if ((frame = result_frame_by_content(&arena, schema, &cells, &style)) != NULL) {
        result_header(frame, &text);
        for (int64_t i = 0; i < cells.row_count; i++)
            result_row(frame, &cells, i, &text);
        result_border(frame, &text);
        bytes_printf(&text, "%" PRId64 " %s in set\n", cells.row_count, cells.row_count > 1 ? "rows" : "row");
    }
    if (frame == NULL || cells.failed || text.failed) {
        error_memory(&e, 0, "a table of results");
        sql_answer_error(c, &e);
        frame = NULL;
    } else {
        sql_answer_flush(c, &text);
    }
    bytes_fini(&text);
    result_cells_fini(&cells);
    arena_fini(&arena);
    return frame != NULL;
}
