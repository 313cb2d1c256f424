/* commit_overwrite.c: see commit_overwrite.h. */
#include "iceberg/commit_overwrite.h"

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "the partitions of an overwrite");
}

static struct slice partition_key(struct commit_overwrite *o, const struct data_file *f)
{
    bytes_clear(&o->key);
    bytes_u8(&o->key, 1);
    bytes_zigzag(&o->key, f->spec_id);
    for (int32_t i = 0; i < f->partition_count; i++) {
        bytes_u8(&o->key, f->partition[i].null);
        bytes_varint(&o->key, f->partition[i].value.len);
        bytes_slice(&o->key, f->partition[i].value);
    }
    return bytes_all(&o->key);
}

static bool is_unpartitioned(const struct partition_spec *spec)
{
    for (int32_t i = 0; spec && i < spec->field_count; i++)
        if (spec->fields[i].transform.kind != TRANSFORM_VOID)
            return false;
    return true;
}

enum err commit_overwrite_init(struct commit_overwrite *o, const struct metadata *m,
                               const struct change *change, struct error *e)
{
    *o = (struct commit_overwrite){0};
    for (int32_t i = 0; i < change->file_count; i++) {
        const struct data_file *f = &change->files[i];
        struct slice key = partition_key(o, f);

        o->everything |= is_unpartitioned(metadata_spec(m, f->spec_id));
        if (o->key.failed || !map_put(&o->partitions, key, o))
            return no_memory(e);
    }
    return OK;
}

void commit_overwrite_fini(struct commit_overwrite *o)
{
    map_fini(&o->partitions);
    bytes_fini(&o->key);
}

static bool goes(struct commit_overwrite *o, const struct data_file *f)
{
    return o->everything || map_get(&o->partitions, partition_key(o, f)) != NULL;
}

enum err commit_overwrite_entries(struct commit_overwrite *o, const struct table *t, const struct manifest *m,
                                  int64_t snapshot_id, struct arena *arena, struct manifest_entry **out,
                                  int32_t *count, struct error *e)
{
    struct manifest_entry *entries;
    int32_t all = 0, n = 0;
    bool any = false;
    enum err rc = manifest_read(t->fs, m, t->metadata, arena, &entries, &all, e);

    *count = 0;
    for (int32_t i = 0; rc == OK && i < all; i++) {
        struct commit_removed *removed = &o->removed[entries[i].file.content];

        if (entries[i].status == ENTRY_DELETED)
            continue;
        entries[n] = entries[i];
        entries[n].status = ENTRY_EXISTING;
        if (goes(o, &entries[n].file)) {
            any = true;
            entries[n].status = ENTRY_DELETED;
            entries[n].file.snapshot_id = snapshot_id;
            removed->files++;
            removed->records += entries[n].file.record_count;
            removed->bytes += entries[n].file.size_bytes;
        }
        n++;
    }
    if (rc == OK && o->key.failed)
        rc = no_memory(e);
    *out = entries;
    *count = any ? n : 0;
    return rc;
}
