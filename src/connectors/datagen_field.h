/* datagen_field.h: how one column of a datagen table is made: from its type and the options
 * `fields.<path>.*`. A value depends on the row's number, the job's seed and the column's path alone:
 * leaving other columns out does not change it.
 */
#ifndef WEIR_CONNECTORS_DATAGEN_FIELD_H
#define WEIR_CONNECTORS_DATAGEN_FIELD_H
#include "base/map.h"
#include "batch/builder.h"

struct datagen_field {
    const struct type *type;
    uint64_t salt; /* of the path */
    bool is_sequence, var_length;
    uint32_t null_below; /* of 2^32 */
    int32_t length;      /* of texts, bytes and collections */
    int64_t min, max;    /* whole numbers; start and end of a sequence; max: the past of timestamps, ms */
    double low, high;    /* FLOAT, DOUBLE, DECIMAL */
    struct datagen_field *children;
};

/* One batch of rows. */
struct datagen_run {
    uint64_t seed;
    int64_t now_us;
};

/* Read the options of a column and of what lies in it. used: the options that were read, name to anything. */
MUST_USE enum err datagen_field_init(struct datagen_field *f, struct arena *arena, const char *path,
                                     const struct type *type, const struct map *options, struct map *used,
                                     struct error *e);

/* Append the value of row `number`. */
void datagen_field_append(const struct datagen_field *f, struct column_builder *to,
                          const struct datagen_run *run, uint64_t number);

/* How many rows a column can have: of a sequence its length, else INT64_MAX. */
int64_t datagen_field_rows(const struct datagen_field *f);
#endif
