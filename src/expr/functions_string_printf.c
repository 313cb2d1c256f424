/* functions_string_printf.c: PRINTF with the formats of java.util.Formatter: %[number$][flags][width][.digits]kind,
 * of the kinds s S d x X o c b e f and %% %n. What does not fit the format gives NULL, as a bad format does.
 */
#include "base/mem.h"
#include "base/decimal.h"
#include "base/number_text.h"
#include "expr/cast.h"
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/kit.h"
#include <stdio.h>

struct directive {
    int32_t arg; /* from 1; 0: the next one */
    bool left, sign, blank, zero, group, paren;
    int width, digits; /* -1: not told */
    char kind;
};

struct printer {
    struct bytes made, part;
};

static enum err open_printer(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                             struct error *e)
{
    *self = mem_zalloc(sizeof(struct printer));
    return *self ? OK : kit_no_text(e);
}

static void close_printer(void *self)
{
    struct printer *p = self;

    if (p == NULL)
        return;
    bytes_fini(&p->made);
    bytes_fini(&p->part);
    mem_free(p);
}

static int number(const char **p, const char *end)
{
    int v = 0;

    for (; *p < end && **p >= '0' && **p <= '9'; ++*p)
        v = v < 100000 ? v * 10 + **p - '0' : v;
    return v;
}

/* What stands behind a %; *p is left behind it. */
static bool read_directive(const char **p, const char *end, struct directive *d)
{
    const char *begin = *p;
    int v = number(p, end);

    *d = (struct directive){.width = -1, .digits = -1};
    if (v > 0 && *p < end && **p == '$') {
        d->arg = v;
        ++*p;
    } else {
        *p = begin;
    }
    for (; *p < end && strchr("-+ 0,(", **p) && **p; ++*p) {
        d->left |= **p == '-';
        d->sign |= **p == '+';
        d->blank |= **p == ' ';
        d->zero |= **p == '0';
        d->group |= **p == ',';
        d->paren |= **p == '(';
    }
    if (*p < end && **p >= '1' && **p <= '9')
        d->width = number(p, end);
    if (*p < end && **p == '.') {
        ++*p;
        if (*p == end || **p < '0' || **p > '9')
            return false;
        d->digits = number(p, end);
    }
    if (*p == end || d->width > 10000 || d->digits > 1000 || d->paren ||
        (d->left && (d->width < 0 || d->zero)) || (d->sign && d->blank))
        return false;
    d->kind = *(*p)++;
    return true;
}

/* --- kinds: each writes to part; false when the argument does not fit */

static bool put_integer(const struct directive *d, const struct column *v, int32_t row, struct bytes *part)
{
    static const int bits_of[] = {8, 16, 32, 64};
    char text[40];
    const struct type *t = v->type;
    int64_t n;
    int len;

    if (!kit_is_integer(t) || d->digits >= 0)
        return false;
    n = t->kind == TYPE_INT8    ? v->i8[row]
        : t->kind == TYPE_INT16 ? v->i16[row]
        : t->kind == TYPE_INT32 ? v->i32[row]
                                : v->i64[row];
    if (d->kind != 'd') {
        int bits = bits_of[t->kind - TYPE_INT8];
        uint64_t u = bits == 64 ? (uint64_t)n : (uint64_t)n & ((UINT64_C(1) << bits) - 1);

        if (d->sign || d->blank || d->group)
            return false;
        bytes_printf(part, d->kind == 'o' ? "%" PRIo64 : d->kind == 'X' ? "%" PRIX64 : "%" PRIx64, u);
        return true;
    }
    len = snprintf(text, sizeof text, "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
    bytes_text(part, n < 0 ? "-" : d->sign ? "+" : d->blank ? " " : "");
    for (int i = 0; i < len; i++) {
        if (d->group && i && (len - i) % 3 == 0)
            bytes_u8(part, ',');
        bytes_u8(part, (uint8_t)text[i]);
    }
    return true;
}

static bool put_real(const struct directive *d, const struct column *v, int32_t row, struct bytes *part)
{
    const struct type *t = v->type;
    double x;
    int digits = d->digits < 0 ? 6 : d->digits;

    if (t->kind == TYPE_DOUBLE)
        x = v->f64[row];
    else if (t->kind == TYPE_FLOAT)
        x = v->f32[row];
    else if (t->kind == TYPE_DECIMAL)
        x = decimal_to_double(v->i128[row], t->scale);
    else
        return false;
    if (d->group)
        return false;
    if (x >= 0)
        bytes_text(part, d->sign ? "+" : d->blank ? " " : "");
    bytes_printf(part, d->kind == 'f' ? "%.*f" : d->kind == 'E' ? "%.*E" : "%.*e", digits, x);
    return true;
}

static void put_text(const struct column *v, int32_t row, struct bytes *part)
{
    if (v->type->kind == TYPE_STRING)
        bytes_slice(part, column_slice(v, row));
    else
        cast_print(v, row, NULL, part);
}

static void upper_case(struct bytes *part)
{
    for (size_t i = 0; i < part->len; i++)
        if (part->ptr[i] >= 'a' && part->ptr[i] <= 'z')
            part->ptr[i] = (char)(part->ptr[i] - 32);
}

static bool put_character(const struct column *v, int32_t row, struct bytes *part)
{
    char text[CHARACTERS_MAX];

    if (v->type->kind != TYPE_INT32 || v->i32[row] < 0 || v->i32[row] > 0x10ffff)
        return false;
    bytes_append(part, text, characters_put(text, (uint32_t)v->i32[row]));
    return true;
}

static bool put_part(const struct directive *d, const struct column *v, int32_t row, struct bytes *part)
{
    bool there = column_valid(v, row), good = true;

    bytes_clear(part);
    if (strchr("dxXoeEfsSbBc", d->kind) == NULL)
        return false;
    if (d->kind == 'b' || d->kind == 'B')
        bytes_text(part, !there ? "false" : v->type->kind != TYPE_BOOLEAN || v->u8[row] ? "true" : "false");
    else if (!there)
        bytes_text(part, "null");
    else if (d->kind == 's' || d->kind == 'S')
        put_text(v, row, part);
    else if (d->kind == 'c')
        good = put_character(v, row, part);
    else
        good = strchr("dxXo", d->kind) ? put_integer(d, v, row, part) : put_real(d, v, row, part);
    if (d->kind == 'S' || d->kind == 'B')
        upper_case(part);
    if (strchr("sSbB", d->kind) && d->digits >= 0 && !part->failed)
        part->len = characters_offset(bytes_all(part), d->digits);
    return good;
}

static void put_padded(const struct directive *d, const struct bytes *part, struct bytes *out)
{
    struct slice s = bytes_all(part);
    int64_t missing = s.len ? d->width - characters_count(s) : d->width;
    bool zero = d->zero && strchr("dxXoeEf", d->kind);
    size_t sign = zero && s.len && strchr("+- ", s.ptr[0]) ? 1 : 0;

    if (zero)
        bytes_append(out, s.ptr, sign);
    for (int64_t i = 0; i < missing && !d->left; i++)
        bytes_u8(out, zero ? '0' : ' ');
    bytes_slice(out, slice_from(s, zero ? sign : 0));
    for (int64_t i = 0; i < missing && d->left; i++)
        bytes_u8(out, ' ');
}

static bool print_row(struct call *c, int32_t row)
{
    struct printer *self = c->self;
    struct slice format = arg_slice(&c->args[0], row);
    const char *p = format.ptr, *end = p + format.len;
    int32_t next = 1;

    bytes_clear(&self->made);
    while (p < end) {
        struct directive d;
        int32_t arg;

        if (*p != '%') {
            bytes_u8(&self->made, (uint8_t)*p++);
            continue;
        }
        p++;
        if (!read_directive(&p, end, &d))
            return false;
        if (d.kind == '%' || d.kind == 'n') {
            bytes_u8(&self->made, d.kind == 'n' ? '\n' : '%');
            continue;
        }
        arg = d.arg ? d.arg : next++;
        if (arg >= c->arg_count || !put_part(&d, c->args[arg].column, row & c->args[arg].mask, &self->part))
            return false;
        put_padded(&d, &self->part, &self->made);
    }
    return true;
}

static enum err print(struct call *c, struct error *e)
{
    struct printer *self = c->self;

    for (int32_t i = 0; i < c->row_count; i++) {
        bool good = arg_valid(&c->args[0], i) && print_row(c, i);
        char *to;

        if (!good) {
            if (!call_null(c, i))
                return kit_no_text(e);
            continue;
        }
        if (self->made.failed || self->part.failed || (to = kit_text(c, self->made.len)) == NULL)
            return kit_no_text(e);
        if (self->made.len)
            memcpy(to, self->made.ptr, self->made.len);
        if (!call_put(c, i, slice_of(to, self->made.len)))
            return kit_no_text(e);
    }
    return OK;
}

const struct function functions_string_printf[] = {
    {"PRINTF", GROUP_STRING, "PRINTF(format, value, ...)",
     "The format with %s, %d, %x, %f, ... replaced by the values, as Java's Formatter does; NULL when they "
     "do not fit.",
     1, -1, 0, kit_resolve, "sa*>s?",
     &(const struct variant){.kernel = print, .open = open_printer, .close = close_printer}},
    {NULL},
};
