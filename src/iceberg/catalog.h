/* catalog.h: where tables are found and changed: the interface, and its implementations hadoop and rest.
 * A change is a list of REST updates under a list of requirements (Iceberg's REST catalog specification): the
 * REST catalog sends it, the hadoop catalog applies it to the metadata file itself (metadata_apply) and
 * publishes the next version if absent. Blocking: for I/O threads. Thread: any.
 */
#ifndef WEIR_ICEBERG_CATALOG_H
#define WEIR_ICEBERG_CATALOG_H
#include "iceberg/metadata.h"
#include "os/clock.h"
#include <stdatomic.h>

struct fs;

struct catalog;
struct table {
    struct catalog *catalog;   /* borrowed */
    char *name_space, *name;   /* owned */
    char *metadata_location;   /* owned: of the version that was read */
    struct metadata *metadata; /* owned */
    struct fs *fs;             /* borrowed from the catalog: reads and writes the table's files */
};

/* Told a name; borrowed. */
typedef void catalog_visit(void *arg, const char *name);

/* What an implementation does. load, create and commit set t's metadata and its location (table_set) when
 * they succeed, and leave t as it was when they fail. */
struct catalog_ops {
    const char *name;
    enum err (*namespace_create)(struct catalog *c, const char *name_space, struct error *e);
    enum err (*load)(struct catalog *c, struct table *t, struct error *e);
    enum err (*create)(struct catalog *c, struct table *t, const struct table_spec *spec, struct error *e);
    enum err (*commit)(struct catalog *c, struct table *t, json_t *requirements, json_t *updates,
                       struct error *e);
    /* As the functions catalog_namespaces ... below. */
    enum err (*namespaces)(struct catalog *c, catalog_visit *visit, void *arg, struct error *e);
    enum err (*namespace_load)(struct catalog *c, const char *name_space, json_t **out, struct error *e);
    enum err (*namespace_make)(struct catalog *c, const char *name_space, json_t *properties,
                               struct error *e);
    enum err (*namespace_change)(struct catalog *c, const char *name_space, json_t *updates, json_t *removals,
                                 struct error *e);
    enum err (*namespace_drop)(struct catalog *c, const char *name_space, struct error *e);
    enum err (*tables)(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                       struct error *e);
    enum err (*table_drop)(struct catalog *c, const char *name_space, const char *name, struct error *e);
    enum err (*table_rename)(struct catalog *c, const char *name_space, const char *from, const char *to,
                             struct error *e);
    void (*free)(struct catalog *c);
};

/* What every implementation begins with. */
struct catalog {
    const struct catalog_ops *ops;
    char *name;                /* owned */
    const struct map *options; /* borrowed */
    struct fs *fs;             /* borrowed, or own_fs */
    struct fs *own_fs;         /* owned: of a store that the options name; NULL: none */
    struct clock *clock;
    void (*sleep_ms)(void *arg, int64_t ms);
    void *sleep_arg;
    uint64_t seed;
    atomic_uint_fast64_t drawn; /* random numbers so far */
};

/* What a catalog is given. All borrowed, must outlive it. */
struct catalog_config {
    const char *name; /* for messages */
    const struct map
        *options;  /* text to const char *: type or catalog-type (hadoop, rest), warehouse, uri, token,
                      credential, scope,  oauth2-server-uri, s3.*, header.*, ...: Iceberg's names */
    struct fs *fs; /* reads and writes every path, but for a store that the options name (s3.endpoint ...) */
    struct clock *clock;
    uint64_t seed; /* for ids and file names, new for each process: random_entropy() in production */
    void (*sleep_ms)(void *arg, int64_t ms); /* how to wait before a retry; NULL: nanosleep */
    void *sleep_arg;
};
/* Checks the options: an unknown type, a missing warehouse or uri are ERR_CONFIG; talks to nobody yet. hive
 * is ERR_UNSUPPORTED, clearly. */
MUST_USE enum err catalog_open(const struct catalog_config *config, struct catalog **out, struct error *e);
void catalog_free(struct catalog *c);                                 /* NULL is fine */
const char *catalog_option(const struct catalog *c, const char *key); /* NULL when unset */
uint64_t catalog_random(struct catalog *c);
void catalog_sleep(struct catalog *c, int64_t ms);

MUST_USE enum err catalog_namespace_create(struct catalog *c, const char *name_space,
                                           struct error *e); /* exists: OK */
MUST_USE enum err catalog_load(struct catalog *c, const char *name_space, const char *name,
                               struct table **out, struct error *e); /* ERR_NOT_FOUND */
MUST_USE enum err catalog_create(struct catalog *c, const char *name_space, const char *name,
                                 const struct table_spec *spec, struct table **out,
                                 struct error *e); /* ERR_EXISTS */
/* Load, or create when missing. An existing table must have spec's columns (by name, with types that hold
 * them); the error lists every difference: column, wanted, found. More columns in the table are fine when
 * they are optional. ERR_UNKNOWN: several times nobody could tell whether it had been created, nor was it
 * there. */
MUST_USE enum err catalog_load_or_create(struct catalog *c, const char *name_space, const char *name,
                                         const struct table_spec *spec, struct table **out, struct error *e);

/* The namespaces of the first level, and the tables of one; in no order, each once or more. */
MUST_USE enum err catalog_namespaces(struct catalog *c, catalog_visit *visit, void *arg, struct error *e);
MUST_USE enum err catalog_tables(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                                 struct error *e);
/* A namespace's properties, an object of strings; a new reference. ERR_NOT_FOUND: there is none. */
MUST_USE enum err catalog_namespace_load(struct catalog *c, const char *name_space, json_t **out,
                                         struct error *e);
/* Unlike catalog_namespace_create: ERR_EXISTS when it is there. Arguments are borrowed. */
MUST_USE enum err catalog_namespace_make(struct catalog *c, const char *name_space, json_t *properties,
                                         struct error *e);
/* updates: an object of strings; removals: a list of names. */
MUST_USE enum err catalog_namespace_change(struct catalog *c, const char *name_space, json_t *updates,
                                           json_t *removals, struct error *e);
/* ERR_CONFIG: it is not empty. */
MUST_USE enum err catalog_namespace_drop(struct catalog *c, const char *name_space, struct error *e);
/* With all files of its own. */
MUST_USE enum err catalog_table_drop(struct catalog *c, const char *name_space, const char *name,
                                     struct error *e);
MUST_USE enum err catalog_table_rename(struct catalog *c, const char *name_space, const char *from,
                                       const char *to, struct error *e);

MUST_USE enum err table_refresh(struct table *t, struct error *e); /* read the newest version */
void table_free(struct table *t);                                  /* NULL is fine */
/* For implementations: t is now this version; takes both. */
void table_set(struct table *t, char *metadata_location, struct metadata *metadata);

/* Apply updates if all requirements hold; t is then the new version. ERR_CONFLICT: somebody was first:
 * refresh and retry. ERR_UNKNOWN: it may have happened (the connection broke): refresh and look. Both arrays
 * are borrowed. */
MUST_USE enum err table_commit(struct table *t, json_t *requirements, json_t *updates, struct error *e);

/* The implementations, for catalog_open: on success *out's own part is filled in, the common one is
 * catalog_open's. */
MUST_USE enum err catalog_hadoop_new(const struct catalog_config *config, struct catalog **out,
                                     struct error *e);
MUST_USE enum err catalog_rest_new(const struct catalog_config *config, struct catalog **out,
                                   struct error *e);

/* For hadoop: the document with updates applied (a new reference), or why a requirement fails (ERR_CONFLICT).
 */
MUST_USE enum err metadata_apply(const struct metadata *m, json_t *requirements, json_t *updates,
                                 int64_t now_ms, const char *old_location, json_t **out, struct error *e);
#endif
