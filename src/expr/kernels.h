/* kernels.h: loops over whole columns, written so that the compiler makes vector instructions of them: one
 * for two columns, one for each side being the same in every row. */
#ifndef WEIR_EXPR_KERNELS_H
#define WEIR_EXPR_KERNELS_H
#include "expr/function.h"

/* In a file whose loops shall be vectorised though the build says -O2. */
#if defined(__GNUC__) && !defined(__clang__)
#define KERNELS_FAST _Pragma("GCC optimize(\"O3\")")
#else
#define KERNELS_FAST
#endif

/* out[i] = step(x, y) for all rows, of arguments of type in and results of type res. */
#define KERNEL_BINARY(name, in, res, step)                                                                   \
    static enum err name(struct call *c, UNUSED struct error *e)                                             \
    {                                                                                                        \
        const in *restrict a = c->args[0].column->values, *restrict b = c->args[1].column->values;           \
        res *restrict out = c->out->values;                                                                  \
        int32_t n = c->row_count;                                                                            \
                                                                                                             \
        if (c->args[0].mask && c->args[1].mask) {                                                            \
            for (int32_t i = 0; i < n; i++)                                                                  \
                out[i] = (res)step(a[i], b[i]);                                                              \
        } else if (c->args[0].mask) {                                                                        \
            in y = b[0];                                                                                     \
            for (int32_t i = 0; i < n; i++)                                                                  \
                out[i] = (res)step(a[i], y);                                                                 \
        } else {                                                                                             \
            in x = a[0];                                                                                     \
            for (int32_t i = 0; i < n; i++)                                                                  \
                out[i] = (res)step(x, b[i & c->args[1].mask]);                                               \
        }                                                                                                    \
        return OK;                                                                                           \
    }

/* out[i] = step(x) */
#define KERNEL_UNARY(name, in, res, step)                                                                    \
    static enum err name(struct call *c, UNUSED struct error *e)                                             \
    {                                                                                                        \
        const in *restrict a = c->args[0].column->values;                                                    \
        res *restrict out = c->out->values;                                                                  \
                                                                                                             \
        for (int32_t i = 0; i < c->row_count; i++)                                                           \
            out[i] = (res)step(a[i]);                                                                        \
        return OK;                                                                                           \
    }
#endif
