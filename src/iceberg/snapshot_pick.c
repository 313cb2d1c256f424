/* snapshot_pick.c: see snapshot_pick.h. */
#include "iceberg/snapshot_pick.h"
#include "base/calendar.h"
#include "iceberg/json_field.h"

/* --- branches and tags --- */

static bool is_kind(json_t *ref, enum pick_ref kind)
{
    const char *type = json_field_get(ref, "type");

    return type && strcmp(type, kind == PICK_TAG ? "tag" : "branch") == 0;
}

static enum err no_ref(const struct metadata *m, const char *name, enum pick_ref kind, struct error *e)
{
    const char *what = kind == PICK_TAG ? "tag" : "branch", *key;
    struct bytes names = {0};
    json_t *ref;

    json_object_foreach(json_object_get(m->json, "refs"), key, ref)
    {
        if (is_kind(ref, kind))
            bytes_printf(&names, "%s%s", names.len ? ", " : "", key);
    }
    error_set(e, ERR_CONFIG, "the table has no %s '%s'; it has %.400s", what, name,
              names.len && bytes_cstr(&names) ? names.ptr : "none");
    bytes_fini(&names);
    return ERR_CONFIG;
}

enum err snapshot_pick_ref(const struct metadata *m, const char *name, enum pick_ref kind,
                           const struct snapshot **out, struct error *e)
{
    json_t *ref = json_object_get(json_object_get(m->json, "refs"), name);
    int64_t id;
    enum err rc;

    *out = NULL;
    if (kind == PICK_BRANCH && strcmp(name, "main") == 0) {
        if (m->current_snapshot_id)
            *out = metadata_snapshot(m, m->current_snapshot_id);
        return OK;
    }
    if (ref == NULL || !is_kind(ref, kind))
        return no_ref(m, name, kind, e);
    if ((rc = json_field_long(ref, "snapshot-id", 1, INT64_MAX, &id, e)) != OK)
        return error_add(e, rc, "ref '%s'", name);
    return snapshot_pick_id(m, id, out, e);
}

/* --- ids and times --- */

enum err snapshot_pick_id(const struct metadata *m, int64_t id, const struct snapshot **out, struct error *e)
{
    if ((*out = metadata_snapshot(m, id)) != NULL)
        return OK;
    return error_set(e, ERR_CONFIG,
                     "the table has no snapshot %" PRId64
                     " (any more); select snapshot_id from its $snapshots to see those that there are",
                     id);
}

/* From the log of what was current; a table that was never changed but by one writer may have none. */
enum err snapshot_pick_time(const struct metadata *m, int64_t time_ms, const struct snapshot **out,
                            struct error *e)
{
    json_t *log = json_object_get(m->json, "snapshot-log"), *entry;
    char text[CALENDAR_TEXT_MAX];
    int64_t best_ms = INT64_MIN, id = 0;
    size_t i;

    json_array_foreach(log, i, entry)
    {
        int64_t at_ms = json_integer_value(json_object_get(entry, "timestamp-ms"));

        if (at_ms <= time_ms && at_ms >= best_ms) {
            best_ms = at_ms;
            id = json_integer_value(json_object_get(entry, "snapshot-id"));
        }
    }
    if (best_ms != INT64_MIN)
        return snapshot_pick_id(m, id, out, e);
    if (time_ms < INT64_MIN / 1000 || time_ms > INT64_MAX / 1000)
        return error_set(e, ERR_CONFIG, "%" PRId64 " is no time in milliseconds", time_ms);
    calendar_format_iso(time_ms * 1000, text);
    return error_set(e, ERR_CONFIG, "the table had no snapshot at %s (%" PRId64 " ms)", text, time_ms);
}

/* --- history --- */

enum err snapshot_pick_between(const struct metadata *m, int64_t from_id, const struct snapshot *to,
                               struct arena *arena, const struct snapshot ***out, int32_t *count,
                               struct error *e)
{
    const struct snapshot *s = to;
    int64_t at_id = to->id;
    int32_t n = 0;

    for (; s && at_id != from_id && n <= m->snapshot_count; s = metadata_parent(m, s)) {
        at_id = s->parent_id;
        n++;
    }
    if (at_id != from_id && from_id != 0)
        return error_set(e, ERR_CONFIG,
                         "snapshot %" PRId64 " is no ancestor of snapshot %" PRId64
                         " (any more); what was added between them cannot be told",
                         from_id, to->id);
    if ((*out = ARENA_ARRAY(arena, const struct snapshot *, MAX(n, 1))) == NULL)
        return error_memory(e, sizeof s * (size_t)n, "a table's history");
    *count = n;
    for (s = to; n > 0; s = metadata_parent(m, s))
        (*out)[--n] = s;
    return OK;
}

const char *snapshot_pick_operation(const struct snapshot *s)
{
    const char *operation = s->summary ? json_field_get(s->summary, "operation") : NULL;

    return operation ? operation : "";
}
