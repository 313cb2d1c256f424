/* sql_store.h: definitions of tables by a key, each a copy of its own; and lists of names. Within this
 * folder. Thread: one.
 */
#ifndef WEIR_SQL_SQL_STORE_H
#define WEIR_SQL_SQL_STORE_H
#include "base/map.h"
#include "sql/sql_catalog.h"

struct sql_store {
    struct map tables; /* key to struct stored_table, owned */
};

void sql_store_fini(struct sql_store *s);
/* Borrowed until the table is replaced or removed; NULL: none. */
const struct table_def *sql_store_get(const struct sql_store *s, struct slice key);
/* A copy of t in the place of what was there. On failure s is as it was. */
MUST_USE enum err sql_store_put(struct sql_store *s, struct slice key, const struct table_def *t,
                                struct error *e);
bool sql_store_remove(struct sql_store *s, struct slice key); /* false: there was none */
/* Step through all: *at = 0 first; NULL at the end. */
const struct table_def *sql_store_next(const struct sql_store *s, size_t *at);

/* Names in an arena, which keeps the failure. */
struct sql_names {
    struct arena *arena;
    const char **items;
    int32_t count, capacity;
};
void sql_names_add(struct sql_names *n, const char *name); /* copied */
void sql_names_sort(struct sql_names *n);                  /* by bytes; doubles are dropped */

/* What both kinds of catalogs begin with: the public part, and the arena its texts live in. */
struct sql_catalog_made {
    struct sql_catalog base;
    struct arena arena;
};
MUST_USE enum err sql_catalog_make(struct sql_catalog_made *c, const struct sql_catalog_ops *ops,
                                   const struct catalog_request *r, const char *default_database,
                                   struct error *e);
void sql_catalog_unmake(struct sql_catalog_made *c);
/* NULL: none any more. False: no memory. */
MUST_USE bool sql_catalog_set_comment(struct sql_catalog *c, const char *comment);
/* A request's or catalog's option; NULL when it is not given. */
const char *sql_option(const struct table_option *options, int32_t count, const char *key);
/* A deep copy in arena. */
const struct table_option *sql_options_copy(struct arena *arena, const struct table_option *options,
                                            int32_t count);

/* What connector `iceberg` is to be told: see sql_catalog_connector. */
MUST_USE enum err sql_iceberg_connector(struct sql_catalog *c, const struct table_def *t, struct arena *arena,
                                        struct map *options, struct error *e);
#endif
