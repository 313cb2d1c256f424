/* json_decode.c: see json_decode.h. The functions that read return false when they failed and said why (or
 * asked for the careful way by r->duplicate).
 */
#include "formats/json_decode.h"
#include "base/mem.h"
#include "formats/json_number.h"
#include "formats/json_scan.h"
#include "formats/short_view.h"
#include "formats/uuid.h"
#include <stdlib.h>
#include <strings.h>

#define QUADRATIC_MAX 16 /* entries of a MAP whose keys are compared each with each */

struct json_entry {
    struct view key;
    const char *value; /* where it begins; only in the careful way */
    int32_t number;
    bool dropped;
};

static bool read_value(struct json_reader *r, struct json_node *n, struct column_builder *to);

/* --- failing
 * ------------------------------------------------------------------------------------------------ */

#define fail(r, ...)      FAIL(&(r)->failure, __VA_ARGS__)
#define fail_scan(r, why) FAIL(&(r)->failure, "%s", why)

/* At a place of the payload that is no JSON. */
__attribute__((cold, noinline)) static bool fail_syntax(struct json_reader *r, const char *payload,
                                                        const char *why)
{
    return fail(r, "%s, at byte %zu", why, (size_t)(r->at - payload));
}

/* The value is not what the column wants: its beginning is shown. */
__attribute__((cold, noinline)) static bool fail_value(struct json_reader *r, struct slice value,
                                                       const char *why)
{
    return fail(r, "%s: %.*s%s", why, (int)MIN(value.len, 40), value.ptr, value.len > 40 ? "..." : "");
}

__attribute__((cold, noinline)) static bool fail_kind(struct json_reader *r, const struct type *t)
{
    struct bytes type = {0};
    char c = *r->at;
    const char *found = c == '"'               ? "a text"
                        : c == '{'             ? "an object"
                        : c == '['             ? "an array"
                        : c == 't' || c == 'f' ? "a boolean"
                                               : "a number";

    type_print(t, &type);
    failure_set(&r->failure, "%s does not fit " SLICE_FMT, found, (int)MIN(type.len, 60),
                type.ptr ? type.ptr : "its type");
    bytes_fini(&type);
    return false;
}

/* --- words
 * -------------------------------------------------------------------------------------------------- */

static inline void skip_blanks(struct json_reader *r)
{
    r->at = json_blank(r->at, r->end);
}

/* Whether the next word is c, which is then behind us. */
static inline bool take(struct json_reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool skip_value(struct json_reader *r)
{
    const char *why = json_skip(&r->at, r->end);

    return why == NULL || fail_scan(r, why);
}

/* A text without its escapes; valid until the next call. */
static inline bool read_text(struct json_reader *r, struct slice *out, bool *borrowed)
{
    struct json_text text;
    const char *why;

    if (UNLIKELY((why = json_scan_text(&r->at, r->end, &text)) != NULL))
        return fail_scan(r, why);
    *borrowed = !text.escaped;
    *out = text.raw;
    if (LIKELY(!text.escaped))
        return true;
    bytes_clear(&r->text);
    if ((why = json_unescape(text.raw, &r->text)) != NULL)
        return fail_scan(r, why);
    if (r->text.failed)
        r->builder->failed = true; /* as if an append had found no memory: finishing the batch says so */
    *out = bytes_all(&r->text);
    return true;
}

/* --- scalars
 * ------------------------------------------------------------------------------------------------ */

static bool read_number(struct json_reader *r, struct json_number *out)
{
    const char *why = json_scan_number(&r->at, r->end, out);

    return why == NULL || fail_scan(r, why);
}

static struct slice trim(struct slice s)
{
    while (s.len && (uint8_t)s.ptr[0] <= ' ')
        s = slice_from(s, 1);
    while (s.len && (uint8_t)s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

/* A number, or a text that holds one. */
static bool read_number_or_text(struct json_reader *r, const struct type *t, struct json_number *out)
{
    struct slice text;
    const char *at, *why;
    bool borrowed;

    if (*r->at == '-' || (uint8_t)(*r->at - '0') < 10)
        return read_number(r, out);
    if (*r->at != '"')
        return fail_kind(r, t);
    r->at++;
    if (!read_text(r, &text, &borrowed))
        return false;
    text = trim(text);
    at = text.ptr;
    if (text.len == 0)
        return fail_value(r, text, "the text is no number");
    why = json_scan_number(&at, text.ptr + text.len, out);
    return why == NULL && at == text.ptr + text.len ? true : fail_value(r, text, "the text is no number");
}

static bool read_integer(struct json_reader *r, const struct type *t, int64_t min, int64_t max, int64_t *out)
{
    struct json_number n;
    const char *why;

    if (!read_number_or_text(r, t, &n))
        return false;
    if (LIKELY(n.exponent == 0 && n.digits <= INT32_MAX && max >= INT32_MAX)) {
        *out = n.negative ? -(int64_t)n.digits : (int64_t)n.digits;
        return true;
    }
    why = json_number_integer(&n, min, max, out);
    return why == NULL || fail_value(r, n.text, why);
}

static bool append_integer(struct json_reader *r, struct column_builder *to)
{
    const struct type *t = to->type;
    int64_t v;

    switch (t->kind) {
    case TYPE_INT8:
        if (!read_integer(r, t, INT8_MIN, INT8_MAX, &v))
            return false;
        builder_i8(to, (int8_t)v);
        return true;
    case TYPE_INT16:
        if (!read_integer(r, t, INT16_MIN, INT16_MAX, &v))
            return false;
        builder_i16(to, (int16_t)v);
        return true;
    case TYPE_INT32:
    case TYPE_INTERVAL_MONTHS:
        if (!read_integer(r, t, INT32_MIN, INT32_MAX, &v))
            return false;
        builder_i32(to, (int32_t)v);
        return true;
    default:
        if (!read_integer(r, t, INT64_MIN, INT64_MAX, &v))
            return false;
        builder_i64(to, v);
        return true;
    }
}

static bool append_real(struct json_reader *r, struct column_builder *to)
{
    struct json_number n;
    const char *why;
    double d;
    float f;

    if (!read_number_or_text(r, to->type, &n))
        return false;
    if (to->type->kind == TYPE_FLOAT) {
        if ((why = json_number_float(&n, r->locale, &f)) == NULL)
            builder_f32(to, f);
    } else {
        if ((why = json_number_double(&n, r->locale, &d)) == NULL)
            builder_f64(to, d);
    }
    return why == NULL || fail_value(r, n.text, why);
}

static bool append_decimal(struct json_reader *r, struct column_builder *to)
{
    struct json_number n;
    const char *why;
    __int128 v;

    if (!read_number_or_text(r, to->type, &n))
        return false;
    if ((why = json_number_decimal(&n, to->type->precision, to->type->scale, &v)) != NULL)
        return fail_value(r, n.text, why);
    builder_i128(to, v);
    return true;
}

static bool read_word(struct json_reader *r, struct slice word)
{
    const char *why = json_scan_word(&r->at, r->end, word);

    return why == NULL || fail_scan(r, why);
}

static bool append_boolean(struct json_reader *r, struct column_builder *to)
{
    struct slice text;
    bool borrowed, value = *r->at == 't';

    if (*r->at == 't' || *r->at == 'f') {
        if (!read_word(r, value ? SLICE("true") : SLICE("false")))
            return false;
    } else if (*r->at == '"') {
        r->at++;
        if (!read_text(r, &text, &borrowed))
            return false;
        text = trim(text);
        value = text.len == 4 && strncasecmp(text.ptr, "true", 4) == 0;
        if (!value && !(text.len == 5 && strncasecmp(text.ptr, "false", 5) == 0))
            return fail_value(r, text, "the text is neither true nor false");
    } else {
        return fail_kind(r, to->type);
    }
    builder_u8(to, value);
    return true;
}

/* A column of texts takes any value: what is no text as it stands there. */
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
    builder_borrowed(to, start, (size_t)(r->at - start));
    return true;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 with or without its padding; false when it is none. */
static bool decode_base64(struct slice in, struct bytes *out)
{
    uint32_t bits = 0;
    int count = 0;

    while (in.len && in.ptr[in.len - 1] == '=' && count++ < 2)
        in.len--;
    count = 0;
    for (size_t i = 0; i < in.len; i++) {
        int v = sextet(in.ptr[i]);

        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if ((count += 6) < 8)
            continue;
        count -= 8;
        bytes_u8(out, (uint8_t)(bits >> count));
    }
    return count < 6;
}

static bool append_base64(struct json_reader *r, struct column_builder *to, struct slice text)
{
    struct bytes raw = {0};
    bool fine = decode_base64(text, &raw);

    if (!fine)
        fail_value(r, text, "the text is not base64");
    else if (raw.failed)
        r->builder->failed = true;
    else if (to->type->kind == TYPE_FIXED && raw.len != (size_t)to->type->length)
        fine = fail(r, "the text stands for %zu bytes, not %" PRId32, raw.len, to->type->length);
    else
        builder_copied(to, raw.len ? raw.ptr : "", raw.len);
    bytes_fini(&raw);
    return fine;
}

static bool append_uuid(struct json_reader *r, struct column_builder *to, struct slice text)
{
    char raw[16];

    if (!uuid_parse(text, raw))
        return fail_value(r, text, "the text is not a UUID");
    builder_copied(to, raw, sizeof raw);
    return true;
}

static bool append_time(struct json_reader *r, struct column_builder *to, struct slice text)
{
    const char *why;
    int64_t v = 0;
    int32_t days = 0;

    switch (to->type->kind) {
    case TYPE_DATE:
        why = json_time_date(text, &days);
        break;
    case TYPE_TIME:
        why = json_time_time(text, to->type->precision, &v);
        break;
    default:
        why = json_time_timestamp(text, to->type, r->standard, &v);
        break;
    }
    if (why)
        return fail_value(r, text, why);
    if (to->type->kind == TYPE_DATE)
        builder_i32(to, days);
    else
        builder_i64(to, v);
    return true;
}

/* What is a text in JSON, but not in the column. */
static bool append_from_text(struct json_reader *r, struct column_builder *to)
{
    struct slice text;
    bool borrowed;

    if (*r->at != '"')
        return fail_kind(r, to->type);
    r->at++;
    if (!read_text(r, &text, &borrowed))
        return false;
    switch (to->type->kind) {
    case TYPE_BINARY:
    case TYPE_FIXED:
        return append_base64(r, to, text);
    case TYPE_UUID:
        return append_uuid(r, to, text);
    default:
        return append_time(r, to, text);
    }
}

/* --- objects
 * ------------------------------------------------------------------------------------------------ */

/* The colon behind a key. */
static inline bool read_colon(struct json_reader *r)
{
    return take(r, ':') || fail_scan(r, "a colon is wanted behind a key");
}

/* The key at r->at, opening quote behind us, that the shape expects at place *place or the one after it; -2:
 * neither. */
static inline int32_t guess_field(struct json_reader *r, const struct json_node *row, int32_t *place)
{
    size_t left = (size_t)(r->end - r->at);

    for (int32_t i = *place; i < row->shape_count && i < *place + 2; i++) {
        const struct json_shape *s = &row->shape[i];

        if (left > s->len && memcmp(r->at, s->key, s->len) == 0) {
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

/* Behind a value of an object or array: a comma, or its end. */
static inline bool read_comma(struct json_reader *r, char close, bool *more)
{
    if (LIKELY(take(r, ','))) {
        *more = true;
        return true;
    }
    *more = false;
    if (LIKELY(take(r, close)))
        return true;
    if (r->at == r->end)
        return fail_scan(r, "the end is missing");
    return fail_scan(r, close == '}' ? "a comma or } is wanted" : "a comma or ] is wanted");
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
    if (UNLIKELY(!read_value(r, child, &columns[child->column])))
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

/* The same when a key may be there twice: first where each field's last value begins, then those values. */
static bool read_fields_carefully(struct json_reader *r, struct json_node *row,
                                  struct column_builder *columns)
{
    int32_t place = 0, field;
    bool more = !take(r, '}');
    const char *behind;

    next_generation(row);
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
    behind = r->at;
    for (int32_t i = 0; i < row->child_count; i++) {
        r->at = row->last[i];
        if (row->seen[i] == row->generation && !read_field(r, &row->children[i], columns))
            return false;
    }
    r->at = behind;
    return append_missing(r, row, columns);
}

static bool read_row(struct json_reader *r, struct json_node *row, struct column_builder *columns)
{
    return UNLIKELY(r->careful) ? read_fields_carefully(r, row, columns) : read_fields(r, row, columns);
}

/* --- maps
 * --------------------------------------------------------------------------------------------------- */

static int compare_keys(const struct json_entry *a, const struct json_entry *b)
{
    return slice_compare(view_slice(&a->key), view_slice(&b->key));
}

static int by_key(const void *a, const void *b)
{
    const struct json_entry *x = a, *y = b;
    int order = compare_keys(x, y);

    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static int by_number(const void *a, const void *b)
{
    const struct json_entry *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* Mark all but the last of equal keys; true when there were any. The order is by number again afterwards. */
static bool drop_doubles(struct json_entry *entries, size_t count)
{
    bool any = false;

    if (count < 2)
        return false;
    qsort(entries, count, sizeof *entries, by_key);
    for (size_t i = 0; i + 1 < count; i++) {
        entries[i].dropped = compare_keys(&entries[i], &entries[i + 1]) == 0;
        any = any || entries[i].dropped;
    }
    qsort(entries, count, sizeof *entries, by_number);
    return any;
}

static bool has_doubles(struct json_entry *entries, size_t count)
{
    if (count > QUADRATIC_MAX)
        return drop_doubles(entries, count);
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (view_equal(&entries[i].key, &entries[k].key))
                return true;
    return false;
}

/* A key, which goes on the stack of entries, and its colon. */
static bool read_entry_key(struct json_reader *r, int32_t number)
{
    struct slice key;
    bool borrowed;
    char *copy;

    if (!take(r, '"'))
        return fail_scan(r, "a key is wanted");
    if (!read_text(r, &key, &borrowed))
        return false;
    if (!MEM_GROW(r->entries, r->entry_count, r->entry_capacity)) {
        r->builder->failed = true;
        return fail_scan(r, "there is no memory for the entries of a map");
    }
    if (!borrowed && key.len > VIEW_INLINE) {
        if ((copy = batch_alloc(r->builder->batch, key.len)) == NULL) {
            r->builder->failed = true;
            return fail_scan(r, "there is no memory for the entries of a map");
        }
        key.ptr = memcpy(copy, key.ptr, key.len);
    }
    r->entries[r->entry_count++] = (struct json_entry){
        .key = short_view_of(key.ptr, key.len, borrowed ? r->end : key.ptr), .number = number};
    return read_colon(r);
}

static bool append_entry_value(struct json_reader *r, struct json_node *map, struct column_builder *to,
                               const struct view *key)
{
    struct slice name = view_slice(key);
    char text[32];

    if (LIKELY(read_value(r, &map->children[1], &to->children[1])))
        return true;
    memcpy(text, name.ptr, MIN(name.len, sizeof text - 1));
    text[MIN(name.len, sizeof text - 1)] = '\0';
    return FAIL_IN_FIELD(&r->failure, text);
}

static bool read_entries(struct json_reader *r, struct json_node *map, struct column_builder *to)
{
    size_t base = r->entry_count;
    bool more = !take(r, '}');

    for (int32_t n = 0; more; n++) {
        struct view key;

        if (UNLIKELY(!read_entry_key(r, n)))
            return false;
        key = r->entries[r->entry_count - 1].key;
        builder_view(&to->children[0], key);
        if (UNLIKELY(!append_entry_value(r, map, to, &key) || !read_comma(r, '}', &more)))
            return false;
    }
    if (UNLIKELY(has_doubles(r->entries + base, r->entry_count - base))) {
        r->duplicate = true;
        return false;
    }
    r->entry_count = base;
    return true;
}

static bool read_entries_carefully(struct json_reader *r, struct json_node *map, struct column_builder *to)
{
    size_t base = r->entry_count, end;
    bool more = !take(r, '}');
    const char *behind;

    for (int32_t n = 0; more; n++) {
        if (!read_entry_key(r, n))
            return false;
        r->entries[r->entry_count - 1].value = r->at;
        if (!skip_value(r) || !read_comma(r, '}', &more))
            return false;
    }
    behind = r->at;
    end = r->entry_count;
    drop_doubles(r->entries + base, end - base);
    for (size_t i = base; i < end; i++) {
        struct json_entry entry = r->entries[i]; /* a copy: a value that is a map moves the stack */

        if (entry.dropped)
            continue;
        r->at = entry.value;
        builder_view(&to->children[0], entry.key);
        if (!append_entry_value(r, map, to, &entry.key))
            return false;
    }
    r->entry_count = base;
    r->at = behind;
    return true;
}

/* --- values
 * ------------------------------------------------------------------------------------------------- */

static bool read_array(struct json_reader *r, struct json_node *n, struct column_builder *to)
{
    bool more = !take(r, ']');

    for (uint64_t i = 0; more; i++)
        if (UNLIKELY(!read_value(r, &n->children[0], &to->children[0]) || !read_comma(r, ']', &more)))
            return FAIL_IN_ELEMENT(&r->failure, i);
    return true;
}

static bool read_nested(struct json_reader *r, struct json_node *n, struct column_builder *to)
{
    char open = n->type->kind == TYPE_LIST ? '[' : '{';

    if (UNLIKELY(*r->at != open))
        return fail_kind(r, n->type);
    r->at++;
    if (n->type->kind == TYPE_STRUCT) {
        if (UNLIKELY(!read_row(r, n, to->children)))
            return false;
        builder_struct_end(to);
        return true;
    }
    if (n->type->kind == TYPE_LIST ? !read_array(r, n, to)
        : r->careful               ? !read_entries_carefully(r, n, to)
                                   : !read_entries(r, n, to))
        return false;
    builder_list_end(to);
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

static bool read_value(struct json_reader *r, struct json_node *n, struct column_builder *to)
{
    skip_blanks(r);
    if (UNLIKELY(r->at == r->end))
        return fail_scan(r, "the end is missing");
    if (UNLIKELY(*r->at == 'n'))
        return append_null(r, n, to);
    switch (n->type->kind) {
    case TYPE_STRING:
        return append_text(r, to);
    case TYPE_BOOLEAN:
        return append_boolean(r, to);
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_INT64:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        return append_integer(r, to);
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        return append_real(r, to);
    case TYPE_DECIMAL:
        return append_decimal(r, to);
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_STRUCT:
        return read_nested(r, n, to);
    default:
        return append_from_text(r, to);
    }
}

/* --- the payload
 * -------------------------------------------------------------------------------------------- */

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

void json_reader_fini(struct json_reader *r)
{
    bytes_fini(&r->text);
    mem_free(r->entries);
    r->entries = NULL;
}
