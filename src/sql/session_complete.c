/* session_complete.c: names for completion, where a table is wanted. What cannot be had (a service is away)
 * is left out: completion has nobody to tell. */
#include "sql/session_internal.h"

struct offering {
    struct session *s;
    struct arena *arena;
    session_offer_fn *fn;
    void *arg;
};

static void offer_databases(const struct offering *o, struct sql_catalog *c)
{
    const char **names = NULL;
    int32_t count = 0;
    struct error e;

    if (c->ops->databases(c, o->arena, &names, &count, &e) != OK)
        return;
    for (int32_t i = 0; i < count; i++)
        o->fn(o->arg, OFFER_DATABASE, names[i]);
}

static void offer_tables(const struct offering *o, const char *catalog, const char *database)
{
    struct sql_catalog *c = session_find_catalog(o->s, catalog);
    const char **names = NULL;
    const struct table_def *t;
    int32_t count = 0;
    bool exists = false;
    struct error e;

    for (size_t at = 0; (t = sql_store_next(&o->s->temporary, &at)) != NULL;)
        if (strcmp(t->catalog, catalog) == 0 && strcmp(t->database, database) == 0)
            o->fn(o->arg, OFFER_TABLE, t->name);
    if (c == NULL || c->ops->database_exists(c, database, &exists, &e) != OK || !exists ||
        c->ops->tables(c, database, false, o->arena, &names, &count, &e) != OK)
        return;
    for (int32_t i = 0; i < count; i++)
        o->fn(o->arg, OFFER_TABLE, names[i]);
}

void session_offer(struct session *s, struct arena *arena, const char *const *qualifier, int32_t count,
                   session_offer_fn *fn, void *arg)
{
    const struct offering o = {s, arena, fn, arg};
    struct sql_catalog *c;
    struct map_entry *entry;

    if (count == 2) {
        offer_tables(&o, qualifier[0], qualifier[1]);
    } else if (count == 1) {
        offer_tables(&o, s->catalog, qualifier[0]);
        if ((c = session_find_catalog(s, qualifier[0])) != NULL)
            offer_databases(&o, c);
    } else if (count == 0) {
        offer_tables(&o, s->catalog, s->database);
        if ((c = session_find_catalog(s, s->catalog)) != NULL)
            offer_databases(&o, c);
        for (size_t at = 0; (entry = map_next(&s->catalogs, &at)) != NULL;)
            fn(arg, OFFER_CATALOG, entry->key.ptr);
    }
}
