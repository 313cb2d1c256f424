/* manifest_schema.h: the columns of manifests and manifest lists (spec, "Manifest Entry Fields", "Data File
 * Fields", "Manifest Lists"), with Iceberg's field ids. The enums are the columns' positions.
 */
#ifndef WEIR_ICEBERG_MANIFEST_SCHEMA_H
#define WEIR_ICEBERG_MANIFEST_SCHEMA_H
#include "iceberg/metadata.h"

enum entry_column {
    ENTRY_STATUS,
    ENTRY_SNAPSHOT_ID,
    ENTRY_SEQUENCE,
    ENTRY_FILE_SEQUENCE,
    ENTRY_FILE,
    ENTRY_COLUMNS
};

enum file_field {
    FILE_CONTENT,
    FILE_PATH,
    FILE_FORMAT,
    FILE_PARTITION,
    FILE_RECORDS,
    FILE_BYTES,
    FILE_COLUMN_SIZES,
    FILE_VALUE_COUNTS,
    FILE_NULL_COUNTS,
    FILE_NAN_COUNTS,
    FILE_LOWER,
    FILE_UPPER,
    FILE_KEY_METADATA,
    FILE_SPLITS,
    FILE_EQUALITY_IDS,
    FILE_SORT_ORDER,
    FILE_REFERENCES,
    FILE_FIELDS,
};

enum list_column {
    LIST_PATH,
    LIST_LENGTH,
    LIST_SPEC_ID,
    LIST_CONTENT,
    LIST_SEQUENCE,
    LIST_MIN_SEQUENCE,
    LIST_SNAPSHOT_ID,
    LIST_ADDED_FILES,
    LIST_EXISTING_FILES,
    LIST_DELETED_FILES,
    LIST_ADDED_ROWS,
    LIST_EXISTING_ROWS,
    LIST_DELETED_ROWS,
    LIST_PARTITIONS,
    LIST_KEY_METADATA,
    LIST_COLUMNS,
};

enum summary_field { SUMMARY_NULL, SUMMARY_NAN, SUMMARY_LOWER, SUMMARY_UPPER };

/* The types of spec's fields, all nullable; in arena, spec->field_count of them. */
MUST_USE enum err manifest_schema_partition(const struct metadata *m, const struct partition_spec *spec,
                                            struct arena *arena, const struct type ***out, struct error *e);

/* An entry's columns; in arena. When reading everything may be absent, as older versions have less. */
MUST_USE enum err manifest_schema_entry(const struct partition_spec *spec, const struct type **partition,
                                        bool reading, struct arena *arena, const struct schema **out,
                                        struct error *e);
MUST_USE enum err manifest_schema_list(bool reading, struct arena *arena, const struct schema **out,
                                       struct error *e);
#endif
