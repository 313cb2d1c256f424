/* scan_reader.h: one piece of a data file read: its live rows, a row group at a time, as the table has them
 * now (scan_shape.h), without those that are deleted (scan_deletes.h). Blocking. Thread: one at a time.
 */
#ifndef WEIR_ICEBERG_SCAN_READER_H
#define WEIR_ICEBERG_SCAN_READER_H
#include "iceberg/scan_deletes.h"

struct scan_reader;

/* What is read; all borrowed, must outlive the reader and its batches. */
struct scan_source {
    struct fs *fs;
    const struct metadata *metadata;
    const struct schema *wanted;  /* columns of the table with their field ids, in any order, nested ones with
                                   * the fields that are wanted */
    struct scan_deletes *deletes; /* NULL: they do not count */
    struct budget *budget;
};

/* first_row: rows of the file before that position are not given. split is borrowed. */
MUST_USE enum err scan_reader_open(const struct scan_source *source, const struct scan_split *split,
                                   int64_t first_row, struct scan_reader **out, struct error *e);
void scan_reader_free(struct scan_reader *r); /* NULL is fine; batches live on, as long as the source */

/* The next rows (a reference; those that live are selected); NULL at the end. *first_row: the position in the
 * file of the batch's row 0. */
MUST_USE enum err scan_reader_next(struct scan_reader *r, struct batch **out, int64_t *first_row,
                                   struct error *e);
#endif
