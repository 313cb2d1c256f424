/* catalog_store.h: the object store that a catalog's options name ('s3.endpoint', 's3.access-key-id' ...), so
 * that two catalogs of one job may lie in two stores. What they leave out is as in the configuration.
 */
#ifndef WEIR_ICEBERG_CATALOG_STORE_H
#define WEIR_ICEBERG_CATALOG_STORE_H
#include "base/error.h"
#include "base/map.h"

struct fs;

/* Whether an option says how a store is reached. */
bool catalog_store_option(const char *key);

/* The files of a catalog with those options: base itself (*own stays NULL) when they name no store, or base
 * reaches none; else *own is another, the caller's to free. */
MUST_USE enum err catalog_store_open(struct fs *base, const struct map *options, struct fs **own,
                                     struct error *e);
#endif
