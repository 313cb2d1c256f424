/* metadata.h: an Iceberg table's metadata file (spec, "Table Metadata"), version 2 (1 is read too, 3 is refused clearly).
 * The JSON document itself is kept, so that what weir does not know survives a rewrite; the fields below are read from
 * it. Read-only; lives until metadata_free.
 */
#ifndef WEIR_ICEBERG_METADATA_H
#define WEIR_ICEBERG_METADATA_H
#include "base/map.h"
#include "iceberg/transform.h"
#include <jansson.h>

struct snapshot {
    int64_t     id, parent_id; /* parent_id 0: none */
    int64_t     sequence_number, timestamp_ms;
    const char *manifest_list;
    json_t     *summary; /* borrowed object of strings */
};

struct metadata {
    json_t                *json;  /* owned: the whole document */
    struct arena           arena; /* owned: all below lives in it */
    int32_t                format_version;
    const char            *uuid, *location;
    int64_t                last_sequence_number, last_updated_ms;
    int32_t                last_column_id, last_partition_id;
    int32_t                schema_id; /* the current one */
    const struct schema   *schema;
    int32_t                identifier_count;
    const int32_t         *identifier_ids; /* primary key */
    int32_t                spec_count;
    const struct partition_spec **specs;
    const struct partition_spec  *spec; /* the default one */
    int64_t                current_snapshot_id; /* 0: none */
    int32_t                snapshot_count;
    const struct snapshot *snapshots;
};

/* Takes no reference: the text is parsed. ERR_CORRUPT names the field that is wrong. origin is for messages (a path). */
MUST_USE enum err metadata_parse(struct slice json, const char *origin, struct metadata **out, struct error *e);
void              metadata_free(struct metadata *m); /* NULL is fine */

const struct snapshot *metadata_snapshot(const struct metadata *m, int64_t id); /* NULL when unknown */
const char            *metadata_property(const struct metadata *m, const char *key); /* NULL when unset */

/* Iceberg's JSON of a weir schema (field ids taken from it) and back. */
json_t *metadata_schema_json(const struct schema *s, int32_t schema_id, const int32_t *identifier_ids, int32_t count);
MUST_USE enum err metadata_schema_parse(json_t *json, struct arena *arena, const struct schema **out, struct error *e);

/* What a new table is to be. */
struct table_spec {
    const struct schema         *schema;     /* field ids: given, or all 0: then numbered as Iceberg does (level by level) */
    const struct partition_spec *partition;  /* source ids refer to schema by field id; NULL: unpartitioned */
    const char *const           *primary_key; /* column names ended by NULL; NULL: none */
    const char *const           *properties; /* key, value, ..., ended by NULL; NULL: none */
    const char                  *comment;    /* NULL: none */
};
/* The schema with fresh ids, in arena. */
MUST_USE enum err metadata_assign_ids(struct arena *arena, const struct schema *schema, const struct schema **out,
                                      int32_t *last_id, struct error *e);

/* The first metadata document of a new table (version 2). */
MUST_USE enum err metadata_create(const struct table_spec *spec, const char *location, const char *uuid,
                                  int64_t now_ms, struct metadata **out, struct error *e);
#endif
