/* zone.h: time zones by name: local time at an instant, and the instant of a local time, as Java has them.
 * Read from the machine's tz database (package tzdata), once a zone, and kept for the life of the process.
 * Times are microseconds since 1970-01-01T00:00:00. Thread: any; only zone_find takes a lock.
 */
#ifndef WEIR_BASE_ZONE_H
#define WEIR_BASE_ZONE_H
#include "base/error.h"
#include "base/slice.h"

struct zone;

/* "Europe/Berlin", "UTC", "Z", "+02:00", "GMT+8", "UTC-03:30". The zone is never freed. */
MUST_USE enum err zone_find(struct slice name, const struct zone **out, struct error *e);
const struct zone *zone_gmt(void); /* offset 0, named "UTC" */
const char *zone_name(const struct zone *z);

/* Seconds that local time is ahead of UTC at that instant. */
int32_t zone_offset_s(const struct zone *z, int64_t utc_us);

/* The local time at an instant. */
static inline int64_t zone_local(const struct zone *z, int64_t utc_us)
{
    return utc_us + zone_offset_s(z, utc_us) * INT64_C(1000000);
}

/* The instant of a local time: of a time that the clock shows twice the earlier; a time that it skips is
 * shown by a clock that was not put forward. */
int64_t zone_utc(const struct zone *z, int64_t local_us);
#endif
