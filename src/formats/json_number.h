/* json_number.h: a number of JSON as a value, exactly. Each returns NULL, or why not, a static text.
 * Thread: any.
 */
#ifndef WEIR_FORMATS_JSON_NUMBER_H
#define WEIR_FORMATS_JSON_NUMBER_H
#include "formats/json_scan.h"

/* 3, 3.0 and 3e0 are integers, 3.5 is not. */
const char *json_number_integer(const struct json_number *n, int64_t min, int64_t max, int64_t *out);

/* Rounded to the nearest, as the language's own conversion would. */
const char *json_number_double(const struct json_number *n, double *out);
const char *json_number_float(const struct json_number *n, float *out);

/* Digits behind the scale are rounded, half away from zero. */
const char *json_number_decimal(const struct json_number *n, int32_t precision, int32_t scale, __int128 *out);
#endif
