/* test_compact.h: for tests: what another engine's compaction does to a table: all live rows in new files, in
 * a snapshot that has only these. The old files stay, as they do until snapshots expire.
 */
#ifndef WEIR_CONNECTORS_TEST_COMPACT_H
#define WEIR_CONNECTORS_TEST_COMPACT_H
#include "base/mem.h"
#include "iceberg/file_writer.h"
#include "iceberg/manifest.h"
#include "iceberg/table_reader.h"
#include "io/fs.h"
#include "os/random.h"

struct compact {
    struct table *t;
    struct row_buffer *rows;
    struct arena arena;
    struct manifest_entry entries[64];
    int32_t entry_count;
    struct random random;
};

static enum err compact_take(void *arg, const struct data_file *file, int64_t first_row, struct batch *b,
                             struct error *e)
{
    struct compact *c = arg;

    (void)file;
    (void)first_row;
    return row_buffer_add(c->rows, b, NULL, e);
}

static enum err compact_read(struct compact *c, struct error *e)
{
    struct table_reader *reader;
    enum err rc = table_reader_open(c->t, NULL, &reader, e);

    if (rc != OK)
        return rc;
    for (int32_t i = 0; rc == OK && i < table_reader_files(reader); i++)
        rc = table_reader_visit(reader, i, compact_take, c, e);
    table_reader_free(reader);
    return rc;
}

static enum err compact_write(struct compact *c, struct error *e)
{
    struct file_writer w;
    struct partition_rows *p;
    int32_t number;
    enum err rc = file_writer_init(&w, c->t->fs, c->t->metadata, NULL, NULL, e);

    while (rc == OK && (p = row_buffer_take(c->rows, &number)) != NULL) {
        struct manifest_entry *entry = &c->entries[c->entry_count++];
        char uuid[RANDOM_UUID_MAX];

        assert(c->entry_count <= 64);
        random_uuid(&c->random, uuid);
        *entry = (struct manifest_entry){.status = ENTRY_ADDED};
        rc = file_writer_rows(&w, p, file_writer_path(&w, p->path, uuid, &c->arena), &c->arena, &entry->file,
                              e);
        partition_rows_free(p);
    }
    return rc;
}

static enum err compact_commit(struct compact *c, struct error *e)
{
    const struct metadata *m = c->t->metadata;
    struct snapshot s = {.id = (int64_t)(random_u64(&c->random) >> 1),
                         .parent_id = m->current_snapshot_id,
                         .sequence_number = m->last_sequence_number + 1};
    struct manifest manifest;
    json_t *requirements, *updates;
    const char *prefix = arena_printf(&c->arena, "%s/metadata/compact-%" PRId64, m->location, s.id);
    enum err rc;

    s.manifest_list = arena_printf(&c->arena, "%s-list.avro", prefix);
    s.timestamp_ms = m->last_updated_ms;
    if ((rc = manifest_write(c->t->fs, arena_printf(&c->arena, "%s-m0.avro", prefix), m, m->spec->spec_id,
                             false, c->entries, c->entry_count, s.id, &c->arena, &manifest, e)) != OK ||
        (rc = manifest_list_write(c->t->fs, s.manifest_list, &s, &manifest, 1, e)) != OK)
        return rc;
    requirements = json_pack("[]");
    updates = json_pack("[{s:s,s:{s:I,s:I,s:I,s:I,s:s,s:i,s:{s:s,s:s}}},{s:s,s:s,s:s,s:I}]", "action",
                        "add-snapshot", "snapshot", "snapshot-id", (json_int_t)s.id, "parent-snapshot-id",
                        (json_int_t)s.parent_id, "sequence-number", (json_int_t)s.sequence_number,
                        "timestamp-ms", (json_int_t)s.timestamp_ms, "manifest-list", s.manifest_list,
                        "schema-id", (int)m->schema_id, "summary", "operation", "replace", "engine-name",
                        "compactor", "action", "set-snapshot-ref", "ref-name", "main", "type", "branch",
                        "snapshot-id", (json_int_t)s.id);
    assert(requirements && updates);
    rc = table_commit(c->t, requirements, updates, e);
    json_decref(requirements);
    json_decref(updates);
    return rc;
}

/* Rewrite all of t's rows; nothing when it has none. */
static enum err test_compact(struct table *t, uint64_t seed, struct error *e)
{
    struct compact c = {.t = t};
    int32_t columns[32];
    enum err rc = OK;

    if (t->metadata->current_snapshot_id == 0)
        return OK;
    random_seed(&c.random, seed);
    assert(t->metadata->schema->field_count <= 32);
    for (int32_t i = 0; i < 32; i++)
        columns[i] = i;
    if ((rc = row_buffer_new(t->metadata->schema, columns, t->metadata->spec, NULL, &c.rows, e)) == OK &&
        (rc = compact_read(&c, e)) == OK)
        rc = compact_write(&c, e);
    row_buffer_free(c.rows); /* before the commit: it has t's metadata, which goes */
    if (rc == OK && c.entry_count > 0)
        rc = compact_commit(&c, e);
    arena_fini(&c.arena);
    return rc;
}
#endif
