/* avro.h: Avro 1.11: schemas, and records to columns and back.
 * A plan is a writer's schema compiled against the fields that are wanted, by Avro's resolution rules (names
 * and aliases, promotions int>long>float>double and string<>bytes, unions, defaults of missing fields); what
 * nobody wants is skipped, not decoded. Parsing is jansson's (schemas are control data); decoding is our own,
 * straight into column builders. Source: Avro specification 1.11, "Schema Declaration", "Data Serialization",
 * "Schema Resolution".
 */
#ifndef WEIR_FORMATS_AVRO_H
#define WEIR_FORMATS_AVRO_H
#include "batch/builder.h"

struct avro_schema; /* parsed, read-only */
struct avro_plan;   /* read-only: any thread */
struct map;

/* json is a schema document. Errors say where (`field samples.items.value: ...`). */
MUST_USE enum err avro_schema_parse(struct slice json, struct avro_schema **out, struct error *e);
void avro_schema_free(struct avro_schema *s);

/* The schema of records that carry these fields; record and nested names are derived from name. Nullable is
 * ["null", T] with default null. Field ids are written as "field-id" / "element-id" / "key-id" / "value-id"
 * where not 0 (Iceberg's way). Timestamps are timestamp-millis/-micros (LTZ: adjust-to-utc true), DECIMAL is
 * fixed or bytes with logicalType, DATE, TIME likewise; MAP with STRING keys is map, with others the array of
 * key_value records that Iceberg uses. */
MUST_USE enum err avro_schema_write(const struct schema *schema, const char *name, struct bytes *json,
                                    struct error *e);

/* The columns that a record schema has, as weir types; lives in arena. */
MUST_USE enum err avro_schema_columns(const struct avro_schema *s, struct arena *arena,
                                      const struct schema **out, struct error *e);

/* Compile. wanted[i] tells which fields of schema come from the record (NULL: all); the others are not
 * touched. Fails when a field can not be resolved: which, and why. */
MUST_USE enum err avro_plan_new(const struct avro_schema *writer, const struct schema *schema,
                                const bool *wanted, struct avro_plan **out, struct error *e);
void avro_plan_free(struct avro_plan *p);

/* Decode one record from datum and append it to b's wanted columns. NULL when it went well, with *used the
 * bytes read; else why not, a sentence for the user in a buffer of the caller (`field samples[3].value: 2
 * bytes missing`), and b's columns may hold a part of the row: builder_truncate it. Strings that are not
 * UTF-8 are refused. Strings are borrowed from datum. */
#define AVRO_WHY_MAX 200
const char *avro_decode(const struct avro_plan *p, struct slice datum, struct builder *b, size_t *used,
                        char why[AVRO_WHY_MAX]);

/* Append row of batch as one record of the schema that avro_schema_write makes of its schema. */
void avro_encode(const struct batch *batch, int32_t row, struct bytes *out);

/* --- object container files (manifests, .avro data) --- */

/* A whole file into one batch of schema's fields (resolved by name); nothing of file is borrowed. metadata,
 * when not NULL, gets the file's own entries, copies in arena (name to char *). Codecs: null, deflate,
 * snappy, zstandard. */
MUST_USE enum err avro_file_read(struct slice file, const struct schema *schema, struct arena *arena,
                                 struct map *metadata, struct batch **out, struct error *e);

enum avro_codec { AVRO_NULL, AVRO_DEFLATE };
/* The live rows of batch as a whole container file. metadata is name, value, ..., ended by NULL; may be NULL.
 * sync marks are derived from the content, so that the same rows give the same bytes. */
MUST_USE enum err avro_file_write(const struct batch *batch, const char *record_name,
                                  const char *const *metadata, enum avro_codec codec, struct bytes *out,
                                  struct error *e);
#endif
