/* state.h: the keyed state of one task: values by (key, namespace), where the namespace is a window's end, a
 * timer's due time, or 0. Entries lie in pages; a snapshot shares the pages and goes on reading them in the
 * background, and a page that is shared is copied before it is written (copy on write), so a barrier costs no
 * more than taking references.
 *
 *   store --< state (declared: name, key, value, TTL) --< namespace (in order) --< key -> value
 *
 * Invariants
 *   1. Every key's group lies in the store's range.
 *   2. A page that a snapshot holds never changes.
 *   3. All pages and indices are charged to the budget, copies made for a snapshot too.
 * Thread: the task's; a frozen snapshot is read by any one other thread.
 */
#ifndef WEIR_STATE_STATE_H
#define WEIR_STATE_STATE_H
#include "os/clock.h"
#include "state/key.h"

struct fs;
struct state_store;
struct state;
struct state_snapshot;

struct state_field { /* a part of the value's bytes, for readers of savepoints; see state_desc */
    const char *name;
    const struct type *type; /* fixed-width kinds; validity is the program's business */
    size_t offset;           /* bytes from the value's start */
};

struct state_desc {
    const char *name;         /* "daily": part of savepoints, so it means something and stays */
    const struct schema *key; /* the key's fields; their names and types must outlive store and snapshots */
    bool has_namespace;
    size_t value_size; /* bytes when every value has that size; 0: any length */
    const struct state_field
        *fields; /* what lies in a value of fixed size, as columns; NULL: one BYTES column "value" */
    size_t field_count;
    int64_t ttl_us; /* since the last write, processing time; 0: for ever */
};

struct state_config {
    uint32_t max_parallelism;
    uint32_t first_key_group, last_key_group; /* inclusive */
    struct budget *budget;                    /* may be NULL */
    struct clock *clock;
};

struct state_store *state_store_new(const struct state_config *config); /* NULL when there is no memory */
void state_store_free(struct state_store *s);                           /* NULL is fine */

/* Declare; desc is copied with its name and list of key fields. Declaring a name twice is our bug. */
MUST_USE enum err state_declare(struct state_store *store, const struct state_desc *desc, struct state **out,
                                struct error *e);

/* The value, for reading only; {NULL, 0} when there is none (or its TTL is over). Valid until the next call
 * that writes s. */
struct slice state_get(struct state *s, struct key key, int64_t name_space);

/* For loops over the keys of a batch, before the state_edit or state_get of keys[at]: begin to bring what
 * those of the keys some way behind it will read into the processor's cache. Changes nothing. */
void state_prefetch(const struct state *s, const struct key *keys, int32_t at, int32_t count,
                    int64_t name_space);

/* The value of value_size bytes, 8-byte aligned, writable until the next call on s; made zeroed when there is
 * none (*created, may be NULL). NULL when there is no memory: s is as it was. Only for values of fixed size.
 */
MUST_USE void *state_edit(struct state *s, struct key key, int64_t name_space, bool *created);

/* The value becomes these bytes (copied). False when there is no memory: s is as it was. */
MUST_USE bool state_put(struct state *s, struct key key, int64_t name_space, struct slice value);
bool state_remove(struct state *s, struct key key, int64_t name_space); /* whether there was one */

/* Namespaces in order: the smallest that is >= from; false when there is none. */
bool state_next_namespace(const struct state *s, int64_t from, int64_t *name_space);
void state_drop_namespace(struct state *s, int64_t name_space); /* all its entries at once */
size_t state_count(const struct state *s);

/* Visit the entries of a namespace, in no order: start with *at = 0; false at the end. Between two steps the
 * state may be changed only by removing what was given. key->hash is set. */
bool state_next(struct state *s, int64_t name_space, size_t *at, struct key *key, struct slice *value);

/* Remove entries whose TTL is over, at most `most` looked at per call: for the idle time of a task. */
void state_expire(struct state_store *s, size_t most);

/* --- snapshots --- */

/* Share all pages as they are now. NULL when there is no memory. */
struct state_snapshot *state_freeze(struct state_store *s);
size_t state_snapshot_entries(const struct state_snapshot *s);

struct state_file {    /* one state of one task in a checkpoint: a Parquet file: key columns, namespace, value
                          columns */
    const char *state; /* its name; what state_snapshot_write gives lies behind path's terminator */
    char *path;        /* owned: full URI */
    int64_t size_bytes, entry_count;
    uint64_t checksum; /* hash_bytes of the whole file */
};
/* Write each state that has entries to `<prefix><state>.parquet`. *files is owned by the caller
 * (state_files_free). Blocking, any thread. */
MUST_USE enum err state_snapshot_write(struct state_snapshot *s, struct fs *fs, const char *prefix,
                                       struct state_file **files, size_t *count, struct error *e);
void state_files_free(struct state_file *files, size_t count);
void state_snapshot_free(struct state_snapshot *s); /* NULL is fine; any thread */

/* Add the entries of a file whose key groups are in the store's range to the state of that name (which is
 * declared). ERR_CORRUPT: checksum or content; the message names the file. ERR_CONFIG: another key or value
 * layout than was declared: says both. Blocking. */
MUST_USE enum err state_restore_file(struct state_store *s, struct fs *fs, const struct state_file *file,
                                     struct error *e);
#endif
