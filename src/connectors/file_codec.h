/* file_codec.h: how blocks of Avro containers are packed when they are written. */
#ifndef WEIR_CONNECTORS_FILE_CODEC_H
#define WEIR_CONNECTORS_FILE_CODEC_H
#include "base/bytes.h"
#include "base/error.h"

struct file_codec {
    const char *name; /* as in "avro.codec" */
    enum err (*pack)(struct slice in, struct bytes *out, struct error *e);
};

const struct file_codec *file_codec_find(const char *name); /* NULL: it cannot be written */
#endif
