/* kafka_sink_metrics.c: see kafka_sink_metrics.h. */
#include "connectors/kafka_sink_metrics.h"

static void init_client(struct kafka_sink_metrics *m)
{
    struct metric_scope *s = m->scope;

    m->client_records = metrics_counter(s, "record_send_total", "messages sent");
    m->client_bytes = metrics_counter(s, "outgoing_byte_total", "bytes of keys and values sent");
    m->client_errors = metrics_counter(s, "record_error_total", "messages that could not be delivered");
    m->record_rate = metrics_meter(s, "record_send_rate", "messages a second");
    m->byte_rate = metrics_meter(s, "outgoing_byte_rate", "bytes of keys and values a second");
    m->error_rate = metrics_meter(s, "record_error_rate", "messages a second that could not be delivered");
    m->latency = metrics_gauge(s, "request_latency_avg",
                               "from sending to the answer, of the last message, ms");
    m->waiting = metrics_gauge(s, "records_in_flight", "messages not yet answered");
}

void kafka_sink_metrics_init(struct kafka_sink_metrics *m, const struct op_env *env)
{
    struct metric_scope *s = env->metrics;

    if (env->registry == NULL || s == NULL ||
        (m->scope = metrics_scope(env->registry, s, "KafkaProducer", NULL, 0)) == NULL)
        return;
    m->records_out = metrics_counter(s, "numRecordsOut", NULL);
    m->bytes_out = metrics_counter(s, "numBytesOut", NULL);
    m->records_send = metrics_counter(s, "numRecordsSend", "messages sent");
    m->bytes_send = metrics_counter(s, "numBytesSend", "bytes of keys and values sent");
    m->errors = metrics_counter(s, "numRecordsSendErrors", "messages that could not be delivered");
    m->out_errors = metrics_counter(s, "numRecordsOutErrors", "messages that could not be delivered");
    m->send_time = metrics_gauge(s, "currentSendTime", "from sending to the answer, of the last message, ms");
    init_client(m);
}

void kafka_sink_metrics_fini(struct kafka_sink_metrics *m)
{
    metrics_scope_remove(m->scope);
    *m = (struct kafka_sink_metrics){0};
}

static void tell_records(struct kafka_sink_metrics *m, int64_t records, int64_t bytes)
{
    counter_add(m->records_out, records);
    counter_add(m->bytes_out, bytes);
    counter_add(m->records_send, records);
    counter_add(m->bytes_send, bytes);
    counter_add(m->client_records, records);
    counter_add(m->client_bytes, bytes);
    meter_mark(m->record_rate, records);
    meter_mark(m->byte_rate, bytes);
}

void kafka_sink_metrics_update(struct kafka_sink_metrics *m, struct kafka_producer *p)
{
    struct kafka_sent now;
    int64_t errors;

    if (m->scope == NULL)
        return;
    kafka_producer_sent(p, &now);
    errors = now.failed - m->told.failed;
    tell_records(m, now.records - m->told.records, now.bytes - m->told.bytes);
    if (errors) {
        counter_add(m->errors, errors);
        counter_add(m->out_errors, errors);
        counter_add(m->client_errors, errors);
        meter_mark(m->error_rate, errors);
    }
    gauge_set(m->send_time, (double)now.last_us / 1e3);
    gauge_set(m->latency, (double)now.last_us / 1e3);
    gauge_set(m->waiting, (double)(now.records - now.answered));
    m->told = now;
}
