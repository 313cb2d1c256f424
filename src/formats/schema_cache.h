/* schema_cache.h: the writer's schemas that a decoder has met, fetched from a registry behind its back.
 *
 *                        ┌──────────── asked again after a while ───────────┐
 *   NEW ──ask──► FETCHING ──► READY                                          │
 *    ▲               │ └────► BAD (unknown, no schema, does not fit) ────────┘
 *    └──── failed ◄──┘        its payloads become error rows
 *
 * The task asks (schema_cache_get), an executor's thread fetches and wakes the task. What the two share is
 * counted, so the cache may be freed while a fetch is under way: nobody waits for a registry that does not
 * answer. Thread: the task's.
 */
#ifndef WEIR_FORMATS_SCHEMA_CACHE_H
#define WEIR_FORMATS_SCHEMA_CACHE_H
#include "formats/avro_schema.h"
#include "formats/payloads.h"
#include "formats/registry.h"

struct schema_cache;

enum schema_state { SCHEMA_NEW, SCHEMA_FETCHING, SCHEMA_READY, SCHEMA_BAD };

/* A schema that was met. Valid until the next schema_cache_begin. */
struct schema_entry {
    int32_t id, version; /* version 0: not known */
    enum schema_state state;
    struct avro_plan *plan; /* READY: owned by the cache */
    bool used;              /* the caller's: false when it becomes ready */
    const char *type;       /* BAD: of the error row; static */
    char *reason;           /* BAD: owned by the cache */
    int64_t again;          /* BAD: the round in which it is asked for again */
    struct fetch *fetch;    /* FETCHING */
};

/* spec (borrowed) says which columns are wanted, on which executor to fetch, and how to wake. Takes registry
 * and reader (which may be NULL) on success. */
MUST_USE enum err schema_cache_new(const struct decode_spec *spec, const bool *wanted,
                                   struct registry *registry, struct avro_schema *reader,
                                   struct schema_cache **out, struct error *e);
void schema_cache_free(struct schema_cache *c); /* NULL is fine */

/* A new round: before the ids of a new batch are asked for; not of one that had to wait. */
void schema_cache_begin(struct schema_cache *c);

/* The entry of id, READY or BAD. ERR_WAIT: it is being fetched; ask again after spec's wake. Else the
 * registry cannot be reached: the next call tries again. */
MUST_USE enum err schema_cache_get(struct schema_cache *c, int32_t id, struct schema_entry **out,
                                   struct error *e);

/* The entry of an id that schema_cache_get gave in this round. */
struct schema_entry *schema_cache_known(struct schema_cache *c, int32_t id);
#endif
