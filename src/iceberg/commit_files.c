/* commit_files.c: see commit_files.h.
 * Small manifests are merged as Iceberg's own append does: those of one content and spec are packed, the
 * oldest first, into bins of commit.manifest.target-size-bytes; a bin of several becomes one manifest, but
 * the bin of the newest only when it has commit.manifest.min-count-to-merge of them.
 */
#include "iceberg/commit_files.h"
#include "base/mem.h"
#include "io/fs.h"
#include "os/log.h"

#define TARGET_BYTES (8 * INT64_C(1024) * 1024)
#define MERGE_COUNT  100

void commit_files_init(struct commit_files *c, struct table *t)
{
    struct random r;

    *c = (struct commit_files){.t = t};
    random_seed(&r, catalog_random(t->catalog));
    random_uuid(&r, c->uuid);
    do
        c->snapshot_id = (int64_t)(random_u64(&r) >> 1);
    while (c->snapshot_id == 0 || metadata_snapshot(t->metadata, c->snapshot_id));
}

void commit_files_fini(struct commit_files *c)
{
    mem_free(c->fresh);
    arena_fini(&c->attempt);
    arena_fini(&c->arena);
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "the manifests of a commit");
}

static const char *metadata_folder(const struct table *t, struct arena *arena)
{
    const char *path = metadata_property(t->metadata, "write.metadata.path");

    return path ? arena_strdup(arena, path) : fs_join(arena, t->metadata->location, "metadata");
}

static int64_t target_bytes(const struct table *t)
{
    return MAX(metadata_property_long(t->metadata, "commit.manifest.target-size-bytes", TARGET_BYTES), 1);
}

/* Write entries as the commit's next manifest; path and summaries in arena. */
static enum err write_manifest(struct commit_files *c, int32_t spec_id, bool deletes,
                               const struct manifest_entry *entries, int32_t count, struct arena *arena,
                               struct manifest *out, struct error *e)
{
    const char *folder = metadata_folder(c->t, arena), *name, *path;

    name = arena_printf(arena, "%s-m%" PRId32 ".avro", c->uuid, c->number++);
    path = folder && name ? fs_join(arena, folder, name) : NULL;
    if (path == NULL)
        return no_memory(e);
    return manifest_write(c->t->fs, path, c->t->metadata, spec_id, deletes, entries, count, c->snapshot_id,
                          arena, out, e);
}

/* --- the new files --- */

static bool is_deletes(const struct data_file *f)
{
    return f->content != FILE_DATA;
}

static bool in_group(const struct data_file *f, const struct data_file *like)
{
    return is_deletes(f) == is_deletes(like) && f->spec_id == like->spec_id;
}

static bool is_first(const struct data_file *files, int32_t at)
{
    for (int32_t i = 0; i < at; i++)
        if (in_group(&files[i], &files[at]))
            return false;
    return true;
}

static bool add_fresh(struct commit_files *c, const struct manifest *m)
{
    size_t capacity = (size_t)c->fresh_capacity;
    bool ok = MEM_GROW(c->fresh, (size_t)c->fresh_count, capacity);

    c->fresh_capacity = (int32_t)capacity;
    if (ok)
        c->fresh[c->fresh_count++] = *m;
    return ok;
}

/* About how long a file's entry is in a manifest. */
static int64_t entry_bytes(const struct data_file *f, struct bytes *scratch)
{
    bytes_clear(scratch);
    data_file_encode(f, scratch);
    return (int64_t)scratch->len;
}

/* The files like files[first], in manifests of about the target size. */
static enum err write_group(struct commit_files *c, const struct data_file *files, int32_t count,
                            int32_t first, struct manifest_entry *entries, struct error *e)
{
    struct bytes scratch = {0};
    struct manifest m;
    int64_t bytes = 0, target = target_bytes(c->t);
    int32_t n = 0;
    enum err rc = OK;

    for (int32_t i = first; rc == OK && i <= count; i++) {
        if (i < count && in_group(&files[i], &files[first])) {
            entries[n] = (struct manifest_entry){ENTRY_ADDED, files[i]};
            entries[n++].file.snapshot_id = c->snapshot_id;
            bytes += entry_bytes(&files[i], &scratch);
        }
        if (n == 0 || (i < count && bytes < target))
            continue;
        rc = write_manifest(c, files[first].spec_id, is_deletes(&files[first]), entries, n, &c->arena, &m, e);
        if (rc == OK && !add_fresh(c, &m))
            rc = no_memory(e);
        n = 0;
        bytes = 0;
    }
    bytes_fini(&scratch);
    return rc;
}

enum err commit_files_fresh(struct commit_files *c, const struct data_file *files, int32_t count,
                            struct error *e)
{
    struct manifest_entry *entries = mem_calloc((size_t)count, sizeof *entries);
    enum err rc = entries ? OK : no_memory(e);

    for (int32_t i = 0; rc == OK && i < count; i++)
        if (is_first(files, i))
            rc = write_group(c, files, count, i, entries, e);
    mem_free(entries);
    return rc;
}

/* --- merging --- */

static bool same_kind(const struct manifest *a, const struct manifest *b)
{
    return a->deletes == b->deletes && a->spec_id == b->spec_id;
}

/* The live entries of a manifest, as they are to be in a merged one. */
static enum err add_entries(struct commit_files *c, const struct manifest *m, struct manifest_entry **all,
                            size_t *count, size_t *capacity, struct error *e)
{
    struct manifest_entry *entries;
    int32_t n;
    enum err rc = manifest_read(c->t->fs, m, c->t->metadata, &c->attempt, &entries, &n, e);

    for (int32_t i = 0; rc == OK && i < n; i++) {
        bool ours = m->added_snapshot_id == c->snapshot_id && entries[i].status == ENTRY_ADDED;

        if (entries[i].status == ENTRY_DELETED)
            continue;
        if (!MEM_GROW(*all, *count, *capacity))
            return no_memory(e);
        entries[i].status = ours ? ENTRY_ADDED : ENTRY_EXISTING;
        (*all)[(*count)++] = entries[i];
    }
    return rc;
}

/* bin's manifests as one, behind those that are in c->manifests already. */
static enum err merge_bin(struct commit_files *c, const struct manifest *bin[], int32_t n, struct error *e)
{
    struct manifest_entry *entries = NULL;
    size_t count = 0, capacity = 0;
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < n; i++)
        rc = add_entries(c, bin[i], &entries, &count, &capacity, e);
    if (rc == OK && (rc = write_manifest(c, bin[0]->spec_id, bin[0]->deletes, entries, (int32_t)count,
                                         &c->attempt, &c->manifests[c->manifest_count], e)) == OK) {
        c->manifest_count++;
        c->merged_count++;
    }
    mem_free(entries);
    return rc;
}

static void keep_bin(struct commit_files *c, const struct manifest *bin[], int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        c->manifests[c->manifest_count++] = *bin[i];
}

static enum err put_bin(struct commit_files *c, const struct manifest *bin[], int32_t n, bool newest,
                        struct error *e)
{
    int64_t least = metadata_property_long(c->t->metadata, "commit.manifest.min-count-to-merge", MERGE_COUNT);

    if (n > 1 && (!newest || n >= least))
        return merge_bin(c, bin, n, e);
    keep_bin(c, bin, n);
    return OK;
}

/* The group of all[first]: its manifests, merged where that is due, into c->manifests. group is scratch. */
static enum err put_group(struct commit_files *c, const struct manifest *all, int32_t count, int32_t first,
                          const struct manifest **group, struct error *e)
{
    bool merge = metadata_property_bool(c->t->metadata, "commit.manifest-merge.enabled", true);
    int64_t target = target_bytes(c->t);
    int32_t n = 0, end;
    enum err rc = OK;

    for (int32_t i = first; i < count; i++)
        if (same_kind(&all[i], &all[first]))
            group[n++] = &all[i];
    if (!merge)
        keep_bin(c, group, n);
    for (end = merge ? n : 0; rc == OK && end > 0;) {
        int64_t bytes = group[end - 1]->length;
        int32_t begin = end - 1;

        while (begin > 0 && bytes + group[begin - 1]->length <= target)
            bytes += group[--begin]->length;
        rc = put_bin(c, group + begin, end - begin, begin == 0, e);
        end = begin;
    }
    return rc;
}

static enum err put_manifests(struct commit_files *c, const struct manifest *all, int32_t count,
                              struct error *e)
{
    const struct manifest **group = ARENA_ARRAY(&c->attempt, const struct manifest *, count);
    enum err rc = OK;

    c->manifests = ARENA_ARRAY(&c->attempt, struct manifest, count + c->rewritten_count);
    if (c->attempt.failed)
        return no_memory(e);
    for (int32_t i = 0; rc == OK && i < count; i++) {
        bool first = true;

        for (int32_t k = 0; first && k < i; k++)
            first = !same_kind(&all[k], &all[i]);
        if (first)
            rc = put_group(c, all, count, i, group, e);
    }
    return rc;
}

/* --- the list --- */

/* m again, with what is taken out marked as deleted; *done false: nothing is, it stays. */
static enum err rewrite(struct commit_files *c, const struct manifest *m, bool *done, struct error *e)
{
    struct manifest_entry *entries;
    int32_t count;
    enum err rc = commit_overwrite_entries(c->overwrite, c->t, m, c->snapshot_id, &c->attempt, &entries,
                                           &count, e);

    *done = rc == OK && count > 0;
    if (*done && (rc = write_manifest(c, m->spec_id, m->deletes, entries, count, &c->attempt,
                                      &c->rewritten[c->rewritten_count], e)) == OK)
        c->rewritten_count++;
    return rc;
}

/* The new manifests, then the parent's that have live files and lose none. */
static enum err gather(struct commit_files *c, const struct snapshot *parent, struct manifest **out,
                       int32_t *count, struct error *e)
{
    struct manifest *old = NULL, *all;
    int32_t n = 0;
    enum err rc = OK;

    if (parent && (rc = manifest_list_read(c->t->fs, parent->manifest_list, &c->attempt, &old, &n, e)) != OK)
        return rc;
    all = ARENA_ARRAY(&c->attempt, struct manifest, c->fresh_count + n);
    c->rewritten = ARENA_ARRAY(&c->attempt, struct manifest, n + 1);
    if (c->attempt.failed)
        return no_memory(e);
    memcpy(all, c->fresh, (size_t)c->fresh_count * sizeof *all);
    *count = c->fresh_count;
    for (int32_t i = 0; rc == OK && i < n; i++) {
        bool rewritten = false;

        if (old[i].added_files == 0 && old[i].existing_files == 0)
            continue;
        if (c->overwrite)
            rc = rewrite(c, &old[i], &rewritten, e);
        if (!rewritten)
            all[(*count)++] = old[i];
    }
    *out = all;
    return rc;
}

static bool is_fresh(const struct commit_files *c, const char *path)
{
    for (int32_t i = 0; i < c->fresh_count; i++)
        if (strcmp(c->fresh[i].path, path) == 0)
            return true;
    return false;
}

/* What of the parent's manifests is in the list, and what was merged away. */
static void count_kept(struct commit_files *c, int32_t before)
{
    for (int32_t i = 0; i < c->manifest_count; i++)
        c->kept += c->manifests[i].added_snapshot_id != c->snapshot_id;
    c->replaced = before - c->fresh_count - c->kept;
}

enum err commit_files_list(struct commit_files *c, const struct snapshot *snapshot,
                           const struct snapshot *parent, struct error *e)
{
    struct manifest *all;
    const char *folder, *name;
    int32_t count = 0;
    enum err rc;

    arena_fini(&c->attempt);
    c->list = NULL;
    c->manifests = NULL;
    c->manifest_count = c->merged_count = c->kept = c->replaced = c->rewritten_count = 0;
    if (c->overwrite)
        memset(c->overwrite->removed, 0, sizeof c->overwrite->removed);
    if ((rc = gather(c, parent, &all, &count, e)) != OK || (rc = put_manifests(c, all, count, e)) != OK)
        return rc;
    count_kept(c, count);
    for (int32_t i = 0; i < c->rewritten_count; i++)
        c->manifests[c->manifest_count++] = c->rewritten[i];
    c->replaced += c->rewritten_count;
    folder = metadata_folder(c->t, &c->attempt);
    name = arena_printf(&c->attempt, "snap-%" PRId64 "-%" PRId32 "-%s.avro", snapshot->id, c->number++,
                        c->uuid);
    if (folder == NULL || name == NULL || (c->list = fs_join(&c->attempt, folder, name)) == NULL)
        return no_memory(e);
    return manifest_list_write(c->t->fs, c->list, snapshot, c->manifests, c->manifest_count, e);
}

/* --- clearing away --- */

static void drop(struct commit_files *c, const char *path)
{
    struct error e;

    if (fs_remove(c->t->fs, path, &e) != OK)
        log_warn("iceberg", "%s is not needed, but stays: %s", path, e.text);
}

void commit_files_drop_attempt(struct commit_files *c)
{
    if (c->list)
        drop(c, c->list);
    for (int32_t i = 0; i < c->manifest_count; i++)
        if (c->manifests[i].added_snapshot_id == c->snapshot_id && !is_fresh(c, c->manifests[i].path))
            drop(c, c->manifests[i].path);
    c->list = NULL;
    c->manifest_count = 0;
}

void commit_files_drop_fresh(struct commit_files *c, bool committed)
{
    for (int32_t i = 0; i < c->fresh_count; i++) {
        bool used = false;

        for (int32_t k = 0; committed && !used && k < c->manifest_count; k++)
            used = strcmp(c->manifests[k].path, c->fresh[i].path) == 0;
        if (!used)
            drop(c, c->fresh[i].path);
    }
}
