/* json_decode.c: see json_decode.h: objects, arrays, and the payload; json_scalar.c and json_map.c have the
 * rest. */
#include "base/mem.h"
#include "formats/json_words.h"
#include "formats/short_view.h"

/* --- texts --- */

/* A column of texts takes any value: what is no text as it stands there. */
/* Step over one character of JSON, or over a whole text in quotes; true: it is blank and outside of texts. */
static bool step(const char **at)
{
    const char *p = *at;

    if (*p == '"')
        for (p++; *p != '"'; p++)
            p += *p == '\\';
    *at = p + 1;
    return *p == ' ' || *p == '\n' || *p == '\t' || *p == '\r';
}

static bool has_blanks(struct slice json)
{
    const char *at = json.ptr;

    while (at < json.ptr + json.len)
        if (step(&at))
            return true;
    return false;
}

/* An object or array as text is written without blanks, as Flink does: the same JSON gives the same text. */
static bool append_without_blanks(struct json_reader *r, struct slice json, struct column_builder *to)
{
    struct bytes text = {0};
    const char *at = json.ptr, *from;
    bool ok;

    while ((from = at) < json.ptr + json.len)
        if (!step(&at))
            bytes_append(&text, from, (size_t)(at - from));
    ok = !text.failed;
    if (ok)
        builder_copied(to, text.ptr, text.len);
    bytes_fini(&text);
    return ok || fail_scan(r, "there is no memory for it");
}

static bool append_text(struct json_reader *r, struct column_builder *to)
{
    const char *start = r->at;
    struct slice text;
    bool borrowed;

    if (LIKELY(*r->at == '"')) {
        r->at++;
        if (UNLIKELY(!read_text(r, &text, &borrowed)))
            return false;
        if (LIKELY(borrowed))
            builder_view(to, short_view_of(text.ptr, text.len, r->end));
        else
            builder_copied(to, text.ptr, text.len);
        return true;
    }
    if (!skip_value(r))
        return false;
    text = slice_of(start, (size_t)(r->at - start));
    if ((*start == '{' || *start == '[') && has_blanks(text))
        return append_without_blanks(r, text, to);
    builder_borrowed(to, text.ptr, text.len);
    return true;
}

/* --- objects --- */

/* The key at r->at, opening quote behind us, that the shape expects at place *place or the one after it; -2:
 * neither. */
static inline int32_t guess_field(struct json_reader *r, const struct json_node *row, int32_t *place)
{
    size_t left = (size_t)(r->end - r->at);

    for (int32_t i = *place; i < row->shape_count && i < *place + 2; i++) {
        const struct json_shape *s = &row->shape[i];

        if (left > s->len && same_bytes(r->at, s->key, s->len)) {
            r->at += s->len;
            *place = i + 1;
            return s->field;
        }
    }
    return -2;
}

/* Look the key up, and let the shape learn it when it stands there as it would expect it. */
static bool find_field(struct json_reader *r, struct json_node *row, int32_t *place, int32_t *field)
{
    const char *start = r->at;
    struct slice key;
    bool borrowed, plain;

    if (!read_text(r, &key, &borrowed))
        return false;
    plain = borrowed && r->at < r->end && *r->at == ':';
    *field = json_tree_find(row, key);
    if (plain) {
        json_tree_learn(row, *place, slice_of(start, key.len), *field);
        *place += *place < row->shape_count && row->shape[*place].len == key.len + 2 &&
                  memcmp(row->shape[*place].key, start, key.len) == 0;
    }
    return read_colon(r);
}

/* A key, its quote not yet read, and its colon. */
static inline bool read_key(struct json_reader *r, struct json_node *row, int32_t *place, int32_t *field)
{
    if (UNLIKELY(!take(r, '"')))
        return fail_scan(r, "a key is wanted");
    *field = guess_field(r, row, place);
    if (LIKELY(*field != -2)) {
        row->misses = 0;
        return true;
    }
    return find_field(r, row, place, field);
}

static bool append_missing(struct json_reader *r, const struct json_node *row, struct column_builder *columns)
{
    for (int32_t i = 0; i < row->child_count; i++) {
        const struct json_node *child = &row->children[i];

        if (row->seen[i] == row->generation)
            continue;
        if (!child->type->nullable || r->fail_on_missing) {
            failure_set(&r->failure, "%s",
                        child->type->nullable ? "is missing" : "is missing, but the column is NOT NULL");
            return FAIL_IN_FIELD(&r->failure, child->name);
        }
        builder_null(&columns[child->column]);
    }
    return true;
}

static bool read_field(struct json_reader *r, struct json_node *child, struct column_builder *columns)
{
    if (UNLIKELY(!json_value(r, child, &columns[child->column])))
        return FAIL_IN_FIELD(&r->failure, child->name);
    return true;
}

/* A new object of row; the marks of the last one are void. */
static void next_generation(struct json_node *row)
{
    if (++row->generation == 0) {
        memset(row->seen, 0, (size_t)row->child_count * sizeof *row->seen);
        row->generation = 1;
    }
}

/* The fields of an object whose brace is behind us. */
static bool read_fields(struct json_reader *r, struct json_node *row, struct column_builder *columns)
{
    int32_t place = 0, field, count = 0;
    bool more = !take(r, '}');

    next_generation(row);
    while (more) {
        if (UNLIKELY(!read_key(r, row, &place, &field)))
            return false;
        if (field < 0) {
            if (UNLIKELY(!skip_value(r)))
                return false;
        } else {
            if (UNLIKELY(row->seen[field] == row->generation)) {
                r->duplicate = true;
                return false;
            }
            row->seen[field] = row->generation;
            count++;
            if (UNLIKELY(!read_field(r, &row->children[field], columns)))
                return false;
        }
        if (UNLIKELY(!read_comma(r, '}', &more)))
            return false;
    }
    return count == row->child_count || append_missing(r, row, columns);
}

/* Where each field's last value begins. */
static bool find_fields(struct json_reader *r, struct json_node *row)
{
    int32_t place = 0, field;
    bool more = !take(r, '}');

    while (more) {
        if (!read_key(r, row, &place, &field))
            return false;
        if (field >= 0) {
            row->seen[field] = row->generation;
            row->last[field] = r->at;
        }
        if (!skip_value(r) || !read_comma(r, '}', &more))
            return false;
    }
    return true;
}

static bool read_found(struct json_reader *r, struct json_node *row, struct column_builder *columns)
{
    for (int32_t i = 0; i < row->child_count; i++) {
        r->at = row->last[i];
        if (row->seen[i] == row->generation && !read_field(r, &row->children[i], columns))
            return false;
    }
    return append_missing(r, row, columns);
}

/* The same when a key may be there twice. */
static bool read_fields_carefully(struct json_reader *r, struct json_node *row,
                                  struct column_builder *columns)
{
    const char *behind;
    bool fine;

    next_generation(row);
    if (!find_fields(r, row))
        return false;
    behind = r->at;
    fine = read_found(r, row, columns);
    r->at = behind;
    return fine;
}

static bool read_row(struct json_reader *r, struct json_node *row, struct column_builder *columns)
{
    return UNLIKELY(r->careful) ? read_fields_carefully(r, row, columns) : read_fields(r, row, columns);
}

/* --- values --- */

static bool read_array(struct json_reader *r, struct json_node *n, struct column_builder *to)
{
    bool more = !take(r, ']');

    for (uint64_t i = 0; more; i++)
        if (UNLIKELY(!json_value(r, &n->children[0], &to->children[0]) || !read_comma(r, ']', &more)))
            return FAIL_IN_ELEMENT(&r->failure, i);
    return true;
}

/* Its bracket is behind us. */
static bool read_nested(struct json_reader *r, struct json_node *n, struct column_builder *to)
{
    if (n->type->kind == TYPE_STRUCT) {
        if (UNLIKELY(!read_row(r, n, to->children)))
            return false;
        builder_struct_end(to);
        return true;
    }
    if (UNLIKELY(!(n->type->kind == TYPE_LIST ? read_array(r, n, to) : json_map(r, n, to))))
        return false;
    builder_list_end(to);
    return true;
}

/* The value that begins at start does not fit its column, which has got nothing of it: NULL in its place. */
static __attribute__((cold, noinline)) bool ignore_value(struct json_reader *r, const struct json_node *n,
                                                         const char *start, struct column_builder *to)
{
    if (!r->ignore_errors || !n->type->nullable || r->duplicate)
        return false;
    r->at = start;
    if (!skip_value(r))
        return false;
    builder_null(to);
    return true;
}

static bool append_null(struct json_reader *r, const struct json_node *n, struct column_builder *to)
{
    if (!read_word(r, SLICE("null")))
        return false;
    if (!n->type->nullable)
        return fail_scan(r, "is null, but the column is NOT NULL");
    builder_null(to);
    return true;
}

bool json_value(struct json_reader *r, struct json_node *n, struct column_builder *to)
{
    const char *start;

    skip_blanks(r);
    start = r->at;
    if (UNLIKELY(r->at == r->end))
        return fail_scan(r, "the end is missing");
    if (UNLIKELY(*r->at == 'n'))
        return append_null(r, n, to);
    switch (n->type->kind) {
    case TYPE_STRING:
        return append_text(r, to);
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        if (UNLIKELY(*start != (n->type->kind == TYPE_LIST ? '[' : '{')))
            return json_fail_kind(r, n->type) || ignore_value(r, n, start, to);
        r->at++;
        return read_nested(r, n, to);
    default:
        return LIKELY(json_scalar(r, to)) || ignore_value(r, n, start, to);
    }
}

/* --- the payload --- */

/* At a place of the payload that is no JSON. */
static __attribute__((cold, noinline)) bool fail_syntax(struct json_reader *r, const char *payload,
                                                        const char *why)
{
    return fail(r, "%s, at byte %zu", why, (size_t)(r->at - payload));
}

static bool read_payload(struct json_reader *r, struct slice payload)
{
    r->at = payload.ptr;
    r->end = payload.ptr + payload.len;
    r->entry_count = 0;
    r->duplicate = false;
    if (slice_starts(payload, SLICE("\xef\xbb\xbf")))
        r->at += 3; /* a byte order mark, which some editors write */
    if (!take(r, '{'))
        return fail_syntax(r, payload.ptr, "an object is wanted");
    if (!read_row(r, r->root, r->builder->columns))
        return false;
    skip_blanks(r);
    return r->at == r->end || fail_syntax(r, payload.ptr, "there is more behind the object");
}

const char *json_decode(struct json_reader *r, struct slice payload, struct builder *b, int32_t row_count,
                        char text[FAILURE_TEXT])
{
    r->builder = b;
    r->careful = false;
    failure_init(&r->failure, text);
    if (LIKELY(read_payload(r, payload)))
        return NULL;
    if (r->duplicate) {
        builder_truncate(b, row_count);
        failure_init(&r->failure, text);
        r->careful = true;
        if (read_payload(r, payload))
            return NULL;
    }
    return failure_explain(&r->failure);
}

/* The keys of object into row's places. */
static bool find_object(struct json_reader *r, struct slice object)
{
    r->at = object.ptr;
    r->end = object.ptr + object.len;
    return take(r, '{') ? find_fields(r, r->root) : fail_scan(r, "an object is wanted");
}

const char *json_decode_changed(struct json_reader *r, struct slice payload, struct slice changes,
                                struct builder *b, char text[FAILURE_TEXT])
{
    r->builder = b;
    r->careful = true;
    r->duplicate = false;
    r->entry_count = 0;
    failure_init(&r->failure, text);
    next_generation(r->root);
    if (find_object(r, payload) && find_object(r, changes)) {
        /* the places lie in two objects, and a value ends before its own object does */
        r->end = MAX(payload.ptr + payload.len, changes.ptr + changes.len);
        if (read_found(r, r->root, b->columns))
            return NULL;
    }
    return failure_explain(&r->failure);
}

void json_reader_fini(struct json_reader *r)
{
    bytes_fini(&r->text);
    mem_free(r->entries);
    r->entries = NULL;
}
