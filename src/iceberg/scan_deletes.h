/* scan_deletes.h: which rows of a data file are deleted: by their position, or by being equal to a row of a
 * delete file. Delete files are read when a data file first needs them, and kept while there is room, since
 * neighbours need the same.
 *
 * Equality deletes of the same columns and partition are one table, from key to the newest sequence number
 * that deletes it: a row is deleted when that is above its file's.
 * Blocking. Thread: one at a time.
 */
#ifndef WEIR_ICEBERG_SCAN_DELETES_H
#define WEIR_ICEBERG_SCAN_DELETES_H
#include "batch/batch.h"
#include "iceberg/scan_plan.h"

struct scan_deletes;
/* fs, metadata and budget (may be NULL) are borrowed, must outlive it. NULL when there is no memory. */
struct scan_deletes *scan_deletes_new(struct fs *fs, const struct metadata *m, struct budget *budget);
void scan_deletes_free(struct scan_deletes *d); /* NULL is fine */

/* The deletes of one data file. Valid until the next one is opened. */
struct file_deletes {
    int64_t *positions; /* owned; ascending, each once */
    size_t position_count, next;
    int64_t sequence_number;    /* of the file */
    struct equality_set **sets; /* owned list of borrowed ones */
    size_t set_count, set_capacity;
    struct schema key_schema; /* the columns by which rows are compared, of all sets; in arena */
    struct arena arena;
};
MUST_USE enum err scan_deletes_open(struct scan_deletes *d, const struct scan_split *split,
                                    struct file_deletes *out, struct error *e);
void file_deletes_fini(struct file_deletes *f); /* zeroed is fine */

/* The rows of b that live, into rows (room for b->row_count); *count of them. first_row: the position in the
 * file of b's row 0; calls go forwards in the file. keys: as key_schema, the same rows (NULL when that has no
 * columns). */
MUST_USE enum err file_deletes_live(struct file_deletes *f, int64_t first_row, int32_t row_count,
                                    const struct batch *keys, int32_t *rows, int32_t *count, struct error *e);

static inline bool file_deletes_any(const struct file_deletes *f)
{
    return f->position_count > 0 || f->set_count > 0;
}

/* Every position in a position delete file; path is borrowed. Stops with what visit returns unless OK. */
typedef enum err delete_visit(void *arg, struct slice path, int64_t position, struct error *e);
MUST_USE enum err scan_deletes_visit(struct fs *fs, const char *path, struct budget *budget,
                                     delete_visit *visit, void *arg, struct error *e);
#endif
