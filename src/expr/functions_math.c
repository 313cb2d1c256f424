/* functions_math.c: ABS to UUID: the functions of numbers. Those of one DOUBLE are one table. */
#include "base/decimal.h"
#include "base/mem.h"
#include "base/number_text.h"
#include "expr/expr_internal.h"
#include "expr/expr_types.h"
#include "expr/functions_core.h"
#include "expr/kernels.h"
#include "expr/program.h"
#include "expr/rounding.h"
#include "os/random.h"
#include <math.h>

/* --- functions of one or two DOUBLEs */

static double cotangent(double x)
{
    return 1.0 / tan(x);
}

static double to_degrees(double x)
{
    return x * 57.29577951308232; /* these two as Java has them: to the last bit */
}

static double to_radians(double x)
{
    return x * 0.017453292519943295;
}

static double log_base_2(double x)
{
    return log(x) / log(2.0);
}

#define UNARY(name, step)                                                                                    \
    KERNEL_UNARY(kernel_##name, double, double, step)                                                        \
    static const struct variant variant_##name = {.kernel = kernel_##name};
UNARY(acos, acos)
UNARY(asin, asin)
UNARY(atan, atan)
UNARY(cos, cos)
UNARY(cosh, cosh)
UNARY(cot, cotangent)
UNARY(degrees, to_degrees)
UNARY(exp, exp)
UNARY(log10, log10)
UNARY(radians, to_radians)
UNARY(sin, sin)
UNARY(sinh, sinh)
UNARY(sqrt, sqrt)
UNARY(tan, tan)
UNARY(tanh, tanh)

KERNEL_BINARY(kernel_atan2, double, double, atan2)
KERNEL_BINARY(kernel_power, double, double, pow)
static const struct variant variant_atan2 = {.kernel = kernel_atan2},
                            variant_power = {.kernel = kernel_power};

/* --- logarithms: of 0 -Infinity, below it NaN, as in Java */

static double log_of_base(double base, double x)
{
    return log(x) / log(base);
}

UNARY(ln, log)
UNARY(log2, log_base_2)
KERNEL_BINARY(kernel_log, double, double, log_of_base)

static enum err resolve_log(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant with_base = {.kernel = kernel_log};

    for (int32_t i = 0; i < r->arg_count; i++) {
        if (!expr_type_is_number(r->args[i]->type) && !expr_type_is_null(r->args[i]->type))
            return ERR_INPUT;
        if (r->args[i]->type->kind != TYPE_DOUBLE)
            r->want[i] = type_simple(TYPE_DOUBLE, true);
    }
    r->variant = r->arg_count == 1 ? &variant_ln : &with_base;
    r->result = type_simple(TYPE_DOUBLE, false);
    return OK;
}

/* --- constants */

static enum err kernel_constant(struct call *c, UNUSED struct error *e)
{
    double v = c->expr->function->name[0] == 'E' ? M_E : M_PI;

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->f64[i] = v;
    return OK;
}
static const struct variant variant_constant = {.kernel = kernel_constant};

/* --- HEX and BIN */

static size_t put_hex(const char *from, size_t len, char *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[(unsigned char)from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 15];
    }
    return 2 * len;
}

static enum err kernel_hex_text(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct slice s = arg_slice(&c->args[0], i);
        char *text;

        if (!column_valid(c->out, i))
            continue;
        if (s.len > INT32_MAX / 2 || (text = call_text(c, s.len * 2)) == NULL ||
            !call_put(c, i, slice_of(text, put_hex(s.ptr, s.len, text))))
            return error_memory(e, s.len * 2, "the result of HEX");
    }
    return OK;
}

/* The bits of a BIGINT, `bits` a digit, without zeros in front. */
static enum err put_digits(struct call *c, int bits, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        uint64_t v = (uint64_t)c->args[0].column->i64[i];
        char text[64];
        size_t at = sizeof text;

        if (!column_valid(c->out, i))
            continue;
        do {
            text[--at] = "0123456789ABCDEF"[v & ((1U << bits) - 1)];
            v >>= bits;
        } while (v);
        if (!call_put(c, i, slice_of(text + at, sizeof text - at)))
            return error_memory(e, sizeof text, "a number's digits");
    }
    return OK;
}

static enum err kernel_hex(struct call *c, struct error *e)
{
    return put_digits(c, 4, e);
}

static enum err kernel_bin(struct call *c, struct error *e)
{
    return put_digits(c, 1, e);
}
static const struct variant variant_bin = {.kernel = kernel_bin};

static enum err resolve_hex(struct resolution *r, UNUSED struct error *e)
{
    static const struct variant of_text = {.kernel = kernel_hex_text}, of_number = {.kernel = kernel_hex};
    const struct type *t = r->args[0]->type;

    if (!type_is_view(t) && !expr_type_is_integer(t) && !expr_type_is_null(t))
        return ERR_INPUT;
    if (!type_is_view(t))
        r->want[0] = type_simple(TYPE_INT64, true);
    r->variant = type_is_view(t) ? &of_text : &of_number;
    r->result = type_simple(TYPE_STRING, false);
    return OK;
}

/* --- chance: with a seed the numbers are those of java.util.Random */

struct chance {
    bool seeded;
    uint64_t state;       /* Java's 48 bits */
    struct random random; /* without a seed */
};

/* The seed is an argument when the call has one more than it needs. */
static enum err chance_open(const struct expr *call, const struct expr_session *session, void **self,
                            struct error *e)
{
    bool integer = strcmp(call->function->name, "RAND_INTEGER") == 0;
    struct arena arena = {0};
    struct chance *c = mem_zalloc(sizeof *c);
    const struct expr *seed;
    enum err rc = OK;

    if (c == NULL)
        return error_memory(e, sizeof *c, "random numbers");
    random_seed(&c->random, random_entropy());
    c->seeded = call->arg_count > integer && expr_is_constant(call->args[0]);
    if (c->seeded && (rc = program_constant(&arena, call->args[0], session, &seed, e)) == OK)
        c->state = ((uint64_t)(column_valid(seed->literal, 0) ? seed->literal->i32[0] : 0) ^ 0x5deece66dU) &
                   ((UINT64_C(1) << 48) - 1);
    arena_fini(&arena);
    *self = c;
    if (rc != OK)
        mem_free(c);
    return rc;
}

static int32_t java_bits(struct chance *c, int bits)
{
    c->state = (c->state * 0x5deece66dU + 11) & ((UINT64_C(1) << 48) - 1);
    return (int32_t)(uint32_t)(c->state >> (48 - bits));
}

static double next_double(struct chance *c)
{
    int64_t high;

    if (!c->seeded)
        return random_unit(&c->random);
    high = (int64_t)java_bits(c, 26) << 27;
    return (double)(high + java_bits(c, 27)) * 0x1p-53;
}

static int32_t next_below(struct chance *c, int32_t bound)
{
    int32_t v;

    if (!c->seeded)
        return (int32_t)random_below(&c->random, (uint64_t)bound);
    v = java_bits(c, 31);
    if ((bound & (bound - 1)) == 0)
        return (int32_t)((int64_t)bound * v >> 31);
    for (int32_t all = v; (int64_t)all - (v = all % bound) + (bound - 1) > INT32_MAX;)
        all = java_bits(c, 31);
    return v;
}

static enum err kernel_rand(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->f64[i] = next_double(c->self);
    return OK;
}
static const struct variant variant_rand = {kernel_rand, chance_open, mem_free, false};

static enum err kernel_rand_integer(struct call *c, struct error *e)
{
    const struct arg *bound = &c->args[c->arg_count - 1];

    for (int32_t i = 0; i < c->row_count; i++) {
        int32_t v = bound->column->i32[i & bound->mask];

        if (!column_valid(c->out, i))
            continue;
        if (v <= 0)
            return call_fail(c, e, "RAND_INTEGER: the bound must be above 0, not %" PRId32, v);
        c->out->i32[i] = next_below(c->self, v);
    }
    return OK;
}
static const struct variant variant_rand_integer = {kernel_rand_integer, chance_open, mem_free, false};

static enum err kernel_uuid(struct call *c, struct error *e)
{
    struct chance *chance = c->self;
    char text[RANDOM_UUID_MAX];

    for (int32_t i = 0; i < c->row_count; i++) {
        random_uuid(&chance->random, text);
        if (!call_put(c, i, slice_text(text)))
            return error_memory(e, sizeof text, "a UUID");
    }
    return OK;
}
static const struct variant variant_uuid = {kernel_uuid, chance_open, mem_free, false};

#define MATH(n, text, what, min, max, bits, ...)                                                             \
    {                                                                                                        \
        .name = n, .group = GROUP_ARITHMETIC, .usage = text, .doc = what, .least = min, .most = max,         \
        .flags = bits, __VA_ARGS__                                                                           \
    }
#define OF_DOUBLE(n, what, v)                                                                                \
    MATH(n, n "(x)", what, 1, 1, FN_STRICT, .signature = "d>d", .simple = &variant_##v)
#define RESOLVED(n, text, what, min, max, bits, how) MATH(n, text, what, min, max, bits, .resolve = how)
const struct function functions_math[] = {
    RESOLVED("ABS", "ABS(x)", "The number without its sign.", 1, 1, FN_STRICT, rounding_resolve),
    OF_DOUBLE("ACOS", "The angle, in radians, of a cosine.", acos),
    OF_DOUBLE("ASIN", "The angle, in radians, of a sine.", asin),
    OF_DOUBLE("ATAN", "The angle, in radians, of a tangent.", atan),
    MATH("ATAN2", "ATAN2(y, x)", "The angle, in radians, of a point.", 2, 2, FN_STRICT, .signature = "dd>d",
         .simple = &variant_atan2),
    MATH("BIN", "BIN(x)", "The bits of an integer as text.", 1, 1, FN_STRICT, .signature = "l>s",
         .simple = &variant_bin),
    RESOLVED("CEIL", "CEIL(x)", "The least whole number that is not below x.", 1, 1, FN_STRICT,
             rounding_resolve),
    RESOLVED("CEILING", "CEILING(x)", "The least whole number that is not below x.", 1, 1, FN_STRICT,
             rounding_resolve),
    OF_DOUBLE("COS", "The cosine of an angle in radians.", cos),
    OF_DOUBLE("COSH", "The hyperbolic cosine.", cosh),
    OF_DOUBLE("COT", "The cotangent of an angle in radians.", cot),
    OF_DOUBLE("DEGREES", "An angle in radians as degrees.", degrees),
    MATH("E", "E()", "Euler's number.", 0, 0, 0, .signature = ">d", .simple = &variant_constant),
    OF_DOUBLE("EXP", "Euler's number to the power of x.", exp),
    RESOLVED("FLOOR", "FLOOR(x)", "The greatest whole number that is not above x.", 1, 1, FN_STRICT,
             rounding_resolve),
    RESOLVED("HEX", "HEX(x)", "An integer, or the bytes of a text, as hexadecimal digits.", 1, 1, FN_STRICT,
             resolve_hex),
    OF_DOUBLE("LN", "The natural logarithm.", ln),
    RESOLVED("LOG", "LOG(x) or LOG(base, x)", "The natural logarithm, or that of another base.", 1, 2,
             FN_STRICT, resolve_log),
    OF_DOUBLE("LOG10", "The logarithm to the base of 10.", log10),
    OF_DOUBLE("LOG2", "The logarithm to the base of 2.", log2),
    MATH("PI", "PI()", "The ratio of a circle's circumference to its diameter.", 0, 0, FN_BARE,
         .signature = ">d", .simple = &variant_constant),
    MATH("POWER", "POWER(x, y)", "x to the power of y.", 2, 2, FN_STRICT, .signature = "dd>d",
         .simple = &variant_power),
    OF_DOUBLE("RADIANS", "An angle in degrees as radians.", radians),
    MATH("RAND", "RAND([seed])", "A random number from 0 to 1, 1 excluded.", 0, 1, FN_VOLATILE,
         .signature = "[i>d", .simple = &variant_rand),
    MATH("RAND_INTEGER", "RAND_INTEGER([seed,] bound)", "A random integer from 0 to bound, bound excluded.",
         1, 2, FN_VOLATILE | FN_STRICT | FN_FAILS, .signature = "i[i>i", .simple = &variant_rand_integer),
    RESOLVED("ROUND", "ROUND(x [, digits])", "The number with so many digits behind the point, rounded.", 1,
             2, FN_STRICT, rounding_resolve),
    RESOLVED("SIGN", "SIGN(x)", "-1, 0 or 1.", 1, 1, FN_STRICT, rounding_resolve),
    OF_DOUBLE("SIN", "The sine of an angle in radians.", sin),
    OF_DOUBLE("SINH", "The hyperbolic sine.", sinh),
    OF_DOUBLE("SQRT", "The square root.", sqrt),
    OF_DOUBLE("TAN", "The tangent of an angle in radians.", tan),
    OF_DOUBLE("TANH", "The hyperbolic tangent.", tanh),
    RESOLVED("TRUNCATE", "TRUNCATE(x [, digits])",
             "The number with so many digits behind the point, cut off.", 1, 2, FN_STRICT, rounding_resolve),
    MATH("UUID", "UUID()", "A random UUID of version 4.", 0, 0, FN_VOLATILE, .signature = ">s",
         .simple = &variant_uuid),
    {0},
};
