/* avro_codec.h: how the blocks of Avro container files are compressed; private to avro_file.c.
 * Source: Avro specification 1.11, "Object Container Files", required and optional codecs.
 */
#ifndef WEIR_FORMATS_AVRO_CODEC_H
#define WEIR_FORMATS_AVRO_CODEC_H
#include "base/bytes.h"
#include "base/error.h"

/* A block that unpacks to more than this is refused: a few bytes can stand for any number. */
#define AVRO_BLOCK_MAX ((size_t)256 << 20)

struct avro_packer {
    const char *name;                                                        /* as in "avro.codec" */
    enum err (*unpack)(struct slice in, struct bytes *out, struct error *e); /* ERR_CORRUPT, ERR_MEMORY */
};

/* NULL when weir does not know it. */
const struct avro_packer *avro_codec_find(struct slice name);

/* Raw deflate, appended. */
MUST_USE enum err avro_codec_deflate(struct slice in, struct bytes *out, struct error *e);
#endif
