/* stream.h: the inside of weir.h's stream API: an environment collects vertices and edges as a job describes
 * itself, and becomes a graph. Connectors are planned at the end (stream_finish), when the job's settings are
 * known.
 */
#ifndef WEIR_GRAPH_STREAM_H
#define WEIR_GRAPH_STREAM_H
#include "connectors/connector.h"
#include "graph/graph.h"
#include <weir/weir.h>

/* A connector to be planned when the job is described. */
struct pending_connector {
    struct pending_connector *next;
    const struct connector *connector;
    const char *name;
    struct map options;          /* owned; values in the arena */
    struct map format_options;   /* the same: sources, without the format's prefix */
    const struct schema *schema; /* sinks; sources of rows: those wanted; else NULL */
    const char *const *metadata; /* sources of rows: per field its metadata key, NULL: a physical column */
    int32_t vertex, edge;        /* edge -1: a source */
    const void *planned;
    void (*release)(const void *spec);
};

struct weir_env {
    struct graph graph;                /* owned */
    struct config *config;             /* borrowed; weir_configure writes it */
    struct pending_connector *pending; /* in the arena */
    bool failed;
    struct error error; /* the first thing that was wrong */
};

struct stream_origin {
    int32_t vertex, port;
};

struct weir_stream {
    struct weir_env *env;
    struct stream_origin *origins; /* several after weir_union */
    int32_t origin_count;
    const struct schema *schema;
    enum partitioning partitioning; /* of the edge to the next operator */
    int32_t key_count;
    const int32_t *keys;
    const char *time_column;       /* NULL: none */
    const struct schema *sides[5]; /* [1..4]: of the other outputs of its last operator */
    int32_t from_vertex;           /* its last operator, and ... */
    void (*use_side)(void *spec);  /* ... what is to be told when somebody reads side output 1; may be NULL */
};

/* config is borrowed and written by weir_configure. NULL when there is no memory. */
struct weir_env *stream_env_new(struct config *config);
void stream_env_free(struct weir_env *env);

/* After weir_main: what went wrong, or plan the connectors and finish the graph with the defaults of the
 * configuration. */
MUST_USE enum err stream_finish(struct weir_env *env, struct fs *fs, struct clock *clock, struct error *e);

/* Remember the first mistake in describing the job. */
void stream_fail(struct weir_env *env, enum err rc, const char *fmt, ...) PRINTF(3, 4);

/* A vertex behind s, and the stream of its output 0. parallelism 0: the job's. NULL after a failure
 * (remembered). */
struct weir_stream *stream_add(struct weir_stream *s, const struct vertex *v);
const struct schema *stream_columns(struct weir_env *env, const char *columns,
                                    const char *what); /* parsed; NULL: failed */
struct pending_connector *stream_pending(struct weir_env *env, const char *connector,
                                         const struct weir_option *options);
struct weir_stream *stream_begin(struct weir_env *env, int32_t vertex, const struct schema *schema);
struct weir_stream *stream_dead(struct weir_env *env); /* what calls return after a mistake */
/* "a, b" as column numbers of schema. */
const int32_t *stream_numbers(struct weir_env *env, const struct schema *schema, const char *names,
                              int32_t *count);
#endif
