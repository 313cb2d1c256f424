/* file_source.h: the files of a folder as rows: csv, json or raw lines by a decoder, Avro or Parquet.
 *
 *   list --> files of this subtask, by the hash of their path --> pieces --> rows
 *
 * A file belongs to one subtask. A checkpoint holds the files that are done (when the folder is watched, or
 * not all are yet) and how many rows of the one at hand were given; a file must not change once it is there.
 */
#ifndef WEIR_CONNECTORS_FILE_SOURCE_H
#define WEIR_CONNECTORS_FILE_SOURCE_H
#include "connectors/file_kind.h"
#include "operators/decode.h"
#include "operators/operator.h"

/* What a column of the rows is filled from. */
enum file_origin { FILE_CONTENT, FILE_PARTITION, FILE_PATH, FILE_NAME, FILE_SIZE, FILE_MODIFIED };
struct file_column {
    enum file_origin origin;
    int32_t field; /* FILE_CONTENT: of content */
};

struct file_source_spec {
    const char *path;
    const char *pattern;           /* NULL: any file */
    const char *default_partition; /* the word for NULL in a folder's name */
    int64_t monitor_ms;            /* 0: list once, and end */
    const struct schema *schema;   /* of the rows */
    const struct file_column *columns;
    const struct schema *content; /* what is read from the files */
    enum file_kind kind;
    const struct format *format; /* FILE_LINES; else NULL */
    const struct map *options;
    const int32_t *raw; /* for the decoder: all from the payload */
    enum on_error on_error;
};

extern const struct operator_factory file_source_factory;
#endif
