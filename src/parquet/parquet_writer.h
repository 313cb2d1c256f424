/* parquet_writer.h: writes one Parquet file (format 2.10): row groups, column chunks, pages, footer.
 * Batches are encoded as they come: dictionary first, plain (or delta for sorted-looking integers) when the
 * dictionary grows past its limit; pages are compressed when full; a row group is written out when its
 * encoded bytes reach the limit. Columns are written with their field ids (Iceberg reads by them). Statistics
 * are kept for the footer, the page index and the caller. Source: apache/parquet-format, parquet.thrift and
 * Encodings.md. Thread: one at a time. Memory: pages of the open row group, charged to budget.
 */
#ifndef WEIR_PARQUET_PARQUET_WRITER_H
#define WEIR_PARQUET_PARQUET_WRITER_H
#include "batch/batch.h"

struct fs_file;
struct parquet_writer;

enum parquet_codec { PARQUET_NONE, PARQUET_SNAPPY, PARQUET_GZIP, PARQUET_ZSTD, PARQUET_LZ4_RAW };

/* What one file teaches the next of the same schema, so that each need not find out again: for how many column
 * chunks to come a dictionary, or compression, is not tried. Zeroed at first; shared by any number of writers.
 * Thread: any. */
#define PARQUET_HINTS 64 /* leaf columns; those behind find out for themselves */
struct parquet_hints {
    _Atomic uint16_t no_dictionary[PARQUET_HINTS], no_compression[PARQUET_HINTS];
};

struct parquet_options {
    struct parquet_hints *hints; /* borrowed, may be NULL */
    enum parquet_codec codec;
    int32_t level;               /* of gzip and zstd, 0: the codec's default */
    int64_t row_group_bytes;     /* 0: 128 MiB */
    int32_t page_bytes;          /* 0: 1 MiB */
    int32_t page_rows;           /* 0: 20,000 */
    int32_t dictionary_bytes;    /* per column chunk; 0: 2 MiB, -1: no dictionaries */
    int32_t bounds_length;       /* strings in statistics are cut to this many characters; 0: 16 */
    bool delta;                  /* integers may be DELTA_BINARY_PACKED where that is smaller. Off, because
                                  * Iceberg's vectorised Spark reader before 1.10 refuses such a file */
    const char *const *metadata; /* key, value, ... ended by NULL, for the footer; may be NULL */
    const char *created_by;      /* NULL: "weir version ..." */
};

/* What a reader's planner wants to know of one leaf column, over the whole file. */
struct parquet_column_stats {
    int32_t field_id;
    int64_t size_bytes;  /* compressed, in the file */
    int64_t value_count; /* with nulls, Iceberg's way: elements for what lies in a list */
    int64_t null_count;
    int64_t nan_count; /* FLOAT, DOUBLE; else -1 */
    bool has_bounds;   /* false: no values, all NaN, or no order; also for leaves inside lists and maps */
    struct slice lower,
        upper; /* Iceberg's single-value serialisation (spec, appendix D), cut as bounds_length says */
};

struct parquet_summary {
    int64_t row_count, file_bytes;
    int32_t column_count; /* leaves, in schema order */
    const struct parquet_column_stats *columns;
    int32_t row_group_count;
    const int64_t *row_group_offsets; /* where each begins: Iceberg's split offsets */
};

/* schema must outlive the writer; the name of each column and field id is taken from it. file is borrowed:
 * the caller publishes it after parquet_writer_finish. budget may be NULL. */
MUST_USE enum err parquet_writer_new(const struct schema *schema, const struct parquet_options *options,
                                     struct fs_file *file, struct budget *budget, struct parquet_writer **out,
                                     struct error *e);

/* Append rows of b (count row numbers; NULL: the live rows). A NULL in a NOT NULL column is ERR_INPUT and
 * names it; then none of the rows is taken, and others may follow. After any other failure (no memory, a
 * value that its type cannot have) the file is to be given up. */
MUST_USE enum err parquet_writer_add(struct parquet_writer *w, const struct batch *b, const int32_t *rows,
                                     int32_t count, struct error *e);

int64_t parquet_writer_bytes(
    const struct parquet_writer *w); /* the size that the file would have if finished now, about */

/* Write what is open and the footer. summary points into w and is valid until it is freed. */
MUST_USE enum err parquet_writer_finish(struct parquet_writer *w, struct parquet_summary *summary,
                                        struct error *e);
void parquet_writer_free(
    struct parquet_writer *w); /* NULL is fine; unfinished is fine: abandon the file too */
#endif
