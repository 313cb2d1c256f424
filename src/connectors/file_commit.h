/* file_commit.h: when a partition of a filesystem table is complete, so that its `_SUCCESS` may be written: some
 * time after its first row (process-time), or when the watermark has passed the time that its name tells
 * (partition-time). One set per subtask, on the I/O thread; part of the snapshot.
 */
#ifndef WEIR_CONNECTORS_FILE_COMMIT_H
#define WEIR_CONNECTORS_FILE_COMMIT_H
#include "base/map.h"
#include "expr/java_pattern.h"

struct file_commit_spec {
    const char *success_name; /* NULL: partitions are not committed */
    bool by_partition_time;
    int64_t delay_ms;

    /* How a partition's time is read. */
    const char *pattern;                  /* `$day $hour:00:00`; NULL: the first column's value */
    const struct java_pattern *formatter; /* NULL: yyyy-MM-dd[ HH:mm:ss] */
    const struct zone *zone;              /* of that time */
    const char *const *columns;           /* names; ended by NULL */
};

struct file_commit {
    const struct file_commit_spec *spec; /* borrowed */
    struct map pending;                  /* folder -> struct partition_since, owned */
};

/* What time it is for a decision. */
struct file_commit_now {
    int64_t wall_ms;
    int64_t watermark_us;
    bool ended; /* no more rows will come: everything is due */
};

void file_commit_fini(struct file_commit *c); /* zeroed is fine */

/* Rows have come for the partition: folder as `day=2025-11-01/hour=08/`. ERR_INPUT: its time cannot be read. */
MUST_USE enum err file_commit_note(struct file_commit *c, const char *folder, int64_t wall_ms,
                                   struct error *e);
/* Whether the partition waits, and its time has come. */
bool file_commit_is_due(const struct file_commit *c, const char *folder, const struct file_commit_now *now);
/* Append the partitions to a part (file_part.h), as due or pending; those due are forgotten. */
void file_commit_put(struct file_commit *c, const struct file_commit_now *now, struct bytes *part);

/* For the snapshot, and back: of several subtasks' items each takes those that are its own. */
void file_commit_save(const struct file_commit *c, struct bytes *out);
MUST_USE enum err file_commit_load(struct file_commit *c, struct slice saved, int32_t subtask,
                                   int32_t parallelism, struct error *e);
#endif
