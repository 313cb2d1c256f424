/* recovery.h: what is done before the tasks of an attempt are: find the checkpoint to go on from, see that it
 * fits the graph, make the committers and let them put the outside in line with that checkpoint. Blocking:
 * one work on the executor, ending in a NOTE_RECOVERED.
 */
#ifndef WEIR_ENGINE_RECOVERY_H
#define WEIR_ENGINE_RECOVERY_H
#include "checkpoint/checkpoint_store.h"
#include "engine/chain.h"
#include "engine/engine.h"
#include "engine/inbox.h"
#include "engine/work_group.h"
#include "os/random.h"

struct committer_slot {
    struct committer *committer; /* owned; NULL: the vertex is no sink */
    struct op_env env;
};

struct recovery {
    struct note note;
    /* given; all borrowed */
    const struct graph *graph;
    const struct engine_config *config;
    struct checkpoint_store *store;
    struct work_group *work;
    bool is_restart;               /* within this process */
    int64_t completed_id;          /* newest checkpoint that this process has completed; 0: none */
    int64_t used_id;               /* newest checkpoint that this process has begun */
    char lineage[RANDOM_UUID_MAX]; /* in: of this process so far, or one for a start without checkpoint; out:
                                      the one to go on with */
    /* found */
    enum err rc;
    struct error error;
    struct checkpoint *from;           /* owned; NULL: a start without one */
    int64_t last_id;                   /* newer ones are free to use */
    int32_t damaged;                   /* checkpoints passed over */
    struct committer_slot *committers; /* owned, by vertex */
};

/* The work itself; arg is the recovery. note goes to work's inbox. */
void recovery_run(void *arg);
void recovery_free(struct recovery *r); /* closes the committers: blocking; NULL is fine */

/* Whether the state in c has its place in g; else which has not, and what to do. Logs what is dropped when
 * allowed. */
MUST_USE enum err recovery_check(const struct checkpoint *c, const struct graph *g, bool allow_non_restored,
                                 struct error *e);
#endif
