/* log_test.c: the two line formats, escaping, levels, length, and lines of many threads that do not mix. */
#include "os/log.h"
#include "base/calendar.h"
#include "base/test.h"
#include "os/clock.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char output[4 << 20];

/* Begin to log into a fresh file; log_text reads what has come. */
static FILE *log_to_file(enum log_level level, enum log_format format)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    log_init(level, format, fileno(file));
    return file;
}

static const char *log_text(FILE *file)
{
    ssize_t n = pread(fileno(file), output, sizeof output - 1, 0);

    assert_true(n >= 0);
    output[n] = '\0';
    log_init(LOG_INFO, LOG_TEXT, STDERR_FILENO);
    fclose(file);
    return output;
}

static void assert_matches_time(const char *text, const char *pattern)
{
    for (size_t i = 0; pattern[i]; i++) {
        if (pattern[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
            fail_msg("'%.30s' is not like %s", text, pattern);
    }
}

static void test_text_line(UNUSED void **state)
{
    FILE *file = log_to_file(LOG_INFO, LOG_TEXT);

    log_info("kafka_source", "assigned %s at offset %d", "health-data-raw-0", 42);
    log_warn("a", "x");
    const char *text = log_text(file);
    assert_matches_time(text, "0000-00-00 00:00:00,000 ");
    assert_true(
        slice_starts(slice_text(text + 24),
                     SLICE("INFO  kafka_source                - assigned health-data-raw-0 at offset 42\n")));
    assert_string_equal(strchr(text, '\n') + 25, "WARN  a                           - x\n");
}

static void test_json_line(UNUSED void **state)
{
    FILE *file = log_to_file(LOG_INFO, LOG_JSON);
    int64_t before_us = clock_wall_us(clock_system()), at_us;

    pthread_setname_np(pthread_self(), "worker-1");
    log_error("kafka_source", "gone");
    const char *text = log_text(file);
    assert_matches_time(text + 14, "0000-00-00T00:00:00.000Z\"");
    assert_null(calendar_parse_iso(slice_of(text + 14, 24), &at_us));
    assert_in_range(at_us, before_us - 1000, before_us + 3600 * MICROS_PER_SECOND);
    assert_string_equal(
        text + 39,
        ",\"level\":\"ERROR\",\"logger\":\"kafka_source\",\"thread\":\"worker-1\",\"message\":\"gone\"}\n");
}

static void test_escaping(UNUSED void **state)
{
    static const struct {
        const char *name, *message, *text, *json;
    } cases[] = {
        {"line breaks", "a\nb\r\tc", "a\\nb\\r\\tc", "a\\nb\\r\\tc"},
        {"quotes and backslash", "say \"x\\y\"", "say \"x\\y\"", "say \\\"x\\\\y\\\""},
        {"escape sequence", "\033[31mred", "\\x1b[31mred", "\\u001b[31mred"},
        {"delete", "a\177b", "a\\x7fb", "a\\u007fb"},
        {"vertical tab", "\v", "\\x0b", "\\u000b"},
        {"C1 control",
         "a\xc2\x9b"
         "31m",
         "a\\x9b31m", "a\\u009b31m"},
        {"good UTF-8", "é € 😀 \xc2\xa0", "é € 😀 \xc2\xa0", "é € 😀 \xc2\xa0"},
        {"stray byte",
         "a\xff"
         "b",
         "a\\xffb", "a\\ufffdb"},
        {"cut sequence", "a\xe2\x82", "a\\xe2\\x82", "a\\ufffd\\ufffd"},
        {"overlong", "\xc0\x80", "\\xc0\\x80", "\\ufffd\\ufffd"},
        {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd"},
        {"past the last", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int json = 0; json <= 1; json++) {
            FILE *file = log_to_file(LOG_INFO, json ? LOG_JSON : LOG_TEXT);
            char want[200];

            log_info("c", "%s", cases[i].message);
            snprintf(want, sizeof want, json ? "\"message\":\"%s\"}\n" : " - %s\n",
                     json ? cases[i].json : cases[i].text);
            const char *text = log_text(file);
            if (!slice_ends(slice_text(text), slice_text(want)))
                fail_msg("%s: got %s", cases[i].name, text);
        }
    }
}

static void test_levels(UNUSED void **state)
{
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        FILE *file = log_to_file((enum log_level)level, LOG_TEXT);
        int lines = 0;

        log_debug("c", "m");
        log_info("c", "m");
        log_warn("c", "m");
        log_error("c", "m");
        for (const char *at = log_text(file); (at = strchr(at, '\n')) != NULL; at++)
            lines++;
        assert_int_equal(lines, 4 - level);
    }
}

static void test_level_names(UNUSED void **state)
{
    static const struct {
        const char *text;
        bool ok;
        enum log_level want;
    } cases[] = {
        {"DEBUG", true, LOG_DEBUG},  {"info", true, LOG_INFO},   {"Warn", true, LOG_WARN},
        {"WARNING", true, LOG_WARN}, {"error", true, LOG_ERROR}, {"trace", false, LOG_INFO},
        {"", false, LOG_INFO},       {"INFO ", false, LOG_INFO},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum log_level got = LOG_INFO;

        assert_int_equal(log_level_parse(cases[i].text, &got), cases[i].ok);
        assert_int_equal(got, cases[i].want);
    }
}

static void test_long_message_is_cut(UNUSED void **state)
{
    static const char fills[] = {'x', '\001'}; /* the second grows six times by escaping */

    for (size_t i = 0; i < COUNT_OF(fills); i++) {
        char *message = malloc(100001);
        FILE *file = log_to_file(LOG_INFO, LOG_JSON);

        assert_non_null(message);
        memset(message, fills[i], 100000);
        message[100000] = '\0';
        log_info("c", "%s", message);
        free(message);
        struct slice text = slice_text(log_text(file));
        assert_in_range(text.len, 8000, 12288);
        assert_true(slice_ends(text, SLICE("...\"}\n")));
    }
}

static void test_keeps_errno(UNUSED void **state)
{
    log_init(LOG_INFO, LOG_TEXT, -1); /* writing fails */
    errno = ENOENT;
    log_info("c", "m");
    assert_int_equal(errno, ENOENT);
    log_init(LOG_INFO, LOG_TEXT, STDERR_FILENO);
}

static void *talk(void *arg)
{
    for (int i = 0; i < 200; i++)
        log_info("c", "%s", (const char *)arg);
    return NULL;
}

/* Through a pipe, where the kernel splits writes of more than 4 KiB. */
static void *drain(void *arg)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read(*(int *)arg, output + len, sizeof output - 1 - len)) > 0)
        len += (size_t)n;
    output[len] = '\0';
    return NULL;
}

static void test_threads_do_not_mix(UNUSED void **state)
{
    static char messages[4][6001];
    pthread_t talkers[4], reader;
    int ends[2], lines = 0;

    assert_int_equal(pipe(ends), 0);
    log_init(LOG_INFO, LOG_TEXT, ends[1]);
    pthread_create(&reader, NULL, drain, &ends[0]);
    for (int i = 0; i < 4; i++) {
        memset(messages[i], 'a' + i, i % 2 ? 100 : 6000);
        pthread_create(&talkers[i], NULL, talk, messages[i]);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(talkers[i], NULL);
    log_init(LOG_INFO, LOG_TEXT, STDERR_FILENO);
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    for (char *line = output; *line; lines++) {
        char *message = strstr(line, " - ") + 3;
        size_t same = strspn(message, (char[]){*message, '\0'});

        assert_in_range(*message, 'a', 'd');
        assert_int_equal(same, (*message - 'a') % 2 ? 100 : 6000);
        assert_int_equal(message[same], '\n');
        line = message + same + 1;
    }
    assert_int_equal(lines, 800);
}

TEST_MAIN(cmocka_unit_test(test_text_line), cmocka_unit_test(test_json_line), cmocka_unit_test(test_escaping),
          cmocka_unit_test(test_levels), cmocka_unit_test(test_level_names),
          cmocka_unit_test(test_long_message_is_cut), cmocka_unit_test(test_keeps_errno),
          cmocka_unit_test(test_threads_do_not_mix))
