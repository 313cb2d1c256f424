/* ast_print_expr.c: expressions back to text. An operator's operand gets parentheses when it binds looser
 * than the operator, or as loose on the right side.
 */
#include "sql/ast_print.h"
#include "sql/keywords.h"

void ast_print_word(const char *name, struct bytes *out)
{
    bytes_u8(out, '`');
    for (; *name; name++) {
        if (*name == '`')
            bytes_u8(out, '`');
        bytes_u8(out, (uint8_t)*name);
    }
    bytes_u8(out, '`');
}

void ast_print_text(struct slice text, struct bytes *out)
{
    bytes_u8(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            bytes_u8(out, '\'');
        bytes_u8(out, (uint8_t)text.ptr[i]);
    }
    bytes_u8(out, '\'');
}

void ast_print_string(const struct ast_word *word, struct bytes *out)
{
    ast_print_text(slice_text(word->text), out);
}

void ast_print_name(const struct ast_name *name, struct bytes *out)
{
    for (int32_t i = 0; i < name->count; i++) {
        bytes_text(out, i ? "." : "");
        ast_print_word(name->parts[i].text, out);
    }
}

void ast_print_words(const struct ast_words *words, struct bytes *out)
{
    for (int32_t i = 0; i < words->count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_word(words->items[i].text, out);
    }
}

void ast_print_exprs(const struct ast_exprs *xs, struct bytes *out)
{
    for (int32_t i = 0; i < xs->count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_expr(xs->items[i], out);
    }
}

void ast_print_orders(const struct ast_orders *orders, struct bytes *out)
{
    for (int32_t i = 0; i < orders->count; i++) {
        const struct ast_order *o = &orders->items[i];

        bytes_text(out, i ? ", " : "");
        ast_print_expr(o->expr, out);
        bytes_text(out, o->descending ? " DESC" : "");
        if (o->nulls != AST_NULLS_UNSAID)
            bytes_text(out, o->nulls == AST_NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
    }
}

/* --- types --- */

static void print_fields(const struct type *t, struct bytes *out)
{
    int32_t count = t->form == FORM_MULTISET ? 1 : t->field_count;

    bytes_text(out, t->form == FORM_MULTISET ? "MULTISET<"
                    : t->kind == TYPE_LIST   ? "ARRAY<"
                    : t->kind == TYPE_MAP    ? "MAP<"
                                             : "ROW<");
    for (int32_t i = 0; i < count; i++) {
        bytes_text(out, i ? ", " : "");
        if (t->kind == TYPE_STRUCT) {
            ast_print_word(t->fields[i].name, out);
            bytes_u8(out, ' ');
        }
        ast_print_type(t->fields[i].type, out);
        if (t->fields[i].doc) {
            bytes_u8(out, ' ');
            ast_print_text(slice_text(t->fields[i].doc), out);
        }
    }
    bytes_u8(out, '>');
}

void ast_print_type(const struct type *t, struct bytes *out)
{
    struct type bare = *t;

    bare.nullable = true;
    if (type_is_nested(t))
        print_fields(t, out);
    else if (t->kind == TYPE_INTERVAL_MONTHS)
        bytes_text(out, "INTERVAL YEAR TO MONTH");
    else if (t->kind == TYPE_INTERVAL_MILLIS)
        bytes_text(out, "INTERVAL DAY TO SECOND(3)");
    else
        type_print(&bare, out);
    bytes_text(out, t->nullable ? "" : " NOT NULL");
}

/* --- literals --- */

static void print_interval(const struct ast_literal *l, struct bytes *out)
{
    bytes_text(out, l->negative ? "INTERVAL -" : "INTERVAL ");
    ast_print_text(l->text, out);
    bytes_printf(out, " %s", ast_unit_name(l->unit));
    if (l->digits && l->unit == AST_SECOND && l->fraction >= 0)
        bytes_printf(out, "(%" PRId32 ", %" PRId32 ")", l->digits, l->fraction);
    else if (l->digits)
        bytes_printf(out, "(%" PRId32 ")", l->digits);
    if (l->to_unit)
        bytes_printf(out, " TO %s", ast_unit_name(l->to_unit));
    if (l->to_unit == AST_SECOND && l->fraction >= 0)
        bytes_printf(out, "(%" PRId32 ")", l->fraction);
}

static void print_literal(const struct ast_literal *l, struct bytes *out)
{
    switch (l->kind) {
    case AST_NULL:
        bytes_text(out, "NULL");
        return;
    case AST_BOOLEAN:
        bytes_text(out, l->value ? "TRUE" : "FALSE");
        return;
    case AST_UNKNOWN:
        bytes_text(out, "UNKNOWN");
        return;
    case AST_INTEGER:
    case AST_DECIMAL:
    case AST_DOUBLE:
        bytes_slice(out, l->text);
        return;
    case AST_BYTES:
        bytes_text(out, "X'");
        for (size_t i = 0; i < l->text.len; i++)
            bytes_printf(out, "%02X", (unsigned char)l->text.ptr[i]);
        bytes_u8(out, '\'');
        return;
    case AST_INTERVAL:
        print_interval(l, out);
        return;
    case AST_DATE:
    case AST_TIME:
    case AST_TIMESTAMP:
        bytes_text(out, l->kind == AST_DATE ? "DATE " : l->kind == AST_TIME ? "TIME " : "TIMESTAMP ");
        break;
    case AST_CHAR:
        break;
    }
    ast_print_text(l->text, out);
}

/* --- operators --- */

enum shape { INFIX, PREFIX, POSTFIX, BETWEEN, LIST };
static const struct operator
{
    const char *name, *text; /* text: when it is written in another way than the name says */
    enum shape shape;
    int bind;
}
operators[] = {
    {"OR", NULL, INFIX, 22},
    {"AND", NULL, INFIX, 24},
    {"NOT", NULL, PREFIX, 26},
    {"=", NULL, INFIX, 30},
    {"<>", NULL, INFIX, 30},
    {"<", NULL, INFIX, 30},
    {"<=", NULL, INFIX, 30},
    {">", NULL, INFIX, 30},
    {">=", NULL, INFIX, 30},
    {"+", NULL, INFIX, 40},
    {"-", NULL, INFIX, 40},
    {"*", NULL, INFIX, 60},
    {"/", NULL, INFIX, 60},
    {"%", NULL, INFIX, 60},
    {"||", NULL, INFIX, 60},
    {"IS NULL", NULL, POSTFIX, 28},
    {"IS NOT NULL", NULL, POSTFIX, 28},
    {"IS TRUE", NULL, POSTFIX, 28},
    {"IS NOT TRUE", NULL, POSTFIX, 28},
    {"IS FALSE", NULL, POSTFIX, 28},
    {"IS NOT FALSE", NULL, POSTFIX, 28},
    {"IS UNKNOWN", NULL, POSTFIX, 28},
    {"IS NOT UNKNOWN", NULL, POSTFIX, 28},
    {"IS JSON VALUE", NULL, POSTFIX, 28},
    {"IS JSON OBJECT", NULL, POSTFIX, 28},
    {"IS JSON ARRAY", NULL, POSTFIX, 28},
    {"IS JSON SCALAR", NULL, POSTFIX, 28},
    {"IS A SET", NULL, POSTFIX, 28},
    {"IS EMPTY", NULL, POSTFIX, 28},
    {"IS NOT EMPTY", NULL, POSTFIX, 28},
    {"IS DISTINCT FROM", NULL, INFIX, 28},
    {"IS NOT DISTINCT FROM", NULL, INFIX, 28},
    {"BETWEEN", NULL, BETWEEN, 32},
    {"BETWEEN SYMMETRIC", NULL, BETWEEN, 32},
    {"LIKE", NULL, INFIX, 32},
    {"ILIKE", NULL, INFIX, 32},
    {"RLIKE", NULL, INFIX, 32},
    {"SIMILAR TO", NULL, INFIX, 32},
    {"IN", NULL, LIST, 32},
    {"= SOME", NULL, LIST, 30},
    {"= ALL", NULL, LIST, 30},
    {"<> SOME", NULL, LIST, 30},
    {"<> ALL", NULL, LIST, 30},
    {"< SOME", NULL, LIST, 30},
    {"< ALL", NULL, LIST, 30},
    {"<= SOME", NULL, LIST, 30},
    {"<= ALL", NULL, LIST, 30},
    {"> SOME", NULL, LIST, 30},
    {"> ALL", NULL, LIST, 30},
    {">= SOME", NULL, LIST, 30},
    {">= ALL", NULL, LIST, 30},
    {"OVERLAPS", NULL, INFIX, 30},
    {"CONTAINS", NULL, INFIX, 30},
    {"EQUALS", NULL, INFIX, 30},
    {"PRECEDES", NULL, INFIX, 30},
    {"SUCCEEDS", NULL, INFIX, 30},
    {"IMMEDIATELY PRECEDES", NULL, INFIX, 30},
    {"IMMEDIATELY SUCCEEDS", NULL, INFIX, 30},
    {"MEMBER OF", NULL, INFIX, 30},
    {"SUBMULTISET OF", NULL, INFIX, 30},
    {"MULTISET UNION", NULL, INFIX, 14},
    {"MULTISET UNION ALL", NULL, INFIX, 14},
    {"MULTISET EXCEPT", NULL, INFIX, 14},
    {"MULTISET EXCEPT ALL", NULL, INFIX, 14},
    {"MULTISET INTERSECT", NULL, INFIX, 18},
    {"MULTISET INTERSECT ALL", NULL, INFIX, 18},
    {"RUNNING", NULL, PREFIX, 32},
    {"FINAL", NULL, PREFIX, 32},
};
static const struct operator minus = {"-", NULL, PREFIX, 80}, plus = {"+", NULL, PREFIX, 80};

/* NULL: not an operator. */
static const struct operator* operator_of(const struct ast_expr *x)
{
    if (x->kind != AST_CALL || x->call.path)
        return NULL;
    if (x->call.operands.count == 1 && strcmp(x->call.name, "-") == 0)
        return &minus;
    if (x->call.operands.count == 1 && strcmp(x->call.name, "+") == 0)
        return &plus;
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (strcmp(operators[i].name, x->call.name) == 0)
            return &operators[i];
    return NULL;
}

/* An operand that must bind at least so tight. */
static void operand(const struct ast_expr *x, int bind, struct bytes *out)
{
    const struct operator* o = operator_of(x);

    if (o && o->bind < bind) {
        bytes_u8(out, '(');
        ast_print_expr(x, out);
        bytes_u8(out, ')');
    } else {
        ast_print_expr(x, out);
    }
}

static void print_list(const struct ast_exprs *xs, int32_t from, struct bytes *out)
{
    bytes_text(out, " (");
    for (int32_t i = from; i < xs->count; i++) {
        bytes_text(out, i > from ? ", " : "");
        if (xs->items[i]->kind == AST_SUBQUERY && xs->count == from + 1)
            ast_print_query(xs->items[i]->subquery, out);
        else
            ast_print_expr(xs->items[i], out);
    }
    bytes_u8(out, ')');
}

static void print_operator(const struct operator* o, const struct ast_exprs *xs, struct bytes *out)
{
    switch (o->shape) {
    case PREFIX:
        bytes_printf(out, "%s ", o->name);
        operand(xs->items[0], o->bind + (o->bind > 26), out);
        return;
    case POSTFIX:
        operand(xs->items[0], o->bind, out);
        bytes_printf(out, " %s", o->name);
        return;
    case LIST:
        operand(xs->items[0], o->bind, out);
        bytes_printf(out, " %s", o->name);
        print_list(xs, 1, out);
        return;
    case BETWEEN:
        operand(xs->items[0], o->bind, out);
        bytes_printf(out, " %s ", o->name);
        operand(xs->items[1], o->bind + 1, out);
        bytes_text(out, " AND ");
        operand(xs->items[2], o->bind + 1, out);
        return;
    case INFIX:
        break;
    }
    operand(xs->items[0], o->bind, out);
    bytes_printf(out, " %s ", o->name);
    operand(xs->items[1], o->bind == 28 ? 31 : o->bind + 1, out);
    if (xs->count == 3) {
        bytes_text(out, " ESCAPE ");
        operand(xs->items[2], o->bind + 1, out);
    }
}

/* --- forms --- */

/* What stands before and between the operands of a form; the last is behind them. NULL ends short ones. */
static const struct form {
    const char *name;
    int32_t count; /* of operands */
    const char *parts[5];
} forms[] = {
    {"EXTRACT", 2, {"EXTRACT(", " FROM ", ")"}},
    {"FLOOR", 1, {"FLOOR(", ")"}},
    {"FLOOR", 2, {"FLOOR(", " TO ", ")"}},
    {"CEIL", 1, {"CEIL(", ")"}},
    {"CEIL", 2, {"CEIL(", " TO ", ")"}},
    {"TIMESTAMPADD", 3, {"TIMESTAMPADD(", ", ", ", ", ")"}},
    {"TIMESTAMPDIFF", 3, {"TIMESTAMPDIFF(", ", ", ", ", ")"}},
    {"SUBSTRING", 2, {"SUBSTRING(", " FROM ", ")"}},
    {"SUBSTRING", 3, {"SUBSTRING(", " FROM ", " FOR ", ")"}},
    {"TRIM", 3, {"TRIM(", " ", " FROM ", ")"}},
    {"OVERLAY", 3, {"OVERLAY(", " PLACING ", " FROM ", ")"}},
    {"OVERLAY", 4, {"OVERLAY(", " PLACING ", " FROM ", " FOR ", ")"}},
    {"POSITION", 3, {"POSITION(", " IN ", " FROM ", ")"}},
};

static bool print_form(const struct ast_call *call, struct bytes *out)
{
    const struct ast_exprs *xs = &call->operands;

    if (strcmp(call->name, "POSITION") == 0 && xs->count == 2) {
        bytes_text(out, "POSITION(");
        operand(xs->items[0], 33, out);
        bytes_text(out, " IN ");
        ast_print_expr(xs->items[1], out);
        bytes_u8(out, ')');
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (forms[i].count == xs->count && strcmp(forms[i].name, call->name) == 0) {
            for (int32_t k = 0; k < xs->count; k++) {
                bytes_text(out, forms[i].parts[k]);
                operand(xs->items[k], forms[i].name[0] == 'P' && k == 0 ? 33 : 0, out);
            }
            bytes_text(out, forms[i].parts[xs->count]);
            return true;
        }
    return false;
}

static void print_case(const struct ast_exprs *xs, struct bytes *out)
{
    bytes_text(out, "CASE");
    for (int32_t i = 0; i + 1 < xs->count; i += 2) {
        bytes_text(out, " WHEN ");
        ast_print_expr(xs->items[i], out);
        bytes_text(out, " THEN ");
        ast_print_expr(xs->items[i + 1], out);
    }
    bytes_text(out, " ELSE ");
    ast_print_expr(xs->items[xs->count - 1], out);
    bytes_text(out, " END");
}

/* ARRAY[...], ARRAY(SELECT ...), x[i], INTERVAL x DAY, EXISTS (...): false when it is none of them. */
static bool print_special(const struct ast_call *call, struct bytes *out)
{
    const struct ast_exprs *xs = &call->operands;
    const char *query = strstr(call->name, " QUERY");

    if (query) {
        bytes_printf(out, "%.*s", (int)(query - call->name), call->name);
        print_list(xs, 0, out);
    } else if (strcmp(call->name, "ARRAY") == 0 || strcmp(call->name, "MAP") == 0 ||
               strcmp(call->name, "MULTISET") == 0) {
        bytes_printf(out, "%s[", call->name);
        ast_print_exprs(xs, out);
        bytes_u8(out, ']');
    } else if (strcmp(call->name, "ITEM") == 0) {
        operand(xs->items[0], 100, out);
        bytes_u8(out, '[');
        ast_print_expr(xs->items[1], out);
        bytes_u8(out, ']');
    } else if (strcmp(call->name, "INTERVAL") == 0) {
        bytes_text(out, "INTERVAL (");
        ast_print_expr(xs->items[0], out);
        bytes_text(out, ") ");
        ast_print_expr(xs->items[1], out);
    } else if (strcmp(call->name, "EXISTS") == 0 || strcmp(call->name, "UNIQUE") == 0) {
        bytes_text(out, call->name);
        print_list(xs, 0, out);
    } else if (strcmp(call->name, "CASE") == 0) {
        print_case(xs, out);
    } else {
        return false;
    }
    return true;
}

static void print_behaviour(enum ast_json_behaviour what, const struct ast_expr *value, const char *when,
                            struct bytes *out)
{
    static const char *const texts[] = {"",          " ERROR", " NULL",  " EMPTY ARRAY", " EMPTY OBJECT",
                                        " DEFAULT ", " TRUE",  " FALSE", " UNKNOWN"};

    if (what == AST_JSON_UNSAID)
        return;
    bytes_text(out, texts[what]);
    if (what == AST_JSON_DEFAULT)
        ast_print_expr(value, out);
    bytes_text(out, when);
}

static void print_json(const struct ast_json *j, struct bytes *out)
{
    static const char *const wrappers[] = {"", " WITHOUT ARRAY WRAPPER", " WITH CONDITIONAL ARRAY WRAPPER",
                                           " WITH UNCONDITIONAL ARRAY WRAPPER"};

    if (j->returning) {
        bytes_text(out, " RETURNING ");
        ast_print_type(j->returning, out);
    }
    bytes_text(out, wrappers[j->wrapper]);
    print_behaviour(j->on_empty, j->empty_default, " ON EMPTY", out);
    print_behaviour(j->on_error, j->error_default, " ON ERROR", out);
    if (j->on_null != AST_ONNULL_UNSAID)
        bytes_text(out, j->on_null == AST_ONNULL_NULL ? " NULL ON NULL" : " ABSENT ON NULL");
}

static void print_tail(const struct ast_call *call, struct bytes *out)
{
    if (call->nulls)
        bytes_text(out, call->nulls == AST_IGNORE_NULLS ? " IGNORE NULLS" : " RESPECT NULLS");
    if (call->order.count) {
        bytes_text(out, " WITHIN GROUP (ORDER BY ");
        ast_print_orders(&call->order, out);
        bytes_u8(out, ')');
    }
    if (call->filter) {
        bytes_text(out, " FILTER (WHERE ");
        ast_print_expr(call->filter, out);
        bytes_u8(out, ')');
    }
    if (call->over) {
        bytes_text(out, " OVER ");
        ast_print_window(call->over, out);
    }
}

static void print_pairs(const struct ast_exprs *xs, struct bytes *out)
{
    for (int32_t i = 0; i + 1 < xs->count; i += 2) {
        bytes_text(out, i ? ", KEY " : "KEY ");
        ast_print_expr(xs->items[i], out);
        bytes_text(out, " VALUE ");
        ast_print_expr(xs->items[i + 1], out);
    }
}

/* A word of the grammar that is a function without back-ticks, and with them too. */
static bool is_function_word(const char *name)
{
    enum keyword k = keyword_find(slice_text(name));

    return k == KW_PREV || k == KW_NEXT || k == KW_CLASSIFIER || k == KW_MATCH_NUMBER || k == KW_TRANSLATE ||
           (k != KW_NO_KEYWORD && keyword_class(k) >= KEYWORD_FUNCTION);
}

static void print_call(const struct ast_call *call, struct bytes *out)
{
    if (call->bare) {
        bytes_text(out, call->name);
        return;
    }
    if (call->path == NULL && (print_special(call, out) || print_form(call, out)))
        return;
    if (call->path && (call->path->count > 1 || !is_function_word(call->name)))
        ast_print_name(call->path, out);
    else
        bytes_text(out, call->name);
    bytes_text(out, call->distinct ? "(DISTINCT " : "(");
    if (strncmp(call->name, "JSON_OBJECT", 11) == 0 && call->path == NULL)
        print_pairs(&call->operands, out);
    else
        ast_print_exprs(&call->operands, out);
    if (call->json)
        print_json(call->json, out);
    bytes_u8(out, ')');
    print_tail(call, out);
}

/* --- the rest --- */

static void print_table_argument(const struct ast_expr *x, struct bytes *out)
{
    if (x->table_arg.table) {
        bytes_text(out, "TABLE ");
        ast_print_name(x->table_arg.table, out);
    } else {
        bytes_text(out, "TABLE (");
        ast_print_query(x->table_arg.query, out);
        bytes_u8(out, ')');
    }
    if (x->table_arg.partition.count) {
        bytes_text(out, " PARTITION BY (");
        ast_print_exprs(&x->table_arg.partition, out);
        bytes_u8(out, ')');
    }
    if (x->table_arg.order.count) {
        bytes_text(out, " ORDER BY (");
        ast_print_orders(&x->table_arg.order, out);
        bytes_u8(out, ')');
    }
}

static void print_field(const struct ast_expr *x, struct bytes *out)
{
    bool paren = x->field.expr->kind == AST_COLUMN;

    if (paren) /* a.b would be a column's name */
        bytes_u8(out, '(');
    operand(x->field.expr, 100, out);
    bytes_text(out, paren ? ")." : ".");
    ast_print_word(x->field.name.text, out);
}

void ast_print_expr(const struct ast_expr *x, struct bytes *out)
{
    const struct operator* o;

    switch (x->kind) {
    case AST_LITERAL:
        print_literal(&x->literal, out);
        break;
    case AST_COLUMN:
        ast_print_name(&x->column, out);
        break;
    case AST_STAR:
        if (x->star)
            ast_print_name(x->star, out);
        bytes_text(out, x->star ? ".*" : "*");
        break;
    case AST_CALL:
        if ((o = operator_of(x)) != NULL)
            print_operator(o, &x->call.operands, out);
        else
            print_call(&x->call, out);
        break;
    case AST_CAST:
        bytes_text(out, x->cast.try_cast ? "TRY_CAST(" : "CAST(");
        ast_print_expr(x->cast.expr, out);
        bytes_text(out, " AS ");
        ast_print_type(x->cast.type, out);
        bytes_u8(out, ')');
        break;
    case AST_FIELD:
        print_field(x, out);
        break;
    case AST_UNIT:
        bytes_text(out, ast_unit_name(x->unit));
        break;
    case AST_FLAG:
        bytes_text(out, x->flag);
        break;
    case AST_SUBQUERY:
        bytes_u8(out, '(');
        ast_print_query(x->subquery, out);
        bytes_u8(out, ')');
        break;
    case AST_NAMED:
        ast_print_word(x->named.name.text, out);
        bytes_text(out, " => ");
        ast_print_expr(x->named.expr, out);
        break;
    case AST_DEFAULT:
        bytes_text(out, "DEFAULT");
        break;
    case AST_TABLE_ARG:
        print_table_argument(x, out);
        break;
    }
}
