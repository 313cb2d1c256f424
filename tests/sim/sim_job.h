/* sim_job.h: a small whole job whose result can be judged row by row:
 *
 *   source (a replayable log of partitions) ─hash by key─► count (keyed state) ─hash by partition─► sink (a
 * table)
 *
 * Every record of the log becomes one row of the table: (key, partition, offset, count of the key so far).
 * Exactly once means: every (partition, offset) is there once, and the counts of each key are 1, 2, ... n
 * without gap or repeat. The table is a chain of versions in a struct fs, each made with FS_IF_ABSENT, each a
 * list of commits with the checkpoint they belong to and their data files. Operators: any thread, one at a
 * time each.
 */
#ifndef WEIR_SIM_JOB_H
#define WEIR_SIM_JOB_H
#include "graph/graph.h"
#include "io/fs.h"
#include <stdatomic.h>

struct sim_job {
    int32_t partition_count, records_each; /* of the log */
    int32_t key_count;
    int32_t most_rows; /* in a batch */
    bool endless;      /* the source does not end, but waits: the job is to be stopped */
    const char *table; /* folder */
    /* Chances, each one in so many calls; 0: never. Counted down in faults. */
    uint32_t fail_every, wait_every;
    atomic_int *faults;
    /* filled in by sim_job_graph; read by the operators */
    const struct schema *source_schema, *count_schema, *key_schema;
};

/* Build the graph of job (borrowed, outlives it) in g, which is initialised. extra_hop puts a rebalanced step
 * between, of two chained operators: one that holds batches back, one that checks their order. */
MUST_USE enum err sim_job_graph(struct sim_job *job, struct graph *g, int32_t parallelism, bool extra_hop,
                                struct error *e);

struct sim_verdict {
    int64_t row_count, commit_count;
    char wrong[400]; /* "" when the table is as it must be so far */
};

/* Read the table and compare it with the log. complete: every record must be there. */
MUST_USE enum err sim_job_judge(const struct sim_job *job, struct fs *fs, bool complete,
                                struct sim_verdict *out, struct error *e);

extern const struct operator_factory sim_source_factory, sim_hold_factory, sim_order_factory,
    sim_count_factory, sim_sink_factory;

/* --- what the files of this folder share --- */

int64_t sim_key_of(const struct sim_job *job, int32_t partition, int64_t offset);

struct random;
bool sim_job_fault(struct sim_job *job, struct random *random, uint32_t every);

/* --- sim_table.c: the table --- */

/* One row as stored: four little-endian 64-bit words. */
struct sim_row {
    int64_t key, partition, offset, count;
};

struct sim_commit {
    const char *lineage;
    int64_t checkpoint_id;
    int32_t file_count;
    const char **files;
};

struct sim_table {
    struct arena arena;
    int64_t version; /* 0: there is no table yet */
    int32_t commit_count;
    struct sim_commit *commits;
};

MUST_USE enum err sim_table_read(struct fs *fs, const char *folder, struct sim_table *out, struct error *e);
void sim_table_fini(struct sim_table *t);

/* Publish t as the version after the one that was read; ERR_EXISTS when somebody was quicker. */
MUST_USE enum err sim_table_write(struct fs *fs, const char *folder, const struct sim_table *t,
                                  struct error *e);

void sim_row_put(struct bytes *out, const struct sim_row *row);
#endif
