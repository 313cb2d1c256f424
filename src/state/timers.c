/* timers.c: a state whose namespace is the due time and whose values say nothing. */
#include "state/timers.h"

static const struct state_field no_fields[1];

enum err timers_init(struct timers *t, struct state_store *store, const char *name, const struct schema *key,
                     struct error *e)
{
    const struct state_desc desc = {.name = name,
                                    .key = key,
                                    .has_namespace = true,
                                    .value_size = 1,
                                    .fields = no_fields,
                                    .field_count = 0};

    return state_declare(store, &desc, &t->state, e);
}

bool timers_set(struct timers *t, int64_t due_us, struct key key)
{
    return state_get(t->state, key, due_us).ptr || state_edit(t->state, key, due_us, NULL);
}

void timers_delete(struct timers *t, int64_t due_us, struct key key)
{
    state_remove(t->state, key, due_us);
}

bool timers_next_due(const struct timers *t, int64_t *due_us)
{
    return state_next_namespace(t->state, INT64_MIN, due_us);
}

bool timers_pop(struct timers *t, int64_t now_us, int64_t *due_us, struct key *key, struct bytes *key_bytes)
{
    struct slice value;
    size_t at = 0;

    bytes_clear(key_bytes);
    if (!timers_next_due(t, due_us) || *due_us > now_us || !state_next(t->state, *due_us, &at, key, &value))
        return false;
    bytes_slice(key_bytes, key->bytes);
    if (key_bytes->failed)
        return false;
    state_remove(t->state, *key, *due_us);
    key->bytes = bytes_all(key_bytes);
    return true;
}
