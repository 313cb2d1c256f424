/* plan_source.c: tables that are read: a source vertex, a decoder behind it, and casts of metadata columns to what the
 * table declares.
 */
#include "connectors/values.h"
#include "base/mem.h"
#include "batch/builder.h"
#include "config/config.h"
#include "plan/plan_internal.h"
#include <stdio.h>

/* --- what a table's options say --- */

static bool put(struct planner *p, struct map *options, const char *key, const char *value)
{
    const char *copy = arena_strdup(p->arena, value);

    return copy && map_put(options, slice_text(key), (void *)(uintptr_t)copy);
}

/* Options that this folder reads itself. */
static const struct setting watermark_settings[] = {
    {PLAN_IDLE_TIMEOUT, SETTING_DURATION, SETTING_OPTIONAL, NULL, NULL,
     "after which a split without rows holds the watermark up no more"},
    {"scan.watermark.emit.strategy", SETTING_TEXT, SETTING_REFUSED, "on-periodic", NULL,
     "a watermark goes out behind each batch of rows"},
    {"scan.watermark.emit.on-event.gap", SETTING_TEXT, SETTING_REFUSED, "1", NULL,
     "a watermark goes out behind each batch of rows"},
    {"scan.watermark.alignment.*", SETTING_TEXT, SETTING_REFUSED, NULL, NULL,
     "sources do not wait for each other; leave it out"},
    {0},
};

static bool is_ours(const char *key)
{
    return strcmp(key, "connector") == 0 || strncmp(key, "scan.watermark.", 15) == 0;
}

/* Put an option of a table or hint, or check it where it is ours. */
static enum err take_option(struct planner *p, struct map *options, const char *key, const char *value,
                            struct ast_place place)
{
    struct map one = {0};
    struct settings s = {watermark_settings, &one, "a table"};
    struct error e;
    enum err rc = OK;

    if (!is_ours(key))
        return put(p, options, key, value) ? OK : plan_memory(p, place);
    if (strcmp(key, "connector") == 0)
        return OK;
    if (!map_put(&one, slice_text(key), (void *)(uintptr_t)value))
        rc = plan_memory(p, place);
    else if ((rc = settings_check(&s, NULL, NULL, &e)) != OK)
        rc = plan_fail(p, rc, place, "%s", e.text);
    map_fini(&one);
    return rc;
}

const char *plan_scan_option(const struct rel *scan, const char *key)
{
    for (int32_t i = 0; i < scan->scan.hints.count; i++)
        if (strcmp(scan->scan.hints.items[i].key.text, key) == 0)
            return scan->scan.hints.items[i].value.text;
    return table_option(scan->scan.table, key);
}

enum err plan_options(struct planner *p, const struct table_def *table, const struct ast_options *hints,
                      struct ast_place place, struct plan_release **kept, const struct connector **connector)
{
    struct sql_catalog *catalog = session_find_catalog(p->session, table->catalog);
    struct plan_release *r = ARENA_NEW(p->arena, struct plan_release);
    const char *name = NULL;
    struct error e;
    enum err rc = OK;
    /* Of a table of another catalog they are stored properties, about which its connector asks the catalog. */
    bool own = catalog == NULL || strcmp(catalog->ops->type, "generic_in_memory") == 0;

    if (r == NULL)
        return plan_memory(p, place);
    r->next = p->plan->releases;
    p->plan->releases = *kept = r;
    for (int32_t i = 0; own && rc == OK && i < table->option_count; i++)
        rc = take_option(p, &r->options, table->options[i].key, table->options[i].value, place);
    if (rc != OK)
        return rc;
    if (hints->count && !config_bool(session_config(p->session), "table.dynamic-table-options.enabled"))
        return plan_fail(p, ERR_CONFIG, place,
                         "OPTIONS hints are switched off: table.dynamic-table-options.enabled is false");
    for (int32_t i = 0; rc == OK && i < hints->count; i++)
        rc = take_option(p, &r->options, hints->items[i].key.text, hints->items[i].value.text,
                         hints->items[i].key.place);
    if (rc != OK)
        return rc;
    if (catalog && (rc = sql_catalog_connector(catalog, table, p->arena, &r->options, &name, &e)) != OK)
        return plan_fail(p, rc, place, "table `%s`: %s", table->name, e.text);
    if (name == NULL) {
        rc = plan_fail(p, ERR_CONFIG, place,
                       "table `%s` does not say where its rows are: option 'connector' is missing",
                       table->name);
        sql_hint(p->error, "WITH ('connector' = '...'): %s", connector_names());
        return rc;
    }
    if ((*connector = connector_find(name)) == NULL)
        return plan_fail(p, ERR_CONFIG, place, "table `%s`: there is no connector '%s'; there are %s",
                         table->name, name, connector_names());
    return OK;
}

static int32_t *numbers_in(struct planner *p, const int32_t *physical, const int32_t *columns, int32_t count)
{
    int32_t *out = ARENA_ARRAY(p->arena, int32_t, MAX(count, 1));

    for (int32_t i = 0; out && i < count; i++)
        out[i] = physical[columns[i]];
    return out;
}

const struct connector_table *plan_table(struct planner *p, const struct table_def *table)
{
    struct connector_table *t = ARENA_NEW(p->arena, struct connector_table);
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *fields = ARENA_ARRAY(p->arena, struct field, MAX(table->column_count, 1));
    int32_t *physical = ARENA_ARRAY(p->arena, int32_t, MAX(table->column_count, 1)), n = 0;

    if (p->arena->failed)
        return NULL;
    for (int32_t i = 0; i < table->column_count; i++) {
        physical[i] = n;
        if (table->columns[i].kind == AST_PHYSICAL)
            fields[n++] = (struct field){.name = table->columns[i].name,
                                         .type = table->columns[i].type,
                                         .doc = table->columns[i].comment};
    }
    *schema = (struct schema){n, fields};
    *t = (struct connector_table){
        .schema = schema,
        .key_count = table->key_count,
        .key = numbers_in(p, physical, table->key, table->key_count),
        .partition_count = table->partition_count,
        .partition = numbers_in(p, physical, table->partition, table->partition_count)};
    return p->arena->failed ? NULL : t;
}

/* --- a source, once for all who read it --- */

static bool same_hints(const struct ast_options *a, const struct ast_options *b)
{
    if (a->count != b->count)
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i].key.text, b->items[i].key.text) != 0 ||
            strcmp(a->items[i].value.text, b->items[i].value.text) != 0)
            return false;
    return true;
}

static struct source *find_source(struct planner *p, const struct rel *r)
{
    const struct table_def *t = r->scan.table;
    struct source *s;

    for (s = p->sources; s; s = s->next)
        if (strcmp(s->table->name, t->name) == 0 && strcmp(s->table->database, t->database) == 0 &&
            strcmp(s->table->catalog, t->catalog) == 0 && s->table->temporary == t->temporary &&
            same_hints(&s->hints, &r->scan.hints))
            return s;
    if ((s = ARENA_NEW(p->arena, struct source)) == NULL)
        return NULL;
    *s = (struct source){.next = p->sources,
                         .table = t,
                         .hints = r->scan.hints,
                         .needed = ARENA_ARRAY(p->arena, bool, MAX(t->column_count, 1)),
                         .numbers = ARENA_ARRAY(p->arena, int32_t, MAX(t->column_count, 1))};
    if (p->arena->failed)
        return NULL;
    p->sources = s;
    return s;
}

/* The schema to ask the connector for, and the keys of metadata columns. */
static enum err wanted(struct planner *p, struct source *s, const struct map *options,
                       const struct connector *c, struct connector_request *r, struct ast_place place)
{
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *fields = ARENA_ARRAY(p->arena, struct field, MAX(s->table->column_count, 1));
    const char **metadata = ARENA_ARRAY(p->arena, const char *, MAX(s->table->column_count, 1));
    struct error e;
    int32_t n = 0;

    if (p->arena->failed)
        return plan_memory(p, place);
    for (int32_t i = 0; i < s->table->column_count; i++) {
        const struct table_column *column = &s->table->columns[i];
        bool writable;
        enum err rc;

        s->numbers[i] = s->needed[i] ? n : -1;
        if (!s->needed[i])
            continue;
        fields[n] = (struct field){.name = column->name, .type = column->type};
        if (column->kind == AST_METADATA) {
            metadata[n] = column->metadata_key;
            rc = connector_metadata_type(c, options, column->metadata_key, p->arena, &fields[n].type,
                                         &writable, &e);
            if (rc != OK)
                return plan_fail(p, rc, place, "table `%s`, column `%s`: %s", s->table->name, column->name,
                                 e.text);
        }
        n++;
    }
    *schema = (struct schema){n, fields};
    r->schema = schema;
    r->metadata = metadata;
    return OK;
}

/* What the connector gives, as what the table declares. */
static enum err cast_metadata(struct planner *p, struct source *s, struct ast_place place)
{
    const struct schema *from = s->stage.schema;
    const struct expr **exprs = ARENA_ARRAY(p->arena, const struct expr *, MAX(from->field_count, 1));
    struct schema *schema = ARENA_NEW(p->arena, struct schema);
    struct field *fields = ARENA_ARRAY(p->arena, struct field, MAX(from->field_count, 1));
    struct error e;

    if (p->arena->failed)
        return plan_memory(p, place);
    for (int32_t i = 0; i < s->table->column_count; i++) {
        const struct table_column *column = &s->table->columns[i];
        int32_t n = s->numbers[i];
        enum err rc = OK;

        if (n < 0)
            continue;
        fields[n] = (struct field){.name = column->name, .type = column->type};
        exprs[n] = expr_column(p->arena, n, from->fields[n].type);
        if (exprs[n] && column->kind == AST_METADATA)
            rc = expr_cast(p->arena, exprs[n], column->type, false, (struct place){place.line, place.column},
                           &exprs[n], &e);
        if (rc != OK)
            return plan_fail(p, rc, place, "table `%s`, metadata column `%s`: %s", s->table->name,
                             column->name, e.text);
        if (exprs[n] == NULL)
            return plan_memory(p, place);
    }
    *schema = (struct schema){from->field_count, fields};
    return plan_calc(p, &s->stage, NULL, exprs, schema, place);
}

static int32_t parallelism_of(const struct planner *p, const struct connector_plan *plan)
{
    int32_t n = plan->parallelism ? plan->parallelism : p->parallelism;

    return plan->most_parallelism ? MIN(n, plan->most_parallelism) : n;
}

static enum err add_vertices(struct planner *p, struct source *s, const struct connector_plan *plan,
                             const struct schema *schema, struct ast_place place)
{
    struct vertex v = {.is_source = true, .factory = plan->factory, .spec = plan->spec, .keyed = plan->keyed};
    struct vertex decode = {.factory = plan->decode, .spec = plan->decode_spec, .schema = schema};
    enum err rc;

    v.name = arena_printf(p->arena, "Source: %s[%d]", s->table->name, (int)++p->numbered);
    v.uid = arena_printf(p->arena, "source %s.%s.%s%s", s->table->catalog, s->table->database, s->table->name,
                         s->next == NULL ? "" : arena_printf(p->arena, " %d", (int)p->numbered));
    v.schema = plan->decode ? plan->schema : schema;
    v.parallelism = parallelism_of(p, plan);
    if (p->arena->failed)
        return plan_memory(p, place);
    s->stage.parallelism = v.parallelism;
    if (plan->decode == NULL)
        return plan_vertex(p, &s->stage, &v, place);
    decode.name = arena_printf(p->arena, "Decode[%d]", (int)++p->numbered);
    if (decode.name == NULL)
        return plan_memory(p, place);
    rc = plan_vertex(p, &s->stage, &v, place);
    return rc == OK ? plan_vertex(p, &s->stage, &decode, place) : rc;
}

static enum err plan_source(struct planner *p, struct source *s, struct ast_place place)
{
    struct connector_request r = {.arena = p->arena,
                                  .config = session_config(p->session),
                                  .fs = session_fs(p->session),
                                  .clock = session_clock(p->session),
                                  .table = plan_table(p, s->table)};
    struct connector_plan plan = {0};
    struct plan_release *kept;
    const struct connector *c;
    struct error e;
    enum err rc;

    r.name = arena_printf(p->arena, "%s.%s.%s", s->table->catalog, s->table->database, s->table->name);
    if (p->arena->failed)
        return plan_memory(p, place);
    if ((rc = plan_options(p, s->table, &s->hints, place, &kept, &c)) != OK ||
        (rc = wanted(p, s, &kept->options, c, &r, place)) != OK)
        return rc;
    r.options = &kept->options;
    if (s->filter && (r.filter = expr_renumber(p->arena, s->filter, s->numbers)) == NULL)
        return plan_memory(p, place);
    if ((rc = connector_plan_source(c, &r, &plan, &e)) != OK)
        return plan_fail(p, rc, place, "%s", e.text);
    kept->release = plan.release;
    kept->spec = plan.spec;
    s->stage = (struct stage){.changes = plan.changes, .bounded = plan.bounded, .schema = r.schema};
    if (plan.changes == CHANGES_UPSERT) {
        s->stage.key_count = s->table->key_count;
        s->stage.keys = numbers_in(p, s->numbers, s->table->key, s->table->key_count);
        if (s->stage.keys == NULL)
            return plan_memory(p, place);
    }
    s->planned = true;
    if ((rc = add_vertices(p, s, &plan, r.schema, place)) != OK)
        return rc;
    if (plan.errors && (rc = plan_letters(p, s, &plan, r.options, place)) != OK)
        return rc;
    return cast_metadata(p, s, place);
}

/* What this reader asks of a row, over the table's columns; the source may only leave out what none wants. */
static enum err note_filter(struct planner *p, const struct rel *r, struct source *s,
                            const struct expr *condition)
{
    const struct expr *own = NULL;

    if (condition)
        condition = rewrite_fold(p->arena, condition, p->expr_session);
    if (condition)
        own = expr_renumber(p->arena, condition, r->scan.columns);
    if (p->arena->failed)
        return plan_memory(p, r->place);
    if (!s->is_read)
        s->filter = own;
    else if (s->filter && (own == NULL || !expr_equal(s->filter, own)))
        s->filter = NULL;
    s->is_read = true;
    return OK;
}

/* The first time over: note what is needed. */
static enum err note(struct planner *p, const struct rel *r, struct source *s, const bool *needed,
                     int32_t *numbers, struct stage *out)
{
    bool any = false;

    for (int32_t i = 0; i < r->schema->field_count; i++) {
        numbers[i] = i;
        if (needed[i])
            s->needed[r->scan.columns[i]] = any = true;
    }
    if (!any && r->schema->field_count) /* only how many rows there are matters */
        s->needed[r->scan.columns[0]] = true;
    *out = (struct stage){.schema = r->schema, .parallelism = p->parallelism};
    return OK;
}

enum err plan_scan(struct planner *p, const struct rel *r, const bool *needed, int32_t *numbers,
                   struct stage *out)
{
    const struct expr *condition = p->condition;
    struct source *s = find_source(p, r);
    enum err rc;

    p->condition = NULL;
    if (s == NULL)
        return plan_memory(p, r->place);
    if (p->dry && (rc = note_filter(p, r, s, condition)) != OK)
        return rc;
    if (p->dry)
        return note(p, r, s, needed, numbers, out);
    if (!s->planned && (rc = plan_source(p, s, r->place)) != OK)
        return rc;
    for (int32_t i = 0; i < r->schema->field_count; i++)
        numbers[i] = s->numbers[r->scan.columns[i]];
    *out = s->stage;
    return OK;
}

/* --- VALUES --- */

static enum err constant_rows(struct planner *p, const struct rel *r, struct batch **out)
{
    struct builder b;
    struct error e;
    enum err rc = OK;

    if (!builder_init(&b, r->schema, NULL))
        return plan_memory(p, r->place);
    for (int32_t i = 0; rc == OK && i < r->values.row_count; i++)
        for (int32_t j = 0; rc == OK && j < r->schema->field_count; j++) {
            const struct expr *x = r->values.rows[i][j], *value = x;

            if (x->kind != EXPR_LITERAL)
                rc = program_constant(p->arena, x, p->expr_session, &value, &e);
            if (rc != OK)
                rc = plan_fail(
                    p, rc, (struct ast_place){x->place.line, x->place.column, r->place.begin, r->place.begin},
                    "%s", e.text);
            else
                builder_value(&b.columns[j], value->literal, 0);
        }
    if (rc == OK && (rc = builder_finish(&b, out, &e)) != OK)
        rc = plan_memory(p, r->place);
    builder_fini(&b);
    return rc;
}

static void free_rows(const void *spec)
{
    batch_unref(((const struct values_spec *)spec)->rows);
}

enum err plan_values(struct planner *p, const struct rel *r, struct stage *out)
{
    struct values_spec *spec = ARENA_NEW(p->arena, struct values_spec);
    struct plan_release *kept = ARENA_NEW(p->arena, struct plan_release);
    struct vertex v = {
        .is_source = true, .factory = &values_factory, .spec = spec, .schema = r->schema, .parallelism = 1};
    enum err rc;

    *out = (struct stage){.schema = r->schema, .parallelism = 1, .bounded = true};
    if (p->dry)
        return OK;
    v.name = arena_printf(p->arena, "Source: Values[%d]", (int)++p->numbered);
    if (p->arena->failed)
        return plan_memory(p, r->place);
    if ((rc = constant_rows(p, r, &spec->rows)) != OK)
        return rc;
    kept->release = free_rows;
    kept->spec = spec;
    kept->next = p->plan->releases;
    p->plan->releases = kept;
    return plan_vertex(p, out, &v, r->place);
}
