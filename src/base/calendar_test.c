/* calendar_test.c: dates by table, and every day of eight centuries there and back. */
#include "base/calendar.h"
#include "base/test.h"

static void test_civil_round_trip(UNUSED void **state)
{
    for (int32_t day = calendar_days((struct civil){1, 1, 1}); day < 400000; day++)
        if (calendar_days(calendar_civil(day)) != day)
            fail_msg("day %d", day);
    assert_int_equal(calendar_days((struct civil){1970, 1, 1}), 0);
    assert_int_equal(calendar_days((struct civil){2000, 3, 1}), 11017);
}

static void test_iso_week(UNUSED void **state)
{
    static const struct {
        struct civil date;
        int32_t year, week;
    } cases[] = {
        {{2024, 12, 30}, 2025, 1},
        {{2021, 1, 3}, 2020, 53},
        {{2025, 11, 17}, 2025, 47},
        {{1969, 12, 28}, 1969, 52},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int32_t year, week;

        calendar_iso_week(calendar_days(cases[i].date), &year, &week);
        if (year != cases[i].year || week != cases[i].week)
            fail_msg("case %zu: got %d-W%d", i, year, week);
    }
}

static void test_parse_iso(UNUSED void **state)
{
    static const struct {
        const char *text;
        int64_t want;
        const char *why;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, NULL},
        {"1970-01-01T00:00:00.5Z", 500000, NULL},
        {"1970-01-01T09:00:00+09:00", 0, NULL},
        {"1970-01-01T00:00:00.123456789+0000", 123456, NULL},
        {"1969-12-31T23:59:59Z", -1000000, NULL},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), NULL},
        {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), NULL},
        {"1970-01-01T00:01Z", 60000000, NULL},
        {"1970-01-02T03:04:05.678Z", INT64_C(97445678000), NULL},
        {"2024-02-29T23:59:59.999Z", INT64_C(1709251199999000), NULL},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000000), NULL},
        {"1970-01-01 00:00:00.001Z", 1000, NULL},
        {"1970-01-01t00:00:00,001z", 1000, NULL},
        {"", 0, "is empty"},
        {"2025-11-01T08:30:00", 0, "has no time zone (want Z or +hh:mm at the end)"},
        {"2025-02-29T08:30:00Z", 0, "has a day that its month does not have"},
        {"2023-02-29T08:30:00.000Z", 0, "has a day that its month does not have"},
        {"2025-13-01T08:30:00Z", 0, "has a month that is not 01 to 12"},
        {"2025-00-01T08:30:00.000Z", 0, "has a month that is not 01 to 12"},
        {"2025-11-0/T08:30:00Z", 0, "is not ISO-8601 (want 2025-11-01T08:30:00Z)"},
        {"2025-11-0:T08:30:00.000Z", 0, "is not ISO-8601 (want 2025-11-01T08:30:00Z)"},
        {"2025-11-01T08:30:00.0\xb0"
         "0Z",
         0, "has a time zone that is neither Z nor +hh:mm"},
        {"2025-11-01T08:60:00.000Z", 0, "has a time of day beyond 23:59"},
        {"2025-11-01T08:30:61.000Z", 0, "has seconds beyond 59"},
        {"2016-12-31T23:59:60Z", 0, "has a leap second (:60), which a timestamp cannot hold"},
        {"0000-01-01T00:00:00Z", 0, "has year 0000 (the first is 0001)"},
        {"yesterday at noon", 0, "is not ISO-8601 (want 2025-11-01T08:30:00Z)"},
        {"2025-11-01T24:00:00Z", 0, "has a time of day beyond 23:59"},
        {"2025-11-01T08:30:00.Z", 0, "has a point but no fraction of a second"},
        {"2025-11-01T08:30:00+19:00", 0, "has a time zone offset beyond 18:00"},
        {"2025-11-01T08:30:00PST", 0, "has a time zone that is neither Z nor +hh:mm"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = 0;
        const char *why = calendar_parse_iso(slice_text(cases[i].text), &got);

        if (got != cases[i].want || (why == NULL) != (cases[i].why == NULL) ||
            (why && strcmp(why, cases[i].why) != 0))
            fail_msg("%s: got %" PRId64 " %s", cases[i].text, got, why ? why : "");
    }
}

static void test_format_iso(UNUSED void **state)
{
    char text[CALENDAR_TEXT_MAX];

    calendar_format_iso(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    calendar_format_iso(INT64_C(1762992000000000), text);
    assert_string_equal(text, "2025-11-13T00:00:00Z");
    calendar_format_iso(INT64_MIN, text);
    assert_string_equal(text, "-290308-12-21T19:59:05.224192Z");
    calendar_format_iso(INT64_MAX, text);
    assert_string_equal(text, "294247-01-10T04:00:54.775807Z");
}

TEST_MAIN(cmocka_unit_test(test_civil_round_trip), cmocka_unit_test(test_iso_week),
          cmocka_unit_test(test_parse_iso), cmocka_unit_test(test_format_iso))
