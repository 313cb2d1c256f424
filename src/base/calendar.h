/* calendar.h: dates and instants of the proleptic Gregorian calendar, as plain arithmetic, UTC only.
 * Instants are microseconds since 1970-01-01T00:00:00, dates are days since then. No locks, no environment.
 */
#ifndef WEIR_BASE_CALENDAR_H
#define WEIR_BASE_CALENDAR_H
#include "base/slice.h"

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_DAY    (INT64_C(86400) * MICROS_PER_SECOND)

struct civil {
    int32_t year, month, day; /* month and day from 1 */
};

int32_t calendar_days(struct civil date);
struct civil calendar_civil(int32_t days);
int32_t calendar_day_of(int64_t micros); /* rounds down, also before 1970 */

int32_t calendar_monday(int32_t days); /* the Monday of its ISO week */
void calendar_iso_week(int32_t days, int32_t *year,
                       int32_t *week); /* ISO 8601 week-numbering year, week 1..53 */
int32_t calendar_month_start(int32_t days);
int32_t calendar_next_month(int32_t days); /* first day of the month after that of days */

/* Parse `yyyy-mm-ddThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm|+hhmm)`; T may be a blank, the seconds may be left
 * out. Digits past the sixth of the fraction are cut. NULL when *out is set; else why not, a static text that
 * ends a sentence about the value: "has no time zone". Years 0001 to 9999; a leap second (:60) is refused. */
const char *calendar_parse_iso(struct slice text, int64_t *out);

#define CALENDAR_TEXT_MAX 40
/* `2025-11-01T00:00:00.123456Z` (no fraction when it is 0), terminated; returns its length. */
size_t calendar_format_iso(int64_t micros, char out[CALENDAR_TEXT_MAX]);
size_t calendar_format_date(int32_t days, char out[CALENDAR_TEXT_MAX]); /* `2025-11-01` */
#endif
