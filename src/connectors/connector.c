/* connector.c: the table of connectors, and what they share. */
#include "connectors/connector.h"
#include "base/mem.h"
#include "config/config.h"
#include "connectors/table_format.h"
#include <stdio.h>
#include <strings.h>

extern const struct connector kafka_connector, upsert_kafka_connector, iceberg_connector,
    filesystem_connector, datagen_connector, nexmark_connector, print_connector, blackhole_connector;

static const struct connector *const connectors[] = {
    &kafka_connector,   &upsert_kafka_connector, &iceberg_connector, &filesystem_connector,
    &datagen_connector, &nexmark_connector,      &print_connector,   &blackhole_connector,
};

const struct connector *connector_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(connectors); i++)
        if (strcmp(connectors[i]->name, name) == 0)
            return connectors[i];
    return NULL;
}

const char *connector_names(void)
{
    return "kafka, upsert-kafka, iceberg, filesystem, datagen, nexmark, print, blackhole";
}

const struct connector *connector_at(size_t n)
{
    return n < COUNT_OF(connectors) ? connectors[n] : NULL;
}

/* --- options: of every table --- */

enum { SHARED_SOURCE, SHARED_SINK, SHARED_FORMAT };

const struct setting connector_shared[] = {
    [SHARED_SOURCE] = {"scan.parallelism", SETTING_INT, SETTING_OPTIONAL, NULL, "1..32768",
                       "where it can be read: subtasks of the source"},
    [SHARED_SINK] = {"sink.parallelism", SETTING_INT, SETTING_OPTIONAL, NULL, "1..32768",
                     "where it can be written: subtasks of the sink"},
    [SHARED_FORMAT] = {"on-error", SETTING_ENUM, SETTING_OPTIONAL, "fail", "fail|skip|dead-letter",
                       "a record that cannot be read fails the job; or is counted (`numRecordsSkipped`), "
                       "logged and left out; or "
                       "is written to `dead-letter.table`"},
    {"dead-letter.table", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL,
     "the table (`t`, `d.t` or `c.d.t`) that takes the records that cannot be read"},
    {0},
};

static bool is_shared(const struct connector *c, const char *name)
{
    for (int i = 0; connector_shared[i].name; i++)
        if (strcmp(name, connector_shared[i].name) == 0)
            return i == SHARED_SOURCE ? c->source != NULL
                   : i == SHARED_SINK ? c->sink != NULL
                                      : c->formats && c->source;
    return false;
}

enum on_error connector_on_error(const struct connector_request *r)
{
    static const char *const words[] = {
        [ON_ERROR_FAIL] = "fail", [ON_ERROR_SKIP] = "skip", [ON_ERROR_EMIT] = "dead-letter"};
    const char *text = connector_option(r->options, "on-error");

    for (size_t i = 0; text && i < COUNT_OF(words); i++)
        if (strcmp(text, words[i]) == 0)
            return (enum on_error)i;
    return ON_ERROR_FAIL; /* others have been refused */
}

/* A format that leaves out what it cannot read has no dead letters. */
static enum err check_ignore(const struct map *options, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(options, &at)) != NULL)
        if (slice_ends(entry->key, SLICE(".ignore-parse-errors")) && strcasecmp(entry->value, "true") == 0)
            return error_set(
                e, ERR_CONFIG,
                "'%s' = 'true' leaves out what cannot be read before it could become a dead letter; "
                "drop it, or 'on-error' = 'dead-letter'",
                entry->key.ptr);
    return OK;
}

/* The two options about records that cannot be read go together; a hint may say otherwise for once. */
static enum err check_on_error(const struct connector *c, const struct map *options, struct error *e)
{
    const char *on_error = map_get(options, slice_text("on-error"));
    const char *table = map_get(options, slice_text("dead-letter.table"));
    bool wanted = on_error && strcmp(on_error, "dead-letter") == 0;

    if (c->formats == FORMATS_NONE)
        return OK;
    if (table && on_error == NULL)
        return error_set(
            e, ERR_CONFIG,
            "'dead-letter.table' is set, but not 'on-error': set it to 'dead-letter', or leave the "
            "table out");
    if (wanted && table == NULL)
        return error_set(e, ERR_CONFIG,
                         "'on-error' = 'dead-letter' needs 'dead-letter.table': the table that takes the "
                         "records that cannot be read");
    return wanted ? check_ignore(options, e) : OK;
}

/* Only what the shared rules know is looked at. */
static bool is_not_shared(void *arg, const char *name)
{
    return !is_shared(arg, name);
}

static enum err check_shared(const struct connector *c, const struct map *options, struct error *e)
{
    const struct settings s = {connector_shared, options, c->name};
    enum err rc = settings_check(&s, is_not_shared, (void *)(uintptr_t)c, e);

    return rc == OK ? check_on_error(c, options, e) : rc;
}

/* --- options: of a connector --- */

struct settings connector_settings(const struct connector *c, const struct connector_request *r)
{
    return (struct settings){c->settings, r->options, c->name};
}

/* Whether word is in a blank-separated list, where `x*` stands for all that begins with x. */
static bool list_has(const char *list, struct slice word)
{
    while (list && *list) {
        size_t len = strcspn(list, " ");

        if (len && list[len - 1] == '*' ? slice_starts(word, slice_of(list, len - 1))
                                        : slice_equal(word, slice_of(list, len)))
            return true;
        list += len + strspn(list + len, " ");
    }
    return false;
}

/* The names of list as an array for config_nearest; at most max. */
static size_t split_names(struct arena *arena, const char *list, const char **names, size_t max)
{
    size_t count = 0;

    while (list && *list && count < max) {
        size_t len = strcspn(list, " ");

        names[count] = arena_text(arena, slice_of(list, len));
        count += names[count] != NULL;
        list += len + strspn(list + len, " ");
    }
    return count;
}

static enum err unknown_option(const struct connector *c, const char *name, const char *also, struct error *e)
{
    const char *names[128], *near;
    struct arena arena = {0};
    size_t count = split_names(&arena, c->options, names, COUNT_OF(names));

    count += split_names(&arena, also, names + count, COUNT_OF(names) - count);
    near = config_nearest(name, names, count);
    error_set(e, ERR_CONFIG, "connector '%s' has no option '%s'%s%s%s; it takes: %s%s%s", c->name, name,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", c->options,
              also ? " " : "", also ? also : "");
    arena_fini(&arena);
    return ERR_CONFIG;
}

struct also {
    const struct connector *connector;
    const struct map *options;
    const char *words;
};

static bool is_also(void *arg, const char *name)
{
    const struct also *a = arg;

    return list_has(a->words, slice_text(name)) || is_shared(a->connector, name) ||
           (a->connector->formats && table_format_owns(a->options, name));
}

static enum err check_settings(const struct connector *c, const struct map *options, const char *also,
                               struct error *e)
{
    struct also a = {c, options, also};
    char owner[80];
    struct settings s = {c->settings, options, owner};
    enum err rc;

    snprintf(owner, sizeof owner, "connector '%s'", c->name);
    rc = settings_check(&s, is_also, &a, e);
    return rc == OK ? check_shared(c, options, e) : rc;
}

enum err connector_check_options(const struct connector *c, const struct map *options, const char *also,
                                 struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    if (c->settings)
        return check_settings(c, options, also, e);
    while ((entry = map_next(options, &at)) != NULL)
        if (!list_has(c->options, entry->key) && !list_has(also, entry->key))
            return unknown_option(c, entry->key.ptr, also, e);
    return OK;
}

/* --- metadata columns --- */

static enum err no_metadata(const struct connector *c, const struct format *f, const char *key,
                            struct error *e)
{
    struct bytes list = {0};
    const char *text;

    for (const struct connector_metadata *m = c->metadata; m && m->key; m++)
        bytes_printf(&list, "%s%s", list.len ? ", " : "", m->key);
    for (int32_t i = 0; f && i < f->metadata_count; i++)
        bytes_printf(&list, "%svalue.%s", list.len ? ", " : "", f->metadata[i].name);
    text = bytes_cstr(&list);
    error_set(e, ERR_CONFIG, "connector '%s' has no metadata '%s'; it has %s", c->name, key,
              text && list.len ? text : "none");
    bytes_fini(&list);
    return ERR_CONFIG;
}

static const struct format *value_format(const struct connector *c, const struct map *options)
{
    const char *prefix, *name = c->formats ? table_format_name(options, false, &prefix) : NULL;

    return name ? format_find(name) : NULL;
}

enum err connector_metadata_type(const struct connector *c, const struct map *options, const char *key,
                                 struct arena *arena, const struct type **out, bool *writable,
                                 struct error *e)
{
    const struct format *f = value_format(c, options);

    for (const struct connector_metadata *m = c->metadata; m && m->key; m++)
        if (strcmp(m->key, key) == 0) {
            *writable = m->writable;
            return type_parse(arena, slice_text(m->type), out, e);
        }
    *writable = false;
    for (int32_t i = 0; f && strncmp(key, "value.", 6) == 0 && i < f->metadata_count; i++)
        if (strcmp(f->metadata[i].name, key + 6) == 0) {
            *out = f->metadata[i].type;
            return OK;
        }
    return no_metadata(c, f, key, e);
}

/* The same kind with the same parts; names and nullability are the caller's. */
static bool same_shape(const struct type *a, const struct type *b)
{
    if (a->kind != b->kind || a->field_count != b->field_count || a->precision != b->precision)
        return false;
    for (int32_t i = 0; i < a->field_count; i++)
        if (!same_shape(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

static enum err check_metadata(const struct connector *c, const struct connector_request *r, int32_t field,
                               bool to_write, struct error *e)
{
    const struct field *f = &r->schema->fields[field];
    const char *key = r->metadata[field];
    const struct type *type;
    bool writable;
    enum err rc = connector_metadata_type(c, r->options, key, r->arena, &type, &writable, e);

    if (rc != OK)
        return error_add(e, rc, "column %s", f->name);
    if (to_write && !writable)
        return error_set(e, ERR_CONFIG,
                         "column %s: metadata '%s' can be read, but not written; declare the column VIRTUAL",
                         f->name, key);
    if (!same_shape(type, f->type)) {
        struct bytes text = {0};

        type_print(type, &text);
        error_set(e, ERR_CONFIG, "column %s: metadata '%s' is " SLICE_FMT, f->name, key,
                  SLICE_ARG(bytes_all(&text)));
        bytes_fini(&text);
        return ERR_CONFIG;
    }
    return OK;
}

static enum err check_columns(const struct connector *c, const struct connector_request *r, bool to_write,
                              struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < r->schema->field_count; i++)
        if (connector_metadata_key(r, i))
            rc = check_metadata(c, r, i, to_write, e);
    return rc;
}

/* --- planning --- */

static enum err plan_parallelism(const struct connector_request *r, const char *name, int32_t *out,
                                 struct error *e)
{
    const char *text = connector_option(r->options, name);
    int64_t n = 0;
    enum err rc;

    if (text == NULL)
        return OK;
    if ((rc = config_parse_int(text, &n, e)) != OK || n < 1 || n > 32768)
        return error_set(e, ERR_CONFIG, "option '%s' = '%s' is no number of subtasks", name, text);
    *out = (int32_t)n;
    return OK;
}

/* What a direction's function plans, and what all of them have in common. */
static enum err plan_vertex(const struct connector *c, const struct connector_request *r, bool to_write,
                            struct connector_plan *out, struct error *e)
{
    int32_t parallelism = 0;
    enum err rc;

    if ((rc = connector_check_options(c, r->options, NULL, e)) != OK ||
        (rc = check_columns(c, r, to_write, e)) != OK ||
        (rc = plan_parallelism(r, to_write ? "sink.parallelism" : "scan.parallelism", &parallelism, e)) !=
            OK ||
        (rc = (to_write ? c->sink : c->source)(r, out, e)) != OK)
        return rc;
    if (parallelism)
        out->parallelism = parallelism;
    return OK;
}

enum err connector_plan_source(const struct connector *c, const struct connector_request *r,
                               struct connector_plan *out, struct error *e)
{
    enum err rc;

    assert(r->table && r->schema && r->schema->field_count > 0);
    *out = (struct connector_plan){0};
    rc = c->source ? plan_vertex(c, r, false, out, e)
                   : error_set(e, ERR_UNSUPPORTED, "connector '%s' can be written to, but not read", c->name);
    return rc == OK ? OK : error_add(e, rc, "table %s", r->name);
}

enum err connector_plan_sink(const struct connector *c, const struct connector_request *r,
                             struct connector_plan *out, struct error *e)
{
    enum err rc;

    assert(r->table && r->schema && r->schema->field_count > 0);
    *out = (struct connector_plan){0};
    rc = c->sink ? plan_vertex(c, r, true, out, e)
                 : error_set(e, ERR_UNSUPPORTED, "connector '%s' can be read, but not written to", c->name);
    return rc == OK ? OK : error_add(e, rc, "table %s", r->name);
}
