/* parquet_bounds.h: the smallest and largest value of a page, a column chunk, a file; and how they are
 * written: in Parquet's statistics and as Iceberg's single values. Texts are cut; an upper bound that is cut
 * is rounded up, on a character's boundary. NaN is left out; zero is widened to -0.0 .. +0.0.
 */
#ifndef WEIR_PARQUET_PARQUET_BOUNDS_H
#define WEIR_PARQUET_PARQUET_BOUNDS_H
#include "batch/column.h"
#include "parquet/parquet_layout.h"
#include "parquet/pbuf.h"

struct bounds {
    bool any;
    union bound {
        int64_t i64;
        double f64;
    } min, max;                       /* ORDER_INT, ORDER_FLOAT */
    struct pbuf min_bytes, max_bytes; /* ORDER_BYTES, ORDER_SIGNED_BYTES; whole values */
};

void bounds_init(struct bounds *b, struct budget *budget);
void bounds_fini(struct bounds *b);
void bounds_clear(struct bounds *b);

/* Take values in. Numbers are given as in a slice (chunk_writer.h): integers sign-extended, floats as their
 * bits. */
void bounds_add_ints(struct bounds *b, const uint64_t *values, int32_t count);
void bounds_add_floats(struct bounds *b, const uint64_t *bits, int32_t count, size_t width,
                       int64_t *nan_count);
void bounds_add_views(struct bounds *b, const struct view *views, int32_t count, bool is_signed);
void bounds_add_bytes(struct bounds *b, struct slice value, bool is_signed);
void bounds_merge(struct bounds *b, const struct bounds *from, enum leaf_order order);

static inline bool bounds_failed(const struct bounds *b)
{
    return b->min_bytes.failed || b->max_bytes.failed;
}

enum bounds_form { BOUNDS_PARQUET, BOUNDS_ICEBERG };

/* Append the lower or upper bound; *exact tells whether it is the value itself. False: there is none to give.
 */
bool bounds_write(const struct bounds *b, const struct parquet_leaf *leaf, bool upper, enum bounds_form form,
                  int32_t cut, struct bytes *out, bool *exact);

/* Order of two values written in Parquet's form. */
int bounds_compare(const struct parquet_leaf *leaf, struct slice a, struct slice b);
#endif
