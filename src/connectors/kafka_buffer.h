/* kafka_buffer.h: rows of an upsert sink on their way to the producer: of each key the last one, so that a
 * key that changes often is sent once in a while. Rows wait as encoded payloads in their blocks; one that is
 * overtaken is marked there as dead.
 *
 *   spots   key b -> (block 4, 1)       | block 3: a b x | block 4: c b |      x: was never to be sent
 *                                            dead: b
 */
#ifndef WEIR_CONNECTORS_KAFKA_BUFFER_H
#define WEIR_CONNECTORS_KAFKA_BUFFER_H
#include "base/map.h"
#include "connectors/kafka_producer.h"

/* Where the last row of a key waits. */
struct kafka_spot {
    struct kafka_block *block;
    int32_t nth;
};

struct kafka_buffer {
    int64_t most_rows;
    struct map numbers;       /* key payload to its spot's number + 1 */
    struct kafka_spot *spots; /* owned */
    size_t spot_count, spot_capacity;
    struct kafka_block *first, *last; /* owned */
    size_t bytes;                     /* of the blocks */
};

void kafka_buffer_init(struct kafka_buffer *f, int64_t most_rows);
void kafka_buffer_fini(struct kafka_buffer *f); /* its blocks must have been taken */

/* Takes the block, also on failure. */
MUST_USE enum err kafka_buffer_add(struct kafka_buffer *f, struct kafka_block *b, struct error *e);
bool kafka_buffer_is_full(const struct kafka_buffer *f);

/* The next block to be sent, in order; NULL when there is none left. All are to be taken before others come.
 */
struct kafka_block *kafka_buffer_take(struct kafka_buffer *f);
#endif
