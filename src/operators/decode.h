/* decode.h: payloads into rows, by one of the formats (formats/format.h). Port 0: rows; port 1: what could
 * not be read, as rows of format_error_schema. What is done about those is said by on_error.
 */
#ifndef WEIR_OPERATORS_DECODE_H
#define WEIR_OPERATORS_DECODE_H
#include "formats/format.h"
#include "operators/operator.h"

enum on_error {
    ON_ERROR_FAIL, /* the job fails, naming topic, partition and offset */
    ON_ERROR_SKIP, /* counted (numRecordsSkipped), and said in the log now and then */
    ON_ERROR_EMIT, /* to port 1 */
};

/* Read-only; must outlive the operators. */
struct decode_op_spec {
    const char *format;            /* "avro-confluent" */
    const struct schema *schema;   /* of the rows */
    const int32_t *raw;            /* as in decode_spec */
    const struct map *options;     /* as in decode_spec */
    const struct schema *physical; /* as in decode_spec; may be NULL */
    bool skips_null;               /* as in decode_spec */
    enum on_error on_error;
    const struct metric_label *metric_labels; /* of the decoder's bare metrics; may be NULL */
    size_t metric_label_count;
};
extern const struct operator_factory decode_factory;

/* How the payload of the first of some errors begins, in printable characters; returns what to put between the
 * reason and that, nothing when there is no payload. */
#define DECODE_EXCERPT 200
const char *decode_excerpt(const struct batch *errors, char out[DECODE_EXCERPT]);

/* What to say of the first of some errors: `<what> of topic orders, partition 1, offset 42, cannot be read:
 * <why>; it begins with: {"id": ...`, and what to do. Returns ERR_INPUT. */
enum err decode_failed(const struct batch *errors, const char *what, struct error *e);
#endif
