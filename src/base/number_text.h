/* number_text.h: floating numbers as text, and back, as Java writes and reads them: the shortest digits that
 * read back as the same number, 1.0E10 from 10^7 on and below 10^-3. Thread: any; no locale.
 */
#ifndef WEIR_BASE_NUMBER_TEXT_H
#define WEIR_BASE_NUMBER_TEXT_H
#include "base/slice.h"
#include <locale.h>

#define NUMBER_TEXT_MAX 32
/* "1.0", "-2.5E-7", "Infinity", "NaN"; not terminated; returns the length. */
size_t number_format_double(double v, char out[NUMBER_TEXT_MAX]);
size_t number_format_float(float v, char out[NUMBER_TEXT_MAX]);
size_t number_format_int(int64_t v, char out[NUMBER_TEXT_MAX]);

/* What Double.parseDouble takes: blanks around, hexadecimal with p, a final d or f. NULL when *out is set,
 * else why not, to end a sentence about the text. Too large is Infinity. */
const char *number_parse_double(struct slice text, double *out);
const char *number_parse_float(struct slice text, float *out);

/* "C", for strtod_l and its like; nobody frees it. */
locale_t number_locale(void);

/* An integer, of which a fraction is cut off ("12.9" is 12) as Flink does. */
const char *number_parse_int(struct slice text, int64_t min, int64_t max, int64_t *out);
#endif
