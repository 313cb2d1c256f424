/* catalog_hadoop_names.c: namespaces and tables of a warehouse: what its paths say.
 *
 *   warehouse/db/.database.json                      a namespace that was made by name, with its properties
 *   warehouse/db/table/metadata/v1.metadata.json     a table, and so its namespace
 *
 * A file system has no empty folders, hence the first file. All paths below a folder are looked at: lists
 * cost as much as there are files.
 */
#include "base/mem.h"
#include "iceberg/catalog_names.h"
#include "iceberg/json_field.h"
#include "io/fs.h"
#include <stdlib.h>

#define MARK      ".database.json"
#define METADATA  "metadata/v"
#define DROP_MANY 256 /* files whose names are held at a time while a table is removed */

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a path of the warehouse");
}

/* `warehouse/a/b/` of a.b, of the warehouse itself when it is NULL; in arena. */
static const char *folder_of(struct catalog *c, struct arena *arena, const char *name_space)
{
    const char *warehouse = catalog_option(c, "warehouse");
    char *path = (char *)(uintptr_t)arena_strdup(arena, name_space ? name_space : "");
    const char *folder;

    for (char *p = path; p && *p; p++)
        if (*p == '.')
            *p = '/';
    if (path == NULL || (folder = fs_join(arena, warehouse, path)) == NULL)
        return NULL;
    return folder[strlen(folder) - 1] == '/' ? folder : arena_printf(arena, "%s/", folder);
}

/* Names are told once. */
struct listing {
    size_t folder_len;
    bool tables; /* else namespaces */
    struct map seen;
    catalog_visit *visit;
    void *arg;
    bool failed;
};

static bool see(void *arg, const struct fs_info *info)
{
    static char marked;
    struct listing *l = arg;
    struct slice rest = slice_text(info->path + l->folder_len);
    const char *slash = memchr(rest.ptr, '/', rest.len);
    struct slice name = slice_of(rest.ptr, slash ? (size_t)(slash - rest.ptr) : 0);

    if (slash == NULL || name.len == 0 || map_get(&l->seen, name))
        return true;
    if (l->tables && !slice_starts(slice_text(slash + 1), SLICE(METADATA)))
        return true;
    if (!l->tables && strncmp(slash + 1, METADATA, strlen(METADATA)) == 0)
        return true; /* a table in no namespace */
    l->failed = !map_put(&l->seen, name, &marked);
    return !l->failed;
}

static enum err list(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                     struct error *e)
{
    struct arena arena = {0};
    const char *folder = folder_of(c, &arena, name_space);
    struct listing l = {.tables = name_space != NULL, .folder_len = folder ? strlen(folder) : 0};
    struct map_entry *entry;
    enum err rc = folder ? fs_list(c->fs, folder, see, &l, e) : no_memory(e);

    if (rc == OK && l.failed)
        rc = no_memory(e);
    for (size_t at = 0; rc == OK && (entry = map_next(&l.seen, &at)) != NULL;)
        visit(arg, entry->key.ptr);
    map_fini(&l.seen);
    arena_fini(&arena);
    return rc;
}

enum err hadoop_namespaces(struct catalog *c, catalog_visit *visit, void *arg, struct error *e)
{
    return list(c, NULL, visit, arg, e);
}

enum err hadoop_tables(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                       struct error *e)
{
    return list(c, name_space, visit, arg, e);
}

/* --- namespaces --- */

static bool first_file(void *arg, UNUSED const struct fs_info *info)
{
    *(bool *)arg = true;
    return false;
}

static enum err read_mark(struct catalog *c, const char *path, json_t **out, struct error *e)
{
    struct bytes text = {0};
    enum err rc = fs_read_all(c->fs, path, &text, e);

    if (rc == OK)
        rc = json_field_parse(bytes_all(&text), out, e);
    if (rc == OK && !json_is_object(*out)) {
        json_decref(*out);
        rc = error_set(e, ERR_CORRUPT, "%s is no JSON object", path);
    }
    bytes_fini(&text);
    return rc;
}

static enum err write_mark(struct catalog *c, const char *path, json_t *properties, enum fs_publish how,
                           struct error *e)
{
    struct bytes text = {0};
    enum err rc = json_field_print(properties, &text, e);

    if (rc == OK)
        rc = fs_put(c->fs, path, bytes_all(&text), how, e);
    bytes_fini(&text);
    return rc;
}

enum err hadoop_namespace_load(struct catalog *c, const char *name_space, json_t **out, struct error *e)
{
    struct arena arena = {0};
    const char *folder = folder_of(c, &arena, name_space);
    const char *mark = folder ? arena_printf(&arena, "%s" MARK, folder) : NULL;
    bool any = false;
    enum err rc = mark ? read_mark(c, mark, out, e) : no_memory(e);

    if (rc == ERR_NOT_FOUND && (rc = fs_list(c->fs, folder, first_file, &any, e)) == OK) {
        *out = any ? json_object() : NULL; /* made by its first table */
        if (!any)
            rc = error_set(e, ERR_NOT_FOUND, "there is nothing in %s", folder);
        else if (*out == NULL)
            rc = no_memory(e);
    }
    arena_fini(&arena);
    return rc;
}

enum err hadoop_namespace_make(struct catalog *c, const char *name_space, json_t *properties, struct error *e)
{
    struct arena arena = {0};
    const char *folder = folder_of(c, &arena, name_space);
    const char *mark = folder ? arena_printf(&arena, "%s" MARK, folder) : NULL;
    bool any = false;
    enum err rc = mark ? fs_list(c->fs, folder, first_file, &any, e) : no_memory(e);

    if (rc == OK && any)
        rc = error_set(e, ERR_EXISTS, "there are files in %s already", folder);
    else if (rc == OK && json_object_get(properties, "location"))
        rc = error_set(e, ERR_UNSUPPORTED, "a database of a hadoop catalog has no location of its own");
    else if (rc == OK)
        rc = write_mark(c, mark, properties, FS_IF_ABSENT, e);
    arena_fini(&arena);
    return rc;
}

enum err hadoop_namespace_change(struct catalog *c, const char *name_space, json_t *updates, json_t *removals,
                                 struct error *e)
{
    struct arena arena = {0};
    const char *folder = folder_of(c, &arena, name_space);
    const char *mark = folder ? arena_printf(&arena, "%s" MARK, folder) : NULL;
    json_t *properties = NULL, *one;
    size_t i;
    enum err rc = mark ? hadoop_namespace_load(c, name_space, &properties, e) : no_memory(e);

    if (rc == OK && json_object_update(properties, updates) != 0)
        rc = no_memory(e);
    json_array_foreach(removals, i, one)
    {
        if (rc == OK)
            json_object_del(properties, json_string_value(one));
    }
    if (rc == OK)
        rc = write_mark(c, mark, properties, FS_REPLACE, e);
    json_decref(properties);
    arena_fini(&arena);
    return rc;
}

static void count_one(void *arg, UNUSED const char *name)
{
    ++*(int *)arg;
}

enum err hadoop_namespace_drop(struct catalog *c, const char *name_space, struct error *e)
{
    struct arena arena = {0};
    const char *folder = folder_of(c, &arena, name_space);
    const char *mark = folder ? arena_printf(&arena, "%s" MARK, folder) : NULL;
    json_t *properties = NULL;
    int tables = 0;
    enum err rc = mark ? hadoop_namespace_load(c, name_space, &properties, e) : no_memory(e);

    json_decref(properties);
    if (rc == OK && (rc = list(c, name_space, count_one, &tables, e)) == OK)
        rc = tables ? error_set(e, ERR_CONFIG, "it is not empty: it has %d table%s", tables,
                                tables == 1 ? "" : "s")
                    : fs_remove(c->fs, mark, e);
    arena_fini(&arena);
    return rc;
}

/* --- tables --- */

/* Some of the files below a folder. */
struct some_files {
    struct arena arena;
    const char *paths[DROP_MANY];
    int count;
};

static bool take_file(void *arg, const struct fs_info *info)
{
    struct some_files *f = arg;

    f->paths[f->count] = arena_strdup(&f->arena, info->path);
    f->count += f->paths[f->count] != NULL;
    return f->count < DROP_MANY && !f->arena.failed;
}

/* Remove all files whose paths begin so. */
static enum err remove_all(struct catalog *c, const char *prefix, struct error *e)
{
    struct some_files *f = mem_zalloc(sizeof *f);
    enum err rc = f ? OK : no_memory(e);

    while (rc == OK) {
        f->count = 0;
        rc = fs_list(c->fs, prefix, take_file, f, e);
        if (rc == OK && f->arena.failed)
            rc = no_memory(e);
        for (int i = 0; rc == OK && i < f->count; i++)
            rc = fs_remove(c->fs, f->paths[i], e);
        arena_fini(&f->arena);
        if (f->count == 0)
            break;
    }
    mem_free(f);
    return rc;
}

/* Its versions go first, so that there is no table whose files are half gone. */
enum err hadoop_table_drop(struct catalog *c, const char *name_space, const char *name, struct error *e)
{
    struct arena arena = {0};
    const char *folder = folder_of(c, &arena, name_space);
    const char *table = folder ? arena_printf(&arena, "%s%s/", folder, name) : NULL;
    const char *versions = table ? arena_printf(&arena, "%s" METADATA, table) : NULL;
    bool any = false;
    enum err rc = versions ? fs_list(c->fs, versions, first_file, &any, e) : no_memory(e);

    if (rc == OK && !any)
        rc = error_set(e, ERR_NOT_FOUND, "there is no such table (nothing in %smetadata)", table);
    if (rc == OK && (rc = remove_all(c, versions, e)) == OK)
        rc = remove_all(c, table, e);
    arena_fini(&arena);
    return rc;
}

enum err hadoop_table_rename(UNUSED struct catalog *c, UNUSED const char *name_space, UNUSED const char *from,
                             UNUSED const char *to, struct error *e)
{
    return error_set(e, ERR_UNSUPPORTED,
                     "tables of a hadoop catalog cannot be renamed: their names are their "
                     "folders");
}
