/* shred.h: columns to leaves: what Dremel calls shredding. A leaf of a nested column becomes a run of slots,
 * each with a definition level (how deep something is there), a repetition level (at which list the slot goes
 * on; 0: a new row) and, when its value is there, a row number in the leaf's own column.
 *
 *   row {tags: [a, b]}, {tags: []}, {tags: NULL}     optional list of optional strings
 *   def  3  3  1  0
 *   rep  0  1  0  0
 *   rows 0  1
 */
#ifndef WEIR_PARQUET_SHRED_H
#define WEIR_PARQUET_SHRED_H
#include "batch/column.h"
#include "parquet/parquet_layout.h"
#include "parquet/pbuf.h"

/* One leaf's part of the rows being added. The arrays are borrowed until the next call. */
struct leaf_rows {
    const struct column *column;
    const int32_t *rows; /* value_count row numbers of column, all with a value */
    int32_t value_count, slot_count;
    const uint8_t *def, *rep; /* slot_count levels; NULL: all max_def, all 0 */
};

struct shredder;

struct shredder *shredder_new(struct budget *budget); /* NULL when there is no memory */
void shredder_free(struct shredder *s);               /* NULL is fine */

/* Called for each leaf in order; index counts from the column's first leaf. */
typedef enum err leaf_visit(void *arg, int32_t index, const struct leaf_rows *rows, struct error *e);

/* Shred `count` (> 0) rows of column c, which is field f. visit NULL: only check. ERR_INPUT names the field
 * when a NOT NULL one is absent. */
MUST_USE enum err shred(struct shredder *s, const struct field *f, const struct column *c,
                        const int32_t *rows, int32_t count, leaf_visit *visit, void *arg, struct error *e);

/* False when shred cannot find an absent value in a NOT NULL field of c, whatever the rows. */
bool shred_needs_check(const struct field *f, const struct column *c);
#endif
