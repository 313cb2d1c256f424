/* json_time.h: dates and times as JSON has them: texts. Each returns NULL, or why not, a static text. */
#ifndef WEIR_FORMATS_JSON_TIME_H
#define WEIR_FORMATS_JSON_TIME_H
#include "base/slice.h"
#include "batch/type.h"

enum json_time_standard {
    JSON_TIME_SQL, /* 2025-11-01 08:30:00.123, an instant with a Z behind it */
    JSON_TIME_ISO, /* 2025-11-01T08:30:00.123, an instant with a Z or +hh:mm */
};

const char *json_time_date(struct slice text, int32_t *days);
const char *json_time_time(struct slice text, int32_t precision, int64_t *micros);

/* For a TIMESTAMP or TIMESTAMP_LTZ: micro- or nanoseconds as its precision says; finer digits are cut. */
const char *json_time_timestamp(struct slice text, const struct type *t, enum json_time_standard standard,
                                int64_t *out);
#endif
