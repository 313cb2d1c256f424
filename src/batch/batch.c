/* batch.c: the memory of batches, and new batches made of old ones. */
#include "batch/batch.h"
#include "base/budget.h"
#include "base/calendar.h"
#include "base/mem.h"

#define ALIGNMENT   64
#define CHUNK_BYTES 4096

struct block {
    void *ptr; /* owned */
    size_t byte_count;
};

struct batch_memory {
    struct budget *budget; /* borrowed, may be NULL */
    struct block *blocks;  /* owned */
    size_t block_count, block_capacity;
    struct keep **keeps; /* owned, a reference each */
    size_t keep_count, keep_capacity;
    char *chunk; /* where small allocations come from, in the newest small block */
    size_t chunk_left;
    size_t charged; /* bytes taken from budget */
};

void keep_unref(struct keep *k)
{
    if (k && atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) == 1)
        k->free(k);
}

static void batch_free(struct keep *k)
{
    struct batch *b = CONTAINER_OF(k, struct batch, keep);
    struct batch_memory *m = b->memory;

    for (size_t i = 0; i < m->keep_count; i++)
        keep_unref(m->keeps[i]);
    for (size_t i = 0; i < m->block_count; i++)
        mem_free(m->blocks[i].ptr);
    if (m->budget)
        budget_give(m->budget, m->charged);
    mem_free(m->keeps);
    mem_free(m->blocks);
    mem_free(b);
}

/* Header, memory and column headers, nested ones too, are one allocation. */
static size_t count_columns(const struct field *fields, int32_t count)
{
    size_t n = (size_t)count;

    for (int32_t i = 0; i < count; i++)
        n += count_columns(fields[i].type->fields, fields[i].type->field_count);
    return n;
}

static struct column *place_columns(struct column *columns, const struct field *fields, int32_t count,
                                    struct column **free_ones)
{
    *free_ones += count;
    for (int32_t i = 0; i < count; i++) {
        const struct type *type = fields[i].type;

        columns[i].type = type;
        if (type->field_count)
            columns[i].children = place_columns(*free_ones, type->fields, type->field_count, free_ones);
    }
    return columns;
}

struct batch *batch_new(const struct schema *schema, struct budget *budget)
{
    size_t columns = count_columns(schema->fields, schema->field_count);
    size_t byte_count = sizeof(struct batch) + sizeof(struct batch_memory) + columns * sizeof(struct column);
    struct batch *b = mem_zalloc(byte_count);
    struct column *free_ones;

    if (b == NULL)
        return NULL;
    b->keep.free = batch_free;
    atomic_init(&b->keep.refs, 1);
    b->schema = schema;
    b->split = -1;
    b->memory = (struct batch_memory *)(b + 1);
    b->memory->budget = budget;
    free_ones = (struct column *)(b->memory + 1);
    b->columns = place_columns(free_ones, schema->fields, schema->field_count, &free_ones);
    return b;
}

bool batch_adopt(struct batch *b, void *block, size_t byte_count)
{
    struct batch_memory *m = b->memory;

    if (!MEM_GROW(m->blocks, m->block_count, m->block_capacity))
        return false;
    m->blocks[m->block_count++] = (struct block){block, byte_count};
    m->charged += byte_count;
    return true;
}

static char *align(char *ptr)
{
    return (char *)(((uintptr_t)ptr + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
}

static char *new_block(struct batch *b, size_t byte_count)
{
    struct batch_memory *m = b->memory;
    char *block;

    if (byte_count > SIZE_MAX - ALIGNMENT || !budget_take(m->budget, byte_count + ALIGNMENT))
        return NULL;
    block = mem_alloc(byte_count + ALIGNMENT);
    if (block && batch_adopt(b, block, byte_count + ALIGNMENT))
        return align(block);
    mem_free(block);
    if (m->budget)
        budget_give(m->budget, byte_count + ALIGNMENT);
    return NULL;
}

void *batch_alloc(struct batch *b, size_t byte_count)
{
    struct batch_memory *m = b->memory;
    size_t need = (byte_count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    char *ptr;

    if (need < byte_count)
        return NULL;
    if (need > CHUNK_BYTES / 2)
        return new_block(b, need);
    if (need > m->chunk_left) {
        if ((ptr = new_block(b, CHUNK_BYTES)) == NULL)
            return NULL;
        m->chunk = ptr;
        m->chunk_left = CHUNK_BYTES;
    }
    ptr = m->chunk;
    m->chunk += need;
    m->chunk_left -= need;
    return ptr;
}

bool batch_keep(struct batch *b, struct keep *k)
{
    struct batch_memory *m = b->memory;

    if (!MEM_GROW(m->keeps, m->keep_count, m->keep_capacity))
        return false;
    m->keeps[m->keep_count++] = k;
    return true;
}

size_t batch_bytes(const struct batch *b)
{
    return sizeof *b + b->memory->charged;
}

/* A batch of schema that keeps from alive and has its facts, but no columns yet. */
static struct batch *derive(struct batch *from, const struct schema *schema, struct budget *budget)
{
    struct batch *b = batch_new(schema, budget);

    if (b == NULL)
        return NULL;
    if (!batch_keep(b, keep_ref(&from->keep))) {
        batch_unref(from);
        batch_unref(b);
        return NULL;
    }
    b->row_count = from->row_count;
    b->split = from->split;
    b->born_us = from->born_us;
    return b;
}

struct batch *batch_project(struct batch *from, const struct schema *schema, const int32_t *column_numbers,
                            struct budget *budget)
{
    struct batch *b = derive(from, schema, budget);

    if (b == NULL)
        return NULL;
    for (int32_t i = 0; i < schema->field_count; i++)
        column_adopt(&b->columns[i], &from->columns[column_numbers[i]], schema->fields[i].type);
    b->selection = from->selection;
    b->selected_count = from->selected_count;
    b->row_kinds = from->row_kinds;
    return b;
}

struct batch *batch_select(struct batch *from, const int32_t *rows, int32_t count, struct budget *budget)
{
    struct batch *b = derive(from, from->schema, budget);
    int32_t *selection;

    if (b == NULL)
        return NULL;
    if ((selection = batch_alloc(b, (size_t)MAX(count, 1) * sizeof *selection)) == NULL) {
        batch_unref(b);
        return NULL;
    }
    memcpy(selection, rows, (size_t)count * sizeof *selection);
    memcpy(b->columns, from->columns, (size_t)from->schema->field_count * sizeof *b->columns);
    b->selection = selection;
    b->selected_count = count;
    b->row_kinds = from->row_kinds;
    return b;
}

void column_adopt(struct column *to, const struct column *from, const struct type *type)
{
    struct column *children = to->children;

    *to = *from;
    to->type = type;
    to->children = children;
    for (int32_t i = 0; i < type->field_count; i++)
        column_adopt(&to->children[i], &from->children[i], type->fields[i].type);
}

/* --- gathering --- */

#define GATHER(ctype)                                                                                        \
    do {                                                                                                     \
        const ctype *in = from->values;                                                                      \
        ctype *out = to->values;                                                                             \
        for (int32_t i = 0; !p.absent && i < p.count; i++)                                                   \
            out[i] = in[p.rows[i]];                                                                          \
        for (int32_t i = 0; p.absent && i < p.count; i++)                                                    \
            out[i] = p.rows[i] < 0 ? (ctype){0} : in[p.rows[i]];                                             \
    } while (0)

/* The rows that are gathered; -1: none, NULL in its place. */
struct pick {
    const int32_t *rows;
    int32_t count;
    bool absent; /* some are -1 */
};

static struct pick pick_of(const int32_t *rows, int32_t count)
{
    struct pick p = {rows, count, false};

    for (int32_t i = 0; i < count; i++)
        p.absent |= rows[i] < 0;
    return p;
}

static void gather_values(const struct column *from, struct pick p, struct column *to)
{
    switch (type_width(from->type)) {
    case 1:
        GATHER(uint8_t);
        break;
    case 2:
        GATHER(uint16_t);
        break;
    case 4:
        GATHER(uint32_t);
        break;
    case 8:
        GATHER(uint64_t);
        break;
    default:
        GATHER(struct view);
        break;
    }
}

static bool gather_validity(const struct column *from, struct pick p, struct batch *owner, struct column *to)
{
    size_t words = VALIDITY_WORDS(p.count);

    if (from->validity == NULL && !p.absent)
        return true;
    if ((to->validity = batch_alloc(owner, words * sizeof(uint64_t))) == NULL)
        return false;
    memset(to->validity, 0, words * sizeof(uint64_t));
    for (int32_t i = 0; i < p.count; i++)
        if (p.rows[i] >= 0 && column_valid(from, p.rows[i]))
            to->validity[i >> 6] |= UINT64_C(1) << (i & 63);
    return true;
}

static bool gather(const struct column *from, struct pick p, struct batch *owner, struct column *to);

static bool gather_children(const struct column *from, struct pick p, struct batch *owner, struct column *to)
{
    for (int32_t i = 0; i < from->type->field_count; i++)
        if (!gather(&from->children[i], p, owner, &to->children[i]))
            return false;
    return true;
}

/* LIST and MAP: the elements of each row, one after the other. */
static bool gather_elements(const struct column *from, struct pick p, struct batch *owner, struct column *to)
{
    int32_t *elements, total = 0, n = 0;
    bool done;

    to->offsets[0] = 0;
    for (int32_t i = 0; i < p.count; i++) {
        int32_t row = p.rows[i];

        if (row >= 0 && column_valid(from, row))
            total += from->offsets[row + 1] - from->offsets[row];
        to->offsets[i + 1] = total;
    }
    if ((elements = mem_alloc((size_t)total * sizeof *elements)) == NULL)
        return false;
    for (int32_t i = 0; i < p.count; i++) {
        int32_t row = p.rows[i];

        if (row >= 0 && column_valid(from, row))
            for (int32_t k = from->offsets[row]; k < from->offsets[row + 1]; k++)
                elements[n++] = k;
    }
    done = gather_children(from, (struct pick){elements, total, false}, owner, to);
    mem_free(elements);
    return done;
}

static bool gather(const struct column *from, struct pick p, struct batch *owner, struct column *to)
{
    bool list = from->type->kind == TYPE_LIST || from->type->kind == TYPE_MAP;
    size_t values = ((size_t)p.count + list) * type_width(from->type);

    to->row_count = p.count;
    if (!gather_validity(from, p, owner, to))
        return false;
    if (from->type->kind == TYPE_STRUCT)
        return gather_children(from, p, owner, to);
    if ((to->values = batch_alloc(owner, MAX(values, 1))) == NULL)
        return false;
    if (list)
        return gather_elements(from, p, owner, to);
    gather_values(from, p, to);
    return true;
}

bool column_gather(const struct column *from, const int32_t *rows, int32_t count, struct batch *owner,
                   struct column *to)
{
    return gather(from, pick_of(rows, count), owner, to);
}

/* Columns, row kinds and facts of rows of from, into b. */
static bool gather_into(struct batch *b, const struct batch *from, const int32_t *rows, int32_t count)
{
    struct pick p = pick_of(rows, count);
    uint8_t *row_kinds;

    b->row_count = count;
    for (int32_t i = 0; i < from->schema->field_count; i++)
        if (!gather(&from->columns[i], p, b, &b->columns[i]))
            return false;
    if (from->row_kinds == NULL)
        return true;
    if ((row_kinds = batch_alloc(b, (size_t)MAX(count, 1))) == NULL)
        return false;
    for (int32_t i = 0; i < count; i++)
        row_kinds[i] = rows[i] < 0 ? ROW_INSERT : from->row_kinds[rows[i]];
    b->row_kinds = row_kinds;
    return true;
}

struct batch *batch_gather(struct batch *from, const int32_t *rows, int32_t count, struct budget *budget)
{
    struct batch *b = derive(from, from->schema, budget);

    if (b && !gather_into(b, from, rows, count)) {
        batch_unref(b);
        return NULL;
    }
    return b;
}

/* Whether row i shares its bytes with the row before: a payload that many rows carry is copied once. */
static bool repeats(const struct view *views, int32_t i)
{
    return i > 0 && views[i].len == views[i - 1].len && views[i].ptr == views[i - 1].ptr;
}

/* Copy what long views point at into owner's memory. From the last row to the first, so that repeats is still
 * true. */
static bool own_bytes(struct column *c, struct batch *owner)
{
    size_t total = 0;
    char *to, *copy = NULL;

    for (int32_t i = 0; i < c->type->field_count; i++)
        if (!own_bytes(&c->children[i], owner))
            return false;
    if (!type_is_view(c->type))
        return true;
    for (int32_t i = 0; i < c->row_count; i++)
        if (c->views[i].len > VIEW_INLINE && !repeats(c->views, i))
            total += c->views[i].len;
    if (total == 0)
        return true;
    if ((to = batch_alloc(owner, total)) == NULL)
        return false;
    for (int32_t i = c->row_count - 1; i >= 0; i--) {
        struct view *v = &c->views[i];
        bool again = repeats(c->views, i);

        if (v->len <= VIEW_INLINE)
            continue;
        if (copy == NULL) {
            memcpy(to, v->ptr, v->len);
            copy = to;
            to += v->len;
        }
        v->ptr = copy;
        if (!again)
            copy = NULL;
    }
    return true;
}

static const int32_t *live_rows(const struct batch *b, int32_t **owned)
{
    *owned = NULL;
    if (b->selection)
        return b->selection;
    if ((*owned = mem_alloc((size_t)b->row_count * sizeof **owned)) == NULL)
        return NULL;
    for (int32_t i = 0; i < b->row_count; i++)
        (*owned)[i] = i;
    return *owned;
}

struct batch *batch_copy(const struct batch *from, struct budget *budget)
{
    struct batch *b = batch_new(from->schema, budget);
    int32_t *owned;
    const int32_t *rows = live_rows(from, &owned);
    bool done = b && rows && gather_into(b, from, rows, batch_live(from));

    for (int32_t i = 0; done && i < from->schema->field_count; i++)
        done = own_bytes(&b->columns[i], b);
    mem_free(owned);
    if (!done) {
        batch_unref(b);
        return NULL;
    }
    b->split = from->split;
    b->born_us = from->born_us;
    return b;
}

/* --- for people and tests --- */

static void print_i128(__int128 v, int32_t scale, struct bytes *out)
{
    char digits[48];
    int32_t n = 0;
    unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;

    do {
        digits[n++] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u || n <= scale);
    if (v < 0)
        bytes_u8(out, '-');
    while (n-- > 0) {
        bytes_u8(out, (uint8_t)digits[n]);
        if (n == scale && scale > 0)
            bytes_u8(out, '.');
    }
}

static void print_value(const struct column *c, int32_t row, struct bytes *out);

static void print_nested(const struct column *c, int32_t row, struct bytes *out)
{
    bool map = c->type->kind == TYPE_MAP;
    int32_t from = 0, to = c->type->field_count;

    if (c->type->kind != TYPE_STRUCT) {
        from = c->offsets[row];
        to = c->offsets[row + 1];
    }
    bytes_text(out, c->type->kind == TYPE_STRUCT ? "(" : map ? "{" : "[");
    for (int32_t i = from; i < to; i++) {
        bytes_text(out, i > from ? ", " : "");
        if (c->type->kind == TYPE_STRUCT) {
            print_value(&c->children[i], row, out);
            continue;
        }
        print_value(&c->children[0], i, out);
        if (map) {
            bytes_text(out, "=");
            print_value(&c->children[1], i, out);
        }
    }
    bytes_text(out, c->type->kind == TYPE_STRUCT ? ")" : map ? "}" : "]");
}

static void print_instant(const struct type *t, int64_t v, struct bytes *out)
{
    char text[CALENDAR_TEXT_MAX];

    if (t->precision > 6)
        bytes_printf(out, "%" PRId64 "ns", v);
    else {
        size_t len = calendar_format_iso(v, text);

        bytes_append(out, text, len - (t->kind == TYPE_TIMESTAMP)); /* no Z without a zone */
    }
}

static void print_value(const struct column *c, int32_t row, struct bytes *out)
{
    char text[CALENDAR_TEXT_MAX];
    struct slice s;

    if (!column_valid(c, row)) {
        bytes_text(out, "NULL");
        return;
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN:
        bytes_text(out, c->u8[row] ? "true" : "false");
        break;
    case TYPE_INT8:
        bytes_printf(out, "%d", c->i8[row]);
        break;
    case TYPE_INT16:
        bytes_printf(out, "%d", c->i16[row]);
        break;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        bytes_printf(out, "%" PRId32, c->i32[row]);
        break;
    case TYPE_DATE:
        calendar_format_date(c->i32[row], text);
        bytes_text(out, text);
        break;
    case TYPE_INT64:
    case TYPE_TIME:
    case TYPE_INTERVAL_MILLIS:
        bytes_printf(out, "%" PRId64, c->i64[row]);
        break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        print_instant(c->type, c->i64[row], out);
        break;
    case TYPE_FLOAT:
        bytes_printf(out, "%.9g", (double)c->f32[row]);
        break;
    case TYPE_DOUBLE:
        bytes_printf(out, "%.17g", c->f64[row]);
        break;
    case TYPE_DECIMAL:
        print_i128(c->i128[row], c->type->scale, out);
        break;
    case TYPE_STRING:
        bytes_slice(out, column_slice(c, row));
        break;
    case TYPE_BINARY:
    case TYPE_FIXED:
    case TYPE_UUID:
        s = column_slice(c, row);
        bytes_text(out, "x'");
        for (size_t i = 0; i < s.len; i++)
            bytes_printf(out, "%02x", (unsigned)(uint8_t)s.ptr[i]);
        bytes_text(out, "'");
        break;
    default:
        print_nested(c, row, out);
        break;
    }
}

void batch_print(const struct batch *b, struct bytes *out)
{
    static const char *const kinds[] = {"+I", "-U", "+U", "-D"};

    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);

        bytes_text(out, kinds[b->row_kinds ? b->row_kinds[row] : ROW_INSERT]);
        bytes_text(out, "(");
        for (int32_t k = 0; k < b->schema->field_count; k++) {
            bytes_text(out, k ? ", " : "");
            print_value(&b->columns[k], row, out);
        }
        bytes_text(out, ")\n");
    }
}

static enum err check_column(const struct column *c, const struct field *field, int32_t row_count,
                             struct error *e)
{
    bool list = c->type->kind == TYPE_LIST || c->type->kind == TYPE_MAP;

    if (c->type != field->type)
        return error_set(e, ERR_CORRUPT, "column %s has another type than its schema", field->name);
    if (c->row_count != row_count)
        return error_set(e, ERR_CORRUPT, "column %s has %" PRId32 " rows, wanted %" PRId32, field->name,
                         c->row_count, row_count);
    if (row_count && c->values == NULL && c->type->kind != TYPE_STRUCT)
        return error_set(e, ERR_CORRUPT, "column %s has no values", field->name);
    for (int32_t i = 0; list && i < row_count; i++)
        if (c->offsets[i] > c->offsets[i + 1] || c->offsets[0] != 0)
            return error_set(e, ERR_CORRUPT, "column %s has offsets that go back at row %" PRId32,
                             field->name, i);
    for (int32_t i = 0; i < c->type->field_count; i++) {
        int32_t rows = list ? (row_count ? c->offsets[row_count] : 0) : row_count;
        enum err rc = check_column(&c->children[i], &c->type->fields[i], rows, e);

        if (rc != OK)
            return error_add(e, rc, "in %s", field->name);
    }
    return OK;
}

enum err batch_check(const struct batch *b, struct error *e)
{
    for (int32_t i = 0; i < b->selected_count && b->selection; i++)
        if (b->selection[i] < 0 || b->selection[i] >= b->row_count)
            return error_set(e, ERR_CORRUPT, "selection names row %" PRId32 " of %" PRId32, b->selection[i],
                             b->row_count);
    for (int32_t i = 0; i < b->schema->field_count; i++) {
        enum err rc = check_column(&b->columns[i], &b->schema->fields[i], b->row_count, e);

        if (rc != OK)
            return rc;
    }
    return OK;
}
