/* functions_temporal_text.c: times to texts and back. DATE_FORMAT of times and TO_TIMESTAMP use the patterns of
 * DateTimeFormatter, all others those of SimpleDateFormat, as in Flink. A text that cannot be read gives NULL; a
 * pattern that is none fails. A constant pattern is read once.
 */
#include "base/calendar.h"
#include "base/mem.h"
#include "base/zone.h"
#include "expr/functions.h"
#include "expr/java_pattern.h"
#include "expr/kit.h"

#define DEFAULT_PATTERN "yyyy-MM-dd HH:mm:ss"

/* The pattern used last. */
struct kept {
    struct bytes text;
    bool made;
    struct java_pattern pattern;
    struct bytes made_text; /* what is being written */
};

static enum err open_kept(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                          struct error *e)
{
    *self = mem_zalloc(sizeof(struct kept));
    return *self ? OK : kit_no_text(e);
}

static void close_kept(void *self)
{
    struct kept *k = self;

    if (k == NULL)
        return;
    java_pattern_fini(&k->pattern);
    bytes_fini(&k->text);
    bytes_fini(&k->made_text);
    mem_free(k);
}

static const struct zone *session_zone(const struct call *c)
{
    return c->session && c->session->zone ? c->session->zone : zone_gmt();
}

/* Have the pattern ready that argument `arg` has in a row. */
static enum err prepare(struct call *c, int32_t arg, int32_t row, enum java_pattern_style style,
                        const struct java_pattern **out, struct error *e)
{
    struct kept *k = c->self;
    struct slice text = arg < c->arg_count ? arg_slice(&c->args[arg], row) : SLICE(DEFAULT_PATTERN);
    struct error why = {0};
    enum err rc;

    *out = &k->pattern;
    if (k->made && slice_equal(text, bytes_all(&k->text)) && k->pattern.style == style)
        return OK;
    java_pattern_fini(&k->pattern);
    bytes_clear(&k->text);
    k->made = false;
    rc = java_pattern_init(&k->pattern, style, text, &why);
    if (rc == ERR_MEMORY)
        return kit_no_text(e);
    if (rc != OK)
        return call_fail(c, e, "%s", why.text);
    bytes_slice(&k->text, text);
    k->made = !k->text.failed;
    return k->made ? OK : kit_no_text(e);
}

static enum err put_formatted(struct call *c, int32_t row, const struct java_pattern *p,
                              const struct java_moment *m, struct error *e)
{
    struct bytes *made = &((struct kept *)c->self)->made_text;
    char *to;

    bytes_clear(made);
    if (!java_pattern_format(p, m, made))
        return call_fail(c, e, "the pattern '" SLICE_FMT "' asks for a zone, which the time does not have",
                         SLICE_ARG(bytes_all(&((struct kept *)c->self)->text)));
    if (made->failed || (to = kit_text(c, made->len)) == NULL)
        return kit_no_text(e);
    if (made->len)
        memcpy(to, made->ptr, made->len);
    return call_put(c, row, slice_of(to, made->len)) ? OK : kit_no_text(e);
}

/* --- DATE_FORMAT */

static struct java_moment moment_of(const struct call *c, const struct arg *a, int32_t row)
{
    const struct type *t = a->column->type;
    struct java_moment m = {.local_us = a->column->i64[row & a->mask]};

    if (t->precision > 6) {
        m.nanos = (int32_t)((m.local_us % 1000 + 1000) % 1000);
        m.local_us = (m.local_us - m.nanos) / 1000;
    }
    if (t->kind == TYPE_TIMESTAMP_LTZ)
        m.local_us = zone_local(session_zone(c), m.local_us);
    return m;
}

static enum err date_format(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct java_moment m = moment_of(c, &c->args[0], i);
        const struct java_pattern *p;
        enum err rc;

        if ((rc = prepare(c, 1, i, JAVA_PATTERN_FORMATTER, &p, e)) != OK ||
            (rc = put_formatted(c, i, p, &m, e)) != OK)
            return rc;
    }
    return OK;
}

/* The default pattern, made once a batch beside the one that is kept. */
static enum err default_pattern(struct java_pattern *out, struct error *e)
{
    return java_pattern_init(out, JAVA_PATTERN_SIMPLE, SLICE(DEFAULT_PATTERN), e);
}

/* The instant that a text is in a zone, in microseconds. */
static bool read_instant(const struct java_pattern *p, struct slice text, const struct zone *z,
                         int64_t *utc_us)
{
    struct java_parsed parsed;

    if (!java_pattern_parse(p, text, &parsed))
        return false;
    *utc_us = parsed.has_offset ? parsed.local_us - parsed.offset_s * MICROS_PER_SECOND
                                : zone_utc(z, parsed.local_us);
    return true;
}

static enum err date_format_text(struct call *c, struct error *e)
{
    struct java_pattern from;
    enum err rc = default_pattern(&from, e);

    if (rc != OK)
        return rc;
    for (int32_t i = 0; i < c->row_count && rc == OK; i++) {
        struct java_moment m = {.zone = zone_gmt()};
        const struct java_pattern *p;

        if (!column_valid(c->out, i))
            continue;
        if ((rc = prepare(c, 1, i, JAVA_PATTERN_SIMPLE, &p, e)) != OK)
            break;
        if (read_instant(&from, arg_slice(&c->args[0], i), m.zone, &m.utc_us)) {
            m.local_us = m.utc_us;
            rc = put_formatted(c, i, p, &m, e);
        } else if (!call_null(c, i)) {
            rc = kit_no_text(e);
        }
    }
    java_pattern_fini(&from);
    return rc;
}

static enum err date_format_types(struct resolution *r, struct error *e)
{
    static const struct variant of_time = {.kernel = date_format, .open = open_kept, .close = close_kept},
                                of_text = {
                                    .kernel = date_format_text, .open = open_kept, .close = close_kept};
    const struct type *t = kit_arg_type(r, 0);
    bool text = t && t->kind == TYPE_STRING;

    r->variant = text ? &of_text : &of_time;
    return kit_types(r, text ? "ss>s?" : t && t->kind == TYPE_TIMESTAMP_LTZ ? "zs>s?" : "ts>s?", e);
}

/* --- FROM_UNIXTIME, UNIX_TIMESTAMP */

#define SECONDS_MAX INT64_C(8000000000000) /* what fits a time in microseconds */

static enum err from_unixtime(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        int64_t seconds = arg_i64(&c->args[0], i);
        struct java_moment m = {.zone = session_zone(c)};
        const struct java_pattern *p;
        enum err rc;

        if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX) {
            if (!call_null(c, i))
                return kit_no_text(e);
            continue;
        }
        m.utc_us = seconds * MICROS_PER_SECOND;
        m.local_us = zone_local(m.zone, m.utc_us);
        if ((rc = prepare(c, 1, i, JAVA_PATTERN_SIMPLE, &p, e)) != OK ||
            (rc = put_formatted(c, i, p, &m, e)) != OK)
            return rc;
    }
    return OK;
}

/* What cannot be read is the least number, as in Flink: the result is never NULL. */
static enum err unix_timestamp(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        const struct java_pattern *p;
        int64_t utc_us;
        enum err rc = prepare(c, 1, i, JAVA_PATTERN_SIMPLE, &p, e);

        if (rc != OK)
            return rc;
        c->out->i64[i] = read_instant(p, arg_slice(&c->args[0], i), session_zone(c), &utc_us)
                             ? utc_us / MICROS_PER_SECOND
                             : INT64_MIN;
    }
    return OK;
}

static enum err unix_now(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i64[i] = c->now_us / MICROS_PER_SECOND;
    return OK;
}

static enum err unix_types(struct resolution *r, struct error *e)
{
    static const struct variant now = {.kernel = unix_now},
                                text = {.kernel = unix_timestamp, .open = open_kept, .close = close_kept};

    r->variant = r->arg_count ? &text : &now;
    return kit_types(r, "[ss>l", e);
}

/* --- TO_DATE */

static bool word_number(struct slice s, int64_t *out)
{
    const char *p = s.ptr, *end = p + s.len;
    bool minus;

    while (p < end && (uint8_t)*p <= ' ')
        p++;
    while (end > p && (uint8_t)end[-1] <= ' ')
        end--;
    minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || end - p > 9)
        return false;
    for (*out = 0; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        *out = *out * 10 + *p - '0';
    }
    *out = minus ? -*out : *out;
    return true;
}

/* y[-m[-d]], whatever stands behind a blank. */
static bool plain_date(struct slice text, int32_t *out)
{
    int64_t part[3] = {0, 1, 1};
    const char *blank = text.len > 1 ? memchr(text.ptr + 1, ' ', text.len - 1) : NULL;
    struct civil date;

    if (blank && text.ptr[0] != ' ')
        text.len = (size_t)(blank - text.ptr);
    for (int i = 0; i < 3; i++) {
        const char *hyphen = i < 2 && text.len ? memchr(text.ptr, '-', text.len) : NULL;
        size_t len = hyphen ? (size_t)(hyphen - text.ptr) : text.len;

        if (!word_number(slice_of(text.ptr, len), &part[i]))
            return false;
        if (hyphen == NULL)
            break;
        text = slice_from(text, len + 1);
    }
    if (part[0] < 0 || part[0] > 9999 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
        return false;
    date = (struct civil){(int32_t)part[0], (int32_t)part[1], (int32_t)part[2]};
    *out = calendar_days(date);
    return calendar_civil(*out).day == date.day;
}

static enum err to_date(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        const struct java_pattern *p;
        struct slice text = arg_slice(&c->args[0], i);
        bool done;
        int64_t utc_us;
        enum err rc;

        if (c->arg_count == 1) {
            done = plain_date(text, &c->out->i32[i]);
        } else {
            if ((rc = prepare(c, 1, i, JAVA_PATTERN_SIMPLE, &p, e)) != OK)
                return rc;
            if ((done = read_instant(p, text, zone_gmt(), &utc_us)))
                c->out->i32[i] = calendar_day_of(utc_us);
        }
        if (!done && !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

/* --- TO_TIMESTAMP, TO_TIMESTAMP_LTZ */

static int64_t floor_millis(int64_t us)
{
    return us - (us % 1000 + 1000) % 1000;
}

static enum err to_timestamp(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        if (java_pattern_parse_default(arg_slice(&c->args[0], i), &c->out->i64[i]))
            c->out->i64[i] = floor_millis(c->out->i64[i]);
        else if (!call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

/* `dddd-dd-dd dd:dd:dd` is what nearly all texts are: read without the pattern. */
static bool plain_timestamp(struct slice s, int64_t *out)
{
    static const char shape[] = "0000-00-00 00:00:00";

    if (s.len != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (shape[i] == '0' ? s.ptr[i] < '0' || s.ptr[i] > '9' : s.ptr[i] != shape[i])
            return false;
    return java_pattern_parse_default(s, out);
}

static enum err to_timestamp_by(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        bool plain = slice_is(arg_slice(&c->args[1], i), DEFAULT_PATTERN);
        const struct java_pattern *p;
        struct java_parsed parsed;
        enum err rc;

        if (plain && plain_timestamp(text, &c->out->i64[i]))
            continue;
        if ((rc = prepare(c, 1, i, JAVA_PATTERN_FORMATTER, &p, e)) == ERR_INPUT) {
            if (!call_null(c, i)) /* a pattern that is none: NULL here */
                return kit_no_text(e);
            continue;
        }
        if (rc != OK)
            return rc;
        if (java_pattern_parse(p, text, &parsed))
            c->out->i64[i] = floor_millis(parsed.local_us);
        else if (java_pattern_parse_sql(text, &parsed.local_us))
            c->out->i64[i] = floor_millis(parsed.local_us);
        else if (!call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

static enum err to_timestamp_types(struct resolution *r, struct error *e)
{
    static const struct variant plain = {.kernel = to_timestamp},
                                by = {.kernel = to_timestamp_by, .open = open_kept, .close = close_kept};

    r->variant = r->arg_count == 1 ? &plain : &by;
    return kit_types(r, "s[s>t?", e);
}

/* The instants that Flink takes: those of the years 0 to 9999. */
#define LTZ_MIN_MS INT64_C(-62167219200000)
#define LTZ_MAX_MS INT64_C(253402300799999)

static enum err put_millis(struct call *c, int32_t row, double guess, int64_t millis, struct error *e)
{
    if (guess >= (double)LTZ_MIN_MS && guess <= (double)LTZ_MAX_MS && millis >= LTZ_MIN_MS &&
        millis <= LTZ_MAX_MS)
        c->out->i64[row] = millis * 1000;
    else if (!call_null(c, row))
        return kit_no_text(e);
    return OK;
}

static enum err to_ltz(struct call *c, struct error *e)
{
    bool whole = c->args[0].column->type->kind == TYPE_INT64;

    EACH_ROW(c, i)
    {
        int64_t precision = arg_i64(&c->args[1], i), v = 0;
        double d = 0, by = precision == 0 ? 1000 : 1;
        enum err rc;

        if (precision != 0 && precision != 3)
            return call_fail(c, e, "TO_TIMESTAMP_LTZ takes 0 (seconds) or 3 (milliseconds), not %" PRId64,
                             precision);
        if (whole) {
            v = arg_i64(&c->args[0], i);
            d = (double)v;
            v = d * by > 1e18 || d * by < -1e18 ? 0 : v * (int64_t)by;
        } else {
            d = c->args[0].column->f64[i & c->args[0].mask];
            v = d * by >= 1e18 || d * by <= -1e18 || d != d ? 0 : (int64_t)(d * by);
        }
        if ((rc = put_millis(c, i, d * by, v, e)) != OK)
            return rc;
    }
    return OK;
}

/* Decimals are cut to whole numbers first. */
static enum err to_ltz_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    bool whole = t == NULL || kit_is_integer(t) || t->kind == TYPE_DECIMAL;
    enum err rc = kit_types(r, whole ? "ai>z?" : "di>z?", e);

    if (rc == OK && whole && t && !kit_is_number(t))
        return kit_refuse(e);
    if (rc == OK && whole)
        r->want[0] = type_simple(TYPE_INT64, kit_nullable(t));
    r->variant = r->function->simple;
    return rc;
}

/* --- CONVERT_TZ */

/* An unknown zone is GMT, as TimeZone.getTimeZone has it. */
static const struct zone *named_zone(struct slice name)
{
    const struct zone *z;
    struct error e;

    return zone_find(name, &z, &e) == OK ? z : zone_gmt();
}

static enum err convert_tz(struct call *c, struct error *e)
{
    struct java_pattern p;
    enum err rc = default_pattern(&p, e);

    if (rc != OK)
        return rc;
    for (int32_t i = 0; i < c->row_count && rc == OK; i++) {
        struct java_moment m = {0};

        if (!column_valid(c->out, i))
            continue;
        if (read_instant(&p, arg_slice(&c->args[0], i), named_zone(arg_slice(&c->args[1], i)), &m.utc_us)) {
            m.zone = named_zone(arg_slice(&c->args[2], i));
            m.local_us = zone_local(m.zone, m.utc_us);
            rc = put_formatted(c, i, &p, &m, e);
        } else if (!call_null(c, i)) {
            rc = kit_no_text(e);
        }
    }
    java_pattern_fini(&p);
    return rc;
}

#define KEPT(kernel_)                                                                                        \
    &(const struct variant)                                                                                  \
    {                                                                                                        \
        .kernel = kernel_, .open = open_kept, .close = close_kept                                            \
    }

const struct function functions_temporal_text[] = {
    {"DATE_FORMAT", GROUP_TEMPORAL, "DATE_FORMAT(timestamp or string, pattern)",
     "The time written as the pattern of Java's says, such as 'yyyy-MM-dd'.", 2, 2, FN_STRICT | FN_FAILS,
     date_format_types, NULL, NULL},
    {"FROM_UNIXTIME", GROUP_TEMPORAL, "FROM_UNIXTIME(seconds [, pattern])",
     "The time so many seconds after 1970 began, in the session's zone, written as yyyy-MM-dd HH:mm:ss or as "
     "told.",
     1, 2, FN_STRICT | FN_FAILS, kit_resolve, "i[s>s?", KEPT(from_unixtime)},
    {"UNIX_TIMESTAMP", GROUP_TEMPORAL, "UNIX_TIMESTAMP([string [, pattern]])",
     "Seconds since 1970 began: now, or at the time that the text is in the session's zone.", 0, 2,
     FN_STRICT | FN_FAILS | FN_DYNAMIC, unix_types, NULL, NULL},
    {"TO_DATE", GROUP_TEMPORAL, "TO_DATE(string [, pattern])",
     "The date that a text is, written as yyyy-MM-dd or as told; NULL when it is none.", 1, 2,
     FN_STRICT | FN_FAILS, kit_resolve, "s[s>D?", KEPT(to_date)},
    {"TO_TIMESTAMP", GROUP_TEMPORAL, "TO_TIMESTAMP(string [, pattern])",
     "The time that a text is, written as yyyy-MM-dd HH:mm:ss or as told; NULL when it is none.", 1, 2,
     FN_STRICT | FN_FAILS, to_timestamp_types, NULL, NULL},
    {"TO_TIMESTAMP_LTZ", GROUP_TEMPORAL, "TO_TIMESTAMP_LTZ(number, precision)",
     "The instant so many seconds (0) or milliseconds (3) after 1970 began.", 2, 2, FN_STRICT | FN_FAILS,
     to_ltz_types, NULL, &(const struct variant){.kernel = to_ltz}},
    {"CONVERT_TZ", GROUP_TEMPORAL, "CONVERT_TZ(string, from zone, to zone)",
     "The time yyyy-MM-dd HH:mm:ss in one zone as clocks of the other show it; NULL when it cannot be read.",
     3, 3, FN_STRICT | FN_FAILS, kit_resolve, "sss>s?", KEPT(convert_tz)},
    {NULL},
};
