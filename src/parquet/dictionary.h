/* dictionary.h: the values of one column chunk, each once, numbered as they come: a hash table that grows on
 * demand. Numbers are kept as 64 bits, whatever their width; bytes as PLAIN has them (length and bytes, FIXED
 * without length).
 */
#ifndef WEIR_PARQUET_DICTIONARY_H
#define WEIR_PARQUET_DICTIONARY_H
#include "batch/column.h"
#include "parquet/pbuf.h"

struct dictionary {
    struct pbuf slots;   /* uint32_t: id + 1, or 0; a power of two of them */
    struct pbuf entries; /* struct dictionary_entry; bytes only */
    struct pbuf data;    /* uint64_t values, or bytes in PLAIN encoding */
    uint32_t count, slot_mask;
    bool fixed; /* bytes without their lengths */
};

struct dictionary_entry {
    uint32_t hash, len;
    uint64_t offset; /* of the bytes, in data */
};

void dictionary_init(struct dictionary *d, struct budget *budget, bool fixed); /* no memory yet */
void dictionary_fini(struct dictionary *d);
void dictionary_clear(struct dictionary *d); /* keeps small memory */

/* The ids of count values; false when there is no memory. */
MUST_USE bool dictionary_add_numbers(struct dictionary *d, const uint64_t *values, int32_t count,
                                     uint32_t *ids);
MUST_USE bool dictionary_add_views(struct dictionary *d, const struct view *views, int32_t count,
                                   uint32_t *ids);

static inline uint64_t dictionary_number(const struct dictionary *d, uint32_t id)
{
    return ((const uint64_t *)(const void *)d->data.ptr)[id];
}

static inline struct slice dictionary_bytes(const struct dictionary *d, uint32_t id)
{
    const struct dictionary_entry *e = (const struct dictionary_entry *)(const void *)d->entries.ptr + id;

    return (struct slice){d->data.ptr + e->offset, e->len};
}
#endif
