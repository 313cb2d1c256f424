/* iceberg_committer.c: the committing half of the Iceberg sink: one snapshot per table and checkpoint. */
#include "base/mem.h"
#include "connectors/iceberg_part.h"
#include "connectors/iceberg_rebase.h"
#include "connectors/iceberg_sink.h"
#include "iceberg/commit.h"
#include "os/log.h"

struct iceberg_committer {
    struct committer c;
    const struct iceberg_sink_spec *spec;
    const struct op_env *env;
    struct table *table;      /* owned; NULL until first needed */
    char *pipeline;           /* owned: job/operator/lineage */
    int64_t fits_snapshot_id; /* see struct change */
    struct histogram *duration_ms;
};

static struct iceberg_committer *self(struct committer *c)
{
    return CONTAINER_OF(c, struct iceberg_committer, c);
}

static enum err open_table(struct iceberg_committer *c, struct error *e)
{
    if (c->table)
        return OK;
    return catalog_load(c->spec->catalog, c->spec->name_space, c->spec->table, &c->table, e);
}

static void count_failure(struct iceberg_committer *c, enum err rc)
{
    const struct metric_label labels[] = {{"table_name", c->spec->label}, {"error_type", error_name(rc)}};

    counter_add(metrics_counter(metrics_bare(c->env->registry, labels, COUNT_OF(labels)),
                                "iceberg_commit_failures", "Iceberg commit failures"),
                1);
}

/* What the job goes on from must reach the table: deletes that do not fit it any more are made to. */
static enum err commit_anew(struct iceberg_committer *c, struct change *change, struct arena *arena,
                            struct commit_result *result, struct error *e)
{
    struct error why = *e; /* the first try failed */
    bool translated;
    enum err rc;

    if ((rc = rebase_deletes(c->spec, c->env, c->table, change, arena, &translated, e)) != OK)
        return rc;
    if (translated)
        return commit_change(c->table, change, result, e);
    *e = why;
    return why.code;
}

/* recovers: see commit_anew. While the job runs it restarts rather, as its writers must look at the table
 * again. */
static enum err commit_parts(struct iceberg_committer *c, int64_t checkpoint_id, const struct slice *parts,
                             int32_t count, bool recovers, struct error *e)
{
    struct arena arena = {0};
    struct part_content content;
    struct commit_result result = {0};
    struct change change;
    enum err rc;

    if ((rc = part_decode(parts, count, &arena, &content, e)) != OK || content.file_count == 0 ||
        (rc = open_table(c, e)) != OK)
        goto out;
    change = (struct change){.pipeline = c->pipeline,
                             .checkpoint_id = checkpoint_id,
                             .file_count = content.file_count,
                             .files = content.files,
                             .reference_count = content.reference_count,
                             .references = content.references,
                             .overwrites = c->spec->overwrite,
                             .fits_snapshot_id = c->fits_snapshot_id};
    rc = commit_change(c->table, &change, &result, e);
    if (rc == ERR_CONFLICT && recovers)
        rc = commit_anew(c, &change, &arena, &result, e);
    if (rc != OK)
        goto out;
    c->fits_snapshot_id = result.fits_snapshot_id;
    log_debug("iceberg_sink", "%s: checkpoint %" PRId64 " is snapshot %" PRId64 " (%" PRId32 " files%s)",
              c->spec->label, checkpoint_id, result.snapshot_id, content.file_count,
              result.was_there ? ", was there already" : "");
out:
    arena_fini(&arena);
    return rc;
}

static enum err committer_commit(struct committer *committer, int64_t checkpoint_id,
                                 const struct slice *parts, int32_t count, struct error *e)
{
    struct iceberg_committer *c = self(committer);
    int64_t started_us = clock_mono_us(c->env->clock);
    enum err rc = commit_parts(c, checkpoint_id, parts, count, false, e);

    histogram_record(c->duration_ms, (double)(clock_mono_us(c->env->clock) - started_us) / 1000.0);
    if (rc == OK)
        return OK;
    count_failure(c, rc);
    return error_add(e, rc, "committing checkpoint %" PRId64 " to table %s", checkpoint_id, c->spec->label);
}

/* What later checkpoints have committed is taken back; it will be computed again. */
static enum err rewind_to(struct iceberg_committer *c, int64_t checkpoint_id, struct error *e)
{
    int32_t undone = 0;
    int64_t last = 0;
    enum err rc = commit_last(c->table, c->pipeline, &last, e);

    if (rc == OK && last > checkpoint_id)
        rc = commit_rewind(c->table, c->pipeline, checkpoint_id, &undone, e);
    if (rc == OK && undone > 0)
        log_warn("iceberg_sink",
                 "%s: the job goes back to checkpoint %" PRId64 ", so %" PRId32
                 " later snapshots were taken back (the table had checkpoint %" PRId64 ")",
                 c->spec->label, checkpoint_id, undone, last);
    return rc;
}

static enum err committer_recover(struct committer *committer, int64_t checkpoint_id,
                                  const struct slice *parts, int32_t count, struct error *e)
{
    struct iceberg_committer *c = self(committer);
    enum err rc;

    if ((rc = open_table(c, e)) != OK)
        return error_add(e, rc, "opening table %s", c->spec->label);
    /* A start without a checkpoint is a new lineage: the table knows nothing of it. */
    if (checkpoint_id > 0 && (rc = rewind_to(c, checkpoint_id, e)) == OK)
        rc = commit_parts(c, checkpoint_id, parts, count, true, e);
    if (rc != OK)
        return error_add(e, rc, "bringing table %s to checkpoint %" PRId64, c->spec->label, checkpoint_id);
    /* The writers, which start after this, look at the table before their first row. */
    c->fits_snapshot_id = c->table->metadata->current_snapshot_id;
    return OK;
}

static void committer_close(struct committer *committer)
{
    struct iceberg_committer *c = self(committer);

    table_free(c->table);
    mem_free(c->pipeline);
    mem_free(c);
}

static const struct committer_ops ops = {"iceberg", committer_commit, committer_recover, committer_close};

char *iceberg_sink_pipeline(const struct op_env *env)
{
    return mem_printf("%s/%s/%s", env->job_name, env->uid, env->lineage);
}

enum err iceberg_committer_new(const void *spec, const struct op_env *env, struct committer **out,
                               struct error *e)
{
    struct iceberg_committer *c = mem_zalloc(sizeof *c);
    const struct metric_label labels[] = {{"table_name", ((const struct iceberg_sink_spec *)spec)->label}};

    if (c == NULL || (c->pipeline = iceberg_sink_pipeline(env)) == NULL) {
        mem_free(c);
        return error_memory(e, sizeof *c, "an Iceberg committer");
    }
    c->c.ops = &ops;
    c->spec = spec;
    c->env = env;
    c->duration_ms = metrics_histogram(metrics_bare(env->registry, labels, 1), "iceberg_commit_duration",
                                       "Iceberg commit duration (ms)");
    *out = &c->c;
    return OK;
}
