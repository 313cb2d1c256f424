/* load.h: sql-load, what the SQL benchmarks need besides the systems they measure: topics filled with the
 * same events each time, bare librdkafka programs that do the same work, and a client that measures latency
 * from outside.
 */
#ifndef WEIR_BENCH_LOAD_H
#define WEIR_BENCH_LOAD_H
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_MESSAGE_BYTES 512 /* no message here is longer */

struct load_setting {
    const char *name, *value;
};

/* --- load.c --- */

void load_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
double load_seconds(void);  /* that only go forward */
int64_t load_wall_us(void); /* since 1970 */
void load_usage(int64_t count,
                double seconds); /* of this process, as the rest of a JSON object: `"cpu_s": ...}` */

rd_kafka_t *load_client(rd_kafka_type_t type, const char *brokers, const struct load_setting *settings,
                        size_t count);
/* The partitions of a topic at the given offset; a consumer is assigned them when assign says so. The caller
 * destroys the list. */
rd_kafka_topic_partition_list_t *load_partitions(rd_kafka_t *client, const char *topic, int64_t offset,
                                                 bool assign);
void load_send(rd_kafka_t *producer, rd_kafka_topic_t *topic, int32_t partition, const char *text,
               size_t bytes);
void load_flush(rd_kafka_t *producer);

/* --- load_event.c --- */

/* Message number `number`: all of it follows from the number and the seed, but for an event's time. Returns
 * its bytes. */
size_t load_trade(char *to, uint64_t seed, int64_t number);
size_t load_event(char *to, uint64_t seed, int64_t number, int64_t us);
/* What k2k.sql does, by hand: the message that an event becomes; 0 when it is filtered out. */
size_t load_filter(char *to, const char *event, size_t bytes);
/* The number behind `"ts":` of an event or of what it became. */
int64_t load_event_us(const char *text, size_t bytes);

/* --- the verbs: load_copy.c, load_latency.c --- */

void load_read(const char *brokers, const char *topic);
void load_copy(const char *brokers, const char *from, const char *to);
void load_pass(const char *brokers, const char *from, const char *to);
struct load_steady {
    const char *brokers, *in, *out;
    int64_t per_second, seconds, warm_up_s;
};
void load_latency(const struct load_steady *how);
#endif
