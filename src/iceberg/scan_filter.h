/* scan_filter.h: a condition as far as manifests can judge it: could a file have a row that meets it? Values
 * are Iceberg's single values (single_value.h) of the column's type in the table.
 *
 *   partition value --transform backwards--> range of source values --> may_match
 *   column bounds -----------------------------------------------------^
 */
#ifndef WEIR_ICEBERG_SCAN_FILTER_H
#define WEIR_ICEBERG_SCAN_FILTER_H
#include "iceberg/manifest.h"

enum filter_kind {
    FILTER_AND,
    FILTER_OR,
    FILTER_EQ,
    FILTER_NE,
    FILTER_LT,
    FILTER_LE,
    FILTER_GT,
    FILTER_GE,
    FILTER_PREFIX, /* a string begins with value */
    FILTER_IS_NULL,
    FILTER_NOT_NULL,
};

struct filter {
    enum filter_kind kind;
    const struct filter *left, *right; /* AND, OR */
    int32_t field_id;                  /* the others: a column, */
    const struct type *type;           /* its type in the table, */
    struct slice value;                /* and what it is compared with */
};

/* False: no row of such a file, or of any file of such a manifest, can meet f (NULL: every row does). */
bool filter_may_match_manifest(const struct filter *f, const struct metadata *m, const struct manifest *file);
bool filter_may_match_file(const struct filter *f, const struct metadata *m, const struct data_file *file);
#endif
