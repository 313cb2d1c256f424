/* row_text.h: rows as Flink's print connector writes them: Java's text of each value, `+I[1, a,
 * 2020-01-01T12:00]`.
 */
#ifndef WEIR_CONNECTORS_ROW_TEXT_H
#define WEIR_CONNECTORS_ROW_TEXT_H
#include "batch/batch.h"

/* Append a row without a line's end. */
void row_text(const struct batch *b, int32_t row, struct bytes *out);

/* A double as Java writes it: the fewest digits that give it back, `1.0`, `1.0E10`, `NaN`, `-Infinity`. */
void row_text_double(double v, struct bytes *out);
void row_text_float(float v, struct bytes *out);
#endif
