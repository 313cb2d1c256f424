/* log.c: see log.h. A line is put together on the stack and goes out in one write, so that logging needs no
 * memory and works when there is none. What does not fit is cut, and the cut is shown.
 */
#include "os/log.h"
#include "base/calendar.h"
#include "os/clock.h"
#include <errno.h>
#include <pthread.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#define MESSAGE_MAX    8192
#define LINE_MAX_BYTES 12288
#define TAIL_ROOM      64 /* kept free for what closes the line */

static atomic_int current_level = LOG_INFO;
static atomic_int current_format = LOG_TEXT;
static atomic_int current_fd = STDERR_FILENO;
static pthread_mutex_t write_lock =
    PTHREAD_MUTEX_INITIALIZER; /* a pipe may split a long write between others */

static const char *const level_names[] = {"DEBUG", "INFO", "WARN", "ERROR"};

struct line {
    size_t len;
    bool full; /* something was cut */
    char text[LINE_MAX_BYTES];
};

void log_init(enum log_level level, enum log_format format, int fd)
{
    atomic_store(&current_level, level);
    atomic_store(&current_format, format);
    atomic_store(&current_fd, fd);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&current_level, memory_order_relaxed);
}

bool log_level_parse(const char *text, enum log_level *out)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    if (strcasecmp(text, "WARNING") != 0)
        return false;
    *out = LOG_WARN;
    return true;
}

/* All of it or nothing; leaves room for the end of the line. */
static void put(struct line *line, const char *text, size_t len)
{
    if (line->full || len > sizeof line->text - TAIL_ROOM - line->len) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static PRINTF(2, 3) void put_format(struct line *line, const char *fmt, ...)
{
    char text[64];
    va_list va;
    int n;

    va_start(va, fmt);
    n = vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    put(line, text, MIN((size_t)MAX(n, 0), sizeof text - 1));
}

/* Length of the UTF-8 character at s, 0 when the bytes there are none. s is terminated. */
static size_t utf8_length(const unsigned char *s)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    uint32_t point = s[0] & (0xffu >> (len + 1));

    if (len < 2)
        return len;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (s[i] & 0x3fu);
    }
    return point < smallest[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 0 : len;
}

/* Control characters, those of C1 too: a terminal obeys them. */
static bool is_control(const unsigned char *s, size_t len)
{
    return s[0] < 0x20 || s[0] == 0x7f || (len == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

static void put_control(struct line *line, unsigned code, bool json)
{
    static const char names[] = "btn_fr"; /* of 8 to 13 */

    if (code >= 8 && code <= 13 && code != 11)
        put_format(line, "\\%c", names[code - 8]);
    else
        put_format(line, json ? "\\u%04x" : "\\x%02x", code);
}

static void put_escaped(struct line *line, const char *text, bool json)
{
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        size_t len = utf8_length(s);

        if (len == 0 && json)
            put(line, "\\ufffd", 6);
        else if (len == 0)
            put_format(line, "\\x%02x", s[0]);
        else if (is_control(s, len))
            put_control(line, s[len - 1], json);
        else if (json && (*s == '"' || *s == '\\'))
            put_format(line, "\\%c", *s);
        else
            put(line, (const char *)s, len);
        s += MAX(len, 1u);
    }
}

static void put_time(struct line *line, bool json)
{
    int64_t now_us = clock_wall_us(clock_system());
    struct civil date = calendar_civil(calendar_day_of(now_us));
    int64_t of_day_us = now_us - calendar_day_of(now_us) * MICROS_PER_DAY;
    int second = (int)(of_day_us / MICROS_PER_SECOND);
    int ms = (int)(of_day_us % MICROS_PER_SECOND / 1000);

    put_format(line, json ? "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" : "%04d-%02d-%02d %02d:%02d:%02d,%03d",
               date.year, date.month, date.day, second / 3600, second / 60 % 60, second % 60, ms);
}

/* Close the line; the room for this was kept. */
static void put_end(struct line *line, const char *end)
{
    size_t len = strlen(end);
    char *at = line->text + line->len;

    if (line->full) {
        memcpy(at, "...", 3);
        at += 3;
    }
    memcpy(at, end, len);
    line->len = (size_t)(at - line->text) + len;
}

static void build_text(struct line *line, enum log_level level, const char *component, const char *message)
{
    put_time(line, false);
    put_format(line, " %-5s ", level_names[level]);
    put_format(line, "%-27s - ", component);
    put_escaped(line, message, false);
    put_end(line, "\n");
}

static void build_json(struct line *line, enum log_level level, const char *component, const char *message)
{
    char thread[16] = "";

    pthread_getname_np(pthread_self(), thread, sizeof thread);
    put(line, SLICE("{\"timestamp\":\"").ptr, 14);
    put_time(line, true);
    put_format(line, "\",\"level\":\"%s\",\"logger\":\"", level_names[level]);
    put_escaped(line, component, true);
    put(line, SLICE("\",\"thread\":\"").ptr, 12);
    put_escaped(line, thread, true);
    put(line, SLICE("\",\"message\":\"").ptr, 13);
    put_escaped(line, message, true);
    put_end(line, "\"}\n");
}

/* Nobody could be told of a failure here, so it is not reported; a full non-blocking pipe is waited for a
 * second. */
static void write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};

            if (poll(&ready, 1, 1000) <= 0)
                return;
        } else if (n < 0 && errno != EINTR) {
            return;
        } else if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

void log_line(enum log_level level, const char *component, const char *fmt, ...)
{
    int saved_errno = errno; /* a log line between a failure and its report must not change the report */
    char message[MESSAGE_MAX];
    struct line line;
    va_list va;

    if (!log_enabled(level))
        return;
    va_start(va, fmt);
    int n = vsnprintf(message, sizeof message, fmt, va);
    va_end(va);
    if (n < 0)
        snprintf(message, sizeof message, "(a message that cannot be formatted: %s)", fmt);
    else if ((size_t)n >= sizeof message)
        memcpy(message + sizeof message - 4, "...", 4);
    line.len = 0;
    line.full = false;
    if (atomic_load(&current_format) == LOG_JSON)
        build_json(&line, level, component, message);
    else
        build_text(&line, level, component, message);
    pthread_mutex_lock(&write_lock);
    write_all(atomic_load(&current_fd), line.text, line.len);
    pthread_mutex_unlock(&write_lock);
    errno = saved_errno;
}
