/* format.h: how payloads become columns: the interface of decoders, one implementation per file, listed in
 * format.c.
 *
 *   raw batch (value, key, topic, partition, offset, ...)  --decode-->  rows of the table's schema
 *                                                                  \--> rows of format_error_schema
 *
 * A payload that cannot be read is never lost and never stops a decoder: it becomes one row of errors, and
 * what to do about it (fail, skip, dead-letter) is the caller's. Values are views into the payload where they
 * can be. Thread: a decoder belongs to one task.
 */
#ifndef WEIR_FORMATS_FORMAT_H
#define WEIR_FORMATS_FORMAT_H
#include "base/map.h"
#include "batch/builder.h"
#include "metrics/metrics.h"
#include "os/executor.h"

/* The columns of a raw batch, as every source of payloads makes it (format_raw_schema). */
enum raw_column {
    RAW_VALUE,          /* BINARY, nullable: a tombstone has none */
    RAW_KEY,            /* BINARY, nullable */
    RAW_TOPIC,          /* STRING NOT NULL; a file's path */
    RAW_PARTITION,      /* INT32 NOT NULL */
    RAW_OFFSET,         /* INT64 NOT NULL; a file's record number */
    RAW_TIMESTAMP,      /* TIMESTAMP_LTZ(3), nullable (microseconds in memory, as all timestamps) */
    RAW_TIMESTAMP_TYPE, /* STRING NOT NULL: NoTimestampType, CreateTime, LogAppendTime */
    RAW_COLUMN_COUNT
};
extern const struct schema format_raw_schema;

/* The columns of an error row: the raw ones, then these two. */
enum error_column { ERROR_TYPE = RAW_COLUMN_COUNT, ERROR_MESSAGE, ERROR_COLUMN_COUNT };
extern const struct schema format_error_schema;

/* What a decoder is asked for. Borrowed by the decoder: must outlive it. */
struct decode_spec {
    const struct schema *schema; /* of the rows wanted: only these fields are decoded */
    const int32_t *raw; /* per field: the enum raw_column that fills it, or -1: from the payload by name */
    const struct map *options; /* text to text (const char *): the WITH options without the format's prefix */
    struct budget *budget;     /* may be NULL */
    struct executor *executor; /* for what blocks (the registry) */
    struct metrics *registry;  /* that metrics belongs to: for labels of our own; may be NULL */
    struct metric_scope
        *metrics;            /* bare scope for schema_evolution_events, deserialization_errors; may be NULL */
    void (*wake)(void *arg); /* call, from any thread, when a decode that said ERR_WAIT can go on */
    void *wake_arg;
};

struct decoder {
    const struct decoder_ops *ops;
};

struct decoder_ops {
    /* Decode the live rows of raw (borrowed; what is made keeps it alive). *rows and *errors get a batch
     * each, or NULL when there are no such rows. ERR_WAIT: something must be fetched first; nothing was made;
     * call again with the same batch after wake. Any other error is no fault of a payload (the registry
     * cannot be reached): e says. */
    enum err (*decode)(struct decoder *d, struct batch *raw, struct batch **rows, struct batch **errors,
                       struct error *e);
    void (*free)(struct decoder *d); /* waits for what is being fetched */
};

struct format {
    const char *name; /* "avro-confluent" */
    enum err (*decoder_new)(const struct decode_spec *spec, struct decoder **out, struct error *e);
};

/* NULL when there is no such format; format_names lists them, comma-separated, for the error that says so. */
const struct format *format_find(const char *name);
const char *format_names(void);

static inline MUST_USE enum err decoder_decode(struct decoder *d, struct batch *raw, struct batch **rows,
                                               struct batch **errors, struct error *e)
{
    return d->ops->decode(d, raw, rows, errors, e);
}
static inline void decoder_free(struct decoder *d)
{
    if (d)
        d->ops->free(d);
}

/* For decoders: append row of raw to errors (of format_error_schema) with why. type is one word:
 * "deserialization", "tombstone" (no payload), "unknown_schema" (the registry does not know its id),
 * "bad_schema" (what the registry has under its id is no Avro schema), "incompatible_schema" (the columns
 * cannot be read from it). */
void format_error(struct builder *errors, const struct batch *raw, int32_t row, const char *type,
                  const char *message);

/* A payload as text without loss: itself when it is valid UTF-8 without NUL, else "base64:" and its base64.
 */
void format_printable(struct slice payload, struct bytes *out);
bool format_utf8(struct slice text); /* valid UTF-8 */
#endif
