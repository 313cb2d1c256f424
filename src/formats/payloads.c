/* payloads.c: see payloads.h. */
#include "formats/payloads.h"
#include "base/mem.h"
#include "formats/utf8.h"
#include <stdio.h>

/* --- columns of the raw batch --- */

static bool is_text(enum type_kind kind)
{
    return kind == TYPE_STRING || kind == TYPE_BINARY;
}

static bool can_fill(const struct type *from, const struct type *to)
{
    if (is_text(from->kind))
        return is_text(to->kind);
    if (from->kind == TYPE_TIMESTAMP_LTZ)
        return to->kind == TYPE_TIMESTAMP || to->kind == TYPE_TIMESTAMP_LTZ;
    if (to->kind == TYPE_INT64)
        return from->kind == TYPE_INT64 || from->kind == TYPE_INT32;
    if (from->kind != to->kind || from->field_count != to->field_count)
        return false;
    for (int32_t i = 0; i < from->field_count; i++) /* headers: as they are */
        if (from->fields[i].type->kind != to->fields[i].type->kind || !to->fields[i].type->nullable)
            return false;
    return true;
}

static enum err check_columns(const struct payloads *p, const struct decode_spec *spec, struct error *e)
{
    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        const struct field *field = &spec->schema->fields[i];
        const struct field *from;
        struct bytes text = {0};

        if (spec->raw[i] < RAW_NONE && !p->has_metadata)
            return error_set(e, ERR_CONFIG, "column %s: the format has no such metadata", field->name);
        if (spec->raw[i] < 0)
            continue;
        from = &format_raw_schema.fields[spec->raw[i]];
        if (can_fill(from->type, field->type))
            continue;
        type_print(from->type, &text);
        bytes_text(&text, ", which cannot be read as ");
        type_print(field->type, &text);
        error_set(e, ERR_CONFIG, "column %s: metadata '%s' is " SLICE_FMT, field->name, from->name,
                  SLICE_ARG(bytes_all(&text)));
        bytes_fini(&text);
        return ERR_CONFIG;
    }
    return OK;
}

/* What a row of the raw batch lacks for the columns that it fills. */
static void check_row(const struct payloads *p, const struct batch *raw, int32_t row,
                      struct payload_error *why)
{
    for (int32_t i = 0; i < p->spec->schema->field_count; i++) {
        const struct field *field = &p->spec->schema->fields[i];
        const struct column *from;

        if (p->wanted[i])
            continue;
        from = &raw->columns[p->spec->raw[i]];
        if (!column_valid(from, row)) {
            if (field->type->nullable)
                continue;
            snprintf(why->text, sizeof why->text,
                     "field %.100s: the record has no %s, but the column is NOT NULL", field->name,
                     format_raw_schema.fields[p->spec->raw[i]].name);
            why->reason = why->text;
        } else if (field->type->kind == TYPE_STRING && from->type->kind == TYPE_BINARY &&
                   !format_utf8(column_slice(from, row))) {
            snprintf(why->text, sizeof why->text, "field %.100s: the text is not UTF-8", field->name);
            why->reason = why->text;
        }
    }
}

static int64_t to_precision(int64_t micros, int32_t precision)
{
    int64_t grain = precision == 0 ? 1000000 : precision == 1 ? 100000 : precision == 2 ? 10000 : 1;
    int64_t rest = micros % grain;

    micros -= rest < 0 ? rest + grain : rest;
    return precision > 6 ? micros * 1000 : micros;
}

static void fill_value(struct column_builder *to, const struct column *from, int32_t row)
{
    if (!column_valid(from, row))
        builder_null(to);
    else if (to->type->kind == TYPE_TIMESTAMP || to->type->kind == TYPE_TIMESTAMP_LTZ)
        builder_i64(to, to_precision(from->i64[row], to->type->precision));
    else if (to->type->kind == TYPE_INT64 && from->type->kind == TYPE_INT32)
        builder_i64(to, from->i32[row]);
    else
        builder_value(to, from, row);
}

static void fill_columns(struct payloads *p, const struct batch *raw)
{
    for (int32_t i = 0; i < p->spec->schema->field_count; i++)
        if (!p->wanted[i])
            for (int32_t n = 0; n < p->good_count; n++)
                fill_value(&p->rows.columns[i], &raw->columns[p->spec->raw[i]], p->good[n]);
}

/* --- the loop --- */

enum err payloads_init(struct payloads *p, const struct decode_spec *spec, struct error *e)
{
    int32_t count = spec->schema->field_count;
    enum err rc;

    assert(count > 0);
    p->spec = spec;
    if ((rc = check_columns(p, spec, e)) != OK)
        return rc;
    if ((p->wanted = mem_calloc((size_t)count, sizeof *p->wanted)) == NULL ||
        !builder_init(&p->rows, spec->schema, spec->budget) ||
        !builder_init(&p->errors, &format_error_schema, spec->budget))
        return error_memory(e, (size_t)count, "a decoder");
    for (int32_t i = 0; i < count; i++)
        p->wanted[i] = spec->raw[i] < 0;
    if (spec->metrics)
        p->error_count = metrics_counter(spec->metrics, "deserialization_errors",
                                         "Payloads that could not be decoded");
    return OK;
}

void payloads_fini(struct payloads *p)
{
    builder_fini(&p->rows);
    builder_fini(&p->errors);
    mem_free(p->wanted);
    mem_free(p->good);
    mem_free(p->kinds);
}

static void add_error(struct payloads *p, const struct batch *raw, int32_t row,
                      const struct payload_error *why)
{
    format_error(&p->errors, raw, row, why->type, why->reason);
    if (p->error_count && strcmp(why->type, "tombstone") != 0)
        counter_add(p->error_count, 1);
}

/* One payload to a row; why says what is wrong. */
static inline void decode_one(struct payloads *p, const struct batch *raw, int32_t row,
                              struct payload_error *why)
{
    const struct column *values = &raw->columns[RAW_VALUE];
    bool valid = column_valid(values, row);
    struct slice payload = valid ? column_slice(values, row) : (struct slice){NULL, 0};

    *why = (struct payload_error){.type = "deserialization"};
    if ((!valid && !p->takes_null) || (valid && payload.len == 0 && !p->takes_empty)) {
        why->skip = p->skips_none || (!valid && p->spec->skips_null);
        if (why->skip)
            return;
        why->type = "tombstone";
        why->reason = valid ? "the payload is empty" : "the record has no payload";
        return;
    }
    p->append(p, payload, why);
}

void payloads_add_row(struct payloads *p, enum row_kind kind)
{
    size_t n = (size_t)p->good_count;

    if (UNLIKELY((n == p->good_capacity && !MEM_GROW(p->good, n, p->good_capacity)) ||
                 (n == p->kind_capacity && !MEM_GROW(p->kinds, n, p->kind_capacity)))) {
        p->rows.failed = true;
        return;
    }
    p->good[n] = p->raw_row;
    p->kinds[n] = (uint8_t)kind;
    p->good_count++;
}

/* What came of one payload: rows, or an error. */
static void settle(struct payloads *p, const struct batch *raw, int32_t rows_before,
                   const struct payload_error *why)
{
    if (LIKELY(why->reason == NULL)) {
        if (!p->changes && !why->skip)
            payloads_add_row(p, ROW_INSERT);
        return;
    }
    p->good_count = rows_before;
    builder_truncate(&p->rows, rows_before);
    if (!p->ignore_errors)
        add_error(p, raw, p->raw_row, why);
    else if (p->error_count)
        counter_add(p->error_count, 1);
}

static void decode_all(struct payloads *p, const struct batch *raw)
{
    int32_t count = batch_live(raw);
    bool any_raw = memchr(p->wanted, false, (size_t)p->spec->schema->field_count) != NULL;

    p->good_count = 0;
    for (int32_t n = 0; n < count; n++) {
        struct payload_error why;
        int32_t before = p->good_count;

        p->raw_row = batch_row(raw, n);
        decode_one(p, raw, p->raw_row, &why);
        if (any_raw && why.reason == NULL)
            check_row(p, raw, p->raw_row, &why);
        settle(p, raw, before, &why);
        if (UNLIKELY(p->rows.failed))
            return;
    }
}

/* What b has, as a batch that keeps raw alive; NULL when there are no rows. */
static enum err finish(struct builder *b, struct batch *raw, int32_t row_count, struct batch **out,
                       struct error *e)
{
    enum err rc;

    *out = NULL;
    if (row_count == 0 && !b->failed)
        return OK;
    builder_keep(b, &batch_ref(raw)->keep);
    if ((rc = builder_finish(b, out, e)) != OK)
        return rc;
    (*out)->split = raw->split;
    (*out)->born_us = raw->born_us;
    return OK;
}

/* After a failure: empty builders for the next try. A builder that cannot be had stays failed. */
static void start_again(struct payloads *p)
{
    builder_fini(&p->rows);
    builder_fini(&p->errors);
    if (builder_init(&p->rows, p->spec->schema, p->spec->budget))
        (void)!builder_init(&p->errors, &format_error_schema, p->spec->budget);
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "decoding a batch");
}

/* The row kinds of the finished batch, when there are others than inserts. */
static enum err add_kinds(const struct payloads *p, struct batch *rows, struct error *e)
{
    size_t count = (size_t)p->good_count;
    uint8_t *kinds;
    bool any = false;

    for (size_t i = 0; i < count; i++)
        any = any || p->kinds[i] != ROW_INSERT;
    if (rows == NULL || !any)
        return OK;
    if ((kinds = batch_alloc(rows, count)) == NULL)
        return no_memory(e);
    memcpy(kinds, p->kinds, count);
    rows->row_kinds = kinds;
    return OK;
}

enum err payloads_decode(struct decoder *decoder, struct batch *raw, struct batch **rows,
                         struct batch **errors, struct error *e)
{
    struct payloads *p = CONTAINER_OF(decoder, struct payloads, decoder);
    enum err rc;

    *rows = *errors = NULL;
    if (p->rows.columns == NULL || p->errors.columns == NULL)
        start_again(p);
    if (p->rows.columns == NULL || p->errors.columns == NULL)
        return no_memory(e);
    decode_all(p, raw);
    fill_columns(p, raw);
    if ((rc = finish(&p->rows, raw, p->good_count, rows, e)) != OK || (rc = add_kinds(p, *rows, e)) != OK ||
        (rc = finish(&p->errors, raw, builder_rows(&p->errors), errors, e)) != OK) {
        batch_unref(*rows);
        *rows = NULL;
        start_again(p);
    }
    return rc;
}
