/* commit_references.c: see commit_references.h. Manifests are read only when the history says that it may
 * matter. */
#include "iceberg/commit_references.h"
#include "base/map.h"
#include "iceberg/commit_history.h"
#include "iceberg/manifest.h"

static bool is_own(const struct table *t, const struct change *change)
{
    return commit_history_is_own(t->metadata, change->pipeline, change->fits_snapshot_id, true);
}

int64_t commit_references_fit(const struct table *t, const struct change *change)
{
    return is_own(t, change) ? t->metadata->current_snapshot_id : change->fits_snapshot_id;
}

static bool add_paths(struct map *live, const struct data_file *files, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (files[i].content == FILE_DATA && !map_put(live, slice_text(files[i].path), live))
            return false;
    return true;
}

/* The paths of all data files of the table and of the change. */
static enum err live_paths(const struct table *t, const struct change *change, struct map *live,
                           struct error *e)
{
    const struct metadata *m = t->metadata;
    const struct snapshot *head = m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id)
                                                         : NULL;
    struct arena arena = {0};
    struct data_file *files = NULL;
    int32_t count = 0;
    enum err rc = OK;

    if (head)
        rc = manifest_live_files(t->fs, m, head, &arena, &files, &count, e);
    if (rc == OK && (!add_paths(live, files, count) || !add_paths(live, change->files, change->file_count)))
        rc = error_memory(e, (size_t)count * 64, "the paths of data files");
    arena_fini(&arena);
    return rc;
}

enum err commit_references_dead(const struct table *t, const struct change *change, struct arena *arena,
                                const char ***out, int32_t *count, struct error *e)
{
    struct map live = {0};
    const char **dead = ARENA_ARRAY(arena, const char *, MAX(change->reference_count, 1));
    int32_t n = 0;
    enum err rc;

    if (dead == NULL)
        rc = error_memory(e, (size_t)change->reference_count * sizeof *dead, "the paths of data files");
    else
        rc = live_paths(t, change, &live, e);
    for (int32_t i = 0; rc == OK && i < change->reference_count; i++)
        if (map_get(&live, slice_text(change->references[i])) == NULL)
            dead[n++] = change->references[i];
    map_fini(&live);
    *out = dead;
    *count = n;
    return rc;
}

enum err commit_references_check(const struct table *t, const struct change *change, struct error *e)
{
    struct arena arena = {0};
    const char **dead;
    int32_t count;
    enum err rc;

    if (change->reference_count == 0 || is_own(t, change))
        return OK;
    rc = commit_references_dead(t, change, &arena, &dead, &count, e);
    if (rc == OK && count > 0) {
        rc = error_set(e, ERR_CONFLICT,
                       "somebody has rewritten or removed data file %s (one of %" PRId32
                       "), which has rows that checkpoint %" PRId64
                       " replaces; the job restarts, and finds its rows in the table again",
                       dead[0], count, change->checkpoint_id);
        error_advise(e, ADVICE_RESTART);
    }
    arena_fini(&arena);
    return rc;
}
