/* file_writer.h: rows of one partition to one Parquet file of the table, and positions to a position delete
 * file. Blocking: for I/O threads. What is written is not part of the table before commit.h makes it so.
 */
#ifndef WEIR_ICEBERG_FILE_WRITER_H
#define WEIR_ICEBERG_FILE_WRITER_H
#include "iceberg/row_buffer.h"
#include "parquet/parquet_writer.h"

struct fs;
struct map;
struct metadata;

struct file_writer {
    struct fs *fs;                  /* borrowed */
    const struct schema *schema;    /* the table's, with field ids */
    const char *location;           /* the table's folder */
    const char *data_path;          /* write.data.path: the folder of data files; NULL: data in the table's */
    struct parquet_options parquet; /* with hints: so a file_writer stays where it is */
    struct parquet_hints hints;
    struct budget *budget;
};

/* From the table's properties (write.parquet.*, write.data.path), before which go options (text by name,
 * NULL: none); strings are borrowed from both. A property that asks for what weir cannot do
 * (write.format.default = orc) is ERR_UNSUPPORTED, one whose value is none is ERR_CONFIG. */
MUST_USE enum err file_writer_init(struct file_writer *w, struct fs *fs, const struct metadata *m,
                                   const struct map *options, struct budget *budget, struct error *e);

/* Where a new file of p goes: `<data>/<partition>/<name>`, in arena. */
const char *file_writer_path(const struct file_writer *w, const char *partition_path, const char *name,
                             struct arena *arena);

/* Write the live rows of p, run after run, to path: row n of the file is the nth live one. out lives in
 * arena. */
MUST_USE enum err file_writer_rows(const struct file_writer *w, const struct partition_rows *p,
                                   const char *path, struct arena *arena, struct data_file *out,
                                   struct error *e);

/* A row of a data file that is deleted. */
struct deleted_row {
    const char *path; /* borrowed; equal paths need not be equal pointers */
    int64_t position;
};
/* Sorts rows by path and position as the specification wants, writes them to path. */
MUST_USE enum err file_writer_deletes(const struct file_writer *w, struct deleted_row *rows, size_t count,
                                      int32_t spec_id, const struct partition_value *partition,
                                      int32_t partition_count, const char *path, struct arena *arena,
                                      struct data_file *out, struct error *e);
#endif
