/* decimal.h: exact decimals of up to 38 digits: an integer (unscaled) and how many of its digits stand behind
 * the point (scale). Results in between have up to 256 bits; what does not fit the precision is refused.
 * Rounding is half away from zero throughout.
 */
#ifndef WEIR_BASE_DECIMAL_H
#define WEIR_BASE_DECIMAL_H
#include "base/slice.h"

#define DECIMAL_DIGITS_MAX 38

__int128 decimal_power(int32_t digits); /* 10 to that; 0..38 */
bool decimal_fits(__int128 v, int32_t precision);
int32_t decimal_digits(__int128 v); /* at least 1 */

/* The same value with another scale; false when it does not fit the precision. */
MUST_USE bool decimal_rescale(__int128 v, int32_t scale, int32_t to_precision, int32_t to_scale,
                              __int128 *out);

/* a (scale sa) and b (scale sb) to DECIMAL(precision, scale); false when the result does not fit. The divisor
 * must not be 0. A quotient is first rounded to 38 digits, then to the scale. */
MUST_USE bool decimal_add(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                          __int128 *out);
MUST_USE bool decimal_multiply(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision,
                               int32_t scale, __int128 *out);
MUST_USE bool decimal_divide(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                             __int128 *out);
MUST_USE bool decimal_modulo(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                             __int128 *out); /* the sign is a's */
int decimal_compare(__int128 a, int32_t sa, __int128 b, int32_t sb);

/* Whole numbers nearest in a direction; the result's scale is 0. */
__int128 decimal_floor(__int128 v, int32_t scale);
__int128 decimal_ceil(__int128 v, int32_t scale);
__int128 decimal_truncate(__int128 v, int32_t scale);

/* The nearest double. */
double decimal_to_double(__int128 v, int32_t scale);
/* From the shortest text that stands for v; false: does not fit, or is no number. */
MUST_USE bool decimal_from_double(double v, int32_t precision, int32_t scale, __int128 *out);

#define DECIMAL_TEXT_MAX 48
/* Without exponent, scale digits behind the point; not terminated; returns the length. */
size_t decimal_format(__int128 v, int32_t scale, char out[DECIMAL_TEXT_MAX]);

/* "12", "-1.5", ".5", "1.", "1e-3". NULL when *out is set; else why not, to end a sentence about the text. */
const char *decimal_parse(struct slice text, int32_t precision, int32_t scale, __int128 *out);
#endif
