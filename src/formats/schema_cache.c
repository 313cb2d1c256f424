/* schema_cache.c: see schema_cache.h. */
#include "formats/schema_cache.h"
#include "base/mem.h"
#include <pthread.h>

#define FETCHES_MAX         16   /* under way at a time: payloads of garbage name any number of ids */
#define ENTRIES_MAX         4096 /* then the bad ones are forgotten */
#define ROUNDS_TO_ASK_AGAIN 100  /* a registry may know tomorrow what it does not know today */

/* What the task and the fetches share; the last one frees it. */
struct shared {
    pthread_mutex_t lock;
    int refs;
    bool closed;               /* the cache is gone: nobody is to be woken */
    struct registry *registry; /* owned */
    void (*wake)(void *arg);
    void *wake_arg;
};

/* One question. Written by the executor's thread until done. */
struct fetch {
    struct shared *shared; /* a reference */
    int refs;              /* of the entry and of the executor; under shared's lock */
    bool done;             /* under shared's lock; what follows is the task's from then on */
    int32_t id, version;
    enum err rc;
    struct error error;
    struct bytes document;
};

struct schema_cache {
    const struct decode_spec *spec; /* borrowed */
    const bool *wanted;             /* borrowed */
    struct avro_schema *reader;     /* owned; NULL when there is none */
    struct shared *shared;          /* a reference */
    struct map entries;             /* id, as bytes, to struct schema_entry, owned */
    int64_t round;
    int fetch_count; /* under way */
};

/* --- what is shared --- */

static void unref_shared(struct shared *s)
{
    int refs;

    pthread_mutex_lock(&s->lock);
    refs = --s->refs;
    pthread_mutex_unlock(&s->lock);
    if (refs > 0)
        return;
    registry_free(s->registry);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

static void unref_fetch(struct fetch *f)
{
    struct shared *s = f->shared;
    int refs;

    pthread_mutex_lock(&s->lock);
    refs = --f->refs;
    pthread_mutex_unlock(&s->lock);
    if (refs > 0)
        return;
    bytes_fini(&f->document);
    mem_free(f);
    unref_shared(s);
}

/* On a thread of the executor. The wake is called under the lock, so that the cache is not freed meanwhile.
 */
static void run_fetch(void *arg)
{
    struct fetch *f = arg;
    struct shared *s = f->shared;

    f->rc = registry_schema(s->registry, f->id, &f->document, &f->version, &f->error);
    pthread_mutex_lock(&s->lock);
    f->done = true;
    if (!s->closed && s->wake)
        s->wake(s->wake_arg);
    pthread_mutex_unlock(&s->lock);
    unref_fetch(f);
}

/* --- making --- */

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a cache of schemas");
}

enum err schema_cache_new(const struct decode_spec *spec, const bool *wanted, struct registry *registry,
                          struct avro_schema *reader, struct schema_cache **out, struct error *e)
{
    struct schema_cache *c = mem_zalloc(sizeof *c);
    struct shared *s = mem_zalloc(sizeof *s);

    if (c == NULL || s == NULL) {
        mem_free(c);
        mem_free(s);
        return no_memory(e);
    }
    pthread_mutex_init(&s->lock, NULL);
    s->refs = 1;
    s->registry = registry;
    s->wake = spec->wake;
    s->wake_arg = spec->wake_arg;
    *c = (struct schema_cache){.spec = spec, .wanted = wanted, .reader = reader, .shared = s};
    *out = c;
    return OK;
}

static void free_entry(struct schema_entry *entry)
{
    if (entry->fetch)
        unref_fetch(entry->fetch);
    avro_plan_free(entry->plan);
    mem_free(entry->reason);
    mem_free(entry);
}

void schema_cache_free(struct schema_cache *c)
{
    struct map_entry *m;
    size_t at = 0;

    if (c == NULL)
        return;
    pthread_mutex_lock(&c->shared->lock);
    c->shared->closed = true;
    pthread_mutex_unlock(&c->shared->lock);
    while ((m = map_next(&c->entries, &at)) != NULL)
        free_entry(m->value);
    map_fini(&c->entries);
    avro_schema_free(c->reader);
    unref_shared(c->shared);
    mem_free(c);
}

/* --- entries --- */

struct schema_entry *schema_cache_known(struct schema_cache *c, int32_t id)
{
    return map_get(&c->entries, slice_of(&id, sizeof id));
}

void schema_cache_begin(struct schema_cache *c)
{
    struct map_entry *m;
    size_t at = 0;

    c->round++;
    if (map_count(&c->entries) < ENTRIES_MAX)
        return;
    while ((m = map_next(&c->entries, &at)) != NULL) {
        struct schema_entry *entry = m->value;
        int32_t id = entry->id;

        if (entry->state != SCHEMA_BAD)
            continue;
        map_remove(&c->entries, slice_of(&id, sizeof id));
        free_entry(entry);
    }
}

static struct schema_entry *add_entry(struct schema_cache *c, int32_t id)
{
    struct schema_entry *entry = mem_zalloc(sizeof *entry);

    if (entry == NULL)
        return NULL;
    entry->id = id;
    if (map_put(&c->entries, slice_of(&id, sizeof id), entry))
        return entry;
    mem_free(entry);
    return NULL;
}

static enum err ask(struct schema_cache *c, struct schema_entry *entry, struct error *e)
{
    struct fetch *f;

    if (c->fetch_count == FETCHES_MAX)
        return OK; /* its turn comes when one of those is done */
    if ((f = mem_zalloc(sizeof *f)) == NULL)
        return no_memory(e);
    *f = (struct fetch){.shared = c->shared, .refs = 2, .id = entry->id};
    pthread_mutex_lock(&c->shared->lock);
    c->shared->refs++;
    pthread_mutex_unlock(&c->shared->lock);
    if (!executor_submit(c->spec->executor, run_fetch, f)) {
        f->refs = 1;
        unref_fetch(f);
        return no_memory(e);
    }
    entry->fetch = f;
    entry->state = SCHEMA_FETCHING;
    c->fetch_count++;
    return OK;
}

static bool is_done(struct fetch *f)
{
    bool done;

    pthread_mutex_lock(&f->shared->lock);
    done = f->done;
    pthread_mutex_unlock(&f->shared->lock);
    return done;
}

/* The payloads of this schema are lost to errors, with the reason of e. */
static enum err make_bad(struct schema_cache *c, struct schema_entry *entry, const char *type,
                         struct error *e)
{
    entry->state = SCHEMA_NEW;
    if ((entry->reason = mem_printf("schema %" PRId32 ": %s", entry->id, e->text)) == NULL)
        return no_memory(e);
    entry->type = type;
    entry->state = SCHEMA_BAD;
    entry->again = c->round + ROUNDS_TO_ASK_AGAIN;
    return OK;
}

static enum err compile(struct schema_cache *c, struct schema_entry *entry, struct slice document,
                        struct error *e)
{
    struct avro_schema *writer = NULL;
    const char *type = "bad_schema";
    enum err rc = avro_schema_parse(document, &writer, e);

    if (rc == OK) {
        type = "incompatible_schema";
        rc = avro_plan_resolve(writer, c->reader, c->spec->schema, c->wanted, &entry->plan, e);
    }
    avro_schema_free(writer);
    if (rc == OK) {
        entry->state = SCHEMA_READY;
        entry->used = false;
        return OK;
    }
    entry->state = SCHEMA_NEW;
    return rc == ERR_MEMORY ? rc : make_bad(c, entry, type, e);
}

/* The answer is there: what it makes of the entry. */
static enum err take_answer(struct schema_cache *c, struct schema_entry *entry, struct error *e)
{
    struct fetch *f = entry->fetch;
    enum err rc = f->rc;

    *e = f->error;
    entry->fetch = NULL;
    entry->state = SCHEMA_NEW;
    entry->version = f->version;
    c->fetch_count--;
    if (rc == OK)
        rc = compile(c, entry, bytes_all(&f->document), e);
    else if (rc == ERR_NOT_FOUND)
        rc = make_bad(c, entry, "unknown_schema", e);
    else if (rc == ERR_INPUT || rc == ERR_UNSUPPORTED)
        rc = make_bad(c, entry, "bad_schema", e);
    unref_fetch(f);
    return rc;
}

enum err schema_cache_get(struct schema_cache *c, int32_t id, struct schema_entry **out, struct error *e)
{
    struct schema_entry *entry = schema_cache_known(c, id);
    enum err rc = OK;

    if (entry == NULL && (entry = add_entry(c, id)) == NULL)
        return no_memory(e);
    *out = entry;
    if (entry->state == SCHEMA_BAD && c->round >= entry->again) {
        mem_free(entry->reason);
        entry->reason = NULL;
        entry->state = SCHEMA_NEW;
    }
    if (entry->state == SCHEMA_FETCHING && is_done(entry->fetch))
        rc = take_answer(c, entry, e);
    else if (entry->state == SCHEMA_NEW)
        rc = ask(c, entry, e);
    if (rc != OK || entry->state == SCHEMA_READY || entry->state == SCHEMA_BAD)
        return rc;
    return error_set(e, ERR_WAIT, "waiting for schema %" PRId32 " from the registry", id);
}
