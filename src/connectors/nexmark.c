/* nexmark.c: the connector nexmark: the events of the benchmark as one table, the usual columns of Flink's.
 * Only what is wanted is made: a query that reads two fields of bids pays for those.
 */
#include "connectors/connector.h"
#include "connectors/generator.h"
#include "connectors/nexmark_event.h"

#define BATCH_ROWS 4096

/* One wanted column, and which fields of it. */
struct column_plan {
    int source; /* in column_names */
    int32_t field_count;
    const int *fields; /* of a ROW: enum nexmark_person and so on */
};

struct nexmark_source_spec {
    struct generator_spec generator; /* first */
    struct nexmark_spec events;
    const struct column_plan *columns;
};

enum { EVENT_TYPE, PERSON, AUCTION, BID, EVENT_TIME };

struct known {
    const char *name;
    enum type_kind kind;
};

static const struct known person_fields[] = {
    {"id", TYPE_INT64},           {"name", TYPE_STRING},  {"emailAddress", TYPE_STRING},
    {"creditCard", TYPE_STRING},  {"city", TYPE_STRING},  {"state", TYPE_STRING},
    {"dateTime", TYPE_TIMESTAMP}, {"extra", TYPE_STRING}, {0},
};
static const struct known auction_fields[] = {
    {"id", TYPE_INT64},
    {"itemName", TYPE_STRING},
    {"description", TYPE_STRING},
    {"initialBid", TYPE_INT64},
    {"reserve", TYPE_INT64},
    {"dateTime", TYPE_TIMESTAMP},
    {"expires", TYPE_TIMESTAMP},
    {"seller", TYPE_INT64},
    {"category", TYPE_INT64},
    {"extra", TYPE_STRING},
    {0},
};
static const struct known bid_fields[] = {
    {"auction", TYPE_INT64}, {"bidder", TYPE_INT64},       {"price", TYPE_INT64},  {"channel", TYPE_STRING},
    {"url", TYPE_STRING},    {"dateTime", TYPE_TIMESTAMP}, {"extra", TYPE_STRING}, {0},
};
static const struct known table_columns[] = {
    {"event_type", TYPE_INT32}, {"person", TYPE_STRUCT},      {"auction", TYPE_STRUCT},
    {"bid", TYPE_STRUCT},       {"dateTime", TYPE_TIMESTAMP}, {0},
};
static const struct known *const fields_of[] = {
    [PERSON] = person_fields, [AUCTION] = auction_fields, [BID] = bid_fields};

/* --- the source --------------------------------------------------------------------------------------- */

static void append_row(const struct nexmark_spec *s, const struct column_plan *plan, enum nexmark_kind kind,
                       int64_t number, struct column_builder *to)
{
    if ((int)kind != plan->source - PERSON) {
        builder_null(to);
        return;
    }
    for (int32_t i = 0; i < plan->field_count; i++)
        nexmark_append(s, kind, plan->fields[i], number, &to->children[i]);
    builder_struct_end(to);
}

static void append_column(const struct nexmark_spec *s, const struct column_plan *plan,
                          const struct strand *from, int32_t count, struct column_builder *to)
{
    for (int32_t i = 0; i < count; i++) {
        int64_t number = from->next + i * from->stride;

        if (plan->source == EVENT_TYPE)
            builder_i32(to, (int32_t)nexmark_kind_of(s, number));
        else if (plan->source == EVENT_TIME)
            builder_i64(to, nexmark_time_ms(s, number) * 1000);
        else
            append_row(s, plan, nexmark_kind_of(s, number), number, to);
    }
}

static void make(const struct generator_spec *generator, const struct strand *from, int32_t count,
                 UNUSED int64_t now_us, struct builder *to)
{
    const struct nexmark_source_spec *spec = CONTAINER_OF_CONST(generator, struct nexmark_source_spec,
                                                                generator);

    for (int32_t c = 0; c < generator->schema->field_count; c++)
        append_column(&spec->events, &spec->columns[c], from, count, &to->columns[c]);
}

static const struct operator_factory nexmark_factory = {"nexmark", generator_new, NULL};

/* --- planning ----------------------------------------------------------------------------------------- */

extern const struct connector nexmark_connector;

/* The number of a wanted field among those known. */
static enum err find(const struct known *known, const char *where, const struct field *f, int *out,
                     struct error *e)
{
    for (int i = 0; known[i].name; i++)
        if (strcmp(known[i].name, f->name) == 0) {
            *out = i;
            if (known[i].kind != f->type->kind || (f->type->kind == TYPE_TIMESTAMP && f->type->precision > 6))
                return error_set(
                    e, ERR_CONFIG,
                    "column %s%s has another type in nexmark: BIGINT for numbers, INT for event_type, "
                    "STRING, TIMESTAMP(3)",
                    where, f->name);
            if (known == table_columns && f->type->kind == TYPE_STRUCT && !f->type->nullable)
                return error_set(e, ERR_CONFIG,
                                 "column %s is NULL in events of other kinds; leave out NOT NULL", f->name);
            return OK;
        }
    return error_set(
        e, ERR_CONFIG,
        "nexmark has no column %s%s; it has event_type INT, person ROW<id, name, emailAddress, "
        "creditCard, city, state, dateTime, extra>, auction ROW<id, itemName, description, initialBid, "
        "reserve, dateTime, expires, seller, category, extra>, bid ROW<auction, bidder, price, channel, "
        "url, dateTime, extra>, dateTime TIMESTAMP(3)",
        where, f->name);
}

static enum err plan_column(struct arena *arena, const struct field *f, struct column_plan *out,
                            struct error *e)
{
    char where[24] = "";
    enum err rc = find(table_columns, where, f, &out->source, e);
    int *fields;

    if (rc != OK || f->type->kind != TYPE_STRUCT)
        return rc;
    if ((fields = ARENA_ARRAY(arena, int, MAX(f->type->field_count, 1))) == NULL)
        return error_memory(e, 0, "a nexmark source");
    for (size_t i = 0; f->name[i] && i + 2 < sizeof where; i++) {
        where[i] = f->name[i];
        where[i + 1] = '.';
    }
    out->fields = fields;
    out->field_count = f->type->field_count;
    for (int32_t i = 0; rc == OK && i < f->type->field_count; i++)
        rc = find(fields_of[out->source], where, &f->type->fields[i], &fields[i], e);
    return rc;
}

static enum err plan_columns(struct arena *arena, const struct schema *schema, const struct column_plan **out,
                             struct error *e)
{
    struct column_plan *columns = ARENA_ARRAY(arena, struct column_plan, MAX(schema->field_count, 1));
    enum err rc = OK;

    if (columns == NULL)
        return error_memory(e, 0, "a nexmark source");
    for (int32_t i = 0; rc == OK && i < schema->field_count; i++)
        rc = plan_column(arena, &schema->fields[i], &columns[i], e);
    *out = columns;
    return rc;
}

static struct nexmark_spec read_events(const struct settings *s)
{
    return (struct nexmark_spec){
        .person_share = (int32_t)settings_int(s, "person.proportion"),
        .auction_share = (int32_t)settings_int(s, "auction.proportion"),
        .bid_share = (int32_t)settings_int(s, "bid.proportion"),
        .hot_auctions = (int32_t)settings_int(s, "bid.hot-ratio.auctions"),
        .hot_bidders = (int32_t)settings_int(s, "bid.hot-ratio.bidders"),
        .hot_sellers = (int32_t)settings_int(s, "auction.hot-ratio.sellers"),
        .person_bytes = (int32_t)settings_int(s, "person.avg-size"),
        .auction_bytes = (int32_t)settings_int(s, "auction.avg-size"),
        .bid_bytes = (int32_t)settings_int(s, "bid.avg-size"),
        .active_people = (int32_t)settings_int(s, "person.active"),
        .in_flight_auctions = (int32_t)settings_int(s, "auction.in-flight"),
        .events_per_second = (double)settings_int(s, "first-event.rate"),
        .base_ms = settings_int(s, "base-time"),
        .seed = (uint64_t)settings_int(s, "seed"),
    };
}

static enum err plan_nexmark(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    struct settings s = connector_settings(&nexmark_connector, r);
    struct nexmark_source_spec *spec = ARENA_NEW(r->arena, struct nexmark_source_spec);
    int64_t count;
    enum err rc = connector_check_options(&nexmark_connector, r->options, NULL, e);

    if (rc != OK)
        return rc;
    if (spec == NULL)
        return error_memory(e, sizeof *spec, "a nexmark source");
    assert(r->schema); /* gives_rows */
    count = settings_int(&s, "events.num");
    spec->events = read_events(&s);
    spec->generator = (struct generator_spec){
        .schema = r->schema,
        .row_count = count ? count : INT64_MAX,
        .rows_per_second = settings_bool(&s, "rate-limited") ? spec->events.events_per_second : 0,
        .batch_rows = BATCH_ROWS,
        .make = make};
    if ((rc = plan_columns(r->arena, r->schema, &spec->columns, e)) != OK)
        return rc;
    *out = (struct connector_plan){.factory = &nexmark_factory,
                                   .spec = spec,
                                   .title = r->name,
                                   .schema = r->schema,
                                   .bounded = count != 0};
    if (settings_given(&s, "parallelism"))
        out->parallelism = (int32_t)settings_int(&s, "parallelism");
    return OK;
}

static const struct setting nexmark_settings[] = {
    {"events.num", SETTING_INT, SETTING_OPTIONAL, "0", "0..9223372036854775807",
     "events of all subtasks together, after which the table ends; 0: it never does"},
    {"first-event.rate", SETTING_INT, SETTING_OPTIONAL, "10000", "1..1000000000",
     "events a second: the time between two in event time, and with `rate-limited` on the clock"},
    {"rate-limited", SETTING_BOOL, SETTING_OPTIONAL, "true", NULL, "false: as fast as they are taken"},
    {"base-time", SETTING_INT, SETTING_OPTIONAL, "1436918400000", "0..9223372036854",
     "event time of the first event, milliseconds since 1970"},
    {"seed", SETTING_INT, SETTING_OPTIONAL, "0", "0..9223372036854775807", "another one gives other events"},
    {"parallelism", SETTING_INT, SETTING_OPTIONAL, NULL, "1..32768", "the same as `scan.parallelism`"},
    {"person.proportion", SETTING_INT, SETTING_OPTIONAL, "1", "1..1000", "persons in a row of events"},
    {"auction.proportion", SETTING_INT, SETTING_OPTIONAL, "3", "1..1000", "auctions in a row of events"},
    {"bid.proportion", SETTING_INT, SETTING_OPTIONAL, "46", "0..100000", "bids in a row of events"},
    {"bid.hot-ratio.auctions", SETTING_INT, SETTING_OPTIONAL, "2", "1..1000000",
     "one bid in so many is not for a hot auction"},
    {"bid.hot-ratio.bidders", SETTING_INT, SETTING_OPTIONAL, "4", "1..1000000",
     "one bid in so many is not by a hot bidder"},
    {"auction.hot-ratio.sellers", SETTING_INT, SETTING_OPTIONAL, "4", "1..1000000",
     "one auction in so many is not by a hot seller"},
    {"person.avg-size", SETTING_INT, SETTING_OPTIONAL, "200", "0..1500", "bytes of a person, about"},
    {"auction.avg-size", SETTING_INT, SETTING_OPTIONAL, "500", "0..1500", "bytes of an auction, about"},
    {"bid.avg-size", SETTING_INT, SETTING_OPTIONAL, "100", "0..1500", "bytes of a bid, about"},
    {"person.active", SETTING_INT, SETTING_OPTIONAL, "1000", "1..1000000000",
     "who bids and sells: the last so many"},
    {"auction.in-flight", SETTING_INT, SETTING_OPTIONAL, "100", "1..1000000000", "auctions open at a time"},
    {0},
};

const struct connector nexmark_connector = {
    .name = "nexmark",
    .source = plan_nexmark,
    .settings = nexmark_settings,
    .gives_rows = true,
    .doc = "The events of the Nexmark benchmark. Columns: `event_type INT` (0 person, 1 auction, 2 bid), "
           "`person "
           "ROW<...>`, `auction ROW<...>`, `bid ROW<...>`, `dateTime TIMESTAMP(3)`; any of them and of their "
           "fields "
           "may be left out, and is then not made. An event depends on its number and the seed alone, not on "
           "the "
           "parallelism.",
};
