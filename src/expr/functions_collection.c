/* functions_collection.c: arrays, maps and rows: making them, looking into them, and arrays made of arrays. Rows of
 * the result are appended to a builder; elements are compared as `=` does, and NULL is one of them.
 */
#include "batch/builder.h"
#include "expr/expr_internal.h"
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/kit.h"
#include "expr/rows.h"
#include "base/mem.h"
#include <stdlib.h>
#include <strings.h>

/* An array of one row. */
struct list {
    const struct column *elements;
    int32_t begin, end;
};

static struct list list_of(const struct call *c, int32_t arg, int32_t row)
{
    const struct column *column = c->args[arg].column;
    int32_t at = row & c->args[arg].mask;

    return (struct list){&column->children[0], column->offsets[at], column->offsets[at + 1]};
}

static enum err no_type(struct error *e)
{
    return error_memory(e, sizeof(struct type), "a type");
}

/* The first element of x from `begin` on that equals one row of another column; x.end: none. */
static int32_t find(struct list x, int32_t begin, const struct column *y, int32_t row)
{
    while (begin < x.end && !rows_equal(x.elements, begin, y, row))
        begin++;
    return begin;
}

static bool has(struct list x, const struct column *y, int32_t row)
{
    return find(x, x.begin, y, row) < x.end;
}

/* --- making them */

static void append_arg(const struct call *c, struct column_builder *to, int32_t arg, int32_t row)
{
    builder_value(to, c->args[arg].column, row & c->args[arg].mask);
}

static enum err make_array(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        for (int32_t k = 0; k < c->arg_count; k++)
            append_arg(c, &c->rows->children[0], k, i);
        builder_list_end(c->rows);
    }
    return OK;
}

/* Of pairs with the same key the last counts. */
static enum err make_map(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        for (int32_t k = 0; k < c->arg_count; k += 2) {
            bool again = false;

            for (int32_t n = k + 2; n < c->arg_count && !again; n += 2)
                again = rows_equal(c->args[k].column, i & c->args[k].mask, c->args[n].column,
                                   i & c->args[n].mask);
            if (again)
                continue;
            append_arg(c, &c->rows->children[0], k, i);
            append_arg(c, &c->rows->children[1], k + 1, i);
        }
        builder_list_end(c->rows);
    }
    return OK;
}

static enum err make_row(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        for (int32_t k = 0; k < c->arg_count; k++)
            append_arg(c, &c->rows->children[k], k, i);
        builder_struct_end(c->rows);
    }
    return OK;
}

/* The type that arguments first, first + step, ... have in common; they are wanted as that. NULL: none. */
static const struct type *common(struct resolution *r, int32_t first, int32_t step)
{
    const struct type *t = r->args[first]->type;
    bool nullable = false;

    for (int32_t i = first; i < r->arg_count && t; i += step) {
        t = expr_common_type(r->arena, t, r->args[i]->type);
        nullable |= r->args[i]->type->nullable;
    }
    if (t == NULL || t->form == FORM_NULL || (t = type_nullable(r->arena, t, nullable)) == NULL)
        return NULL;
    for (int32_t i = first; i < r->arg_count; i += step)
        r->want[i] = t;
    return t;
}

static enum err array_types(struct resolution *r, struct error *e)
{
    const struct type *element = common(r, 0, 1);

    if (element == NULL)
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = kit_list(r->arena, element, false);
    return r->result ? OK : no_type(e);
}

static enum err map_types(struct resolution *r, struct error *e)
{
    const struct type *key, *value;

    if (r->arg_count % 2)
        return error_set(e, ERR_INPUT, "MAP takes keys and values in turn: one value is missing");
    if ((key = common(r, 0, 2)) == NULL || (value = common(r, 1, 2)) == NULL)
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = kit_map(r->arena, key, value, false);
    return r->result ? OK : no_type(e);
}

static enum err row_types(struct resolution *r, struct error *e)
{
    struct field *fields = ARENA_ARRAY(r->arena, struct field, r->arg_count);
    struct type *t = ARENA_NEW(r->arena, struct type);

    if (fields == NULL || t == NULL)
        return no_type(e);
    for (int32_t i = 0; i < r->arg_count; i++) {
        fields[i].name = arena_printf(r->arena, "EXPR$%d", i);
        fields[i].type = r->args[i]->type;
        if (fields[i].name == NULL)
            return no_type(e);
    }
    *t = (struct type){.kind = TYPE_STRUCT, .field_count = r->arg_count, .fields = fields};
    r->result = t;
    r->variant = r->function->simple;
    return OK;
}

/* --- looking into them */

static enum err cardinality(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    {
        struct list x = list_of(c, 0, i);

        c->out->i32[i] = x.end - x.begin;
    }
    return OK;
}

static enum err item_of_array(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct list x = {0};
        int64_t n = 0;

        if (call_all_valid(c, i)) {
            x = list_of(c, 0, i);
            n = arg_i64(&c->args[1], i);
        }
        if (n >= 1 && n <= x.end - x.begin)
            builder_value(c->rows, x.elements, x.begin + (int32_t)n - 1);
        else
            builder_null(c->rows);
    }
    return OK;
}

static enum err item_of_map(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct list keys = {0};
        int32_t at = 0;

        if (arg_valid(&c->args[0], i)) {
            keys = list_of(c, 0, i);
            at = find(keys, keys.begin, c->args[1].column, i & c->args[1].mask);
        }
        if (at < keys.end)
            builder_value(c->rows, keys.elements + 1, at); /* the values lie beside the keys */
        else
            builder_null(c->rows);
    }
    return OK;
}

static bool literal_index(const struct expr *x, int64_t *out)
{
    if (x->kind != EXPR_LITERAL || expr_is_null(x) ||
        (x->type->kind != TYPE_INT32 && x->type->kind != TYPE_INT64))
        return false;
    *out = x->type->kind == TYPE_INT32 ? x->literal->i32[0] : x->literal->i64[0];
    return true;
}

static enum err item_types(struct resolution *r, struct error *e)
{
    static const struct variant of_array = {.kernel = item_of_array, .builds = true},
                                of_map = {.kernel = item_of_map, .builds = true};
    const struct type *t = kit_arg_type(r, 0), *index = kit_arg_type(r, 1);
    int64_t n;

    if (t == NULL || (t->kind != TYPE_LIST && t->kind != TYPE_MAP))
        return kit_refuse(e);
    if (t->kind == TYPE_LIST && index && !kit_is_integer(index))
        return kit_refuse(e);
    if (t->kind == TYPE_LIST && literal_index(r->args[1], &n) && n < 1) /* of a column it gives NULL */
        return error_set(e, ERR_INPUT, "elements of an array count from 1; there is no [%" PRId64 "]", n);
    r->variant = t->kind == TYPE_LIST ? &of_array : &of_map;
    r->want[1] = t->kind == TYPE_LIST ? type_simple(TYPE_INT64, true)
                                      : type_nullable(r->arena, t->fields[0].type, true);
    r->result = type_nullable(r->arena, t->fields[t->field_count - 1].type, true);
    return r->result && r->want[1] ? OK : no_type(e);
}

static enum err element(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct list x = arg_valid(&c->args[0], i) ? list_of(c, 0, i) : (struct list){0};

        if (x.end - x.begin > 1)
            return call_fail(c, e, "ELEMENT takes an array of one element; this one has %d", x.end - x.begin);
        if (x.end > x.begin)
            builder_value(c->rows, x.elements, x.begin);
        else
            builder_null(c->rows);
    }
    return OK;
}

static enum err contains(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        if (!arg_valid(&c->args[0], i)) {
            if (!call_null(c, i))
                return error_memory(e, 0, "a result");
        } else {
            c->out->u8[i] = has(list_of(c, 0, i), c->args[1].column, i & c->args[1].mask);
        }
    return OK;
}

static enum err position(struct call *c, UNUSED struct error *e)
{
    EACH_ROW(c, i)
    {
        struct list x = list_of(c, 0, i);
        int32_t at = find(x, x.begin, c->args[1].column, i & c->args[1].mask);

        c->out->i32[i] = at < x.end ? at - x.begin + 1 : 0;
    }
    return OK;
}

static enum err extreme(struct call *c, int sign)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct list x = arg_valid(&c->args[0], i) ? list_of(c, 0, i) : (struct list){0};
        int32_t best = -1;

        for (int32_t k = x.begin; k < x.end; k++)
            if (column_valid(x.elements, k) &&
                (best < 0 || rows_compare(x.elements, k, x.elements, best) * sign > 0))
                best = k;
        if (best >= 0)
            builder_value(c->rows, x.elements, best);
        else
            builder_null(c->rows);
    }
    return OK;
}

static enum err array_max(struct call *c, UNUSED struct error *e)
{
    return extreme(c, 1);
}

static enum err array_min(struct call *c, UNUSED struct error *e)
{
    return extreme(c, -1);
}

/* --- ARRAY_JOIN */

static struct slice joined(const struct call *c, struct list x, int32_t k, int32_t row, bool *there)
{
    *there = true;
    if (column_valid(x.elements, k))
        return column_slice(x.elements, k);
    *there = c->arg_count > 2;
    return *there ? arg_slice(&c->args[2], row) : (struct slice){0};
}

static enum err array_join(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct list x = list_of(c, 0, i);
        struct slice between = arg_slice(&c->args[1], i);
        size_t len = 0, at = 0;
        bool there, first = true;
        char *to;

        for (int32_t k = x.begin; k < x.end; k++)
            len += joined(c, x, k, i, &there).len + between.len;
        if (len > INT32_MAX || (to = kit_text(c, len)) == NULL)
            return error_memory(e, len, "a text");
        for (int32_t k = x.begin; k < x.end; k++) {
            struct slice part = joined(c, x, k, i, &there);

            if (!there)
                continue;
            at = kit_join(to, at, between, part, first);
            first = false;
        }
        if (!call_put(c, i, slice_of(to, at)))
            return error_memory(e, len, "a text");
    }
    return OK;
}

/* --- arrays made of arrays: each appends the elements of one row */

struct maker {
    const struct call *call;
    struct column_builder *to; /* the elements */
    int32_t *order;            /* owned; for sorting */
};

static void append(const struct maker *m, struct list x, int32_t from, int32_t to)
{
    for (int32_t k = from; k < to; k++)
        builder_value(m->to, x.elements, k);
}

static void make_appended(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    append(m, x, x.begin, x.end);
    append_arg(m->call, m->to, 1, row);
}

static void make_prepended(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    append_arg(m->call, m->to, 1, row);
    append(m, x, x.begin, x.end);
}

static void make_concatenated(struct maker *m, int32_t row)
{
    for (int32_t i = 0; i < m->call->arg_count; i++) {
        struct list x = list_of(m->call, i, row);

        append(m, x, x.begin, x.end);
    }
}

static void make_reversed(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    for (int32_t k = x.end; k > x.begin; k--)
        builder_value(m->to, x.elements, k - 1);
}

static void make_removed(struct maker *m, int32_t row)
{
    const struct arg *needle = &m->call->args[1];
    struct list x = list_of(m->call, 0, row);

    for (int32_t k = x.begin; k < x.end; k++)
        if (!rows_equal(x.elements, k, needle->column, row & needle->mask))
            builder_value(m->to, x.elements, k);
}

/* Whether the element is there before it. */
static bool seen(struct list x, int32_t k)
{
    return has((struct list){x.elements, x.begin, k}, x.elements, k);
}

static void make_distinct(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    for (int32_t k = x.begin; k < x.end; k++)
        if (!seen(x, k))
            builder_value(m->to, x.elements, k);
}

static void make_union(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row), y = list_of(m->call, 1, row);

    make_distinct(m, row);
    for (int32_t k = y.begin; k < y.end; k++)
        if (!seen(y, k) && !has(x, y.elements, k))
            builder_value(m->to, y.elements, k);
}

static void make_intersection(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row), y = list_of(m->call, 1, row);

    for (int32_t k = x.begin; k < x.end; k++)
        if (!seen(x, k) && has(y, x.elements, k))
            builder_value(m->to, x.elements, k);
}

static void make_difference(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row), y = list_of(m->call, 1, row);

    for (int32_t k = x.begin; k < x.end; k++)
        if (!seen(x, k) && !has(y, x.elements, k))
            builder_value(m->to, x.elements, k);
}

/* From start to end, both included, from 1; negative: from the end. */
static void make_slice(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);
    int64_t size = x.end - x.begin, start = arg_i64(&m->call->args[1], row);
    int64_t end = m->call->arg_count > 2 ? arg_i64(&m->call->args[2], row) : size;

    start += start < 0 ? size + 1 : 0;
    end += end < 0 ? size + 1 : 0;
    start = MAX(start, 1);
    end = end == 0 ? 1 : MIN(end, size);
    if (start <= end && size)
        append(m, x, x.begin + (int32_t)start - 1, x.begin + (int32_t)end);
}

struct sorting {
    const struct column *elements;
    int sign, nulls; /* nulls: -1 first, 1 last */
};

static int compare(const void *a, const void *b, void *context)
{
    const struct sorting *s = context;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    bool has_x = column_valid(s->elements, x), has_y = column_valid(s->elements, y);
    int order;

    if (has_x && has_y)
        order = rows_compare(s->elements, x, s->elements, y) * s->sign;
    else
        order = has_x == has_y ? 0 : has_x ? -s->nulls : s->nulls;
    return order ? order : (x > y) - (x < y);
}

static bool flag(const struct call *c, int32_t arg, int32_t row)
{
    return c->args[arg].column->u8[row & c->args[arg].mask] != 0;
}

static void make_sorted(struct maker *m, int32_t row)
{
    const struct call *c = m->call;
    struct list x = list_of(c, 0, row);
    bool up = c->arg_count < 2 || flag(c, 1, row), first = c->arg_count < 3 ? up : flag(c, 2, row);
    struct sorting s = {x.elements, up ? 1 : -1, first ? -1 : 1};
    int32_t count = x.end - x.begin;

    if (count == 0)
        return;
    for (int32_t k = 0; k < count; k++)
        m->order[k] = x.begin + k;
    qsort_r(m->order, (size_t)count, sizeof *m->order, compare, &s);
    for (int32_t k = 0; k < count; k++)
        builder_value(m->to, x.elements, m->order[k]);
}

static void make_keys(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    append(m, x, x.begin, x.end);
}

static void make_values(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    x.elements++;
    append(m, x, x.begin, x.end);
}

static void make_entries(struct maker *m, int32_t row)
{
    struct list x = list_of(m->call, 0, row);

    for (int32_t k = x.begin; k < x.end; k++) {
        builder_value(&m->to->children[0], x.elements, k);
        builder_value(&m->to->children[1], x.elements + 1, k);
        builder_struct_end(m->to);
    }
}

static const struct {
    const char *name;
    void (*make)(struct maker *m, int32_t row);
} makers[] = {{"ARRAY_APPEND", make_appended},     {"ARRAY_PREPEND", make_prepended},
              {"ARRAY_CONCAT", make_concatenated}, {"ARRAY_REVERSE", make_reversed},
              {"ARRAY_REMOVE", make_removed},      {"ARRAY_DISTINCT", make_distinct},
              {"ARRAY_UNION", make_union},         {"ARRAY_INTERSECT", make_intersection},
              {"ARRAY_EXCEPT", make_difference},   {"ARRAY_SLICE", make_slice},
              {"ARRAY_SORT", make_sorted},         {"MAP_KEYS", make_keys},
              {"MAP_VALUES", make_values},         {"MAP_ENTRIES", make_entries}};

/* The longest array of argument 0. */
static int32_t longest(const struct call *c)
{
    int32_t most = 0;

    for (int32_t i = 0; i < c->row_count; i++)
        if (arg_valid(&c->args[0], i)) {
            struct list x = list_of(c, 0, i);

            most = MAX(most, x.end - x.begin);
        }
    return most;
}

/* NULL arguments make the result NULL, but for a NULL element. */
static bool row_is_null(const struct call *c, int32_t row, bool takes_element)
{
    return takes_element ? !arg_valid(&c->args[0], row) : !call_all_valid(c, row);
}

static enum err make_list(struct call *c, struct error *e)
{
    struct maker m = {.call = c, .to = &c->rows->children[0]};
    const char *name = c->expr->function->name;
    bool takes_element = strcmp(name, "ARRAY_APPEND") == 0 || strcmp(name, "ARRAY_PREPEND") == 0 ||
                         strcmp(name, "ARRAY_REMOVE") == 0;
    size_t which = 0;

    while (strcmp(makers[which].name, name) != 0)
        which++;
    if (makers[which].make == make_sorted &&
        (m.order = mem_calloc((size_t)longest(c) + 1, sizeof *m.order)) == NULL)
        return error_memory(e, 0, "the order of an array");
    for (int32_t i = 0; i < c->row_count; i++)
        if (row_is_null(c, i, takes_element)) {
            builder_null(c->rows);
        } else {
            makers[which].make(&m, i);
            builder_list_end(c->rows);
        }
    mem_free(m.order);
    return OK;
}

static const struct variant lists = {.kernel = make_list, .builds = true};

/* Nullable when one of the arguments from 0 to count is. */
static bool any_nullable(const struct resolution *r, int32_t count)
{
    bool nullable = false;

    for (int32_t i = 0; i < count; i++)
        nullable |= r->args[i]->type->nullable;
    return nullable;
}

static bool is_list(const struct type *t)
{
    return t && t->kind == TYPE_LIST;
}

/* (array, element): both as the type that they have in common. */
static enum err with_element(struct resolution *r, const struct type **out, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0), *common_type;
    bool nullable;

    if (!is_list(t))
        return kit_refuse(e);
    common_type = expr_common_type(r->arena, t->fields[0].type, r->args[1]->type);
    if (common_type == NULL)
        return kit_refuse(e);
    nullable = t->fields[0].type->nullable || r->args[1]->type->nullable;
    common_type = type_nullable(r->arena, common_type, nullable);
    *out = kit_list(r->arena, common_type, t->nullable);
    r->want[0] = *out;
    r->want[1] = common_type;
    return *out ? OK : no_type(e);
}

static enum err add_types(struct resolution *r, struct error *e)
{
    r->variant = &lists;
    return with_element(r, &r->result, e);
}

static enum err contains_types(struct resolution *r, struct error *e)
{
    const struct type *t;
    enum err rc = with_element(r, &t, e);

    if (rc != OK)
        return rc;
    r->variant = r->function->simple;
    r->result = type_simple(TYPE_BOOLEAN, t->nullable);
    return OK;
}

static enum err position_types(struct resolution *r, struct error *e)
{
    const struct type *t;
    enum err rc = with_element(r, &t, e);

    r->variant = r->function->simple;
    r->result = type_simple(TYPE_INT32, false);
    return rc;
}

/* Arrays (or maps) of one type in common. */
static enum err same_types(struct resolution *r, struct error *e)
{
    const struct type *t = common(r, 0, 1);

    if (!is_list(t))
        return kit_refuse(e);
    r->variant = &lists;
    r->result = type_nullable(r->arena, t, any_nullable(r, r->arg_count));
    return r->result ? OK : no_type(e);
}

/* An array like argument 0; the others by the signature. */
static enum err like_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    enum err rc = kit_types(r, r->function->signature, e);

    if (rc != OK || !is_list(t) ||
        (strcmp(r->function->name, "ARRAY_SORT") == 0 && type_is_nested(t->fields[0].type)))
        return rc == OK ? kit_refuse(e) : rc;
    r->variant = &lists;
    r->result = type_nullable(r->arena, t, any_nullable(r, r->arg_count));
    return r->result ? OK : no_type(e);
}

static enum err element_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);

    if (!is_list(t) || (strcmp(r->function->name, "ELEMENT") != 0 && type_is_nested(t->fields[0].type)))
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = type_nullable(r->arena, t->fields[0].type, true);
    return r->result ? OK : no_type(e);
}

static enum err join_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    enum err rc = kit_types(r, "as[s>s", e);

    if (rc == OK && (!is_list(t) || t->fields[0].type->kind != TYPE_STRING))
        return kit_refuse(e);
    r->variant = r->function->simple;
    return rc;
}

static enum err cardinality_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);

    if (t == NULL || (t->kind != TYPE_LIST && t->kind != TYPE_MAP))
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = type_simple(TYPE_INT32, false);
    return OK;
}

/* --- maps */

static enum err part_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    struct type *entry;

    if (t == NULL || t->kind != TYPE_MAP)
        return kit_refuse(e);
    r->variant = &lists;
    if (strcmp(r->function->name, "MAP_ENTRIES") != 0) {
        int field = strcmp(r->function->name, "MAP_VALUES") == 0;

        r->result = kit_list(r->arena, t->fields[field].type, t->nullable);
        return r->result ? OK : no_type(e);
    }
    if ((entry = ARENA_NEW(r->arena, struct type)) == NULL)
        return no_type(e);
    *entry = (struct type){.kind = TYPE_STRUCT, .nullable = true, .field_count = 2, .fields = t->fields};
    r->result = kit_list(r->arena, entry, t->nullable);
    return r->result ? OK : no_type(e);
}

/* Later maps win: a pair is left out whose key a later one has. */
static enum err map_union(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        if (!call_all_valid(c, i)) {
            builder_null(c->rows);
            continue;
        }
        for (int32_t n = 0; n < c->arg_count; n++) {
            struct list keys = list_of(c, n, i);

            for (int32_t k = keys.begin; k < keys.end; k++) {
                bool again = false;

                for (int32_t later = n + 1; later < c->arg_count && !again; later++)
                    again = has(list_of(c, later, i), keys.elements, k);
                if (again)
                    continue;
                builder_value(&c->rows->children[0], keys.elements, k);
                builder_value(&c->rows->children[1], keys.elements + 1, k);
            }
        }
        builder_list_end(c->rows);
    }
    return OK;
}

static enum err union_types(struct resolution *r, struct error *e)
{
    const struct type *t = common(r, 0, 1);

    if (t == NULL || t->kind != TYPE_MAP)
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = type_nullable(r->arena, t, any_nullable(r, r->arg_count));
    return r->result ? OK : no_type(e);
}

static enum err from_arrays(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct list keys, values;

        if (!call_all_valid(c, i)) {
            builder_null(c->rows);
            continue;
        }
        keys = list_of(c, 0, i);
        values = list_of(c, 1, i);
        if (keys.end - keys.begin != values.end - values.begin)
            return call_fail(c, e, "MAP_FROM_ARRAYS has %d keys but %d values", keys.end - keys.begin,
                             values.end - values.begin);
        for (int32_t k = keys.begin; k < keys.end; k++) {
            if (find(keys, k + 1, keys.elements, k) < keys.end)
                continue; /* a later pair has the same key */
            builder_value(&c->rows->children[0], keys.elements, k);
            builder_value(&c->rows->children[1], values.elements, values.begin + k - keys.begin);
        }
        builder_list_end(c->rows);
    }
    return OK;
}

static enum err from_types(struct resolution *r, struct error *e)
{
    const struct type *keys = kit_arg_type(r, 0), *values = kit_arg_type(r, 1);

    if (!is_list(keys) || !is_list(values))
        return kit_refuse(e);
    r->variant = r->function->simple;
    r->result = kit_map(r->arena, keys->fields[0].type, values->fields[0].type,
                        keys->nullable || values->nullable);
    return r->result ? OK : no_type(e);
}

#define COLLECTION(name_, usage_, doc_, least_, most_, flags_, resolve_, ...)                                \
    {                                                                                                        \
        .name = name_, .group = GROUP_COLLECTION, .usage = usage_, .doc = doc_, .least = least_,             \
        .most = most_, .flags = flags_, .resolve = resolve_, __VA_ARGS__                                     \
    }
#define BUILDS(kernel_)                                                                                      \
    .simple = &(const struct variant)                                                                        \
    {                                                                                                        \
        .kernel = kernel_, .builds = true                                                                    \
    }
#define FILLS(kernel_)                                                                                       \
    .simple = &(const struct variant)                                                                        \
    {                                                                                                        \
        .kernel = kernel_                                                                                    \
    }

const struct function functions_collection[] = {
    COLLECTION("ARRAY", "ARRAY[value, ...]", "An array of these values.", 1, -1, FN_HIDDEN, array_types,
               BUILDS(make_array)),
    COLLECTION("MAP", "MAP[key, value, ...]", "A map of these pairs.", 2, -1, FN_HIDDEN, map_types,
               BUILDS(make_map)),
    COLLECTION("ROW", "ROW(value, ...) or (value, ...)", "A row of these values.", 1, -1, FN_HIDDEN,
               row_types, BUILDS(make_row)),
    COLLECTION("ITEM", "array[index] or map[key]",
               "The element with that number, from 1, or the value of that key; NULL when there is none.", 2,
               2, FN_HIDDEN, item_types, .simple = NULL),
    COLLECTION("CARDINALITY", "CARDINALITY(array or map)", "How many elements or pairs there are.", 1, 1,
               FN_STRICT, cardinality_types, FILLS(cardinality)),
    COLLECTION("ELEMENT", "ELEMENT(array)",
               "The only element; NULL of an empty array; fails when there are more.", 1, 1, FN_FAILS,
               element_types, BUILDS(element)),
    COLLECTION("ARRAY_APPEND", "ARRAY_APPEND(array, element)", "The array with one more element at its end.",
               2, 2, 0, add_types, .simple = NULL),
    COLLECTION("ARRAY_PREPEND", "ARRAY_PREPEND(array, element)",
               "The array with one more element at its start.", 2, 2, 0, add_types, .simple = NULL),
    COLLECTION("ARRAY_CONCAT", "ARRAY_CONCAT(array, ...)", "The arrays one after the other.", 1, -1, 0,
               same_types, .simple = NULL),
    COLLECTION("ARRAY_CONTAINS", "ARRAY_CONTAINS(array, element)",
               "Whether the array has the element; NULL is one.", 2, 2, 0, contains_types, FILLS(contains)),
    COLLECTION("ARRAY_DISTINCT", "ARRAY_DISTINCT(array)", "The array without what it has a second time.", 1,
               1, 0, like_types, .signature = "a"),
    COLLECTION("ARRAY_EXCEPT", "ARRAY_EXCEPT(array, other)",
               "What the first array has and the other has not, once.", 2, 2, 0, same_types, .simple = NULL),
    COLLECTION("ARRAY_INTERSECT", "ARRAY_INTERSECT(array, other)", "What both arrays have, once.", 2, 2, 0,
               same_types, .simple = NULL),
    COLLECTION(
        "ARRAY_JOIN", "ARRAY_JOIN(array, separator [, for NULL])",
        "The array's texts with the separator between them; NULL ones are left out, or written as told.", 2,
        3, FN_STRICT, join_types, FILLS(array_join)),
    COLLECTION("ARRAY_MAX", "ARRAY_MAX(array)", "The greatest element; NULL when there is none.", 1, 1, 0,
               element_types, BUILDS(array_max)),
    COLLECTION("ARRAY_MIN", "ARRAY_MIN(array)", "The least element; NULL when there is none.", 1, 1, 0,
               element_types, BUILDS(array_min)),
    COLLECTION("ARRAY_POSITION", "ARRAY_POSITION(array, element)",
               "Where the element first is, from 1; 0 when it is not there.", 2, 2, FN_STRICT, position_types,
               FILLS(position)),
    COLLECTION("ARRAY_REMOVE", "ARRAY_REMOVE(array, element)",
               "The array without that element, however often it was there.", 2, 2, 0, add_types,
               .simple = NULL),
    COLLECTION("ARRAY_REVERSE", "ARRAY_REVERSE(array)", "The elements in the opposite order.", 1, 1, 0,
               like_types, .signature = "a"),
    COLLECTION("ARRAY_SLICE", "ARRAY_SLICE(array, start [, end])",
               "The elements from number start to number end, from 1; negative numbers count from the end.",
               2, 3, 0, like_types, .signature = "ai[i"),
    COLLECTION("ARRAY_SORT", "ARRAY_SORT(array [, ascending [, nulls first]])",
               "The elements in order, upwards or down; NULLs first upwards and last down, or as told.", 1, 3,
               0, like_types, .signature = "a[oo"),
    COLLECTION("ARRAY_UNION", "ARRAY_UNION(array, other)", "What one of the arrays has, once.", 2, 2, 0,
               same_types, .simple = NULL),
    COLLECTION("MAP_ENTRIES", "MAP_ENTRIES(map)", "The pairs as an array of rows.", 1, 1, 0, part_types,
               .simple = NULL),
    COLLECTION("MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS(keys, values)", "The map with these keys and values.", 2,
               2, FN_FAILS, from_types, BUILDS(from_arrays)),
    COLLECTION("MAP_KEYS", "MAP_KEYS(map)", "The keys as an array.", 1, 1, 0, part_types, .simple = NULL),
    COLLECTION("MAP_UNION", "MAP_UNION(map, ...)",
               "The pairs of all maps; of a key that comes twice the last counts.", 1, -1, 0, union_types,
               BUILDS(map_union)),
    COLLECTION("MAP_VALUES", "MAP_VALUES(map)", "The values as an array.", 1, 1, 0, part_types,
               .simple = NULL),
    {NULL},
};
