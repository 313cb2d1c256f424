/* iceberg_plan_source.c: see iceberg_plan_source.h. Which options go together is as in Iceberg's Flink source.
 * A bounded read is pinned to its snapshots here, so that all subtasks, and a restart, read the same.
 */
#include "connectors/iceberg_plan_source.h"
#include "config/config.h"
#include "connectors/iceberg_filter.h"
#include "connectors/iceberg_open.h"
#include "connectors/iceberg_source.h"
#include "connectors/values.h"
#include "iceberg/inspect.h"
#include "iceberg/snapshot_pick.h"

#define SPLIT_BYTES (INT64_C(128) << 20)

/* What a planned source holds until the job is over. */
struct planned_source {
    struct iceberg_source_spec spec; /* first */
    struct iceberg_open open;
};

static void release(const void *spec)
{
    struct planned_source *p = (struct planned_source *)(uintptr_t)spec;

    iceberg_close(&p->open);
    p->spec = (struct iceberg_source_spec){0};
}

/* --- columns ------------------------------------------------------------------------------------------ */

/* The part of the table's type that is wanted: of a ROW perhaps not all fields. Told by names. */
static const struct type *part_of(struct arena *arena, const struct type *have, const struct type *want)
{
    struct type *type;
    struct field *fields;

    if (!type_is_nested(have) || have->kind != want->kind ||
        (have->kind != TYPE_STRUCT && have->field_count != want->field_count))
        return have; /* if they differ, that is told later */
    type = arena_copy(arena, have, sizeof *have);
    fields = ARENA_ARRAY(arena, struct field, MAX(want->field_count, 1));
    if (arena->failed)
        return NULL;
    for (int32_t i = 0; i < want->field_count; i++) {
        const struct field *field = &have->fields[MIN(i, have->field_count - 1)];

        for (int32_t k = 0; have->kind == TYPE_STRUCT && k < have->field_count; k++)
            if (strcmp(have->fields[k].name, want->fields[i].name) == 0)
                field = &have->fields[k];
        fields[i] = *field;
        if ((fields[i].type = part_of(arena, field->type, want->fields[i].type)) == NULL)
            return NULL;
    }
    type->field_count = want->field_count;
    type->fields = fields;
    return type;
}

static enum err plan_columns(const struct connector_request *r, const struct metadata *m,
                             struct iceberg_source_spec *spec, struct error *e)
{
    struct schema *wanted = ARENA_NEW(r->arena, struct schema);
    struct field *fields = ARENA_ARRAY(r->arena, struct field, MAX(r->schema->field_count, 1));

    if (r->arena->failed)
        return error_memory(e, 0, "column numbers");
    for (int32_t i = 0; i < r->schema->field_count; i++) {
        const struct field *f = &r->schema->fields[i];
        int32_t n = schema_find(m->schema, slice_text(f->name));

        if (n < 0)
            return error_set(e, ERR_CONFIG, "the table has no column %s", f->name);
        fields[i] = m->schema->fields[n];
        if ((fields[i].type = part_of(r->arena, fields[i].type, f->type)) == NULL)
            return error_memory(e, 0, "the types of columns");
        if (!iceberg_same_layout(f->type, fields[i].type))
            return iceberg_wrong_type(f, &m->schema->fields[n], e);
    }
    *wanted = (struct schema){r->schema->field_count, fields};
    spec->schema = r->schema;
    spec->wanted = wanted;
    return iceberg_filter(r->arena, r->filter, wanted, &spec->filter, e);
}

/* --- which snapshots ---------------------------------------------------------------------------------- */

/* At most one of these may be given. */
static enum err check_one(const struct settings *s, const char *const *names, struct error *e)
{
    const char *first = NULL;

    for (; *names; names++) {
        if (!settings_given(s, *names))
            continue;
        if (first)
            return error_set(e, ERR_CONFIG, "options '%s' and '%s' exclude each other", first, *names);
        first = *names;
    }
    return OK;
}

static enum err check_bounded(const struct settings *s, struct error *e)
{
    static const char *const streams[] = {"starting-strategy", "start-snapshot-timestamp", "monitor-interval",
                                          "max-planning-snapshot-count", "max-allowed-planning-failures"};
    static const char *const one[] = {"snapshot-id",       "as-of-timestamp", "tag",
                                      "start-snapshot-id", "start-tag",       NULL};
    static const char *const start[] = {"snapshot-id",     "as-of-timestamp", "tag",
                                        "end-snapshot-id", "end-tag",         NULL};
    static const char *const whole[] = {"snapshot-id", "as-of-timestamp", "tag", "branch", NULL};
    enum err rc;

    for (size_t i = 0; !settings_given(s, "streaming") && i < COUNT_OF(streams); i++)
        if (settings_given(s, streams[i])) /* 'streaming' = 'false' switches them off on purpose */
            return error_set(e, ERR_CONFIG, "option '%s' needs 'streaming' = 'true'", streams[i]);
    if ((rc = check_one(s, one, e)) != OK || (rc = check_one(s, start, e)) != OK)
        return rc;
    return check_one(s, whole, e);
}

/* The id that an option or a tag names; 0: neither does. */
static enum err named_id(const struct settings *s, const struct metadata *m, const char *option,
                         const char *tag, int64_t *out, struct error *e)
{
    const struct snapshot *snapshot = NULL;
    enum err rc = OK;

    *out = 0;
    if (settings_given(s, option)) {
        *out = settings_int(s, option);
    } else if (settings_given(s, tag)) {
        rc = snapshot_pick_ref(m, settings_text(s, tag), PICK_TAG, &snapshot, e);
        *out = snapshot ? snapshot->id : 0;
    }
    return rc;
}

/* Appends after one snapshot, up to another. */
static enum err plan_appends(const struct settings *s, const struct metadata *m, const struct snapshot *head,
                             struct iceberg_round *out, struct error *e)
{
    const struct snapshot **list, *to;
    struct arena arena = {0};
    int32_t count;
    enum err rc;

    out->appends = true;
    if ((rc = named_id(s, m, "start-snapshot-id", "start-tag", &out->from_id, e)) != OK ||
        (rc = named_id(s, m, "end-snapshot-id", "end-tag", &out->to_id, e)) != OK)
        return rc;
    if (out->to_id == 0)
        out->to_id = head ? head->id : 0;
    if (out->to_id == 0)
        return out->from_id ? snapshot_pick_id(m, out->from_id, &to, e) : OK;
    if ((rc = snapshot_pick_id(m, out->to_id, &to, e)) == OK)
        rc = snapshot_pick_between(m, out->from_id, to, &arena, &list, &count, e);
    arena_fini(&arena);
    return rc;
}

static enum err plan_bounded(const struct settings *s, const struct metadata *m,
                             struct iceberg_source_spec *spec, struct error *e)
{
    static const char *const appends[] = {"start-snapshot-id", "start-tag", "end-snapshot-id", "end-tag"};
    const char *branch = settings_text(s, "branch");
    const struct snapshot *chosen = NULL;
    enum err rc = check_bounded(s, e);

    if (rc != OK)
        return rc;
    if (settings_given(s, "snapshot-id"))
        rc = snapshot_pick_id(m, settings_int(s, "snapshot-id"), &chosen, e);
    else if (settings_given(s, "as-of-timestamp"))
        rc = snapshot_pick_time(m, settings_int(s, "as-of-timestamp"), &chosen, e);
    else if (settings_given(s, "tag"))
        rc = snapshot_pick_ref(m, settings_text(s, "tag"), PICK_TAG, &chosen, e);
    else
        rc = snapshot_pick_ref(m, branch ? branch : "main", PICK_BRANCH, &chosen, e);
    if (rc != OK)
        return rc;
    for (size_t i = 0; i < COUNT_OF(appends); i++)
        if (settings_given(s, appends[i]))
            return plan_appends(s, m, chosen, &spec->round, e);
    spec->round.to_id = chosen ? chosen->id : 0;
    return OK;
}

static enum err check_streaming(const struct settings *s, enum iceberg_strategy strategy, struct error *e)
{
    static const char *const bounded[] = {"snapshot-id", "as-of-timestamp", "tag", "end-snapshot-id",
                                          "end-tag"};
    static const struct {
        const char *option;
        enum iceberg_strategy strategy;
    } needs[] = {{"start-snapshot-id", STRATEGY_SNAPSHOT_ID},
                 {"start-snapshot-timestamp", STRATEGY_TIMESTAMP}};

    for (size_t i = 0; i < COUNT_OF(bounded); i++)
        if (settings_given(s, bounded[i]))
            return error_set(e, ERR_CONFIG, "Cannot set %s option for streaming reader", bounded[i]);
    if (settings_given(s, "start-tag"))
        return error_set(e, ERR_UNSUPPORTED,
                         "option 'start-tag' is not supported with 'streaming' = 'true'; give the tag's "
                         "snapshot as 'start-snapshot-id'");
    for (size_t i = 0; i < COUNT_OF(needs); i++)
        if (settings_given(s, needs[i].option) != (strategy == needs[i].strategy))
            return error_set(e, ERR_CONFIG, "'starting-strategy' = '%s' %s option '%s'",
                             settings_text(s, "starting-strategy"),
                             strategy == needs[i].strategy ? "needs" : "does not go with", needs[i].option);
    return OK;
}

static enum err plan_streaming(const struct connector_request *r, const struct settings *s,
                               struct iceberg_source_spec *spec, struct error *e)
{
    enum err rc;

    spec->streaming = true;
    spec->strategy = (enum iceberg_strategy)settings_enum(s, "starting-strategy");
    if ((rc = check_streaming(s, spec->strategy, e)) != OK)
        return rc;
    if (spec->strategy == STRATEGY_SNAPSHOT_ID)
        spec->start_id = settings_int(s, "start-snapshot-id");
    if (spec->strategy == STRATEGY_TIMESTAMP)
        spec->start_ms = settings_int(s, "start-snapshot-timestamp");
    spec->monitor_ms = settings_duration_ms(s, "monitor-interval");
    spec->most_snapshots = settings_int(s, "max-planning-snapshot-count");
    spec->most_failures = settings_int(s, "max-allowed-planning-failures");
    spec->branch = arena_strdup(r->arena, settings_text(s, "branch"));
    if (spec->monitor_ms <= 0)
        return error_set(e, ERR_CONFIG, "'monitor-interval' must be above 0");
    return r->arena->failed ? error_memory(e, 0, "a branch") : OK;
}

/* --- a table ------------------------------------------------------------------------------------------ */

static int64_t split_bytes(const struct settings *s, const struct metadata *m)
{
    if (settings_given(s, "split-size"))
        return settings_int(s, "split-size");
    return MAX(metadata_property_long(m, "read.split.target-size", SPLIT_BYTES), 1);
}

static enum err plan_spec(const struct connector_request *r, struct planned_source *p, struct error *e)
{
    extern const struct connector iceberg_connector;
    struct settings s = connector_settings(&iceberg_connector, r);
    const struct metadata *m = p->open.table->metadata;
    enum err rc;

    p->spec.catalog = p->open.catalog;
    p->spec.name_space = p->open.name_space;
    p->spec.table = p->open.name;
    p->spec.fs = p->open.table->fs;
    p->spec.metadata = m;
    p->spec.round.split_bytes = split_bytes(&s, m);
    if ((rc = plan_columns(r, m, &p->spec, e)) != OK)
        return rc;
    return settings_bool(&s, "streaming") ? plan_streaming(r, &s, &p->spec, e)
                                          : plan_bounded(&s, m, &p->spec, e);
}

/* --- t$snapshots and its like: rows that are known now -------------------------------------------------- */

struct planned_metadata {
    struct values_spec spec; /* first */
    struct iceberg_open open;
    const struct schema *schema; /* of all columns */
};

static void release_metadata(const void *spec)
{
    struct planned_metadata *p = (struct planned_metadata *)(uintptr_t)spec;

    batch_unref(p->spec.rows);
    p->spec.rows = NULL;
    iceberg_close(&p->open);
}

/* NULL: `catalog-table` names a plain table. */
static const struct inspect_table *metadata_of(const struct connector_request *r, const char **table)
{
    const char *given = connector_option(r->options, "catalog-table"), *dollar;
    const char *name = given ? given : r->name;

    dollar = strrchr(name, '$');
    if (dollar == NULL || dollar == name)
        return NULL;
    *table = arena_text(r->arena, slice_of(name, (size_t)(dollar - name)));
    return inspect_find(slice_text(dollar + 1));
}

bool iceberg_is_metadata(const struct connector_request *r)
{
    const char *table;

    return metadata_of(r, &table) != NULL;
}

/* All its rows, then of them the columns that are wanted. */
static enum err make_rows(const struct connector_request *r, const struct inspect_table *i,
                          struct planned_metadata *p, struct error *e)
{
    int32_t count = r->schema->field_count, *columns = ARENA_ARRAY(r->arena, int32_t, MAX(count, 1));
    struct batch *all = NULL;
    enum err rc;

    if (columns == NULL)
        return error_memory(e, 0, "column numbers");
    if ((rc = inspect_schema(i, p->open.table->metadata, r->arena, &p->schema, e)) != OK)
        return rc;
    for (int32_t k = 0; k < count; k++) {
        const struct field *f = &r->schema->fields[k];

        columns[k] = schema_find(p->schema, slice_text(f->name));
        if (columns[k] < 0)
            return error_set(e, ERR_CONFIG, "$%s has no column %s", i->name, f->name);
        if (!iceberg_same_layout(f->type, p->schema->fields[columns[k]].type))
            return iceberg_wrong_type(f, &p->schema->fields[columns[k]], e);
    }
    if ((rc = inspect_rows(i, p->open.table, p->schema, NULL, &all, e)) != OK)
        return rc;
    p->spec.rows = batch_project(all, r->schema, columns, NULL);
    batch_unref(all);
    return p->spec.rows ? OK : error_memory(e, 0, "rows of metadata");
}

static enum err plan_metadata(const struct connector_request *r, const struct inspect_table *i,
                              const char *table, struct connector_plan *out, struct error *e)
{
    struct planned_metadata *p = ARENA_NEW(r->arena, struct planned_metadata);
    enum err rc;

    if (p == NULL || table == NULL)
        return error_memory(e, sizeof *p, "a metadata table");
    if ((rc = iceberg_open_existing(r, table, &p->open, e)) != OK || (rc = make_rows(r, i, p, e)) != OK) {
        release_metadata(&p->spec);
        return rc;
    }
    *out = (struct connector_plan){.factory = &values_factory,
                                   .spec = &p->spec,
                                   .title = r->name,
                                   .release = release_metadata,
                                   .schema = r->schema,
                                   .bounded = true,
                                   .most_parallelism = 1};
    return OK;
}

/* --- all of it ---------------------------------------------------------------------------------------- */

enum err iceberg_plan_source(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    const char *table = NULL;
    const struct inspect_table *metadata = metadata_of(r, &table);
    struct planned_source *p = ARENA_NEW(r->arena, struct planned_source);
    enum err rc;

    if (metadata)
        return plan_metadata(r, metadata, table, out, e);
    if (p == NULL)
        return error_memory(e, sizeof *p, "an Iceberg source");
    if ((rc = iceberg_open(r, r->table->schema, true, &p->open, e)) != OK ||
        (rc = plan_spec(r, p, e)) != OK) {
        release(&p->spec);
        return rc;
    }
    *out = (struct connector_plan){.factory = &iceberg_source_factory,
                                   .spec = &p->spec,
                                   .title = r->name,
                                   .release = release,
                                   .schema = r->schema,
                                   .bounded = !p->spec.streaming,
                                   .most_parallelism = p->spec.streaming ? 1 : 0};
    return OK;
}
