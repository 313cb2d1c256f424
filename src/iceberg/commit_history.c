/* commit_history.c: see commit_history.h; and commit_last and commit_rewind of commit.h. */
#include "iceberg/commit_history.h"
#include "iceberg/json_field.h"
#include "os/log.h"
#include <stdio.h>
#include <stdlib.h>

#define MAIN_BRANCH "main"

/* --- walking --- */

/* From the branch's head to its root, or to where snapshots have expired. Damaged metadata may go in
 * circles. */
struct walk {
    const struct metadata *m;
    const struct snapshot *at;
    int32_t steps_left;
    bool cut; /* ended at a snapshot whose parent is not there any more */
};

static struct walk walk_from_head(const struct metadata *m)
{
    return (struct walk){m, m->current_snapshot_id ? metadata_snapshot(m, m->current_snapshot_id) : NULL,
                         m->snapshot_count, false};
}

static const struct snapshot *walk_next(struct walk *w)
{
    const struct snapshot *s = w->steps_left-- > 0 ? w->at : NULL;

    if (s == NULL)
        return NULL;
    w->at = metadata_parent(w->m, s);
    w->cut = w->at == NULL && s->parent_id != 0;
    return s;
}

int64_t commit_history_checkpoint(const struct snapshot *s, const char *pipeline)
{
    const char *name = json_field_get(s->summary, COMMIT_PIPELINE),
               *id = json_field_get(s->summary, COMMIT_CHECKPOINT);

    return name && id && strcmp(name, pipeline) == 0 ? MAX(strtoll(id, NULL, 10), 0) : 0;
}

enum err commit_history_find(const struct table *t, const char *pipeline, int64_t checkpoint_id, bool *found,
                             int64_t *snapshot_id, struct error *e)
{
    struct walk w = walk_from_head(t->metadata);
    const struct snapshot *s;
    int64_t newest = 0;

    *found = false;
    *snapshot_id = 0;
    while ((s = walk_next(&w)) != NULL) {
        int64_t checkpoint = commit_history_checkpoint(s, pipeline);

        newest = MAX(newest, checkpoint);
        if (checkpoint == checkpoint_id) {
            *found = true;
            *snapshot_id = s->id;
            return OK;
        }
    }
    if (newest < checkpoint_id)
        return OK;
    if (w.cut) {
        /* Later ones are there and the oldest have expired: commits are made in order, so this one is among
         * those. */
        log_warn("iceberg",
                 "table %s.%s: checkpoint %" PRId64 " of %s is taken as committed: %" PRId64
                 " is, and older snapshots have expired",
                 t->name_space, t->name, checkpoint_id, pipeline, newest);
        *found = true;
        return OK;
    }
    return error_set(e, ERR_CONFLICT,
                     "pipeline %s has committed checkpoint %" PRId64 " to table %s.%s, so %" PRId64
                     " cannot follow; restore the newest checkpoint, or give the pipeline another name",
                     pipeline, newest, t->name_space, t->name, checkpoint_id);
}

bool commit_history_is_own(const struct metadata *m, const char *pipeline, int64_t since_id, bool or_appends)
{
    struct walk w = walk_from_head(m);
    const struct snapshot *s;

    while ((s = walk_next(&w)) != NULL) {
        const char *operation = json_field_get(s->summary, "operation");

        if (s->id == since_id)
            return true;
        if (commit_history_checkpoint(s, pipeline) == 0 &&
            !(or_appends && operation && strcmp(operation, "append") == 0))
            return false;
    }
    return since_id == 0 && !w.cut;
}

void commit_history_describe(const struct snapshot *s, struct bytes *out)
{
    const char *pipeline = json_field_get(s->summary, COMMIT_PIPELINE);
    const char *engine = json_field_get(s->summary, "engine-name");

    bytes_printf(out, "snapshot %" PRId64, s->id);
    if (pipeline)
        bytes_printf(out, " of weir pipeline %s at checkpoint %s", pipeline,
                     json_field_get(s->summary, COMMIT_CHECKPOINT));
    else
        bytes_printf(out, " of %s", engine ? engine : "another writer");
}

enum err commit_last(struct table *t, const char *pipeline, int64_t *checkpoint_id, struct error *e)
{
    const struct snapshot *s;
    struct walk w;
    enum err rc = table_refresh(t, e);

    *checkpoint_id = 0;
    if (rc != OK)
        return rc;
    for (w = walk_from_head(t->metadata); (s = walk_next(&w)) != NULL;) {
        int64_t checkpoint = commit_history_checkpoint(s, pipeline);

        *checkpoint_id = MAX(*checkpoint_id, checkpoint);
    }
    return OK;
}

/* --- JSON of changes --- */

/* An object with "kind": text, which the others are put into. */
static json_t *object_of(const char *kind, const char *text)
{
    json_t *o = json_object();

    if (json_field_put(o, kind, json_string(text)))
        return o;
    json_decref(o);
    return NULL;
}

json_t *commit_history_requirements(const struct metadata *m)
{
    json_t *list = json_array(), *uuid = object_of("type", "assert-table-uuid");
    json_t *ref = object_of("type", "assert-ref-snapshot-id");
    bool ok = json_field_put(uuid, "uuid", json_string(m->uuid)) &&
              json_field_put(ref, "ref", json_string(MAIN_BRANCH)) &&
              json_field_put(ref, "snapshot-id",
                             m->current_snapshot_id ? json_integer(m->current_snapshot_id) : json_null()) &&
              json_field_append(list, json_incref(uuid)) && json_field_append(list, json_incref(ref));

    json_decref(uuid);
    json_decref(ref);
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}

json_t *commit_history_ref(const struct metadata *m, int64_t snapshot_id)
{
    static const char *const kept[] = {"min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"};
    json_t *old = json_object_get(json_object_get(m->json, "refs"), MAIN_BRANCH);
    json_t *o = object_of("action", snapshot_id ? "set-snapshot-ref" : "remove-snapshot-ref");
    bool ok = json_field_put(o, "ref-name", json_string(MAIN_BRANCH));

    if (snapshot_id) {
        ok = ok && json_field_put(o, "type", json_string("branch")) &&
             json_field_put(o, "snapshot-id", json_integer(snapshot_id));
        for (size_t i = 0; i < COUNT_OF(kept); i++)
            if (ok && json_field_has(old, kept[i]))
                ok = json_field_put(o, kept[i], json_incref(json_object_get(old, kept[i])));
    }
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

/* --- retries --- */

static int64_t retry_property(const struct commit_retry *r, const char *name, int64_t standard)
{
    char key[64];

    snprintf(key, sizeof key, "%s.%s", r->property, name);
    return MAX(metadata_property_long(r->t->metadata, key, standard), 0);
}

struct commit_retry commit_retry_new(struct table *t, const char *property, int64_t retries,
                                     int64_t min_wait_ms)
{
    struct commit_retry r = {.t = t, .property = property, .begin_ms = clock_mono_ms(t->catalog->clock)};

    r.attempts_max = retry_property(&r, "num-retries", retries);
    r.min_ms = retry_property(&r, "min-wait-ms", min_wait_ms);
    r.max_ms = retry_property(&r, "max-wait-ms", 60000);
    r.total_ms = retry_property(&r, "total-timeout-ms", 1800000);
    return r;
}

bool commit_retry_wait(struct commit_retry *r)
{
    int64_t wait_ms = r->min_ms, used_ms = clock_mono_ms(r->t->catalog->clock) - r->begin_ms;

    if (r->attempts >= r->attempts_max || used_ms >= r->total_ms)
        return false;
    for (int64_t i = 0; i < r->attempts && wait_ms < r->max_ms; i++)
        wait_ms *= 2;
    r->attempts++;
    wait_ms = MIN(wait_ms, MIN(r->max_ms, r->total_ms - used_ms));
    /* Half of it is chance, so that those who clashed once do not clash again. */
    wait_ms -= (int64_t)(catalog_random(r->t->catalog) % ((uint64_t)wait_ms / 2 + 1));
    catalog_sleep(r->t->catalog, wait_ms);
    return true;
}

enum err commit_retry_refresh(struct table *t, struct error *e)
{
    struct commit_retry check = commit_retry_new(t, "commit.status-check", 3, 1000);
    enum err rc;

    while ((rc = table_refresh(t, e)) == ERR_UNAVAILABLE || rc == ERR_IO)
        if (!commit_retry_wait(&check))
            break;
    return rc;
}

/* --- going back --- */

struct undo {
    int32_t count;                    /* snapshots to take back, from the head */
    const struct snapshot *oldest;    /* the last of them */
    const struct snapshot *other;     /* somebody else's above one of them; NULL: none */
    const struct snapshot *rewritten; /* the same, but it only put the same rows into other files */
};

/* A compaction: going back behind it loses no row of anybody's, only its work. */
static bool keeps_rows(const struct snapshot *s)
{
    const char *operation = json_field_get(s->summary, "operation");

    return operation && strcmp(operation, "replace") == 0;
}

static struct undo plan_undo(const struct metadata *m, const char *pipeline, int64_t checkpoint_id)
{
    struct undo u = {0};
    struct walk w = walk_from_head(m);
    const struct snapshot *s, *other = NULL, *rewritten = NULL;
    int32_t depth = 0;

    while ((s = walk_next(&w)) != NULL) {
        depth++;
        if (commit_history_checkpoint(s, pipeline) > checkpoint_id)
            u = (struct undo){depth, s, other, rewritten};
        else if (keeps_rows(s))
            rewritten = rewritten ? rewritten : s;
        else
            other = other ? other : s;
    }
    return u;
}

static enum err refuse_undo(const struct table *t, const struct undo *u, const char *pipeline,
                            int64_t checkpoint_id, struct error *e)
{
    struct bytes text = {0}, above = {0};

    commit_history_describe(u->oldest, &text);
    commit_history_describe(u->other, &above);
    error_set(e, ERR_CONFLICT,
              "table %s.%s cannot go back to checkpoint %" PRId64 " of %s: on top of " SLICE_FMT
              " lies " SLICE_FMT "; roll the table back by hand, or restore a later checkpoint",
              t->name_space, t->name, checkpoint_id, pipeline, SLICE_ARG(bytes_all(&text)),
              SLICE_ARG(bytes_all(&above)));
    error_advise(e, ADVICE_GIVE_UP); /* it will not go away by trying again */
    bytes_fini(&text);
    bytes_fini(&above);
    return ERR_CONFLICT;
}

static void warn_of_rewrite(const struct table *t, const struct snapshot *rewritten)
{
    struct bytes text = {0};

    commit_history_describe(rewritten, &text);
    log_warn("iceberg",
             "table %s.%s goes back behind " SLICE_FMT
             ", which had put its rows into other files: let that be done again",
             t->name_space, t->name, SLICE_ARG(bytes_all(&text)));
    bytes_fini(&text);
}

static enum err undo_once(struct table *t, const struct undo *u, struct error *e)
{
    const struct snapshot *parent = metadata_parent(t->metadata, u->oldest);
    json_t *requirements, *updates, *ref;
    enum err rc;

    if (parent == NULL && u->oldest->parent_id != 0)
        return error_set(e, ERR_INPUT,
                         "table %s.%s cannot go back: snapshot %" PRId64
                         ", which it would go back to, has expired",
                         t->name_space, t->name, u->oldest->parent_id);
    requirements = commit_history_requirements(t->metadata);
    updates = json_array();
    ref = commit_history_ref(t->metadata, parent ? parent->id : 0);
    if (requirements && json_field_append(updates, ref))
        rc = table_commit(t, requirements, updates, e);
    else
        rc = error_memory(e, 0, "a change of the table");
    json_decref(requirements);
    json_decref(updates);
    return rc;
}

enum err commit_rewind(struct table *t, const char *pipeline, int64_t checkpoint_id, int32_t *undone,
                       struct error *e)
{
    struct commit_retry retry;
    struct undo u;
    enum err rc = table_refresh(t, e);

    *undone = 0;
    if (rc != OK)
        return rc;
    if (t->metadata->format_version < 2)
        return OK; /* weir has not written to it */
    retry = commit_retry_new(t, "commit.retry", 4, 100);
    for (;;) {
        u = plan_undo(t->metadata, pipeline, checkpoint_id);
        if (u.count == 0)
            return OK;
        if (u.other)
            return refuse_undo(t, &u, pipeline, checkpoint_id, e);
        if (u.rewritten)
            warn_of_rewrite(t, u.rewritten);
        rc = undo_once(t, &u, e);
        *undone = MAX(*undone, u.count);
        if (rc != ERR_CONFLICT && rc != ERR_UNKNOWN)
            break;
        if (!commit_retry_wait(&retry))
            break;
        if (commit_retry_refresh(t, e) != OK)
            return e->code;
    }
    if (rc != OK)
        *undone = 0;
    return rc;
}
