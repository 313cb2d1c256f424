/* kafka_buffer.c: see kafka_buffer.h. */
#include "connectors/kafka_buffer.h"
#include "base/mem.h"

#define MOST_BYTES ((size_t)8 << 20) /* payloads that were overtaken count, too: they wait for their block */

void kafka_buffer_init(struct kafka_buffer *f, int64_t most_rows)
{
    *f = (struct kafka_buffer){.most_rows = most_rows};
}

void kafka_buffer_fini(struct kafka_buffer *f)
{
    assert(f->first == NULL);
    map_fini(&f->numbers);
    mem_free(f->spots);
    *f = (struct kafka_buffer){0};
}

static bool note(struct kafka_buffer *f, struct kafka_block *b, int32_t nth)
{
    struct slice key = payload_run_get(&b->keys, nth);
    size_t number = (size_t)(uintptr_t)map_get(&f->numbers, key);

    if (number) {
        struct kafka_spot *spot = &f->spots[number - 1];

        if (!kafka_block_kill(spot->block, spot->nth))
            return false;
        *spot = (struct kafka_spot){b, nth};
        return true;
    }
    if (!MEM_GROW(f->spots, f->spot_count, f->spot_capacity) ||
        !map_put(&f->numbers, key, (void *)(uintptr_t)(f->spot_count + 1)))
        return false;
    f->spots[f->spot_count++] = (struct kafka_spot){b, nth};
    return true;
}

enum err kafka_buffer_add(struct kafka_buffer *f, struct kafka_block *b, struct error *e)
{
    b->next = NULL;
    if (f->last)
        f->last->next = b;
    else
        f->first = b;
    f->last = b;
    f->bytes += b->keys.bytes.len + b->values.bytes.len;
    for (int32_t i = 0; i < b->values.count; i++)
        if (!kafka_block_is_dead(b, i) && !note(f, b, i))
            return error_memory(e, sizeof *f->spots, "rows that wait for Kafka");
    return OK;
}

bool kafka_buffer_is_full(const struct kafka_buffer *f)
{
    return (int64_t)f->spot_count >= f->most_rows || f->bytes >= MOST_BYTES;
}

struct kafka_block *kafka_buffer_take(struct kafka_buffer *f)
{
    struct kafka_block *b = f->first;

    if (b == NULL)
        return NULL;
    f->first = b->next;
    b->next = NULL;
    if (f->first)
        return b;
    f->last = NULL;
    f->bytes = f->spot_count = 0;
    map_fini(&f->numbers);
    return b;
}
