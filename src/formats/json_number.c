/* json_number.c: see json_number.h.
 * A double is exact when its digits are below 2^53 and its power of ten at most 22: both are doubles then,
 * and one operation rounds once (Clinger 1990, "How to Read Floating Point Numbers Accurately"). All else is
 * strtod's.
 */
#include "formats/json_number.h"
#include "base/mem.h"
#include "base/number_text.h"
#include <math.h>
#include <stdlib.h>

#define TEXT_MAX 800 /* of a number that strtod reads from the stack: no double needs more digits */

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Terminated: in room when it fits, else *owned. */
static const char *terminated(struct slice text, char room[TEXT_MAX], char **owned)
{
    *owned = NULL;
    if (text.len >= TEXT_MAX)
        return *owned = mem_strndup(text.ptr, text.len);
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
    return room;
}

const char *json_number_double(const struct json_number *n, double *out)
{
    char room[TEXT_MAX], *owned;
    const char *text;
    double v = (double)n->digits;

    if (LIKELY(!n->cut && n->digits <= UINT64_C(1) << 53 && n->exponent >= -22 && n->exponent <= 22)) {
        v = n->exponent < 0 ? v / powers[-n->exponent] : v * powers[n->exponent];
        *out = n->negative ? -v : v;
        return NULL;
    }
    if ((text = terminated(n->text, room, &owned)) == NULL)
        return "there is no memory for a number of so many digits";
    *out = strtod_l(text, NULL, number_locale());
    mem_free(owned);
    return isinf(*out) ? "the number is too large" : NULL;
}

const char *json_number_float(const struct json_number *n, float *out)
{
    char room[TEXT_MAX], *owned;
    const char *text;
    float v = (float)n->digits;

    if (!n->cut && n->digits <= 1 << 24 && n->exponent >= -10 && n->exponent <= 10) {
        float power = (float)powers[abs(n->exponent)];

        v = n->exponent < 0 ? v / power : v * power;
        *out = n->negative ? -v : v;
        return NULL;
    }
    if ((text = terminated(n->text, room, &owned)) == NULL)
        return "there is no memory for a number of so many digits";
    *out = strtof_l(text, NULL, number_locale());
    mem_free(owned);
    return isinf(*out) ? "the number is too large" : NULL;
}

/* The next digit of the text, without sign and point; -1 at its end. */
static int next_digit(const char **p, const char *end)
{
    while (*p < end && (**p == '-' || **p == '.'))
        ++*p;
    if (*p == end || **p == 'e' || **p == 'E')
        return -1;
    return *(*p)++ - '0';
}

/* How many digits the text has, without leading zeros, and its exponent if they were an integer. */
static int64_t count_digits(const struct json_number *n, int64_t *exponent)
{
    const char *p = n->text.ptr, *end = n->text.ptr + n->text.len;
    int64_t count = 0, used;
    int digit;

    while ((digit = next_digit(&p, end)) >= 0)
        count += count || digit;
    used = MIN(count, 19);
    *exponent = n->exponent - (n->cut ? count - used : 0);
    return count;
}

/* The digits scaled by ten^shift to an integer; *inexact when that drops any but zeros. */
static const char *scaled(const struct json_number *n, int64_t scale, __int128 *out, bool *inexact)
{
    const char *p = n->text.ptr, *end = n->text.ptr + n->text.len;
    int64_t exponent, count = count_digits(n, &exponent), shift = exponent + scale,
                      kept = count + MIN(shift, 0);
    __int128 v = 0;
    int digit, first_dropped = 0;
    int64_t at = 0;

    *inexact = false;
    *out = 0;
    if (count == 0)
        return NULL;
    if (count + shift > 38)
        return "the number has too many digits";
    while ((digit = next_digit(&p, end)) >= 0) {
        if (at == 0 && digit == 0)
            continue;
        if (at < kept)
            v = v * 10 + digit;
        else if (at == kept)
            first_dropped = digit;
        *inexact = *inexact || (at >= kept && digit != 0);
        at++;
    }
    for (; shift > 0; shift--)
        v *= 10;
    *out = v + (kept >= 0 && first_dropped >= 5);
    return NULL;
}

const char *json_number_decimal(const struct json_number *n, int32_t precision, int32_t scale, __int128 *out)
{
    __int128 v, limit = 1;
    bool inexact;
    const char *why = scaled(n, scale, &v, &inexact);

    for (int32_t i = 0; i < precision; i++)
        limit *= 10;
    if (why || v >= limit)
        return "the number has more digits than the column";
    *out = n->negative ? -v : v;
    return NULL;
}

const char *json_number_integer(const struct json_number *n, int64_t min, int64_t max, int64_t *out)
{
    __int128 v = n->digits;
    bool inexact = false;

    if (UNLIKELY(n->cut || n->exponent != 0) && scaled(n, 0, &v, &inexact) != NULL)
        return "the number is outside what the column holds";
    if (inexact)
        return "the number is no integer";
    if (n->negative)
        v = -v;
    if (v < min || v > max)
        return "the number is outside what the column holds";
    *out = (int64_t)v;
    return NULL;
}
