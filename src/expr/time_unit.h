/* time_unit.h: units of time (YEAR, DAY, ...) and what can be done with them: parts, rounding, counting. Times
 * are local microseconds since 1970-01-01T00:00:00.
 */
#ifndef WEIR_EXPR_TIME_UNIT_H
#define WEIR_EXPR_TIME_UNIT_H
#include "base/slice.h"

enum time_unit { /* in the order of time_unit.c's table */
                 UNIT_MILLENNIUM,
                 UNIT_CENTURY,
                 UNIT_DECADE,
                 UNIT_YEAR,
                 UNIT_QUARTER,
                 UNIT_MONTH,
                 UNIT_WEEK,
                 UNIT_DAY,
                 UNIT_DOW,
                 UNIT_ISODOW,
                 UNIT_DOY,
                 UNIT_ISOYEAR,
                 UNIT_EPOCH,
                 UNIT_HOUR,
                 UNIT_MINUTE,
                 UNIT_SECOND,
                 UNIT_MILLISECOND,
                 UNIT_MICROSECOND,
                 UNIT_NANOSECOND,
                 UNIT_COUNT
};

/* "DAY", "SQL_TSI_DAY", in any case; UNIT_COUNT: no unit. */
enum time_unit time_unit_find(struct slice name);

/* Part of a time; the nanoseconds are below the microsecond. */
int64_t time_unit_part(enum time_unit unit, int64_t local_us, int32_t nanos);

/* The last start of a unit at or before, or the first at or after (by days, for units of days and more). */
int64_t time_unit_floor(enum time_unit unit, int64_t local_us);
int64_t time_unit_ceil(enum time_unit unit, int64_t local_us);

/* Microseconds of units of a fixed length (WEEK and less); 0 for others. */
int64_t time_unit_us(enum time_unit unit);
/* Months of the others (MONTH and more); 0 for those. */
int32_t time_unit_months(enum time_unit unit);

/* So many months on: the day is at most the month's last. */
int32_t time_unit_add_months(int32_t days, int64_t months);
/* Whole months from one time to the other. */
int64_t time_unit_months_between(int64_t from_us, int64_t to_us);
#endif
