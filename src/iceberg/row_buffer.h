/* row_buffer.h: rows waiting to be written, partition by partition, as columns that own their bytes.
 * Memory is what the rows need, however many partitions there are. When it is too much, the largest
 * partitions are taken out and written: few large files rather than many small ones. Thread: the task's; a
 * taken partition belongs to whoever took it.
 */
#ifndef WEIR_ICEBERG_ROW_BUFFER_H
#define WEIR_ICEBERG_ROW_BUFFER_H
#include "iceberg/transform.h"

struct row_buffer;

struct row_run {         /* some rows of one partition */
    struct batch *batch; /* owned: a reference */
    uint64_t *dead;      /* owned: bit set for rows that a later one replaced; NULL: none */
    int32_t dead_count;
};
static inline bool row_run_is_dead(const struct row_run *run, int32_t row)
{
    return run->dead && (run->dead[row >> 6] >> (row & 63) & 1);
}

/* The rows of one partition, taken out of a buffer. */
struct partition_rows {
    const struct partition_spec *spec;
    struct arena arena; /* owned: values and path live in it */
    const struct partition_value *values;
    const char *path;     /* "data_type=steps", "" when unpartitioned */
    struct row_run *runs; /* owned */
    size_t run_count, run_capacity;
    int64_t live_count;
    size_t bytes; /* charged to the budget until partition_rows_free */
};
void partition_rows_free(struct partition_rows *p); /* NULL is fine */

/* schema is the table's; columns[i] is the number of the incoming column for its field i, -1: absent
 * everywhere. All borrowed, must outlive the buffer. budget is charged. */
MUST_USE enum err row_buffer_new(const struct schema *schema, const int32_t *columns,
                                 const struct partition_spec *spec, struct budget *budget,
                                 struct row_buffer **out, struct error *e);
void row_buffer_free(struct row_buffer *b);

/* Where a row lies, until it is taken. */
struct row_place {
    int32_t partition;
    int32_t run, row;
};

/* Copy the live rows of batch in, with their row kinds. places (may be NULL) gets where each has gone.
 * ERR_MEMORY leaves b as it was. ERR_INPUT: a NOT NULL field has no value, which one; but a row that deletes
 * needs none beyond its key. */
MUST_USE enum err row_buffer_add(struct row_buffer *b, const struct batch *batch, struct row_place *places,
                                 struct error *e);
/* The row was replaced by a later one, or deleted; not twice. False when there is no memory: it is still
 * there. */
MUST_USE bool row_buffer_kill(struct row_buffer *b, struct row_place place);
size_t row_buffer_bytes(const struct row_buffer *b);

/* Take the partition with the most bytes; NULL when b is empty. Partitions keep their number until
 * row_buffer_reset. */
struct partition_rows *row_buffer_take(struct row_buffer *b, int32_t *number);
void row_buffer_reset(struct row_buffer *b); /* when empty: forget partition numbers */
#endif
