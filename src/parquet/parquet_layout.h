/* parquet_layout.h: how a weir schema lies in a Parquet file: its leaves, their physical types and levels,
 * and the schema elements of the footer. Lists are `name (LIST) / repeated list / element`, maps `name (MAP)
 * / repeated key_value / key, value`, as Iceberg wants them. Source: apache/parquet-format, LogicalTypes.md;
 * apache/iceberg, format/spec.md, appendix A.
 */
#ifndef WEIR_PARQUET_PARQUET_LAYOUT_H
#define WEIR_PARQUET_PARQUET_LAYOUT_H
#include "batch/type.h"
#include "parquet/parquet_format.h"
#include "parquet/thrift_compact.h"

/* How the values of a leaf are compared, and what its bounds look like. */
enum leaf_order { ORDER_INT, ORDER_FLOAT, ORDER_BYTES, ORDER_SIGNED_BYTES /* big-endian numbers */ };

struct parquet_leaf {
    const struct type *type;
    const char *name;        /* dotted path, for messages */
    const char *const *path; /* path_in_schema */
    int32_t path_count;
    int32_t field_id;
    enum parquet_physical physical;
    enum leaf_order order;
    uint8_t width;       /* bytes of a PLAIN value; 0: BOOLEAN and bytes */
    int32_t type_length; /* of PHYSICAL_FIXED */
    uint8_t max_def, max_rep;
    uint8_t element_def; /* slots of a lower definition level stand for no element at all */
};

struct parquet_layout {
    const struct schema *schema;
    struct parquet_leaf *leaves; /* in arena; those of column i are first[i] .. first[i + 1] - 1 */
    int32_t *first;              /* schema->field_count + 1 of them */
    int32_t leaf_count;
    int32_t element_count; /* of the footer's schema, with the root */
};

/* ERR_UNSUPPORTED: nested too deep, a struct without fields. */
MUST_USE enum err parquet_layout_init(struct parquet_layout *l, struct arena *arena,
                                      const struct schema *schema, struct error *e);

/* Write field `id` of FileMetaData: the list of SchemaElement. */
void parquet_layout_write(const struct parquet_layout *l, struct thrift_writer *w, int16_t id);

/* Whether child number `child` of a nested type may be absent in the file: the keys of maps never may. */
bool parquet_nullable(const struct type *parent, int32_t child);
const char *parquet_child_name(const struct type *parent, int32_t child);

/* Bytes that a FIXED decimal of that precision takes. */
int32_t parquet_decimal_bytes(int32_t precision);
#endif
