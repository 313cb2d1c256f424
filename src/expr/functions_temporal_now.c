/* functions_temporal_now.c: what the clock says: of the batch at hand, or of the statement's beginning. */
#include "base/calendar.h"
#include "base/zone.h"
#include "expr/functions.h"
#include "expr/kit.h"

static int64_t floor_to(int64_t v, int64_t unit)
{
    return v - (v % unit + unit) % unit;
}

static int64_t local_now(const struct call *c)
{
    const struct zone *z = c->session && c->session->zone ? c->session->zone : zone_gmt();

    return zone_local(z, c->now_us);
}

static enum err fill(struct call *c, int64_t v)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i64[i] = v;
    return OK;
}

static enum err current_timestamp(struct call *c, UNUSED struct error *e)
{
    return fill(c, floor_to(c->now_us, 1000));
}

static enum err local_timestamp(struct call *c, UNUSED struct error *e)
{
    return fill(c, floor_to(local_now(c), 1000));
}

static enum err local_time(struct call *c, UNUSED struct error *e)
{
    int64_t now = local_now(c);

    return fill(c, floor_to(now - floor_to(now, MICROS_PER_DAY), MICROS_PER_SECOND));
}

static enum err current_date(struct call *c, UNUSED struct error *e)
{
    int32_t day = calendar_day_of(local_now(c));

    for (int32_t i = 0; i < c->row_count; i++)
        c->out->i32[i] = day;
    return OK;
}

static enum err current_watermark(struct call *c, struct error *e)
{
    if (c->watermark_us != INT64_MIN)
        return fill(c, floor_to(c->watermark_us, 1000) * (c->out->type->precision > 6 ? 1000 : 1));
    for (int32_t row = 0; row < c->row_count; row++)
        if (!call_null(c, row))
            return error_memory(e, 0, "a column");
    return OK;
}

static enum err watermark_types(struct resolution *r, struct error *e)
{
    static const struct variant variant = {.kernel = current_watermark};
    const struct type *t = kit_arg_type(r, 0);
    enum err rc = kit_types(r, "e", e);

    if (rc != OK || (t->kind != TYPE_TIMESTAMP && t->kind != TYPE_TIMESTAMP_LTZ))
        return rc == OK ? kit_refuse(e) : rc;
    r->variant = &variant;
    r->result = kit_precision(r->arena, t->kind, t->precision, true);
    return r->result ? OK : error_memory(e, sizeof *t, "a type");
}

/* Known to sources alone: no kernel. */
static enum err source_watermark_types(struct resolution *r, struct error *e)
{
    r->result = kit_precision(r->arena, TYPE_TIMESTAMP_LTZ, 3, true);
    return r->result ? OK : error_memory(e, sizeof(struct type), "a type");
}

#define NOW(name_, usage_, doc_, flags_, signature_, kernel_)                                                \
    {                                                                                                        \
        .name = name_, .group = GROUP_TEMPORAL, .usage = usage_, .doc = doc_,                                \
        .flags = FN_DYNAMIC | (flags_), .resolve = kit_resolve, .signature = signature_,                     \
        .simple = &(const struct variant){.kernel = kernel_},                                                \
    }

const struct function functions_temporal_now[] = {
    NOW("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", "The time now, in milliseconds, as an instant.", FN_BARE,
        ">z", current_timestamp),
    NOW("NOW", "NOW()", "The same as CURRENT_TIMESTAMP.", 0, ">z", current_timestamp),
    NOW("CURRENT_ROW_TIMESTAMP", "CURRENT_ROW_TIMESTAMP()", "The time at which the row is looked at.", 0,
        ">z", current_timestamp),
    NOW("PROCTIME", "PROCTIME()", "The time at which the row is looked at, as a processing-time attribute.",
        0, ">z", current_timestamp),
    NOW("LOCALTIMESTAMP", "LOCALTIMESTAMP", "The time now as clocks of the session's zone show it.", FN_BARE,
        ">t", local_timestamp),
    NOW("CURRENT_DATE", "CURRENT_DATE", "Today's date in the session's zone.", FN_BARE, ">D", current_date),
    NOW("CURRENT_TIME", "CURRENT_TIME", "The time of day in the session's zone, in seconds.", FN_BARE, ">T",
        local_time),
    NOW("LOCALTIME", "LOCALTIME", "The same as CURRENT_TIME.", FN_BARE, ">T", local_time),
    {"CURRENT_WATERMARK", GROUP_TEMPORAL, "CURRENT_WATERMARK(rowtime)",
     "The watermark that the rowtime's stream has reached; NULL before the first.", 1, 1, FN_VOLATILE,
     watermark_types, NULL, NULL},
    {"SOURCE_WATERMARK", GROUP_TEMPORAL, "SOURCE_WATERMARK()",
     "In WATERMARK FOR: the watermark comes from the source itself.", 0, 0, FN_VOLATILE,
     source_watermark_types, NULL, NULL},
    {NULL},
};
