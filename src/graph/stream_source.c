/* stream_source.c: weir_from: a connector's raw batches, decoded by a format into the columns that are
 * wanted; or its rows, where it gives some. */
#include "base/mem.h"
#include "formats/format.h"
#include "graph/stream.h"
#include "operators/decode.h"
#include <ctype.h>
#include <strings.h>

/* --- columns with METADATA --- */

/* The length of the first column of text: to the next comma outside of <>, (), quotes and back-ticks. */
static size_t column_length(const char *text)
{
    int depth = 0;
    char quote = '\0';

    for (const char *p = text; *p; p++) {
        if (quote)
            quote = *p == quote ? '\0' : quote;
        else if (*p == '\'' || *p == '`')
            quote = *p;
        else if (*p == '<' || *p == '(')
            depth++;
        else if (*p == '>' || *p == ')')
            depth--;
        else if (*p == ',' && depth == 0)
            return (size_t)(p - text);
    }
    return strlen(text);
}

/* Where the word METADATA stands in a column, behind its name and type; NULL: nowhere. */
static const char *find_metadata(const char *column, size_t len)
{
    static const char word[] = "METADATA";
    size_t word_len = sizeof word - 1, begin = strspn(column, " ");
    int depth = 0;
    char quote = '\0';

    for (size_t i = begin; i + word_len <= len; i++) {
        char c = column[i];

        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '`')
            quote = c;
        else if (c == '<' || c == '(')
            depth++;
        else if (c == '>' || c == ')')
            depth--;
        else if (i > begin && depth == 0 && column[i - 1] == ' ' &&
                 strncasecmp(column + i, word, word_len) == 0 &&
                 (i + word_len == len || column[i + word_len] == ' '))
            return column + i;
    }
    return NULL;
}

/* 'key' of METADATA FROM 'key'; {NULL, 0} when there is no FROM. False: it cannot be read. */
static bool metadata_key(const char *text, const char *end, struct slice *key)
{
    const char *p = text + strlen("METADATA"), *close;

    *key = (struct slice){NULL, 0};
    p += strspn(p, " ");
    if (p >= end || strncasecmp(p, "VIRTUAL", 7) == 0)
        return true;
    if (strncasecmp(p, "FROM", 4) != 0)
        return false;
    p += 4;
    p += strspn(p, " ");
    if (*p != '\'' || (close = strchr(p + 1, '\'')) == NULL || close >= end)
        return false;
    *key = slice_of(p + 1, (size_t)(close - p) - 1);
    return true;
}

struct source_columns {
    struct bytes text; /* the columns without METADATA, for schema_parse */
    struct slice
        keys[256]; /* per column: the metadata key, "" for the column's name; ptr NULL: from the payload */
    int32_t count;
};

static bool split_columns(const char *columns, struct source_columns *out)
{
    while (*columns && out->count < (int32_t)COUNT_OF(out->keys)) {
        size_t len = column_length(columns);
        const char *metadata = find_metadata(columns, len);
        struct slice key = {NULL, 0};

        if (metadata && !metadata_key(metadata, columns + len, &key))
            return false;
        out->keys[out->count++] = metadata && key.ptr == NULL ? SLICE("") : key;
        bytes_text(&out->text, out->text.len ? ", " : "");
        bytes_append(&out->text, columns, metadata ? (size_t)(metadata - columns) : len);
        columns += len + (columns[len] == ',');
    }
    return *columns == '\0';
}

static int32_t raw_number(struct slice key)
{
    return schema_find(&format_raw_schema, key);
}

/* Which raw column fills each column, and that it has the type for it. */
static const int32_t *map_raw(struct weir_env *env, const struct schema *schema,
                              const struct source_columns *c)
{
    int32_t *raw = ARENA_ARRAY(&env->graph.arena, int32_t, MAX(schema->field_count, 1));

    for (int32_t i = 0; raw && i < schema->field_count; i++) {
        const struct field *f = &schema->fields[i];
        struct slice key = c->keys[i].len ? c->keys[i] : slice_text(f->name);
        const struct type *want;

        raw[i] = -1;
        if (c->keys[i].ptr == NULL)
            continue;
        if ((raw[i] = raw_number(key)) < 0) {
            stream_fail(
                env, ERR_CONFIG,
                "column %s: there is no metadata '" SLICE_FMT
                "'; there are value, key, topic, partition, offset, timestamp, timestamp-type, headers, "
                "leader-epoch",
                f->name, SLICE_ARG(key));
            return NULL;
        }
        want = format_raw_schema.fields[raw[i]].type;
        if (f->type->kind != want->kind || (want->nullable && !f->type->nullable)) {
            struct bytes text = {0};

            type_print(want, &text);
            stream_fail(env, ERR_CONFIG, "column %s: metadata '" SLICE_FMT "' is %s", f->name, SLICE_ARG(key),
                        text.failed ? "of another type" : bytes_cstr(&text));
            bytes_fini(&text);
            return NULL;
        }
    }
    return raw;
}

static const struct schema *source_schema(struct weir_env *env, const char *columns, const int32_t **raw)
{
    struct source_columns *c = mem_zalloc(sizeof *c);
    const struct schema *schema = NULL;

    if (c == NULL || !split_columns(columns, c) || bytes_cstr(&c->text) == NULL)
        stream_fail(
            env, ERR_CONFIG,
            "weir_from: the columns cannot be read (METADATA FROM 'key' is wanted, 256 columns at most): %s",
            columns);
    else if ((schema = stream_columns(env, c->text.ptr, "weir_from")) != NULL)
        *raw = map_raw(env, schema, c);
    if (c)
        bytes_fini(&c->text);
    mem_free(c);
    return env->failed ? NULL : schema;
}

/* --- the decoder's options --- */

/* Take an option out of the connector's; NULL when it is not given. */
static const char *take_option(struct pending_connector *p, const char *name)
{
    return map_remove(&p->options, slice_text(name));
}

/* '<format>.x' and 'value.<format>.x' become x among the format's options. */
static void take_format_options(struct weir_env *env, struct pending_connector *p, const char *format)
{
    const char *prefixes[] = {weir_text(env, "%s.", format), weir_text(env, "value.%s.", format)};

    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        struct slice prefix = slice_text(prefixes[i]);
        struct map_entry *entry;
        size_t at = 0;

        while ((entry = map_next(&p->options, &at)) != NULL) {
            struct slice key = entry->key;

            if (!slice_starts(key, prefix))
                continue;
            if (!map_put(&p->format_options, slice_from(key, prefix.len), entry->value))
                stream_fail(env, ERR_MEMORY, "no memory for options");
            map_remove(&p->options, slice_text(weir_text(env, SLICE_FMT, SLICE_ARG(key))));
        }
    }
}

static bool read_on_error(struct weir_env *env, const char *text, enum on_error *out)
{
    static const struct {
        const char *name;
        enum on_error value;
    } words[] = {{"fail", ON_ERROR_FAIL}, {"skip", ON_ERROR_SKIP}, {"dead-letter", ON_ERROR_EMIT}};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(text, words[i].name) == 0) {
            *out = words[i].value;
            return true;
        }
    stream_fail(env, ERR_CONFIG, "option 'on-error' is '%s'; it takes fail, skip and dead-letter", text);
    return false;
}

/* A decoder as planned: what is done with errors may still be decided by whether anybody reads them. */
struct planned_decode {
    struct decode_op_spec spec; /* first */
    bool decided;               /* by 'on-error' */
};

/* Somebody reads the errors: they go there, unless 'on-error' says otherwise. */
static void emit_errors(void *spec)
{
    struct planned_decode *p = spec;

    if (!p->decided)
        p->spec.on_error = ON_ERROR_EMIT;
}

static struct decode_op_spec *decode_spec_of(struct weir_env *env, struct pending_connector *p,
                                             const struct schema *schema, const int32_t *raw)
{
    struct planned_decode *planned = weir_memory(env, sizeof *planned);
    struct decode_op_spec *spec = planned ? &planned->spec : NULL;
    const char *format = take_option(p, "format"), *on_error = take_option(p, "on-error");

    if (format == NULL)
        format = take_option(p, "value.format");
    if (spec == NULL || env->failed)
        return NULL;
    if (format == NULL || format_find(format) == NULL) {
        stream_fail(env, ERR_CONFIG, "option 'format' %s%s%s; it takes %s", format ? "is '" : "is missing",
                    format ? format : "", format ? "'" : "", format_names());
        return NULL;
    }
    take_format_options(env, p, format);
    *spec = (struct decode_op_spec){
        .format = format, .schema = schema, .raw = raw, .options = &p->format_options};
    planned->decided = on_error != NULL;
    if (on_error && !read_on_error(env, on_error, &spec->on_error))
        return NULL;
    return env->failed ? NULL : spec;
}

/* --- sources that give rows: generators, files --- */

static const struct schema *row_schema(struct weir_env *env, const char *columns, struct pending_connector *p)
{
    struct source_columns *c = mem_zalloc(sizeof *c);
    const struct schema *schema = NULL;
    const char **keys = NULL;

    if (c == NULL || !split_columns(columns, c) || bytes_cstr(&c->text) == NULL)
        stream_fail(env, ERR_CONFIG,
                    "weir_from: the columns cannot be read (METADATA FROM 'key' is wanted, 256 columns at "
                    "most): %s",
                    columns);
    else if ((schema = stream_columns(env, c->text.ptr, "weir_from")) != NULL)
        keys = ARENA_ARRAY(&env->graph.arena, const char *, MAX(schema->field_count, 1));
    for (int32_t i = 0; keys && i < schema->field_count; i++)
        if (c->keys[i].ptr)
            keys[i] = c->keys[i].len ? arena_text(&env->graph.arena, c->keys[i]) : schema->fields[i].name;
    p->metadata = keys;
    if (c)
        bytes_fini(&c->text);
    mem_free(c);
    return env->failed ? NULL : schema;
}

static struct weir_stream *from_rows(struct weir_env *env, struct pending_connector *p, const char *columns)
{
    const char *on_error = map_get(&p->options, SLICE("on-error"));

    if (on_error && strcmp(on_error, "dead-letter") == 0)
        stream_fail(
            env, ERR_UNSUPPORTED,
            "connector '%s' in a C job: 'on-error' takes fail and skip; dead letters of it are for SQL",
            p->name);
    if (env->failed || (p->schema = row_schema(env, columns, p)) == NULL)
        return stream_dead(env);
    p->vertex = graph_vertex(&env->graph,
                             &(struct vertex){.name = p->name, .is_source = true, .schema = p->schema});
    if (p->vertex < 0) {
        stream_fail(env, ERR_MEMORY, "no memory for a source");
        return stream_dead(env);
    }
    return stream_begin(env, p->vertex, p->schema);
}

struct weir_stream *weir_from(struct weir_env *env, const char *connector, const struct weir_option *options,
                              const char *columns)
{
    struct pending_connector *p;
    struct decode_op_spec *spec;
    const struct schema *schema;
    const int32_t *raw = NULL;
    struct weir_stream *out;

    if (env->failed || (p = stream_pending(env, connector, options)) == NULL)
        return stream_dead(env);
    if (p->connector->source == NULL)
        stream_fail(env, ERR_CONFIG, "connector '%s' can be written to, but not read", connector);
    if (!env->failed && p->connector->gives_rows)
        return from_rows(env, p, columns);
    if (env->failed || (schema = source_schema(env, columns, &raw)) == NULL ||
        (spec = decode_spec_of(env, p, schema, raw)) == NULL)
        return stream_dead(env);
    p->vertex = graph_vertex(
        &env->graph, &(struct vertex){.name = connector, .is_source = true, .schema = &format_raw_schema});
    if (p->vertex < 0) {
        stream_fail(env, ERR_MEMORY, "no memory for a source");
        return stream_dead(env);
    }
    out = stream_add(stream_begin(env, p->vertex, &format_raw_schema),
                     &(struct vertex){.name = weir_text(env, "decode %s", spec->format),
                                      .factory = &decode_factory,
                                      .spec = spec,
                                      .schema = schema});
    out->sides[1] = &format_error_schema;
    out->use_side = emit_errors;
    return out;
}
