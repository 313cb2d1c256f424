/* kafka_lookup.h: what a source must ask brokers and wait for: which partitions there are, where to start and
 * to stop in them. Run on the executor; the source takes the answer at its next poll.
 */
#ifndef WEIR_CONNECTORS_KAFKA_LOOKUP_H
#define WEIR_CONNECTORS_KAFKA_LOOKUP_H
#include "connectors/kafka_client.h"
#include "connectors/kafka_source.h"
#include "connectors/kafka_splits.h"
#include "os/executor.h"
#include <regex.h>

/* A partition of this subtask that it did not know. */
struct kafka_found {
    char *topic; /* owned */
    int32_t partition;
    int64_t next, stop;
    bool resettable; /* next is the earliest offset there was */
    bool failed;     /* its offsets could not be had: ask again */
};

struct kafka_lookup {
    /* asked; borrowed, unchanged while it runs */
    struct kafka_client *client;
    const struct kafka_source_spec *spec;
    const regex_t *pattern;  /* NULL: the spec's topics */
    const struct map *known; /* by name: not to be found again */
    enum kafka_reset reset;
    int32_t subtask, parallelism, timeout_ms;
    bool later; /* what is found now was not there at the start: read it from its earliest */
    const struct kafka_split *lost; /* not NULL: only ask which offsets this split has */

    /* answered */
    struct kafka_found *found; /* owned */
    size_t found_count, found_capacity;
    bool incomplete;   /* some partitions have no leader just now */
    char *unknown;     /* owned: a topic that does not exist */
    int64_t low, high; /* of lost */
    rd_kafka_resp_err_t kafka_err;
    enum err rc;
    struct error error;

    pthread_mutex_t lock; /* guards done */
    pthread_cond_t ended;
    bool done;
};

struct kafka_lookup *kafka_lookup_new(void);    /* NULL without memory */
void kafka_lookup_free(struct kafka_lookup *l); /* waits until it has run; NULL is fine */

/* Start on x; the client's wake is called when it is done. */
MUST_USE enum err kafka_lookup_start(struct kafka_lookup *l, struct executor *x, struct error *e);
bool kafka_lookup_done(struct kafka_lookup *l);
#endif
