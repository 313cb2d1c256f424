/* absent_column.c: see absent_column.h. Children of lists and maps have no rows, those of structs as many as
 * it has. */
#include "iceberg/absent_column.h"

bool absent_column_fill(struct column *c, int32_t row_count, struct batch *owner)
{
    bool list = c->type->kind == TYPE_LIST || c->type->kind == TYPE_MAP;
    size_t validity = VALIDITY_WORDS(row_count) * sizeof(uint64_t);
    size_t values = ((size_t)row_count + list) * type_width(c->type);

    c->row_count = row_count;
    if ((c->validity = batch_alloc(owner, MAX(validity, 1))) == NULL)
        return false;
    memset(c->validity, 0, validity);
    if (c->type->kind != TYPE_STRUCT) {
        if ((c->values = batch_alloc(owner, MAX(values, 1))) == NULL)
            return false;
        memset(c->values, 0, values);
    }
    for (int32_t i = 0; i < c->type->field_count; i++)
        if (!absent_column_fill(&c->children[i], list ? 0 : row_count, owner))
            return false;
    return true;
}
