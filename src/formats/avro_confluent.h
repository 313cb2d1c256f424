/* avro_confluent.h: what avro_confluent.c, which reads, and avro_confluent_encode.c have in common. */
#ifndef WEIR_FORMATS_AVRO_CONFLUENT_H
#define WEIR_FORMATS_AVRO_CONFLUENT_H
#include "formats/encode.h"

#define CONFLUENT_HEADER_BYTES 5 /* 0, and a schema's id */

MUST_USE enum err avro_confluent_encoder_new(const struct encode_spec *spec, struct encoder **out,
                                             struct error *e);
#endif
