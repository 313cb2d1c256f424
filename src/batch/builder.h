/* builder.h: a batch being filled row by row, column by column: what decoders and generators write into.
 * Appending never fails by itself: the builder keeps its first failure, which builder_finish reports.
 *
 * Order of calls for a row: each column gets exactly one value (builder_null, builder_i64, ...); a LIST or
 * MAP value is its children's values followed by builder_list_end; a STRUCT value is one value for each child
 * followed by builder_struct_end (or builder_struct_null after giving each child builder_null). Then nothing
 * else: the row count is that of the columns. A row that turns out bad half-way is undone with
 * builder_rollback to the last builder_mark.
 */
#ifndef WEIR_BATCH_BUILDER_H
#define WEIR_BATCH_BUILDER_H
#include "batch/batch.h"

/* One column being built; fields are private to builder.c and the inline functions below. */
struct column_builder {
    const struct type *type;
    struct builder *owner; /* borrowed */
    int32_t row_count;
    int32_t capacity; /* of values, in rows */
    int32_t null_count;
    size_t width;
    char *values;                    /* owned until finish */
    uint64_t *validity;              /* owned; NULL while all rows have values */
    struct column_builder *children; /* owned, type->field_count of them */
};

struct builder {
    const struct schema *schema;
    struct budget *budget;          /* borrowed, may be NULL */
    struct column_builder *columns; /* owned, schema->field_count of them */
    struct batch *batch;            /* owned: collects copied bytes and keeps */
    bool failed;
    char *text; /* where copied bytes go next, in batch memory */
    size_t text_left;
};

/* False when there is no memory. schema must outlive the batches. */
MUST_USE bool builder_init(struct builder *b, const struct schema *schema, struct budget *budget);
void builder_fini(struct builder *b);

/* Room for row_count more rows in each top-level column, so that appending is a store. */
void builder_reserve(struct builder *b, int32_t row_count);

/* The finished batch (one reference, the caller's), and the builder empty again for the next. */
MUST_USE enum err builder_finish(struct builder *b, struct batch **out, struct error *e);

/* Rows finished so far: those that the first column has. */
static inline int32_t builder_rows(const struct builder *b)
{
    return b->columns[0].row_count;
}

/* Cut every column (children too) back to row_count rows. */
void builder_truncate(struct builder *b, int32_t row_count);

bool column_builder_grow(struct column_builder *c); /* private: room for one more */
void builder_null(struct column_builder *c);

/* Append one value of the type's width; the kinds that share a width share a function. */
#define BUILDER_APPEND(name, ctype)                                                                          \
    static inline void builder_##name(struct column_builder *c, ctype v)                                     \
    {                                                                                                        \
        if (UNLIKELY(c->row_count == c->capacity) && !column_builder_grow(c))                                \
            return;                                                                                          \
        ((ctype *)(void *)c->values)[c->row_count] = v;                                                      \
        if (UNLIKELY(c->validity != NULL))                                                                   \
            c->validity[c->row_count >> 6] |= UINT64_C(1) << (c->row_count & 63);                            \
        c->row_count++;                                                                                      \
    }
BUILDER_APPEND(u8, uint8_t)
BUILDER_APPEND(i8, int8_t)
BUILDER_APPEND(i16, int16_t)
BUILDER_APPEND(i32, int32_t)
BUILDER_APPEND(i64, int64_t)
BUILDER_APPEND(f32, float)
BUILDER_APPEND(f64, double)
BUILDER_APPEND(i128, __int128)
BUILDER_APPEND(view, struct view)

/* Bytes that the batch keeps alive by builder_keep: not copied. */
static inline void builder_borrowed(struct column_builder *c, const char *ptr, size_t len)
{
    builder_view(c, view_of(ptr, len));
}
void builder_copied(struct column_builder *c, const char *ptr,
                    size_t len); /* copied into the batch when long */
void builder_list_end(
    struct column_builder *c); /* LIST and MAP: all child rows since the last are its elements */
void builder_struct_end(struct column_builder *c);
void builder_struct_null(struct column_builder *c);
void builder_keep(struct builder *b, struct keep *k); /* takes the reference */

/* Append row of a column of the same type. Long views are shared: the caller keeps from's batch alive. */
void builder_value(struct column_builder *c, const struct column *from, int32_t row);
#endif
