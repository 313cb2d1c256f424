/* decimal.c: see decimal.h. Most values fit 128 bits at each step and take that way; the others are 256 bits
 * as eight digits to the base of 2^32, least first, multiplied and divided as on paper. */
#include "base/decimal.h"
#include "base/number_text.h"
#include <math.h>

#define LIMBS 8

typedef unsigned __int128 u128;

struct wide { /* an unsigned number of 256 bits */
    uint32_t limb[LIMBS];
};

__int128 decimal_power(int32_t digits)
{
    static const uint64_t powers[] = {
        UINT64_C(1),
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };

    assert(digits >= 0 && digits <= DECIMAL_DIGITS_MAX);
    if (digits <= 19)
        return (__int128)powers[digits];
    return (__int128)powers[19] * (__int128)powers[digits - 19];
}

static u128 magnitude(__int128 v)
{
    return v < 0 ? -(u128)v : (u128)v;
}

static __int128 signed_as(u128 v, bool negative)
{
    return negative ? -(__int128)v : (__int128)v;
}

bool decimal_fits(__int128 v, int32_t precision)
{
    return magnitude(v) < (u128)decimal_power(precision);
}

static int32_t count_digits(u128 v)
{
    int32_t n = 1;

    while (n <= DECIMAL_DIGITS_MAX && v >= (u128)decimal_power(n))
        n++;
    return n;
}

int32_t decimal_digits(__int128 v)
{
    return count_digits(magnitude(v));
}

/* --- 256 bits */

static struct wide widen(u128 v)
{
    struct wide w = {0};

    for (int i = 0; i < 4; i++)
        w.limb[i] = (uint32_t)(v >> (32 * i));
    return w;
}

static bool is_narrow(const struct wide *w)
{
    return (w->limb[4] | w->limb[5] | w->limb[6] | w->limb[7]) == 0;
}

static u128 narrow(const struct wide *w)
{
    u128 v = 0;

    for (int i = 3; i >= 0; i--)
        v = v << 32 | w->limb[i];
    return v;
}

static struct wide wide_multiply(u128 a, u128 b)
{
    struct wide x = widen(a), y = widen(b), out = {0};

    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;

        for (int j = 0; j < 4; j++) {
            uint64_t t = (uint64_t)x.limb[i] * y.limb[j] + out.limb[i + j] + carry;

            out.limb[i + j] = (uint32_t)t;
            carry = t >> 32;
        }
        out.limb[i + 4] = (uint32_t)carry;
    }
    return out;
}

static int top(const struct wide *w)
{
    int n = LIMBS;

    while (n > 0 && w->limb[n - 1] == 0)
        n--;
    return n;
}

static int wide_compare(const struct wide *a, const struct wide *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a += b; the carry out of the top is lost, callers stay below it. */
static void wide_add(struct wide *a, const struct wide *b)
{
    uint64_t carry = 0;

    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void wide_subtract(struct wide *a, const struct wide *b)
{
    int64_t borrow = 0;

    for (int i = 0; i < LIMBS; i++) {
        int64_t t = (int64_t)a->limb[i] - b->limb[i] + borrow;

        a->limb[i] = (uint32_t)t;
        borrow = t >> 32;
    }
}

/* Bits of n from the top on: quotient and rest by shifting and subtracting. Slow, but rarely asked for. */
static struct wide wide_divide(const struct wide *n, const struct wide *d, struct wide *rest)
{
    struct wide q = {0}, r = {0};

    for (int bit = top(n) * 32 - 1; bit >= 0; bit--) {
        for (int i = LIMBS - 1; i > 0; i--)
            r.limb[i] = r.limb[i] << 1 | r.limb[i - 1] >> 31;
        r.limb[0] = r.limb[0] << 1 | (n->limb[bit / 32] >> (bit % 32) & 1);
        if (wide_compare(&r, d) >= 0) {
            wide_subtract(&r, d);
            q.limb[bit / 32] |= UINT32_C(1) << (bit % 32);
        }
    }
    *rest = r;
    return q;
}

/* w times 10^digits; the caller knows that it fits. */
static void wide_scale(struct wide *w, int32_t digits)
{
    for (; digits > 0; digits -= 9) {
        uint32_t power = (uint32_t)decimal_power(MIN(digits, 9));
        uint64_t carry = 0;

        for (int i = 0; i < LIMBS; i++) {
            carry += (uint64_t)w->limb[i] * power;
            w->limb[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
}

/* n / 10^digits, rounded; digits may be over 38. Only the first digit that is cut off decides. */
static struct wide wide_round(struct wide n, int32_t digits)
{
    struct wide d, half, rest, one = widen(1);

    for (; digits > DECIMAL_DIGITS_MAX; digits -= DECIMAL_DIGITS_MAX) {
        d = widen((u128)decimal_power(DECIMAL_DIGITS_MAX));
        n = wide_divide(&n, &d, &rest);
    }
    d = widen((u128)decimal_power(digits));
    half = widen((u128)decimal_power(digits) / 2);
    n = wide_divide(&n, &d, &rest);
    if (digits > 0 && wide_compare(&rest, &half) >= 0)
        wide_add(&n, &one);
    return n;
}

/* a as 10^digits times as many. */
static struct wide scaled(u128 a, int32_t digits)
{
    return digits > 0 ? wide_multiply(a, (u128)decimal_power(digits)) : widen(a);
}

static bool finish(const struct wide *w, bool negative, int32_t precision, __int128 *out)
{
    u128 v = narrow(w);

    if (!is_narrow(w) || v >= (u128)decimal_power(precision))
        return false;
    *out = signed_as(v, negative);
    return true;
}

/* The same of a result whose scale is still to be changed. */
static bool finish_scaled(struct wide w, int32_t scale, bool negative, int32_t to_precision, int32_t to_scale,
                          __int128 *out)
{
    if (to_scale < scale) {
        w = wide_round(w, scale - to_scale);
    } else if (to_scale > scale) {
        if (!is_narrow(&w))
            return false;
        w = scaled(narrow(&w), to_scale - scale);
    }
    return finish(&w, negative, to_precision, out);
}

/* --- arithmetic */

/* v / 10^digits, rounded. */
static u128 round_off(u128 v, int32_t digits)
{
    u128 power, q;

    if (digits > DECIMAL_DIGITS_MAX)
        return 0; /* v has 39 digits at most and is below half of 10^39 */
    power = (u128)decimal_power(digits);
    q = v / power;
    return q + (v % power >= power - v % power);
}

bool decimal_rescale(__int128 v, int32_t scale, int32_t to_precision, int32_t to_scale, __int128 *out)
{
    u128 m = magnitude(v);
    struct wide w;

    if (to_scale == scale) {
        *out = v;
        return decimal_fits(v, to_precision);
    }
    if (to_scale < scale) {
        m = round_off(m, scale - to_scale);
        *out = signed_as(m, v < 0);
        return m < (u128)decimal_power(to_precision);
    }
    if (m == 0) {
        *out = 0;
        return true;
    }
    if (to_scale - scale > DECIMAL_DIGITS_MAX)
        return false;
    w = wide_multiply(m, (u128)decimal_power(to_scale - scale));
    return finish(&w, v < 0, to_precision, out);
}

bool decimal_add(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                 __int128 *out)
{
    int32_t s = MAX(sa, sb);
    struct wide x, y;
    bool negative = a < 0;

    if (sa == sb && scale == s) { /* two of 38 digits cannot overflow 127 bits */
        *out = a + b;
        return decimal_fits(*out, precision);
    }
    x = scaled(magnitude(a), s - sa);
    y = scaled(magnitude(b), s - sb);
    if ((a < 0) == (b < 0)) {
        wide_add(&x, &y);
    } else if (wide_compare(&x, &y) >= 0) {
        wide_subtract(&x, &y);
    } else {
        wide_subtract(&y, &x);
        x = y;
        negative = b < 0;
    }
    return finish_scaled(x, s, negative, precision, scale, out);
}

bool decimal_multiply(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                      __int128 *out)
{
    u128 x = magnitude(a), y = magnitude(b);
    int32_t s = sa + sb;

    if (x <= UINT64_MAX / 2 && y <= UINT64_MAX / 2 && scale <= s) {
        x = round_off(x * y, s - scale);
        *out = signed_as(x, (a < 0) != (b < 0));
        return x < (u128)decimal_power(precision);
    }
    return finish_scaled(wide_multiply(x, y), s, (a < 0) != (b < 0), precision, scale, out);
}

/* The 38 leading digits of a / b, rounded, and the exponent of the last: a / b = out * 10^exponent. */
static u128 quotient(u128 a, u128 b, int32_t *exponent)
{
    int32_t shift = DECIMAL_DIGITS_MAX - 1 - count_digits(a) + count_digits(b);
    struct wide n, d = widen(b), q, rest, twice, one = widen(1);
    u128 v;

    for (;;) { /* the first try gives 37 or 38 digits before rounding */
        n = widen(a);
        wide_scale(&n, shift);
        q = wide_divide(&n, &d, &rest);
        v = narrow(&q);
        if (v >= (u128)decimal_power(DECIMAL_DIGITS_MAX - 1))
            break;
        shift++;
    }
    twice = rest;
    wide_add(&twice, &rest);
    if (wide_compare(&twice, &d) >= 0)
        wide_add(&q, &one);
    *exponent = -shift;
    return narrow(&q);
}

/* a * 10^k / b, rounded, where 128 bits are room enough: true of most. That quotient() rounds twice makes no
 * difference here: as a * 10^k has at most 37 digits, those of the result and of b are 38 at most, so what is
 * below a half is so by more than the 38th digit shows. */
static bool divide_short(u128 a, u128 b, int32_t k, u128 *out)
{
    u128 n, rest;

    if (k < 0 || count_digits(a) + k >= DECIMAL_DIGITS_MAX)
        return false;
    n = a * (u128)decimal_power(k);
    rest = n % b;
    *out = n / b + (rest >= b - rest);
    return true;
}

bool decimal_divide(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                    __int128 *out)
{
    int32_t exponent, cut;
    struct wide w;
    u128 q;

    assert(b != 0);
    if (a == 0) {
        *out = 0;
        return true;
    }
    if (divide_short(magnitude(a), magnitude(b), scale + sb - sa, &q)) {
        *out = signed_as(q, (a < 0) != (b < 0));
        return q < (u128)decimal_power(precision);
    }
    q = quotient(magnitude(a), magnitude(b), &exponent);
    cut = -(exponent - sa + sb) - scale; /* digits behind the wanted scale */
    if (cut >= 0)
        w = widen(round_off(q, cut));
    else if (-cut > DECIMAL_DIGITS_MAX)
        return false;
    else
        w = scaled(q, -cut);
    return finish(&w, (a < 0) != (b < 0), precision, out);
}

bool decimal_modulo(__int128 a, int32_t sa, __int128 b, int32_t sb, int32_t precision, int32_t scale,
                    __int128 *out)
{
    int32_t s = MAX(sa, sb);
    struct wide x = scaled(magnitude(a), s - sa), y = scaled(magnitude(b), s - sb), rest;

    assert(b != 0);
    wide_divide(&x, &y, &rest);
    return finish_scaled(rest, s, a < 0, precision, scale, out);
}

int decimal_compare(__int128 a, int32_t sa, __int128 b, int32_t sb)
{
    int32_t s = MAX(sa, sb);
    struct wide x, y;
    int order;

    if (sa == sb || (a < 0) != (b < 0))
        return (a > b) - (a < b);
    x = scaled(magnitude(a), s - sa);
    y = scaled(magnitude(b), s - sb);
    order = wide_compare(&x, &y);
    return a < 0 ? -order : order;
}

__int128 decimal_truncate(__int128 v, int32_t scale)
{
    return v / decimal_power(scale);
}

__int128 decimal_floor(__int128 v, int32_t scale)
{
    __int128 power = decimal_power(scale);

    return v / power - (v % power < 0);
}

__int128 decimal_ceil(__int128 v, int32_t scale)
{
    __int128 power = decimal_power(scale);

    return v / power + (v % power > 0);
}

/* --- doubles and texts */

double decimal_to_double(__int128 v, int32_t scale)
{
    char text[DECIMAL_TEXT_MAX + 1];
    double d;

    if (magnitude(v) <= (u128)1 << 53 && scale <= 22) /* both exact: the division rounds once */
        return (double)v / (double)decimal_power(scale);
    text[decimal_format(v, scale, text)] = '\0';
    if (number_parse_double(slice_text(text), &d) != NULL)
        assert(!"a decimal's text is a number");
    return d;
}

bool decimal_from_double(double v, int32_t precision, int32_t scale, __int128 *out)
{
    char text[NUMBER_TEXT_MAX];

    if (!isfinite(v))
        return false;
    return decimal_parse(slice_of(text, number_format_double(v, text)), precision, scale, out) == NULL;
}

size_t decimal_format(__int128 v, int32_t scale, char out[DECIMAL_TEXT_MAX])
{
    u128 u = magnitude(v);
    char digits[DECIMAL_TEXT_MAX];
    int32_t n = 0;
    size_t len = 0;

    do {
        digits[n++] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u || n <= scale);
    if (v < 0)
        out[len++] = '-';
    while (n-- > 0) {
        out[len++] = digits[n];
        if (n == scale && scale > 0)
            out[len++] = '.';
    }
    return len;
}

/* The digits of a number's text as an integer: value * 10^exponent. Those past 38 are only counted, and
 * whether the first of them rounds up. */
struct digits {
    u128 value;
    int64_t exponent;
    int32_t count; /* of significant digits in value */
    bool any, cut, round_up;
    bool negative;
};

static void take_digit(struct digits *d, int digit, bool behind_point)
{
    d->any = true;
    if (d->count == DECIMAL_DIGITS_MAX) {
        if (!d->cut)
            d->round_up = digit >= 5;
        d->cut = true;
        d->exponent += !behind_point;
        return;
    }
    d->value = d->value * 10 + (u128)digit;
    d->count += d->value != 0;
    d->exponent -= behind_point;
}

static const char *scan_exponent(const char *p, const char *end, int64_t *out)
{
    bool negative = p < end && *p == '-';
    int64_t v = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return "has no digits in its exponent";
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return "is not a number";
        if (v < 1000000)
            v = v * 10 + (*p - '0');
    }
    *out += negative ? -v : v;
    return NULL;
}

static const char *scan(struct slice text, struct digits *d)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    bool point = false;

    *d = (struct digits){0};
    if (text.len == 0)
        return "is empty";
    d->negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.' && !point)
            point = true;
        else if (*p >= '0' && *p <= '9')
            take_digit(d, *p - '0', point);
        else
            return "is not a number";
    }
    if (!d->any)
        return "has no digits";
    return p < end ? scan_exponent(p + 1, end, &d->exponent) : NULL;
}

const char *decimal_parse(struct slice text, int32_t precision, int32_t scale, __int128 *out)
{
    static const char too_large[] = "has more digits than the type";
    struct digits d;
    const char *why = scan(text, &d);
    int64_t shift;
    struct wide w;

    if (why)
        return why;
    shift = d.exponent + scale;
    if (d.value == 0 || shift < -2 * DECIMAL_DIGITS_MAX) {
        *out = 0;
        return NULL;
    }
    if (shift > DECIMAL_DIGITS_MAX)
        return too_large;
    if (shift == 0) /* the first digit that was cut off is the first behind the scale */
        d.value += d.round_up;
    w = shift >= 0 ? scaled(d.value, (int32_t)shift) : widen(round_off(d.value, (int32_t)-shift));
    return finish(&w, d.negative, precision, out) ? NULL : too_large;
}
