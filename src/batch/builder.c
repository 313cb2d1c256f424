/* builder.c: growing arrays, handed over to the batch when it is finished. */
#include "batch/builder.h"
#include "base/budget.h"
#include "base/mem.h"

#define FIRST_ROWS 64
#define TEXT_CHUNK 16384

static bool is_list(const struct column_builder *c)
{
    return c->type->kind == TYPE_LIST || c->type->kind == TYPE_MAP;
}

static size_t value_bytes(const struct column_builder *c, int32_t capacity)
{
    return ((size_t)capacity + is_list(c)) * c->width;
}

static size_t validity_bytes(int32_t capacity)
{
    return VALIDITY_WORDS(capacity) * sizeof(uint64_t);
}

static bool init_columns(struct builder *b, struct column_builder **out, const struct field *fields,
                         int32_t count)
{
    if ((*out = mem_calloc((size_t)count, sizeof **out)) == NULL)
        return false;
    for (int32_t i = 0; i < count; i++) {
        struct column_builder *c = &(*out)[i];

        c->type = fields[i].type;
        c->owner = b;
        c->width = type_width(c->type);
    }
    for (int32_t i = 0; i < count; i++)
        if (fields[i].type->field_count &&
            !init_columns(b, &(*out)[i].children, fields[i].type->fields, fields[i].type->field_count))
            return false;
    return true;
}

static void drop_arrays(struct column_builder *c)
{
    struct budget *budget = c->owner->budget;

    if (budget && c->capacity)
        budget_give(budget, value_bytes(c, c->capacity) + (c->validity ? validity_bytes(c->capacity) : 0));
    mem_free(c->values);
    mem_free(c->validity);
    c->values = NULL;
    c->validity = NULL;
    c->row_count = c->capacity = c->null_count = 0;
}

static void fini_columns(struct column_builder *columns, int32_t count)
{
    for (int32_t i = 0; columns && i < count; i++) {
        if (columns[i].owner == NULL)
            continue; /* init failed before this one */
        fini_columns(columns[i].children, columns[i].type->field_count);
        drop_arrays(&columns[i]);
    }
    mem_free(columns);
}

bool builder_init(struct builder *b, const struct schema *schema, struct budget *budget)
{
    *b = (struct builder){.schema = schema, .budget = budget};
    if ((b->batch = batch_new(schema, budget)) != NULL &&
        init_columns(b, &b->columns, schema->fields, schema->field_count))
        return true;
    builder_fini(b);
    return false;
}

void builder_fini(struct builder *b)
{
    if (b->schema)
        fini_columns(b->columns, b->schema->field_count);
    batch_unref(b->batch);
    *b = (struct builder){0};
}

/* Bring the arrays of c to that capacity; all or nothing. */
static bool resize(struct column_builder *c, int32_t capacity)
{
    struct builder *b = c->owner;
    size_t more = value_bytes(c, capacity) - (c->capacity ? value_bytes(c, c->capacity) : 0);
    size_t more_validity = c->validity ? validity_bytes(capacity) - validity_bytes(c->capacity) : 0;
    void *grown;

    if (b->failed || !budget_take(b->budget, more + more_validity)) {
        b->failed = true;
        return false;
    }
    if (c->validity) {
        if ((grown = mem_realloc(c->validity, validity_bytes(capacity))) == NULL)
            goto failed;
        memset((char *)grown + validity_bytes(c->capacity), 0, more_validity);
        c->validity = grown;
    }
    if ((grown = mem_realloc(c->values, MAX(value_bytes(c, capacity), 1))) == NULL) {
        /* the validity has grown already; account for it as it is */
        if (b->budget)
            budget_give(b->budget, more);
        goto failed_charged;
    }
    if (is_list(c) && c->capacity == 0)
        *(int32_t *)grown = 0;
    c->values = grown;
    c->capacity = capacity;
    return true;
failed:
    if (b->budget)
        budget_give(b->budget, more);
failed_charged:
    if (b->budget)
        budget_give(b->budget, more_validity);
    b->failed = true;
    return false;
}

bool column_builder_grow(struct column_builder *c)
{
    if (c->capacity > INT32_MAX / 2) {
        c->owner->failed = true;
        return false;
    }
    return resize(c, c->capacity ? c->capacity * 2 : FIRST_ROWS);
}

void builder_reserve(struct builder *b, int32_t row_count)
{
    for (int32_t i = 0; i < b->schema->field_count; i++) {
        struct column_builder *c = &b->columns[i];

        if (c->capacity - c->row_count < row_count && !resize(c, c->row_count + row_count))
            return;
    }
}

/* Start the bitmap: every row so far has a value. */
static bool start_validity(struct column_builder *c)
{
    size_t words = VALIDITY_WORDS(c->capacity);

    if (!budget_take(c->owner->budget, words * sizeof(uint64_t))) {
        c->owner->failed = true;
        return false;
    }
    if ((c->validity = mem_calloc(words, sizeof(uint64_t))) == NULL) {
        if (c->owner->budget)
            budget_give(c->owner->budget, words * sizeof(uint64_t));
        c->owner->failed = true;
        return false;
    }
    for (int32_t i = 0; i < c->row_count; i++)
        c->validity[i >> 6] |= UINT64_C(1) << (i & 63);
    return true;
}

static bool room_for_row(struct column_builder *c, bool valid)
{
    if (c->row_count == c->capacity && !column_builder_grow(c))
        return false;
    if (!valid && c->validity == NULL && !start_validity(c))
        return false;
    if (valid && c->validity)
        c->validity[c->row_count >> 6] |= UINT64_C(1) << (c->row_count & 63);
    c->null_count += !valid;
    return true;
}

void builder_null(struct column_builder *c)
{
    if (c->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < c->type->field_count; i++)
            builder_null(&c->children[i]);
        builder_struct_null(c);
        return;
    }
    if (!room_for_row(c, false))
        return;
    if (is_list(c))
        ((int32_t *)(void *)c->values)[c->row_count + 1] = ((int32_t *)(void *)c->values)[c->row_count];
    else
        memset(c->values + (size_t)c->row_count * c->width, 0, c->width);
    c->row_count++;
}

void builder_copied(struct column_builder *c, const char *ptr, size_t len)
{
    struct builder *b = c->owner;
    char *to;

    if (len <= VIEW_INLINE || b->failed) {
        builder_view(c, view_of(ptr, b->failed ? 0 : len));
        return;
    }
    if (len > b->text_left) {
        size_t size = MAX(len, (size_t)TEXT_CHUNK);

        if ((b->text = batch_alloc(b->batch, size)) == NULL) {
            b->failed = true;
            b->text_left = 0;
            return;
        }
        b->text_left = size;
    }
    to = b->text;
    memcpy(to, ptr, len);
    b->text += len;
    b->text_left -= len;
    builder_view(c, view_of(to, len));
}

void builder_list_end(struct column_builder *c)
{
    if (!room_for_row(c, true))
        return;
    ((int32_t *)(void *)c->values)[c->row_count + 1] = c->children[0].row_count;
    c->row_count++;
}

void builder_struct_end(struct column_builder *c)
{
    if (room_for_row(c, true))
        c->row_count++;
}

void builder_struct_null(struct column_builder *c)
{
    if (room_for_row(c, false))
        c->row_count++;
}

void builder_keep(struct builder *b, struct keep *k)
{
    if (batch_keep(b->batch, k))
        return;
    keep_unref(k);
    b->failed = true;
}

static void truncate_column(struct column_builder *c, int32_t row_count)
{
    int32_t child_rows = row_count;

    if (c->row_count < row_count)
        return; /* this one has not got the row yet */
    if (is_list(c))
        child_rows = c->values ? ((int32_t *)(void *)c->values)[row_count] : 0;
    for (int32_t i = 0; i < c->type->field_count; i++)
        truncate_column(&c->children[i], child_rows);
    if (c->validity && c->row_count > row_count) {
        size_t words = VALIDITY_WORDS(c->capacity), first = (size_t)row_count >> 6;

        c->validity[first] &= (UINT64_C(1) << (row_count & 63)) - 1;
        memset(c->validity + first + 1, 0, (words - first - 1) * sizeof(uint64_t));
    }
    c->row_count = row_count;
}

void builder_truncate(struct builder *b, int32_t row_count)
{
    for (int32_t i = 0; i < b->schema->field_count; i++)
        truncate_column(&b->columns[i], row_count);
}

/* Hand c's arrays to the batch; after a failure what is left is still c's. */
static bool hand_over(struct column_builder *c, struct batch *batch, struct column *to)
{
    to->row_count = c->row_count;
    if (c->values == NULL && c->type->kind != TYPE_STRUCT && !column_builder_grow(c))
        return false;
    for (int32_t i = 0; i < c->type->field_count; i++)
        if (!hand_over(&c->children[i], batch, &to->children[i]))
            return false;
    if (c->capacity == 0)
        return true;
    if (c->validity) {
        if (!batch_adopt(batch, c->validity, validity_bytes(c->capacity)))
            return false;
        to->validity = c->validity;
        c->validity = NULL;
    }
    if (!batch_adopt(batch, c->values, value_bytes(c, c->capacity)))
        return false;
    to->values = c->type->kind == TYPE_STRUCT ? NULL : c->values;
    c->values = NULL;
    c->row_count = c->capacity = c->null_count = 0;
    return true;
}

enum err builder_finish(struct builder *b, struct batch **out, struct error *e)
{
    struct batch *next = batch_new(b->schema, b->budget);
    int32_t row_count = builder_rows(b);

    if (next == NULL || b->failed)
        goto failed;
    for (int32_t i = 0; i < b->schema->field_count; i++) {
        assert(b->columns[i].row_count == row_count || b->failed);
        if (!hand_over(&b->columns[i], b->batch, &b->batch->columns[i]))
            goto failed;
    }
    b->batch->row_count = row_count;
    *out = b->batch;
    b->batch = next;
    b->text_left = 0;
    return OK;
failed:
    batch_unref(next);
    return error_memory(e, (size_t)row_count, "rows of a batch being built");
}

static void append_elements(struct column_builder *c, const struct column *from, int32_t row)
{
    for (int32_t i = 0; i < c->type->field_count; i++)
        for (int32_t k = from->offsets[row]; k < from->offsets[row + 1]; k++)
            builder_value(&c->children[i], &from->children[i], k);
    builder_list_end(c);
}

void builder_value(struct column_builder *c, const struct column *from, int32_t row)
{
    if (!column_valid(from, row)) {
        builder_null(c);
        return;
    }
    switch (c->type->kind) {
    case TYPE_LIST:
    case TYPE_MAP:
        append_elements(c, from, row);
        return;
    case TYPE_STRUCT:
        for (int32_t i = 0; i < c->type->field_count; i++)
            builder_value(&c->children[i], &from->children[i], row);
        builder_struct_end(c);
        return;
    default:
        break;
    }
    switch (c->width) {
    case 1:
        builder_u8(c, from->u8[row]);
        break;
    case 2:
        builder_i16(c, from->i16[row]);
        break;
    case 4:
        builder_i32(c, from->i32[row]);
        break;
    case 8:
        builder_i64(c, from->i64[row]);
        break;
    default:
        builder_view(c, from->views[row]);
        break;
    }
}
