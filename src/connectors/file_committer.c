/* file_committer.c: the committing half of the file sink: shows the files of a complete checkpoint, then says of
 * partitions that they are complete.
 *
 * A partition is complete when a subtask says so and none of the same checkpoint still waits with it. What a
 * subtask said with an older checkpoint that came to nothing was carried into this one: its files and its
 * complete partitions count, those that waited do not.
 */
#include "base/map.h"
#include "base/mem.h"
#include "connectors/file_list.h"
#include "connectors/file_part.h"
#include "connectors/file_sink.h"
#include "io/fs.h"
#include "os/log.h"
#include <stdio.h>
#include <stdlib.h>

struct file_committer {
    struct committer c;
    const struct file_sink_spec *spec;
    const struct op_env *env;
    char prefix[FILE_SINK_PREFIX_MAX];
};

/* A checkpoint's parts, read. */
struct content {
    struct arena arena;
    struct file_part_entry *entries;
    size_t count;
    struct map latest; /* path -> the last entry of it: an older one of a file that went on does not count */
    struct map waits;  /* folder -> an entry: some subtask waits with the partition */
};

static struct file_committer *self(struct committer *c)
{
    return CONTAINER_OF(c, struct file_committer, c);
}

static bool is_file(const struct file_part_entry *entry)
{
    return entry->kind == FILE_PART_DONE || entry->kind == FILE_PART_OPEN;
}

static enum err content_init(struct content *c, int64_t checkpoint_id, const struct slice *parts,
                             int32_t count, struct error *e)
{
    enum err rc = file_part_read(parts, count, &c->arena, &c->entries, &c->count, e);

    for (size_t i = 0; rc == OK && i < c->count; i++) {
        struct file_part_entry *entry = &c->entries[i];
        bool waits = entry->kind == FILE_PART_PENDING && entry->checkpoint_id == checkpoint_id;

        if ((is_file(entry) && !map_put(&c->latest, slice_text(entry->path), entry)) ||
            (waits && !map_put(&c->waits, slice_text(entry->path), entry)))
            rc = error_memory(e, sizeof *entry, "files to show");
    }
    return rc;
}

static void content_fini(struct content *c)
{
    map_fini(&c->latest);
    map_fini(&c->waits);
    arena_fini(&c->arena);
}

/* --- showing ------------------------------------------------------------------------------------------ */

static enum err commit_partitions(struct file_committer *c, struct content *content, struct error *e)
{
    enum err rc = OK;

    for (size_t i = 0; rc == OK && i < content->count; i++) {
        const struct file_part_entry *entry = &content->entries[i];
        const char *path;

        if (entry->kind != FILE_PART_DUE || map_get(&content->waits, slice_text(entry->path)))
            continue;
        path = arena_printf(&content->arena, "%s%s", entry->path, c->spec->commit.success_name);
        path = path ? fs_join(&content->arena, c->spec->path, path) : NULL;
        rc = path ? fs_put(c->env->fs, path, SLICE(""), FS_REPLACE, e)
                  : error_memory(e, 0, "a partition's success file");
    }
    return rc;
}

static enum err committer_commit(struct committer *committer, int64_t checkpoint_id,
                                 const struct slice *parts, int32_t count, struct error *e)
{
    struct file_committer *c = self(committer);
    struct content content = {0};
    enum err rc = content_init(&content, checkpoint_id, parts, count, e);

    for (size_t i = 0; rc == OK && i < content.count; i++) {
        const struct file_part_entry *entry = &content.entries[i];

        if (entry->kind == FILE_PART_DONE)
            rc = fs_reveal(c->env->fs, entry->path, entry->ticket, e);
    }
    if (rc == OK)
        rc = commit_partitions(c, &content, e);
    content_fini(&content);
    if (rc == OK)
        return OK;
    return error_add(e, rc, "committing checkpoint %" PRId64 " to table %s", checkpoint_id, c->spec->label);
}

/* --- recovery ----------------------------------------------------------------------------------------- */

/* A file that went on after this checkpoint, and was shown with a later one, is to be as it was. */
static enum err shorten(struct file_committer *c, const struct file_part_entry *entry, struct error *e)
{
    struct bytes content = {0};
    struct fs_info info;
    enum err rc = fs_stat(c->env->fs, entry->path, &info, e);

    if (rc != OK || info.size <= entry->length)
        return rc;
    log_warn("file_sink", "%s: cut from %" PRId64 " to %" PRId64 " bytes, as the job goes back", entry->path,
             info.size, entry->length);
    if ((rc = fs_read(c->env->fs, entry->path, 0, entry->length, &content, e)) == OK)
        rc = fs_put(c->env->fs, entry->path, bytes_all(&content), FS_REPLACE, e);
    bytes_fini(&content);
    return rc;
}

/* Nobody can tell a file that was shown, and then taken away by its readers, from one that was lost. */
static enum err show_again(struct file_committer *c, const struct file_part_entry *entry, struct error *e)
{
    enum err rc = OK;

    if (entry->length > 0 || entry->kind == FILE_PART_DONE)
        rc = fs_reveal(c->env->fs, entry->path, entry->ticket, e);
    else
        fs_forget(c->env->fs, entry->path, entry->ticket);
    if (rc == OK && entry->kind == FILE_PART_OPEN && entry->length > 0)
        rc = shorten(c, entry, e);
    if (rc != ERR_NOT_FOUND)
        return rc;
    log_warn("file_sink", "%s: a file of the checkpoint is not there any more: %s", c->spec->label, e->text);
    return OK;
}

/* Files of this lineage that the checkpoint does not know of. */
struct remains {
    struct file_committer *c;
    int64_t checkpoint_id;
    struct arena arena;
    char **paths; /* in arena */
    size_t count, capacity;
    bool failed;
};

/* `<prefix><subtask>-<checkpoint>-<count>`, hidden or not. *hidden: what is not shown yet. */
static bool is_ours(const struct file_committer *c, const char *name, int64_t *checkpoint_id, bool *hidden)
{
    size_t len = strlen(c->prefix);
    int32_t subtask;
    int64_t count;

    *hidden = fs_is_unrevealed(name);
    name += *hidden;
    return strncmp(name, c->prefix, len) == 0 &&
           sscanf(name + len, "%" SCNd32 "-%" SCNd64 "-%" SCNd64, &subtask, checkpoint_id, &count) == 3;
}

static bool visit(void *arg, const struct fs_info *info)
{
    struct remains *r = arg;
    int64_t begun_after;
    bool hidden;
    char *path;

    if (!is_ours(r->c, file_list_name(info->path), &begun_after, &hidden) ||
        (!hidden && begun_after < r->checkpoint_id))
        return true;
    path = (char *)(uintptr_t)arena_strdup(&r->arena, info->path);
    if (path == NULL || !MEM_GROW(r->paths, r->count, r->capacity)) {
        r->failed = true;
        return false;
    }
    r->paths[r->count++] = path;
    return true;
}

/* What the checkpoint knows of has been shown by now: whatever is hidden still, or was begun later, goes. */
static enum err clear_remains(struct file_committer *c, int64_t checkpoint_id, struct error *e)
{
    struct remains r = {.c = c, .checkpoint_id = checkpoint_id};
    const char *root = fs_join(&r.arena, c->spec->path, "");
    enum err rc = root ? fs_list(c->env->fs, root, visit, &r, e) : error_memory(e, 0, "a path");

    if (rc == OK && r.failed)
        rc = error_memory(e, r.count * sizeof *r.paths, "a list of files");
    for (size_t i = 0; rc == OK && i < r.count; i++)
        rc = fs_remove(c->env->fs, r.paths[i], e);
    if (rc == OK && r.count)
        log_info("file_sink", "%s: %zu files that came after checkpoint %" PRId64 " were removed",
                 c->spec->label, r.count, checkpoint_id);
    mem_free(r.paths);
    arena_fini(&r.arena);
    return rc;
}

static enum err committer_recover(struct committer *committer, int64_t checkpoint_id,
                                  const struct slice *parts, int32_t count, struct error *e)
{
    struct file_committer *c = self(committer);
    struct content content = {0};
    struct map_entry *at_path;
    size_t at = 0;
    enum err rc;

    if (checkpoint_id == 0) /* a new lineage: nothing here is of it */
        return OK;
    rc = content_init(&content, checkpoint_id, parts, count, e);
    while (rc == OK && (at_path = map_next(&content.latest, &at)) != NULL)
        rc = show_again(c, at_path->value, e);
    if (rc == OK)
        rc = commit_partitions(c, &content, e);
    if (rc == OK)
        rc = clear_remains(c, checkpoint_id, e);
    content_fini(&content);
    if (rc == OK)
        return OK;
    return error_add(e, rc, "bringing table %s to checkpoint %" PRId64, c->spec->label, checkpoint_id);
}

/* --- life --------------------------------------------------------------------------------------------- */

static void committer_close(struct committer *committer)
{
    mem_free(self(committer));
}

static const struct committer_ops ops = {"file_sink", committer_commit, committer_recover, committer_close};

enum err file_committer_new(const void *spec, const struct op_env *env, struct committer **out,
                            struct error *e)
{
    struct file_committer *c = mem_zalloc(sizeof *c);

    if (c == NULL)
        return error_memory(e, sizeof *c, "a file sink's committer");
    c->c.ops = &ops;
    c->spec = spec;
    c->env = env;
    file_sink_prefix(env, c->prefix);
    *out = &c->c;
    return OK;
}
