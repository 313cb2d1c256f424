/* connector.h: how a table's options become a source or a sink: one table of connectors, for SQL and C jobs
 * alike. A connector checks the options and plans a vertex; it may talk to the outside (a catalog) while
 * planning, so that what is wrong is told before anything runs.
 *
 * What is asked for, and what is planned:
 *
 *   C jobs, source   request.schema NULL    a vertex of raw batches; the format is the caller's
 *   SQL, source      request.schema = the   vertices: factory [-> decode] that end in rows of schema; formats
 *                    rows wanted            are among the options, and the connector's
 *   sink             request.schema = the   one vertex; with request.table the formats are among the options
 *                    rows that come in
 *
 * The rows wanted are physical columns of the table and metadata columns, in any order, one at least: a
 * connector reads no others. A nested column may be asked for in part, as a ROW of fewer fields.
 */
#ifndef WEIR_CONNECTORS_CONNECTOR_H
#define WEIR_CONNECTORS_CONNECTOR_H
#include "base/map.h"
#include "connectors/settings.h"
#include "operators/decode.h"

struct expr;

/* Which kinds of rows a source gives, or a sink takes. */
enum connector_changes {
    CHANGES_INSERT, /* new rows, nothing else */
    CHANGES_UPSERT, /* of a key: inserts, updates without what was before, deletes (the key is enough) */
    CHANGES_ALL,    /* all four kinds: updates come as pairs, before and after */
};

/* What a source's dead letters are. */
enum connector_errors { ERRORS_NONE, ERRORS_OF_MESSAGES, ERRORS_OF_LINES };

/* A table as it was declared. */
struct connector_table {
    const struct schema *schema; /* its physical columns, in order */
    int32_t key_count;
    const int32_t *key; /* PRIMARY KEY: numbers in schema */
    int32_t partition_count;
    const int32_t *partition; /* PARTITIONED BY */
};

struct connector_request {
    struct arena *arena;         /* what is planned lives in it: the graph's */
    const char *name;            /* of the table or stream, for messages */
    const struct map *options;   /* name to const char *, without 'connector' */
    const struct schema *schema; /* sink: the columns that come in; source: those wanted, or NULL */
    const struct expr *filter;   /* source: over schema: rows that do not meet it need not be given, but may;
                                  * NULL: all are wanted */
    const struct config *config;
    struct fs *fs; /* borrowed; outlives the job */
    struct clock *clock;
    void (*sleep_ms)(void *arg,
                     int64_t ms); /* how to wait before something is tried again; NULL: nanosleep */
    void *sleep_arg;

    bool overwrite; /* sink: INSERT OVERWRITE, of a bounded input */

    /* Of SQL tables; else NULL. */
    const struct connector_table *table;
    const char *const *metadata; /* per field of schema: its metadata key, NULL: a physical column. A metadata
                                  * column has the type that the connector says; casts are the caller's.
                                  * NULL: all are physical */
};

struct connector_plan {
    const struct operator_factory *factory;
    const void *spec;  /* in the request's arena */
    int32_t key_count; /* sink: rows are to come by these columns, 0: as they are */
    const int32_t *keys;
    bool keyed;                        /* has keyed state */
    const char *title;                 /* of the vertex: "health-data-raw", "health_db.health_data_raw" */
    void (*release)(const void *spec); /* after the job: what the spec holds outside the arena; may be NULL */

    const struct schema *schema;           /* source: of what the vertex of factory emits */
    const struct operator_factory *decode; /* source of a table: a second vertex, behind the first and in the
                                             * same task, that emits rows of request.schema; NULL: the first
                                             * one does */
    const void *decode_spec;
    enum connector_errors errors; /* source: with 'on-error' = 'dead-letter' the last vertex emits what could
                                   * not be read at port 1, as rows of format_error_schema */
    enum connector_changes changes; /* source: what it gives; sink: what it takes */
    bool bounded;                   /* source: it has an end */
    int32_t parallelism;            /* as scan.parallelism or sink.parallelism say; 0: the job's */
    int32_t most_parallelism;       /* more subtasks would have nothing to do; 0: no limit */
};

/* A column of a record beside its payload. */
struct connector_metadata {
    const char *key;  /* "timestamp" */
    const char *type; /* as SQL text: "TIMESTAMP_LTZ(3) NOT NULL" */
    bool writable;    /* a sink takes it too; else it must be declared VIRTUAL to write to the table */
    const char *doc;
};

enum connector_formats { FORMATS_NONE, FORMATS_VALUE, FORMATS_KEY_VALUE };

struct connector {
    const char *name;
    const char *options; /* those it knows, blank-separated, a '*' at the end of a word stands for any rest;
                          * NULL: settings has them */
    /* Raw batches (format_raw_schema), to be decoded by the options' 'format', or rows, if that is what it
     * `gives`. NULL: no source. */
    enum err (*source)(const struct connector_request *r, struct connector_plan *out, struct error *e);
    enum err (*sink)(const struct connector_request *r, struct connector_plan *out,
                     struct error *e); /* NULL: no sink */

    const struct setting *settings;            /* ended by a NULL name */
    const struct connector_metadata *metadata; /* ended by a NULL key; NULL: none */
    enum connector_formats formats;            /* options `format`, `<format>.*` and so on belong to it */
    bool overwrites;                           /* its sink can INSERT OVERWRITE */
    bool gives_rows; /* its source needs request.schema: there are no payloads to decode */
    const char *doc; /* a sentence or two */
};

/* NULL when there is none; connector_names lists them for the error that says so. */
const struct connector *connector_find(const char *name);
const char *connector_names(void);
const struct connector *connector_at(size_t n); /* the nth, NULL behind the last: for documentation */

/* Every option must be known to the connector (or one of the blank-separated `also` words): ERR_CONFIG names
 * the wrong one and the nearest. */
MUST_USE enum err connector_check_options(const struct connector *c, const struct map *options,
                                          const char *also, struct error *e);

/* Plan a source or sink of a SQL table: check the options (what every table takes included), the schema and
 * its metadata columns, and plan. ERR_CONFIG: with the options and columns that there are; ERR_UNSUPPORTED:
 * it cannot be read, or written. Options of the planner's own (`scan.watermark.*`) must be taken out before.
 */
MUST_USE enum err connector_plan_source(const struct connector *c, const struct connector_request *r,
                                        struct connector_plan *out, struct error *e);
MUST_USE enum err connector_plan_sink(const struct connector *c, const struct connector_request *r,
                                      struct connector_plan *out, struct error *e);

/* A metadata column's type, made in arena: the connector's own, or `value.<name>` of the format that options
 * name. ERR_CONFIG lists those that there are. */
MUST_USE enum err connector_metadata_type(const struct connector *c, const struct map *options,
                                          const char *key, struct arena *arena, const struct type **out,
                                          bool *writable, struct error *e);

/* The metadata key of a field of a request's schema; NULL: a physical column. */
static inline const char *connector_metadata_key(const struct connector_request *r, int32_t field)
{
    return r->metadata ? r->metadata[field] : NULL;
}

/* An option's text, NULL when it is not given. */
static inline const char *connector_option(const struct map *options, const char *name)
{
    return map_get(options, slice_text(name));
}

/* What `on-error` says: dead-letter is ON_ERROR_EMIT. */
enum on_error connector_on_error(const struct connector_request *r);

/* Those that tables of all connectors take, where they make sense; ended by a NULL name. */
extern const struct setting connector_shared[];

/* The settings of a connector with what a request gives. */
struct settings connector_settings(const struct connector *c, const struct connector_request *r);

/* All connectors and formats as a Markdown page, docs/connectors.md; connector_doc.c. */
void connector_write_doc(struct bytes *out);
#endif
