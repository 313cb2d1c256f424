/* session_complete.c: names for completion: what the session holds itself, and what services have told. */
#include "sql/session_internal.h"
#include <strings.h>

#define SEEN_MAX 20000 /* names that are remembered */

void session_saw(struct session *s, const char *name)
{
    static char seen;

    if (map_count(&s->seen) < SEEN_MAX && map_get(&s->seen, slice_text(name)) == NULL &&
        !map_put(&s->seen, slice_text(name), &seen))
        return; /* one name fewer to offer */
}

struct search {
    struct slice prefix;
    struct sql_names names;
};

static void offer(struct search *f, const char *name)
{
    if (strlen(name) >= f->prefix.len && strncasecmp(name, f->prefix.ptr, f->prefix.len) == 0)
        sql_names_add(&f->names, name);
}

static void offer_table(struct search *f, const struct table_def *t)
{
    offer(f, t->name);
    for (int32_t i = 0; i < t->column_count; i++)
        offer(f, t->columns[i].name);
}

static void offer_database(struct search *f, struct sql_catalog *c, const char *database)
{
    const char **names = NULL;
    const struct table_def *t;
    int32_t count = 0;
    struct error e;

    offer(f, database);
    if (c->ops->tables(c, database, false, f->names.arena, &names, &count, &e) != OK)
        return;
    for (int32_t i = 0; i < count; i++)
        if (c->ops->table(c, database, names[i], f->names.arena, &t, &e) == OK)
            offer_table(f, t);
}

/* Of the catalogs only those in memory are asked: the others are services. */
static void offer_catalog(struct search *f, struct sql_catalog *c)
{
    const char **names = NULL;
    int32_t count = 0;
    struct error e;

    offer(f, c->name);
    if (strcmp(c->ops->type, "generic_in_memory") != 0 ||
        c->ops->databases(c, f->names.arena, &names, &count, &e) != OK)
        return;
    for (int32_t i = 0; i < count; i++)
        offer_database(f, c, names[i]);
}

int32_t session_complete(struct session *s, struct arena *arena, struct slice prefix, const char **names,
                         int32_t most)
{
    struct search f = {.prefix = {prefix.ptr ? prefix.ptr : "", prefix.len}, .names = {.arena = arena}};
    const struct table_def *t;
    struct map_entry *entry;
    int32_t count;

    for (size_t at = 0; (entry = map_next(&s->catalogs, &at)) != NULL;)
        offer_catalog(&f, entry->value);
    for (size_t at = 0; (t = sql_store_next(&s->temporary, &at)) != NULL;)
        offer_table(&f, t);
    for (size_t at = 0; (entry = map_next(&s->seen, &at)) != NULL;)
        offer(&f, entry->key.ptr);
    sql_names_sort(&f.names);
    count = MIN(f.names.count, most);
    for (int32_t i = 0; i < count; i++)
        names[i] = f.names.items[i];
    return count;
}
