/* function.h: functions for SQL, written in C: what Flink's ScalarFunction and TableFunction are, a batch of
 * rows at a time.
 *
 * A function is a constant of a shared object, which says what it takes, what it gives and how:
 *
 *     static bool twice(void *self, struct weir_task *t, const struct weir_batch *args,
 *                       struct weir_rows *out)
 *     {
 *         const int64_t *n = weir_i64s(args, 0);
 *
 *         for (int32_t row = 0; row < weir_rows_count(args); row++)
 *             weir_put_i64(out, 0, n[row] * 2);
 *         return true;
 *     }
 *     const struct weir_function double_it = {
 *         .abi = WEIR_FUNCTION_ABI, .kind = WEIR_SCALAR, .arguments = "n BIGINT", .result = "BIGINT",
 *         .flags = WEIR_STRICT, .call = twice};
 *
 *     CREATE FUNCTION twice AS 'double_it' LANGUAGE C USING JAR '/opt/jobs/functions.so';
 *     SELECT twice(price) FROM orders;
 *
 * Build it as a job is built: cc -shared -fPIC -I<weir>/include -o functions.so functions.c. Of weir.h a
 * function may use what reads a batch, what puts values, the calendar, weir_log, weir_now_us and
 * weir_task_fail; outputs, streams, state, timers and metrics are for jobs. A library stays loaded until the
 * process ends.
 */
#ifndef WEIR_FUNCTION_H
#define WEIR_FUNCTION_H
#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when struct weir_function changes; a library that was built for another is refused. */
#define WEIR_FUNCTION_ABI 1

enum weir_function_kind {
    WEIR_SCALAR = 1, /* a value for each row: SELECT f(x) */
    WEIR_TABLE = 2   /* any number of rows for each row: FROM t, LATERAL TABLE(f(x)) */
};

enum weir_function_flag {
    /* A row with a NULL argument is not shown to the function: NULL comes of it, of WEIR_TABLE no rows. */
    WEIR_STRICT = 1,
    /* The same arguments may give another result: it is not evaluated ahead of the job. */
    WEIR_VOLATILE = 2
};

struct weir_function {
    uint32_t abi;          /* first for ever: WEIR_FUNCTION_ABI */
    uint32_t kind;         /* enum weir_function_kind */
    uint32_t flags;        /* of enum weir_function_flag */
    const char *arguments; /* as the columns of a table: "text STRING, least INT NOT NULL"; "": none */
    const char *result;    /* WEIR_SCALAR: a type, "DOUBLE"; WEIR_TABLE: columns, "word STRING, length INT" */
    const char *doc;       /* a sentence for DESCRIBE FUNCTION; may be NULL */
    size_t self_bytes;     /* of an instance's own data, zeroed before open */
    /* One instance for each place in a query and each parallel task. May be NULL. */
    bool (*open)(void *self, struct weir_task *t);
    /* The arguments are columns by position; rows are numbered 0 to weir_rows_count(args) - 1, without gaps.
     * WEIR_SCALAR: put one value into column 0 of out for each row, in order. WEIR_TABLE: weir_rows_of(out,
     * row), then that row's rows, each column one value. False, after weir_task_fail, fails the job. */
    bool (*call)(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out);
    void (*close)(void *self); /* may be NULL */
};

/* WEIR_TABLE: the rows that are put from here on come of that row of the arguments. Rows in ascending order;
 * one that is left out has none. */
void weir_rows_of(struct weir_rows *out, int32_t row);

#ifdef __cplusplus
}
#endif
#endif
