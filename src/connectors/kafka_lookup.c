/* kafka_lookup.c: see kafka_lookup.h. */
#include "connectors/kafka_lookup.h"
#include "base/mem.h"

typedef rd_kafka_topic_partition_list_t offsets_list;

/* --- failing --- */

static enum err refused(struct kafka_lookup *l, rd_kafka_resp_err_t err, const char *what, const char *topic)
{
    l->kafka_err = err;
    kafka_client_error(&l->error, err, NULL);
    return error_add(&l->error, l->error.code, "%s%s%s", what, topic ? " of topic " : "", topic ? topic : "");
}

static enum err no_memory(struct kafka_lookup *l)
{
    return error_memory(&l->error, sizeof(struct kafka_found), "partitions of a topic");
}

/* --- which partitions --- */

/* Whether a partition is this subtask's and new to it. False on failure, too: l->rc says. */
static bool is_wanted(struct kafka_lookup *l, const char *topic, int32_t partition)
{
    char *name;
    bool known;

    if (kafka_splits_owner(topic, partition, l->parallelism) != (uint32_t)l->subtask)
        return false;
    if ((name = kafka_splits_name(topic, partition)) == NULL) {
        l->rc = no_memory(l);
        return false;
    }
    known = map_get(l->known, slice_text(name)) != NULL;
    mem_free(name);
    return !known;
}

static enum err add_found(struct kafka_lookup *l, const char *topic, int32_t partition)
{
    char *copy;

    if (!MEM_GROW(l->found, l->found_count, l->found_capacity) || (copy = mem_strdup(topic)) == NULL)
        return no_memory(l);
    l->found[l->found_count++] = (struct kafka_found){
        .topic = copy, .partition = partition, .stop = KAFKA_NO_STOP};
    return OK;
}

static enum err take_topic(struct kafka_lookup *l, const rd_kafka_metadata_topic_t *topic)
{
    if (topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        topic->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        if (l->unknown == NULL && (l->unknown = mem_strdup(topic->topic)) == NULL)
            return no_memory(l);
        l->incomplete = true;
        return OK;
    }
    if (kafka_client_retriable(topic->err)) {
        l->incomplete = true;
        return OK;
    }
    if (topic->err)
        return refused(l, topic->err, "the partitions", topic->topic);
    for (int i = 0; l->rc == OK && i < topic->partition_cnt; i++)
        if (is_wanted(l, topic->topic, topic->partitions[i].id))
            l->rc = add_found(l, topic->topic, topic->partitions[i].id);
    return l->rc;
}

static bool is_internal(const char *topic)
{
    return strcmp(topic, "__consumer_offsets") == 0 || strcmp(topic, "__transaction_state") == 0;
}

static bool pattern_matches(const struct kafka_lookup *l, const char *topic)
{
    return !is_internal(topic) && regexec(l->pattern, topic, 0, NULL, 0) == 0;
}

static enum err take_metadata(struct kafka_lookup *l, const struct rd_kafka_metadata *metadata)
{
    for (int i = 0; l->rc == OK && i < metadata->topic_cnt; i++)
        if (l->pattern == NULL || pattern_matches(l, metadata->topics[i].topic))
            l->rc = take_topic(l, &metadata->topics[i]);
    return l->rc;
}

/* topic NULL: all of them. */
static enum err ask_metadata(struct kafka_lookup *l, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *rkt = topic ? rd_kafka_topic_new(l->client->rk, topic, NULL) : NULL;
    rd_kafka_resp_err_t err;

    if (topic && rkt == NULL)
        return refused(l, rd_kafka_last_error(), "the partitions", topic);
    err = rd_kafka_metadata(l->client->rk, topic == NULL, rkt, &metadata, l->timeout_ms);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        l->rc = take_metadata(l, metadata);
        rd_kafka_metadata_destroy(metadata);
    } else {
        l->rc = refused(l, err, "the partitions", topic);
    }
    if (rkt)
        rd_kafka_topic_destroy(rkt);
    return l->rc;
}

static enum err find_partitions(struct kafka_lookup *l)
{
    if (l->pattern)
        return ask_metadata(l, NULL);
    for (int32_t i = 0; l->rc == OK && i < l->spec->topic_count; i++)
        l->rc = ask_metadata(l, l->spec->topics[i]);
    return l->rc;
}

/* --- where in them --- */

static offsets_list *list_found(const struct kafka_lookup *l)
{
    offsets_list *list = rd_kafka_topic_partition_list_new((int)l->found_count);

    for (size_t i = 0; i < l->found_count; i++)
        rd_kafka_topic_partition_list_add(list, l->found[i].topic, l->found[i].partition);
    return list;
}

/* Leaderless partitions come later; anything else is an error. */
static enum err check_partition(struct kafka_lookup *l, rd_kafka_topic_partition_t *p,
                                struct kafka_found *found)
{
    if (p->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return OK;
    if (!kafka_client_retriable(p->err))
        return refused(l, p->err, "the offsets", p->topic);
    l->kafka_err = p->err;
    l->incomplete = found->failed = true;
    return OK;
}

/* The entries of list that wanted says, by the time in their offset field; librdkafka passes the protocol's
 * -2 (earliest) and -1 (latest) on as they are. The answers go into offsets, by the index of found. */
static enum err ask_times(struct kafka_lookup *l, const int64_t *times, int64_t *offsets)
{
    offsets_list *list = list_found(l);
    rd_kafka_resp_err_t err;
    enum err rc = OK;

    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = times[i];
    err = list->cnt ? rd_kafka_offsets_for_times(l->client->rk, list, l->timeout_ms)
                    : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (err)
        rc = refused(l, err, "the offsets", NULL);
    for (int i = 0; rc == OK && i < list->cnt; i++) {
        rc = check_partition(l, &list->elems[i], &l->found[i]);
        offsets[i] = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

/* The same time for all; a time after the last message is the end. */
static enum err ask_time(struct kafka_lookup *l, int64_t time, int64_t *offsets)
{
    int64_t *times = mem_calloc(l->found_count, sizeof *times);
    bool again = false;
    enum err rc = OK;

    if (times == NULL)
        return no_memory(l);
    for (size_t i = 0; i < l->found_count; i++)
        times[i] = time;
    if ((rc = ask_times(l, times, offsets)) != OK || time < 0)
        goto out;
    for (size_t i = 0; i < l->found_count; i++)
        if (offsets[i] < 0) {
            times[i] = RD_KAFKA_OFFSET_END;
            again = true;
        }
    if (again)
        rc = ask_times(l, times, offsets);
out:
    mem_free(times);
    return rc;
}

static enum err no_offset(struct kafka_lookup *l, const rd_kafka_topic_partition_t *p, bool stop)
{
    return error_set(
        &l->error, ERR_CONFIG, "group '%s' has no committed offset for %s-%" PRId32 "; %s",
        l->client->group_id, p->topic, p->partition,
        stop ? "set 'scan.bounded.mode' to something other than group-offsets"
             : "set properties.auto.offset.reset to earliest or latest, or another 'scan.startup.mode'");
}

static int64_t reset_time(enum kafka_reset reset)
{
    return reset == KAFKA_RESET_LATEST ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
}

/* The group's offsets into offsets; where there is none, reset decides. */
static enum err take_committed(struct kafka_lookup *l, offsets_list *list, int64_t *offsets, bool stop)
{
    int64_t *fallback = mem_calloc(l->found_count, sizeof *fallback);
    enum err rc = fallback ? ask_time(l, reset_time(l->reset), fallback) : no_memory(l);

    for (int i = 0; rc == OK && i < list->cnt; i++) {
        offsets[i] = list->elems[i].offset;
        if (offsets[i] >= 0 || l->found[i].failed)
            continue;
        if (stop || l->reset == KAFKA_RESET_NONE)
            rc = no_offset(l, &list->elems[i], stop);
        else
            offsets[i] = fallback[i];
    }
    mem_free(fallback);
    return rc;
}

static enum err ask_committed(struct kafka_lookup *l, int64_t *offsets, bool stop)
{
    offsets_list *list = list_found(l);
    rd_kafka_resp_err_t err = rd_kafka_committed(l->client->rk, list, l->timeout_ms);
    enum err rc = err ? refused(l, err, "the group's offsets", NULL) : OK;

    for (int i = 0; rc == OK && i < list->cnt; i++)
        rc = check_partition(l, &list->elems[i], &l->found[i]);
    if (rc == OK)
        rc = take_committed(l, list, offsets, stop);
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

static int64_t specific_offset(const struct kafka_place *place, int32_t partition, int64_t standard)
{
    for (int32_t i = 0; i < place->offset_count; i++)
        if (place->offsets[i].partition == partition)
            return place->offsets[i].offset;
    return standard;
}

static enum err ask_specific(struct kafka_lookup *l, const struct kafka_place *place, int64_t *offsets,
                             bool stop)
{
    enum err rc = stop ? OK : ask_time(l, RD_KAFKA_OFFSET_BEGINNING, offsets);

    for (size_t i = 0; rc == OK && i < l->found_count; i++)
        offsets[i] = specific_offset(place, l->found[i].partition, stop ? KAFKA_NO_STOP : offsets[i]);
    return rc;
}

/* The offset of a place in each partition that was found. */
static enum err ask_place(struct kafka_lookup *l, const struct kafka_place *place, int64_t *offsets,
                          bool stop)
{
    switch (place->at) {
    case KAFKA_AT_EARLIEST:
        return ask_time(l, RD_KAFKA_OFFSET_BEGINNING, offsets);
    case KAFKA_AT_LATEST:
        return ask_time(l, RD_KAFKA_OFFSET_END, offsets);
    case KAFKA_AT_TIMESTAMP:
        return ask_time(l, place->timestamp_ms, offsets);
    case KAFKA_AT_GROUP:
        return ask_committed(l, offsets, stop);
    case KAFKA_AT_OFFSETS:
        return ask_specific(l, place, offsets, stop);
    case KAFKA_AT_NEVER:
        for (size_t i = 0; i < l->found_count; i++)
            offsets[i] = KAFKA_NO_STOP;
        return OK;
    }
    assert(false);
    return OK;
}

static enum err find_offsets(struct kafka_lookup *l)
{
    static const struct kafka_place earliest = {.at = KAFKA_AT_EARLIEST};
    const struct kafka_place *start = l->later ? &earliest : &l->spec->start;
    int64_t *offsets = mem_calloc(l->found_count * 2, sizeof *offsets);
    enum err rc;

    if (offsets == NULL)
        return no_memory(l);
    if ((rc = ask_place(l, start, offsets, false)) != OK ||
        (rc = ask_place(l, &l->spec->stop, offsets + l->found_count, true)) != OK)
        goto out;
    for (size_t i = 0; i < l->found_count; i++) {
        l->found[i].next = offsets[i];
        l->found[i].stop = offsets[l->found_count + i];
        l->found[i].resettable = start->at == KAFKA_AT_EARLIEST;
    }
out:
    mem_free(offsets);
    return rc;
}

static enum err find_range(struct kafka_lookup *l)
{
    rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
        l->client->rk, l->lost->topic, l->lost->partition, &l->low, &l->high, l->timeout_ms);

    return err ? refused(l, err, "the offsets", l->lost->topic) : OK;
}

/* --- running --- */

static enum err answer(struct kafka_lookup *l)
{
    if (l->lost)
        return find_range(l);
    if (find_partitions(l) != OK || l->found_count == 0)
        return l->rc;
    return find_offsets(l);
}

static void run(void *arg)
{
    struct kafka_lookup *l = arg;

    l->rc = answer(l);
    pthread_mutex_lock(&l->lock);
    l->done = true;
    kafka_client_wake(l->client); /* under the lock: who sees `done` may free us */
    pthread_cond_signal(&l->ended);
    pthread_mutex_unlock(&l->lock);
}

struct kafka_lookup *kafka_lookup_new(void)
{
    struct kafka_lookup *l = mem_zalloc(sizeof *l);

    if (l == NULL)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->ended, NULL);
    l->done = true; /* there is nothing to wait for until it is started */
    return l;
}

enum err kafka_lookup_start(struct kafka_lookup *l, struct executor *x, struct error *e)
{
    l->done = false;
    if (executor_submit(x, run, l))
        return OK;
    l->done = true;
    return error_memory(e, sizeof *l, "a question to brokers");
}

bool kafka_lookup_done(struct kafka_lookup *l)
{
    bool done;

    pthread_mutex_lock(&l->lock);
    done = l->done;
    pthread_mutex_unlock(&l->lock);
    return done;
}

void kafka_lookup_free(struct kafka_lookup *l)
{
    if (l == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    while (!l->done)
        pthread_cond_wait(&l->ended, &l->lock);
    pthread_mutex_unlock(&l->lock);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->ended);
    for (size_t i = 0; i < l->found_count; i++)
        mem_free(l->found[i].topic);
    mem_free(l->found);
    mem_free(l->unknown);
    mem_free(l);
}
