/* table_reader.h: the live rows of a table's snapshot, file by file, deletes applied. For looking at tables,
 * and for finding again what lies where; SQL reads by scan_plan.h and scan_reader.h themselves. Blocking.
 */
#ifndef WEIR_ICEBERG_TABLE_READER_H
#define WEIR_ICEBERG_TABLE_READER_H
#include "iceberg/catalog.h"
#include "iceberg/scan_deletes.h"

struct table_reader;

/* The current snapshot of t (borrowed, must outlive the reader); a table without snapshot has no rows. */
MUST_USE enum err table_reader_open(struct table *t, struct budget *budget, struct table_reader **out,
                                    struct error *e);
void table_reader_free(struct table_reader *r); /* NULL is fine */

/* Read these columns of the table only, by field id; schema is borrowed, must outlive the reader. Before any
 * visit. */
void table_reader_project(struct table_reader *r, const struct schema *schema);

int32_t table_reader_files(const struct table_reader *r); /* data files */
const struct data_file *table_reader_file(const struct table_reader *r, int32_t file);
int64_t table_reader_rows(const struct table_reader *r); /* live rows */

/* The rows of one data file that live, row group by row group: each batch to visit, which borrows it. Its
 * columns are those of the table's schema; one that the file does not have, since it was added later, is
 * absent in every row. first_row is the position in the file of the batch's row 0. Stops with what visit
 * returns unless OK. */
typedef enum err table_visit(void *arg, const struct data_file *file, int64_t first_row, struct batch *rows,
                             struct error *e);
MUST_USE enum err table_reader_visit(struct table_reader *r, int32_t file, table_visit *visit, void *arg,
                                     struct error *e);

/* The rows of a file that the table once had, deleted or not. */
MUST_USE enum err table_reader_visit_old(struct table_reader *r, const char *path, table_visit *visit,
                                         void *arg, struct error *e);

/* Every position in a position delete file, of the table or to be. Stops with what visit returns unless OK. */
MUST_USE enum err table_reader_visit_deletes(struct table_reader *r, const struct data_file *file,
                                             delete_visit *visit, void *arg, struct error *e);
#endif
