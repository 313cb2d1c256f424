/* transform.h: partition transforms, and which partition each row of a batch belongs to.
 * Source: Iceberg spec, "Partition Transforms" and appendix B (hashes).
 */
#ifndef WEIR_ICEBERG_TRANSFORM_H
#define WEIR_ICEBERG_TRANSFORM_H
#include "batch/batch.h"
#include "iceberg/data_file.h"

enum transform_kind {
    TRANSFORM_IDENTITY,
    TRANSFORM_BUCKET,
    TRANSFORM_TRUNCATE,
    TRANSFORM_YEAR,
    TRANSFORM_MONTH,
    TRANSFORM_DAY,
    TRANSFORM_HOUR,
    TRANSFORM_VOID,
};

struct transform {
    enum transform_kind kind;
    int32_t width; /* bucket count, or truncate's width */
};

struct partition_field {
    int32_t source_id, field_id; /* field_id from 1000 */
    const char *name;            /* "start_date_day" */
    struct transform transform;
};
struct partition_spec {
    int32_t spec_id;
    int32_t field_count;
    const struct partition_field *fields;
};

/* "day", "bucket[16]", "truncate[8]", ...: as in table metadata. */
MUST_USE enum err transform_parse(struct slice text, struct transform *out, struct error *e);
void transform_print(struct transform t, struct bytes *out);
/* The type of the result; fails when the transform cannot take that type. */
MUST_USE enum err transform_result(struct transform t, const struct type *source, const struct type **out,
                                   struct error *e);

/* As users write it: `days(start_date), data_type, bucket(16, user_id), truncate(4, name) AS prefix`; names
 * are made as Iceberg's Java library makes them (start_date_day, user_id_bucket, ...). source ids by name
 * from schema. */
MUST_USE enum err partition_spec_parse(struct arena *arena, struct slice text, const struct schema *schema,
                                       const struct partition_spec **out, struct error *e);

/* --- rows to partitions --- */

struct partitioner; /* numbers partitions as they are met, from 0; Thread: one */

MUST_USE enum err partitioner_new(const struct partition_spec *spec, const struct schema *schema,
                                  struct partitioner **out, struct error *e); /* both must outlive it */
void partitioner_free(struct partitioner *p);

/* The partition number of each live row of b, in order, into numbers (batch_live(b) of them). */
MUST_USE enum err partitioner_assign(struct partitioner *p, const struct batch *b, int32_t *numbers,
                                     struct error *e);
int32_t partitioner_count(const struct partitioner *p);
const struct partition_value *partitioner_values(const struct partitioner *p, int32_t number);
const char *partitioner_path(const struct partitioner *p,
                             int32_t number);  /* "start_date_day=2025-11-01/data_type=steps", escaped as Hive
                                                  does; "" when unpartitioned */
void partitioner_reset(struct partitioner *p); /* forget all numbers: they begin at 0 again */
#endif
