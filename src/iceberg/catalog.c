/* catalog.c: what catalogs have in common: opening one by its type, tables, and the comparison of a table
 * that exists with the one that was asked for.
 */
#include "iceberg/catalog.h"
#include "base/hash.h"
#include "base/mem.h"
#include "iceberg/catalog_store.h"
#include "io/fs.h"
#include "os/log.h"
#include <errno.h>
#include <strings.h>
#include <time.h>

#define CREATE_ATTEMPTS 4
#define CREATE_WAIT_MS  INT64_C(50)

/* --- opening --- */

static const struct implementation {
    const char *type, *class; /* Iceberg's name of the Java class, for catalog-impl */
    enum err (*open)(const struct catalog_config *config, struct catalog **out, struct error *e);
} implementations[] = {
    {"hadoop", "org.apache.iceberg.hadoop.HadoopCatalog", catalog_hadoop_new},
    {"rest", "org.apache.iceberg.rest.RESTCatalog", catalog_rest_new},
};

static const char *option(const struct catalog_config *config, const char *key)
{
    return map_get(config->options, slice_text(key));
}

static enum err find_implementation(const struct catalog_config *config, const struct implementation **out,
                                    struct error *e)
{
    const char *type = option(config, "catalog-type"), *class = option(config, "catalog-impl");

    if (type && class)
        return error_set(e, ERR_CONFIG, "catalog %s: give catalog-type or catalog-impl, not both",
                         config->name);
    if (type == NULL && class == NULL && (type = option(config, "type")) != NULL &&
        strcasecmp(type, "iceberg") == 0)
        type = NULL; /* in CREATE CATALOG `type` says which connector, not which catalog */
    if (type == NULL && class == NULL)
        return error_set(e, ERR_CONFIG, "catalog %s: catalog-type is missing: hadoop or rest", config->name);
    for (size_t i = 0; i < COUNT_OF(implementations); i++)
        if (type ? strcasecmp(type, implementations[i].type) == 0
                 : strcmp(class, implementations[i].class) == 0) {
            *out = &implementations[i];
            return OK;
        }
    if (type && strcasecmp(type, "hive") == 0)
        return error_set(
            e, ERR_UNSUPPORTED,
            "catalog %s: weir does not speak to Hive metastores; use catalog-type hadoop or rest",
            config->name);
    return error_set(e, ERR_CONFIG, "catalog %s: %s %.100s is not known; there are hadoop and rest",
                     config->name, type ? "catalog-type" : "catalog-impl", type ? type : class);
}

static void sleep_really(UNUSED void *arg, int64_t ms)
{
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

enum err catalog_open(const struct catalog_config *config, struct catalog **out, struct error *e)
{
    const struct implementation *implementation = NULL;
    struct fs *own_fs = NULL;
    struct catalog *c;
    char *name;
    enum err rc;

    if ((rc = find_implementation(config, &implementation, e)) != OK)
        return rc;
    if ((name = mem_strdup(config->name)) == NULL)
        return error_memory(e, strlen(config->name), "a catalog");
    if ((rc = catalog_store_open(config->fs, config->options, &own_fs, e)) != OK ||
        (rc = implementation->open(config, &c, e)) != OK) {
        fs_free(own_fs);
        mem_free(name);
        return error_add(e, rc, "catalog %s", config->name);
    }
    c->name = name;
    c->options = config->options;
    c->own_fs = own_fs;
    c->fs = own_fs ? own_fs : config->fs;
    c->clock = config->clock;
    c->seed = config->seed;
    c->sleep_ms = config->sleep_ms ? config->sleep_ms : sleep_really;
    c->sleep_arg = config->sleep_arg;
    *out = c;
    return OK;
}

void catalog_free(struct catalog *c)
{
    struct fs *own_fs;

    if (c == NULL)
        return;
    own_fs = c->own_fs;
    mem_free(c->name);
    c->ops->free(c);
    fs_free(own_fs);
}

const char *catalog_option(const struct catalog *c, const char *key)
{
    return map_get(c->options, slice_text(key));
}

uint64_t catalog_random(struct catalog *c)
{
    return hash_mix(c->seed ^ hash_mix(atomic_fetch_add(&c->drawn, 1) + UINT64_C(0x9e3779b97f4a7c15)));
}

void catalog_sleep(struct catalog *c, int64_t ms)
{
    if (ms > 0)
        c->sleep_ms(c->sleep_arg, ms);
}

/* --- names --- */

/* Names become folders: none is empty, `.` or `..`, or has a slash or a control character. */
static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] < ' ' || s.ptr[i] == '/' || s.ptr[i] == '\\')
            return false;
    return s.len > 0 && !slice_is(s, ".") && !slice_is(s, "..");
}

static enum err check_namespace(const char *name_space, struct error *e)
{
    for (const char *at = name_space;; at++) {
        size_t len = strcspn(at, ".");

        if (!is_name(slice_of(at, len)))
            return error_set(e, ERR_CONFIG, "`%.100s` cannot be the name of a database", name_space);
        at += len;
        if (*at == '\0')
            return OK;
    }
}

enum err catalog_namespace_create(struct catalog *c, const char *name_space, struct error *e)
{
    enum err rc = check_namespace(name_space, e);

    if (rc == OK)
        rc = c->ops->namespace_create(c, name_space, e);
    return rc == OK ? OK : error_add(e, rc, "catalog %s: creating database %.100s", c->name, name_space);
}

/* What to say around an error of a namespace, or of the catalog itself. */
static enum err in_namespace(const struct catalog *c, const char *verb, const char *name_space, enum err rc,
                             struct error *e)
{
    return rc == OK ? OK
                    : error_add(e, rc, "catalog %s: %s database%s%.100s", c->name, verb,
                                name_space ? " " : "s", name_space ? name_space : "");
}

enum err catalog_namespaces(struct catalog *c, catalog_visit *visit, void *arg, struct error *e)
{
    return in_namespace(c, "listing", NULL, c->ops->namespaces(c, visit, arg, e), e);
}

enum err catalog_namespace_load(struct catalog *c, const char *name_space, json_t **out, struct error *e)
{
    enum err rc = check_namespace(name_space, e);

    if (rc == OK)
        rc = c->ops->namespace_load(c, name_space, out, e);
    return in_namespace(c, "reading", name_space, rc, e);
}

enum err catalog_namespace_make(struct catalog *c, const char *name_space, json_t *properties,
                                struct error *e)
{
    enum err rc = check_namespace(name_space, e);

    if (rc == OK)
        rc = c->ops->namespace_make(c, name_space, properties, e);
    return in_namespace(c, "creating", name_space, rc, e);
}

enum err catalog_namespace_change(struct catalog *c, const char *name_space, json_t *updates,
                                  json_t *removals, struct error *e)
{
    enum err rc = check_namespace(name_space, e);

    if (rc == OK)
        rc = c->ops->namespace_change(c, name_space, updates, removals, e);
    return in_namespace(c, "changing", name_space, rc, e);
}

enum err catalog_namespace_drop(struct catalog *c, const char *name_space, struct error *e)
{
    enum err rc = check_namespace(name_space, e);

    if (rc == OK)
        rc = c->ops->namespace_drop(c, name_space, e);
    return in_namespace(c, "dropping", name_space, rc, e);
}

enum err catalog_tables(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                        struct error *e)
{
    enum err rc = check_namespace(name_space, e);

    if (rc == OK)
        rc = c->ops->tables(c, name_space, visit, arg, e);
    return in_namespace(c, "listing tables of", name_space, rc, e);
}

/* --- tables --- */

static enum err table_new(struct catalog *c, const char *name_space, const char *name, struct table **out,
                          struct error *e)
{
    struct table *t;
    enum err rc = check_namespace(name_space, e);

    if (rc == OK && !is_name(slice_text(name)))
        rc = error_set(e, ERR_CONFIG, "`%.100s` cannot be the name of a table", name);
    if (rc != OK)
        return rc;
    if ((t = mem_zalloc(sizeof *t)) == NULL)
        return error_memory(e, sizeof *t, "a table");
    t->catalog = c;
    t->fs = c->fs;
    if ((t->name_space = mem_strdup(name_space)) == NULL || (t->name = mem_strdup(name)) == NULL) {
        table_free(t);
        return error_memory(e, strlen(name), "a table");
    }
    *out = t;
    return OK;
}

void table_free(struct table *t)
{
    if (t == NULL)
        return;
    metadata_free(t->metadata);
    mem_free(t->metadata_location);
    mem_free(t->name_space);
    mem_free(t->name);
    mem_free(t);
}

void table_set(struct table *t, char *metadata_location, struct metadata *metadata)
{
    mem_free(t->metadata_location);
    metadata_free(t->metadata);
    t->metadata_location = metadata_location;
    t->metadata = metadata;
}

/* What to say around an error of a table. */
static enum err in_table(const struct table *t, const char *verb, enum err rc, struct error *e)
{
    return rc == OK ? OK
                    : error_add(e, rc, "catalog %s: %s table %s.%s", t->catalog->name, verb, t->name_space,
                                t->name);
}

enum err catalog_load(struct catalog *c, const char *name_space, const char *name, struct table **out,
                      struct error *e)
{
    struct table *t = NULL;
    enum err rc = table_new(c, name_space, name, &t, e);

    if (rc == OK)
        rc = in_table(t, "loading", c->ops->load(c, t, e), e);
    if (rc == OK)
        *out = t;
    else
        table_free(t);
    return rc;
}

enum err table_refresh(struct table *t, struct error *e)
{
    char uuid[64] = "";
    enum err rc;

    if (t->metadata->uuid)
        strncpy(uuid, t->metadata->uuid, sizeof uuid - 1);
    rc = in_table(t, "refreshing", t->catalog->ops->load(t->catalog, t, e), e);
    if (rc == OK && *uuid &&
        (t->metadata->uuid == NULL || strncasecmp(uuid, t->metadata->uuid, sizeof uuid - 1) != 0))
        return error_set(e, ERR_CONFIG,
                         "table %s.%s was dropped and made anew by someone else (its uuid was %s); restart "
                         "the job to write to the new one",
                         t->name_space, t->name, uuid);
    return rc;
}

enum err table_commit(struct table *t, json_t *requirements, json_t *updates, struct error *e)
{
    return in_table(t, "changing", t->catalog->ops->commit(t->catalog, t, requirements, updates, e), e);
}

enum err catalog_table_drop(struct catalog *c, const char *name_space, const char *name, struct error *e)
{
    struct table *t = NULL;
    enum err rc = table_new(c, name_space, name, &t, e); /* a name that can be one */

    if (rc == OK)
        rc = in_table(t, "dropping", c->ops->table_drop(c, name_space, name, e), e);
    table_free(t);
    return rc;
}

enum err catalog_table_rename(struct catalog *c, const char *name_space, const char *from, const char *to,
                              struct error *e)
{
    struct table *t = NULL, *renamed = NULL;
    enum err rc = table_new(c, name_space, from, &t, e);

    if (rc == OK && (rc = table_new(c, name_space, to, &renamed, e)) == OK)
        rc = in_table(t, "renaming", c->ops->table_rename(c, name_space, from, to, e), e);
    table_free(t);
    table_free(renamed);
    return rc;
}

/* --- creating --- */

/* spec's properties with the catalog's table-default.* under them and table-override.* over them; in arena.
 */
static enum err merge_properties(struct catalog *c, const struct table_spec *spec, struct arena *arena,
                                 const char *const **out, struct error *e)
{
    static const struct slice prefixes[] = {{"table-default.", 14}, {"", 0}, {"table-override.", 15}};
    size_t given = 0, count = 0, at;
    const char **list;
    struct map_entry *entry;

    while (spec->properties && spec->properties[given])
        given++;
    list = ARENA_ARRAY(arena, const char *, given + 2 * map_count(c->options) + 1);
    for (size_t round = 0; list && round < COUNT_OF(prefixes); round++) {
        for (size_t i = 0; round == 1 && i < given; i++)
            list[count++] = spec->properties[i];
        for (at = 0; round != 1 && (entry = map_next(c->options, &at)) != NULL;)
            if (slice_starts(entry->key, prefixes[round])) {
                list[count++] = entry->key.ptr + prefixes[round].len;
                list[count++] = entry->value;
            }
    }
    *out = list;
    return list ? OK : error_memory(e, given, "table properties");
}

enum err catalog_create(struct catalog *c, const char *name_space, const char *name,
                        const struct table_spec *spec, struct table **out, struct error *e)
{
    struct table_spec merged = *spec;
    struct arena arena = {0};
    struct table *t = NULL;
    enum err rc = table_new(c, name_space, name, &t, e);

    if (rc == OK && (rc = merge_properties(c, spec, &arena, &merged.properties, e)) == OK &&
        (rc = metadata_check_spec(&merged, e)) == OK)
        rc = c->ops->create(c, t, &merged, e);
    if (t)
        rc = in_table(t, "creating", rc, e);
    arena_fini(&arena);
    if (rc == OK)
        *out = t;
    else
        table_free(t);
    return rc;
}

/* --- is it the table that was meant? --- */

/* Differences so far, `; ` between them. */
static void differ(struct bytes *out, const char *path, const char *what)
{
    bytes_printf(out, "%s%s: %s", out->len ? "; " : "", path, what);
}

static void differ_types(struct bytes *out, const char *path, const struct type *want,
                         const struct type *have)
{
    struct bytes text = {0};

    bytes_text(&text, "wanted ");
    type_print(want, &text);
    bytes_text(&text, ", found ");
    type_print(have, &text);
    differ(out, path, bytes_cstr(&text) ? text.ptr : "has another type");
    bytes_fini(&text);
}

static enum type_kind stored_kind(enum type_kind kind)
{
    return kind == TYPE_INT8 || kind == TYPE_INT16 ? TYPE_INT32 : kind;
}

/* Does a column of type have hold every value of want? The same type of Iceberg's, or one it may be promoted
 * to. */
static bool holds(const struct type *have, const struct type *want)
{
    enum type_kind h = stored_kind(have->kind), w = stored_kind(want->kind);

    if (h == TYPE_INT64 && w == TYPE_INT32)
        return true;
    if (h == TYPE_DOUBLE && w == TYPE_FLOAT)
        return true;
    if (h != w)
        return false;
    if (h == TYPE_DECIMAL)
        return have->scale == want->scale && have->precision >= want->precision;
    if (h == TYPE_FIXED)
        return have->length == want->length;
    return h < TYPE_TIME || h > TYPE_TIMESTAMP_LTZ || (have->precision > 6) == (want->precision > 6);
}

static void compare_fields(const char *path, const struct field *want, int32_t want_count,
                           const struct field *have, int32_t have_count, struct bytes *out);

static void compare_maps(const char *path, const struct type *want, const struct type *have,
                         struct bytes *out);

static void compare_types(const char *path, const struct type *want, const struct type *have,
                          struct bytes *out)
{
    if (want->nullable && !have->nullable)
        differ(out, path, "wanted nullable, found NOT NULL");
    if (!type_is_nested(want) || want->kind != have->kind) {
        if (!holds(have, want))
            differ_types(out, path, want, have);
        return;
    }
    if (want->kind == TYPE_MAP)
        compare_maps(path, want, have, out);
    else
        compare_fields(path, want->fields, want->field_count, have->fields, have->field_count, out);
}

/* A map's key is always there in Iceberg, whatever the definition says. */
static void compare_maps(const char *path, const struct type *want, const struct type *have,
                         struct bytes *out)
{
    struct type key = *want->fields[0].type;
    struct field fields[] = {want->fields[0], want->fields[1]};

    key.nullable = false;
    fields[0].type = &key;
    compare_fields(path, fields, 2, have->fields, 2, out);
}

static const struct field *field_named(const struct field *fields, int32_t count, const char *name)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static void compare_fields(const char *path, const struct field *want, int32_t want_count,
                           const struct field *have, int32_t have_count, struct bytes *out)
{
    struct bytes text = {0};

    for (int32_t i = 0; i < want_count + have_count; i++) {
        bool is_want = i < want_count;
        const struct field *f = is_want ? &want[i] : &have[i - want_count];
        const struct field *other = is_want ? field_named(have, have_count, f->name)
                                            : field_named(want, want_count, f->name);

        bytes_clear(&text);
        bytes_printf(&text, "%s%s%s", path, *path ? "." : "", f->name);
        if (bytes_cstr(&text) == NULL)
            out->failed = true;
        else if (is_want && other == NULL)
            differ(out, text.ptr, "wanted, but the table has no such column");
        else if (is_want)
            compare_types(text.ptr, f->type, other->type, out);
        else if (other == NULL && !f->type->nullable)
            differ(out, text.ptr, "the table has it as NOT NULL, but nothing would be written to it");
    }
    bytes_fini(&text);
}

static enum err check_table(const struct table *t, const struct table_spec *spec, struct error *e)
{
    const struct schema *want = spec->schema, *have = t->metadata->schema;
    struct bytes text = {0};
    enum err rc = OK;

    compare_fields("", want->fields, want->field_count, have->fields, have->field_count, &text);
    if (text.failed)
        rc = error_memory(e, text.len, "a comparison of schemas");
    else if (text.len)
        rc = error_set(e, ERR_CONFIG,
                       "catalog %s: table %s.%s exists with other columns: " SLICE_FMT
                       "; alter the table or the definition",
                       t->catalog->name, t->name_space, t->name, SLICE_ARG(bytes_all(&text)));
    bytes_fini(&text);
    return rc;
}

static bool same_partitioning(const struct partition_spec *want, const struct metadata *m)
{
    if (want->field_count != m->spec->field_count)
        return false;
    for (int32_t i = 0; i < want->field_count; i++) {
        const struct partition_field *a = &want->fields[i], *b = &m->spec->fields[i];

        if (strcmp(a->name, b->name) != 0 || a->transform.kind != b->transform.kind ||
            a->transform.width != b->transform.width)
            return false;
    }
    return true;
}

enum err catalog_load_or_create(struct catalog *c, const char *name_space, const char *name,
                                const struct table_spec *spec, struct table **out, struct error *e)
{
    struct table *t = NULL;
    enum err rc;

    for (int attempt = 1; (rc = catalog_load(c, name_space, name, &t, e)) == ERR_NOT_FOUND; attempt++) {
        rc = catalog_create(c, name_space, name, spec, out, e);
        if ((rc != ERR_EXISTS && rc != ERR_UNKNOWN) || attempt == CREATE_ATTEMPTS)
            return rc;
        if (rc == ERR_UNKNOWN) { /* look, and else ask again: of two requests one at most makes the table */
            log_info("iceberg", "%s; looking", e->text);
            catalog_sleep(c, CREATE_WAIT_MS << attempt);
        }
    }
    if (rc == OK && (rc = check_table(t, spec, e)) == OK) {
        if (spec->partition && !same_partitioning(spec->partition, t->metadata))
            log_warn("iceberg", "table %s.%s exists with another partitioning; the table's is used",
                     name_space, name);
        *out = t;
        return OK;
    }
    table_free(t);
    return rc;
}
