/* avro_write.h: rows as Avro records of a schema that Flink derives from a table's columns, or that the user
 * gives; avro_encode.c, for files, writes schemas of our own.
 */
#ifndef WEIR_FORMATS_AVRO_WRITE_H
#define WEIR_FORMATS_AVRO_WRITE_H
#include "batch/builder.h"
#include "formats/avro_schema.h"
#include "formats/encoders.h"

/* Append the schema document of a table's records: nullable is ["null", T] with default null, the record is
 * org.apache.flink.avro.generated.record, DECIMAL is bytes. legacy: TIMESTAMP(0..3) is timestamp-millis, and
 * nothing else is a timestamp; else TIMESTAMP is local-timestamp-*, TIMESTAMP_LTZ is timestamp-*.
 * ERR_UNSUPPORTED for what Avro cannot say: which column, and what to do. */
MUST_USE enum err avro_derive(const struct schema *schema, bool legacy, struct bytes *json, struct error *e);

struct avro_writer; /* read-only once made */

void avro_writer_free(struct avro_writer *w); /* NULL is fine */

/* Append a row as a datum; false when it cannot be, with the failure set. */
MUST_USE bool avro_writer_row(const struct avro_writer *w, const struct column *columns, int32_t row,
                              struct bytes *out, struct failure *f);

/* For formats: the document given by option `schema`, else the derived one, appended to json; and its writer.
 * ERR_CONFIG when columns do not fit the schema's fields, by place and name: which, and why. */
MUST_USE enum err avro_writer_open(const struct format *f, const struct map *options,
                                   const struct schema *schema, struct bytes *json, struct avro_writer **out,
                                   struct error *e);
#endif
