/* result_print.h: rows as people read them, in Flink's tableau form:
 *
 *     +----+-------------+----------------------+
 *     | op |        name |                  cnt |      op only when changes are shown (streaming)
 *     +----+-------------+----------------------+
 *     | +I |       Alice |                    1 |
 *     +----+-------------+----------------------+
 *
 *   batch --result_cells_add--> texts of its cells --result_row--> lines
 *
 * Widths come from the types when rows are printed as they come, else from what is to be printed. A character
 * that takes two columns of a terminal (East Asian, emoji) counts 2: the locale must be set (LC_CTYPE).
 */
#ifndef WEIR_CLI_RESULT_PRINT_H
#define WEIR_CLI_RESULT_PRINT_H
#include "batch/batch.h"

struct zone;

struct result_style {
    bool changes;            /* a first column `op`: +I -U +U -D */
    bool null_empty;         /* NULL is nothing, else <NULL> */
    bool visible;            /* control characters become signs: for terminals, which would obey them */
    int32_t most_width;      /* of a column; 0: any */
    const struct zone *zone; /* of the session, for TIMESTAMP_LTZ; NULL: UTC */
};

/* The text of a value in a table. */
void result_value(const struct column *c, int32_t row, const struct zone *zone, struct bytes *out);

/* Texts of rows, row after row, `op` included. Keeps its first failure (failed). */
struct result_cells {
    int32_t column_count;
    int64_t row_count;
    struct bytes text; /* all cells one behind the other ... */
    struct bytes ends; /* ... and where each ends: size_t */
    bool failed;
};
void result_cells_init(struct result_cells *cells, const struct schema *schema,
                       const struct result_style *style);
void result_cells_fini(struct result_cells *cells);
void result_cells_clear(struct result_cells *cells);
void result_cells_add(struct result_cells *cells, const struct batch *rows, const struct result_style *style);
struct slice result_cell(const struct result_cells *cells, int64_t row, int32_t column);

/* Columns with their widths: schema's, with `op` first when changes are shown. In arena; NULL: no memory. */
struct result_frame {
    int32_t column_count;
    const char **names;
    int32_t *widths;
};
struct result_frame *result_frame_by_type(struct arena *arena, const struct schema *schema,
                                          const struct result_style *style);
struct result_frame *result_frame_by_content(struct arena *arena, const struct schema *schema,
                                             const struct result_cells *cells,
                                             const struct result_style *style);

/* Lines, each with its line feed, appended to out. */
void result_border(const struct result_frame *f, struct bytes *out);
void result_header(const struct result_frame *f, struct bytes *out); /* the names between two borders */
void result_row(const struct result_frame *f, const struct result_cells *cells, int64_t row,
                struct bytes *out);

/* How many columns of a terminal a text takes. */
int32_t result_width(struct slice text);
/* text in width columns: filled with blanks at its left, or cut, with "..." at its end. */
void result_fit(struct slice text, int32_t width, struct bytes *out);
#endif
