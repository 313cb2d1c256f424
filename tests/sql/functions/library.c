/* library.c: functions for function_test.py: each way of taking and giving, and each way of being wrong. */
#include <stdio.h>
#include <weir/function.h>

/* NULLs are the function's own: how many of its two arguments there are. */
static bool count_given(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t i = 0; i < weir_rows_count(args); i++) {
        int32_t row = weir_row(args, i);

        weir_put_i32(out, 0, !weir_is_null(args, 0, row) + !weir_is_null(args, 1, row));
    }
    return true;
}
const struct weir_function given = {.abi = WEIR_FUNCTION_ABI,
                                    .kind = WEIR_SCALAR,
                                    .arguments = "a STRING, b BIGINT",
                                    .result = "INT NOT NULL",
                                    .call = count_given};

/* Texts pass through: shared, not copied. */
static bool pass(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++)
        weir_put_from(out, 0, args, 0, row);
    return true;
}
const struct weir_function same = {.abi = WEIR_FUNCTION_ABI,
                                   .kind = WEIR_SCALAR,
                                   .flags = WEIR_STRICT,
                                   .arguments = "text STRING",
                                   .result = "STRING",
                                   .call = pass};

const struct weir_function sure = {.abi = WEIR_FUNCTION_ABI,
                                   .kind = WEIR_SCALAR,
                                   .arguments = "text STRING NOT NULL",
                                   .result = "STRING NOT NULL",
                                   .call = pass};

/* A counter of its own: another value each time. */
struct counter {
    int64_t next;
};
static bool begin(void *self, struct weir_task *t)
{
    (void)t;
    ((struct counter *)self)->next = 100;
    return true;
}
static bool count_up(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    struct counter *c = self;

    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++)
        weir_put_i64(out, 0, c->next++);
    return true;
}
const struct weir_function counter = {.abi = WEIR_FUNCTION_ABI,
                                      .kind = WEIR_SCALAR,
                                      .flags = WEIR_VOLATILE,
                                      .arguments = "tick BIGINT",
                                      .result = "BIGINT NOT NULL",
                                      .self_bytes = sizeof(struct counter),
                                      .open = begin,
                                      .call = count_up};

static bool no_arguments(void *self, struct weir_task *t, const struct weir_batch *args,
                         struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++)
        weir_put_i32(out, 0, 42);
    return true;
}
const struct weir_function answer = {.abi = WEIR_FUNCTION_ABI,
                                     .kind = WEIR_SCALAR,
                                     .arguments = "",
                                     .result = "INT NOT NULL",
                                     .doc = "The answer.",
                                     .call = no_arguments};

/* 0 .. n - 1, also for a NULL: then one row with a NULL. */
static bool numbers(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++) {
        weir_rows_of(out, row);
        if (weir_is_null(args, 0, row))
            weir_put_null(out, 0);
        for (int64_t i = 0; !weir_is_null(args, 0, row) && i < weir_i64s(args, 0)[row]; i++)
            weir_put_i64(out, 0, i);
    }
    return true;
}
const struct weir_function range = {.abi = WEIR_FUNCTION_ABI,
                                    .kind = WEIR_TABLE,
                                    .arguments = "n BIGINT",
                                    .result = "i BIGINT",
                                    .call = numbers};

/* --- wrong --- */

static bool raise(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)args;
    (void)out;
    return weir_task_fail(t, "the sensor says %d", 7);
}
const struct weir_function raises = {.abi = WEIR_FUNCTION_ABI,
                                     .kind = WEIR_SCALAR,
                                     .arguments = "n BIGINT",
                                     .result = "BIGINT",
                                     .call = raise};

static bool silent(void *self, struct weir_task *t)
{
    (void)self;
    (void)t;
    return false;
}
const struct weir_function shut = {.abi = WEIR_FUNCTION_ABI,
                                   .kind = WEIR_SCALAR,
                                   .arguments = "n BIGINT",
                                   .result = "BIGINT",
                                   .open = silent,
                                   .call = raise};

static bool too_few(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    (void)args;
    weir_put_i64(out, 0, 1);
    return true;
}
const struct weir_function few = {.abi = WEIR_FUNCTION_ABI,
                                  .kind = WEIR_SCALAR,
                                  .arguments = "n BIGINT",
                                  .result = "BIGINT",
                                  .call = too_few};

static bool put_null(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++)
        weir_put_null(out, 0);
    return true;
}
const struct weir_function liar = {.abi = WEIR_FUNCTION_ABI,
                                   .kind = WEIR_SCALAR,
                                   .arguments = "n BIGINT",
                                   .result = "BIGINT NOT NULL",
                                   .call = put_null};

static bool backwards(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = weir_rows_count(args) - 1; row >= 0; row--) {
        weir_rows_of(out, row);
        weir_put_i64(out, 0, row);
    }
    return true;
}
const struct weir_function reversed = {.abi = WEIR_FUNCTION_ABI,
                                       .kind = WEIR_TABLE,
                                       .arguments = "n BIGINT",
                                       .result = "i BIGINT",
                                       .call = backwards};

static bool uneven(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++) {
        weir_rows_of(out, row);
        weir_put_i64(out, 0, row);
    }
    return true;
}
const struct weir_function half = {.abi = WEIR_FUNCTION_ABI,
                                   .kind = WEIR_TABLE,
                                   .arguments = "n BIGINT",
                                   .result = "i BIGINT, j BIGINT",
                                   .call = uneven};

const struct weir_function misplaced = {.abi = WEIR_FUNCTION_ABI,
                                        .kind = WEIR_SCALAR,
                                        .arguments = "n BIGINT",
                                        .result = "BIGINT",
                                        .call = uneven};
const struct weir_function old = {
    .abi = 99, .kind = WEIR_SCALAR, .arguments = "n BIGINT", .result = "BIGINT", .call = raise};
const struct weir_function odd_kind = {
    .abi = WEIR_FUNCTION_ABI, .kind = 5, .arguments = "n BIGINT", .result = "BIGINT", .call = raise};
const struct weir_function odd_flags = {.abi = WEIR_FUNCTION_ABI,
                                        .kind = WEIR_SCALAR,
                                        .flags = 64,
                                        .arguments = "n BIGINT",
                                        .result = "BIGINT",
                                        .call = raise};
const struct weir_function odd_type = {.abi = WEIR_FUNCTION_ABI,
                                       .kind = WEIR_SCALAR,
                                       .arguments = "n BIGNIT",
                                       .result = "BIGINT",
                                       .call = raise};
const struct weir_function odd_result = {.abi = WEIR_FUNCTION_ABI,
                                         .kind = WEIR_SCALAR,
                                         .arguments = "n BIGINT",
                                         .result = "x BIGINT",
                                         .call = raise};
const struct weir_function no_call = {
    .abi = WEIR_FUNCTION_ABI, .kind = WEIR_SCALAR, .arguments = "n BIGINT", .result = "BIGINT"};
