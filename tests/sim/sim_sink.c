/* sim_sink.c: the sink of the simulated table, in two phases. A subtask keeps its rows; at the barrier they
 * go into a data file (on the executor), whose name is the part to commit. The committer makes a new version
 * of the table with those files, once per checkpoint: a commit of that lineage and checkpoint that is there
 * already is its own.
 */
#include "base/mem.h"
#include "os/random.h"
#include "sim_job.h"
#include <inttypes.h>

/* --- the writer --- */

struct sink {
    struct op base;
    struct sim_job *job;
    const struct op_env *env;
    struct random random;
    struct bytes rows;
};

struct upload {
    struct sink *sink; /* borrowed: closed after all work is done */
    struct bytes rows;
    char *path;
};

static struct sink *sink_of(struct op *o)
{
    return CONTAINER_OF(o, struct sink, base);
}

static enum err sink_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    sink_of(o)->env = env;
    random_seed(&sink_of(o)->random, env->seed);
    return OK;
}

static enum err sink_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct sink *s = sink_of(o);

    if (sim_job_fault(s->job, &s->random, s->job->fail_every))
        return error_set(e, ERR_IO, "writing: an injected fault");
    for (int32_t i = 0; i < batch_live(b); i++) {
        int32_t row = batch_row(b, i);

        sim_row_put(&s->rows, &(struct sim_row){b->columns[0].i64[row], b->columns[1].i64[row],
                                                b->columns[2].i64[row], b->columns[3].i64[row]});
    }
    return s->rows.failed ? error_memory(e, s->rows.len, "rows") : OK;
}

static enum err upload_run(void *arg, struct op_snapshot *out, struct error *e)
{
    struct upload *u = arg;
    enum err rc = fs_put(u->sink->env->fs, u->path, bytes_all(&u->rows), FS_REPLACE, e);

    if (rc == OK)
        snapshot_commit(out, slice_text(u->path));
    return rc;
}

static void upload_drop(void *arg)
{
    struct upload *u = arg;

    bytes_fini(&u->rows);
    mem_free(u->path);
    mem_free(u);
}

static enum err sink_snapshot(struct op *o, int64_t id, struct op_snapshot *out, struct error *e)
{
    struct sink *s = sink_of(o);
    struct upload *u;

    if (s->rows.len == 0)
        return OK;
    if ((u = mem_zalloc(sizeof *u)) == NULL ||
        (u->path = mem_printf("%s/data-%" PRId64 "-%d-%" PRIx64, s->job->table, id, s->env->subtask,
                              random_u64(&s->random))) == NULL) {
        mem_free(u);
        return error_memory(e, sizeof *u, "an upload");
    }
    u->sink = s;
    u->rows = s->rows;
    s->rows = (struct bytes){0};
    return snapshot_later(out, upload_run, upload_drop, u) ? OK : error_memory(e, sizeof *u, "an upload");
}

static void sink_close(struct op *o)
{
    bytes_fini(&sink_of(o)->rows);
    mem_free(sink_of(o));
}

static const struct operator_ops sink_ops = {
    .name = "sim_sink",
    .open = sink_open,
    .batch = sink_batch,
    .snapshot = sink_snapshot,
    .close = sink_close,
};

static enum err sink_new(const void *spec, struct op **out, struct error *e)
{
    struct sink *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "the sink");
    s->base.ops = &sink_ops;
    s->job = (struct sim_job *)spec;
    *out = &s->base;
    return OK;
}

/* --- the committer --- */

struct sim_committer {
    struct committer base;
    struct sim_job *job;
    const struct op_env *env;
};

static bool has_commit(const struct sim_table *t, const char *lineage, int64_t id)
{
    for (int32_t i = 0; i < t->commit_count; i++)
        if (strcmp(t->commits[i].lineage, lineage) == 0 && t->commits[i].checkpoint_id == id)
            return true;
    return false;
}

static void add_commit(struct sim_table *t, const char *lineage, int64_t id, const struct slice *parts,
                       int32_t count)
{
    struct sim_commit *commits = ARENA_ARRAY(&t->arena, struct sim_commit, t->commit_count + 1);
    struct sim_commit *c = &commits[t->commit_count];

    if (t->commit_count > 0)
        memcpy(commits, t->commits, sizeof *commits * (size_t)t->commit_count);
    *c = (struct sim_commit){arena_strdup(&t->arena, lineage), id, count,
                             ARENA_ARRAY(&t->arena, const char *, count + 1)};
    for (int32_t i = 0; i < count; i++)
        c->files[i] = arena_text(&t->arena, parts[i]);
    t->commits = commits;
    t->commit_count++;
}

/* Of this lineage, what came after checkpoint id is not the job's past any more. */
static bool take_back(struct sim_table *t, const char *lineage, int64_t id)
{
    int32_t kept = 0;
    bool any;

    for (int32_t i = 0; i < t->commit_count; i++)
        if (strcmp(t->commits[i].lineage, lineage) != 0 || t->commits[i].checkpoint_id <= id)
            t->commits[kept++] = t->commits[i];
    any = kept < t->commit_count;
    t->commit_count = kept;
    return any;
}

static enum err change(struct sim_committer *c, int64_t id, const struct slice *parts, int32_t count,
                       bool recovers, struct error *e)
{
    struct sim_table table;
    bool changed;
    enum err rc;

    do {
        if ((rc = sim_table_read(c->env->fs, c->job->table, &table, e)) == OK) {
            changed = recovers && take_back(&table, c->env->lineage, id);
            if (count > 0 && !has_commit(&table, c->env->lineage, id)) {
                add_commit(&table, c->env->lineage, id, parts, count);
                changed = true;
            }
            if (changed)
                rc = sim_table_write(c->env->fs, c->job->table, &table, e);
        }
        sim_table_fini(&table);
    } while (rc == ERR_EXISTS);
    return rc;
}

static enum err sink_commit(struct committer *base, int64_t id, const struct slice *parts, int32_t count,
                            struct error *e)
{
    return change(CONTAINER_OF(base, struct sim_committer, base), id, parts, count, false, e);
}

static enum err sink_recover(struct committer *base, int64_t id, const struct slice *parts, int32_t count,
                             struct error *e)
{
    return change(CONTAINER_OF(base, struct sim_committer, base), id, parts, count, true, e);
}

static void committer_close(struct committer *base)
{
    mem_free(CONTAINER_OF(base, struct sim_committer, base));
}

static const struct committer_ops committer_ops = {"sim_sink", sink_commit, sink_recover, committer_close};

static enum err committer_new(const void *spec, const struct op_env *env, struct committer **out,
                              struct error *e)
{
    struct sim_committer *c = mem_zalloc(sizeof *c);

    if (c == NULL)
        return error_memory(e, sizeof *c, "the committer");
    c->base.ops = &committer_ops;
    c->job = (struct sim_job *)spec;
    c->env = env;
    *out = &c->base;
    return OK;
}

const struct operator_factory sim_sink_factory = {"sim_sink", sink_new, committer_new};
