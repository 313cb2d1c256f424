/* functions_aggregate.c: aggregate and window functions: what they take and give. They have no kernels: operators
 * compute them over rows.
 */
#include "expr/functions.h"
#include "expr/kit.h"
#include <strings.h>

static enum err give(struct resolution *r, const struct type *t, bool nullable, struct error *e)
{
    r->result = t ? type_nullable(r->arena, t, nullable) : NULL;
    return r->result ? OK : error_memory(e, sizeof(struct type), "a type");
}

static const struct type *decimal(struct arena *a, int32_t precision, int32_t scale)
{
    struct type *t = ARENA_NEW(a, struct type);

    if (t)
        *t = (struct type){.kind = TYPE_DECIMAL, .nullable = true, .precision = precision, .scale = scale};
    return t;
}

/* The number's own type, but for decimals: (38, s), and for averages at least 6 digits behind the point. */
static enum err number_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    bool average = strcasecmp(r->function->name, "AVG") == 0;

    if (!kit_is_number(t))
        return kit_refuse(e);
    if (t->kind == TYPE_DECIMAL)
        t = decimal(r->arena, 38, average ? MAX(6, t->scale) : t->scale);
    return give(r, t, true, e);
}

/* A spread of integers is an integer, of floats a float, as AVG has it. */
static enum err spread_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);

    if (!kit_is_number(t))
        return kit_refuse(e);
    if (t->kind == TYPE_DECIMAL)
        t = decimal(r->arena, 38, MAX(6, t->scale));
    return give(r, t, true, e);
}

/* What can be put in order. */
static enum err extreme_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);

    return t == NULL || type_is_nested(t) ? kit_refuse(e) : give(r, t, true, e);
}

static enum err same_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);

    return t == NULL ? kit_refuse(e) : give(r, t, true, e);
}

static enum err count_types(struct resolution *r, struct error *e)
{
    return give(r, type_simple(TYPE_INT64, false), false, e);
}

static enum err collect_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    struct type *set;

    if (t == NULL)
        return kit_refuse(e);
    set = (struct type *)kit_map(r->arena, t, type_simple(TYPE_INT32, false), false);
    if (set)
        set->form = FORM_MULTISET;
    r->result = set;
    return set ? OK : error_memory(e, sizeof *set, "a type");
}

static enum err array_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);

    return t == NULL ? kit_refuse(e) : give(r, kit_list(r->arena, t, true), true, e);
}

static enum err list_types(struct resolution *r, struct error *e)
{
    return kit_types(r, "s[s>s?", e);
}

/* JSON_OBJECTAGG(key, value, 'NULL' | 'ABSENT'), JSON_ARRAYAGG(value, 'NULL' | 'ABSENT') */
static enum err json_object_types(struct resolution *r, struct error *e)
{
    return kit_types(r, "sa[u>s", e);
}

static enum err json_array_types(struct resolution *r, struct error *e)
{
    return kit_types(r, "a[u>s", e);
}

static enum err grouping_types(struct resolution *r, struct error *e)
{
    return give(r, type_simple(TYPE_INT64, false), false, e);
}

/* --- over windows of rows */

static enum err rank_types(struct resolution *r, struct error *e)
{
    return give(r, type_simple(TYPE_INT64, false), false, e);
}

static enum err share_types(struct resolution *r, struct error *e)
{
    return give(r, type_simple(TYPE_DOUBLE, false), false, e);
}

static enum err ntile_types(struct resolution *r, struct error *e)
{
    return kit_types(r, "i>l", e);
}

/* LEAD(value [, offset [, otherwise]]) */
static enum err neighbour_types(struct resolution *r, struct error *e)
{
    const struct type *t = kit_arg_type(r, 0);
    enum err rc = kit_types(r, "a[ia", e);
    bool nullable;

    if (rc != OK || t == NULL)
        return rc == OK ? kit_refuse(e) : rc;
    nullable = r->arg_count < 3 || kit_nullable(kit_arg_type(r, 2)) || t->nullable;
    if (r->arg_count == 3 && (t = expr_common_type(r->arena, t, r->args[2]->type)) == NULL)
        return kit_refuse(e);
    if (r->arg_count == 3)
        r->want[0] = r->want[2] = type_nullable(r->arena, t, true);
    return give(r, t, nullable, e);
}

#define AGGREGATE(name_, usage_, doc_, least_, most_, resolve_)                                              \
    {                                                                                                        \
        .name = name_, .group = GROUP_AGGREGATE, .usage = usage_, .doc = doc_, .least = least_,              \
        .most = most_, .flags = FN_AGGREGATE, .resolve = resolve_,                                           \
    }
#define WINDOW(name_, usage_, doc_, least_, most_, resolve_)                                                 \
    {                                                                                                        \
        .name = name_, .group = GROUP_WINDOW, .usage = usage_, .doc = doc_, .least = least_, .most = most_,  \
        .flags = FN_AGGREGATE, .resolve = resolve_,                                                          \
    }

const struct function functions_aggregate[] = {
    AGGREGATE("COUNT", "COUNT(*) or COUNT([DISTINCT] value, ...)",
              "How many rows there are, or how many have values (different ones).", 0, -1, count_types),
    AGGREGATE("SUM", "SUM([DISTINCT] number)", "The sum, in the numbers' own type; NULL of no values.", 1, 1,
              number_types),
    AGGREGATE("AVG", "AVG([DISTINCT] number)",
              "The average, in the numbers' own type: of integers it is cut to one.", 1, 1, number_types),
    AGGREGATE("MIN", "MIN(value)", "The least value.", 1, 1, extreme_types),
    AGGREGATE("MAX", "MAX(value)", "The greatest value.", 1, 1, extreme_types),
    AGGREGATE("STDDEV_POP", "STDDEV_POP(number)", "The standard deviation of all values.", 1, 1,
              spread_types),
    AGGREGATE("STDDEV_SAMP", "STDDEV_SAMP(number)",
              "The standard deviation as a sample shows it; NULL of a single value.", 1, 1, spread_types),
    AGGREGATE("STDDEV", "STDDEV(number)", "The same as STDDEV_SAMP.", 1, 1, spread_types),
    AGGREGATE("VAR_POP", "VAR_POP(number)", "The variance of all values.", 1, 1, spread_types),
    AGGREGATE("VAR_SAMP", "VAR_SAMP(number)", "The variance as a sample shows it; NULL of a single value.", 1,
              1, spread_types),
    AGGREGATE("VARIANCE", "VARIANCE(number)", "The same as VAR_SAMP.", 1, 1, spread_types),
    AGGREGATE("COLLECT", "COLLECT([DISTINCT] value)", "The values as a multiset.", 1, 1, collect_types),
    AGGREGATE("LISTAGG", "LISTAGG(string [, separator])",
              "The texts one after the other, with a comma or the separator.", 1, 2, list_types),
    AGGREGATE("ARRAY_AGG", "ARRAY_AGG([DISTINCT] value)", "The values as an array, NULL ones too.", 1, 1,
              array_types),
    AGGREGATE("FIRST_VALUE", "FIRST_VALUE(value)", "The first value that is not NULL.", 1, 1, same_types),
    AGGREGATE("LAST_VALUE", "LAST_VALUE(value)", "The last value that is not NULL.", 1, 1, same_types),
    AGGREGATE("APPROX_COUNT_DISTINCT", "APPROX_COUNT_DISTINCT(value)",
              "About how many different values there are.", 1, 1, count_types),
    AGGREGATE("SINGLE_VALUE", "SINGLE_VALUE(value)", "The only value; fails when there are more.", 1, 1,
              same_types),
    AGGREGATE("JSON_OBJECTAGG", "JSON_OBJECTAGG([KEY] key VALUE value [NULL | ABSENT ON NULL])",
              "A JSON object of the rows' keys and values.", 2, 3, json_object_types),
    AGGREGATE("JSON_ARRAYAGG", "JSON_ARRAYAGG(value [NULL | ABSENT ON NULL])",
              "A JSON array of the rows' values.", 1, 2, json_array_types),
    AGGREGATE("GROUPING", "GROUPING(column)", "1 when the row's grouping set leaves the column out, else 0.",
              1, -1, grouping_types),
    AGGREGATE("GROUPING_ID", "GROUPING_ID(column, ...)", "The bits of GROUPING of the columns as a number.",
              1, -1, grouping_types),
    AGGREGATE("GROUP_ID", "GROUP_ID()", "Tells apart grouping sets that are given twice.", 0, 0,
              grouping_types),
    WINDOW("ROW_NUMBER", "ROW_NUMBER() OVER (...)", "The row's number in its partition, from 1.", 0, 0,
           rank_types),
    WINDOW("RANK", "RANK() OVER (...)",
           "One more than the number of rows before this one and those equal to it.", 0, 0, rank_types),
    WINDOW("DENSE_RANK", "DENSE_RANK() OVER (...)", "As RANK, without gaps.", 0, 0, rank_types),
    WINDOW("LEAD", "LEAD(value [, offset [, otherwise]]) OVER (...)", "The value some rows further on.", 1, 3,
           neighbour_types),
    WINDOW("LAG", "LAG(value [, offset [, otherwise]]) OVER (...)", "The value some rows back.", 1, 3,
           neighbour_types),
    WINDOW("NTILE", "NTILE(count) OVER (...)",
           "Which of so many equal parts of the partition the row is in, from 1.", 1, 1, ntile_types),
    WINDOW("PERCENT_RANK", "PERCENT_RANK() OVER (...)", "The rank as a share of the partition, 0 to 1.", 0, 0,
           share_types),
    WINDOW("CUME_DIST", "CUME_DIST() OVER (...)", "The share of rows that do not come behind this one.", 0, 0,
           share_types),
    {NULL},
};
