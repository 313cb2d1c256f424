/* commit.c: one checkpoint's files become one snapshot, however often it is tried.
 *
 *         ┌────────────► is it there already? ──yes──► done
 *         │                     │ no
 *      refresh            manifest list, snapshot
 *         ▲                     │
 *         │               catalog: swap ──OK──► done
 *         │                     │
 *         ├── wait ◄── conflict ┤                     the attempt's files are removed
 *         └── wait ◄── unknown ─┘                     they stay: it may have happened
 *
 * Of two attempts only one can succeed, even if the first is still on its way when the second is made: each
 * requires the branch to be where it was when the attempt began.
 */
#include "iceberg/commit.h"
#include "iceberg/commit_files.h"
#include "iceberg/commit_history.h"
#include "iceberg/commit_references.h"
#include "iceberg/commit_summary.h"
#include "iceberg/json_field.h"
#include "os/log.h"

struct commit {
    struct table *t;
    const struct change *change;
    struct commit_files files;
    struct commit_overwrite overwrite; /* of a change that overwrites */
    bool unknown; /* an attempt's outcome is: its files and the new manifests must stay */
};

static enum err check_change(const struct table *t, const struct change *change, struct error *e)
{
    assert(change->pipeline && *change->pipeline && change->checkpoint_id > 0);
    if (t->metadata->format_version < 2)
        return error_set(e, ERR_UNSUPPORTED,
                         "table %s.%s has format version 1; weir writes version 2: set 'format-version' = "
                         "'2' with another engine",
                         t->name_space, t->name);
    if (!json_field_is_text(change->pipeline))
        return error_set(e, ERR_INPUT, "the pipeline's name is not UTF-8");
    for (const char *const *s = change->summary; s && *s; s++)
        if (!json_field_is_text(*s))
            return error_set(e, ERR_INPUT, "the summary of checkpoint %" PRId64 " is not UTF-8",
                             change->checkpoint_id);
    for (int32_t i = 0; i < change->file_count; i++)
        if (metadata_spec(t->metadata, change->files[i].spec_id) == NULL)
            return error_set(e, ERR_CORRUPT,
                             "file %s is of partition spec %" PRId32 ", which table %s.%s does not have",
                             change->files[i].path, change->files[i].spec_id, t->name_space, t->name);
    return OK;
}

/* The JSON of the change, sent. */
static enum err swap(struct commit *c, json_t *snapshot, struct error *e)
{
    const struct metadata *m = c->t->metadata;
    json_t *add = json_object(), *updates = json_array(), *requirements = commit_history_requirements(m);
    enum err rc;

    if (requirements && json_field_put(add, "action", json_string("add-snapshot")) &&
        json_field_put(add, "snapshot", json_incref(snapshot)) &&
        json_field_append(updates, json_incref(add)) &&
        json_field_append(updates, commit_history_ref(m, c->files.snapshot_id)))
        rc = table_commit(c->t, requirements, updates, e);
    else
        rc = error_memory(e, 0, "a commit");
    json_decref(add);
    json_decref(updates);
    json_decref(requirements);
    return rc;
}

static enum err attempt(struct commit *c, struct error *e)
{
    const struct metadata *m = c->t->metadata;
    const struct snapshot *parent = m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id)
                                                           : NULL;
    struct snapshot s = {.id = c->files.snapshot_id,
                         .parent_id = parent ? parent->id : 0,
                         .sequence_number = m->last_sequence_number + 1};
    struct commit_manifests manifests;
    json_t *snapshot = NULL;
    enum err rc;

    s.timestamp_ms = MAX(clock_wall_us(c->t->catalog->clock) / 1000, m->last_updated_ms);
    if ((rc = commit_files_list(&c->files, &s, parent, e)) != OK)
        return rc;
    s.manifest_list = c->files.list;
    manifests = (struct commit_manifests){c->files.manifest_count - c->files.kept, c->files.kept,
                                          c->files.replaced, c->overwrite.removed};
    if ((rc = commit_summary_snapshot(&s, parent, m->schema_id, c->change, &manifests, &snapshot, e)) == OK)
        rc = swap(c, snapshot, e);
    json_decref(snapshot);
    return rc;
}

/* Who was faster, for the error after the last attempt. */
static enum err give_up(struct commit *c, int32_t attempts, enum err rc, struct error *e)
{
    const struct metadata *m = c->t->metadata;
    const struct snapshot *head = m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id)
                                                         : NULL;
    struct bytes text = {0};

    if (head)
        commit_history_describe(head, &text);
    rc = error_add(e, rc,
                   "checkpoint %" PRId64 " of %s was not committed in %" PRId32
                   " attempts (the table is at " SLICE_FMT
                   "; raise commit.retry.num-retries if many write to it)",
                   c->change->checkpoint_id, c->change->pipeline, attempts,
                   SLICE_ARG(text.len ? bytes_all(&text) : SLICE("no snapshot")));
    bytes_fini(&text);
    return rc;
}

/* After a failed attempt: OK when the next may be made, on the newest version. */
static enum err prepare_next(struct commit *c, struct commit_retry *retry, int32_t attempts, enum err rc,
                             struct error *e)
{
    struct error again;
    enum err refreshed = OK;

    if (rc == ERR_UNKNOWN)
        c->unknown = true;
    else
        commit_files_drop_attempt(&c->files);
    if (rc != ERR_CONFLICT && rc != ERR_UNKNOWN && rc != ERR_UNAVAILABLE)
        return rc;
    log_info("iceberg", "table %s.%s: checkpoint %" PRId64 ", attempt %" PRId32 ": %s", c->t->name_space,
             c->t->name, c->change->checkpoint_id, attempts, e->text);
    if (rc == ERR_UNKNOWN) { /* ask at once: it may well have happened */
        if ((refreshed = commit_retry_refresh(c->t, &again)) != OK)
            return rc;
        return OK;
    }
    if (!commit_retry_wait(retry))
        return give_up(c, attempts, rc, e);
    if ((refreshed = commit_retry_refresh(c->t, &again)) != OK)
        *e = again;
    return refreshed;
}

static enum err commit_files_and_swap(struct commit *c, struct commit_result *out, struct error *e)
{
    struct commit_retry retry = commit_retry_new(c->t, "commit.retry", 4, 100);
    bool found = false;
    enum err rc, last = OK;

    for (;;) {
        if ((rc = commit_history_find(c->t, c->change->pipeline, c->change->checkpoint_id, &found,
                                      &out->snapshot_id, e)) != OK)
            return rc;
        if (found) {
            out->was_there = out->snapshot_id != c->files.snapshot_id;
            return OK;
        }
        if (last == ERR_UNKNOWN && !commit_retry_wait(&retry))
            return give_up(c, out->attempts, ERR_UNKNOWN, e);
        if ((rc = commit_references_check(c->t, c->change, e)) != OK)
            return rc;
        if (c->files.fresh_count == 0 &&
            (rc = commit_files_fresh(&c->files, c->change->files, c->change->file_count, e)) != OK)
            return rc;
        out->attempts++;
        if ((last = attempt(c, e)) == OK) {
            out->snapshot_id = c->files.snapshot_id;
            return OK;
        }
        if ((rc = prepare_next(c, &retry, out->attempts, last, e)) != OK)
            return rc;
    }
}

enum err commit_change(struct table *t, const struct change *change, struct commit_result *out,
                       struct error *e)
{
    struct commit c = {.t = t, .change = change};
    enum err rc = check_change(t, change, e);

    *out = (struct commit_result){0};
    if (rc != OK || change->file_count == 0)
        return rc;
    commit_files_init(&c.files, t);
    if (change->overwrites) {
        c.files.overwrite = &c.overwrite;
        rc = commit_overwrite_init(&c.overwrite, t->metadata, change, e);
    }
    if (rc == OK)
        rc = commit_files_and_swap(&c, out, e);
    if (!c.unknown)
        commit_files_drop_fresh(&c.files, rc == OK && !out->was_there);
    commit_files_fini(&c.files);
    commit_overwrite_fini(&c.overwrite);
    out->fits_snapshot_id = commit_references_fit(t, change);
    if (rc == OK)
        log_info("iceberg", "table %s.%s: checkpoint %" PRId64 " of %s %s snapshot %" PRId64, t->name_space,
                 t->name, change->checkpoint_id, change->pipeline,
                 out->was_there ? "was committed before as" : "is", out->snapshot_id);
    else
        error_add(e, rc, "committing to table %s.%s", t->name_space, t->name);
    return rc;
}
