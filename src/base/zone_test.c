/* zone_test.c: offsets at instants (the table was made with Python's zoneinfo), local times that are skipped or
 * shown twice, names. */
#include "base/zone.h"
#include "base/calendar.h"
#include "base/mem.h"
#include "base/test.h"

static const struct {
    const char *zone;
    int64_t utc_s;
    int32_t offset_s;
} offsets[] = {
    {"Europe/Berlin", INT64_C(-2524521600), 3208},        /* 1890-01-01T00:00:00 */
    {"Europe/Berlin", INT64_C(-2195899200), 3600},        /* 1900-06-01T12:00:00 */
    {"Europe/Berlin", INT64_C(-776556000), 10800},        /* 1945-05-24T02:00:00 */
    {"Europe/Berlin", INT64_C(0), 3600},                  /* 1970-01-01T00:00:00 */
    {"Europe/Berlin", INT64_C(946684800), 3600},          /* 2000-01-01T00:00:00 */
    {"Europe/Berlin", INT64_C(1585443599), 3600},         /* 2020-03-29T00:59:59 */
    {"Europe/Berlin", INT64_C(1585443600), 7200},         /* 2020-03-29T01:00:00 */
    {"Europe/Berlin", INT64_C(1603587599), 7200},         /* 2020-10-25T00:59:59 */
    {"Europe/Berlin", INT64_C(1603587600), 3600},         /* 2020-10-25T01:00:00 */
    {"Europe/Berlin", INT64_C(1719792000), 7200},         /* 2024-07-01T00:00:00 */
    {"Europe/Berlin", INT64_C(2145830400), 3600},         /* 2037-12-31T00:00:00 */
    {"Europe/Berlin", INT64_C(4103654400), 3600},         /* 2100-01-15T00:00:00 */
    {"Europe/Berlin", INT64_C(4119292800), 7200},         /* 2100-07-15T00:00:00 */
    {"Europe/Berlin", INT64_C(16742073600), 7200},        /* 2500-07-15T00:00:00 */
    {"America/New_York", INT64_C(-2524521600), -18000},   /* 1890-01-01T00:00:00 */
    {"America/New_York", INT64_C(-2195899200), -18000},   /* 1900-06-01T12:00:00 */
    {"America/New_York", INT64_C(-776556000), -14400},    /* 1945-05-24T02:00:00 */
    {"America/New_York", INT64_C(0), -18000},             /* 1970-01-01T00:00:00 */
    {"America/New_York", INT64_C(946684800), -18000},     /* 2000-01-01T00:00:00 */
    {"America/New_York", INT64_C(1585443599), -14400},    /* 2020-03-29T00:59:59 */
    {"America/New_York", INT64_C(1585443600), -14400},    /* 2020-03-29T01:00:00 */
    {"America/New_York", INT64_C(1603587599), -14400},    /* 2020-10-25T00:59:59 */
    {"America/New_York", INT64_C(1603587600), -14400},    /* 2020-10-25T01:00:00 */
    {"America/New_York", INT64_C(1719792000), -14400},    /* 2024-07-01T00:00:00 */
    {"America/New_York", INT64_C(2145830400), -18000},    /* 2037-12-31T00:00:00 */
    {"America/New_York", INT64_C(4103654400), -18000},    /* 2100-01-15T00:00:00 */
    {"America/New_York", INT64_C(4119292800), -14400},    /* 2100-07-15T00:00:00 */
    {"America/New_York", INT64_C(16742073600), -14400},   /* 2500-07-15T00:00:00 */
    {"Asia/Kolkata", INT64_C(-2524521600), 19270},        /* 1890-01-01T00:00:00 */
    {"Asia/Kolkata", INT64_C(-2195899200), 19270},        /* 1900-06-01T12:00:00 */
    {"Asia/Kolkata", INT64_C(-776556000), 23400},         /* 1945-05-24T02:00:00 */
    {"Asia/Kolkata", INT64_C(0), 19800},                  /* 1970-01-01T00:00:00 */
    {"Asia/Kolkata", INT64_C(946684800), 19800},          /* 2000-01-01T00:00:00 */
    {"Asia/Kolkata", INT64_C(1585443599), 19800},         /* 2020-03-29T00:59:59 */
    {"Asia/Kolkata", INT64_C(1585443600), 19800},         /* 2020-03-29T01:00:00 */
    {"Asia/Kolkata", INT64_C(1603587599), 19800},         /* 2020-10-25T00:59:59 */
    {"Asia/Kolkata", INT64_C(1603587600), 19800},         /* 2020-10-25T01:00:00 */
    {"Asia/Kolkata", INT64_C(1719792000), 19800},         /* 2024-07-01T00:00:00 */
    {"Asia/Kolkata", INT64_C(2145830400), 19800},         /* 2037-12-31T00:00:00 */
    {"Asia/Kolkata", INT64_C(4103654400), 19800},         /* 2100-01-15T00:00:00 */
    {"Asia/Kolkata", INT64_C(4119292800), 19800},         /* 2100-07-15T00:00:00 */
    {"Asia/Kolkata", INT64_C(16742073600), 19800},        /* 2500-07-15T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(-2524521600), 38180}, /* 1890-01-01T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(-2195899200), 36000}, /* 1900-06-01T12:00:00 */
    {"Australia/Lord_Howe", INT64_C(-776556000), 36000},  /* 1945-05-24T02:00:00 */
    {"Australia/Lord_Howe", INT64_C(0), 36000},           /* 1970-01-01T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(946684800), 39600},   /* 2000-01-01T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(1585443599), 39600},  /* 2020-03-29T00:59:59 */
    {"Australia/Lord_Howe", INT64_C(1585443600), 39600},  /* 2020-03-29T01:00:00 */
    {"Australia/Lord_Howe", INT64_C(1603587599), 39600},  /* 2020-10-25T00:59:59 */
    {"Australia/Lord_Howe", INT64_C(1603587600), 39600},  /* 2020-10-25T01:00:00 */
    {"Australia/Lord_Howe", INT64_C(1719792000), 37800},  /* 2024-07-01T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(2145830400), 39600},  /* 2037-12-31T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(4103654400), 39600},  /* 2100-01-15T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(4119292800), 37800},  /* 2100-07-15T00:00:00 */
    {"Australia/Lord_Howe", INT64_C(16742073600), 37800}, /* 2500-07-15T00:00:00 */
    {"America/Sao_Paulo", INT64_C(-2524521600), -11188},  /* 1890-01-01T00:00:00 */
    {"America/Sao_Paulo", INT64_C(-2195899200), -11188},  /* 1900-06-01T12:00:00 */
    {"America/Sao_Paulo", INT64_C(-776556000), -10800},   /* 1945-05-24T02:00:00 */
    {"America/Sao_Paulo", INT64_C(0), -10800},            /* 1970-01-01T00:00:00 */
    {"America/Sao_Paulo", INT64_C(946684800), -7200},     /* 2000-01-01T00:00:00 */
    {"America/Sao_Paulo", INT64_C(1585443599), -10800},   /* 2020-03-29T00:59:59 */
    {"America/Sao_Paulo", INT64_C(1585443600), -10800},   /* 2020-03-29T01:00:00 */
    {"America/Sao_Paulo", INT64_C(1603587599), -10800},   /* 2020-10-25T00:59:59 */
    {"America/Sao_Paulo", INT64_C(1603587600), -10800},   /* 2020-10-25T01:00:00 */
    {"America/Sao_Paulo", INT64_C(1719792000), -10800},   /* 2024-07-01T00:00:00 */
    {"America/Sao_Paulo", INT64_C(2145830400), -10800},   /* 2037-12-31T00:00:00 */
    {"America/Sao_Paulo", INT64_C(4103654400), -10800},   /* 2100-01-15T00:00:00 */
    {"America/Sao_Paulo", INT64_C(4119292800), -10800},   /* 2100-07-15T00:00:00 */
    {"America/Sao_Paulo", INT64_C(16742073600), -10800},  /* 2500-07-15T00:00:00 */
    {"Asia/Shanghai", INT64_C(-2524521600), 29143},       /* 1890-01-01T00:00:00 */
    {"Asia/Shanghai", INT64_C(-2195899200), 29143},       /* 1900-06-01T12:00:00 */
    {"Asia/Shanghai", INT64_C(-776556000), 32400},        /* 1945-05-24T02:00:00 */
    {"Asia/Shanghai", INT64_C(0), 28800},                 /* 1970-01-01T00:00:00 */
    {"Asia/Shanghai", INT64_C(946684800), 28800},         /* 2000-01-01T00:00:00 */
    {"Asia/Shanghai", INT64_C(1585443599), 28800},        /* 2020-03-29T00:59:59 */
    {"Asia/Shanghai", INT64_C(1585443600), 28800},        /* 2020-03-29T01:00:00 */
    {"Asia/Shanghai", INT64_C(1603587599), 28800},        /* 2020-10-25T00:59:59 */
    {"Asia/Shanghai", INT64_C(1603587600), 28800},        /* 2020-10-25T01:00:00 */
    {"Asia/Shanghai", INT64_C(1719792000), 28800},        /* 2024-07-01T00:00:00 */
    {"Asia/Shanghai", INT64_C(2145830400), 28800},        /* 2037-12-31T00:00:00 */
    {"Asia/Shanghai", INT64_C(4103654400), 28800},        /* 2100-01-15T00:00:00 */
    {"Asia/Shanghai", INT64_C(4119292800), 28800},        /* 2100-07-15T00:00:00 */
    {"Asia/Shanghai", INT64_C(16742073600), 28800},       /* 2500-07-15T00:00:00 */
    {"Africa/Cairo", INT64_C(-2524521600), 7509},         /* 1890-01-01T00:00:00 */
    {"Africa/Cairo", INT64_C(-2195899200), 7509},         /* 1900-06-01T12:00:00 */
    {"Africa/Cairo", INT64_C(-776556000), 10800},         /* 1945-05-24T02:00:00 */
    {"Africa/Cairo", INT64_C(0), 7200},                   /* 1970-01-01T00:00:00 */
    {"Africa/Cairo", INT64_C(946684800), 7200},           /* 2000-01-01T00:00:00 */
    {"Africa/Cairo", INT64_C(1585443599), 7200},          /* 2020-03-29T00:59:59 */
    {"Africa/Cairo", INT64_C(1585443600), 7200},          /* 2020-03-29T01:00:00 */
    {"Africa/Cairo", INT64_C(1603587599), 7200},          /* 2020-10-25T00:59:59 */
    {"Africa/Cairo", INT64_C(1603587600), 7200},          /* 2020-10-25T01:00:00 */
    {"Africa/Cairo", INT64_C(1719792000), 10800},         /* 2024-07-01T00:00:00 */
    {"Africa/Cairo", INT64_C(2145830400), 7200},          /* 2037-12-31T00:00:00 */
    {"Africa/Cairo", INT64_C(4103654400), 7200},          /* 2100-01-15T00:00:00 */
    {"Africa/Cairo", INT64_C(4119292800), 10800},         /* 2100-07-15T00:00:00 */
    {"Africa/Cairo", INT64_C(16742073600), 10800},        /* 2500-07-15T00:00:00 */
    {"Pacific/Apia", INT64_C(-2524521600), 45184},        /* 1890-01-01T00:00:00 */
    {"Pacific/Apia", INT64_C(-2195899200), -41216},       /* 1900-06-01T12:00:00 */
    {"Pacific/Apia", INT64_C(-776556000), -41400},        /* 1945-05-24T02:00:00 */
    {"Pacific/Apia", INT64_C(0), -39600},                 /* 1970-01-01T00:00:00 */
    {"Pacific/Apia", INT64_C(946684800), -39600},         /* 2000-01-01T00:00:00 */
    {"Pacific/Apia", INT64_C(1585443599), 50400},         /* 2020-03-29T00:59:59 */
    {"Pacific/Apia", INT64_C(1585443600), 50400},         /* 2020-03-29T01:00:00 */
    {"Pacific/Apia", INT64_C(1603587599), 50400},         /* 2020-10-25T00:59:59 */
    {"Pacific/Apia", INT64_C(1603587600), 50400},         /* 2020-10-25T01:00:00 */
    {"Pacific/Apia", INT64_C(1719792000), 46800},         /* 2024-07-01T00:00:00 */
    {"Pacific/Apia", INT64_C(2145830400), 46800},         /* 2037-12-31T00:00:00 */
    {"Pacific/Apia", INT64_C(4103654400), 46800},         /* 2100-01-15T00:00:00 */
    {"Pacific/Apia", INT64_C(4119292800), 46800},         /* 2100-07-15T00:00:00 */
    {"Pacific/Apia", INT64_C(16742073600), 46800},        /* 2500-07-15T00:00:00 */
};

static const struct zone *find(const char *name)
{
    const struct zone *z = NULL;
    struct error e;

    ASSERT_OK(zone_find(slice_text(name), &z, &e), &e);
    return z;
}

static void test_offsets(UNUSED void **state)
{
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        int32_t got = zone_offset_s(find(offsets[i].zone), offsets[i].utc_s * MICROS_PER_SECOND);

        if (got != offsets[i].offset_s)
            fail_msg("%s at %" PRId64 ": got %d, want %d", offsets[i].zone, offsets[i].utc_s, got,
                     offsets[i].offset_s);
    }
}

static int64_t instant(const char *text)
{
    int64_t us = 0;

    assert_null(calendar_parse_iso(slice_text(text), &us));
    return us;
}

/* What Java's ZonedDateTime.ofLocal gives. */
static void test_local_times(UNUSED void **state)
{
    static const struct {
        const char *zone, *local, *utc;
    } cases[] = {
        {"Europe/Berlin", "2020-03-29T01:59:59Z", "2020-03-29T00:59:59Z"},
        {"Europe/Berlin", "2020-03-29T02:30:00Z", "2020-03-29T01:30:00Z"}, /* skipped: shown as 03:30 */
        {"Europe/Berlin", "2020-03-29T03:00:00Z", "2020-03-29T01:00:00Z"},
        {"Europe/Berlin", "2020-10-25T02:30:00Z", "2020-10-25T00:30:00Z"}, /* twice: the earlier */
        {"Europe/Berlin", "2020-10-25T03:00:00Z", "2020-10-25T02:00:00Z"},
        {"Europe/Berlin", "2100-07-01T12:00:00Z", "2100-07-01T10:00:00Z"},
        {"America/New_York", "2024-03-10T02:30:00Z", "2024-03-10T07:30:00Z"},
        {"America/New_York", "2024-11-03T01:30:00Z", "2024-11-03T05:30:00Z"},
        {"Australia/Lord_Howe", "2024-10-06T02:15:00Z", "2024-10-05T15:45:00Z"}, /* half an hour is skipped */
        {"Australia/Lord_Howe", "2024-04-07T01:45:00Z", "2024-04-06T14:45:00Z"},
        {"Asia/Kolkata", "2024-01-01T00:00:00Z", "2023-12-31T18:30:00Z"},
        {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T22:00:00Z"}, /* a day that was not */
        {"UTC", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = zone_utc(find(cases[i].zone), instant(cases[i].local));

        if (got != instant(cases[i].utc))
            fail_msg("%s %s: off by %" PRId64 " s", cases[i].zone, cases[i].local,
                     (got - instant(cases[i].utc)) / MICROS_PER_SECOND);
    }
}

/* Local time and back is the same instant, but for the second of two. */
static void test_round_trip(UNUSED void **state)
{
    const struct zone *z = find("America/New_York");

    for (int64_t day = -40000; day < 60000; day += 3) {
        int64_t utc = day * MICROS_PER_DAY + 16 * 3600 * MICROS_PER_SECOND;

        assert_int_equal(zone_utc(z, zone_local(z, utc)), utc);
    }
}

static void test_names(UNUSED void **state)
{
    static const struct {
        const char *name;
        int32_t offset_s;
    } good[] = {
        {"UTC", 0},
        {"Z", 0},
        {"GMT", 0},
        {"+02:00", 7200},
        {"-0330", -12600},
        {"GMT+8", 28800},
        {"UTC-03:30", -12600},
        {"+08", 28800},
        {"+18:00", 64800},
        {"UT+1", 3600},
        {"GMT+08:00", 28800},
        {"Etc/GMT-5", 18000},
        {"+01:02:03", 3723},
    };
    static const char *const bad[] = {
        "",       "Mars/Olympus", "+19:00", "../passwd", "/etc/passwd",    "Europe",
        "+2:0:0", "GMT+",         "utc+x",  "+02:60",    "Europe/Berlin ", "tzdata.zi"};

    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (zone_offset_s(find(good[i].name), 0) != good[i].offset_s)
            fail_msg("%s: %d", good[i].name, zone_offset_s(find(good[i].name), 0));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct zone *z;
        struct error e;

        if (zone_find(slice_text(bad[i]), &z, &e) == OK)
            fail_msg("'%s' was taken", bad[i]);
        assert_true(strlen(e.text) > 10);
    }
    assert_ptr_equal(find("Europe/Berlin"), find("Europe/Berlin"));
    assert_string_equal(zone_name(find("Europe/Berlin")), "Europe/Berlin");
    assert_int_equal(zone_offset_s(zone_gmt(), 12345), 0);
}

static void test_no_memory(UNUSED void **state)
{
    const struct zone *z;
    struct error e;
    uint64_t n = 1;
    enum err rc;

    do {
        mem_fail_at(n++, false);
        rc = zone_find(SLICE("Europe/Paris"), &z, &e);
        mem_fail_at(0, false);
        assert_true(rc == OK || rc == ERR_MEMORY);
    } while (rc != OK && n < 100);
    assert_int_equal(rc, OK);
    assert_true(n > 3);
}

TEST_MAIN(cmocka_unit_test(test_offsets), cmocka_unit_test(test_local_times),
          cmocka_unit_test(test_round_trip), cmocka_unit_test(test_names), cmocka_unit_test(test_no_memory))
