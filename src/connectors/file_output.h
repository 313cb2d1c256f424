/* file_output.h: one file of a filesystem table being written: lines (json, csv, raw), an Avro container, or
 * Parquet; nothing of it is shown before its ticket is used (fs_reveal). On I/O threads.
 */
#ifndef WEIR_CONNECTORS_FILE_OUTPUT_H
#define WEIR_CONNECTORS_FILE_OUTPUT_H
#include "connectors/file_sink.h"
#include "io/fs.h"
#include "os/random.h"

/* What the files of one subtask share. */
struct file_maker {
    const struct file_sink_spec *spec;
    const struct op_env *env;
    struct encode_spec encode;
    struct encoder *encoder; /* owned; NULL: Parquet */
    struct payload_run run;
    struct bytes framed; /* payloads with what stands between them */
    struct bytes packed; /* a block of Avro */
    struct parquet_hints hints;
    struct random random; /* sync marks */
    int64_t group_bytes;  /* of a row group */
};

MUST_USE enum err file_maker_init(struct file_maker *m, const struct file_sink_spec *spec,
                                  const struct op_env *env, struct error *e);
void file_maker_fini(struct file_maker *m); /* zeroed is fine */

struct file_output;

MUST_USE enum err file_output_new(struct file_maker *m, const char *path, int64_t now_ms,
                                  struct file_output **out, struct error *e);
/* Append the live rows of b, a batch as it came in. After a failure the file is to be given up. */
MUST_USE enum err file_output_add(struct file_output *o, struct batch *b, int64_t now_ms, struct error *e);

const char *file_output_path(const struct file_output *o);
int64_t file_output_bytes(const struct file_output *o); /* about, of Parquet */
size_t file_output_memory(const struct file_output *o);
int64_t file_output_began_ms(const struct file_output *o);
int64_t file_output_written_ms(const struct file_output *o); /* last */

/* Persist, for a file of lines or Avro that goes on: ticket is appended to, *length is how far it counts. */
MUST_USE enum err file_output_keep(struct file_output *o, struct bytes *ticket, int64_t *length,
                                   struct error *e);
/* Persist the whole, with its end. The file can then only be freed. */
MUST_USE enum err file_output_finish(struct file_output *o, struct bytes *ticket, int64_t *length,
                                     struct error *e);
/* What was kept or finished stays for its ticket; anything else is removed. NULL is fine. */
void file_output_free(struct file_output *o);
#endif
