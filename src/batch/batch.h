/* batch.h: a run of rows as columns, the only thing that moves along a job's edges besides watermarks and
 * barriers. Immutable once emitted, shared by reference count. A batch owns its memory and may keep other
 * things alive that its columns point into (the Kafka messages, the batch it was selected from): `keep`. So a
 * projection copies column headers, a selection copies 4 bytes a row, and a payload is not copied until it is
 * written.
 *
 * Invariants
 *   1. Every column has row_count rows; live rows are those of selection, in its order, or all when it is
 * NULL.
 *   2. row_kinds, when given, has row_count entries (not selected_count).
 *   3. All rows come from one source split when split >= 0.
 * Thread: building, one; a finished batch, any.
 */
#ifndef WEIR_BATCH_BATCH_H
#define WEIR_BATCH_BATCH_H
#include "batch/column.h"
#include <stdatomic.h>

struct budget;

/* Something that is shared and freed when the last one lets go. */
struct keep {
    atomic_int refs;
    void (*free)(struct keep *k);
};

static inline struct keep *keep_ref(struct keep *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}
void keep_unref(struct keep *k); /* NULL is fine */

enum row_kind { ROW_INSERT, ROW_UPDATE_BEFORE, ROW_UPDATE_AFTER, ROW_DELETE };

struct batch {
    struct keep keep; /* first: a batch can be kept by another */
    const struct schema *schema;
    int32_t row_count;
    struct column *columns;
    const int32_t *selection; /* NULL: every row */
    int32_t selected_count;
    const uint8_t *row_kinds; /* enum row_kind; NULL: all ROW_INSERT */
    int32_t split;            /* the source's number for the split the rows come from, -1: mixed or unknown */
    int64_t born_us;          /* wall clock when the source took the oldest row, 0: unknown; for latency */
    struct batch_memory *memory; /* private to batch.c */
};

/* A batch with column headers for schema, no rows, and no values yet: allocate them with batch_alloc.
 * budget (borrowed, may be NULL) is charged for what is allocated. NULL when there is no memory. */
struct batch *batch_new(const struct schema *schema, struct budget *budget);

/* 64-byte aligned memory that lives as long as b; NULL when there is none. Not zeroed. Not after b was
 * shared. */
void *batch_alloc(struct batch *b, size_t byte_count);

/* Take over a block of mem_alloc's, whose byte_count is already charged to b's budget. On failure it is still
 * the caller's. */
MUST_USE bool batch_adopt(struct batch *b, void *block, size_t byte_count);

/* Keep k alive as long as b; takes the reference on success. False when there is no memory. */
MUST_USE bool batch_keep(struct batch *b, struct keep *k);

static inline struct batch *batch_ref(struct batch *b)
{
    keep_ref(&b->keep);
    return b;
}
static inline void batch_unref(struct batch *b) /* NULL is fine */
{
    keep_unref(b ? &b->keep : NULL);
}

/* Live rows, and the row number of the nth of them. */
static inline int32_t batch_live(const struct batch *b)
{
    return b->selection ? b->selected_count : b->row_count;
}
static inline int32_t batch_row(const struct batch *b, int32_t nth)
{
    return b->selection ? b->selection[nth] : nth;
}

/* Bytes charged for b itself (not for what it keeps): what channels count. */
size_t batch_bytes(const struct batch *b);

/* New batches that share from's columns (borrowed; they keep it alive). NULL when there is no memory. */
struct batch *batch_project(struct batch *from, const struct schema *schema, const int32_t *column_numbers,
                            struct budget *budget);
struct batch *batch_select(struct batch *from, const int32_t *rows, int32_t count, struct budget *budget);

/* rows of from, densely, as a new batch: values are copied, the bytes behind long views are shared. A row of
 * -1 gives an absent value. rows may repeat. This is what an exchange sends and what flattening repeats
 * parents with. */
struct batch *batch_gather(struct batch *from, const int32_t *rows, int32_t count, struct budget *budget);

/* A deep copy of the live rows that keeps nothing else alive. */
struct batch *batch_copy(const struct batch *from, struct budget *budget);

/* from's values under another type of the same layout (names and nullability may differ): a header, nothing
 * is copied. to's own children headers are used. */
void column_adopt(struct column *to, const struct column *from, const struct type *type);

/* The part of gather for one column, into `to` (zeroed header with type set), memory from owner. */
MUST_USE bool column_gather(const struct column *from, const int32_t *rows, int32_t count,
                            struct batch *owner, struct column *to);

/* Append as text for people and tests: `+I(user-1, 61.5, NULL, [a, b], {k=v})`, a line a live row. */
void batch_print(const struct batch *b, struct bytes *out);

/* Tests: OK when every invariant of the layout holds, else which does not. */
enum err batch_check(const struct batch *b, struct error *e);
#endif
