/* datagen.c: the connector datagen: rows of random values and sequences, as many a second as wanted. */
#include "connectors/connector.h"
#include "connectors/datagen_field.h"
#include "connectors/generator.h"

#define BATCH_ROWS 1024

struct datagen_spec {
    struct generator_spec generator; /* first */
    const struct datagen_field *fields;
};

static void make(const struct generator_spec *generator, const struct strand *from, int32_t count,
                 int64_t now_us, struct builder *to)
{
    const struct datagen_spec *spec = CONTAINER_OF_CONST(generator, struct datagen_spec, generator);
    const struct datagen_run run = {from->seed, now_us};

    for (int32_t c = 0; c < generator->schema->field_count; c++)
        for (int32_t i = 0; i < count; i++)
            datagen_field_append(&spec->fields[c], &to->columns[c], &run,
                                 (uint64_t)(from->next + i * from->stride));
}

static const struct operator_factory datagen_factory = {"datagen", generator_new, NULL};

/* --- planning ----------------------------------------------------------------------------------------- */

extern const struct connector datagen_connector;

static enum err make_fields(const struct connector_request *r, const struct schema *schema, struct map *used,
                            const struct datagen_field **out, struct error *e)
{
    struct datagen_field *fields = ARENA_ARRAY(r->arena, struct datagen_field, MAX(schema->field_count, 1));
    enum err rc = OK;

    if (fields == NULL)
        return error_memory(e, sizeof *fields, "a datagen source");
    for (int32_t i = 0; rc == OK && i < schema->field_count; i++)
        rc = datagen_field_init(&fields[i], r->arena, schema->fields[i].name, schema->fields[i].type,
                                r->options, used, e);
    *out = fields;
    return rc;
}

/* An option of a column that is not there, or that its type does not have. */
static enum err check_used(const struct map *options, const struct map *used, struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(options, &at)) != NULL)
        if (slice_starts(entry->key, SLICE("fields.")) && map_get(used, entry->key) == NULL)
            return error_set(e, ERR_CONFIG,
                             "option '" SLICE_FMT
                             "' says nothing: the table has no such column, or one of its type "
                             "and kind has no such option",
                             SLICE_ARG(entry->key));
    return OK;
}

/* The options of all columns are checked, whichever are wanted; and the shortest sequence ends the source,
 * even if nobody looks at it. */
static enum err plan_columns(const struct connector_request *r, struct datagen_spec *spec, struct error *e)
{
    const struct schema *all = r->table ? r->table->schema : r->schema;
    const struct datagen_field *fields;
    struct map used = {0};
    enum err rc;

    if ((rc = make_fields(r, all, &used, &fields, e)) != OK || (rc = check_used(r->options, &used, e)) != OK)
        goto out;
    for (int32_t i = 0; i < all->field_count; i++)
        spec->generator.row_count = MIN(spec->generator.row_count, datagen_field_rows(&fields[i]));
    rc = make_fields(r, r->schema, &used, &spec->fields, e);
out:
    map_fini(&used);
    return rc;
}

static enum err plan_datagen(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    struct settings s = connector_settings(&datagen_connector, r);
    struct datagen_spec *spec = ARENA_NEW(r->arena, struct datagen_spec);
    enum err rc = connector_check_options(&datagen_connector, r->options, NULL, e);

    if (rc != OK)
        return rc;
    if (spec == NULL)
        return error_memory(e, sizeof *spec, "a datagen source");
    assert(r->schema); /* gives_rows */
    spec->generator = (struct generator_spec){
        .schema = r->schema,
        .row_count = settings_given(&s, "number-of-rows") ? settings_int(&s, "number-of-rows") : INT64_MAX,
        .rows_per_second = (double)settings_int(&s, "rows-per-second"),
        .batch_rows = BATCH_ROWS,
        .make = make};
    if ((rc = plan_columns(r, spec, e)) != OK)
        return rc;
    *out = (struct connector_plan){.factory = &datagen_factory,
                                   .spec = spec,
                                   .title = r->name,
                                   .schema = r->schema,
                                   .bounded = spec->generator.row_count != INT64_MAX};
    return OK;
}

static const struct setting datagen_settings[] = {
    {"rows-per-second", SETTING_INT, SETTING_OPTIONAL, "10000", "1..1000000000000",
     "of all subtasks together"},
    {"number-of-rows", SETTING_INT, SETTING_OPTIONAL, NULL, "0..9223372036854775807",
     "of all subtasks together, after which the table ends; without it and without a sequence it never does"},
    {"fields.#.kind", SETTING_ENUM, SETTING_OPTIONAL, "random", "random|sequence",
     "how a column's values are made"},
    {"fields.#.min", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "of random numbers; default: of the type"},
    {"fields.#.max", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "of random numbers; default: of the type"},
    {"fields.#.max-past", SETTING_DURATION, SETTING_OPTIONAL, "0", NULL,
     "how long ago a timestamp may be; 0: all are now"},
    {"fields.#.length", SETTING_INT, SETTING_OPTIONAL, NULL, NULL,
     "of texts and bytes (100, or as the type says), and of collections (3)"},
    {"fields.#.var-len", SETTING_BOOL, SETTING_OPTIONAL, "false", NULL,
     "texts and bytes of any length up to that"},
    {"fields.#.start", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "of a sequence"},
    {"fields.#.end", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "of a sequence, included"},
    {"fields.#.null-rate", SETTING_NUMBER, SETTING_OPTIONAL, "0", NULL, "how often a value is NULL, 0 to 1"},
    {0},
};

const struct connector datagen_connector = {
    .name = "datagen",
    .source = plan_datagen,
    .settings = datagen_settings,
    .gives_rows = true,
    .doc = "Random rows and sequences. A row is made from its number: a restart goes on where the last "
           "checkpoint was, "
           "with the same values, at any parallelism. Columns inside others are named by path: "
           "`fields.address.city.length`, `fields.tags.element.min`, `fields.scores.key.kind`.",
};
