/* commit_summary.c: what was added, counted from the change; totals, from those of the parent. A total that
 * the parent does not tell is not told either.
 */
#include "iceberg/commit_summary.h"
#include "base/map.h"
#include "iceberg/commit_history.h"
#include "iceberg/json_field.h"
#include <stdlib.h>

struct counts {
    int64_t files, records, bytes;
};

static struct counts count_content(const struct change *change, enum file_content content)
{
    struct counts n = {0};

    for (int32_t i = 0; i < change->file_count; i++)
        if (change->files[i].content == content) {
            n.files++;
            n.records += change->files[i].record_count;
            n.bytes += change->files[i].size_bytes;
        }
    return n;
}

/* How many different partitions the files are in; -1 when there is no memory. */
static int64_t count_partitions(const struct change *change)
{
    struct map seen = {0};
    struct bytes key = {0};
    bool ok = true;
    int64_t count;

    for (int32_t i = 0; ok && i < change->file_count; i++) {
        const struct data_file *f = &change->files[i];

        bytes_clear(&key);
        bytes_zigzag(&key, f->spec_id);
        for (int32_t k = 0; k < f->partition_count; k++) {
            bytes_u8(&key, f->partition[k].null);
            bytes_varint(&key, f->partition[k].value.len);
            bytes_slice(&key, f->partition[k].value);
        }
        ok = !key.failed && map_put(&seen, bytes_all(&key), &seen);
    }
    count = ok ? (int64_t)map_count(&seen) : -1;
    map_fini(&seen);
    bytes_fini(&key);
    return count;
}

static bool put_number(json_t *o, const char *key, int64_t v)
{
    return json_field_put(o, key, json_sprintf("%lld", (long long)v));
}

/* Only what is not 0 is worth a line. */
static bool put_some(json_t *o, const char *key, int64_t v)
{
    return v == 0 || put_number(o, key, v);
}

static bool put_total(json_t *o, const char *key, const struct snapshot *parent, int64_t added)
{
    const char *before = parent ? json_field_get(parent->summary, key) : "0";

    return before == NULL || put_number(o, key, strtoll(before, NULL, 10) + added);
}

/* What an overwrite took out. */
static bool put_removed(json_t *o, const struct commit_removed *r)
{
    const struct commit_removed *data = &r[FILE_DATA], *position = &r[FILE_POSITION_DELETES],
                                *equality = &r[FILE_EQUALITY_DELETES];

    return put_some(o, "deleted-data-files", data->files) && put_some(o, "deleted-records", data->records) &&
           put_some(o, "removed-files-size", data->bytes + position->bytes + equality->bytes) &&
           put_some(o, "removed-delete-files", position->files + equality->files) &&
           put_some(o, "removed-position-delete-files", position->files) &&
           put_some(o, "removed-position-deletes", position->records) &&
           put_some(o, "removed-equality-delete-files", equality->files) &&
           put_some(o, "removed-equality-deletes", equality->records);
}

static bool put_metrics(json_t *o, const struct snapshot *parent, const struct change *change,
                        const struct commit_removed *removed)
{
    struct counts data = count_content(change, FILE_DATA),
                  position = count_content(change, FILE_POSITION_DELETES);
    struct counts equality = count_content(change, FILE_EQUALITY_DELETES);
    int64_t bytes = data.bytes + position.bytes + equality.bytes, partitions = count_partitions(change);
    int64_t removed_deletes = removed[FILE_POSITION_DELETES].files + removed[FILE_EQUALITY_DELETES].files;
    int64_t removed_bytes = removed[FILE_DATA].bytes + removed[FILE_POSITION_DELETES].bytes +
                            removed[FILE_EQUALITY_DELETES].bytes;

    return partitions >= 0 && put_removed(o, removed) && put_some(o, "added-data-files", data.files) &&
           put_some(o, "added-records", data.records) && put_some(o, "added-files-size", bytes) &&
           put_some(o, "added-delete-files", position.files + equality.files) &&
           put_some(o, "added-position-delete-files", position.files) &&
           put_some(o, "added-position-deletes", position.records) &&
           put_some(o, "added-equality-delete-files", equality.files) &&
           put_some(o, "added-equality-deletes", equality.records) &&
           put_number(o, "changed-partition-count", partitions) &&
           put_total(o, "total-records", parent, data.records - removed[FILE_DATA].records) &&
           put_total(o, "total-files-size", parent, bytes - removed_bytes) &&
           put_total(o, "total-data-files", parent, data.files - removed[FILE_DATA].files) &&
           put_total(o, "total-delete-files", parent, position.files + equality.files - removed_deletes) &&
           put_total(o, "total-position-deletes", parent,
                     position.records - removed[FILE_POSITION_DELETES].records) &&
           put_total(o, "total-equality-deletes", parent,
                     equality.records - removed[FILE_EQUALITY_DELETES].records);
}

/* Who, when, up to where. The caller's entries come first: they cannot hide ours. */
static bool put_origin(json_t *o, const struct change *change)
{
    for (const char *const *s = change->summary; s && *s; s += 2)
        if (!json_field_put(o, s[0], json_string(s[1])))
            return false;
    return json_field_put(o, COMMIT_PIPELINE, json_string(change->pipeline)) &&
           put_number(o, COMMIT_CHECKPOINT, change->checkpoint_id) &&
           json_field_put(o, "engine-name", json_string("weir")) &&
           json_field_put(o, "engine-version", json_string(WEIR_VERSION));
}

static json_t *summary(const struct snapshot *parent, const struct change *change,
                       const struct commit_manifests *manifests)
{
    bool appends = !change->overwrites;
    json_t *o = json_object();

    for (int32_t i = 0; i < change->file_count; i++)
        appends = appends && change->files[i].content == FILE_DATA;
    if (put_origin(o, change) &&
        json_field_put(o, "operation", json_string(appends ? "append" : "overwrite")) &&
        (!change->overwrites || json_field_put(o, "replace-partitions", json_string("true"))) &&
        put_metrics(o, parent, change, manifests->removed) &&
        put_number(o, "manifests-created", manifests->created) &&
        put_number(o, "manifests-kept", manifests->kept) &&
        put_number(o, "manifests-replaced", manifests->replaced))
        return o;
    json_decref(o);
    return NULL;
}

enum err commit_summary_snapshot(const struct snapshot *s, const struct snapshot *parent, int32_t schema_id,
                                 const struct change *change, const struct commit_manifests *manifests,
                                 json_t **out, struct error *e)
{
    json_t *o = json_object();
    bool ok = json_field_put(o, "snapshot-id", json_integer(s->id)) &&
              (s->parent_id == 0 || json_field_put(o, "parent-snapshot-id", json_integer(s->parent_id))) &&
              json_field_put(o, "sequence-number", json_integer(s->sequence_number)) &&
              json_field_put(o, "timestamp-ms", json_integer(s->timestamp_ms)) &&
              json_field_put(o, "manifest-list", json_string(s->manifest_list)) &&
              json_field_put(o, "schema-id", json_integer(schema_id)) &&
              json_field_put(o, "summary", summary(parent, change, manifests));

    if (ok) {
        *out = o;
        return OK;
    }
    json_decref(o);
    return error_memory(e, 0, "a snapshot");
}
