/* parquet_columns.h: the columns of a file as a tree of weir types with their levels, made of the footer's
 * schema. Every way of writing lists and maps that LogicalTypes.md lists is understood: three levels, two,
 * unannotated.
 *
 * Levels. In the slots of any leaf below it, a column
 *   - has a row where rep <= column.rep and def >= column.element_def   (the innermost list around it has an
 * element),
 *   - whose value is there when def >= column.def;
 *   - and if it is a LIST or MAP, an element where rep <= column.rep + 1 and def > column.def.
 */
#ifndef WEIR_PARQUET_PARQUET_COLUMNS_H
#define WEIR_PARQUET_PARQUET_COLUMNS_H
#include "batch/type.h"
#include "parquet/parquet_meta.h"

struct parquet_column {
    const char *name;        /* dotted path, for messages */
    const struct type *type; /* as in the file */
    int32_t field_id;
    uint8_t def, rep, element_def;
    int32_t first_leaf, leaf_count;
    struct parquet_column *children; /* as type->fields */
    int32_t child_count;
    const struct meta_element *element; /* of a leaf; annotations normalised */
};

struct parquet_columns {
    struct schema *schema; /* the file's own */
    struct parquet_column *columns;
    const struct parquet_column **leaves; /* every leaf, in the order of a row group's chunks */
    int32_t column_count, leaf_count;
};

/* All in arena; the elements are normalised in place. ERR_CORRUPT, ERR_UNSUPPORTED. */
MUST_USE enum err parquet_columns_init(struct parquet_columns *out, struct arena *arena,
                                       struct meta_file *meta, struct error *e);

/* OK when the values of column can be given as `wanted`; else ERR_INPUT says why not. */
MUST_USE enum err parquet_column_check(const struct parquet_column *column, const struct type *wanted,
                                       struct error *e);
#endif
