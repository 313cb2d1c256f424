/* changelog_decode.c: an object that tells of a change as the rows that it makes: see changelog.h.
 * A first pass over the payload finds where what is wanted stands (and checks that it is JSON); then the rows
 * are read by json_decode.c from where they stand, straight into columns. A tombstone is left out: in a topic
 * of changes it follows a delete, for the broker's compaction.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "formats/changelog.h"
#include "base/mem.h"
#include "formats/format_options.h"
#include "formats/json_number.h"
#include "formats/json_words.h"
#include "formats/payloads.h"
#include <pcre2.h>
#include <stdio.h>

_Static_assert(PAYLOAD_WHY_MAX >= FAILURE_TEXT, "a failure's text fits");

/* A key that is looked for, and its value in the payload at hand: ptr is NULL where it is absent or null. */
struct want {
    const char *key;
    struct slice value;
};

#define WANTS_MAX (CHANGELOG_METADATA_MAX + 5)

struct wants {
    struct want list[WANTS_MAX];
    int count;
};

struct changelog_decoder {
    struct payloads payloads;
    const struct changelog_dialect *dialect;
    bool in_payload;
    struct arena arena;             /* owned: the nodes */
    struct json_reader reader;      /* its root is the table's row */
    struct json_node *metadata;     /* a ROW of the columns that are metadata */
    bool *in_row, *is_metadata;     /* per field of the schema; in the arena */
    struct wants root, body, inner; /* of the outermost object, the one with the rows, its "source" */
    int payload_at, new_at, old_at, op_at, inner_at; /* places in root, body */
    int metadata_at[CHANGELOG_METADATA_MAX];         /* places in root, body or inner */
    pcre2_code *database, *table;                    /* owned; NULL: any */
    int database_at, table_at;
    pcre2_match_data *match; /* owned */
    struct bytes op;         /* owned: a text without its escapes */
    const char *inside;      /* where an error is */
};

/* --- finding values --- */

static int want_key(struct wants *w, const char *key)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->list[i].key, key) == 0)
            return i;
    assert(w->count < WANTS_MAX);
    w->list[w->count] = (struct want){.key = key};
    return w->count++;
}

static struct want *find_want(struct wants *w, struct slice key)
{
    for (int i = 0; i < w->count; i++)
        if (slice_is(key, w->list[i].key))
            return &w->list[i];
    return NULL;
}

/* The fields of the object at the reader's place, whose values become those of w. */
static bool scan_fields(struct json_reader *r, struct wants *w)
{
    bool more = !take(r, '}'), borrowed;
    struct slice key;

    while (more) {
        struct want *want;
        const char *start;

        if (!take(r, '"'))
            return fail_scan(r, "a key is wanted");
        if (!read_text(r, &key, &borrowed))
            return false;
        want = find_want(w, key);
        if (!read_colon(r))
            return false;
        skip_blanks(r);
        start = r->at;
        if (!skip_value(r))
            return false;
        if (want)
            want->value = *start == 'n' ? (struct slice){NULL, 0} : slice_of(start, (size_t)(r->at - start));
        if (!read_comma(r, '}', &more))
            return false;
    }
    return true;
}

/* The same of an object that is all of text; blanks may surround it. */
static bool scan_object(struct json_reader *r, struct slice text, struct wants *w)
{
    for (int i = 0; i < w->count; i++)
        w->list[i].value = (struct slice){NULL, 0};
    r->at = text.ptr;
    r->end = text.ptr + text.len;
    if (!take(r, '{'))
        return fail(r, "an object is wanted, at byte %zu", (size_t)(r->at - text.ptr));
    if (!scan_fields(r, w))
        return false;
    skip_blanks(r);
    return r->at == r->end ||
           fail(r, "there is more behind the object, at byte %zu", (size_t)(r->at - text.ptr));
}

/* Find all that is wanted of payload. */
static bool find_values(struct changelog_decoder *d, struct slice payload)
{
    struct json_reader *r = &d->reader;
    struct slice *inner;

    d->inside = NULL;
    if (d->in_payload) {
        if (!scan_object(r, payload, &d->root))
            return false;
        payload = d->root.list[d->payload_at].value;
        if (payload.ptr == NULL)
            return fail_scan(r, "\"payload\" is missing; is schema-include meant to be true?");
        d->inside = "payload";
    }
    if (!scan_object(r, payload, &d->body))
        return false;
    if (d->inner.count == 0)
        return true;
    inner = &d->body.list[d->inner_at].value;
    for (int i = 0; i < d->inner.count; i++)
        d->inner.list[i].value = (struct slice){NULL, 0};
    d->inside = d->body.list[d->inner_at].key;
    return inner->ptr == NULL || scan_object(r, *inner, &d->inner);
}

/* A value that is a text, without its quotes and escapes, valid until the next call; others as they stand. */
static bool text_of(struct changelog_decoder *d, struct slice value, struct slice *out)
{
    const char *why;

    *out = value;
    if (value.len < 2 || *value.ptr != '"')
        return true;
    *out = slice_of(value.ptr + 1, value.len - 2);
    if (memchr(out->ptr, '\\', out->len) == NULL)
        return true;
    bytes_clear(&d->op);
    if ((why = json_unescape(*out, &d->op)) != NULL)
        return fail_scan(&d->reader, why);
    if (d->op.failed)
        d->payloads.rows.failed = true;
    *out = d->op.ptr ? bytes_all(&d->op) : SLICE("");
    return true;
}

/* --- metadata --- */

static int64_t in_units(int64_t micros, const struct type *t)
{
    int64_t grain = t->precision == 0 ? 1000000 : t->precision == 1 ? 100000 : t->precision == 2 ? 10000 : 1;
    int64_t rest = micros % grain;

    micros -= rest < 0 ? rest + grain : rest;
    return t->precision > 6 ? micros * 1000 : micros;
}

/* A number, or a text that holds one, of seconds or milliseconds. */
static bool append_instant(struct changelog_decoder *d, struct slice value, int64_t scale,
                           struct column_builder *to)
{
    struct json_number n;
    struct slice text;
    const char *at, *why;
    int64_t v;

    if (!text_of(d, value, &text))
        return false;
    at = text.ptr;
    why = text.len ? json_scan_number(&at, text.ptr + text.len, &n) : "there is no number";
    if (why == NULL && at != text.ptr + text.len)
        why = "there is more behind the number";
    if (why == NULL)
        why = json_number_integer(&n, INT64_MIN / 1000000000, INT64_MAX / 1000000000, &v);
    if (why)
        return fail_scan(&d->reader, why);
    builder_i64(to, in_units(v * scale, to->type));
    return true;
}

/* 2025-11-01 08:30:00.123, in UTC. */
static bool append_clock(struct changelog_decoder *d, struct slice value, struct column_builder *to)
{
    struct type local = {.kind = TYPE_TIMESTAMP, .precision = to->type->precision};
    struct slice text;
    const char *why;
    int64_t v;

    if (!text_of(d, value, &text))
        return false;
    why = json_time_timestamp(
        text, &local, text.len && memchr(text.ptr, 'T', text.len) ? JSON_TIME_ISO : JSON_TIME_SQL, &v);
    if (why)
        return fail_scan(&d->reader, why);
    builder_i64(to, v);
    return true;
}

static bool append_form(struct changelog_decoder *d, const struct metadata *m, struct slice value,
                        struct json_node *node, struct column_builder *to)
{
    struct json_reader *r = &d->reader;

    if (value.ptr == NULL)
        return to->type->nullable ? (builder_null(to), true)
                                  : fail_scan(r, "is missing, but the column is NOT NULL");
    switch (m->form) {
    case METADATA_SECONDS:
        return append_instant(d, value, 1000000, to);
    case METADATA_MILLIS:
        return append_instant(d, value, 1000, to);
    case METADATA_TIME:
        return append_clock(d, value, to);
    default:
        r->at = value.ptr;
        r->end = value.ptr + value.len;
        r->careful = true;
        r->entry_count = 0;
        return json_value(r, node, to);
    }
}

static struct slice metadata_value(const struct changelog_decoder *d, int n)
{
    const struct metadata *m = &d->dialect->metadata[n];
    const struct wants *w = m->inside ? &d->inner : m->at_root && d->in_payload ? &d->root : &d->body;

    return w->list[d->metadata_at[n]].value;
}

/* The columns of a row that are metadata. A value that cannot be read is NULL where errors are ignored. */
static bool append_metadata(struct changelog_decoder *d)
{
    struct payloads *p = &d->payloads;

    for (int32_t i = 0; i < d->metadata->child_count; i++) {
        struct json_node *node = &d->metadata->children[i];
        struct column_builder *to = &p->rows.columns[node->column];
        int n = FORMAT_METADATA(p->spec->raw[node->column]);

        if (append_form(d, &d->dialect->metadata[n], metadata_value(d, n), node, to))
            continue;
        if (!d->reader.ignore_errors || !to->type->nullable || to->row_count > p->good_count)
            return FAIL_IN_FIELD(&d->reader.failure, node->name);
        builder_null(to);
    }
    return true;
}

/* --- rows --- */

/* One row from object, with changes (ptr NULL: none) over it. The failure is in why->text when it fails. */
static bool append_row(struct changelog_decoder *d, enum row_kind kind, struct slice object,
                       struct slice changes, const char *inside, struct payload_error *why)
{
    struct payloads *p = &d->payloads;

    d->inside = inside;
    why->reason = changes.ptr ? json_decode_changed(&d->reader, object, changes, &p->rows, why->text)
                              : json_decode(&d->reader, object, &p->rows, p->good_count, why->text);
    if (why->reason)
        return false;
    d->inside = NULL;
    failure_init(&d->reader.failure, why->text);
    if (!append_metadata(d))
        return false;
    payloads_add_row(p, kind);
    return true;
}

static bool missing(struct changelog_decoder *d, const char *key, const char *op)
{
    bool old = strcmp(key, d->dialect->old_key) == 0;

    failure_init(&d->reader.failure, d->reader.failure.text);
    d->inside = NULL;
    return fail(&d->reader, "\"%s\" of the %s is missing%s", key, op,
                old && !d->dialect->partial
                    ? "; the database must log whole rows (in PostgreSQL: REPLICA IDENTITY FULL)"
                    : "");
}

/* The rows of one change; old may have ptr NULL. */
static bool append_change(struct changelog_decoder *d, enum changelog_op op, struct slice new,
                          struct slice old, struct payload_error *why)
{
    const struct changelog_dialect *dialect = d->dialect;
    const struct slice none = {NULL, 0};

    if (op == OP_INSERT || dialect->partial) {
        if (new.ptr == NULL)
            return missing(d, dialect->new_key,
                           op == OP_INSERT   ? "insert"
                           : op == OP_DELETE ? "delete"
                                             : "update");
    }
    if (op == OP_INSERT)
        return append_row(d, ROW_INSERT, new, none, dialect->new_key, why);
    if (op == OP_DELETE && dialect->partial)
        return append_row(d, ROW_DELETE, new, none, dialect->new_key, why);
    if (old.ptr == NULL)
        return missing(d, dialect->old_key, op == OP_DELETE ? "delete" : "update");
    if (op == OP_DELETE)
        return append_row(d, ROW_DELETE, old, none, dialect->old_key, why);
    if (new.ptr == NULL)
        return missing(d, dialect->new_key, "update");
    return append_row(d, ROW_UPDATE_BEFORE, dialect->partial ? new : old, dialect->partial ? old : none,
                      dialect->old_key, why) &&
           append_row(d, ROW_UPDATE_AFTER, new, none, dialect->new_key, why);
}

/* The next element of an array, whose bracket or comma is behind at; false at its end. The array has been
 * read before, so it is one. */
static bool next_element(const char **at, const char *end, struct slice *out)
{
    const char *p = json_blank(*at, end), *start = p;

    if (p == end || *p == ']' || json_skip(&p, end) != NULL)
        return false;
    *out = *start == 'n' ? (struct slice){NULL, 0} : slice_of(start, (size_t)(p - start));
    p = json_blank(p, end);
    *at = p < end && *p == ',' ? p + 1 : p;
    return true;
}

static bool check_array(struct changelog_decoder *d, struct slice value, const char *key)
{
    return value.ptr == NULL || *value.ptr == '[' || fail(&d->reader, "\"%s\" is no array", key);
}

/* The rows of arrays: the nth old one belongs to the nth new one. */
static bool append_changes(struct changelog_decoder *d, enum changelog_op op, struct slice new,
                           struct slice old, struct payload_error *why)
{
    const char *at, *end, *old_at = NULL, *old_end = NULL;
    struct slice one, other = {NULL, 0};

    if (new.ptr == NULL)
        return append_change(d, op, new, old, why);
    if (!check_array(d, new, d->dialect->new_key) || !check_array(d, old, d->dialect->old_key))
        return false;
    at = new.ptr + 1;
    end = new.ptr + new.len;
    if (old.ptr) {
        old_at = old.ptr + 1;
        old_end = old.ptr + old.len;
    }
    while (next_element(&at, end, &one)) {
        if (old_at == NULL || !next_element(&old_at, old_end, &other))
            other = (struct slice){NULL, 0};
        if (!append_change(d, op, one, other, why))
            return false;
    }
    return true;
}

/* --- the payload --- */

static bool find_op(struct changelog_decoder *d, enum changelog_op *out)
{
    const struct changelog_dialect *dialect = d->dialect;
    struct slice value = d->body.list[d->op_at].value, text;

    d->inside = NULL;
    if (value.ptr == NULL)
        return fail(&d->reader, "\"%s\" is missing; is it %s's JSON?", dialect->op_key, dialect->what);
    if (!text_of(d, value, &text))
        return false;
    for (int i = 0; i < CHANGELOG_OPS_MAX && dialect->ops[i].text; i++)
        if (slice_is(text, dialect->ops[i].text)) {
            *out = dialect->ops[i].op;
            return true;
        }
    return fail(&d->reader, "\"%s\" is '%.*s', which is no operation of %s's", dialect->op_key,
                (int)MIN(text.len, 40), text.ptr, dialect->what);
}

/* Whether the pattern, if there is one, takes the value. False: that cannot be told, so the record is bad. */
static bool match(struct changelog_decoder *d, const pcre2_code *code, int at, bool *wanted)
{
    struct slice value, text;
    int rc;

    if (code == NULL || !*wanted)
        return true;
    *wanted = false;
    value = d->body.list[at].value;
    if (value.ptr == NULL)
        return true;
    if (!text_of(d, value, &text))
        return false;
    rc = pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, 0, PCRE2_ANCHORED | PCRE2_ENDANCHORED, d->match,
                     NULL);
    *wanted = rc >= 0;
    return rc >= 0 || rc == PCRE2_ERROR_NOMATCH ||
           fail(&d->reader,
                "its database or table cannot be compared with the pattern of the options: error %d of PCRE2",
                rc);
}

static bool read_payload(struct changelog_decoder *d, struct slice payload, struct payload_error *why)
{
    enum changelog_op op = OP_NONE;
    struct slice new, old;
    bool wanted = true;

    if (!find_values(d, payload) || !match(d, d->database, d->database_at, &wanted) ||
        !match(d, d->table, d->table_at, &wanted))
        return false;
    if (!wanted)
        return true;
    if (!find_op(d, &op))
        return false;
    if (op == OP_IGNORED)
        return true;
    new = d->body.list[d->new_at].value;
    old = d->body.list[d->old_at].value;
    return d->dialect->arrays ? append_changes(d, op, new, old, why) : append_change(d, op, new, old, why);
}

static void append(struct payloads *p, struct slice payload, struct payload_error *why)
{
    struct changelog_decoder *d = CONTAINER_OF(p, struct changelog_decoder, payloads);
    char text[FAILURE_TEXT];

    failure_init(&d->reader.failure, why->text);
    d->reader.builder = &p->rows;
    if (LIKELY(read_payload(d, payload, why)))
        return;
    if (why->reason == NULL)
        why->reason = failure_explain(&d->reader.failure);
    if (d->inside == NULL)
        return;
    snprintf(text, sizeof text, "in \"%s\": %.150s", d->inside, why->reason);
    memcpy(why->text, text, sizeof text);
    why->reason = why->text;
}

/* --- making --- */

static void free_decoder(struct decoder *decoder)
{
    struct changelog_decoder *d = CONTAINER_OF(decoder, struct changelog_decoder, payloads.decoder);

    payloads_fini(&d->payloads);
    json_reader_fini(&d->reader);
    bytes_fini(&d->op);
    arena_fini(&d->arena);
    pcre2_code_free(d->database);
    pcre2_code_free(d->table);
    pcre2_match_data_free(d->match);
    mem_free(d);
}

/* The keys that are looked for: always those of the rows, and what metadata columns there are. */
static void choose_wants(struct changelog_decoder *d, const struct decode_spec *spec)
{
    const struct changelog_dialect *dialect = d->dialect;

    d->payload_at = d->in_payload ? want_key(&d->root, "payload") : 0;
    d->new_at = want_key(&d->body, dialect->new_key);
    d->old_at = want_key(&d->body, dialect->old_key);
    d->op_at = want_key(&d->body, dialect->op_key);
    if (dialect->by_name) {
        d->database_at = want_key(&d->body, "database");
        d->table_at = want_key(&d->body, "table");
    }
    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        int n = FORMAT_METADATA(spec->raw[i]);
        const struct metadata *m;

        if (spec->raw[i] >= RAW_NONE)
            continue;
        assert(n < dialect->format->metadata_count);
        m = &dialect->metadata[n];
        if (m->inside) {
            d->inner_at = want_key(&d->body, m->key);
            d->metadata_at[n] = want_key(&d->inner, m->inside);
        } else {
            d->metadata_at[n] = want_key(m->at_root && d->in_payload ? &d->root : &d->body, m->key);
        }
    }
}

/* Metadata columns have the kinds of the format's. */
static enum err check_metadata(const struct changelog_decoder *d, const struct decode_spec *spec,
                               struct error *e)
{
    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        const struct field *f = &spec->schema->fields[i], *m;
        struct bytes text = {0};

        if (spec->raw[i] >= RAW_NONE)
            continue;
        m = &d->dialect->format->metadata[FORMAT_METADATA(spec->raw[i])];
        if (f->type->kind == m->type->kind)
            continue;
        type_print(m->type, &text);
        error_set(e, ERR_CONFIG, "column %.100s: metadata '%s' is " SLICE_FMT, f->name, m->name,
                  SLICE_ARG(bytes_all(&text)));
        bytes_fini(&text);
        return ERR_CONFIG;
    }
    return OK;
}

static enum err make_trees(struct changelog_decoder *d, const struct decode_spec *spec, struct error *e)
{
    int32_t count = spec->schema->field_count;
    enum err rc;

    d->in_row = ARENA_ARRAY(&d->arena, bool, count);
    d->is_metadata = ARENA_ARRAY(&d->arena, bool, count);
    if (d->arena.failed)
        return error_memory(e, 0, "a decoder");
    for (int32_t i = 0; i < count; i++) {
        d->in_row[i] = spec->raw[i] == RAW_NONE;
        d->is_metadata[i] = spec->raw[i] < RAW_NONE;
    }
    if ((rc = json_tree_new(&d->arena, spec->schema, d->in_row, &d->reader.root, e)) != OK)
        return rc;
    return json_tree_new(&d->arena, spec->schema, d->is_metadata, &d->metadata, e);
}

static enum err compile(const struct format *f, const struct map *options, const char *name, pcre2_code **out,
                        struct error *e)
{
    const char *pattern = format_option(f, options, name);
    PCRE2_UCHAR text[120];
    PCRE2_SIZE at;
    int code;

    if (pattern == NULL)
        return OK;
    *out = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &at, NULL);
    if (*out)
        return OK;
    pcre2_get_error_message(code, text, sizeof text);
    return error_set(e, ERR_CONFIG, "option '%s.%s' = '%s' is no regular expression: %s, at character %zu",
                     f->name, name, pattern, (const char *)text, (size_t)at + 1);
}

static enum err read_options(struct changelog_decoder *d, const struct decode_spec *spec, struct error *e)
{
    const struct format *f = d->dialect->format;
    const struct map *o = spec->options;
    enum err rc;

    if ((rc = format_check_options(f, o, NULL, e)) != OK)
        return rc;
    d->in_payload = d->dialect->in_payload && format_flag(f, o, "schema-include");
    d->payloads.ignore_errors = d->reader.ignore_errors = format_flag(f, o, "ignore-parse-errors");
    d->reader.standard = format_option_is(f, o, "timestamp-format.standard", "ISO-8601") ? JSON_TIME_ISO
                                                                                         : JSON_TIME_SQL;
    if (!d->dialect->by_name)
        return OK;
    if ((rc = compile(f, o, "database.include", &d->database, e)) != OK ||
        (rc = compile(f, o, "table.include", &d->table, e)) != OK)
        return rc;
    if ((d->match = pcre2_match_data_create(8, NULL)) == NULL)
        return error_memory(e, 0, "a decoder");
    return OK;
}

enum err changelog_decoder_new(const struct changelog_dialect *dialect, const struct decode_spec *spec,
                               struct decoder **out, struct error *e)
{
    static const struct decoder_ops ops = {payloads_decode, free_decoder};
    struct changelog_decoder *d = mem_zalloc(sizeof *d);
    enum err rc;

    if (d == NULL)
        return error_memory(e, sizeof *d, "a decoder");
    d->payloads.decoder.ops = &ops;
    d->payloads.append = append;
    d->payloads.has_metadata = d->payloads.changes = d->payloads.skips_none = true;
    d->dialect = dialect;
    if ((rc = read_options(d, spec, e)) != OK || (rc = check_metadata(d, spec, e)) != OK ||
        (rc = payloads_init(&d->payloads, spec, e)) != OK || (rc = make_trees(d, spec, e)) != OK)
        goto out;
    choose_wants(d, spec);
out:
    if (rc == OK)
        *out = &d->payloads.decoder;
    else
        free_decoder(&d->payloads.decoder);
    return rc;
}
