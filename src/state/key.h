/* key.h: keys: columns of a row as bytes, to hash, compare and store; and back into columns.
 * Encoding (stored in checkpoints: never change it), field after field: a byte 0 for absent, else 1 and the
 * value: fixed-width values little-endian, strings and bytes as LEB128 length and bytes. Nested types can not
 * be keys.
 */
#ifndef WEIR_STATE_KEY_H
#define WEIR_STATE_KEY_H
#include "base/bytes.h"
#include "base/hash.h"
#include "batch/builder.h"

struct key {
    struct slice bytes;
    uint64_t hash; /* hash_bytes of them */
};

static inline struct key key_of(struct slice bytes)
{
    return (struct key){bytes, hash_bytes(bytes.ptr, bytes.len)};
}

/* The keys of all live rows of a batch at once: encoded one after the other, hashed. Kept and refilled per
 * batch. */
struct key_batch {
    struct bytes bytes;
    struct key *keys; /* owned; count of them, valid until the next key_batch_fill */
    int32_t count, capacity;
};
void key_batch_fini(struct key_batch *k);
MUST_USE bool key_batch_fill(struct key_batch *k, const struct batch *b, const int32_t *columns,
                             int32_t column_count);

/* Append a key's values to count columns of a builder (types as encoded). False when the bytes are not such a
 * key. */
MUST_USE bool key_decode(struct slice bytes, struct column_builder *columns, int32_t count);
/* ERR_UNSUPPORTED, naming the column, when a column's type cannot be a key. */
MUST_USE enum err key_check(const struct schema *s, const int32_t *columns, int32_t count, struct error *e);
#endif
