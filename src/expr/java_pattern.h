/* java_pattern.h: patterns of dates and times as Java's two classes read them: DateTimeFormatter (DATE_FORMAT,
 * TO_TIMESTAMP) and the older SimpleDateFormat (UNIX_TIMESTAMP, FROM_UNIXTIME, TO_DATE, CONVERT_TZ), which is
 * lax: widths are hints, 13 months are a year and one, and what is behind the match does not matter.
 * Names of months and days are English.
 */
#ifndef WEIR_EXPR_JAVA_PATTERN_H
#define WEIR_EXPR_JAVA_PATTERN_H
#include "base/bytes.h"
#include "base/error.h"
#include "base/zone.h"

enum java_pattern_style { JAVA_PATTERN_FORMATTER, JAVA_PATTERN_SIMPLE };

struct java_pattern_item {
    char letter; /* what it stands for; 0: the literal; '[' and ']': an optional part */
    uint8_t count;
    bool fixed;       /* numbers: exactly count digits, as the next one follows at once */
    uint8_t reserved; /* numbers: digits that the fixed ones behind it want */
    uint16_t at, len; /* literal: its bytes in texts */
};

struct java_pattern {
    enum java_pattern_style style;
    struct java_pattern_item *items; /* owned */
    size_t count, capacity;
    struct bytes texts; /* owned: literals */
};

/* ERR_INPUT: no pattern of Java's; ERR_UNSUPPORTED: one that is not known here. */
MUST_USE enum err java_pattern_init(struct java_pattern *p, enum java_pattern_style style, struct slice text,
                                    struct error *e);
void java_pattern_fini(struct java_pattern *p); /* a zeroed one is fine */

/* A time to be written: as a clock shows it, and where. */
struct java_moment {
    int64_t local_us;
    int32_t nanos;           /* below the microsecond */
    const struct zone *zone; /* NULL: none is known */
    int64_t utc_us;          /* with a zone */
};

/* Append m as p says; false when p asks for what m does not have (a zone). */
bool java_pattern_format(const struct java_pattern *p, const struct java_moment *m, struct bytes *out);

/* Read a local time; what the text does not say is that of 1970-01-01 00:00:00. *has_offset: the text says how
 * far its clock is ahead of UTC. False: the text is not as p says. */
struct java_parsed {
    int64_t local_us;
    bool has_offset;
    int32_t offset_s;
};
bool java_pattern_parse(const struct java_pattern *p, struct slice text, struct java_parsed *out);

/* The reading of TO_TIMESTAMP without a pattern: yyyy-M-d[ H:m:s[.fraction]]. */
bool java_pattern_parse_default(struct slice text, int64_t *local_us);
/* And of java.sql.Timestamp and Date, which TO_TIMESTAMP falls back to: as above, but hours, minutes and seconds
 * may be more than a clock shows. */
bool java_pattern_parse_sql(struct slice text, int64_t *local_us);

extern const char *const java_pattern_months[12];
extern const char *const java_pattern_days[7]; /* from Monday on */
#endif
