/* scan_shape.h: the columns of a data file as the table has them now: fields are told by their ids, so that
 * they may have been renamed, moved, added, dropped, made optional or widened since the file was written, at
 * any depth. What the file does not have is absent, or what its partition says.
 *
 *   file's columns --read types: the file's shape, leaves widened--> batch --arranged--> wanted columns
 */
#ifndef WEIR_ICEBERG_SCAN_SHAPE_H
#define WEIR_ICEBERG_SCAN_SHAPE_H
#include "batch/batch.h"
#include "iceberg/metadata.h"

/* How one wanted column, or part of one, is made of the file's. */
struct shape_part {
    int32_t from;                 /* number of the file's field beside it, -1: absent; for a top-level one: of
                                   the columns that are read */
    struct shape_part *parts;     /* of a nested one, as its type's fields; NULL: as it is */
    const struct slice *constant; /* absent, but its partition has a value; NULL: none */
};

struct shape {
    const struct schema *wanted; /* borrowed */
    struct shape_part *parts;    /* per wanted field */
    int32_t *columns;            /* the file's that are read */
    struct schema read;          /* with these types */
};

/* In arena, which must outlive the batches, as wanted and file must. have: of the file. ERR_UNSUPPORTED: it
 * has no field ids. */
MUST_USE enum err shape_plan(struct shape *s, const struct schema *wanted, const struct schema *have,
                             const struct metadata *m, const struct data_file *file, struct arena *arena,
                             struct error *e);

/* Takes some, a batch of s->read (NULL when that has no columns): the same rows of s->wanted. NULL when there
 * is no memory. */
struct batch *shape_apply(const struct shape *s, struct batch *some, int32_t row_count,
                          struct budget *budget);
#endif
