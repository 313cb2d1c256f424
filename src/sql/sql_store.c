/* sql_store.c: see sql_store.h. */
#include "sql/sql_store.h"
#include "base/mem.h"
#include <stdlib.h>

struct stored_table {
    struct arena arena; /* owned: t lives in it */
    const struct table_def *t;
};

static void stored_free(struct stored_table *s)
{
    if (s == NULL)
        return;
    arena_fini(&s->arena);
    mem_free(s);
}

void sql_store_fini(struct sql_store *s)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&s->tables, &at)) != NULL;)
        stored_free(entry->value);
    map_fini(&s->tables);
}

const struct table_def *sql_store_get(const struct sql_store *s, struct slice key)
{
    const struct stored_table *found = map_get(&s->tables, key);

    return found ? found->t : NULL;
}

enum err sql_store_put(struct sql_store *s, struct slice key, const struct table_def *t, struct error *e)
{
    struct stored_table *fresh = mem_zalloc(sizeof *fresh), *old = map_get(&s->tables, key);

    if (fresh == NULL || (fresh->t = table_def_copy(&fresh->arena, t)) == NULL ||
        !map_put(&s->tables, key, fresh)) {
        stored_free(fresh);
        return error_memory(e, sizeof *t, "a table's definition");
    }
    stored_free(old);
    return OK;
}

bool sql_store_remove(struct sql_store *s, struct slice key)
{
    struct stored_table *old = map_remove(&s->tables, key);

    stored_free(old);
    return old != NULL;
}

const struct table_def *sql_store_next(const struct sql_store *s, size_t *at)
{
    struct map_entry *entry = map_next(&s->tables, at);

    return entry ? ((const struct stored_table *)entry->value)->t : NULL;
}

/* --- names --- */

void sql_names_add(struct sql_names *n, const char *name)
{
    if (n->count == n->capacity) {
        int32_t capacity = MAX(16, n->capacity * 2);
        const char **items = ARENA_ARRAY(n->arena, const char *, capacity);

        if (items == NULL)
            return;
        if (n->count)
            memcpy(items, n->items, sizeof *items * (size_t)n->count);
        n->items = items;
        n->capacity = capacity;
    }
    n->items[n->count] = arena_strdup(n->arena, name);
    n->count += n->items[n->count] != NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void sql_names_sort(struct sql_names *n)
{
    int32_t kept = 0;

    if (n->count == 0)
        return;
    qsort(n->items, (size_t)n->count, sizeof *n->items, compare);
    for (int32_t i = 0; i < n->count; i++)
        if (kept == 0 || strcmp(n->items[kept - 1], n->items[i]) != 0)
            n->items[kept++] = n->items[i];
    n->count = kept;
}
