/* payloads.c: see payloads.h. */
#include "formats/payloads.h"
#include "base/mem.h"
#include "formats/utf8.h"
#include <stdio.h>
#include <strings.h>

/* --- options -------------------------------------------------------------------------------------------- */

const char *payloads_option(const struct decode_spec *spec, const char *name)
{
    return map_get(spec->options, slice_text(name));
}

enum err payloads_flag(const struct decode_spec *spec, const char *format, const char *name, bool what,
                       bool *out, struct error *e)
{
    const char *text = payloads_option(spec, name);

    *out = what;
    if (text == NULL)
        return OK;
    *out = strcasecmp(text, "true") == 0;
    if (*out || strcasecmp(text, "false") == 0)
        return OK;
    return error_set(e, ERR_CONFIG, "option '%s.%s' is '%s'; it must be 'true' or 'false'", format, name,
                     text);
}

enum err payloads_check_options(const struct decode_spec *spec, const char *format, const char *const *names,
                                struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(spec->options, &at)) != NULL) {
        struct bytes list = {0};
        bool known = false;

        for (size_t i = 0; names[i]; i++) {
            known = known || slice_is(entry->key, names[i]);
            bytes_printf(&list, "%s%s", i ? ", " : "", names[i]);
        }
        if (!known)
            error_set(e, ERR_CONFIG, "format '%s' has no option '%s.%s'; its options are: " SLICE_FMT, format,
                      format, entry->key.ptr, SLICE_ARG(bytes_all(&list)));
        bytes_fini(&list);
        if (!known)
            return ERR_CONFIG;
    }
    return OK;
}

/* --- columns of the raw batch --------------------------------------------------------------------------- */

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
    return to->kind == from->kind || (from->kind == TYPE_INT32 && to->kind == TYPE_INT64);
}

static enum err check_columns(const struct decode_spec *spec, struct error *e)
{
    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        const struct field *field = &spec->schema->fields[i];
        const struct field *from;
        struct bytes text = {0};

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

/* --- the loop ------------------------------------------------------------------------------------------- */

enum err payloads_init(struct payloads *p, const struct decode_spec *spec, struct error *e)
{
    int32_t count = spec->schema->field_count;
    enum err rc;

    assert(count > 0);
    p->spec = spec;
    if ((rc = check_columns(spec, e)) != OK)
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
        why->type = "tombstone";
        why->reason = valid ? "the payload is empty" : "the record has no payload";
        return;
    }
    p->append(p, payload, why);
}

static void decode_all(struct payloads *p, const struct batch *raw)
{
    int32_t count = batch_live(raw);
    bool any_raw = memchr(p->wanted, false, (size_t)p->spec->schema->field_count) != NULL;

    p->good_count = 0;
    for (int32_t n = 0; n < count; n++) {
        struct payload_error why;
        int32_t row = batch_row(raw, n);

        decode_one(p, raw, row, &why);
        if (any_raw && why.reason == NULL)
            check_row(p, raw, row, &why);
        if (LIKELY(why.reason == NULL)) {
            p->good[p->good_count++] = row;
            continue;
        }
        builder_truncate(&p->rows, p->good_count);
        add_error(p, raw, row, &why);
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

static bool room_for(struct payloads *p, int32_t count)
{
    int32_t *grown;

    if (count <= p->good_capacity)
        return true;
    if ((grown = mem_realloc(p->good, (size_t)count * sizeof *grown)) == NULL)
        return false;
    p->good = grown;
    p->good_capacity = count;
    return true;
}

enum err payloads_decode(struct payloads *p, struct batch *raw, struct batch **rows, struct batch **errors,
                         struct error *e)
{
    enum err rc;

    *rows = *errors = NULL;
    if (p->rows.columns == NULL || p->errors.columns == NULL)
        start_again(p);
    if (p->rows.columns == NULL || p->errors.columns == NULL || !room_for(p, MAX(batch_live(raw), 1)))
        return no_memory(e);
    decode_all(p, raw);
    fill_columns(p, raw);
    if ((rc = finish(&p->rows, raw, p->good_count, rows, e)) != OK ||
        (rc = finish(&p->errors, raw, builder_rows(&p->errors), errors, e)) != OK) {
        batch_unref(*rows);
        *rows = NULL;
        start_again(p);
    }
    return rc;
}
