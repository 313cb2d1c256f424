/* recovery.c: see recovery.h. */
#include "engine/recovery.h"
#include "base/mem.h"
#include "os/log.h"
#include <stdio.h>

#define COMPONENT "recovery"

/* --- does it fit? --- */

static const struct vertex *find_vertex(const struct graph *g, const char *uid)
{
    for (int32_t i = 0; i < g->vertex_count; i++)
        if (strcmp(g->vertices[i].uid, uid) == 0)
            return &g->vertices[i];
    return NULL;
}

static bool has_state(const struct checkpoint_vertex *v)
{
    return v->item_count > 0 || v->file_count > 0 || v->part_count > 0;
}

static void list_unclaimed(struct bytes *out, const struct checkpoint_vertex *v)
{
    bytes_printf(out, "%s'%s' (%s)", out->len > 0 ? ", " : "", v->uid, v->name);
}

static enum err check_fit(const struct checkpoint_vertex *old, const struct vertex *v, struct error *e)
{
    if (old->file_count > 0 && old->max_parallelism != v->max_parallelism)
        return error_set(
            e, ERR_CONFIG,
            "%s: its keyed state was written with max parallelism %d and cannot be read with %d; set "
            "pipeline.max-parallelism to %d",
            v->name, old->max_parallelism, v->max_parallelism, old->max_parallelism);
    if (old->file_count > 0 && !v->keyed)
        return error_set(
            e, ERR_CONFIG,
            "%s: the checkpoint has keyed state for it, but it keeps none now; give it another uid, and "
            "allow state that is not restored",
            v->name);
    if (old->part_count > 0 && v->factory->committer_new == NULL)
        return error_set(e, ERR_CONFIG,
                         "%s: the checkpoint has data for it to commit, but it is no sink that commits now",
                         v->name);
    return OK;
}

enum err recovery_check(const struct checkpoint *c, const struct graph *g, bool allow_non_restored,
                        struct error *e)
{
    struct bytes unclaimed = {0};
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < c->vertex_count; i++) {
        const struct checkpoint_vertex *old = &c->vertices[i];
        const struct vertex *v = find_vertex(g, old->uid);

        if (v != NULL)
            rc = check_fit(old, v, e);
        else if (has_state(old))
            list_unclaimed(&unclaimed, old);
    }
    if (rc == OK && unclaimed.len > 0 && !allow_non_restored)
        rc = error_set(e, ERR_CONFIG,
                       "checkpoint %" PRId64 " has state that no operator of the job takes: " SLICE_FMT
                       "; give the operators these uids, or drop the state with --allowNonRestoredState",
                       c->id, SLICE_ARG(bytes_all(&unclaimed)));
    else if (rc == OK && unclaimed.len > 0)
        log_warn(COMPONENT, "state that no operator takes is dropped: " SLICE_FMT,
                 SLICE_ARG(bytes_all(&unclaimed)));
    bytes_fini(&unclaimed);
    return rc;
}

/* --- which checkpoint --- */

/* As the user asked when the job was started. */
static enum err find_initial(struct recovery *r, struct error *e)
{
    enum err rc;

    if (r->config->restore_path != NULL)
        return checkpoint_load(r->config->fs, r->config->restore_path, &r->from, e);
    if (!r->config->restore_latest)
        return OK;
    rc = checkpoint_store_latest(r->store, &r->from, &r->damaged, e);
    return rc == ERR_NOT_FOUND ? OK : rc;
}

/* The newest of this run, which was there: another, or none, would lose or double what has been committed
 * since. */
static enum err find_own(struct recovery *r, struct error *e)
{
    enum err rc = checkpoint_store_latest(r->store, &r->from, &r->damaged, e);

    if (rc == OK && strcmp(r->from->lineage, r->lineage) == 0)
        return OK;
    if (rc == OK || rc == ERR_NOT_FOUND)
        return error_set(e, ERR_CORRUPT,
                         "checkpoint %" PRId64
                         " of this job is gone, and there is no older one to go back to; start "
                         "the job anew from a savepoint",
                         r->completed_id);
    return rc;
}

static enum err find_checkpoint(struct recovery *r, struct error *e)
{
    enum err rc;

    if ((rc = checkpoint_store_last_id(r->store, &r->last_id, e)) != OK)
        return rc;
    rc = r->completed_id > 0 ? find_own(r, e) : find_initial(r, e);
    if (rc != OK)
        return rc;
    r->last_id = MAX(r->last_id, r->used_id);
    if (r->from == NULL)
        return OK;
    r->last_id = MAX(r->last_id, r->from->id);
    snprintf(r->lineage, sizeof r->lineage, "%s", r->from->lineage);
    log_info(COMPONENT, "going on from checkpoint %" PRId64 " in %s", r->from->id, r->from->path);
    return recovery_check(r->from, r->graph, r->config->allow_non_restored, e);
}

/* --- committers --- */

static void fill_env(struct recovery *r, const struct vertex *v, struct op_env *env)
{
    *env = (struct op_env){.name = v->name,
                           .uid = v->uid,
                           .job_name = r->graph->name,
                           .lineage = r->lineage,
                           .parallelism = v->parallelism,
                           .max_parallelism = v->max_parallelism,
                           .clock = r->config->clock,
                           .executor = &r->work->executor,
                           .fs = r->config->fs,
                           .budget = r->config->budget,
                           .config = r->config->config,
                           .registry = r->config->metrics,
                           .seed = r->config->seed};
}

static enum err recover_one(struct recovery *r, int32_t vertex, struct error *e)
{
    const struct vertex *v = &r->graph->vertices[vertex];
    const struct checkpoint_vertex *old = r->from ? checkpoint_find(r->from, v->uid) : NULL;
    struct committer_slot *slot = &r->committers[vertex];
    enum err rc;

    if (v->factory->committer_new == NULL)
        return OK;
    fill_env(r, v, &slot->env);
    if ((rc = v->factory->committer_new(v->spec, &slot->env, &slot->committer, e)) != OK)
        slot->committer = NULL;
    else
        rc = slot->committer->ops->recover(slot->committer, r->from ? r->from->id : 0,
                                           old ? old->parts : NULL, old ? old->part_count : 0, e);
    return rc == OK ? OK : error_add(e, rc, "%s: recovering its commits", v->name);
}

static enum err recover(struct recovery *r, struct error *e)
{
    enum err rc;

    r->committers = mem_calloc((size_t)r->graph->vertex_count, sizeof *r->committers);
    if (r->committers == NULL)
        return error_memory(e, (size_t)r->graph->vertex_count * sizeof *r->committers, "committers");
    if ((rc = find_checkpoint(r, e)) != OK)
        return rc;
    for (int32_t i = 0; rc == OK && i < r->graph->vertex_count; i++)
        rc = recover_one(r, i, e);
    return rc;
}

void recovery_run(void *arg)
{
    struct recovery *r = arg;
    struct inbox *inbox = r->work->inbox;

    r->note.kind = NOTE_RECOVERED;
    r->rc = recover(r, &r->error);
    inbox_put(inbox, &r->note);
}

void recovery_free(struct recovery *r)
{
    if (r == NULL)
        return;
    for (int32_t i = 0; r->committers != NULL && i < r->graph->vertex_count; i++)
        if (r->committers[i].committer != NULL && r->committers[i].committer->ops->close != NULL)
            r->committers[i].committer->ops->close(r->committers[i].committer);
    mem_free(r->committers);
    checkpoint_free(r->from);
    mem_free(r);
}
