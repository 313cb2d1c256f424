/* test_call.h: tests of functions as tables: an expression as SQL has it, and what it gives.
 *
 *     {"SUBSTRING('abc', 2)", "bc"}, {"{FLOOR TO}(DATE '1999-12-31', `MONTH`)", "1999-12-01"}, {"CHR(-1)", ""}
 *
 * An expression is a literal, CAST(x AS type), ARRAY[...], MAP[...], x[i], or a call; a name that is none is in
 * braces. Each is evaluated as a constant and with its literals as columns of three rows, of which the second is
 * NULL: both must agree. A literal in backticks is a text that stays a literal. Expected: the value as a batch
 * prints it, or `!` and a part of the message.
 */
#ifndef WEIR_EXPR_TEST_CALL_H
#define WEIR_EXPR_TEST_CALL_H
#include "base/mem.h"
#include "base/test.h"
#include "base/zone.h"
#include "batch/builder.h"
#include "expr/program.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define TEST_CALL_LEAVES 64

struct test_call {
    const char *at;
    struct arena arena;
    bool columns; /* literals become columns */
    const struct expr *leaves[TEST_CALL_LEAVES];
    int32_t leaf_count;
    struct expr_session session;
    struct error e;
};

struct test_row {
    const char *sql, *want;
};

static inline const struct expr *test_call_read(struct test_call *t);

static inline void test_call_blanks(struct test_call *t)
{
    while (*t->at == ' ')
        t->at++;
}

static inline bool test_call_skip(struct test_call *t, const char *text)
{
    test_call_blanks(t);
    if (strncmp(t->at, text, strlen(text)) != 0)
        return false;
    t->at += strlen(text);
    return true;
}

static inline const struct expr *test_call_leaf(struct test_call *t, const struct expr *x)
{
    if (x == NULL || !t->columns)
        return x;
    assert_true(t->leaf_count < TEST_CALL_LEAVES);
    t->leaves[t->leaf_count] = x;
    return expr_column(&t->arena, t->leaf_count++, type_nullable(&t->arena, x->type, true));
}

/* Up to the closing quote, in which two are one. */
static inline struct slice test_call_text(struct test_call *t, char quote)
{
    struct bytes b = {0};
    struct slice s;

    for (t->at++; *t->at && (*t->at != quote || t->at[1] == quote); t->at++) {
        bytes_u8(&b, (uint8_t)*t->at);
        t->at += *t->at == quote;
    }
    t->at++;
    s = arena_slice(&t->arena, bytes_all(&b));
    bytes_fini(&b);
    return s;
}

static inline const struct expr *test_call_number(struct test_call *t)
{
    char *end;
    size_t len = strspn(t->at, "+-0123456789.eE");
    bool real = strcspn(t->at, "eE") < len, decimal = strcspn(t->at, ".") < len;
    const char *text = t->at;
    __int128 v = 0;
    int32_t scale = 0, digits = 0;

    t->at += len;
    if (real)
        return expr_double(&t->arena, strtod(text, &end));
    if (!decimal) {
        long long n = strtoll(text, &end, 10);

        return expr_int(&t->arena, n > INT32_MAX || n < INT32_MIN ? TYPE_INT64 : TYPE_INT32, n);
    }
    for (const char *p = text; p < t->at; p++)
        if (isdigit(*p)) {
            v = v * 10 + (*p - '0');
            digits++;
            scale += strcspn(text, ".") < (size_t)(p - text);
        }
    return expr_decimal(&t->arena, *text == '-' ? -v : v, digits, scale);
}

static inline const struct type *test_call_type(struct test_call *t, size_t len)
{
    const struct type *type = NULL;

    if (type_parse(&t->arena, slice_of(t->at, len), &type, &t->e) != OK)
        return NULL;
    t->at += len;
    return type;
}

/* A constant made a literal. */
static inline const struct expr *test_call_fold(struct test_call *t, const struct expr *x)
{
    const struct expr *literal = NULL;

    if (x == NULL || program_constant(&t->arena, x, &t->session, &literal, &t->e) != OK)
        return NULL;
    return literal;
}

static inline const struct expr *test_call_cast(struct test_call *t, const struct expr *x,
                                                const struct type *type)
{
    struct place place = {0};
    const struct expr *out = NULL;

    if (x == NULL || type == NULL || expr_cast(&t->arena, x, type, false, place, &out, &t->e) != OK)
        return NULL;
    return out;
}

static inline const struct expr *test_call_make(struct test_call *t, const char *name,
                                                const struct expr **args, int32_t count)
{
    struct place place = {1, 1};
    const struct expr *out = NULL;

    return expr_call(&t->arena, name, args, count, place, &out, &t->e) == OK ? out : NULL;
}

static inline const struct expr *test_call_args(struct test_call *t, const char *name, const char *close)
{
    const struct expr *args[TEST_CALL_LEAVES];
    int32_t count = 0;

    while (!test_call_skip(t, close)) {
        if ((args[count++] = test_call_read(t)) == NULL)
            return NULL;
        test_call_skip(t, ",");
    }
    return test_call_make(t, name, args, count);
}

/* CAST( has been read. NULLs of a type are leaves. */
static inline const struct expr *test_call_read_cast(struct test_call *t)
{
    bool null = test_call_skip(t, "NULL");
    const struct expr *x = null ? NULL : test_call_read(t);
    const char *end;
    int depth = 0;

    if ((x == NULL && !null) || !test_call_skip(t, "AS "))
        return NULL;
    for (end = t->at; *end && (depth > 0 || *end != ')'); end++)
        depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
    if (null)
        x = test_call_leaf(t, expr_null(&t->arena, test_call_type(t, (size_t)(end - t->at))));
    else
        x = test_call_cast(t, x, test_call_type(t, (size_t)(end - t->at)));
    return test_call_skip(t, ")") ? x : NULL;
}

/* DATE '...' and the like; x'...'. NULL: none of these. */
static inline const struct expr *test_call_typed(struct test_call *t)
{
    static const struct {
        const char *word, *type;
    } kinds[] = {{"DATE '", "DATE NOT NULL"},
                 {"TIMESTAMP '", "TIMESTAMP(3) NOT NULL"},
                 {"TIMESTAMP9 '", "TIMESTAMP(9) NOT NULL"},
                 {"TIME '", "TIME(0) NOT NULL"}};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strncmp(t->at, kinds[i].word, strlen(kinds[i].word)) == 0) {
            const struct type *type = NULL;
            const struct expr *text;

            t->at += strlen(kinds[i].word) - 1;
            text = expr_char(&t->arena, test_call_text(t, '\''));
            if (type_parse(&t->arena, slice_text(kinds[i].type), &type, &t->e) != OK)
                return NULL;
            return test_call_leaf(t, test_call_fold(t, test_call_cast(t, text, type)));
        }
    return NULL;
}

static inline const struct expr *test_call_primary(struct test_call *t)
{
    const struct expr *x;
    char name[64];
    size_t len;

    test_call_blanks(t);
    if (*t->at == '\'')
        return test_call_leaf(t, expr_char(&t->arena, test_call_text(t, '\'')));
    if (*t->at == '`')
        return expr_char(&t->arena, test_call_text(t, '`'));
    if (isdigit(*t->at) || *t->at == '-')
        return test_call_leaf(t, test_call_number(t));
    if (test_call_skip(t, "CAST("))
        return test_call_read_cast(t);
    if (test_call_skip(t, "TRUE"))
        return test_call_leaf(t, expr_bool(&t->arena, true));
    if (test_call_skip(t, "FALSE"))
        return test_call_leaf(t, expr_bool(&t->arena, false));
    if (test_call_skip(t, "ARRAY["))
        return test_call_args(t, "ARRAY", "]");
    if (test_call_skip(t, "MAP["))
        return test_call_args(t, "MAP", "]");
    if ((x = test_call_typed(t)) != NULL)
        return x;
    if (*t->at == '{') {
        len = strcspn(t->at, "}") - 1;
        snprintf(name, sizeof name, "%.*s", (int)len, t->at + 1);
        t->at += len + 2;
    } else {
        len = strcspn(t->at, "(");
        snprintf(name, sizeof name, "%.*s", (int)len, t->at);
        t->at += len;
    }
    return test_call_skip(t, "(") ? test_call_args(t, name, ")") : NULL;
}

static inline const struct expr *test_call_read(struct test_call *t)
{
    const struct expr *x = test_call_primary(t);

    while (x && test_call_skip(t, "[")) {
        const struct expr *args[2] = {x, test_call_read(t)};

        x = args[1] && test_call_skip(t, "]") ? test_call_make(t, "ITEM", args, 2) : NULL;
    }
    return x;
}

/* Three rows: the leaves, NULLs, the leaves again. */
static inline struct batch *test_call_batch(struct test_call *t)
{
    int32_t count = MAX(t->leaf_count, 1);
    struct field *fields = ARENA_ARRAY(&t->arena, struct field, count);
    struct schema *schema = ARENA_NEW(&t->arena, struct schema);
    struct builder b;
    struct batch *out = NULL;

    if (fields == NULL || schema == NULL)
        return NULL;
    fields[0] = (struct field){.name = "a", .type = type_simple(TYPE_INT32, true)};
    for (int32_t i = 0; i < t->leaf_count; i++)
        fields[i] = (struct field){.name = "a", .type = type_nullable(&t->arena, t->leaves[i]->type, true)};
    if (t->arena.failed)
        return NULL;
    *schema = (struct schema){count, fields};
    if (!builder_init(&b, schema, NULL))
        return NULL;
    for (int row = 0; row < 3; row++)
        for (int32_t i = 0; i < count; i++)
            if (row == 1 || i >= t->leaf_count)
                builder_null(&b.columns[i]);
            else
                builder_value(&b.columns[i], t->leaves[i]->literal, 0);
    if (builder_finish(&b, &out, &t->e) != OK)
        out = NULL;
    builder_fini(&b);
    return out;
}

/* Evaluate over the three rows and append the results' lines. */
static inline enum err test_call_run(struct test_call *t, const struct expr *x, struct bytes *out)
{
    struct field field = {.name = "x", .type = x->type};
    struct schema schema = {1, &field};
    struct program_spec spec = {.results = &x, .schema = &schema, .result_count = 1, .session = &t->session};
    struct batch *in = test_call_batch(t), *results = NULL;
    struct program *p = NULL;
    enum err rc = in ? program_new(&spec, NULL, &p, &t->e) : ERR_MEMORY;

    if (rc == OK)
        rc = program_run(p, in, INT64_C(1577934245678901), &results, &t->e);
    if (rc == OK) {
        ASSERT_OK(batch_check(results, &t->e), &t->e);
        batch_print(results, out);
    }
    batch_unref(results);
    program_free(p);
    batch_unref(in);
    return rc;
}

/* The value of line number `row`, between `+I(` and `)`. */
static inline struct slice test_call_line(struct slice all, int row)
{
    static const char begin[] = "+I(";
    const char *p = all.ptr, *end = all.ptr + all.len, *stop;

    for (; row > 0; row--) {
        while ((p = memmem(p, (size_t)(end - p), ")\n+I(", 5)) == NULL)
            return (struct slice){0};
        p += 2;
    }
    stop = memmem(p, (size_t)(end - p), ")\n+I(", 5);
    stop = stop ? stop : end - 2;
    p += strlen(begin);
    return slice_of(p, (size_t)(stop - p));
}

static int test_call_wrong; /* rows that did not give what they should */

/* Say so and go on: a table shows all its failures. */
#define TEST_CALL_WRONG(...) (test_call_wrong++, print_error(__VA_ARGS__), print_error("\n"))

/* Evaluate one row of a table; ERR_MEMORY when allocations are made to fail. */
static inline enum err test_call_one(const struct test_row *row, bool columns, const char *zone)
{
    struct test_call t = {.at = row->sql, .columns = columns};
    struct bytes out = {0};
    const struct expr *x = NULL;
    enum err rc = zone ? zone_find(slice_text(zone), &t.session.zone, &t.e) : OK;

    if (rc == OK && (x = test_call_read(&t)) == NULL)
        rc = t.arena.failed ? ERR_MEMORY : t.e.code ? t.e.code : ERR_INPUT;
    if (rc == OK)
        rc = t.arena.failed ? ERR_MEMORY : test_call_run(&t, x, &out);
    if (rc == ERR_MEMORY || (rc == OK && out.failed)) {
        rc = ERR_MEMORY;
    } else if (row->want[0] == '!') {
        if (rc == OK || strstr(t.e.text, row->want + 1) == NULL)
            TEST_CALL_WRONG("%s: %s instead of a failure with '%s'", row->sql,
                            rc == OK ? "a result" : t.e.text, row->want + 1);
    } else if (rc != OK) {
        TEST_CALL_WRONG("%s: %s", row->sql, t.e.text);
    } else {
        for (int i = 0; i < 3; i += 2) {
            struct slice got = test_call_line(bytes_all(&out), i);

            if (!slice_is(got, row->want))
                TEST_CALL_WRONG("%s (%s, row %d): got '" SLICE_FMT "', want '%s'", row->sql,
                                columns ? "columns" : "constants", i, SLICE_ARG(got), row->want);
        }
    }
    bytes_fini(&out);
    arena_fini(&t.arena);
    return rc;
}

static inline void test_call_table(const struct test_row *rows, size_t count, const char *zone)
{
    for (size_t i = 0; i < count; i++)
        for (int columns = 0; columns < 2; columns++)
            if (test_call_one(&rows[i], columns, zone) == ERR_MEMORY)
                TEST_CALL_WRONG("%s: no memory", rows[i].sql);
    assert_int_equal(test_call_wrong, 0);
}

/* Fail every allocation in turn: an error each time, or the right result. */
static inline void test_call_memory(const char *sql, const char *want)
{
    struct test_row row = {sql, want};
    uint64_t before = mem_count(), count;

    assert_int_equal(test_call_one(&row, true, NULL), OK);
    count = mem_count() - before;
    for (uint64_t n = 1; n <= count; n++) {
        mem_fail_at(n, true);
        test_call_one(&row, true, NULL);
        mem_fail_at(0, false);
    }
    assert_int_equal(test_call_wrong, 0);
}

#define TEST_CALL_TABLE(rows) test_call_table(rows, COUNT_OF(rows), NULL)
#endif
