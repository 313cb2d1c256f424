/* table_format.h: the format of a table's values or keys: `format`, `value.format` or `key.format`, and the
 * options that are the format's own (`json.x` beside `format`, `value.json.x` beside `value.format`,
 * `key.json.x`).
 */
#ifndef WEIR_CONNECTORS_TABLE_FORMAT_H
#define WEIR_CONNECTORS_TABLE_FORMAT_H
#include "base/arena.h"
#include "base/map.h"
#include "formats/format.h"

struct table_format {
    const struct format *format; /* NULL: the option is not there */
    struct map options;          /* owned, its texts in the arena: without prefix */
};

/* The name of the value's or the key's format as options have it, and what its own options begin with, NULL
 * when no option says. */
const char *table_format_name(const struct map *options, bool is_key, const char **prefix);

/* Whether an option belongs to one of the formats that options name. */
bool table_format_owns(const struct map *options, const char *name);

/* Read and check. The value's format must be there (ERR_CONFIG), a key's may be missing: format is NULL
 * then. */
MUST_USE enum err table_format_init(struct table_format *f, struct arena *arena, const struct map *options,
                                    bool is_key, struct error *e);
void table_format_fini(struct table_format *f); /* zeroed is fine */
#endif
