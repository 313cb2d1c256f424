/* kafka_metrics.c: see kafka_metrics.h. */
#include "connectors/kafka_metrics.h"
#include "formats/format.h"
#include <stdio.h>

#define UPDATE_EVERY_US INT64_C(100000)

static void init_client(struct kafka_metrics *m)
{
    struct metric_scope *s = m->scope;

    m->client.lag_max = metrics_gauge(s, "KafkaConsumer_records_lag_max",
                                      "messages behind, of the partition most behind");
    m->client.assigned = metrics_gauge(s, "KafkaConsumer_assigned_partitions", "partitions of this subtask");
    m->client.fetch_latency_avg = metrics_gauge(s, "KafkaConsumer_fetch_latency_avg",
                                                "average time of fetch requests, ms");
    m->client.records = metrics_counter(s, "KafkaConsumer_records_consumed_total", "messages read");
    m->client.bytes = metrics_counter(s, "KafkaConsumer_bytes_consumed_total",
                                      "bytes of keys and values read");
    m->client.commits = metrics_counter(s, "KafkaConsumer_commit_total", "commits answered");
    m->client.fetches = metrics_counter(s, "KafkaConsumer_fetch_total", "fetch requests answered");
    m->client.record_rate = metrics_meter(s, "KafkaConsumer_records_consumed_rate", "messages a second");
    m->client.byte_rate = metrics_meter(s, "KafkaConsumer_bytes_consumed_rate", "bytes a second");
    m->client.fetch_rate = metrics_meter(s, "KafkaConsumer_fetch_rate", "fetch requests a second");
}

void kafka_metrics_init(struct kafka_metrics *m, const struct op_env *env, bool client_metrics)
{
    struct metric_scope *bare;

    if (env->registry == NULL || env->metrics == NULL)
        return;
    m->scope = metrics_scope(env->registry, env->metrics, "KafkaSourceReader", NULL, 0);
    bare = metrics_bare(env->registry, NULL, 0);
    if (m->scope == NULL || bare == NULL)
        return;
    m->registry = env->registry;
    m->commits_succeeded = metrics_counter(m->scope, "commitsSucceeded", "offset commits that succeeded");
    m->commits_failed = metrics_counter(m->scope, "commitsFailed", "offset commits that failed");
    m->pending_records = metrics_gauge(env->metrics, "pendingRecords",
                                       "messages that are behind the source's position");
    m->latency = metrics_histogram(bare, "kafka_to_flink_latency",
                                   "from a message's timestamp to its batch, ms");
    if (client_metrics)
        init_client(m);
}

void kafka_metrics_fini(struct kafka_metrics *m)
{
    if (m->scope)
        metrics_scope_remove(m->scope);
    *m = (struct kafka_metrics){0};
}

void kafka_metrics_split(struct kafka_metrics *m, struct kafka_split *split)
{
    char partition[16];
    struct metric_label labels[] = {{"topic", split->topic}, {"partition", partition}};

    if (m->registry == NULL)
        return;
    snprintf(partition, sizeof partition, "%" PRId32, split->partition);
    split->scopes[0] = metrics_scope(m->registry, m->scope, "topic_partition", labels, COUNT_OF(labels));
    split->scopes[1] = metrics_bare(m->registry, labels, COUNT_OF(labels));
    if (split->scopes[0]) {
        split->gauges.current = metrics_gauge(split->scopes[0], "currentOffset",
                                              "offset of the last message that went on");
        split->gauges.committed = metrics_gauge(split->scopes[0], "committedOffset",
                                                "offset committed to the group");
        gauge_set(split->gauges.current, -1);
        gauge_set(split->gauges.committed, -1);
    }
    if (split->scopes[1]) {
        split->gauges.bare_lag = metrics_gauge(split->scopes[1], "kafka_consumer_lag", "messages behind");
        split->gauges.bare_offset = metrics_gauge(split->scopes[1], "kafka_consumer_offset",
                                                  "offset of the next message");
        split->gauges.bare_committed = metrics_gauge(split->scopes[1], "kafka_consumer_committed_offset",
                                                     "offset committed to the group");
        gauge_set(split->gauges.bare_offset, (double)split->next);
        gauge_set(split->gauges.bare_committed, -1);
    }
}

static void record_latency(struct kafka_metrics *m, const struct batch *b, int32_t row, int64_t now_us)
{
    const struct column *times = &b->columns[RAW_TIMESTAMP];

    if (column_valid(times, row))
        histogram_record(m->latency, (double)MAX(now_us - times->i64[row], 0) / 1e3);
}

void kafka_metrics_batch(struct kafka_metrics *m, const struct batch *b, size_t payload_bytes, int64_t now_us)
{
    if (m->registry == NULL)
        return;
    record_latency(m, b, 0, now_us);
    if (b->row_count > 1)
        record_latency(m, b, b->row_count - 1, now_us);
    if (m->client.records == NULL)
        return;
    counter_add(m->client.records, b->row_count);
    counter_add(m->client.bytes, (int64_t)payload_bytes);
    meter_mark(m->client.record_rate, b->row_count);
    meter_mark(m->client.byte_rate, (int64_t)payload_bytes);
}

void kafka_metrics_commit(struct kafka_metrics *m, bool succeeded)
{
    if (m->registry == NULL)
        return;
    counter_add(succeeded ? m->commits_succeeded : m->commits_failed, 1);
    if (m->client.commits)
        counter_add(m->client.commits, 1);
}

static int64_t update_split(struct kafka_split *split)
{
    int64_t lag = split->finished ? 0 : kafka_splits_lag(split);

    if (split->gauges.current) {
        gauge_set(split->gauges.current, split->resettable ? -1 : (double)split->next - 1);
        gauge_set(split->gauges.committed, (double)split->committed);
    }
    if (split->gauges.bare_lag) {
        gauge_set(split->gauges.bare_lag, (double)lag);
        gauge_set(split->gauges.bare_offset, (double)split->next);
        gauge_set(split->gauges.bare_committed, (double)split->committed);
    }
    return lag;
}

static void update_fetches(struct kafka_metrics *m, struct kafka_client *client)
{
    int64_t count = client->fetch_count, sum_us = client->fetch_sum_us, fresh = count - m->fetches_seen;

    if (fresh == 0)
        return;
    counter_add(m->client.fetches, fresh);
    meter_mark(m->client.fetch_rate, fresh);
    gauge_set(m->client.fetch_latency_avg, (double)(sum_us - m->fetch_us_seen) / 1e3 / (double)fresh);
    m->fetches_seen = count;
    m->fetch_us_seen = sum_us;
}

bool kafka_metrics_update(struct kafka_metrics *m, struct kafka_client *client,
                          const struct kafka_splits *splits, int64_t now_us, int64_t *behind)
{
    int64_t lag_max = 0;

    *behind = 0;
    if (m->registry == NULL)
        return true;
    if (m->updated_us && now_us - m->updated_us < UPDATE_EVERY_US)
        return false;
    m->updated_us = now_us;
    for (int32_t i = 0; i < splits->count; i++) {
        int64_t lag = update_split(splits->list[i]);

        *behind += lag;
        lag_max = MAX(lag_max, lag);
    }
    gauge_set(m->pending_records, (double)*behind);
    if (m->client.records) {
        gauge_set(m->client.lag_max, (double)lag_max);
        gauge_set(m->client.assigned, splits->count);
        update_fetches(m, client);
    }
    return true;
}
