/* iceberg_part.h: what an Iceberg sink's subtask hands to the committer, as bytes in the checkpoint: the
 * files it has written, and which data files its deletes refer to.
 *
 *   part: record*    record: a data file's entry (data_file.h; begins with its version, 1)
 *                          | 'R' count (length path)*    more data files that are referred to
 * The layout is part of savepoints: a change of it needs a new first byte, and these stay readable.
 */
#ifndef WEIR_CONNECTORS_ICEBERG_PART_H
#define WEIR_CONNECTORS_ICEBERG_PART_H
#include "base/arena.h"
#include "base/error.h"
#include "iceberg/data_file.h"

void part_put_file(struct bytes *out, const struct data_file *file);
void part_put_references(struct bytes *out, const char *const *paths, int32_t count);

/* Everything in all parts of a checkpoint; lives in an arena. */
struct part_content {
    struct data_file *files;
    int32_t file_count;
    const char **references; /* each once */
    int32_t reference_count;
};
/* ERR_CORRUPT when the bytes are not such parts. */
MUST_USE enum err part_decode(const struct slice *parts, int32_t count, struct arena *arena,
                              struct part_content *out, struct error *e);
#endif
