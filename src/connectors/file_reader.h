/* file_reader.h: one file of a filesystem table, a piece at a time: text (inflated when its name ends in
 * .gz) as runs of bytes, Parquet as a batch for each row group, Avro as one batch. Blocking. Thread: one at a
 * time.
 */
#ifndef WEIR_CONNECTORS_FILE_READER_H
#define WEIR_CONNECTORS_FILE_READER_H
#include "batch/batch.h"
#include "connectors/file_kind.h"
#include "io/fs.h"

struct file_reader;

/* schema: what columns of Parquet and Avro are wanted, by name, others are not read. fs, path and schema are
 * borrowed. */
MUST_USE enum err file_reader_open(struct fs *fs, const char *path, enum file_kind kind,
                                   const struct schema *schema, struct file_reader **out, struct error *e);
void file_reader_free(struct file_reader *r); /* NULL is fine */

/* Text: append the next piece to out; *end: it was the last. */
MUST_USE enum err file_reader_text(struct file_reader *r, struct bytes *out, bool *end, struct error *e);
/* Parquet: the next row group (NULL: there is none); Avro: all rows, once. Columns that the file does not have
 * are NULL. */
MUST_USE enum err file_reader_batch(struct file_reader *r, struct batch **out, struct error *e);
#endif
