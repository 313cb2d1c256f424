/* catalog_hadoop.c: tables as folders of a warehouse, without a service.
 *
 *   warehouse/db/table/metadata/v1.metadata.json      each version of the table, whole; never changed
 *                               v2.gz.metadata.json   with write.metadata.compression-codec = gzip
 *                               version-hint.text     the number of a recent version
 *                      data/...
 *
 * A commit of version N + 1 is fs_publish of its file if there is none: that is the one moment that decides,
 * and it is atomic wherever fs says so (link on a disk, conditional PUT in an object store).
 *
 * Invariants
 *   1. The hint is only a hint: written after the commit, never needed. The newest version is found by going
 *      upwards from it, and by listing the folder when what it says is not there.
 *   2. One number, one name: the codec of version N + 1 is what version N asks for, so that all who commit
 *      on top of N write the same name; and both names are looked for first. What remains: another engine
 *      that changes the codec property in its commit (it goes by the new value) in the moment between our
 *      look and our publish.
 *   3. Old versions are removed only when the hint has been written past them. So a commit based on a
 *      version that is long gone cannot take the free number unseen: the hint is read before and again after
 *      publishing.
 *   4. When publish fails, the file tells whether it happened: it is read back and compared.
 */
#include "base/mem.h"
#include "iceberg/catalog.h"
#include "iceberg/catalog_names.h"
#include "iceberg/json_field.h"
#include "io/fs.h"
#include "os/log.h"
#include "os/random.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CODEC_PROPERTY  "write.metadata.compression-codec"
#define DELETE_PROPERTY "write.metadata.delete-after-commit.enabled"
#define LOAD_ATTEMPTS   5 /* of reading a version that is cleared away meanwhile */

struct hadoop {
    struct catalog base;
    char *warehouse; /* owned */
};

/* --- names --- */

static const char *const endings[] = {".metadata.json", ".gz.metadata.json", ".metadata.json.gz"};
enum ending { PLAIN, GZIP, GZIP_OLD }; /* GZIP_OLD is only read */

static struct hadoop *hadoop_of(struct catalog *c)
{
    return CONTAINER_OF(c, struct hadoop, base);
}

/* `warehouse/a/b/table`, in arena; NULL when there is no memory. */
static const char *table_folder(struct catalog *c, const struct table *t, struct arena *arena)
{
    char *folder = (char *)(uintptr_t)arena_strdup(arena, t->name_space);

    for (char *p = folder; p && *p; p++)
        if (*p == '.')
            *p = '/';
    if (folder == NULL ||
        (folder = (char *)(uintptr_t)fs_join(arena, hadoop_of(c)->warehouse, folder)) == NULL)
        return NULL;
    return fs_join(arena, folder, t->name);
}

static const char *version_path(struct arena *arena, const char *folder, int64_t version, enum ending ending)
{
    return arena_printf(arena, "%s/metadata/v%" PRId64 "%s", folder, version, endings[ending]);
}

/* The version in `.../v12.gz.metadata.json`, 0 when it is no such name. */
static int64_t version_of(const char *path)
{
    const char *name = strrchr(path, '/');
    char *end;
    int64_t version;

    name = name ? name + 1 : path;
    if (name[0] != 'v' || !isdigit((unsigned char)name[1]))
        return 0;
    version = strtoll(name + 1, &end, 10);
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (strcmp(end, endings[i]) == 0)
            return version < INT32_MAX ? version : 0;
    return 0;
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a path of table metadata");
}

/* --- finding the newest version --- */

/* The file of a version, in arena; NULL when there is none. */
static enum err find_version(struct fs *fs, struct arena *arena, const char *folder, int64_t version,
                             const char **out, struct error *e)
{
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        const char *path = version_path(arena, folder, version, (enum ending)i);
        bool exists = false;

        if (path == NULL)
            return no_memory(e);
        if (!fs_exists(fs, path, &exists, e))
            return e->code;
        if (exists) {
            *out = path;
            return OK;
        }
    }
    *out = NULL;
    return OK;
}

/* What the hint says, 0 when there is none or it is no number. */
static enum err read_hint(struct fs *fs, struct arena *arena, const char *folder, int64_t *out,
                          struct error *e)
{
    const char *path = arena_printf(arena, "%s/metadata/version-hint.text", folder), *text;
    struct bytes bytes = {0};
    char *end;
    enum err rc;

    *out = 0;
    if (path == NULL)
        return no_memory(e);
    rc = fs_read_all(fs, path, &bytes, e);
    text = rc == OK ? bytes_cstr(&bytes) : NULL;
    if (rc == OK && text == NULL)
        rc = no_memory(e);
    if (text && isdigit((unsigned char)*text)) {
        *out = strtoll(text, &end, 10);
        if (*out >= INT32_MAX || (*end && !isspace((unsigned char)*end)))
            *out = 0;
    }
    bytes_fini(&bytes);
    return rc == ERR_NOT_FOUND ? OK : rc;
}

static bool see_version(void *arg, const struct fs_info *info)
{
    int64_t *newest = arg;

    *newest = MAX(*newest, version_of(info->path));
    return true;
}

static enum err list_newest(struct fs *fs, struct arena *arena, const char *folder, int64_t *out,
                            struct error *e)
{
    const char *prefix = arena_printf(arena, "%s/metadata/v", folder);

    *out = 0;
    return prefix ? fs_list(fs, prefix, see_version, out, e) : no_memory(e);
}

/* The newest version's file, at or after version `from` when that is there; NULL when the table does not
 * exist. */
static enum err find_newest(struct fs *fs, struct arena *arena, const char *folder, int64_t from,
                            const char **out, struct error *e)
{
    const char *next = NULL;
    int64_t version = from;
    enum err rc = OK;

    *out = NULL;
    if (version > 0)
        rc = find_version(fs, arena, folder, version, out, e);
    if (rc == OK && *out == NULL && (rc = list_newest(fs, arena, folder, &version, e)) == OK && version > 0)
        rc = find_version(fs, arena, folder, version, out, e);
    for (next = *out; rc == OK && next; version++) {
        *out = next;
        rc = find_version(fs, arena, folder, version + 1, &next, e);
    }
    return rc;
}

/* The newest version's file and what is in it; both NULL when t has that one already. */
static enum err read_newest(struct catalog *c, struct table *t, struct arena *arena, char **location,
                            struct metadata **m, struct error *e)
{
    const char *folder = table_folder(c, t, arena), *path = NULL;
    int64_t hint = 0, known = t->metadata_location ? version_of(t->metadata_location) : 0;
    enum err rc = folder ? read_hint(c->fs, arena, folder, &hint, e) : no_memory(e);

    if (rc == OK)
        rc = find_newest(c->fs, arena, folder, MAX(hint, known), &path, e);
    if (rc == OK && path == NULL)
        rc = error_set(e, ERR_NOT_FOUND, "there is no such table (nothing in %s/metadata)", folder);
    if (rc != OK || (t->metadata && strcmp(path, t->metadata_location) == 0))
        return rc; /* versions never change */
    if ((*location = mem_strdup(path)) == NULL)
        return no_memory(e);
    rc = metadata_read(c->fs, path, m, e);
    if (rc == ERR_NOT_FOUND) /* cleared away since: newer ones must be there */
        rc = ERR_CONFLICT;
    if (rc != OK) {
        mem_free(*location);
        *location = NULL;
    }
    return rc;
}

static enum err hadoop_load(struct catalog *c, struct table *t, struct error *e)
{
    struct arena arena = {0};
    struct metadata *m = NULL;
    char *location = NULL;
    enum err rc;

    for (int attempt = 0; (rc = read_newest(c, t, &arena, &location, &m, e)) == ERR_CONFLICT; attempt++)
        if (attempt == LOAD_ATTEMPTS) {
            rc = error_add(e, ERR_UNAVAILABLE, "the table changes faster than it can be read");
            break;
        }
    if (rc == OK && m)
        table_set(t, location, m);
    arena_fini(&arena);
    return rc;
}

/* --- writing a version --- */

static bool wants_gzip(const char *codec, enum err *rc, struct error *e)
{
    *rc = OK;
    if (codec == NULL || strcasecmp(codec, "none") == 0 || strcasecmp(codec, "gzip") == 0)
        return codec && strcasecmp(codec, "gzip") == 0;
    *rc = error_set(e, ERR_CONFIG,
                    "table property " CODEC_PROPERTY ": %.40s is not known; there are none and gzip", codec);
    return false;
}

/* Is path what we wanted to write? */
static enum err compare_file(struct fs *fs, const char *path, struct slice body, bool *same, struct error *e)
{
    struct bytes found = {0};
    enum err rc = fs_read_all(fs, path, &found, e);

    *same = rc == OK && slice_equal(bytes_all(&found), body);
    bytes_fini(&found);
    return rc;
}

/* Publish body at path, which nobody else may have taken. ERR_EXISTS: somebody has. ERR_UNKNOWN: cannot be
 * told. */
static enum err publish(struct fs *fs, const char *path, struct slice body, struct error *e)
{
    struct fs_file *f = NULL;
    struct error failure, again;
    bool same = false;
    enum err rc, read;

    if ((rc = fs_create(fs, path, &f, e)) == OK)
        rc = fs_write(f, body, e);
    if (rc != OK) {
        fs_abandon(&f);
        return rc;
    }
    if ((rc = fs_publish(&f, FS_IF_ABSENT, &failure)) == OK)
        return OK;
    fs_abandon(&f);
    read = compare_file(fs, path, body, &same, &again);
    if (read == OK && same)
        return OK; /* it had happened, only the answer was lost */
    *e = failure;
    if (read == OK)
        return error_set(e, ERR_EXISTS, "%s was written by someone else first", path);
    return error_add(e, ERR_UNKNOWN, "writing %s: it may have been written or not", path);
}

/* Everyone who loads the table begins to look here; it matters little when this fails. */
static bool write_hint(struct catalog *c, struct arena *arena, const char *folder, int64_t version)
{
    const char *path = arena_printf(arena, "%s/metadata/version-hint.text", folder);
    char text[24];
    struct error e;

    snprintf(text, sizeof text, "%" PRId64, version);
    if (path && fs_put(c->fs, path, slice_text(text), FS_REPLACE, &e) == OK)
        return true;
    log_warn("iceberg", "the hint in %s/metadata was not updated: %s", folder, path ? e.text : "no memory");
    return false;
}

/* The versions that the old document's log has and the new one's has not. */
static void remove_old(struct catalog *c, json_t *before, json_t *after)
{
    json_t *old = json_object_get(before, "metadata-log"), *kept = json_object_get(after, "metadata-log");
    const char *first = json_field_get(json_array_get(kept, 0), "metadata-file");
    struct error e;

    for (size_t i = 0; first && i < json_array_size(old); i++) {
        const char *path = json_field_get(json_array_get(old, i), "metadata-file");

        if (path == NULL || strcmp(path, first) == 0)
            return;
        if (version_of(path) > 0 && fs_remove(c->fs, path, &e) != OK)
            log_warn("iceberg", "old table metadata stays: %s", e.text);
    }
}

/* By file name: other engines may write the folder in another way. */
static bool logs_version(const struct metadata *m, const char *path)
{
    json_t *log = json_object_get(m->json, "metadata-log"), *entry;
    size_t i;

    json_array_foreach(log, i, entry)
    {
        const char *file = json_field_get(entry, "metadata-file");

        if (file && strrchr(file, '/') && strcmp(strrchr(file, '/'), strrchr(path, '/')) == 0)
            return true;
    }
    return false;
}

/* After publishing: were we so late that the number had been used and cleared away? Then the table is far
 * past it, and knows nothing of ours. */
static enum err check_reached(struct catalog *c, struct arena *arena, const char *folder, const char *path,
                              struct error *e)
{
    int64_t version = version_of(path), hint = 0;
    const char *newest = NULL;
    struct metadata *m = NULL;
    bool known;
    struct error ignored;
    enum err rc = read_hint(c->fs, arena, folder, &hint, e);

    if (rc == OK && hint <= version)
        return OK;
    if (rc == OK)
        rc = find_newest(c->fs, arena, folder, hint, &newest, e);
    if (rc == OK && newest)
        rc = metadata_read(c->fs, newest, &m, e);
    if (rc != OK)
        return error_add(e, ERR_UNKNOWN, "%s was written, but others were writing too", path);
    known = m && (strcmp(newest, path) == 0 || logs_version(m, path));
    metadata_free(m);
    if (known)
        return OK;
    /* Not in the log: overtaken so far that it was dropped from it, or never on the way. The caller looks
     * for its snapshot; the file would only mislead those who have an old hint. */
    if (fs_remove(c->fs, path, &ignored) != OK)
        log_warn("iceberg", "%s should be removed: %s", path, ignored.text);
    return error_set(e, ERR_UNKNOWN, "%s was written, but the table was at version %" PRId64 " already", path,
                     hint);
}

/* Nobody has gone past version `base`, under any name. */
static enum err check_free(struct catalog *c, struct arena *arena, const char *folder, int64_t base,
                           struct error *e)
{
    const char *taken = NULL;
    int64_t hint = 0;
    enum err rc = read_hint(c->fs, arena, folder, &hint, e);

    if (rc == OK && hint > base)
        return error_set(e, ERR_CONFLICT, "version %" PRId64 " is there already", hint);
    if (rc == OK)
        rc = find_version(c->fs, arena, folder, base + 1, &taken, e);
    if (rc == OK && taken)
        rc = error_set(e, ERR_CONFLICT, "%s is there already", taken);
    return rc;
}

/* m as version `base` + 1 of t. Everything that needs memory is done before the decision. */
static enum err commit_version(struct catalog *c, struct table *t, const char *codec, int64_t base,
                               struct metadata *m, struct error *e)
{
    struct arena arena = {0};
    struct bytes body = {0};
    const char *folder = table_folder(c, t, &arena), *path = NULL;
    char *location = NULL;
    enum err rc;
    bool gzip = wants_gzip(codec, &rc, e);

    if (rc != OK)
        goto out;
    if (folder == NULL || (path = version_path(&arena, folder, base + 1, gzip ? GZIP : PLAIN)) == NULL ||
        (location = mem_strdup(path)) == NULL) {
        rc = no_memory(e);
        goto out;
    }
    if ((rc = metadata_encode(m->json, gzip, &body, e)) != OK ||
        (rc = check_free(c, &arena, folder, base, e)) != OK)
        goto out;
    if ((rc = publish(c->fs, path, bytes_all(&body), e)) == ERR_EXISTS)
        rc = ERR_CONFLICT;
    if (rc == OK && base > 0)
        rc = check_reached(c, &arena, folder, path, e);
    if (rc != OK)
        goto out;
    if (write_hint(c, &arena, folder, base + 1) && base > 0 &&
        metadata_property_bool(m, DELETE_PROPERTY, false))
        remove_old(c, t->metadata->json, m->json);
    table_set(t, location, m);
    location = NULL;
out:
    mem_free(location);
    bytes_fini(&body);
    arena_fini(&arena);
    return rc;
}

static enum err hadoop_commit(struct catalog *c, struct table *t, json_t *requirements, json_t *updates,
                              struct error *e)
{
    json_t *doc;
    struct metadata *m = NULL;
    enum err rc;

    if ((rc = metadata_apply(t->metadata, requirements, updates, clock_wall_us(c->clock) / 1000,
                             t->metadata_location, &doc, e)) != OK ||
        (rc = metadata_of_json(doc, "(the new version)", &m, e)) != OK)
        return rc;
    if (strcmp(m->location, t->metadata->location) != 0)
        rc = error_set(e, ERR_UNSUPPORTED, "tables of a hadoop catalog cannot be moved");
    else
        rc = commit_version(c, t, metadata_property(t->metadata, CODEC_PROPERTY),
                            version_of(t->metadata_location), m, e);
    if (rc != OK)
        metadata_free(m);
    return rc;
}

/* --- creating --- */

static enum err hadoop_create(struct catalog *c, struct table *t, const struct table_spec *spec,
                              struct error *e)
{
    struct arena arena = {0};
    struct random random;
    char uuid[RANDOM_UUID_MAX];
    const char *folder = table_folder(c, t, &arena), *path = NULL;
    struct metadata *m = NULL;
    enum err rc = folder ? find_newest(c->fs, &arena, folder, 0, &path, e) : no_memory(e);

    random_seed(&random, catalog_random(c));
    random_uuid(&random, uuid);
    if (rc == OK && path)
        rc = error_set(e, ERR_EXISTS, "the table exists already: %s", path);
    if (rc == OK && spec->location && strcmp(spec->location, folder) != 0)
        rc = error_set(e, ERR_UNSUPPORTED, "tables of a hadoop catalog have no location of their own: %s",
                       folder);
    if (rc == OK)
        rc = metadata_create(spec, folder, uuid, clock_wall_us(c->clock) / 1000, &m, e);
    if (rc == OK &&
        (rc = commit_version(c, t, metadata_property(m, CODEC_PROPERTY), 0, m, e)) == ERR_CONFLICT)
        rc = ERR_EXISTS;
    if (rc != OK)
        metadata_free(m);
    arena_fini(&arena);
    return rc;
}

/* A namespace is a folder, and folders come with their first file. */
static enum err hadoop_namespace_create(UNUSED struct catalog *c, UNUSED const char *name_space,
                                        UNUSED struct error *e)
{
    return OK;
}

static void hadoop_free(struct catalog *c)
{
    mem_free(hadoop_of(c)->warehouse);
    mem_free(hadoop_of(c));
}

static const struct catalog_ops hadoop_ops = {
    .name = "hadoop",
    .namespace_create = hadoop_namespace_create,
    .load = hadoop_load,
    .create = hadoop_create,
    .commit = hadoop_commit,
    .namespaces = hadoop_namespaces,
    .namespace_load = hadoop_namespace_load,
    .namespace_make = hadoop_namespace_make,
    .namespace_change = hadoop_namespace_change,
    .namespace_drop = hadoop_namespace_drop,
    .tables = hadoop_tables,
    .table_drop = hadoop_table_drop,
    .table_rename = hadoop_table_rename,
    .free = hadoop_free,
};

enum err catalog_hadoop_new(const struct catalog_config *config, struct catalog **out, struct error *e)
{
    const char *warehouse = map_get(config->options, SLICE("warehouse"));
    struct hadoop *h;

    if (warehouse == NULL || *warehouse == '\0')
        return error_set(e, ERR_CONFIG,
                         "warehouse is missing: the folder of the tables, s3://bucket/warehouse for one");
    if (strncasecmp(warehouse, "hdfs:", 5) == 0)
        return error_set(e, ERR_UNSUPPORTED, "warehouse %s: weir does not speak HDFS; use s3:// or file://",
                         warehouse);
    if ((h = mem_zalloc(sizeof *h)) == NULL || (h->warehouse = mem_strdup(warehouse)) == NULL) {
        mem_free(h);
        return error_memory(e, sizeof *h, "a catalog");
    }
    h->base.ops = &hadoop_ops;
    *out = &h->base;
    return OK;
}
