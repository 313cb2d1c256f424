/* kafka_source.c: see kafka_source.h.
 *
 *   restore ─► splits with offsets ──┐
 *   lookup (executor) ─► new splits ─┴─► assigned ─► messages ─► batches, a split each ─► finished (bounded)
 *                                                      └ end of partition ─► idle ◄─► active
 *
 * Invariants
 *   1. A split's `next` is behind the last message that went on, so a snapshot between two polls is exact.
 *   2. Splits and what they were restored from are known before they are assigned, and are in every snapshot.
 *   3. Only one question to the brokers runs at a time; it reads `splits`, which only its answer changes.
 */
#include "connectors/kafka_source.h"
#include "base/budget.h"
#include "base/mem.h"
#include "config/config.h"
#include "connectors/kafka_lookup.h"
#include "connectors/kafka_messages.h"
#include "connectors/kafka_metrics.h"
#include "connectors/kafka_pattern.h"
#include "os/log.h"

#define LOG              "kafka_source"
#define DISCOVERED       "discovered" /* the item that says: the first look at the topics is behind us */
#define RETRY_US         INT64_C(500000)
#define STARVED_US       INT64_C(10000)
#define SOON_US          INT64_C(5000)
#define FIRST_COUNT      128 /* messages of the first read, whose size is not known */
#define BEHIND_US        INT64_C(1000000)
#define LOOKUP_MS        2000
#define LOOKUP_MAX_MS    5000
#define CLOSE_COMMIT_MS  3000
#define KEPT_CHECKPOINTS 64 /* whose offsets wait to be committed; older ones are covered by newer */

/* Offsets as of a checkpoint, to be committed to the group once it is complete. */
struct pending_commit {
    int64_t checkpoint_id;
    rd_kafka_topic_partition_list_t *offsets; /* owned */
};

struct kafka_source {
    struct op op;
    const struct kafka_source_spec *spec;
    const struct op_env *env;
    struct kafka_options options;
    struct kafka_client *client;
    struct kafka_splits splits;
    struct kafka_metrics metrics;
    regex_t pattern;
    bool has_pattern;

    struct kafka_lookup *lookup; /* running, or NULL */
    int64_t lookup_due_us;       /* wall clock; INT64_MAX: never again */
    int64_t unknown_since_us;
    int32_t lookup_ms;
    bool discovered, unassigned, lost, none_told;

    rd_kafka_message_t **messages; /* owned: room for a poll's worth */
    struct kafka_split **of;       /* owned: whose they are */
    size_t average_bytes;          /* of a message, of late */

    struct pending_commit commits[KEPT_CHECKPOINTS]; /* oldest first */
    int32_t commit_count;
};

static struct kafka_source *self(struct op *o)
{
    return CONTAINER_OF(o, struct kafka_source, op);
}

static bool is_bounded(const struct kafka_source *s)
{
    return s->spec->stop.at != KAFKA_AT_NEVER;
}

static int64_t wall_us(const struct kafka_source *s)
{
    return clock_wall_us(s->env->clock);
}

/* --- open and close --- */

static bool has_checkpoints(const struct op_env *env)
{
    return env->config && config_duration_ms(env->config, "execution.checkpointing.interval") > 0;
}

/* Offsets are committed by librdkafka itself only where no checkpoint will do it. */
static bool commits_by_itself(const struct kafka_source *s)
{
    if (!s->options.auto_commit || s->options.group_id == NULL)
        return false;
    if (!has_checkpoints(s->env))
        return true;
    log_info(
        LOG,
        "%s: properties.enable.auto.commit is not used: offsets are committed when a checkpoint is complete",
        s->env->name);
    return false;
}

static enum err check_spec(const struct kafka_source *s, struct error *e)
{
    bool needs_group = s->spec->start.at == KAFKA_AT_GROUP || s->spec->stop.at == KAFKA_AT_GROUP;

    if (s->spec->topic_count == 0 && s->spec->topic_pattern == NULL)
        return error_set(e, ERR_CONFIG, "there is no topic to read: set 'topic' or 'topic-pattern'");
    if (needs_group && s->options.group_id == NULL)
        return error_set(e, ERR_CONFIG,
                         "reading from or to a group's committed offsets needs properties.group.id");
    return OK;
}

static enum err open_client(struct kafka_source *s, struct error *e)
{
    struct kafka_client_spec spec = {
        .options = &s->options,
        .subtask = s->env->subtask,
        .memory_bytes = s->spec->memory_bytes / (size_t)MAX(s->env->parallelism, 1),
        .auto_commit = commits_by_itself(s),
        .clock = s->env->clock,
        .budget = s->env->budget,
        .registry = s->env->registry,
        .wake = s->env->wake,
        .wake_arg = s->env->wake_arg,
    };

    s->options.auto_commit = spec.auto_commit;
    return kafka_client_new(&spec, &s->client, e);
}

static int32_t batch_rows(const struct kafka_source *s)
{
    int64_t asked = s->options.max_poll_records;

    return asked > 0 && asked < s->spec->batch_rows ? (int32_t)asked : s->spec->batch_rows;
}

static void on_committed(void *arg, const rd_kafka_topic_partition_list_t *offsets, rd_kafka_resp_err_t err);

static enum err source_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct kafka_source *s = self(o);
    size_t rows;
    enum err rc;

    s->env = env;
    if ((rc = kafka_options_read(s->spec->properties, &s->options, e)) != OK || (rc = check_spec(s, e)) != OK)
        goto out;
    rows = (size_t)batch_rows(s);
    s->messages = mem_calloc(rows, sizeof *s->messages);
    s->of = mem_calloc(rows, sizeof(struct kafka_split *));
    if (s->messages == NULL || s->of == NULL) {
        rc = error_memory(e, rows * sizeof *s->messages, "a poll's messages");
        goto out;
    }
    if (s->spec->topic_pattern) {
        if ((rc = kafka_pattern_compile(s->spec->topic_pattern, &s->pattern, e)) != OK)
            goto out;
        s->has_pattern = true;
    }
    if ((rc = open_client(s, e)) != OK)
        goto out;
    s->client->committed = on_committed;
    s->client->committed_arg = s;
    s->lookup_ms = LOOKUP_MS;
    kafka_metrics_init(&s->metrics, env, s->options.client_metrics);
out:
    return rc == OK ? OK : error_add(e, rc, "opening %s", env->name);
}

static void drop_commits(struct kafka_source *s, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_destroy(s->commits[i].offsets);
    s->commit_count -= count;
    memmove(s->commits, s->commits + count, (size_t)s->commit_count * sizeof s->commits[0]);
}

static void source_close(struct op *o)
{
    struct kafka_source *s = self(o);

    kafka_lookup_free(s->lookup);
    kafka_client_close(s->client, CLOSE_COMMIT_MS);
    drop_commits(s, s->commit_count);
    kafka_splits_fini(&s->splits);
    kafka_metrics_fini(&s->metrics);
    kafka_options_fini(&s->options);
    if (s->has_pattern)
        regfree(&s->pattern);
    mem_free(s->messages);
    mem_free(s->of);
    mem_free(s);
}

/* --- splits --- */

static enum err tell(struct kafka_source *s, enum split_change change, int32_t number, const char *name,
                     struct error *e)
{
    struct split_event event = {
        .change = change, .number = number, .name = name, .watermark_us = WATERMARK_NONE};

    return s->env->out->split(s->env->out, &event, e);
}

/* A subtask that has no partition must not hold back the others' time, but who has no split has nothing to be
 * idle: so it tells of one that is. Its number is out of the way of real ones. */
static enum err tell_none(struct kafka_source *s, bool none, struct error *e)
{
    enum err rc;

    if (none == s->none_told)
        return OK;
    s->none_told = none;
    if (!none)
        return tell(s, SPLIT_REMOVED, INT32_MAX, "no partition", e);
    log_info(LOG, "%s: no partition for subtask %" PRId32, s->env->name, s->env->subtask);
    rc = tell(s, SPLIT_ADDED, INT32_MAX, "no partition", e);
    return rc == OK ? tell(s, SPLIT_IDLE, INT32_MAX, "no partition", e) : rc;
}

static struct kafka_split *add_split(struct kafka_source *s, const char *topic, int32_t partition,
                                     int64_t next, int64_t stop, struct error *e)
{
    struct kafka_split *split = kafka_splits_add(&s->splits, topic, partition, next, stop);

    if (split == NULL) {
        error_memory(e, sizeof *split, "a partition");
        return NULL;
    }
    split->rk = s->client->rk;
    s->unassigned = true;
    kafka_metrics_split(&s->metrics, split);
    return split;
}

static enum err change_assignment(struct kafka_source *s, rd_kafka_topic_partition_list_t *list, bool add,
                                  struct error *e)
{
    rd_kafka_error_t *error = NULL;
    enum err rc = OK;

    if (list->cnt)
        error = add ? rd_kafka_incremental_assign(s->client->rk, list)
                    : rd_kafka_incremental_unassign(s->client->rk, list);
    if (error) {
        rc = kafka_client_error(e, rd_kafka_error_code(error), rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
    }
    return rc;
}

/* Start or stop fetching one split. */
static enum err change_one(struct kafka_source *s, struct kafka_split *split, bool add, struct error *e)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    enum err rc;

    rd_kafka_topic_partition_list_add(list, split->topic, split->partition)->offset = split->next;
    rc = change_assignment(s, list, add, e);
    rd_kafka_topic_partition_list_destroy(list);
    split->fetching = add;
    return rc;
}

static enum err finish(struct kafka_source *s, struct kafka_split *split, struct error *e)
{
    enum err rc = split->fetching ? change_one(s, split, false, e) : OK;

    split->finished = true;
    split->rkt = NULL;
    if (s->splits.last == split)
        s->splits.last = NULL;
    log_info(LOG, "%s: %s was read to its end at %" PRId64, s->env->name, split->name, split->next);
    return rc == OK ? tell(s, SPLIT_REMOVED, split->number, split->name, e) : rc;
}

/* Start reading the splits that are not read yet. */
static enum err assign_new(struct kafka_source *s, struct error *e)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(s->splits.count);
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < s->splits.count; i++) {
        struct kafka_split *split = s->splits.list[i];

        if (split->assigned)
            continue;
        split->assigned = true;
        log_info(LOG, "%s: reading %s from offset %" PRId64, s->env->name, split->name, split->next);
        rc = tell(s, SPLIT_ADDED, split->number, split->name, e);
        if (rc == OK && split->next >= split->stop) {
            rc = finish(s, split, e);
        } else {
            rd_kafka_topic_partition_list_add(list, split->topic, split->partition)->offset = split->next;
            split->fetching = true;
        }
    }
    if (rc == OK)
        rc = change_assignment(s, list, true, e);
    rd_kafka_topic_partition_list_destroy(list);
    s->unassigned = false;
    return rc == OK ? tell_none(s, s->discovered && s->splits.count == 0, e) : rc;
}

/* Read a split again from its next offset. */
static enum err reassign(struct kafka_source *s, struct kafka_split *split, struct error *e)
{
    enum err rc = change_one(s, split, false, e);

    return rc == OK ? change_one(s, split, true, e) : rc;
}

/* --- what the brokers are asked --- */

static const struct kafka_split *first_lost(const struct kafka_source *s)
{
    for (int32_t i = 0; s->lost && i < s->splits.count; i++)
        if (s->splits.list[i]->lost)
            return s->splits.list[i];
    return NULL;
}

static void look_again(struct kafka_source *s, int64_t after_us)
{
    s->lookup_due_us = wall_us(s) + after_us;
}

static enum err start_lookup(struct kafka_source *s, struct error *e)
{
    struct kafka_lookup *l = kafka_lookup_new();
    enum err rc;

    if (l == NULL)
        return error_memory(e, sizeof *l, "a question to brokers");
    l->client = s->client;
    l->spec = s->spec;
    l->pattern = s->has_pattern ? &s->pattern : NULL;
    l->known = &s->splits.by_name;
    l->reset = s->options.reset;
    l->subtask = s->env->subtask;
    l->parallelism = s->env->parallelism;
    l->timeout_ms = s->lookup_ms;
    l->later = s->discovered;
    l->lost = first_lost(s);
    if ((rc = kafka_lookup_start(l, s->env->executor, e)) == OK)
        s->lookup = l;
    else
        kafka_lookup_free(l);
    return rc;
}

/* The time of the next look at the topics. */
static void plan_lookup(struct kafka_source *s, bool incomplete)
{
    int64_t interval_ms = s->options.discovery_ms >= 0 ? s->options.discovery_ms
                                                       : s->spec->discovery_interval_ms;

    if (incomplete)
        look_again(s, RETRY_US);
    else if (interval_ms > 0 && !is_bounded(s))
        look_again(s, interval_ms * 1000);
    else
        s->lookup_due_us = INT64_MAX;
}

static enum err unknown_topic(struct kafka_source *s, const char *topic, struct error *e)
{
    int64_t now_us = wall_us(s);

    if (s->discovered || s->options.create_topics) {
        if (s->unknown_since_us == 0)
            log_warn(LOG, "%s: topic '%s' does not exist on %s; looking again every %d ms", s->env->name,
                     topic, s->client->brokers, (int)(RETRY_US / 1000));
        s->unknown_since_us = now_us;
        return OK;
    }
    if (s->unknown_since_us == 0)
        s->unknown_since_us = now_us;
    if (now_us - s->unknown_since_us < s->spec->unknown_topic_wait_ms * 1000)
        return OK;
    error_set(e, ERR_NOT_FOUND, "topic '%s' does not exist on %s; create it, or correct the table's 'topic'",
              topic, s->client->brokers);
    error_advise(e, ADVICE_RESTART);
    return ERR_NOT_FOUND;
}

static enum err take_found(struct kafka_source *s, struct kafka_lookup *l, struct error *e)
{
    for (size_t i = 0; i < l->found_count; i++) {
        const struct kafka_found *found = &l->found[i];
        struct kafka_split *split;

        if (found->failed)
            continue;
        if ((split = add_split(s, found->topic, found->partition, found->next, found->stop, e)) == NULL)
            return ERR_MEMORY;
        split->resettable = found->resettable;
    }
    if (l->unknown) {
        enum err rc = unknown_topic(s, l->unknown, e);

        if (rc != OK)
            return rc;
    } else {
        s->unknown_since_us = 0;
    }
    s->discovered |= !l->incomplete;
    plan_lookup(s, l->incomplete);
    return assign_new(s, e);
}

static enum err lost_error(const struct kafka_split *split, const struct kafka_lookup *l, struct error *e)
{
    if (split->next > l->high)
        return error_set(e, ERR_NOT_FOUND,
                         "%s ends at offset %" PRId64 ", but reading was to go on at %" PRId64
                         ": the topic was made anew, or lost messages; start without this checkpoint, or set "
                         "'scan.lost-data' to continue to go on with what is there",
                         split->name, l->high, split->next);
    return error_set(e, ERR_NOT_FOUND,
                     "messages %" PRId64 " to %" PRId64
                     " of %s are gone (the topic's retention is shorter than the job "
                     "was down); the oldest left is %" PRId64
                     ": start without this checkpoint, or set 'scan.lost-data' to "
                     "continue to go on there",
                     split->next, l->low - 1, split->name, l->low);
}

/* The split's offset is not in its partition any more. */
static enum err take_range(struct kafka_source *s, struct kafka_lookup *l, struct error *e)
{
    struct kafka_split *split = kafka_splits_find(&s->splits, l->lost->topic, l->lost->partition);
    int64_t from = split->next;

    split->lost = false;
    s->lost = first_lost(s) != NULL;
    if (from >= l->low && from <= l->high) /* a broker was behind; it is there after all */
        return reassign(s, split, e);
    if (!split->resettable && !s->spec->continue_after_loss)
        return lost_error(split, l, e);
    split->next = l->low;
    log_warn(LOG, "%s: offset %" PRId64 " of %s is gone, going on at %" PRId64, s->env->name, from,
             split->name, l->low);
    return reassign(s, split, e);
}

/* Brokers that do not answer are asked again, with more patience. */
static enum err lookup_failed(struct kafka_source *s, const struct kafka_lookup *l, struct error *e)
{
    if (!kafka_client_retriable(l->kafka_err)) {
        *e = l->error;
        return l->rc;
    }
    kafka_client_trouble(s->client, l->kafka_err, l->error.text);
    s->lookup_ms = MIN(s->lookup_ms * 2, LOOKUP_MAX_MS);
    look_again(s, RETRY_US);
    return OK;
}

static enum err take_answer(struct kafka_source *s, struct error *e)
{
    struct kafka_lookup *l = s->lookup;
    enum err rc;

    s->lookup = NULL;
    if (l->rc != OK) {
        rc = lookup_failed(s, l, e);
    } else {
        s->lookup_ms = LOOKUP_MS;
        rc = l->lost ? take_range(s, l, e) : take_found(s, l, e);
    }
    kafka_lookup_free(l);
    return rc;
}

/* Ask what is due, take what was answered, read what is new. */
static enum err discover(struct kafka_source *s, struct error *e)
{
    enum err rc = OK;

    if (s->lookup && kafka_lookup_done(s->lookup))
        rc = take_answer(s, e);
    if (rc == OK && s->unassigned)
        rc = assign_new(s, e);
    if (rc != OK || s->lookup)
        return rc;
    if (s->lost || wall_us(s) >= s->lookup_due_us)
        return start_lookup(s, e);
    return OK;
}

/* --- reading --- */

static enum err set_idle(struct kafka_source *s, struct kafka_split *split, bool idle, struct error *e)
{
    if (split->idle == idle)
        return OK;
    split->idle = idle;
    return tell(s, idle ? SPLIT_IDLE : SPLIT_ACTIVE, split->number, split->name, e);
}

/* Where the split stands now: at its stop, at the end of its partition, or neither. */
static enum err look_at_position(struct kafka_source *s, struct kafka_split *split, struct error *e)
{
    int64_t low, high;

    if (split->next >= split->stop)
        return finish(s, split, e);
    if (rd_kafka_get_watermark_offsets(split->rk, split->topic, split->partition, &low, &high) ==
            RD_KAFKA_RESP_ERR_NO_ERROR &&
        high >= 0 && split->next >= high)
        return set_idle(s, split, true, e);
    return OK;
}

static void store_offset(struct kafka_source *s, const struct kafka_split *split)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, split->topic, split->partition)->offset = split->next;
    rd_kafka_offsets_store(s->client->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Send on what is in m (taken), which is of split; it may be empty. */
static enum err emit(struct kafka_source *s, struct kafka_split *split, struct kafka_messages *m,
                     struct error *e)
{
    int64_t now_us = wall_us(s), next;
    size_t payload_bytes = m->payload_bytes, mean;
    struct batch *b;
    enum err rc;

    if (m->count == 0) {
        keep_unref(&m->keep);
        return OK;
    }
    next = m->list[m->count - 1]->offset + 1;
    mean = payload_bytes / (size_t)m->count + 1;
    s->average_bytes = s->average_bytes ? (s->average_bytes * 7 + mean + 7) / 8 : mean;
    if ((rc = kafka_messages_batch(m, split, s->spec->headers, now_us, &b, e)) != OK)
        return rc;
    kafka_metrics_batch(&s->metrics, b, payload_bytes, now_us);
    if ((rc = set_idle(s, split, false, e)) != OK) {
        batch_unref(b);
        return rc;
    }
    split->resettable = false;
    split->next = next;
    if (s->options.auto_commit)
        store_offset(s, split);
    return s->env->out->batch(s->env->out, 0, b, e);
}

/* Take the messages of one split out of messages[0..count), in order; others stay, as NULL marks those taken.
 */
static enum err flush_split(struct kafka_source *s, struct kafka_split *split, size_t from, size_t count,
                            struct error *e)
{
    struct kafka_messages *m = kafka_messages_new(s->client, split->pending);
    int64_t next = split->next;
    enum err rc;

    if (m == NULL)
        return error_memory(e, (size_t)split->pending * sizeof(void *), "a batch of messages");
    for (size_t i = from; i < count && split->pending > 0; i++) {
        rd_kafka_message_t *message = s->messages[i];

        if (s->of[i] != split || message == NULL)
            continue;
        s->messages[i] = NULL;
        split->pending--;
        if (message->offset >= split->stop) { /* so there is nothing more before the stop */
            next = split->stop;
            rd_kafka_message_destroy(message);
        } else if (message->offset < next) { /* librdkafka may begin a little early */
            rd_kafka_message_destroy(message);
        } else {
            next = message->offset + 1;
            kafka_messages_add(m, message);
        }
    }
    if ((rc = emit(s, split, m, e)) != OK)
        return rc;
    split->next = MAX(split->next, next);
    return look_at_position(s, split, e);
}

/* Whose each message is; those of splits that are not read any more are dropped. */
static void sort_messages(struct kafka_source *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        rd_kafka_message_t *message = s->messages[i];

        s->of[i] = kafka_splits_of(&s->splits, message->rkt, message->partition);
        if (s->of[i]) {
            s->of[i]->pending++;
        } else {
            rd_kafka_message_destroy(message);
            s->messages[i] = NULL;
        }
    }
}

static enum err flush(struct kafka_source *s, size_t from, size_t to, struct error *e)
{
    enum err rc = OK;

    sort_messages(s, from, to);
    for (size_t i = from; rc == OK && i < to; i++)
        if (s->messages[i])
            rc = flush_split(s, s->of[i], i, to, e);
    return rc;
}

/* The end of a partition is at offset, which may be behind what is no message (a transaction's end). */
static enum err at_end(struct kafka_source *s, struct kafka_split *split, int64_t offset, struct error *e)
{
    split->next = MAX(split->next, offset);
    if (split->next >= split->stop)
        return finish(s, split, e);
    return set_idle(s, split, true, e);
}

static enum err take_event(struct kafka_source *s, const rd_kafka_message_t *event, struct error *e)
{
    struct kafka_split *split = event->rkt ? kafka_splits_of(&s->splits, event->rkt, event->partition) : NULL;
    enum err rc;

    if (kafka_client_retriable(event->err)) {
        kafka_client_trouble(s->client, event->err, rd_kafka_message_errstr(event));
        return OK;
    }
    if (event->rkt && split == NULL) /* of a split that was read to its end */
        return OK;
    if (event->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return at_end(s, split, event->offset, e);
    if (event->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        s->lost = split->lost = true;
        return OK;
    }
    rc = kafka_client_error(e, event->err, rd_kafka_message_errstr(event));
    if (rc == ERR_NOT_FOUND)
        error_advise(e, ADVICE_RESTART);
    return split ? error_add(e, rc, "reading %s at offset %" PRId64, split->name, split->next) : rc;
}

/* How many messages make a batch of about the wanted bytes. */
static size_t wanted_count(const struct kafka_source *s)
{
    size_t by_bytes = s->average_bytes ? s->spec->batch_bytes / s->average_bytes : FIRST_COUNT;

    return MIN((size_t)batch_rows(s), MAX(by_bytes, 1));
}

static enum err read_messages(struct kafka_source *s, bool *more, bool *soon, struct error *e)
{
    size_t wanted = wanted_count(s), from = 0;
    size_t count = kafka_client_consume(s->client, s->messages, wanted);
    enum err rc = OK;

    for (size_t i = 0; rc == OK && i < count; i++) {
        rd_kafka_message_t *event = s->messages[i];

        if (LIKELY(event->err == RD_KAFKA_RESP_ERR_NO_ERROR))
            continue;
        rc = flush(s, from, i, e);
        from = i + 1;
        if (rc == OK)
            rc = take_event(s, event, e);
        s->messages[i] = NULL;
        rd_kafka_message_destroy(event);
    }
    if (rc == OK)
        rc = flush(s, from, count, e);
    for (size_t i = 0; rc != OK && i < count; i++) /* the job fails: nothing goes on */
        if (s->messages[i])
            rd_kafka_message_destroy(s->messages[i]);
    *more = count == wanted;
    *soon = kafka_client_kick(s->client, count, s->average_bytes);
    return rc;
}

/* When the gauges want to be brought up to date again: INT64_MAX when nothing will change by itself. */
static int64_t update_metrics(struct kafka_source *s)
{
    int64_t now_us = wall_us(s), behind;

    if (!kafka_metrics_update(&s->metrics, s->client, &s->splits, now_us, &behind))
        return now_us + BEHIND_US / 10;
    return behind > 0 ? now_us + BEHIND_US : INT64_MAX;
}

/* Ask for the next poll by time, at every poll, as the engine keeps but one time for an operator. */
static void ask_for_poll(struct kafka_source *s, int64_t at_us)
{
    if (s->lookup == NULL)
        at_us = MIN(at_us, s->lookup_due_us);
    if (at_us != INT64_MAX)
        s->env->wake_at(s->env->wake_arg, at_us);
}

static enum err source_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct kafka_source *s = self(o);
    int64_t again_us = INT64_MAX, update_us;
    bool soon = false;
    enum err rc;

    *more = *done = false;
    if ((rc = discover(s, e)) != OK)
        goto out;
    if (s->env->out->full(s->env->out)) {
        *more = true;
    } else if (!kafka_client_may_hold(s->client)) {
        again_us = wall_us(s) + STARVED_US;
    } else if ((rc = read_messages(s, more, &soon, e)) != OK ||
               (rc = kafka_client_failure(s->client, e)) != OK) {
        goto out;
    }
    if (s->lost && s->lookup == NULL)
        rc = start_lookup(s, e);
    if (soon)
        again_us = wall_us(s) + SOON_US;
    update_us = update_metrics(s);
    if (rc == OK && !*more)
        ask_for_poll(s, MIN(again_us, update_us));
    *done = is_bounded(s) && s->discovered && s->lookup == NULL && kafka_splits_all_finished(&s->splits);
out:
    return rc == OK ? OK : error_add(e, rc, "%s", s->env->name);
}

/* --- checkpoints --- */

static bool is_subscribed(const struct kafka_source *s, const char *topic)
{
    if (s->has_pattern)
        return regexec(&s->pattern, topic, 0, NULL, 0) == 0;
    for (int32_t i = 0; i < s->spec->topic_count; i++)
        if (strcmp(s->spec->topics[i], topic) == 0)
            return true;
    return false;
}

static enum err restore_split(struct kafka_source *s, const struct op_item *item, struct error *e)
{
    struct slice topic;
    int32_t partition;
    int64_t next, stop;
    char *name;
    enum err rc = kafka_splits_parse(item->name, item->bytes, &topic, &partition, &next, &stop, e);

    if (rc != OK)
        return rc;
    if ((name = mem_strndup(topic.ptr, topic.len)) == NULL)
        return error_memory(e, topic.len, "a topic's name");
    if (kafka_splits_owner(name, partition, s->env->parallelism) != (uint32_t)s->env->subtask)
        goto out;
    if (!is_subscribed(s, name)) {
        log_warn(LOG, "%s: the checkpoint has offset %" PRId64 " of %s, which is not read any more",
                 s->env->name, next, item->name);
        goto out;
    }
    if (!is_bounded(s))
        stop = KAFKA_NO_STOP;
    if (map_get(&s->splits.by_name, slice_text(item->name)) == NULL &&
        add_split(s, name, partition, next, stop, e) == NULL)
        rc = ERR_MEMORY;
out:
    mem_free(name);
    return rc;
}

static enum err source_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct kafka_source *s = self(o);
    int32_t discovered = 0;
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < from->item_count; i++)
        if (strcmp(from->items[i].name, DISCOVERED) == 0)
            discovered++;
        else
            rc = restore_split(s, &from->items[i], e);
    /* Once every old subtask had seen the topics, what the checkpoint does not name is new. */
    s->discovered = from->old_parallelism > 0 && discovered >= from->old_parallelism;
    return rc == OK ? OK : error_add(e, rc, "restoring %s", s->env->name);
}

static bool commits_offsets(const struct kafka_source *s)
{
    return s->client->group_id && s->options.commit_on_checkpoint && s->splits.count > 0;
}

static void remember_offsets(struct kafka_source *s, int64_t checkpoint_id)
{
    rd_kafka_topic_partition_list_t *list;

    if (!commits_offsets(s))
        return;
    if (s->commit_count == KEPT_CHECKPOINTS)
        drop_commits(s, 1);
    list = rd_kafka_topic_partition_list_new(s->splits.count);
    for (int32_t i = 0; i < s->splits.count; i++) {
        const struct kafka_split *split = s->splits.list[i];

        rd_kafka_topic_partition_list_add(list, split->topic, split->partition)->offset = split->next;
    }
    s->commits[s->commit_count++] = (struct pending_commit){checkpoint_id, list};
}

static enum err source_snapshot(struct op *o, int64_t checkpoint_id, struct op_snapshot *out,
                                UNUSED struct error *e)
{
    struct kafka_source *s = self(o);
    char text[KAFKA_SPLIT_TEXT_MAX];

    for (int32_t i = 0; i < s->splits.count; i++) {
        size_t len = kafka_splits_format(s->splits.list[i], text);

        snapshot_item(out, s->splits.list[i]->name, slice_of(text, len));
    }
    if (s->discovered)
        snapshot_item(out, DISCOVERED, SLICE("1"));
    remember_offsets(s, checkpoint_id);
    return OK;
}

/* Told by the client: the offsets that a commit carried, and how it went. */
static void on_committed(void *arg, const rd_kafka_topic_partition_list_t *offsets, rd_kafka_resp_err_t err)
{
    struct kafka_source *s = arg;

    kafka_metrics_commit(&s->metrics, err == RD_KAFKA_RESP_ERR_NO_ERROR);
    if (err) {
        log_warn(LOG, "%s: committing offsets to group '%s': %s; the next checkpoint tries again",
                 s->env->name, s->client->group_id ? s->client->group_id : "", rd_kafka_err2str(err));
        return;
    }
    for (int i = 0; offsets && i < offsets->cnt; i++) {
        struct kafka_split *split = kafka_splits_find(&s->splits, offsets->elems[i].topic,
                                                      offsets->elems[i].partition);

        if (split && offsets->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            split->committed = MAX(split->committed, offsets->elems[i].offset);
    }
    s->metrics.updated_us = 0;
}

/* The group's offsets are for people to look at: failing to commit them is no failure of the job. */
static enum err source_complete(struct op *o, int64_t checkpoint_id, UNUSED struct error *e)
{
    struct kafka_source *s = self(o);
    struct error why;
    int32_t done = 0;

    while (done < s->commit_count && s->commits[done].checkpoint_id <= checkpoint_id)
        done++;
    if (done > 0 && s->commits[done - 1].checkpoint_id == checkpoint_id &&
        kafka_client_commit(s->client, s->commits[done - 1].offsets, &why) != OK) {
        kafka_metrics_commit(&s->metrics, false);
        log_warn(LOG, "%s: committing offsets to group '%s': %s", s->env->name, s->client->group_id,
                 why.text);
    }
    drop_commits(s, done);
    return OK;
}

/* --- making --- */

static const struct operator_ops source_ops = {
    .name = "kafka_source",
    .open = source_open,
    .restore = source_restore,
    .poll = source_poll,
    .snapshot = source_snapshot,
    .complete = source_complete,
    .close = source_close,
};

static enum err source_new(const void *spec, struct op **out, struct error *e)
{
    struct kafka_source *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "a Kafka source");
    s->op.ops = &source_ops;
    s->spec = spec;
    *out = &s->op;
    return OK;
}

const struct operator_factory kafka_source_factory = {"kafka_source", source_new, NULL};
