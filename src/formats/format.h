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
    RAW_HEADERS,        /* MAP<STRING, BYTES>, nullable: nobody asked for them */
    RAW_LEADER_EPOCH,   /* INT32, nullable */
    RAW_COLUMN_COUNT
};
extern const struct schema format_raw_schema;

/* The columns of an error row: the raw ones, then these two. */
enum error_column { ERROR_TYPE = RAW_COLUMN_COUNT, ERROR_MESSAGE, ERROR_COLUMN_COUNT };
extern const struct schema format_error_schema;

#define RAW_NONE           (-1)
#define FORMAT_METADATA(n) (-2 - (n)) /* and the other way round, of a value below RAW_NONE */

/* What a decoder is asked for. Borrowed by the decoder: must outlive it. */
struct decode_spec {
    const struct schema *schema; /* of the rows wanted: only these fields are decoded */
    const int32_t *raw; /* per field: the enum raw_column that fills it; RAW_NONE: from the payload by name;
                           FORMAT_METADATA(n): from the format's metadata[n] */
    const struct schema *physical; /* all columns of the table that are from payloads, in their order: a csv's
                                      are told by their place; NULL: those of schema that are RAW_NONE */
    const struct map *options; /* text to text (const char *): the WITH options without the format's prefix */
    bool skips_null;       /* a record without payload (a tombstone) is left out; else it is an error, or a
                                  row of NULL where the format has one for it (raw) */
    struct budget *budget; /* may be NULL */
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

struct encode_spec; /* encode.h */
struct encoder;

enum option_type { OPTION_TEXT, OPTION_FLAG, OPTION_CHAR, OPTION_WORD, OPTION_SECRET };

/* One option of a format: what its documentation says of it, and by what it is checked. */
struct format_option {
    const char *name; /* without the format's prefix; `properties.*`: any name that begins so */
    enum option_type type;
    const char *fallback; /* when it is not given; NULL: none */
    const char *doc;      /* one sentence */
    const char *words;    /* OPTION_WORD: the values, `SQL|ISO-8601` */
    bool required;        /* by whoever reads or writes the format */
    const char *refused;  /* not NULL: known from Flink, but weir cannot: what to do instead */
};

#define FORMAT_NEVER   0u                 /* it cannot be read, or written */
#define FORMAT_INSERTS (1u << ROW_INSERT) /* only these: a plain stream of records */
#define FORMAT_CHANGES 15u                /* any row kind: a changelog */

struct format {
    const char *name; /* "avro-confluent" */
    const char *doc;  /* one sentence */
    const struct format_option *options;
    int32_t option_count;
    unsigned reads;               /* row kinds that a decoder gives: FORMAT_... */
    unsigned writes;              /* row kinds that an encoder takes: FORMAT_... */
    const struct field *metadata; /* that a decoder can fill columns from; a Kafka table calls them
                                     `value.<name>` */
    int32_t metadata_count;
    /* Options that are right one by one, but not together; prefix as below. May be NULL. */
    enum err (*check)(const struct map *options, const char *prefix, struct error *e);
    enum err (*decoder_new)(const struct decode_spec *spec, struct decoder **out, struct error *e);
    enum err (*encoder_new)(const struct encode_spec *spec, struct encoder **out, struct error *e);
};

/* NULL when there is no such format; format_names lists them, comma-separated, for the error that says so. */
const struct format *format_find(const char *name);
const char *format_names(void);
const struct format *format_at(size_t n); /* the nth, NULL behind the last: for documentation */

/* ERR_CONFIG when an option is unknown (with the nearest name, and all of them), missing, or has a value that
 * cannot be; contradictions are found too. Decoders and encoders check their own: this is for whoever wants
 * to know at once, when a table is made. prefix (`json.`, `value.json.`) is put before names in messages;
 * NULL: the format's name and a point. */
MUST_USE enum err format_check_options(const struct format *f, const struct map *options, const char *prefix,
                                       struct error *e);

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
