/* scan_plan.c: see scan_plan.h. Delete files are kept by the partition that they are for, so that each data
 * file looks at few.
 */
#include "iceberg/scan_plan.h"
#include "base/mem.h"
#include "iceberg/snapshot_pick.h"
#include <strings.h>

/* Delete files of one partition, or of none (global). */
struct delete_list {
    const struct data_file **files; /* owned */
    size_t count, capacity;
};

struct planning {
    const struct scan_request *r;
    struct arena *arena;
    struct scan_split *splits; /* owned until it is done */
    size_t count, capacity;
    struct map deletes; /* partition (partition_key) -> struct delete_list, owned */
    struct bytes key;
};

static enum err no_memory(struct error *e)
{
    return error_memory(e, sizeof(struct scan_split), "the plan of a table scan");
}

static bool is_unpartitioned(const struct partition_spec *spec)
{
    for (int32_t i = 0; spec && i < spec->field_count; i++)
        if (spec->fields[i].transform.kind != TRANSFORM_VOID)
            return false;
    return true;
}

/* Which partition: the spec and the values. Equality deletes of no partition are for all files: "G". */
static struct slice partition_key(struct planning *p, const struct data_file *f, bool global)
{
    bytes_clear(&p->key);
    bytes_text(&p->key, global ? "G" : "P");
    if (global)
        return bytes_all(&p->key);
    bytes_zigzag(&p->key, f->spec_id);
    for (int32_t i = 0; i < f->partition_count; i++) {
        bytes_u8(&p->key, f->partition[i].null);
        bytes_varint(&p->key, f->partition[i].value.len);
        bytes_slice(&p->key, f->partition[i].value);
    }
    return bytes_all(&p->key);
}

/* --- deletes --- */

static enum err add_delete(struct planning *p, const struct data_file *f, struct error *e)
{
    bool global = f->content == FILE_EQUALITY_DELETES &&
                  is_unpartitioned(metadata_spec(p->r->metadata, f->spec_id));
    struct slice key = partition_key(p, f, global);
    struct delete_list *list = map_get(&p->deletes, key);

    if (p->key.failed)
        return no_memory(e);
    if (list == NULL && ((list = mem_zalloc(sizeof *list)) == NULL || !map_put(&p->deletes, key, list))) {
        mem_free(list);
        return no_memory(e);
    }
    if (!MEM_GROW(list->files, list->count, list->capacity))
        return no_memory(e);
    list->files[list->count++] = f;
    return OK;
}

#define FILE_PATH_ID 2147483546 /* of file_path in position deletes (spec, "Reserved Field IDs") */

/* Could a position delete file name that path? Its bounds say so: often they are one path. */
static bool may_name(const struct data_file *delete, const char *path)
{
    if (delete->references)
        return strcmp(delete->references, path) == 0;
    for (int32_t i = 0; i < delete->column_count; i++) {
        const struct file_column *c = &delete->columns[i];

        if (c->field_id == FILE_PATH_ID && c->has_bounds)
            return slice_compare(c->lower, slice_text(path)) <= 0 &&
                   (slice_compare(c->upper, slice_text(path)) >= 0);
    }
    return true;
}

static bool is_for(const struct data_file *delete, const struct data_file *file)
{
    if (delete->content == FILE_EQUALITY_DELETES)
        return delete->sequence_number > file->sequence_number;
    return delete->sequence_number >= file->sequence_number && may_name(delete, file->path);
}

static const struct delete_list *deletes_of(struct planning *p, const struct data_file *file, bool global)
{
    return map_get(&p->deletes, partition_key(p, file, global));
}

static void add_applicable(const struct delete_list *list, const struct data_file *file,
                           const struct data_file **found, int32_t *count)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (is_for(list->files[i], file))
            found[(*count)++] = list->files[i];
}

static enum err find_deletes(struct planning *p, struct scan_split *split, struct error *e)
{
    const struct delete_list *of_all = deletes_of(p, split->file, true);
    const struct delete_list *of_partition = deletes_of(p, split->file, false);
    size_t most = (of_all ? of_all->count : 0) + (of_partition ? of_partition->count : 0);
    const struct data_file **found;
    int32_t count = 0;
    enum err rc = OK;

    if (p->key.failed)
        return no_memory(e);
    if (most == 0)
        return OK;
    if ((found = mem_calloc(most, sizeof *found)) == NULL)
        return no_memory(e);
    add_applicable(of_partition, split->file, found, &count);
    add_applicable(of_all, split->file, found, &count);
    if (count > 0) {
        split->deletes = arena_copy(p->arena, found, sizeof *found * (size_t)count);
        split->delete_count = count;
        rc = split->deletes ? OK : no_memory(e);
    }
    mem_free(found);
    return rc;
}

/* --- data files --- */

static enum err check_format(const struct data_file *f, struct error *e)
{
    if (f->format && strcasecmp(f->format, "PARQUET") != 0)
        return error_set(e, ERR_UNSUPPORTED, "%s is of format %s; weir reads parquet", f->path, f->format);
    if (f->key_metadata.len)
        return error_set(e, ERR_UNSUPPORTED, "%s is encrypted, which weir does not read", f->path);
    return OK;
}

static enum err add_split(struct planning *p, const struct scan_split *like, int64_t begin, int64_t end,
                          struct error *e)
{
    if (p->count == INT32_MAX || !MEM_GROW(p->splits, p->count, p->capacity))
        return no_memory(e);
    p->splits[p->count] = *like;
    p->splits[p->count].begin = begin;
    p->splits[p->count++].end = end;
    return OK;
}

static bool offsets_ascend(const struct data_file *f)
{
    for (int32_t i = 1; i < f->split_count; i++)
        if (f->splits[i] <= f->splits[i - 1])
            return false;
    return true;
}

/* Cut where row groups begin, as manifests say. */
static enum err cut(struct planning *p, const struct scan_split *whole, struct error *e)
{
    const struct data_file *f = whole->file;
    int64_t size = p->r->split_bytes, begin = 0;
    enum err rc = OK;

    for (int32_t i = 1; rc == OK && size > 0 && offsets_ascend(f) && i < f->split_count; i++) {
        int64_t next = i + 1 < f->split_count ? f->splits[i + 1] : f->size_bytes;

        if (next - begin > size && f->splits[i] > begin) {
            rc = add_split(p, whole, begin, f->splits[i], e);
            begin = f->splits[i];
        }
    }
    return rc == OK ? add_split(p, whole, begin, SCAN_TO_END, e) : rc;
}

static enum err add_file(struct planning *p, const struct data_file *f, bool with_deletes, struct error *e)
{
    struct scan_split split = {.file = f};
    enum err rc;

    if (!filter_may_match_file(p->r->filter, p->r->metadata, f))
        return OK;
    if ((rc = check_format(f, e)) != OK || (with_deletes && (rc = find_deletes(p, &split, e)) != OK))
        return rc;
    return cut(p, &split, e);
}

/* --- manifests --- */

/* A whole list of manifests; those of deletes or of data are looked at in each call. */
struct listing {
    struct manifest *manifests;
    int32_t count;
};

static enum err list_manifests(struct planning *p, const struct snapshot *s, struct listing *out,
                               struct error *e)
{
    if (s->manifest_list == NULL)
        return error_set(e, ERR_UNSUPPORTED,
                         "snapshot %" PRId64 " of %s has its manifests in the metadata (an early version 1)",
                         s->id, p->r->metadata->location);
    return manifest_list_read(p->r->fs, s->manifest_list, p->arena, &out->manifests, &out->count, e);
}

static bool is_empty(const struct manifest *m)
{
    return m->added_files == 0 && m->existing_files == 0;
}

/* Equality deletes of no partition are for rows of any: filters on partitions do not judge them. */
static bool is_of_interest(const struct planning *p, const struct manifest *m, bool deletes)
{
    return m->deletes == deletes && !is_empty(m) &&
           filter_may_match_manifest(p->r->filter, p->r->metadata, m);
}

static enum err read_live(struct planning *p, const struct manifest *m, struct error *e)
{
    struct manifest_entry *entries;
    int32_t count;
    enum err rc = manifest_read(p->r->fs, m, p->r->metadata, p->arena, &entries, &count, e);

    for (int32_t i = 0; rc == OK && i < count; i++) {
        const struct data_file *f = &entries[i].file;

        if (entries[i].status == ENTRY_DELETED)
            continue;
        if (f->content == FILE_DATA)
            rc = add_file(p, f, true, e);
        else if ((rc = check_format(f, e)) == OK)
            rc = add_delete(p, f, e);
    }
    return rc;
}

static enum err plan_live(struct planning *p, const struct snapshot *s, struct error *e)
{
    struct listing l = {0};
    enum err rc = list_manifests(p, s, &l, e);

    for (int pass = 0; pass < 2; pass++) /* deletes first */
        for (int32_t i = 0; rc == OK && i < l.count; i++)
            if (is_of_interest(p, &l.manifests[i], pass == 0))
                rc = read_live(p, &l.manifests[i], e);
    return rc;
}

static enum err read_added(struct planning *p, const struct manifest *m, const struct snapshot *s,
                           struct error *e)
{
    struct manifest_entry *entries;
    int32_t count;
    enum err rc = manifest_read(p->r->fs, m, p->r->metadata, p->arena, &entries, &count, e);

    for (int32_t i = 0; rc == OK && i < count; i++)
        if (entries[i].status == ENTRY_ADDED && entries[i].file.snapshot_id == s->id)
            rc = add_file(p, &entries[i].file, false, e);
    return rc;
}

static enum err plan_added(struct planning *p, const struct snapshot *s, struct error *e)
{
    struct listing l = {0};
    enum err rc = list_manifests(p, s, &l, e);

    for (int32_t i = 0; rc == OK && i < l.count; i++)
        if (l.manifests[i].added_snapshot_id == s->id && is_of_interest(p, &l.manifests[i], false))
            rc = read_added(p, &l.manifests[i], s, e);
    return rc;
}

/* --- whole plans --- */

static enum err finish(struct planning *p, enum err rc, struct scan_split **out, int32_t *count,
                       struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    if (rc == OK) {
        *out = arena_copy(p->arena, p->splits, sizeof *p->splits * p->count);
        *count = (int32_t)p->count;
        if (*out == NULL)
            rc = no_memory(e);
    }
    while ((entry = map_next(&p->deletes, &at)) != NULL) {
        mem_free(((struct delete_list *)entry->value)->files);
        mem_free(entry->value);
    }
    map_fini(&p->deletes);
    bytes_fini(&p->key);
    mem_free(p->splits);
    return rc;
}

enum err scan_plan_snapshot(const struct scan_request *r, const struct snapshot *s, struct arena *arena,
                            struct scan_split **out, int32_t *count, struct error *e)
{
    struct planning p = {.r = r, .arena = arena};
    enum err rc = s ? plan_live(&p, s, e) : OK;

    *out = NULL;
    *count = 0;
    return finish(&p, rc, out, count, e);
}

enum err scan_plan_appends(const struct scan_request *r, int64_t from_id, const struct snapshot *to,
                           struct arena *arena, struct scan_split **out, int32_t *count, int32_t *skipped,
                           struct error *e)
{
    struct planning p = {.r = r, .arena = arena};
    const struct snapshot **list;
    int32_t n = 0;
    enum err rc = snapshot_pick_between(r->metadata, from_id, to, arena, &list, &n, e);

    *out = NULL;
    *count = *skipped = 0;
    for (int32_t i = 0; rc == OK && i < n; i++) {
        const char *operation = snapshot_pick_operation(list[i]);

        if (strcmp(operation, "append") == 0)
            rc = plan_added(&p, list[i], e);
        else
            *skipped += strcmp(operation, "replace") != 0; /* compaction changes no rows */
    }
    return finish(&p, rc, out, count, e);
}
