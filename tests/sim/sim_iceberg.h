/* sim_iceberg.h: a whole job with the real Iceberg sinks, over the simulated file system:
 *
 *   source ─hash by key─► count ─┬─────────────────────hash by partition─► append: table `rows`, every row
 *                                └─► change ─hash by key─► upsert: table `counts`, the latest row of each key
 *
 * `change` makes a changelog of the counts: every fifth row of a key deletes it, the next one inserts it
 * again. So what both tables must be in the end is known from the log alone.
 */
#ifndef WEIR_SIM_ICEBERG_H
#define WEIR_SIM_ICEBERG_H
#include "connectors/connector.h"
#include "sim_job.h"

struct sim_iceberg {
    struct sim_job job; /* first: source and count */
    size_t
        buffer_bytes; /* of the sinks: less than the connector allows, so that they flush between barriers */
    struct map append_options, upsert_options;
    struct connector_plan append, upsert;
};

/* Plan the sinks (tables are made) and build the graph. clock is a sim_world's. Whatever it says: end with
 * sim_iceberg_fini. */
MUST_USE enum err sim_iceberg_graph(struct sim_iceberg *s, struct graph *g, int32_t parallelism,
                                    struct fs *fs, struct clock *clock, struct error *e);
void sim_iceberg_fini(struct sim_iceberg *s);

/* Read both tables and compare them with the log. complete: the job has finished. */
MUST_USE enum err sim_iceberg_judge(const struct sim_iceberg *s, struct fs *fs, struct clock *clock,
                                    bool complete, struct sim_verdict *out, struct error *e);

/* What somebody else may do at any time: rewrite the files of `counts`. *done: there were some. */
MUST_USE enum err sim_iceberg_compact(struct fs *fs, struct clock *clock, uint64_t seed, bool *done,
                                      struct error *e);

extern const struct operator_factory sim_change_factory;
#endif
