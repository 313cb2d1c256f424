/* metadata.h: an Iceberg table's metadata file (spec, "Table Metadata"), version 2 (1 is read too, 3 is
 * refused clearly). The JSON document itself is kept, so that what weir does not know survives a rewrite; the
 * fields below are read from it. Read-only; lives until metadata_free.
 */
#ifndef WEIR_ICEBERG_METADATA_H
#define WEIR_ICEBERG_METADATA_H
#include "base/map.h"
#include "iceberg/transform.h"
#include <jansson.h>

struct snapshot {
    int64_t id, parent_id; /* parent_id 0: none */
    int64_t sequence_number, timestamp_ms;
    const char *manifest_list;
    json_t *summary; /* borrowed object of strings */
};

/* One of the schemas that the table has had. */
struct schema_version {
    int32_t id;
    const struct schema *schema;
};

struct metadata {
    json_t *json;       /* owned: the whole document */
    struct arena arena; /* owned: all below lives in it */
    int32_t format_version;
    const char *uuid, *location;
    int64_t last_sequence_number, last_updated_ms;
    int32_t last_column_id, last_partition_id;
    int32_t schema_id; /* the current one */
    const struct schema *schema;
    int32_t schema_count;
    const struct schema_version *schemas; /* all, the current one among them */
    int32_t identifier_count;
    const int32_t *identifier_ids; /* primary key */
    int32_t spec_count;
    const struct partition_spec **specs;
    const struct partition_spec *spec; /* the default one */
    int64_t current_snapshot_id;       /* 0: none */
    int32_t snapshot_count;
    const struct snapshot *snapshots;
};

/* Takes no reference: the text is parsed. ERR_CORRUPT names the field that is wrong. origin is for messages
 * (a path). */
MUST_USE enum err metadata_parse(struct slice json, const char *origin, struct metadata **out,
                                 struct error *e);
void metadata_free(struct metadata *m); /* NULL is fine */

/* The same of a document in hand; takes the reference, also when it fails. */
MUST_USE enum err metadata_of_json(json_t *json, const char *origin, struct metadata **out, struct error *e);

const struct snapshot *metadata_snapshot(const struct metadata *m, int64_t id); /* NULL when unknown */
/* s's parent (s is one of m's): NULL when there is none, or when it has expired. */
const struct snapshot *metadata_parent(const struct metadata *m, const struct snapshot *s);
const struct partition_spec *metadata_spec(const struct metadata *m, int32_t spec_id); /* NULL when unknown */
/* The type of a column by field id, in the current schema or the newest that had it; NULL when none had. */
const struct type *metadata_column_type(const struct metadata *m, int32_t field_id);
const char *metadata_property(const struct metadata *m, const char *key); /* NULL when unset */

/* A property that is a number or a boolean: standard when unset, and when it is none (said in the log). */
int64_t metadata_property_long(const struct metadata *m, const char *key, int64_t standard);
bool metadata_property_bool(const struct metadata *m, const char *key, bool standard);

/* Iceberg's JSON of a weir schema (field ids taken from it) and back. */
json_t *metadata_schema_json(const struct schema *s, int32_t schema_id, const int32_t *identifier_ids,
                             int32_t count);
MUST_USE enum err metadata_schema_parse(json_t *json, struct arena *arena, const struct schema **out,
                                        struct error *e);

/* What a new table is to be. */
struct table_spec {
    const struct schema
        *schema; /* field ids: given, or all 0: then numbered as Iceberg does (level by level) */
    const struct partition_spec *partition; /* source ids refer to schema by field id; NULL: unpartitioned */
    const char *const *primary_key;         /* column names ended by NULL; NULL: none */
    const char *const *properties;          /* key, value, ..., ended by NULL; NULL: none */
    const char *comment;                    /* NULL: none */
    const char *location;                   /* of its files; NULL: where the catalog puts it */
};
/* The schema with fresh ids, in arena. */
MUST_USE enum err metadata_assign_ids(struct arena *arena, const struct schema *schema,
                                      const struct schema **out, int32_t *last_id, struct error *e);

/* Iceberg's JSON of a partition spec; NULL when there is no memory. */
json_t *metadata_spec_json(const struct partition_spec *spec);

/* What spec asks for can be had: types that version 2 knows, a primary key that is one, no reserved
 * properties. */
MUST_USE enum err metadata_check_spec(const struct table_spec *spec, struct error *e);

/* The schema of spec with its field ids, in arena, and the ids of its primary key. */
MUST_USE enum err metadata_plan_schema(const struct table_spec *spec, struct arena *arena,
                                       const struct schema **schema, int32_t *last_id,
                                       const int32_t **key_ids, int32_t *key_count, struct error *e);

/* The properties that a new table is stored with: those of spec, its comment, and defaults for new tables. */
MUST_USE enum err metadata_plan_properties(const struct table_spec *spec, json_t **out, struct error *e);

/* The first metadata document of a new table (version 2). */
MUST_USE enum err metadata_create(const struct table_spec *spec, const char *location, const char *uuid,
                                  int64_t now_ms, struct metadata **out, struct error *e);

/* --- metadata files --- */

struct fs;

/* Read and parse path; gzip is recognised by its first bytes, whatever the name. */
MUST_USE enum err metadata_read(struct fs *fs, const char *path, struct metadata **out, struct error *e);
/* The bytes of a metadata file. */
MUST_USE enum err metadata_encode(json_t *json, bool gzip, struct bytes *out, struct error *e);
#endif
