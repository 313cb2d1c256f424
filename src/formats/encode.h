/* encode.h: how columns become payloads: the interface of encoders, the mirror of format.h's decoders, listed
 * in the same table.
 *
 *   rows (columns, row kinds)  --encode-->  a run of payloads, one for each live row, in their order
 *
 *   struct payload_run:   bytes | payload 0 | payload 1 | payload 3 |      row 2 has none (a tombstone)
 *                         ends  [ end 0,   end 1,   end 1,   end 3 ]
 *
 * One buffer that grows for all payloads, no allocation per row. A row that cannot be written (a null key of a
 * MAP where JSON's mode is FAIL) fails its batch, as it fails a job in Flink: what has been computed is not
 * dropped silently. Thread: an encoder belongs to one task.
 */
#ifndef WEIR_FORMATS_ENCODE_H
#define WEIR_FORMATS_ENCODE_H
#include "formats/format.h"

/* Payloads of rows, to be used again and again: encoder_encode appends, payload_run_clear empties. A zeroed
 * one is empty. */
struct payload_run {
    struct bytes bytes; /* owned: all payloads, one behind the other */
    size_t *ends;       /* owned: per payload, where it ends in bytes; it begins where the one before ends */
    bool *absent;       /* owned: per payload, there is none: not one of no bytes */
    int32_t count;
    int32_t capacity;      /* of ends and absent */
    struct budget *budget; /* borrowed from the first encoder; may be NULL */
    size_t charged;        /* bytes taken from budget: what the arrays hold */
};
void payload_run_clear(struct payload_run *run); /* no payloads; keeps the memory */
void payload_run_fini(struct payload_run *run);

/* The nth payload; ptr is NULL when there is none. Valid until the next encode, clear or fini. */
static inline struct slice payload_run_get(const struct payload_run *run, int32_t n)
{
    size_t start = n ? run->ends[n - 1] : 0;

    assert(n >= 0 && n < run->count);
    if (run->absent[n])
        return (struct slice){NULL, 0};
    return (struct slice){run->bytes.ptr ? run->bytes.ptr + start : "", run->ends[n] - start};
}

/* What an encoder is asked for. Borrowed by the encoder: must outlive it. */
struct encode_spec {
    const struct schema *schema; /* of what is written: names (a key's without its prefix), types */
    const int32_t *columns;      /* per field: its number in the batches; NULL: the same as here */
    const struct map *options;   /* as in decode_spec */
    const char *topic;           /* or NULL: what the subject in a registry is derived from */
    bool is_key;                 /* the payloads are records' keys */
    bool tombstones;             /* a DELETE or UPDATE_BEFORE has no payload: the values of upsert-kafka */
    struct budget *budget;       /* may be NULL */
    struct executor *executor;   /* for what blocks (the registry); may be NULL for formats that never do */
    void (*wake)(void *arg);     /* call, from any thread, when an encode that said ERR_WAIT can go on */
    void *wake_arg;
};

struct encoder {
    const struct encoder_ops *ops;
};

struct encoder_ops {
    /* Append a payload for each live row of rows (borrowed). A format that can write inserts only (struct
     * format, writes) looks at no row kind, but for tombstones: its caller has made sure, or writes keys.
     * ERR_WAIT: something must be registered first; nothing was appended; call again with the same batch
     * after wake. After any other error out is as it was. */
    enum err (*encode)(struct encoder *enc, const struct batch *rows, struct payload_run *out,
                       struct error *e);
    void (*free)(struct encoder *enc); /* does not wait for what is under way */
};

static inline MUST_USE enum err encoder_encode(struct encoder *enc, const struct batch *rows,
                                               struct payload_run *out, struct error *e)
{
    return enc->ops->encode(enc, rows, out, e);
}
static inline void encoder_free(struct encoder *enc) /* NULL is fine */
{
    if (enc)
        enc->ops->free(enc);
}
#endif
