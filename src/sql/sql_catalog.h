/* sql_catalog.h: where tables, views and databases are known by name, and what is known of a table.
 *
 *   session (session.h)  --name-->  struct sql_catalog: default_catalog (sql_memory.c), iceberg
 * (sql_iceberg.c)
 *
 * A table is what CREATE TABLE declared; whether its options make sense is found out when it is used, by the
 * connector. Definitions are read-only once made. Thread: the session's.
 */
#ifndef WEIR_SQL_SQL_CATALOG_H
#define WEIR_SQL_SQL_CATALOG_H
#include "sql/ast.h"

struct clock;
struct config;
struct fs;
struct map;

struct table_column {
    const char *name;
    enum ast_column_kind kind;
    const struct type *type;  /* COMPUTED: of the expression */
    const char *metadata_key; /* METADATA: the key, which may be the name */
    bool is_virtual;          /* METADATA: not written */
    const char *expr;         /* COMPUTED: its SQL text */
    const char *comment;      /* NULL: none */
};

struct table_option {
    const char *key, *value;
};

struct table_def {
    const char *catalog, *database, *name;
    bool is_view, temporary;
    int32_t column_count;
    const struct table_column *columns;
    int32_t time_column;   /* WATERMARK FOR: its number, -1: none; may be a computed one */
    const char *watermark; /* the expression's SQL text */
    int32_t key_count;     /* PRIMARY KEY NOT ENFORCED */
    const int32_t *key;    /* numbers of columns */
    const char *key_name;  /* CONSTRAINT n; NULL: none given */
    int32_t partition_count;
    const int32_t *partition; /* PARTITIONED BY */
    int32_t option_count;
    const struct table_option *options; /* WITH; with 'connector' unless the catalog says what it is */
    const char *comment;
    const char *query; /* view: its SQL text with all names in full; columns are those of the view */
};

/* An option of a table, NULL when it is not given. */
const char *table_option(const struct table_def *t, const char *key);
/* The number of a column, -1 when there is none of that name (case counts). */
int32_t table_def_column(const struct table_def *t, const char *name);
/* A deep copy in arena; NULL when there is no memory. */
const struct table_def *table_def_copy(struct arena *arena, const struct table_def *t);

/* What a database is besides its tables. */
struct database_def {
    const char *comment; /* NULL: none */
    const struct table_option *options;
    int32_t option_count;
};

struct sql_catalog {
    const struct sql_catalog_ops *ops;
    const char *name; /* owned by who made it, as the rest */
    const char *default_database;
    const char *comment;
    int32_t option_count;
    const struct table_option *options; /* of CREATE CATALOG */
};

/* Names that come out live in arena, sorted. ERR_NOT_FOUND, ERR_EXISTS and ERR_UNSUPPORTED say so in the
 * words of the user: "table a.b.c does not exist". May block (REST catalogs). */
struct sql_catalog_ops {
    const char *type; /* "generic_in_memory", "iceberg": as CREATE CATALOG's 'type' */
    enum err (*databases)(struct sql_catalog *c, struct arena *arena, const char ***names, int32_t *count,
                          struct error *e);
    enum err (*database_exists)(struct sql_catalog *c, const char *database, bool *exists, struct error *e);
    enum err (*create_database)(struct sql_catalog *c, const char *database, const char *comment,
                                const struct table_option *options, int32_t option_count, struct error *e);
    enum err (*drop_database)(struct sql_catalog *c, const char *database, bool cascade, struct error *e);
    /* Tables and views; views only when asked. */
    enum err (*tables)(struct sql_catalog *c, const char *database, bool views_only, struct arena *arena,
                       const char ***names, int32_t *count, struct error *e);
    enum err (*table)(struct sql_catalog *c, const char *database, const char *name, struct arena *arena,
                      const struct table_def **out, struct error *e);
    enum err (*create_table)(struct sql_catalog *c, const struct table_def *t, struct error *e);
    /* Put t in the place of the table of its name (ALTER). */
    enum err (*alter_table)(struct sql_catalog *c, const struct table_def *t, struct error *e);
    enum err (*rename_table)(struct sql_catalog *c, const char *database, const char *from, const char *to,
                             struct error *e);
    enum err (*drop_table)(struct sql_catalog *c, const char *database, const char *name, struct error *e);
    enum err (*database)(struct sql_catalog *c, const char *database, struct arena *arena,
                         struct database_def *out, struct error *e);
    enum err (*alter_database)(struct sql_catalog *c, const char *database, const struct database_def *def,
                               struct error *e);
    /* For catalogs that keep data by column, where a column under another name is not another column. NULL:
     * alter_table does it. */
    enum err (*rename_column)(struct sql_catalog *c, const char *database, const char *table,
                              const char *from, const char *to, struct error *e);
    void (*free)(struct sql_catalog *c);
};

struct catalog_request {
    const char *name;
    const struct table_option *options; /* of CREATE CATALOG, 'type' included */
    int32_t option_count;
    const char *comment;
    const struct config *config; /* s3.* and so on */
    struct fs *fs;               /* borrowed, outlives the catalog */
    struct clock *clock;
};

/* A catalog of the type that its options name. ERR_CONFIG: an option is wrong, missing or unknown, or there
 * is no such type (with those that there are). Services are not asked before the first use. */
MUST_USE enum err sql_catalog_new(const struct catalog_request *r, struct sql_catalog **out, struct error *e);
MUST_USE enum err sql_memory_new(const struct catalog_request *r, struct sql_catalog **out, struct error *e);
MUST_USE enum err sql_iceberg_new(const struct catalog_request *r, struct sql_catalog **out, struct error *e);

/* What connector `iceberg` needs to know of a table of an iceberg catalog, added to options (name to const
 * char *, in arena): catalog-type, warehouse, uri, catalog-database, catalog-table ...; nothing for other
 * catalogs, whose tables say it themselves. *connector: "iceberg", or what the table's 'connector' says;
 * NULL: it says nothing. The table's own options are the connector's too, save for a table of an iceberg
 * catalog: there they are the stored table's properties, which the connector reads from it. */
MUST_USE enum err sql_catalog_connector(struct sql_catalog *c, const struct table_def *t, struct arena *arena,
                                        struct map *options, const char **connector, struct error *e);
#endif
