/* expr_print.c: an expression as SQL, for EXPLAIN. Every operator within another has parentheses. */
#include "expr/cast.h"
#include "expr/expr.h"
#include "expr/expr_types.h"
#include "expr/function.h"
#include <ctype.h>

/* How an operator stands between or behind its arguments. */
enum form { FORM_CALL, FORM_INFIX, FORM_BEHIND, FORM_BEFORE };

static enum form form_of(const struct expr *x)
{
    static const char *const infix[] = {"=",
                                        "<>",
                                        "<",
                                        ">",
                                        "<=",
                                        ">=",
                                        "+",
                                        "-",
                                        "*",
                                        "/",
                                        "%",
                                        "AND",
                                        "OR",
                                        "||",
                                        "LIKE",
                                        "IS DISTINCT FROM",
                                        "IS NOT DISTINCT FROM"};
    const char *name = x->function->name;

    if (strncmp(name, "IS ", 3) == 0 && x->arg_count == 1)
        return FORM_BEHIND;
    if (x->arg_count == 1 && (strcmp(name, "NOT") == 0 || strcmp(name, "-") == 0))
        return FORM_BEFORE;
    for (size_t i = 0; i < COUNT_OF(infix) && x->arg_count > 1; i++)
        if (strcmp(infix[i], name) == 0)
            return FORM_INFIX;
    return FORM_CALL;
}

static bool wants_parentheses(const struct expr *x)
{
    return x->kind == EXPR_CALL && form_of(x) != FORM_CALL;
}

static void print_inner(const struct expr *x, const struct schema *names, struct bytes *out)
{
    bool wrap = wants_parentheses(x);

    bytes_text(out, wrap ? "(" : "");
    expr_print(x, names, out);
    bytes_text(out, wrap ? ")" : "");
}

static void print_quoted(struct slice s, struct bytes *out)
{
    bytes_text(out, "'");
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\'')
            bytes_text(out, "'");
        bytes_u8(out, (uint8_t)s.ptr[i]);
    }
    bytes_text(out, "'");
}

/* DATE '...' and its like; NULL: the value stands for itself. */
static const char *prefix_of(const struct type *t)
{
    switch (t->kind) {
    case TYPE_DATE:
        return "DATE ";
    case TYPE_TIME:
        return "TIME ";
    case TYPE_TIMESTAMP:
        return "TIMESTAMP ";
    case TYPE_TIMESTAMP_LTZ:
        return "TIMESTAMP_LTZ ";
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_MILLIS:
        return "INTERVAL ";
    case TYPE_STRING:
        return "";
    default:
        return NULL;
    }
}

static void print_literal(const struct expr *x, struct bytes *out)
{
    const char *prefix = prefix_of(x->type);
    struct bytes value = {0};

    if (!column_valid(x->literal, 0)) {
        bytes_text(out, "NULL");
        return;
    }
    if (x->type->kind == TYPE_BINARY || x->type->kind == TYPE_FIXED) {
        struct slice s = column_slice(x->literal, 0);

        bytes_text(out, "X'");
        for (size_t i = 0; i < s.len; i++)
            bytes_printf(out, "%02X", (unsigned char)s.ptr[i]);
        bytes_text(out, "'");
        return;
    }
    cast_print(x->literal, 0, NULL, prefix ? &value : out);
    if (prefix) {
        bytes_text(out, prefix);
        print_quoted(bytes_all(&value), out);
        out->failed |= value.failed;
    }
    bytes_fini(&value);
}

static void print_case(const struct expr *x, const struct schema *names, struct bytes *out)
{
    bytes_text(out, "CASE");
    for (int32_t i = 0; i + 1 < x->arg_count; i += 2) {
        bytes_text(out, " WHEN ");
        print_inner(x->args[i], names, out);
        bytes_text(out, " THEN ");
        print_inner(x->args[i + 1], names, out);
    }
    if (x->arg_count % 2) {
        bytes_text(out, " ELSE ");
        print_inner(x->args[x->arg_count - 1], names, out);
    }
    bytes_text(out, " END");
}

static void print_list(const struct expr *x, int32_t first, const struct schema *names, struct bytes *out)
{
    bytes_text(out, "(");
    for (int32_t i = first; i < x->arg_count; i++) {
        bytes_text(out, i > first ? ", " : "");
        expr_print(x->args[i], names, out);
    }
    bytes_text(out, ")");
}

static void print_operator(const struct expr *x, const struct schema *names, struct bytes *out)
{
    enum form form = form_of(x);

    if (form == FORM_BEFORE)
        bytes_printf(out, "%s ", x->function->name);
    for (int32_t i = 0; i < x->arg_count; i++) {
        if (i > 0)
            bytes_printf(out, " %s ", x->function->name);
        print_inner(x->args[i], names, out);
    }
    if (form == FORM_BEHIND)
        bytes_printf(out, " %s", x->function->name);
}

static void print_special(const struct expr *x, const struct schema *names, struct bytes *out)
{
    const char *name = x->function->name;

    if (strcmp(name, "CASE") == 0) {
        print_case(x, names, out);
    } else if (strcmp(name, "IN") == 0) {
        print_inner(x->args[0], names, out);
        bytes_text(out, " IN ");
        print_list(x, 1, names, out);
    } else if (strcmp(name, "FIELD") == 0) {
        print_inner(x->args[0], names, out);
        bytes_printf(out, ".%s", x->args[0]->type->fields[x->args[1]->literal->i32[0]].name);
    } else if (strcmp(name, "CAST") == 0 || strcmp(name, "TRY_CAST") == 0) {
        struct type t = *x->type;

        t.nullable = true;
        bytes_printf(out, "%s(", name);
        expr_print(x->args[0], names, out);
        bytes_text(out, " AS ");
        type_print(&t, out);
        bytes_text(out, ")");
    } else {
        bytes_text(out, name);
        if (x->arg_count || !(x->function->flags & FN_BARE))
            print_list(x, 0, names, out);
    }
}

void expr_print(const struct expr *x, const struct schema *names, struct bytes *out)
{
    if (x->kind == EXPR_LITERAL)
        print_literal(x, out);
    else if (x->kind == EXPR_COLUMN && names && x->column < names->field_count)
        bytes_text(out, names->fields[x->column].name);
    else if (x->kind == EXPR_COLUMN)
        bytes_printf(out, "$%" PRId32, x->column);
    else if (form_of(x) == FORM_CALL)
        print_special(x, names, out);
    else
        print_operator(x, names, out);
}
