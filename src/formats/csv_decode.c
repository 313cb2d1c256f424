/* csv_decode.c: a payload as a row, in one pass: a value goes to its column as it is read; a text is borrowed
 * from the payload unless it has quotes or escapes in it. The columns of the table are told by their place, so
 * those that nobody wants are passed over.
 */
#include "formats/csv.h"
#include "formats/payloads.h"
#include "base/mem.h"
#include <stdio.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

_Static_assert(PAYLOAD_WHY_MAX >= FAILURE_TEXT, "a failure's text fits");

struct place {
    const struct field *field;
    int32_t column; /* that it fills, -1: nobody wants it */
};

struct csv_decoder {
    struct payloads payloads;
    struct csv_syntax syntax;
    struct place *places; /* owned: the columns of a line */
    int32_t place_count;

    /* of the payload at hand */
    const char *at, *end;
    struct bytes text;    /* owned: the value without its quotes and escapes */
    struct bytes scratch; /* owned */
    struct failure failure;
};

/* --- scanning --- */

/* The first byte from p on that is a, b or c. */
static inline const char *find_any(const char *p, const char *end, char a, char b, char c)
{
#ifdef __SSE2__
    const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c);

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)),
                                   _mm_cmpeq_epi8(v, vc));
        unsigned at = (unsigned)_mm_movemask_epi8(hit);

        if (at)
            return p + __builtin_ctz(at);
    }
#endif
    while (p < end && *p != a && *p != b && *p != c)
        p++;
    return p;
}

static inline bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* What the character behind an escape stands for. */
static char unescaped(char c)
{
    switch (c) {
    case '0':
        return '\0';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* The character behind the escape at d->at, into d->text. */
static bool take_escaped(struct csv_decoder *d)
{
    if (d->end - d->at < 2)
        return FAIL(&d->failure, "nothing follows the escape character");
    bytes_u8(&d->text, (uint8_t)unescaped(d->at[1]));
    d->at += 2;
    return true;
}

static void give_text(struct csv_decoder *d, struct csv_text *out)
{
    if (d->text.failed)
        d->payloads.rows.failed = true;
    out->text = d->text.ptr ? bytes_all(&d->text) : SLICE("");
    out->borrowed = false;
    out->end = out->text.ptr + out->text.len;
}

/* A value without quotes, up to the next delimiter or the line's end. */
static bool read_plain(struct csv_decoder *d, struct csv_text *out)
{
    const struct csv_syntax *s = &d->syntax;
    const char *start = d->at;
    bool copied = false;

    bytes_clear(&d->text);
    for (;;) {
        const char *stop = find_any(d->at, d->end, s->delimiter, '\n', s->escapes ? s->escape : '\r');

        if (s->escapes) { /* a line may end in a carriage return too */
            const char *cr = memchr(d->at, '\r', (size_t)(stop - d->at));

            stop = cr ? cr : stop;
        }
        if (UNLIKELY(copied || (s->escapes && stop < d->end && *stop == s->escape)))
            bytes_append(&d->text, d->at, (size_t)(stop - d->at));
        d->at = stop;
        if (!s->escapes || stop == d->end || *stop != s->escape)
            break;
        copied = true;
        if (!take_escaped(d))
            return false;
    }
    if (UNLIKELY(copied))
        give_text(d, out);
    else
        *out = (struct csv_text){slice_of(start, (size_t)(d->at - start)), true, d->end};
    return true;
}

/* The end of a quoted value, whose closing quote is behind us: only blanks may follow. */
static bool end_quoted(struct csv_decoder *d)
{
    while (d->at < d->end && *d->at == ' ' && d->syntax.delimiter != ' ')
        d->at++;
    if (d->at == d->end || *d->at == d->syntax.delimiter || ends_line(*d->at))
        return true;
    return FAIL(&d->failure, "the closing quote is not followed by a delimiter but by '%c'",
                *d->at >= ' ' && *d->at < 0x7f ? *d->at : '?');
}

/* A value whose opening quote is behind us. */
static bool read_quoted(struct csv_decoder *d, struct csv_text *out)
{
    const struct csv_syntax *s = &d->syntax;
    const char *start = d->at;
    bool copied = false;

    bytes_clear(&d->text);
    for (;;) {
        const char *stop = find_any(d->at, d->end, s->quote, s->escapes ? s->escape : s->quote, s->quote);
        bool doubled = d->end - stop >= 2 && *stop == s->quote && stop[1] == s->quote;

        if (stop == d->end)
            return FAIL(&d->failure, "the closing quote is missing");
        if (*stop == s->quote && !doubled) {
            if (UNLIKELY(copied))
                bytes_append(&d->text, d->at, (size_t)(stop - d->at));
            *out = (struct csv_text){slice_of(start, (size_t)(stop - start)), true, d->end};
            d->at = stop + 1;
            break;
        }
        copied = true;
        bytes_append(&d->text, d->at, (size_t)(stop - d->at));
        d->at = stop;
        if (doubled) {
            bytes_u8(&d->text, (uint8_t)s->quote);
            d->at += 2;
        } else if (!take_escaped(d)) {
            return false;
        }
    }
    if (UNLIKELY(copied))
        give_text(d, out);
    return end_quoted(d);
}

static inline bool read_value(struct csv_decoder *d, struct csv_text *out)
{
    if (d->syntax.quotes && d->at < d->end && *d->at == d->syntax.quote) {
        d->at++;
        return read_quoted(d, out);
    }
    return read_plain(d, out);
}

/* --- values --- */

static bool append_null(struct csv_decoder *d, struct column_builder *to)
{
    if (!to->type->nullable)
        return FAIL(&d->failure, "is NULL, but the column is NOT NULL");
    builder_null(to);
    return true;
}

static inline bool is_null(const struct csv_decoder *d, struct slice text)
{
    return d->syntax.has_null && slice_equal(text, d->syntax.null);
}

static bool append_scalar(struct csv_decoder *d, struct column_builder *to, const struct csv_text *text)
{
    if (is_null(d, text->text))
        return append_null(d, to);
    if (LIKELY(csv_value(to, text, &d->scratch, &d->failure)))
        return true;
    return d->syntax.ignore_errors && to->type->nullable ? append_null(d, to) : false;
}

/* The next element of an ARRAY or ROW; rest loses it and its delimiter. */
static struct csv_text next_element(const struct csv_decoder *d, struct csv_text *rest, bool *more)
{
    struct csv_text out = *rest;
    const char *stop = memchr(rest->text.ptr, d->syntax.element, rest->text.len);

    *more = stop != NULL;
    if (stop == NULL)
        return out;
    out.text.len = (size_t)(stop - rest->text.ptr);
    rest->text = slice_from(rest->text, out.text.len + 1);
    return out;
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] > ' ')
            return false;
    return true;
}

static bool append_array(struct csv_decoder *d, struct column_builder *to, struct csv_text text)
{
    bool more = !is_blank(text.text);

    for (uint64_t i = 0; more; i++) {
        struct csv_text element = next_element(d, &text, &more);

        if (!append_scalar(d, &to->children[0], &element))
            return FAIL_IN_ELEMENT(&d->failure, i);
    }
    builder_list_end(to);
    return true;
}

static int32_t count_elements(const struct csv_decoder *d, struct slice text)
{
    int32_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == d->syntax.element;
    return count;
}

static bool append_struct(struct csv_decoder *d, struct column_builder *to, struct csv_text text)
{
    int32_t want = to->type->field_count, count = count_elements(d, text.text);
    bool more;

    if (is_blank(text.text))
        return append_null(d, to);
    if (count != want) {
        if (d->syntax.ignore_errors && to->type->nullable)
            return append_null(d, to);
        return FAIL(&d->failure, "has %" PRId32 " values, but the ROW has %" PRId32 " fields", count, want);
    }
    for (int32_t i = 0; i < want; i++) {
        struct csv_text element = next_element(d, &text, &more);

        if (!append_scalar(d, &to->children[i], &element))
            return FAIL_IN_FIELD(&d->failure, to->type->fields[i].name);
    }
    builder_struct_end(to);
    return true;
}

static bool append_value(struct csv_decoder *d, const struct place *place, const struct csv_text *text)
{
    struct column_builder *to;
    bool fine;

    if (place->column < 0)
        return true;
    to = &d->payloads.rows.columns[place->column];
    if (LIKELY(!type_is_nested(to->type)))
        fine = append_scalar(d, to, text);
    else if (is_null(d, text->text) && d->syntax.null.len)
        fine = append_null(d, to);
    else
        fine = to->type->kind == TYPE_LIST ? append_array(d, to, *text) : append_struct(d, to, *text);
    return LIKELY(fine) || FAIL_IN_FIELD(&d->failure, place->field->name);
}

/* --- rows --- */

static bool at_line_end(const struct csv_decoder *d)
{
    return d->at == d->end || ends_line(*d->at);
}

/* A line that has fewer columns than the table. */
static bool append_missing(struct csv_decoder *d, int32_t from)
{
    if (!d->syntax.ignore_errors)
        return FAIL(&d->failure, "the row has %" PRId32 " columns, but the table has %" PRId32, from,
                    d->place_count);
    for (int32_t i = from; i < d->place_count; i++)
        if (d->places[i].column >= 0 && !append_null(d, &d->payloads.rows.columns[d->places[i].column]))
            return FAIL_IN_FIELD(&d->failure, d->places[i].field->name);
    return true;
}

static bool read_columns(struct csv_decoder *d)
{
    for (int32_t i = 0; i < d->place_count; i++) {
        struct csv_text text;

        if (UNLIKELY(!read_value(d, &text)))
            return FAIL_IN_FIELD(&d->failure, d->places[i].field->name);
        if (UNLIKELY(!append_value(d, &d->places[i], &text)))
            return false;
        if (at_line_end(d))
            return i + 1 == d->place_count || append_missing(d, i + 1);
        d->at++; /* the delimiter */
    }
    if (at_line_end(d)) /* one delimiter at the end of a line is allowed */
        return true;
    return FAIL(&d->failure, "the row has more columns than the table, which has %" PRId32, d->place_count);
}

static void skip_comments(struct csv_decoder *d)
{
    while (d->at < d->end && *d->at == '#') {
        const char *stop = memchr(d->at, '\n', (size_t)(d->end - d->at));

        d->at = stop ? stop + 1 : d->end;
    }
}

static bool read_row(struct csv_decoder *d)
{
    if (!read_columns(d))
        return false;
    while (d->at < d->end && ends_line(*d->at))
        d->at++;
    return d->at == d->end || FAIL(&d->failure, "there is more behind the row: a payload is one row");
}

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct csv_decoder *d = CONTAINER_OF(p, struct csv_decoder, payloads);

    d->at = payload.ptr;
    d->end = payload.ptr + payload.len;
    if (d->syntax.comments) {
        skip_comments(d);
        if ((why->skip = d->at == d->end))
            return;
    }
    failure_init(&d->failure, why->text);
    if (UNLIKELY(!read_row(d)))
        why->reason = failure_explain(&d->failure);
}

/* --- making --- */

static void free_decoder(struct decoder *decoder)
{
    struct csv_decoder *d = CONTAINER_OF(decoder, struct csv_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    bytes_fini(&d->text);
    bytes_fini(&d->scratch);
    mem_free(d->places);
    mem_free(d);
}

/* Whether the table's column is one of the payload's, by that name. */
static int32_t find_column(const struct decode_spec *spec, const char *name)
{
    for (int32_t i = 0; i < spec->schema->field_count; i++)
        if (spec->raw[i] == RAW_NONE && strcmp(spec->schema->fields[i].name, name) == 0)
            return i;
    return -1;
}

static enum err make_places(struct csv_decoder *d, const struct decode_spec *spec, struct error *e)
{
    const struct schema *all = spec->physical ? spec->physical : spec->schema;
    enum err rc;

    if ((d->places = mem_calloc((size_t)MAX(all->field_count, 1), sizeof *d->places)) == NULL)
        return error_memory(e, sizeof *d->places, "a decoder");
    for (int32_t i = 0; i < all->field_count; i++) {
        if (spec->physical == NULL && spec->raw[i] != RAW_NONE)
            continue;
        if ((rc = csv_check_column(&all->fields[i], e)) != OK)
            return rc;
        d->places[d->place_count++] = (struct place){
            &all->fields[i], spec->physical ? find_column(spec, all->fields[i].name) : i};
    }
    if (d->place_count == 0)
        return error_set(e, ERR_CONFIG, "format 'csv' has no columns to fill");
    return OK;
}

enum err csv_decoder_new(const struct decode_spec *spec, struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {payloads_decode, free_decoder};
    struct csv_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.append = append;
    if ((rc = format_check_options(&csv_format, spec->options, NULL, e)) != OK ||
        (rc = payloads_init(&d->payloads, spec, e)) != OK || (rc = make_places(d, spec, e)) != OK)
        goto out;
    csv_syntax_read(&d->syntax, spec->options);
    d->payloads.ignore_errors = d->syntax.ignore_errors;
out:
    if (rc == OK)
        *out = &d->payloads.decoder;
    else
        free_decoder(&d->payloads.decoder);
    return rc;
}
