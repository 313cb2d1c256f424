/* value_text.h: values as text, as Java prints them, since that is what readers of Flink's topics and files
 * know. Each appends to out.
 */
#ifndef WEIR_FORMATS_VALUE_TEXT_H
#define WEIR_FORMATS_VALUE_TEXT_H
#include "base/bytes.h"
#include "batch/type.h"

void value_text_int(int64_t v, struct bytes *out);

/* The fewest digits that are read back as v: 0.1, 1.0E10, NaN, -Infinity. */
void value_text_double(double v, struct bytes *out);
void value_text_float(float v, struct bytes *out);

/* Without zeros at the end of its fraction (or number: 1E+2 is 100), as Flink's formats write a DECIMAL;
 * plain: never with an exponent. */
void value_text_decimal(__int128 unscaled, int32_t scale, bool plain, struct bytes *out);

void value_text_date(int32_t days, struct bytes *out);   /* 2025-11-01 */
void value_text_time(int64_t micros, struct bytes *out); /* 08:30:00, 08:30:00.5 */

/* 2025-11-01 08:30:00.123, with between for the blank, and a Z behind an instant. */
void value_text_timestamp(int64_t v, const struct type *t, char between, struct bytes *out);
#endif
