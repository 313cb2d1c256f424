/* file_columns.h: the columns of a file's rows that are the same for all of them: partitions and metadata. */
#ifndef WEIR_CONNECTORS_FILE_COLUMNS_H
#define WEIR_CONNECTORS_FILE_COLUMNS_H
#include "connectors/file_list.h"
#include "connectors/file_source.h"

/* What can stand in a folder's name. */
bool file_columns_can_partition(const struct type *t);

struct file_columns {
    const struct file_source_spec *spec;
    struct arena arena;   /* of one file */
    struct batch *values; /* one row of spec->schema: the file's constants; a reference */
};

MUST_USE enum err file_columns_set(struct file_columns *c, const struct file_source_spec *spec,
                                   const struct listed_file *file, struct error *e);
void file_columns_fini(struct file_columns *c); /* zeroed is fine */

/* Rows of spec->schema (the caller's reference) made of rows of spec->content (borrowed). */
MUST_USE enum err file_columns_add(struct file_columns *c, struct batch *content, struct budget *budget,
                                   struct batch **out, struct error *e);
#endif
