/* kafka_splits.h: the partitions that one subtask reads, and how far.
 * Partition p of a topic belongs to subtask (hash of the topic + p) mod parallelism: any subtask can tell
 * without asking, and the partitions of one topic are spread evenly. A split's place in a checkpoint is an
 * item named "topic-partition" whose text is the next offset, or "next..stop" when the job is to end at stop.
 */
#ifndef WEIR_CONNECTORS_KAFKA_SPLITS_H
#define WEIR_CONNECTORS_KAFKA_SPLITS_H
#include "base/error.h"
#include "base/map.h"
#include "metrics/metrics.h"
#include <librdkafka/rdkafka.h>

#define KAFKA_NO_STOP INT64_MAX

struct kafka_split {
    char *name, *topic; /* owned; name is "topic-partition" */
    int32_t partition, number;
    int64_t next;      /* offset of the next message */
    int64_t committed; /* to the group; -1: not yet */
    int64_t stop;      /* the first offset not to read */
    bool resettable;   /* started at the earliest offset there was, and has read nothing yet */
    bool assigned;     /* its turn to be read has come */
    bool fetching;     /* librdkafka has it */
    bool idle, finished, lost;
    int32_t pending;                /* messages at hand, while a poll sorts them */
    rd_kafka_topic_t *rkt;          /* borrowed: how messages name the topic; NULL: not seen yet */
    rd_kafka_t *rk;                 /* borrowed: for lag */
    struct metric_scope *scopes[2]; /* removed with the split */
    struct {
        struct gauge *current, *committed, *bare_lag, *bare_offset, *bare_committed;
    } gauges; /* NULL until kafka_metrics_split */
};

struct kafka_splits {
    struct kafka_split **list; /* owned; index is the split's number */
    int32_t count;
    size_t capacity;
    struct map by_name;
    struct kafka_split *last; /* that a message was for */
};

uint32_t kafka_splits_owner(const char *topic, int32_t partition, int32_t parallelism);

/* "topic-partition", to be freed by mem_free; NULL without memory. */
char *kafka_splits_name(const char *topic, int32_t partition);

/* Add one that is not there yet; NULL without memory. */
struct kafka_split *kafka_splits_add(struct kafka_splits *s, const char *topic, int32_t partition,
                                     int64_t next, int64_t stop);
struct kafka_split *kafka_splits_find(const struct kafka_splits *s, const char *topic, int32_t partition);
void kafka_splits_fini(struct kafka_splits *s);

/* Whose message this is: of the topic handle and partition as librdkafka has them. NULL: none of ours (any
 * more). */
struct kafka_split *kafka_splits_of(struct kafka_splits *s, rd_kafka_topic_t *rkt, int32_t partition);

/* All assigned splits have been read to their stop. */
bool kafka_splits_all_finished(const struct kafka_splits *s);

/* An item's text, and back: ERR_CORRUPT when it is none. */
#define KAFKA_SPLIT_TEXT_MAX 48
size_t kafka_splits_format(const struct kafka_split *split, char out[KAFKA_SPLIT_TEXT_MAX]);
MUST_USE enum err kafka_splits_parse(const char *name, struct slice text, struct slice *topic,
                                     int32_t *partition, int64_t *next, int64_t *stop, struct error *e);

/* How many messages are behind the split's place, 0 when librdkafka has not asked yet. */
int64_t kafka_splits_lag(const struct kafka_split *split);
#endif
