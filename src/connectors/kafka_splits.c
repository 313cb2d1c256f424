/* kafka_splits.c: see kafka_splits.h. */
#include "connectors/kafka_splits.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>

uint32_t kafka_splits_owner(const char *topic, int32_t partition, int32_t parallelism)
{
    uint64_t start = hash_bytes(topic, strlen(topic)) % (uint64_t)parallelism;

    return (uint32_t)((start + (uint64_t)partition) % (uint64_t)parallelism);
}

char *kafka_splits_name(const char *topic, int32_t partition)
{
    return mem_printf("%s-%" PRId32, topic, partition);
}

static void split_free(struct kafka_split *split)
{
    if (split == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(split->scopes); i++)
        if (split->scopes[i])
            metrics_scope_remove(split->scopes[i]);
    mem_free(split->name);
    mem_free(split->topic);
    mem_free(split);
}

static struct kafka_split *split_new(const char *topic, int32_t partition)
{
    struct kafka_split *split = mem_zalloc(sizeof *split);

    if (split == NULL)
        return NULL;
    split->topic = mem_strdup(topic);
    split->name = kafka_splits_name(topic, partition);
    if (split->topic && split->name)
        return split;
    split_free(split);
    return NULL;
}

struct kafka_split *kafka_splits_add(struct kafka_splits *s, const char *topic, int32_t partition,
                                     int64_t next, int64_t stop)
{
    struct kafka_split *split = split_new(topic, partition);

    if (split == NULL || !MEM_GROW(s->list, (size_t)s->count, s->capacity) ||
        !map_put(&s->by_name, slice_text(split->name), split)) {
        split_free(split);
        return NULL;
    }
    split->partition = partition;
    split->number = s->count;
    split->next = next;
    split->committed = -1;
    split->stop = stop;
    s->list[s->count++] = split;
    return split;
}

struct kafka_split *kafka_splits_find(const struct kafka_splits *s, const char *topic, int32_t partition)
{
    for (int32_t i = 0; i < s->count; i++)
        if (s->list[i]->partition == partition && strcmp(s->list[i]->topic, topic) == 0)
            return s->list[i];
    return NULL;
}

void kafka_splits_fini(struct kafka_splits *s)
{
    for (int32_t i = 0; i < s->count; i++)
        split_free(s->list[i]);
    mem_free(s->list);
    map_fini(&s->by_name);
    *s = (struct kafka_splits){0};
}

static bool is_of(const struct kafka_split *split, const rd_kafka_topic_t *rkt, int32_t partition)
{
    return split->rkt == rkt && split->partition == partition;
}

struct kafka_split *kafka_splits_of(struct kafka_splits *s, rd_kafka_topic_t *rkt, int32_t partition)
{
    struct kafka_split *split;

    if (LIKELY(s->last && is_of(s->last, rkt, partition)))
        return s->last;
    for (int32_t i = 0; i < s->count; i++)
        if (is_of(s->list[i], rkt, partition))
            return s->last = s->list[i];
    split = kafka_splits_find(s, rd_kafka_topic_name(rkt), partition);
    if (split == NULL || split->finished)
        return NULL;
    split->rkt = rkt;
    return s->last = split;
}

bool kafka_splits_all_finished(const struct kafka_splits *s)
{
    for (int32_t i = 0; i < s->count; i++)
        if (!s->list[i]->finished)
            return false;
    return true;
}

size_t kafka_splits_format(const struct kafka_split *split, char out[KAFKA_SPLIT_TEXT_MAX])
{
    int len = snprintf(out, KAFKA_SPLIT_TEXT_MAX, "%" PRId64, split->next);

    if (split->stop != KAFKA_NO_STOP)
        len += snprintf(out + len, KAFKA_SPLIT_TEXT_MAX - (size_t)len, "..%" PRId64, split->stop);
    return (size_t)len;
}

/* Digits from the start of text; false when there are none, or too many. Moves text behind them. */
static bool take_number(struct slice *text, int64_t *out)
{
    size_t n = 0;

    *out = 0;
    while (n < text->len && text->ptr[n] >= '0' && text->ptr[n] <= '9') {
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, text->ptr[n] - '0', out))
            return false;
        n++;
    }
    *text = slice_from(*text, n);
    return n > 0;
}

static bool parse_offsets(struct slice text, int64_t *next, int64_t *stop)
{
    *stop = KAFKA_NO_STOP;
    if (!take_number(&text, next))
        return false;
    if (text.len == 0)
        return true;
    if (!slice_starts(text, SLICE("..")))
        return false;
    text = slice_from(text, 2);
    return take_number(&text, stop) && text.len == 0;
}

enum err kafka_splits_parse(const char *name, struct slice text, struct slice *topic, int32_t *partition,
                            int64_t *next, int64_t *stop, struct error *e)
{
    const char *dash = strrchr(name, '-');
    struct slice digits;
    int64_t number;

    if (dash == NULL || dash == name)
        goto corrupt;
    digits = slice_text(dash + 1);
    if (!take_number(&digits, &number) || digits.len || number > INT32_MAX ||
        !parse_offsets(text, next, stop))
        goto corrupt;
    *topic = slice_of(name, (size_t)(dash - name));
    *partition = (int32_t)number;
    return OK;
corrupt:
    return error_set(e, ERR_CORRUPT,
                     "the checkpoint's item '%s' = '" SLICE_FMT "' is no Kafka partition and offset", name,
                     SLICE_ARG(slice_of(text.ptr, MIN(text.len, 80))));
}

int64_t kafka_splits_lag(const struct kafka_split *split)
{
    int64_t low = 0, high = RD_KAFKA_OFFSET_INVALID, next = split->next;

    if (split->rk == NULL ||
        rd_kafka_get_watermark_offsets(split->rk, split->topic, split->partition, &low, &high))
        return 0;
    return high > next ? high - next : 0;
}
