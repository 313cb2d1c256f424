/* iceberg_round.c: which snapshots a streaming read takes next, as Iceberg's Flink source does. */
#include "connectors/iceberg_source.h"
#include "iceberg/snapshot_pick.h"

static enum err find_head(const struct iceberg_source_spec *spec, const struct metadata *m,
                          const struct snapshot **out, struct error *e)
{
    return snapshot_pick_ref(m, spec->branch ? spec->branch : "main", PICK_BRANCH, out, e);
}

/* The oldest ancestor of head that is from start_ms or later (all of them: INT64_MIN). */
static const struct snapshot *oldest_since(const struct metadata *m, const struct snapshot *head,
                                           int64_t start_ms)
{
    const struct snapshot *found = NULL;

    for (const struct snapshot *s = head; s && s->timestamp_ms >= start_ms; s = metadata_parent(m, s))
        found = s;
    return found;
}

/* The snapshot that reading begins with. */
static enum err find_start(const struct iceberg_source_spec *spec, const struct metadata *m,
                           const struct snapshot *head, const struct snapshot **out, struct error *e)
{
    *out = head;
    if (spec->strategy == STRATEGY_SNAPSHOT_ID)
        return snapshot_pick_id(m, spec->start_id, out, e);
    if (spec->strategy == STRATEGY_EARLIEST)
        *out = oldest_since(m, head, INT64_MIN);
    if (spec->strategy == STRATEGY_TIMESTAMP && (*out = oldest_since(m, head, spec->start_ms)) == NULL)
        return error_set(e, ERR_CONFIG,
                         "the table has no snapshot from 'start-snapshot-timestamp' = %" PRId64 " on",
                         spec->start_ms);
    return OK;
}

/* At most so many snapshots at a time: the newest that may be taken. */
static const struct snapshot *limit(const struct iceberg_source_spec *spec, const struct metadata *m,
                                    const struct snapshot *head, int64_t from_id)
{
    const struct snapshot *end = head, *s = head;
    int64_t distance = 0; /* of s from end */

    for (; s && s->id != from_id; s = metadata_parent(m, s))
        if (++distance > spec->most_snapshots)
            end = metadata_parent(m, end);
    return end;
}

static enum err first_round(const struct iceberg_source_spec *spec, const struct metadata *m,
                            const struct snapshot *head, struct iceberg_round *out, struct error *e)
{
    const struct snapshot *start = NULL;
    enum err rc;

    out->appends = true;
    if (head == NULL && spec->strategy != STRATEGY_SNAPSHOT_ID && spec->strategy != STRATEGY_TIMESTAMP)
        return OK; /* all that will be appended */
    if ((rc = find_start(spec, m, head, &start, e)) != OK)
        return rc;
    out->to_id = start->id;
    out->appends = spec->strategy != STRATEGY_SCAN_THEN_INCREMENTAL;
    if (!out->appends)
        return OK;
    out->from_id = spec->strategy == STRATEGY_LATEST_EXCLUSIVE ? start->id : start->parent_id;
    if (head && out->from_id != start->id)
        out->to_id = limit(spec, m, head, out->from_id)->id;
    return OK;
}

enum err iceberg_round_next(const struct iceberg_source_spec *spec, const struct metadata *m,
                            const struct iceberg_round *before, struct iceberg_round *out, bool *any,
                            struct error *e)
{
    const struct snapshot *head;
    enum err rc = find_head(spec, m, &head, e);

    *out = (struct iceberg_round){.split_bytes = spec->round.split_bytes};
    *any = true;
    if (rc != OK || before == NULL)
        return rc == OK ? first_round(spec, m, head, out, e) : rc;
    *any = head && head->id != before->to_id;
    if (!*any)
        return OK;
    out->appends = true;
    out->from_id = before->to_id;
    out->to_id = limit(spec, m, head, before->to_id)->id;
    return OK;
}
