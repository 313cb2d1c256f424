/* operator.h: what a vertex of a job does: the one interface between the engine and all work on data.
 * A source is an operator that is polled; a sink is one that emits nothing and hands work to a committer.
 *
 * The engine calls one operator from one thread at a time: open, restore when there is a checkpoint, then
 * batch, watermark, split, poll and snapshot as elements arrive, end when the input is over, close. Nothing
 * may block: what blocks goes to env->executor and answers by env->wake.
 *
 * An operator is given all it needs in op_env, so it is tested without an engine (operator_harness.h).
 */
#ifndef WEIR_OPERATORS_OPERATOR_H
#define WEIR_OPERATORS_OPERATOR_H
#include "batch/batch.h"
#include "metrics/metrics.h"
#include "os/executor.h"
#include "state/state.h"

struct config;
struct fs;
struct op;
struct op_snapshot;
struct split_event;

#define WATERMARK_NONE INT64_MIN /* nothing known yet */
#define WATERMARK_END  INT64_MAX /* no more rows will come */

/* Where an operator's results go. Implemented by the engine (and by the harness). */
struct output {
    /* Emit b (takes the reference, also on failure) at a port. Ports are numbered from 0; port 0 is the main
     * one. */
    enum err (*batch)(struct output *o, int32_t port, struct batch *b, struct error *e);
    /* Emit a watermark to all ports. Microseconds of event time; never goes back. */
    enum err (*watermark)(struct output *o, int64_t watermark_us, struct error *e);
    /* Tell all ports of a change to a source's split; what s points to is borrowed. */
    enum err (*split)(struct output *o, const struct split_event *s, struct error *e);
    /* True when a channel behind it is full: finish the element at hand, but do not begin what can wait. */
    bool (*full)(struct output *o);
    /* Nothing will be said about time for a while (idle), or again: those behind leave this subtask out of
     * their minimum from here until then. A batch or a watermark ends it too. May be NULL: use output_idle.
     */
    enum err (*idle)(struct output *o, bool idle, struct error *e);
};

MUST_USE static inline enum err output_idle(struct output *o, bool idle, struct error *e)
{
    return o->idle ? o->idle(o, idle, e) : OK;
}

/* A source's split (a Kafka partition, a file) as the operators behind it must know it. */
enum split_change { SPLIT_ADDED, SPLIT_REMOVED, SPLIT_IDLE, SPLIT_ACTIVE };
struct split_event {
    enum split_change change;
    int32_t number;       /* as in batch->split; unique within the source subtask. SPLIT_IDLE of -1: this
                           * subtask has no splits, so that it holds nobody up */
    const char *name;     /* stable over restarts: "health-data-raw-0" */
    int64_t watermark_us; /* SPLIT_ADDED: what was known of it in the checkpoint, or WATERMARK_NONE */
};

struct op_env {
    const char *name;     /* of the vertex, for logs */
    const char *uid;      /* stable id of the operator */
    const char *job_name; /* pipeline.name */
    const char *lineage;  /* of this run of checkpoints: made at a start without one, kept by every restore */
    int32_t subtask, parallelism, max_parallelism;
    struct clock *clock;
    struct executor *executor; /* for what blocks */
    struct fs *fs;             /* file:// and s3:// as configured */
    struct budget *budget;
    const struct config *config;
    struct metrics *registry;
    struct metric_scope *metrics; /* the operator's Flink scope */
    struct state_store *state;    /* keyed operators; else NULL */
    struct output *out;
    uint64_t seed; /* for ids and names */
    /* Ask for poll to be called: at once, or at a wall-clock time (the earlier wins). Thread: any. */
    void (*wake)(void *arg);
    void (*wake_at)(void *arg, int64_t wall_us);
    void *wake_arg;
};

/* Operator state in a checkpoint: named items. On restore every subtask sees the items of all old subtasks
 * and takes what is its own, so that parallelism may change. */
struct op_item {
    const char *name;
    struct slice bytes;
    int32_t subtask; /* that wrote it */
};
struct op_restore {
    int64_t checkpoint_id;
    int32_t old_parallelism;
    int32_t item_count;
    const struct op_item *items;
};

struct operator_ops {
    const char *name; /* "window_agg": for logs and EXPLAIN */
    enum err (*open)(struct op *o, const struct op_env *env, struct error *e); /* env outlives o */
    enum err (*restore)(struct op *o, const struct op_restore *from, struct error *e);
    /* The live rows of b (borrowed; reference it to keep it). ERR_WAIT: nothing was done; call again with the
     * same batch after wake. Any other error fails the job. */
    enum err (*batch)(struct op *o, int32_t input, struct batch *b, struct error *e);
    /* The combined watermark of the inputs. An operator passes it on itself, after what it emits because of
     * it. *more: output is full, call again with the same watermark when there is room. NULL: passed on. */
    enum err (*watermark)(struct op *o, int64_t watermark_us, bool *more, struct error *e);
    enum err (*split)(struct op *o, const struct split_event *s, struct error *e); /* NULL: passed on */
    /* Sources: emit what is there, about a batch; *more: there is more at once. Others: called after wake and
     * wake_at. *done: this source has come to its end. NULL: never polled. */
    enum err (*poll)(struct op *o, bool *more, bool *done, struct error *e);
    /* The barrier: hand over everything that a restart needs. Quick; the rest by snapshot_later. env->state
     * is frozen by the engine. */
    enum err (*snapshot)(struct op *o, int64_t checkpoint_id, struct op_snapshot *out, struct error *e);
    /* The checkpoint is complete (durable), before or while committers run. May be NULL. */
    enum err (*complete)(struct op *o, int64_t checkpoint_id, struct error *e);
    enum err (*end)(struct op *o, struct error *e); /* all inputs have ended; emit the rest. May be NULL */
    void (*close)(struct op *o);                    /* free; waits for its work on the executor */
};
struct op {
    const struct operator_ops *ops;
};

/* --- what snapshot may say (implemented by the engine and the harness) --- */

struct op_snapshot_ops {
    void (*item)(struct op_snapshot *s, const char *name, struct slice bytes);
    void (*commit)(struct op_snapshot *s, struct slice part);
    bool (*later)(struct op_snapshot *s, enum err (*run)(void *arg, struct op_snapshot *s, struct error *e),
                  void (*drop)(void *arg), void *arg);
    int64_t (*checkpoint_id)(const struct op_snapshot *s);
    bool (*is_last)(const struct op_snapshot *s);
};
struct op_snapshot {
    const struct op_snapshot_ops *ops;
};

/* An item of operator state (copied). Without memory the snapshot keeps its first failure, and the checkpoint
 * fails. */
static inline void snapshot_item(struct op_snapshot *s, const char *name, struct slice bytes)
{
    s->ops->item(s, name, bytes);
}

/* A part of what the vertex's committer is to commit once the checkpoint is complete (copied). */
static inline void snapshot_commit(struct op_snapshot *s, struct slice part)
{
    s->ops->commit(s, part);
}

/* Work to do on an I/O thread before the snapshot counts as done; run may call snapshot_item and
 * snapshot_commit. drop frees arg, called in any case, last. False: no memory; drop was called. */
MUST_USE static inline bool snapshot_later(struct op_snapshot *s,
                                           enum err (*run)(void *arg, struct op_snapshot *s, struct error *e),
                                           void (*drop)(void *arg), void *arg)
{
    return s->ops->later(s, run, drop, arg);
}

static inline int64_t snapshot_checkpoint_id(const struct op_snapshot *s)
{
    return s->ops->checkpoint_id(s);
}

/* The job ends with this checkpoint (stop, or all sources ended): write out even what would better wait. */
static inline bool snapshot_is_last(const struct op_snapshot *s)
{
    return s->ops->is_last(s);
}

/* --- committers --- */

/* Makes visible, once per checkpoint and for all subtasks of a sink together, what they have pre-committed.
 * Blocking, on an I/O thread, one call at a time, in the order of checkpoints. Every call may be repeated: it
 * must recognise its own earlier success. */
struct committer;
struct committer_ops {
    const char *name;
    /* parts: what snapshot_commit was given, all subtasks. */
    enum err (*commit)(struct committer *c, int64_t checkpoint_id, const struct slice *parts, int32_t count,
                       struct error *e);
    /* The job goes on from this checkpoint (0: a start without one): commit its parts if that did not happen,
     * take back what later checkpoints of the same lineage had committed. Before any operator runs. */
    enum err (*recover)(struct committer *c, int64_t checkpoint_id, const struct slice *parts, int32_t count,
                        struct error *e);
    void (*close)(struct committer *c);
};
struct committer {
    const struct committer_ops *ops;
};

/* How a vertex makes its operators; spec is the plan's read-only description. committer_new is NULL but for
 * sinks. */
struct operator_factory {
    const char *name;
    enum err (*operator_new)(const void *spec, struct op **out, struct error *e);
    enum err (*committer_new)(const void *spec, const struct op_env *env, struct committer **out,
                              struct error *e);
};
#endif
