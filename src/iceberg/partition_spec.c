/* partition_spec.c: partitioning as users write it.
 *
 *   spec := term { ',' term }        term := (column | function '(' arguments ')') [ AS name ]
 *   arguments := column, for bucket and truncate also a number, before or after it
 * Functions are Spark's (days(ts)) and the names of the transforms themselves (day(ts)).
 */
#include "iceberg/transform.h"
#include <ctype.h>
#include <strings.h>

#define FIRST_FIELD_ID 1000
#define FIELDS_MAX     64 /* of one spec: a bound for bad input */

static const struct function {
    const char *name, *other;
    enum transform_kind kind;
    bool has_width;
    const char *suffix; /* of the field's name */
} functions[] = {
    {"identity", "identity", TRANSFORM_IDENTITY, false, ""},
    {"bucket", "bucket", TRANSFORM_BUCKET, true, "_bucket"},
    {"truncate", "trunc", TRANSFORM_TRUNCATE, true, "_trunc"},
    {"years", "year", TRANSFORM_YEAR, false, "_year"},
    {"months", "month", TRANSFORM_MONTH, false, "_month"},
    {"days", "day", TRANSFORM_DAY, false, "_day"},
    {"hours", "hour", TRANSFORM_HOUR, false, "_hour"},
    {"void", "void", TRANSFORM_VOID, false, "_null"},
};

struct spec_text {
    struct slice all, left;
    const struct schema *schema;
    struct arena *arena;
    struct partition_field fields[FIELDS_MAX];
    int32_t count;
    struct error *e;
};

static enum err fail(struct spec_text *t, const char *what)
{
    return error_set(t->e, ERR_CONFIG, "partitioning `" SLICE_FMT "`, at character %zu: %s",
                     (int)MIN(t->all.len, (size_t)200), t->all.ptr ? t->all.ptr : "",
                     t->all.len - t->left.len + 1, what);
}

static bool take(struct spec_text *t, char c)
{
    while (t->left.len && isspace((unsigned char)*t->left.ptr))
        t->left = slice_from(t->left, 1);
    if (t->left.len == 0 || *t->left.ptr != c)
        return false;
    t->left = slice_from(t->left, 1);
    return true;
}

/* A name: letters, digits, '_', '.', or anything between back-ticks. Empty when there is none. */
static struct slice take_word(struct spec_text *t)
{
    const char *end;
    struct slice word;
    size_t len = 0;

    if (take(t, '`')) {
        if ((end = memchr(t->left.ptr, '`', t->left.len)) == NULL)
            return (struct slice){NULL, 0};
        word = slice_of(t->left.ptr, (size_t)(end - t->left.ptr));
        t->left = slice_from(t->left, word.len + 1);
        return word;
    }
    while (len < t->left.len &&
           (isalnum((unsigned char)t->left.ptr[len]) || strchr("_.", t->left.ptr[len])) &&
           t->left.ptr[len] != '\0')
        len++;
    word = slice_of(t->left.ptr, len);
    t->left = slice_from(t->left, len);
    return word;
}

static bool word_is(struct slice word, const char *name)
{
    return word.len == strlen(name) && strncasecmp(word.ptr, name, word.len) == 0;
}

static const struct function *find_function(struct slice word)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (word_is(word, functions[i].name) || word_is(word, functions[i].other))
            return &functions[i];
    return NULL;
}

static const struct field *find_in(const struct field *fields, int32_t count, struct slice name)
{
    for (int32_t i = 0; i < count; i++)
        if (slice_is(name, fields[i].name))
            return &fields[i];
    return NULL;
}

/* A column by its whole name, else by its way through structs: `a.b`. */
static const struct field *find_column(const struct schema *s, struct slice name)
{
    const struct field *fields = s->fields, *at = find_in(fields, s->field_count, name);
    int32_t count = s->field_count;
    const char *dot;

    if (at != NULL)
        return at;
    while ((dot = memchr(name.ptr, '.', name.len)) != NULL) {
        size_t len = (size_t)(dot - name.ptr);

        at = find_in(fields, count, slice_of(name.ptr, len));
        if (at == NULL || at->type->kind != TYPE_STRUCT)
            return NULL;
        fields = at->type->fields;
        count = at->type->field_count;
        name = slice_from(name, len + 1);
    }
    return find_in(fields, count, name);
}

static bool parse_number(struct slice word, int32_t *out)
{
    int64_t v = 0;

    for (size_t i = 0; i < word.len; i++)
        if (!isdigit((unsigned char)word.ptr[i]) || (v = v * 10 + (word.ptr[i] - '0')) > INT32_MAX)
            return false;
    *out = (int32_t)v;
    return word.len > 0;
}

/* `16, user_id)` or `user_id)`, into f's transform and *column. */
static enum err take_arguments(struct spec_text *t, const struct function *fn, struct partition_field *f,
                               struct slice *column)
{
    struct slice first = take_word(t), second;

    f->transform.kind = fn->kind;
    *column = first;
    if (fn->has_width) {
        if (!take(t, ','))
            return fail(t, "a number and a column are wanted: bucket(16, column), truncate(4, column)");
        second = take_word(t);
        if (parse_number(first, &f->transform.width))
            *column = second;
        else if (!parse_number(second, &f->transform.width))
            return fail(t, "a number is wanted: bucket(16, column), truncate(4, column)");
        if (f->transform.width <= 0)
            return fail(t, "the number must be at least 1");
    }
    return take(t, ')') ? OK : fail(t, "`)` is wanted");
}

static bool is_time(enum transform_kind kind)
{
    return kind >= TRANSFORM_YEAR && kind <= TRANSFORM_HOUR;
}

/* Names must be free, and a column has one transform of a kind; all of year to hour count as one. */
static enum err check_new(struct spec_text *t, const struct partition_field *f, const struct field *source)
{
    const struct field *same = find_in(t->schema->fields, t->schema->field_count, slice_text(f->name));

    if (same && (f->transform.kind != TRANSFORM_IDENTITY || same != source))
        return error_set(t->e, ERR_CONFIG,
                         "partition field %s has the name of another column; give it one by AS", f->name);
    for (int32_t i = 0; i < t->count; i++) {
        const struct partition_field *old = &t->fields[i];

        if (strcmp(old->name, f->name) == 0)
            return error_set(t->e, ERR_CONFIG,
                             "two partition fields are named %s; give one another name by AS", f->name);
        if (old->source_id == f->source_id &&
            (is_time(old->transform.kind)
                 ? is_time(f->transform.kind)
                 : old->transform.kind == f->transform.kind && old->transform.width == f->transform.width))
            return error_set(t->e, ERR_CONFIG,
                             "partition fields %s and %s say the same of one column; keep one", old->name,
                             f->name);
    }
    return OK;
}

static enum err take_term(struct spec_text *t)
{
    struct partition_field *f = &t->fields[t->count];
    const struct function *fn = &functions[TRANSFORM_IDENTITY];
    const struct field *source;
    const struct type *result;
    struct slice column = take_word(t), name;
    enum err rc;

    if (t->count == FIELDS_MAX)
        return fail(t, "too many partition fields (64 at most)");
    *f = (struct partition_field){.field_id = FIRST_FIELD_ID + t->count};
    if (take(t, '(')) {
        if ((fn = find_function(column)) == NULL)
            return fail(t, "no such transform; there are years, months, days, hours, bucket and truncate");
        if ((rc = take_arguments(t, fn, f, &column)) != OK)
            return rc;
    }
    if (column.len == 0)
        return fail(t, "a column is wanted");
    if ((source = find_column(t->schema, column)) == NULL)
        return error_set(t->e, ERR_CONFIG, "partitioning: there is no column `" SLICE_FMT "`",
                         SLICE_ARG(column));
    if ((rc = transform_result(f->transform, source->type, &result, t->e)) != OK)
        return error_add(t->e, rc, "partitioning by " SLICE_FMT, SLICE_ARG(column));
    assert(source->id > 0); /* the schema must have its field ids by now */
    f->source_id = source->id;
    f->name = arena_printf(t->arena, SLICE_FMT "%s", SLICE_ARG(column), fn->suffix);
    name = t->left;
    if (word_is(take_word(t), "AS")) {
        if ((name = take_word(t)).len == 0)
            return fail(t, "a name is wanted after AS");
        f->name = arena_text(t->arena, name);
    } else {
        t->left = name;
    }
    if (f->name == NULL)
        return error_memory(t->e, column.len, "a partition field");
    if ((rc = check_new(t, f, source)) == OK)
        t->count++;
    return rc;
}

enum err partition_spec_parse(struct arena *arena, struct slice text, const struct schema *schema,
                              const struct partition_spec **out, struct error *e)
{
    struct spec_text t = {.all = text, .left = text, .schema = schema, .arena = arena, .e = e};
    struct partition_spec *spec = ARENA_NEW(arena, struct partition_spec);
    enum err rc;

    do
        if ((rc = take_term(&t)) != OK)
            return rc;
    while (take(&t, ','));
    if (t.left.len)
        return fail(&t, "`,` or the end is wanted");
    if (spec) {
        spec->field_count = t.count;
        spec->fields = arena_copy(arena, t.fields, sizeof *t.fields * (size_t)t.count);
    }
    if (arena->failed)
        return error_memory(e, sizeof *spec, "a partition spec");
    *out = spec;
    return OK;
}
