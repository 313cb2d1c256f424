/* state_internal.h: what state.c, snapshot.c and restore.c share. */
#ifndef WEIR_STATE_STATE_INTERNAL_H
#define WEIR_STATE_STATE_INTERNAL_H
#include "base/arena.h"
#include "state/space_order.h"
#include "state/state.h"

#define STATE_RECENT 16 /* a power of two */

struct state {
    struct state_store *store; /* borrowed: the owner */
    struct state *next;        /* owned: the next declared */
    struct state_desc desc;
    struct arena arena;        /* the file's schema */
    const struct schema *file; /* the columns of this state in a file; see snapshot.c */
    struct space_env env;
    struct space_order order;
    struct space *recent[STATE_RECENT]; /* by name: spaces found lately */
    size_t count;
    int64_t expire_name; /* where state_expire goes on: namespace and state_next's position */
    size_t expire_at;
};

struct state_store {
    struct state_config config;
    struct state *states; /* owned, in order of declaration */
    uint32_t epoch;       /* raised by each freeze; from 1 */
};

/* Columns of a file, in this order: key_group, the key's, namespace, last_write, the value's. */
struct file_layout {
    int32_t key_from, key_count;
    int32_t name_space, last_write; /* -1: has none */
    int32_t value_from, value_count;
};

/* A page as it was at the freeze. */
struct frozen_page {
    struct page *page; /* owned reference */
    uint32_t used;
    int64_t name_space;
};

struct frozen_state {
    struct state_desc desc; /* with its key NULL: a snapshot may outlive the store */
    struct entry_layout layout;
    struct file_layout columns;
    const struct schema *file; /* owned by arena */
    struct arena arena;
    struct frozen_page *pages; /* owned */
    size_t page_count, entry_count;
};

struct state_snapshot {
    struct frozen_state *states; /* owned */
    size_t state_count;
    uint32_t epoch, max_parallelism;
    int64_t frozen_us; /* wall clock: entries whose TTL was over then are left out */
    struct budget *budget;
};

struct file_layout file_layout_of(const struct state_desc *d);
MUST_USE enum err file_schema(struct arena *arena, const struct state_desc *d, const struct schema **out,
                              struct error *e);
/* The layout as text, `a STRING, b INT NOT NULL`, but for last_write: a state may be given a TTL later, and
 * lose it. */
void file_print(const struct schema *s, struct bytes *out);

#define FILE_LAST_WRITE           "last_write"
#define FILE_META_LAYOUT          "weir.state.layout"
#define FILE_META_MAX_PARALLELISM "weir.state.max-parallelism"

/* For restoring: add an entry that is not there, written at that time. NULL value: no memory; *twice: it was
 * there. */
char *state_insert(struct state *s, struct key key, int64_t name_space, size_t value_len, int64_t written_us,
                   bool *twice);

static inline bool state_time_is_over(const struct state_desc *d, const struct entry *x, int64_t now_us)
{
    return d->ttl_us && now_us - *entry_written(x) >= d->ttl_us;
}
#endif
