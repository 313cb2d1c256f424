/* inspect.h: a table's metadata as rows: t$snapshots, t$files and their like, with the columns and types that
 * Iceberg gives them. Made at once, in memory. Blocking.
 */
#ifndef WEIR_ICEBERG_INSPECT_H
#define WEIR_ICEBERG_INSPECT_H
#include "batch/builder.h"
#include "iceberg/catalog.h"

struct inspect_table {
    const char *name;    /* "snapshots"; in lower case */
    const char *columns; /* as SQL text; NULL: made by inspect_files.c */
    enum err (*rows)(const struct inspect_table *i, const struct table *t, struct builder *out,
                     struct error *e); /* NULL: not supported */
    int contents;                      /* of files: bits, 1 << enum file_content */
    bool of_all;                       /* of all snapshots, not of the current one alone */
};

/* NULL: there is none of that name (in any case). */
const struct inspect_table *inspect_find(struct slice name);

/* Its columns, in arena. ERR_UNSUPPORTED: Iceberg has it, weir has not. */
MUST_USE enum err inspect_schema(const struct inspect_table *i, const struct metadata *m, struct arena *arena,
                                 const struct schema **out, struct error *e);

/* Its rows, of that schema. */
MUST_USE enum err inspect_rows(const struct inspect_table *i, const struct table *t,
                               const struct schema *schema, struct budget *budget, struct batch **out,
                               struct error *e);

/* Within this folder: inspect_files.c */
MUST_USE enum err inspect_files_schema(const struct inspect_table *i, const struct metadata *m,
                                       struct arena *arena, const struct schema **out, struct error *e);
enum err inspect_files(const struct inspect_table *i, const struct table *t, struct builder *out,
                       struct error *e);
enum err inspect_partitions(const struct inspect_table *i, const struct table *t, struct builder *out,
                            struct error *e);
enum err inspect_manifests(const struct inspect_table *i, const struct table *t, struct builder *out,
                           struct error *e);
#endif
