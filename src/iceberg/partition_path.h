/* partition_path.h: a partition's values as the folder that its files lie in, as Iceberg's Java library makes
 * it. */
#ifndef WEIR_ICEBERG_PARTITION_PATH_H
#define WEIR_ICEBERG_PARTITION_PATH_H
#include "iceberg/transform.h"

/* Append `name=value`, with a '/' before it unless it is the first. result is the type of the transform's
 * result. */
void partition_path_append(const struct partition_field *f, const struct type *result,
                           const struct partition_value *v, bool first, struct bytes *out);
#endif
