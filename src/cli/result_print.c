/* result_print.c: see result_print.h. */
#include "cli/result_print.h"
#include "expr/cast.h"
#include <wchar.h>

#define NULL_TEXT "<NULL>"
#define CUT       "..."

/* --- values --------------------------------------------------------------------------------------------- */

static void print_bytes(struct slice s, struct bytes *out)
{
    static const char digits[] = "0123456789abcdef";

    bytes_text(out, "x'");
    for (size_t i = 0; i < s.len; i++) {
        bytes_u8(out, (uint8_t)digits[(uint8_t)s.ptr[i] >> 4]);
        bytes_u8(out, (uint8_t)digits[(uint8_t)s.ptr[i] & 15]);
    }
    bytes_u8(out, '\'');
}

/* Inside of another value. */
static void print_part(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    if (column_valid(c, row))
        result_value(c, row, zone, out);
    else
        bytes_text(out, "NULL");
}

static void print_list(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    bytes_u8(out, '[');
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        if (i > c->offsets[row])
            bytes_text(out, ", ");
        print_part(&c->children[0], i, zone, out);
    }
    bytes_u8(out, ']');
}

static void print_map(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    bytes_u8(out, '{');
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++) {
        if (i > c->offsets[row])
            bytes_text(out, ", ");
        print_part(&c->children[0], i, zone, out);
        bytes_u8(out, '=');
        print_part(&c->children[1], i, zone, out);
    }
    bytes_u8(out, '}');
}

static void print_struct(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    bytes_u8(out, '(');
    for (int32_t i = 0; i < c->type->field_count; i++) {
        if (i > 0)
            bytes_text(out, ", ");
        print_part(&c->children[i], row, zone, out);
    }
    bytes_u8(out, ')');
}

void result_value(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out)
{
    switch (c->type->kind) {
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        print_bytes(column_slice(c, row), out);
        break;
    case TYPE_LIST:
        print_list(c, row, zone, out);
        break;
    case TYPE_MAP:
        print_map(c, row, zone, out);
        break;
    case TYPE_STRUCT:
        print_struct(c, row, zone, out);
        break;
    default:
        cast_print(c, row, zone, out);
        break;
    }
}

/* --- cells ---------------------------------------------------------------------------------------------- */

void result_cells_init(struct result_cells *cells, const struct schema *schema,
                       const struct result_style *style)
{
    *cells = (struct result_cells){.column_count = schema->field_count + style->changes};
}

void result_cells_fini(struct result_cells *cells)
{
    bytes_fini(&cells->text);
    bytes_fini(&cells->ends);
    *cells = (struct result_cells){0};
}

void result_cells_clear(struct result_cells *cells)
{
    bytes_clear(&cells->text);
    bytes_clear(&cells->ends);
    cells->row_count = 0;
    cells->failed = false;
}

static bool is_control(char ch)
{
    return (uint8_t)ch < ' ' || ch == 127;
}

/* The control characters of what was written from begin on, as signs: U+2400 and so on. */
static void make_visible(struct bytes *text, size_t begin)
{
    struct bytes copy = {0};

    while (begin < text->len && !is_control(text->ptr[begin]))
        begin++;
    if (text->failed || begin == text->len)
        return;
    for (size_t i = begin; i < text->len; i++) {
        char ch = text->ptr[i];

        if (is_control(ch))
            bytes_append(&copy, (char[]){'\xe2', '\x90', (char)(ch == 127 ? 0xa1 : 0x80 + ch)}, 3);
        else
            bytes_u8(&copy, (uint8_t)ch);
    }
    text->len = begin;
    bytes_slice(text, bytes_all(&copy));
    text->failed |= copy.failed;
    bytes_fini(&copy);
}

static void end_cell(struct result_cells *cells)
{
    size_t end = cells->text.len;

    bytes_append(&cells->ends, &end, sizeof end);
}

static void add_cell(struct result_cells *cells, const struct column *c, int32_t row,
                     const struct result_style *style)
{
    size_t begin = cells->text.len;

    if (column_valid(c, row)) {
        result_value(c, row, style->zone, &cells->text);
        if (style->visible)
            make_visible(&cells->text, begin);
    } else if (!style->null_empty) {
        bytes_text(&cells->text, NULL_TEXT);
    }
    end_cell(cells);
}

void result_cells_add(struct result_cells *cells, const struct batch *rows, const struct result_style *style)
{
    static const char *const kinds[] = {"+I", "-U", "+U", "-D"};
    int32_t live = batch_live(rows);

    for (int32_t i = 0; i < live && !cells->failed; i++) {
        int32_t row = batch_row(rows, i);

        if (style->changes) {
            bytes_text(&cells->text, kinds[rows->row_kinds ? rows->row_kinds[row] : ROW_INSERT]);
            end_cell(cells);
        }
        for (int32_t c = 0; c < rows->schema->field_count; c++)
            add_cell(cells, &rows->columns[c], row, style);
        cells->failed = cells->text.failed || cells->ends.failed;
        cells->row_count += !cells->failed;
    }
}

struct slice result_cell(const struct result_cells *cells, int64_t row, int32_t column)
{
    const size_t *ends = (const size_t *)(const void *)cells->ends.ptr;
    size_t i = (size_t)row * (size_t)cells->column_count + (size_t)column, begin;

    assert(row >= 0 && row < cells->row_count && column >= 0 && column < cells->column_count);
    begin = i ? ends[i - 1] : 0;
    return slice_of(cells->text.ptr ? cells->text.ptr + begin : NULL, ends[i] - begin);
}

/* --- widths --------------------------------------------------------------------------------------------- */

/* The next character; a byte that is no UTF-8 counts as one. */
static uint32_t next_char(struct slice text, size_t *at)
{
    uint8_t first = (uint8_t)text.ptr[(*at)++];
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    uint32_t v = more == 0 ? first : first & (0x3fU >> more);

    for (; more > 0 && *at < text.len && ((uint8_t)text.ptr[*at] & 0xc0) == 0x80; more--)
        v = v << 6 | ((uint8_t)text.ptr[(*at)++] & 0x3f);
    return more == 0 ? v : 0xfffd;
}

static int32_t char_width(uint32_t c)
{
    int width;

    if (c < 0x300) /* most text; also where wcwidth gives -1: each takes one */
        return 1;
    width = wcwidth((wchar_t)c);
    return width < 0 ? 1 : width;
}

int32_t result_width(struct slice text)
{
    int32_t width = 0;

    for (size_t at = 0; at < text.len;)
        width += char_width(next_char(text, &at));
    return width;
}

static void put_many(char ch, int32_t count, struct bytes *out)
{
    char *to = count > 0 ? bytes_reserve(out, (size_t)count) : NULL;

    if (to) {
        memset(to, ch, (size_t)count);
        out->len += (size_t)count;
    }
}

void result_fit(struct slice text, int32_t width, struct bytes *out)
{
    int32_t room = width - (int32_t)strlen(CUT), used = 0;
    int32_t whole = result_width(text);
    size_t end = 0;

    if (whole <= width) {
        put_many(' ', width - whole, out);
        bytes_slice(out, text);
        return;
    }
    for (size_t at = 0; at < text.len; end = at) {
        int32_t w = char_width(next_char(text, &at));

        if (used + w > room)
            break;
        used += w;
    }
    put_many(' ', room - used, out);
    bytes_append(out, text.ptr, end);
    bytes_append(out, CUT, (size_t)MIN(width, (int32_t)strlen(CUT)));
}

static int32_t fraction_width(int32_t precision)
{
    return precision == 0 ? 19 : precision <= 3 ? 23 : precision <= 6 ? 26 : 29;
}

static int32_t type_columns(const struct type *t, int32_t most_width)
{
    switch (t->kind) {
    case TYPE_BOOLEAN:
        return t->form == FORM_NULL ? most_width : 5;
    case TYPE_INT8:
        return 4;
    case TYPE_INT16:
        return 6;
    case TYPE_INT32:
        return 11;
    case TYPE_INT64:
        return 20;
    case TYPE_DECIMAL:
        return t->precision + 2;
    case TYPE_DATE:
        return 10;
    case TYPE_TIME:
        return t->precision == 0 ? 8 : t->precision + 9;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return fraction_width(t->precision);
    default:
        return most_width;
    }
}

/* Names, and widths that are those of the names. */
static struct result_frame *new_frame(struct arena *arena, const struct schema *schema, bool changes)
{
    struct result_frame *f = ARENA_NEW(arena, struct result_frame);
    int32_t n = schema->field_count + changes;

    if (f == NULL)
        return NULL;
    f->column_count = n;
    f->names = ARENA_ARRAY(arena, const char *, n);
    f->widths = ARENA_ARRAY(arena, int32_t, n);
    if (f->names == NULL || f->widths == NULL)
        return NULL;
    if (changes)
        f->names[0] = "op";
    for (int32_t i = 0; i < schema->field_count; i++)
        f->names[i + changes] = schema->fields[i].name;
    for (int32_t i = 0; i < n; i++)
        f->widths[i] = result_width(slice_text(f->names[i]));
    return f;
}

struct result_frame *result_frame_by_type(struct arena *arena, const struct schema *schema,
                                          const struct result_style *style)
{
    struct result_frame *f = new_frame(arena, schema, style->changes);
    int32_t least = style->null_empty ? 0 : (int32_t)strlen(NULL_TEXT);

    for (int32_t i = 0; f && i < schema->field_count; i++) {
        int32_t *width = &f->widths[i + style->changes];

        *width = MAX(MAX(*width, least), type_columns(schema->fields[i].type, style->most_width));
    }
    return f;
}

struct result_frame *result_frame_by_content(struct arena *arena, const struct schema *schema,
                                             const struct result_cells *cells,
                                             const struct result_style *style)
{
    struct result_frame *f = new_frame(arena, schema, style->changes);

    for (int64_t row = 0; f && row < cells->row_count; row++)
        for (int32_t i = 0; i < f->column_count; i++)
            f->widths[i] = MAX(f->widths[i], result_width(result_cell(cells, row, i)));
    for (int32_t i = 0; f && style->most_width > 0 && i < f->column_count; i++)
        f->widths[i] = MIN(f->widths[i], style->most_width);
    return f;
}

/* --- lines ---------------------------------------------------------------------------------------------- */

void result_border(const struct result_frame *f, struct bytes *out)
{
    bytes_u8(out, '+');
    for (int32_t i = 0; i < f->column_count; i++) {
        put_many('-', f->widths[i] + 2, out);
        bytes_u8(out, '+');
    }
    bytes_u8(out, '\n');
}

static void print_cell(struct slice text, int32_t width, struct bytes *out)
{
    bytes_u8(out, ' ');
    result_fit(text, width, out);
    bytes_text(out, " |");
}

void result_header(const struct result_frame *f, struct bytes *out)
{
    result_border(f, out);
    bytes_u8(out, '|');
    for (int32_t i = 0; i < f->column_count; i++)
        print_cell(slice_text(f->names[i]), f->widths[i], out);
    bytes_u8(out, '\n');
    result_border(f, out);
}

void result_row(const struct result_frame *f, const struct result_cells *cells, int64_t row,
                struct bytes *out)
{
    bytes_u8(out, '|');
    for (int32_t i = 0; i < f->column_count; i++)
        print_cell(result_cell(cells, row, i), f->widths[i], out);
    bytes_u8(out, '\n');
}
