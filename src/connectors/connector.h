/* connector.h: how a table's options become a source or a sink: one table of connectors, for SQL and C jobs
 * alike. A connector checks the options and plans a vertex; it may talk to the outside (a catalog) while
 * planning, so that what is wrong is told before anything runs.
 */
#ifndef WEIR_CONNECTORS_CONNECTOR_H
#define WEIR_CONNECTORS_CONNECTOR_H
#include "base/map.h"
#include "operators/operator.h"

struct connector_request {
    struct arena *arena;         /* what is planned lives in it: the graph's */
    const char *name;            /* of the table or stream, for messages */
    const struct map *options;   /* name to const char *, without 'connector' */
    const struct schema *schema; /* sink: the columns that come in; source: NULL */
    const struct config *config;
    struct fs *fs; /* borrowed; outlives the job */
    struct clock *clock;
    void (*sleep_ms)(void *arg,
                     int64_t ms); /* how to wait before something is tried again; NULL: nanosleep */
    void *sleep_arg;
};

struct connector_plan {
    const struct operator_factory *factory;
    const void *spec;  /* in the request's arena */
    int32_t key_count; /* sink: rows are to come by these columns, 0: as they are */
    const int32_t *keys;
    bool keyed;                        /* has keyed state */
    const char *title;                 /* of the vertex: "health-data-raw", "health_db.health_data_raw" */
    void (*release)(const void *spec); /* after the job: what the spec holds outside the arena; may be NULL */
};

struct connector {
    const char *name;
    const char *options; /* those it knows, blank-separated, a '*' at the end of a word stands for any rest */
    /* Raw batches (format_raw_schema), to be decoded by the options' 'format'. NULL: no source. */
    enum err (*source)(const struct connector_request *r, struct connector_plan *out, struct error *e);
    enum err (*sink)(const struct connector_request *r, struct connector_plan *out,
                     struct error *e); /* NULL: no sink */
};

/* NULL when there is none; connector_names lists them for the error that says so. */
const struct connector *connector_find(const char *name);
const char *connector_names(void);

/* Every option must be known to the connector (or one of the `also` words): ERR_CONFIG names the wrong one
 * and the nearest. */
MUST_USE enum err connector_check_options(const struct connector *c, const struct map *options,
                                          const char *also, struct error *e);
/* An option's text, NULL when it is not given. */
static inline const char *connector_option(const struct map *options, const char *name)
{
    return map_get(options, slice_text(name));
}
#endif
