/* file_commit.c: see file_commit.h. */
#include "connectors/file_commit.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/file_list.h"
#include "connectors/file_part.h"

/* A partition that waits: process-time, when its first row came; partition-time, the time it is of. */
struct partition_since {
    int64_t ms;
};

void file_commit_fini(struct file_commit *c)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&c->pending, &at)) != NULL)
        mem_free(entry->value);
    map_fini(&c->pending);
}

/* --- the time of a partition -------------------------------------------------------------------------- */

/* The pattern with each `$column` replaced by its value. */
static const char *fill_pattern(const struct file_commit_spec *spec, const char *folder, struct arena *arena)
{
    const char *text = spec->pattern;

    if (text == NULL)
        return arena_text(arena, file_list_partition(arena, "", folder, spec->columns[0]));
    for (int i = 0; text && spec->columns[i]; i++) {
        const char *name = arena_printf(arena, "$%s", spec->columns[i]), *at;
        struct slice value = file_list_partition(arena, "", folder, spec->columns[i]);

        while (text && name && (at = strstr(text, name)) != NULL) {
            if (strstr(value.ptr ? arena_text(arena, value) : "", name))
                return NULL; /* it would never end */
            text = arena_printf(arena, "%.*s" SLICE_FMT "%s", (int)(at - text), text, SLICE_ARG(value),
                                at + strlen(name));
        }
    }
    return text;
}

static bool parse_time(const struct file_commit_spec *spec, const char *text, int64_t *local_us)
{
    struct java_parsed parsed;

    if (spec->formatter == NULL)
        return java_pattern_parse_default(slice_text(text), local_us);
    if (!java_pattern_parse(spec->formatter, slice_text(text), &parsed))
        return false;
    *local_us = parsed.local_us;
    return true;
}

static enum err time_of(const struct file_commit_spec *spec, const char *folder, int64_t *ms, struct error *e)
{
    struct arena arena = {0};
    const char *text = fill_pattern(spec, folder, &arena);
    int64_t local_us;
    enum err rc = OK;

    if (arena.failed)
        rc = error_memory(e, strlen(folder), "a partition's time");
    else if (text == NULL || !parse_time(spec, text, &local_us))
        rc = error_set(
            e, ERR_INPUT,
            "partition %s: '%s' is no time, as 'sink.partition-commit.trigger' = 'partition-time' needs; "
            "set 'partition.time-extractor.timestamp-pattern' or .timestamp-formatter",
            folder, text ? text : "");
    else
        *ms = zone_utc(spec->zone, local_us) / 1000;
    arena_fini(&arena);
    return rc;
}

/* --- the set ------------------------------------------------------------------------------------------ */

static enum err add(struct file_commit *c, struct slice folder, int64_t ms, struct error *e)
{
    struct partition_since *p = map_get(&c->pending, folder);

    if (p) {
        p->ms = MIN(p->ms, ms);
        return OK;
    }
    if ((p = mem_alloc(sizeof *p)) != NULL) {
        *p = (struct partition_since){ms};
        if (map_put(&c->pending, folder, p))
            return OK;
        mem_free(p);
    }
    return error_memory(e, folder.len, "partitions to be committed");
}

enum err file_commit_note(struct file_commit *c, const char *folder, int64_t wall_ms, struct error *e)
{
    int64_t ms = wall_ms;
    enum err rc;

    if (c->spec->success_name == NULL || map_get(&c->pending, slice_text(folder)))
        return OK;
    if (c->spec->by_partition_time && (rc = time_of(c->spec, folder, &ms, e)) != OK)
        return rc;
    return add(c, slice_text(folder), ms, e);
}

static bool is_due(const struct file_commit_spec *spec, const struct partition_since *p,
                   const struct file_commit_now *now)
{
    int64_t at_ms;

    if (now->ended || now->watermark_us == INT64_MAX)
        return true;
    if (__builtin_add_overflow(p->ms, spec->delay_ms, &at_ms))
        return false;
    if (!spec->by_partition_time)
        return now->wall_ms >= at_ms;
    return now->watermark_us != INT64_MIN && now->watermark_us / 1000 > at_ms;
}

bool file_commit_is_due(const struct file_commit *c, const char *folder, const struct file_commit_now *now)
{
    const struct partition_since *p = map_get(&c->pending, slice_text(folder));

    return p && is_due(c->spec, p, now);
}

void file_commit_put(struct file_commit *c, const struct file_commit_now *now, struct bytes *part)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&c->pending, &at)) != NULL) {
        bool due = is_due(c->spec, entry->value, now);

        file_part_put_partition(part, due ? FILE_PART_DUE : FILE_PART_PENDING, entry->key.ptr);
        if (due)
            mem_free(map_remove(&c->pending, entry->key));
    }
}

/* --- the snapshot ------------------------------------------------------------------------------------- */

void file_commit_save(const struct file_commit *c, struct bytes *out)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&c->pending, &at)) != NULL) {
        bytes_varint(out, entry->key.len);
        bytes_slice(out, entry->key);
        bytes_zigzag(out, ((const struct partition_since *)entry->value)->ms);
    }
}

enum err file_commit_load(struct file_commit *c, struct slice saved, int32_t subtask, int32_t parallelism,
                          struct error *e)
{
    struct reader r = reader_of(saved);
    enum err rc = OK;

    while (rc == OK && reader_left(&r) > 0) {
        struct slice folder = reader_bytes(&r, (size_t)reader_varint(&r));
        int64_t ms = reader_zigzag(&r);

        if (r.failed)
            return error_set(e, ERR_CORRUPT, "a file sink's partitions are cut off");
        if (hash_bytes(folder.ptr, folder.len) % (uint64_t)parallelism == (uint64_t)subtask)
            rc = add(c, folder, ms, e);
    }
    return rc;
}
