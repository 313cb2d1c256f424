/* test_expr.h: values and calls written as text, for tests: value("INT", "5") is the literal that casting '5'
 * to INT gives, and text_of says what an expression evaluates to. */
#ifndef WEIR_EXPR_TEST_EXPR_H
#define WEIR_EXPR_TEST_EXPR_H
#include "base/test.h"
#include "base/zone.h"
#include "expr/cast.h"
#include "expr/program.h"

UNUSED static const struct type *test_type(struct arena *a, const char *text)
{
    const struct type *t = NULL;
    struct error e;

    ASSERT_OK(type_parse(a, slice_text(text), &t, &e), &e);
    return t;
}

/* text NULL: a NULL of that type. A type of NULL: a bare NULL; "CHAR": the text as a literal is. */
UNUSED static const struct expr *test_value(struct arena *a, const char *type, const char *text)
{
    const struct expr *x;
    struct error e;

    if (type == NULL)
        return expr_null(a, NULL);
    if (text == NULL)
        return expr_null(a, test_type(a, type));
    x = expr_char(a, slice_text(text));
    if (strcmp(type, "CHAR") == 0)
        return x;
    ASSERT_OK(expr_cast(a, x, test_type(a, type), false, (struct place){0}, &x, &e), &e);
    if (x->kind != EXPR_LITERAL)
        ASSERT_OK(program_constant(a, x, NULL, &x, &e), &e);
    return x;
}

/* The value of an expression as text: "NULL", or "error: ..." when it fails. Lives in a. */
UNUSED static const char *test_text(struct arena *a, const struct expr *x, const struct expr_session *s)
{
    struct bytes out = {0};
    const struct expr *value;
    const char *text;
    struct error e;

    if (program_constant(a, x, s, &value, &e) != OK)
        return arena_printf(a, "error: %s", e.text);
    cast_print(value->literal, 0, s ? s->zone : NULL, &out);
    text = arena_strdup(a, bytes_cstr(&out));
    bytes_fini(&out);
    return text;
}

UNUSED static const char *test_type_text(struct arena *a, const struct type *t)
{
    struct bytes out = {0};
    struct type plain = *t;
    const char *text;

    plain.nullable = true;
    type_print(&plain, &out);
    text = arena_strdup(a, bytes_cstr(&out));
    bytes_fini(&out);
    return text;
}

/* want "error" matches any failure, "error: text" one that has the text. */
UNUSED static bool test_matches(const char *got, const char *want)
{
    if (strncmp(want, "error: ", 7) == 0)
        return strncmp(got, "error", 5) == 0 && strstr(got, want + 7) != NULL;
    if (strcmp(want, "error") == 0)
        return strncmp(got, "error", 5) == 0;
    return strcmp(got, want) == 0;
}
#endif
