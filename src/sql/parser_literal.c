/* parser_literal.c: numbers, texts, DATE, TIME, TIMESTAMP and INTERVAL with their values worked out, units
 * of time. */
#include "sql/parser_core.h"
#include "base/calendar.h"
#include <stdio.h>

/* --- units --- */

static const struct {
    enum ast_unit unit;
    enum keyword k, plural, tsi; /* KW_NO_KEYWORD: there is none */
    bool add;                    /* TIMESTAMPADD and TIMESTAMPDIFF take it */
} units[] = {
    {AST_NANOSECOND, KW_NANOSECOND, KW_NO_KEYWORD, KW_NO_KEYWORD, true},
    {AST_MICROSECOND, KW_MICROSECOND, KW_NO_KEYWORD, KW_SQL_TSI_MICROSECOND, true},
    {AST_MILLISECOND, KW_MILLISECOND, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_SECOND, KW_SECOND, KW_SECONDS, KW_SQL_TSI_SECOND, true},
    {AST_MINUTE, KW_MINUTE, KW_MINUTES, KW_SQL_TSI_MINUTE, true},
    {AST_HOUR, KW_HOUR, KW_HOURS, KW_SQL_TSI_HOUR, true},
    {AST_DAY, KW_DAY, KW_DAYS, KW_SQL_TSI_DAY, true},
    {AST_WEEK, KW_WEEK, KW_NO_KEYWORD, KW_SQL_TSI_WEEK, true},
    {AST_MONTH, KW_MONTH, KW_MONTHS, KW_SQL_TSI_MONTH, true},
    {AST_QUARTER, KW_QUARTER, KW_NO_KEYWORD, KW_SQL_TSI_QUARTER, true},
    {AST_YEAR, KW_YEAR, KW_YEARS, KW_SQL_TSI_YEAR, true},
    {AST_DECADE, KW_DECADE, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_CENTURY, KW_CENTURY, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_MILLENNIUM, KW_MILLENNIUM, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_DOW, KW_DOW, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_ISODOW, KW_ISODOW, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_DOY, KW_DOY, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_ISOYEAR, KW_ISOYEAR, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
    {AST_EPOCH, KW_EPOCH, KW_NO_KEYWORD, KW_NO_KEYWORD, false},
};

const char *ast_unit_name(enum ast_unit unit)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (units[i].unit == unit)
            return keyword_text(units[i].k);
    return "";
}

enum ast_unit parser_unit(struct parser *p, bool add)
{
    if (add && (parser_word_ahead(p, 0, KW_FRAC_SECOND) || parser_word_ahead(p, 0, KW_SQL_TSI_FRAC_SECOND))) {
        parser_skip(p, 1);
        return AST_MICROSECOND;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if ((!add || units[i].add) &&
            (parser_take_word(p, units[i].k) ||
             (add && units[i].tsi != KW_NO_KEYWORD && parser_take_word(p, units[i].tsi))))
            return units[i].unit;
    return AST_NO_UNIT;
}

/* YEAR, MONTH, DAY, HOUR, MINUTE or SECOND, also in the plural. */
static enum ast_unit interval_unit(struct parser *p)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (units[i].plural != KW_NO_KEYWORD &&
            (parser_take_word(p, units[i].k) || parser_take_word(p, units[i].plural)))
            return units[i].unit;
    return AST_NO_UNIT;
}

static int32_t small_number(struct parser *p, int32_t most)
{
    const struct token *t = parser_peek(p, 0);
    struct slice s = parser_text_of(p, t);
    int32_t v = 0;

    if (t->kind != TOKEN_INTEGER) {
        parser_expected(p, "a number");
        return 0;
    }
    for (size_t i = 0; i < s.len && v <= most; i++)
        v = v * 10 + (s.ptr[i] - '0');
    if (v > most)
        parser_refuse(p, ERR_INPUT, t->place, "a number up to %" PRId32 " is expected here", most);
    parser_skip(p, 1);
    return v;
}

/* DAY, DAY(3), SECOND(3, 2), DAY TO SECOND(3), YEAR TO MONTH ... */
bool parser_interval_unit(struct parser *p, struct ast_literal *out)
{
    out->fraction = -1;
    out->unit = interval_unit(p);
    if (out->unit == AST_NO_UNIT) {
        parser_expected(p, "a unit (YEAR, MONTH, DAY, HOUR, MINUTE or SECOND)");
        return false;
    }
    if (parser_take(p, TOKEN_LPAREN)) {
        out->digits = small_number(p, 10);
        if (out->unit == AST_SECOND && parser_take(p, TOKEN_COMMA))
            out->fraction = small_number(p, 9);
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    if (!parser_take_word(p, KW_TO))
        return true;
    out->to_unit = interval_unit(p);
    if (out->to_unit == AST_NO_UNIT || (out->unit == AST_YEAR) != (out->to_unit == AST_MONTH) ||
        out->to_unit >= out->unit) {
        parser_refuse(p, ERR_INPUT, p->tokens[p->at - 1].place,
                      "an interval goes from YEAR to MONTH, or from DAY, HOUR or MINUTE to a smaller unit");
        return false;
    }
    if (out->to_unit == AST_SECOND && parser_take(p, TOKEN_LPAREN)) {
        out->fraction = small_number(p, 9);
        parser_want(p, TOKEN_RPAREN, "`)`");
    }
    return true;
}

/* --- reading digits --- */

struct digits {
    const char *at, *end;
};

/* One to most digits; -1 when there are none or more. */
static int64_t number(struct digits *d, int most)
{
    int64_t v = 0;
    int count = 0;

    while (d->at < d->end && *d->at >= '0' && *d->at <= '9') {
        if (++count > most)
            return -1;
        v = v * 10 + (*d->at++ - '0');
    }
    return count ? v : -1;
}

static bool sign(struct digits *d, char c)
{
    if (d->at >= d->end || *d->at != c)
        return false;
    d->at++;
    return true;
}

/* .123456789: micros and nanos, and how many digits there were. More than nine are cut. */
static bool fraction(struct digits *d, int64_t *micros, int32_t *nanos, int32_t *precision)
{
    int64_t v = 0;
    int count = 0;

    *micros = 0;
    *nanos = *precision = 0;
    if (!sign(d, '.'))
        return true;
    for (; d->at < d->end && *d->at >= '0' && *d->at <= '9'; d->at++, count++)
        if (count < 9)
            v = v * 10 + (*d->at - '0');
    *precision = MIN(count, 9);
    for (int i = *precision; i < 9; i++)
        v *= 10;
    *micros = v / 1000;
    *nanos = (int32_t)(v % 1000);
    return count > 0;
}

static bool date(struct digits *d, int32_t *days)
{
    struct civil c, back;

    c.year = (int32_t)number(d, 4);
    if (c.year < 1 || !sign(d, '-') || (c.month = (int32_t)number(d, 2)) < 1 || c.month > 12 ||
        !sign(d, '-') || (c.day = (int32_t)number(d, 2)) < 1 || c.day > 31)
        return false;
    *days = calendar_days(c);
    back = calendar_civil(*days);
    return back.month == c.month && back.day == c.day;
}

static bool clock(struct digits *d, struct ast_literal *out, int64_t *micros)
{
    int64_t hour = number(d, 2), minute, second, part;

    if (hour < 0 || hour > 23 || !sign(d, ':') || (minute = number(d, 2)) < 0 || minute > 59 ||
        !sign(d, ':') || (second = number(d, 2)) < 0 || second > 59 ||
        !fraction(d, &part, &out->nanos, &out->precision))
        return false;
    *micros = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + part;
    return true;
}

static bool read_date(struct slice s, struct ast_literal *out)
{
    struct digits d = {s.ptr, s.ptr + s.len};
    int32_t days = 0;
    bool fine = date(&d, &days) && d.at == d.end;

    out->value = days;
    return fine;
}

static bool read_time(struct slice s, struct ast_literal *out)
{
    struct digits d = {s.ptr, s.ptr + s.len};

    return clock(&d, out, &out->value) && d.at == d.end;
}

static bool read_timestamp(struct slice s, struct ast_literal *out)
{
    struct digits d = {s.ptr, s.ptr + s.len};
    int32_t days = 0;
    int64_t micros = 0;

    if (!date(&d, &days) || (d.at < d.end && (!sign(&d, ' ') || !clock(&d, out, &micros))) || d.at != d.end)
        return false;
    out->value = days * MICROS_PER_DAY + micros;
    return true;
}

/* --- intervals --- */

/* What an interval's field may be when it is not the first, and what stands before it. */
static const struct interval_field {
    enum ast_unit unit;
    char before;
    int64_t most, millis; /* MONTH: months */
} fields[] = {
    {AST_YEAR, 0, 0, 12},         {AST_MONTH, '-', 11, 1},      {AST_DAY, 0, 0, 86400000},
    {AST_HOUR, ' ', 23, 3600000}, {AST_MINUTE, ':', 59, 60000}, {AST_SECOND, ':', 59, 1000},
};

/* The value of what stands between the quotes; false when it does not fit the units. */
static bool read_interval(struct slice s, struct ast_literal *out)
{
    struct digits d = {s.ptr, s.ptr + s.len};
    enum ast_unit last = out->to_unit == AST_NO_UNIT ? out->unit : out->to_unit;
    bool negative = false, begun = false;
    int64_t micros;
    int32_t nanos, digits;

    while (sign(&d, ' '))
        ;
    if (sign(&d, '-'))
        negative = true;
    else
        sign(&d, '+');
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct interval_field *f = &fields[i];
        int64_t v;

        if (f->unit > out->unit || f->unit < last)
            continue;
        if (begun && !sign(&d, f->before))
            return false;
        v = number(&d, begun ? 2 : 10);
        if (v < 0 || (begun && v > f->most))
            return false;
        begun = true;
        out->value += v * f->millis;
        if (f->unit == AST_SECOND) {
            if (!fraction(&d, &micros, &nanos, &digits))
                return false;
            out->value += micros / 1000;
        }
    }
    while (sign(&d, ' '))
        ;
    if (negative != out->negative)
        out->value = -out->value;
    return d.at == d.end && (out->unit < AST_MONTH || (out->value <= INT32_MAX && out->value >= INT32_MIN));
}

static const char *interval_shape(const struct ast_literal *l)
{
    static const struct {
        enum ast_unit from, to;
        const char *shape;
    } shapes[] = {
        {AST_YEAR, AST_MONTH, "'1-6'"},      {AST_DAY, AST_HOUR, "'1 12'"},
        {AST_DAY, AST_MINUTE, "'1 12:30'"},  {AST_DAY, AST_SECOND, "'1 12:30:00'"},
        {AST_HOUR, AST_MINUTE, "'12:30'"},   {AST_HOUR, AST_SECOND, "'12:30:00'"},
        {AST_MINUTE, AST_SECOND, "'30:00'"}, {AST_SECOND, AST_NO_UNIT, "'1.5'"},
    };

    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        if (shapes[i].from == l->unit && shapes[i].to == l->to_unit)
            return shapes[i].shape;
    return "'10'";
}

/* INTERVAL x DAY for what is no literal: a column, a number, (an expression). */
static const struct ast_expr *interval_of(struct parser *p, struct ast_place begin, bool negative)
{
    struct ast_expr unit = {.kind = AST_UNIT};
    const struct ast_expr *both[2] = {NULL};
    struct ast_name name;
    struct ast_place minus = begin;

    if (parser_take(p, TOKEN_LPAREN)) {
        both[0] = parser_expr(p);
        parser_want(p, TOKEN_RPAREN, "`)`");
    } else if (parser_is_name(parser_peek(p, 0)) && parser_peek(p, 0)->kind != TOKEN_END) {
        struct ast_expr column = {.kind = AST_COLUMN};

        parser_name(p, &name, "a column");
        column.column = name;
        column.place = name.place;
        both[0] = parser_node(p, &column);
    } else {
        both[0] = parser_number(p, "the interval in single quotes");
    }
    if (negative && !p->failed)
        both[0] = parser_make(p, parser_from(p, minus), "-", both, 1);
    unit.place = parser_here(p);
    unit.unit = interval_unit(p);
    if (unit.unit == AST_NO_UNIT)
        parser_expected(p, "a unit (YEAR, MONTH, DAY, HOUR, MINUTE or SECOND)");
    both[1] = parser_node(p, &unit);
    return parser_make(p, parser_from(p, begin), "INTERVAL", both, 2);
}

static const struct ast_expr *interval(struct parser *p)
{
    struct ast_expr x = {.kind = AST_LITERAL, .literal.kind = AST_INTERVAL};
    struct ast_place begin = parser_here(p), place;
    struct ast_word text;

    parser_skip(p, 1);
    if (parser_take(p, TOKEN_MINUS))
        x.literal.negative = true;
    else
        parser_take(p, TOKEN_PLUS);
    if (!parser_at(p, TOKEN_TEXT))
        return interval_of(p, begin, x.literal.negative);
    place = parser_here(p);
    parser_string(p, &text, "the interval in single quotes");
    x.literal.text = slice_text(text.text);
    if (!parser_interval_unit(p, &x.literal))
        return NULL;
    x.place = parser_from(p, begin);
    if (!read_interval(x.literal.text, &x.literal) &&
        parser_refuse(p, ERR_INPUT, place, "'%s' is no interval of %s%s%s", text.text,
                      ast_unit_name(x.literal.unit), x.literal.to_unit ? " TO " : "",
                      ast_unit_name(x.literal.to_unit)))
        sql_hint(p->error, "write it as INTERVAL %s %s%s%s", interval_shape(&x.literal),
                 ast_unit_name(x.literal.unit), x.literal.to_unit ? " TO " : "",
                 ast_unit_name(x.literal.to_unit));
    return parser_node(p, &x);
}

/* --- the others --- */

static const struct {
    enum keyword k;
    enum ast_literal_kind kind;
    bool (*read)(struct slice s, struct ast_literal *out);
    const char *shape;
} dated[] = {
    {KW_DATE, AST_DATE, read_date, "2025-11-30"},
    {KW_TIME, AST_TIME, read_time, "12:30:00"},
    {KW_TIMESTAMP, AST_TIMESTAMP, read_timestamp, "2025-11-30 12:30:00.123"},
};

/* DATE '...', TIME '...', TIMESTAMP '...'; false when a text does not follow. */
static bool dated_literal(struct parser *p, enum keyword k, const struct ast_expr **out)
{
    struct ast_expr x = {.kind = AST_LITERAL};
    struct ast_place begin = parser_here(p), place;
    struct ast_word text;
    size_t i = 0;

    while (i < COUNT_OF(dated) && dated[i].k != k)
        i++;
    if (i == COUNT_OF(dated) || !parser_kind_ahead(p, 1, TOKEN_TEXT))
        return false;
    parser_skip(p, 1);
    place = parser_here(p);
    parser_string(p, &text, "a text");
    x.literal.kind = dated[i].kind;
    x.literal.text = slice_text(text.text);
    if (!dated[i].read(x.literal.text, &x.literal) &&
        parser_refuse(p, ERR_INPUT, place, "'%s' is no %s", text.text, keyword_text(k)))
        sql_hint(p->error, "write it as %s '%s'", keyword_text(k), dated[i].shape);
    x.place = parser_from(p, begin);
    *out = parser_node(p, &x);
    return true;
}

const struct ast_expr *parser_number(struct parser *p, const char *what)
{
    const struct token *t = parser_peek(p, 0);
    struct ast_expr x = {.kind = AST_LITERAL, .place = t->place};
    uint64_t v = 0;

    if (t->kind != TOKEN_INTEGER && t->kind != TOKEN_DECIMAL && t->kind != TOKEN_DOUBLE) {
        parser_expected(p, what);
        return NULL;
    }
    x.literal.kind = t->kind == TOKEN_INTEGER   ? AST_INTEGER
                     : t->kind == TOKEN_DECIMAL ? AST_DECIMAL
                                                : AST_DOUBLE;
    x.literal.text = slice_text(parser_strdup(p, parser_text_of(p, t)));
    for (size_t i = 0; x.literal.kind == AST_INTEGER && i < x.literal.text.len; i++) {
        x.literal.large |= v > (INT64_MAX - (uint64_t)(x.literal.text.ptr[i] - '0')) / 10;
        v = x.literal.large ? 0 : v * 10 + (uint64_t)(x.literal.text.ptr[i] - '0');
    }
    x.literal.value = (int64_t)v;
    parser_skip(p, 1);
    return parser_node(p, &x);
}

/* 'text' [UESCAPE 'c'], and its continuation on later lines. */
static const struct ast_expr *text(struct parser *p)
{
    struct ast_expr x = {.kind = AST_LITERAL, .literal.kind = AST_CHAR};
    struct token t = *parser_peek(p, 0);
    struct slice escape = SLICE("\\"), more;
    const char *why;

    x.place = t.place;
    parser_skip(p, 1);
    if (parser_take_word(p, KW_UESCAPE)) {
        struct ast_word word;

        parser_string(p, &word, "the escape character in single quotes");
        escape = slice_text(word.text);
        if (escape.len != 1 || strchr("0123456789abcdefABCDEF+'\" ", *escape.ptr) ||
            (unsigned char)*escape.ptr >= 0x80)
            parser_refuse(p, ERR_INPUT, word.place,
                          "UESCAPE takes one character that is no digit, letter a to f, quote or +");
    }
    if (p->failed)
        return NULL;
    why = lexer_value(&p->lexer, &t, *escape.ptr, p->arena, &x.literal.text);
    while (why == NULL && parser_at(p, TOKEN_TEXT) && parser_here(p).line > p->tokens[p->at - 1].place.line) {
        const char *joined;

        why = lexer_value(&p->lexer, parser_peek(p, 0), '\\', p->arena, &more);
        joined = arena_printf(p->arena, SLICE_FMT SLICE_FMT, SLICE_ARG(x.literal.text), SLICE_ARG(more));
        x.literal.text = slice_text(joined ? joined : "");
        parser_skip(p, 1);
    }
    if (why)
        parser_refuse(p, ERR_INPUT, t.place, "%s", why);
    else if (p->arena->failed)
        parser_no_memory(p);
    x.place = parser_from(p, x.place);
    return parser_node(p, &x);
}

static const struct ast_expr *bytes_literal(struct parser *p)
{
    const struct token *t = parser_peek(p, 0);
    struct ast_expr x = {.kind = AST_LITERAL, .place = t->place, .literal.kind = AST_BYTES};

    if (lexer_value(&p->lexer, t, '\\', p->arena, &x.literal.text) == NULL && p->arena->failed)
        parser_no_memory(p);
    parser_skip(p, 1);
    return parser_node(p, &x);
}

static const struct ast_expr *constant(struct parser *p, enum ast_literal_kind kind, int64_t value)
{
    struct ast_expr x = {
        .kind = AST_LITERAL, .place = parser_here(p), .literal = {.kind = kind, .value = value}};

    parser_skip(p, 1);
    return parser_node(p, &x);
}

bool parser_literal(struct parser *p, const struct ast_expr **out)
{
    const struct token *t = parser_peek(p, 0);

    switch (t->kind) {
    case TOKEN_INTEGER:
    case TOKEN_DECIMAL:
    case TOKEN_DOUBLE:
        *out = parser_number(p, "a number");
        return true;
    case TOKEN_TEXT:
        *out = text(p);
        return true;
    case TOKEN_BYTES:
        *out = bytes_literal(p);
        return true;
    case TOKEN_WORD:
        break;
    default:
        return false;
    }
    switch (t->keyword) {
    case KW_NULL:
        *out = constant(p, AST_NULL, 0);
        return true;
    case KW_TRUE:
        *out = constant(p, AST_BOOLEAN, 1);
        return true;
    case KW_FALSE:
        *out = constant(p, AST_BOOLEAN, 0);
        return true;
    case KW_UNKNOWN:
        *out = constant(p, AST_UNKNOWN, 0);
        return true;
    case KW_INTERVAL:
        *out = interval(p);
        return true;
    default:
        return dated_literal(p, t->keyword, out);
    }
}
