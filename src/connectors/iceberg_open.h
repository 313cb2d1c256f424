/* iceberg_open.h: the catalog and the table that options name, for sources and sinks.
 */
#ifndef WEIR_CONNECTORS_ICEBERG_OPEN_H
#define WEIR_CONNECTORS_ICEBERG_OPEN_H
#include "connectors/connector.h"
#include "iceberg/catalog.h"

/* What a planned source or sink holds until the job is over. */
struct iceberg_open {
    const char *name_space, *name; /* in the request's arena */
    struct catalog *catalog;       /* owned */
    struct table *table;           /* owned */
    struct map options;            /* owned; the catalog borrows it; texts are in the request's arena */
};

/* Load the table; one that is not there is created with the columns of schema and what the options and the
 * declaration say. One that is there must have those columns, unless it is to be taken as_it_is. A catalog or
 * store that does not answer is waited for, a minute at the most. o is zeroed; on failure it is to be closed
 * too. */
MUST_USE enum err iceberg_open(const struct connector_request *r, const struct schema *schema, bool as_it_is,
                               struct iceberg_open *o, struct error *e);
/* The table of another name in the same catalog and namespace; it must be there. */
MUST_USE enum err iceberg_open_existing(const struct connector_request *r, const char *name,
                                        struct iceberg_open *o, struct error *e);
void iceberg_close(struct iceberg_open *o); /* zeroed is fine */

/* The options that are properties of the table: name, value, ..., ended by NULL; NULL: no memory. */
const char *const *iceberg_open_properties(const struct connector_request *r);

/* Whether values of one type can be given as the other's without a change. */
bool iceberg_same_layout(const struct type *a, const struct type *b);
enum err iceberg_wrong_type(const struct field *column, const struct field *field, struct error *e);
#endif
