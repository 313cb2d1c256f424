/* catalog_names.h: namespaces and lists of tables, as the implementations do them; within this folder. */
#ifndef WEIR_ICEBERG_CATALOG_NAMES_H
#define WEIR_ICEBERG_CATALOG_NAMES_H
#include "iceberg/catalog.h"

struct rest_session;

/* catalog_hadoop_names.c */
enum err hadoop_namespaces(struct catalog *c, catalog_visit *visit, void *arg, struct error *e);
enum err hadoop_namespace_load(struct catalog *c, const char *name_space, json_t **out, struct error *e);
enum err hadoop_namespace_make(struct catalog *c, const char *name_space, json_t *properties,
                               struct error *e);
enum err hadoop_namespace_change(struct catalog *c, const char *name_space, json_t *updates, json_t *removals,
                                 struct error *e);
enum err hadoop_namespace_drop(struct catalog *c, const char *name_space, struct error *e);
enum err hadoop_tables(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                       struct error *e);
enum err hadoop_table_drop(struct catalog *c, const char *name_space, const char *name, struct error *e);
enum err hadoop_table_rename(struct catalog *c, const char *name_space, const char *from, const char *to,
                             struct error *e);

/* catalog_rest_names.c */
struct rest_session *catalog_rest_session(struct catalog *c); /* catalog_rest.c */
enum err rest_namespaces(struct catalog *c, catalog_visit *visit, void *arg, struct error *e);
enum err rest_namespace_load(struct catalog *c, const char *name_space, json_t **out, struct error *e);
enum err rest_namespace_make(struct catalog *c, const char *name_space, json_t *properties, struct error *e);
enum err rest_namespace_change(struct catalog *c, const char *name_space, json_t *updates, json_t *removals,
                               struct error *e);
enum err rest_namespace_drop(struct catalog *c, const char *name_space, struct error *e);
enum err rest_tables(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                     struct error *e);
enum err rest_table_drop(struct catalog *c, const char *name_space, const char *name, struct error *e);
enum err rest_table_rename(struct catalog *c, const char *name_space, const char *from, const char *to,
                           struct error *e);

/* `["a", "b"]` of a.b; NULL when there is no memory. */
json_t *catalog_namespace_json(const char *name_space);
#endif
