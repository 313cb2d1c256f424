/* data_file.h: a file of an Iceberg table, data or deletes, as manifests tell of it (spec, "Manifests").
 * Read-only once made; lives in an arena.
 */
#ifndef WEIR_ICEBERG_DATA_FILE_H
#define WEIR_ICEBERG_DATA_FILE_H
#include "batch/type.h"

struct reader;

enum file_content { FILE_DATA = 0, FILE_POSITION_DELETES = 1, FILE_EQUALITY_DELETES = 2 };

/* A partition field's value in Iceberg's single-value serialisation (spec, appendix D); null when absent. */
struct partition_value {
    bool null;
    struct slice value;
};

struct file_column {
    int32_t field_id;
    int64_t size_bytes, value_count, null_count, nan_count; /* -1: not known */
    bool has_bounds;
    struct slice lower, upper; /* single-value serialisation */
};

struct data_file {
    enum file_content content;
    const char *path;   /* full URI */
    const char *format; /* as manifests have it: "ORC"; NULL: "PARQUET", what weir writes */
    int32_t spec_id;
    int32_t partition_count;
    const struct partition_value *partition; /* in the order of the spec's fields */
    int64_t record_count, size_bytes;
    int32_t column_count;
    const struct file_column *columns;
    int32_t split_count;
    const int64_t *splits; /* offsets of row groups */
    int32_t equality_count;
    const int32_t *equality_ids; /* FILE_EQUALITY_DELETES */
    const char *references;      /* FILE_POSITION_DELETES of one data file: its path; else NULL */
    int32_t sort_order_id;
    struct slice key_metadata; /* of encryption, opaque; empty: none. Kept when manifests are merged */
    /* Where it stands in the table; 0 in files not yet committed. */
    int64_t snapshot_id, sequence_number, file_sequence_number;
};

/* One file as bytes for a checkpoint, and back (strings live in arena). ERR_CORRUPT when it is not one. */
void data_file_encode(const struct data_file *f, struct bytes *out);
MUST_USE enum err data_file_decode(struct reader *r, struct arena *arena, struct data_file *out,
                                   struct error *e);
#endif
