/* state.c: the store, its states, and the entries by (key, namespace): finds the space, then leaves it to
 * space.c. */
#include "state/state_internal.h"
#include "base/budget.h"
#include "base/mem.h"

#define AHEAD          8    /* keys: from prefetching the slot to the entry, and from there to its use */
#define PREFETCH_COUNT 1024 /* entries: with fewer it costs more than it gains */

struct state_store *state_store_new(const struct state_config *config)
{
    struct state_store *store = mem_zalloc(sizeof *store);

    assert(config->max_parallelism >= 1 && config->max_parallelism <= 32768);
    assert(config->first_key_group <= config->last_key_group &&
           config->last_key_group < config->max_parallelism);
    if (store == NULL)
        return NULL;
    store->config = *config;
    store->epoch = 1;
    return store;
}

static void state_free(struct state *s)
{
    struct space_spot spot = {0};

    for (struct space *sp; (sp = space_order_at(&s->order, spot)) != NULL;
         spot = space_order_next(&s->order, spot))
        space_free(&s->env, sp);
    space_order_fini(&s->order);
    arena_fini(&s->arena);
    mem_free(s);
}

void state_store_free(struct state_store *store)
{
    if (store == NULL)
        return;
    while (store->states) {
        struct state *s = store->states;

        store->states = s->next;
        state_free(s);
    }
    mem_free(store);
}

/* --- declaring --- */

static enum err check_name(const char *name, struct error *e)
{
    for (const char *c = name; *c; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
            strchr("_-.", *c) == NULL)
            return error_set(
                e, ERR_CONFIG,
                "the state name \"%s\" becomes a file name: use letters, digits, '_', '-' and '.'", name);
    if (*name == '\0')
        return error_set(e, ERR_CONFIG, "a state needs a name");
    return OK;
}

static void check_fields(const struct state_desc *d)
{
    for (size_t i = 0; d->fields && i < d->field_count; i++) {
        assert(!type_is_view(d->fields[i].type) && !type_is_nested(d->fields[i].type));
        assert(d->fields[i].offset + type_width(d->fields[i].type) <= d->value_size);
    }
}

/* The caller's may live in an operator, and that die before the last snapshot is written. */
static const struct schema *copy_key(struct arena *arena, const struct schema *key)
{
    struct schema *copy = ARENA_NEW(arena, struct schema);
    const void *fields = arena_copy(arena, key->fields, (size_t)key->field_count * sizeof *key->fields);

    if (copy == NULL || fields == NULL)
        return NULL;
    *copy = (struct schema){key->field_count, fields};
    return copy;
}

enum err state_declare(struct state_store *store, const struct state_desc *desc, struct state **out,
                       struct error *e)
{
    struct state **end = &store->states, *s = NULL;
    enum err rc;

    for (; *end; end = &(*end)->next)
        assert(strcmp((*end)->desc.name, desc->name) != 0);
    check_fields(desc);
    if ((rc = check_name(desc->name, e)) != OK)
        return rc;
    if ((s = mem_zalloc(sizeof *s)) == NULL) {
        rc = error_memory(e, sizeof *s, "a state");
        goto out;
    }
    s->store = store;
    s->desc = *desc;
    s->desc.name = arena_strdup(&s->arena, desc->name);
    s->desc.key = copy_key(&s->arena, desc->key);
    if (s->desc.name == NULL || s->desc.key == NULL) {
        rc = error_memory(e, sizeof *desc->key, "a state");
        goto out;
    }
    s->env = (struct space_env){entry_layout_of(desc->value_size, desc->ttl_us > 0), store->config.budget,
                                &store->epoch};
    s->order.budget = store->config.budget;
    s->expire_name = INT64_MIN;
    if ((rc = file_schema(&s->arena, desc, &s->file, e)) != OK)
        goto out;
    *out = *end = s;
    return OK;
out:
    if (s)
        state_free(s);
    return error_add(e, rc, "declaring the state %s", desc->name);
}

/* --- spaces --- */

static inline struct space **recent_of(const struct state *s, int64_t name_space)
{
    return (struct space **)(uintptr_t)&s->recent[hash_mix((uint64_t)name_space) & (STATE_RECENT - 1)];
}

static struct space *seek_space(const struct state *s, int64_t name_space)
{
    struct space *sp = space_order_at(&s->order, space_order_seek(&s->order, name_space));

    if (sp == NULL || sp->name != name_space)
        return NULL;
    *recent_of(s, name_space) = sp; /* a cache: s is the same without it */
    return sp;
}

static inline struct space *find_space(const struct state *s, int64_t name_space)
{
    struct space *sp = *recent_of(s, name_space);

    return LIKELY(sp && sp->name == name_space) ? sp : seek_space(s, name_space);
}

static void drop_space(struct state *s, struct space *sp)
{
    struct space **recent = recent_of(s, sp->name);

    if (*recent == sp)
        *recent = NULL;
    space_order_remove(&s->order, space_order_seek(&s->order, sp->name));
    space_free(&s->env, sp);
}

static struct space *add_space(struct state *s, int64_t name_space)
{
    struct space *sp = space_new(&s->env, name_space);

    assert(s->desc.has_namespace || name_space == 0);
    if (sp && !space_order_add(&s->order, sp)) {
        space_free(&s->env, sp);
        return NULL;
    }
    return sp;
}

/* --- entries --- */

static inline int64_t now_us(const struct state *s)
{
    return s->desc.ttl_us ? clock_wall_us(s->store->config.clock) : 0;
}

static inline struct entry *find_entry(const struct state *s, struct space *sp, struct key key,
                                       uint32_t *slot)
{
    return sp ? space_find(&s->env, sp, key, slot) : NULL;
}

static bool key_is_ours(const struct state *s, uint64_t hash)
{
    const struct state_config *c = &s->store->config;
    uint32_t group = hash_key_group(hash, c->max_parallelism);

    return group >= c->first_key_group && group <= c->last_key_group;
}

/* Add a key that is not in sp (NULL: nor is the space). */
static struct entry *add_entry(struct state *s, struct space *sp, struct key key, int64_t name_space,
                               size_t value_len)
{
    struct entry *x;

    assert(key_is_ours(s, key.hash));
    if (sp == NULL && (sp = add_space(s, name_space)) == NULL)
        return NULL;
    if ((x = space_add(&s->env, sp, key, value_len)) == NULL) {
        if (sp->count == 0)
            drop_space(s, sp);
        return NULL;
    }
    s->count++;
    return x;
}

static void remove_entry(struct state *s, struct space *sp, uint32_t slot)
{
    space_remove(&s->env, sp, slot);
    s->count--;
    if (sp->count == 0)
        drop_space(s, sp);
}

struct slice state_get(struct state *s, struct key key, int64_t name_space)
{
    uint32_t slot;
    struct entry *x = find_entry(s, find_space(s, name_space), key, &slot);

    if (x == NULL || (s->desc.ttl_us && state_time_is_over(&s->desc, x, now_us(s))))
        return (struct slice){NULL, 0};
    return entry_bytes(&s->env.layout, x);
}

void state_prefetch(const struct state *s, const struct key *keys, int32_t at, int32_t count,
                    int64_t name_space)
{
    const struct space *sp = find_space(s, name_space);

    if (sp == NULL || sp->count < PREFETCH_COUNT || at + 2 * AHEAD >= count)
        return;
    space_prefetch_slot(sp, keys[at + 2 * AHEAD].hash);
    space_prefetch_entry(sp, keys[at + AHEAD].hash);
}

void *state_edit(struct state *s, struct key key, int64_t name_space, bool *created)
{
    struct space *sp = find_space(s, name_space);
    uint32_t slot;
    struct entry *x = find_entry(s, sp, key, &slot);
    int64_t now = now_us(s);
    bool is_new = x == NULL;

    assert(s->desc.value_size);
    if ((x = x ? space_own(sp, slot) : add_entry(s, sp, key, name_space, 0)) == NULL)
        return NULL;
    if (s->desc.ttl_us) {
        if (!is_new && state_time_is_over(&s->desc, x, now)) {
            memset(entry_value(&s->env.layout, x), 0, s->desc.value_size);
            is_new = true;
        }
        *entry_written(x) = now;
    }
    if (created)
        *created = is_new;
    return entry_value(&s->env.layout, x);
}

/* Grown values get half as much again, so that appending little by little costs little. */
static size_t room_to_grow(size_t len)
{
    return MIN(len + len / 2, (size_t)ENTRY_VALUE_MAX);
}

bool state_put(struct state *s, struct key key, int64_t name_space, struct slice value)
{
    const struct entry_layout *l = &s->env.layout;
    struct space *sp = find_space(s, name_space);
    uint32_t slot;
    struct entry *x = find_entry(s, sp, key, &slot);

    assert(l->value_size == 0 || value.len == l->value_size);
    if (value.len > ENTRY_VALUE_MAX)
        return false;
    if (x == NULL)
        x = add_entry(s, sp, key, name_space, value.len);
    else if (l->value_size || *entry_room(l, x) >= value.len)
        x = space_own(sp, slot);
    else
        x = space_replace(&s->env, sp, key, room_to_grow(value.len));
    if (x == NULL)
        return false;
    if (value.len)
        memcpy(entry_value(l, x), value.ptr, value.len);
    if (l->value_size == 0)
        *entry_len(l, x) = (uint32_t)value.len;
    if (l->timed)
        *entry_written(x) = now_us(s);
    return true;
}

bool state_remove(struct state *s, struct key key, int64_t name_space)
{
    struct space *sp = find_space(s, name_space);
    uint32_t slot;
    struct entry *x = find_entry(s, sp, key, &slot);
    bool there;

    if (x == NULL)
        return false;
    there = !(s->desc.ttl_us && state_time_is_over(&s->desc, x, now_us(s)));
    remove_entry(s, sp, slot);
    return there;
}

char *state_insert(struct state *s, struct key key, int64_t name_space, size_t value_len, int64_t written_us,
                   bool *twice)
{
    struct space *sp = find_space(s, name_space);
    uint32_t slot;
    struct entry *x = find_entry(s, sp, key, &slot);

    *twice = x != NULL;
    if (x || (x = add_entry(s, sp, key, name_space, value_len)) == NULL)
        return NULL;
    if (s->env.layout.timed)
        *entry_written(x) = written_us;
    return entry_value(&s->env.layout, x);
}

/* --- namespaces --- */

bool state_next_namespace(const struct state *s, int64_t from, int64_t *name_space)
{
    struct space *sp = space_order_at(&s->order, space_order_seek(&s->order, from));

    if (sp == NULL)
        return false;
    *name_space = sp->name;
    return true;
}

void state_drop_namespace(struct state *s, int64_t name_space)
{
    struct space *sp = find_space(s, name_space);

    if (sp == NULL)
        return;
    s->count -= sp->count;
    drop_space(s, sp);
}

size_t state_count(const struct state *s)
{
    return s->count;
}

bool state_next(struct state *s, int64_t name_space, size_t *at, struct key *key, struct slice *value)
{
    struct space *sp = find_space(s, name_space);
    struct entry *x;
    int64_t now = now_us(s);

    while (sp && (x = space_next(&s->env, sp, at)) != NULL) {
        if (state_time_is_over(&s->desc, x, now))
            continue;
        *key = (struct key){{entry_key(&s->env.layout, x), x->key_len}, x->hash};
        *value = entry_bytes(&s->env.layout, x);
        return true;
    }
    return false;
}

/* --- time to live --- */

/* Look at up to `most` entries of s from where the last call stopped; how many were looked at. Begins again
 * at the first namespace in the call after the last one's. */
static size_t expire(struct state *s, size_t most, int64_t now)
{
    size_t looked = 0;
    struct space *sp;
    struct entry *x;
    uint32_t slot;

    while (looked < most) {
        if ((sp = space_order_at(&s->order, space_order_seek(&s->order, s->expire_name))) == NULL) {
            s->expire_name = INT64_MIN;
            s->expire_at = 0;
            break;
        }
        if (sp->name != s->expire_name) {
            s->expire_name = sp->name;
            s->expire_at = 0;
        }
        if ((x = space_next(&s->env, sp, &s->expire_at)) == NULL) {
            s->expire_at = 0;
            s->expire_name = sp->name == INT64_MAX ? INT64_MIN : sp->name + 1;
            if (s->expire_name == INT64_MIN)
                break;
            continue;
        }
        looked++;
        if (state_time_is_over(&s->desc, x, now) &&
            space_find(&s->env, sp, (struct key){{entry_key(&s->env.layout, x), x->key_len}, x->hash}, &slot))
            remove_entry(s, sp, slot);
    }
    return looked;
}

void state_expire(struct state_store *store, size_t most)
{
    for (struct state *s = store->states; s && most; s = s->next)
        if (s->desc.ttl_us)
            most -= expire(s, most, now_us(s));
}
