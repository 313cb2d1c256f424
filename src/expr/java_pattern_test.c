/* java_pattern_test.c: patterns of both styles: which are none, what they read and write. */
#include "base/test.h"
#include "expr/java_pattern.h"

static void test_bad_patterns(UNUSED void **state)
{
    static const struct {
        enum java_pattern_style style;
        const char *pattern;
        enum err want;
    } cases[] = {{JAVA_PATTERN_FORMATTER, "yyyy-MM-dd", OK},
                 {JAVA_PATTERN_FORMATTER, "b", ERR_INPUT},
                 {JAVA_PATTERN_FORMATTER, "'open", ERR_INPUT},
                 {JAVA_PATTERN_FORMATTER, "]", ERR_INPUT},
                 {JAVA_PATTERN_FORMATTER, "HHH", ERR_INPUT},
                 {JAVA_PATTERN_FORMATTER, "{", ERR_INPUT},
                 {JAVA_PATTERN_FORMATTER, "ppH", ERR_UNSUPPORTED},
                 {JAVA_PATTERN_FORMATTER, "[yyyy", OK},
                 {JAVA_PATTERN_SIMPLE, "Q", ERR_INPUT},
                 {JAVA_PATTERN_SIMPLE, "HHHH", OK},
                 {JAVA_PATTERN_SIMPLE, "XXXX", ERR_INPUT},
                 {JAVA_PATTERN_SIMPLE, "", OK}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct java_pattern p;
        struct error e;
        enum err rc = java_pattern_init(&p, cases[i].style, slice_text(cases[i].pattern), &e);

        if (rc != cases[i].want)
            fail_msg("%s: %s", cases[i].pattern, error_name(rc));
        if (rc == OK)
            java_pattern_fini(&p);
    }
}

static void test_reading(UNUSED void **state)
{
    static const struct {
        enum java_pattern_style style;
        const char *pattern, *text;
        int64_t want_s; /* INT64_MIN: cannot be read */
    } cases[] = {{JAVA_PATTERN_FORMATTER, "yyyyMMddHHmmss", "19700102000001", 86401},
                 {JAVA_PATTERN_FORMATTER, "yyyyMMddHHmmss", "1970010200001", INT64_MIN},
                 {JAVA_PATTERN_FORMATTER, "yyyy-MM-dd[ HH:mm]", "1970-01-02", 86400},
                 {JAVA_PATTERN_FORMATTER, "yyyy-MM-dd[ HH:mm]", "1970-01-02 00:01", 86460},
                 {JAVA_PATTERN_FORMATTER, "yyyy-MM-dd", "1970-01-02 ", INT64_MIN},
                 {JAVA_PATTERN_FORMATTER, "yyyy", "19700", INT64_MIN},
                 {JAVA_PATTERN_FORMATTER, "EEE d MMM yyyy", "Fri 2 Jan 1970", 86400},
                 {JAVA_PATTERN_FORMATTER, "EEE d MMM yyyy", "Sat 2 Jan 1970", INT64_MIN},
                 {JAVA_PATTERN_FORMATTER, "d MMM yyyy", "2 jan 1970", INT64_MIN},
                 {JAVA_PATTERN_SIMPLE, "d MMM yyyy", "2 jan 1970", 86400},
                 {JAVA_PATTERN_SIMPLE, "yyyy-MM-dd", "1970-1-2 and more", 86400},
                 {JAVA_PATTERN_SIMPLE, "yyyy-MM-dd", "1969-13-2", 86400},
                 {JAVA_PATTERN_SIMPLE, "yyyyMMdd", "19700102", 86400},
                 {JAVA_PATTERN_SIMPLE, "yyyy-MM-dd", "x", INT64_MIN}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct java_pattern p;
        struct java_parsed got = {0};
        struct error e;

        ASSERT_OK(java_pattern_init(&p, cases[i].style, slice_text(cases[i].pattern), &e), &e);
        if (!java_pattern_parse(&p, slice_text(cases[i].text), &got))
            got.local_us = INT64_MIN;
        else
            got.local_us /= 1000000;
        if (got.local_us != cases[i].want_s)
            fail_msg("%s of %s: got %" PRId64, cases[i].pattern, cases[i].text, got.local_us);
        java_pattern_fini(&p);
    }
}

TEST_MAIN(cmocka_unit_test(test_bad_patterns), cmocka_unit_test(test_reading))
