/* registry_answer.h: the part of registry.c that reads what came from outside: for its fuzzer. */
#ifndef WEIR_FORMATS_REGISTRY_ANSWER_H
#define WEIR_FORMATS_REGISTRY_ANSWER_H
#include "base/bytes.h"
#include "base/error.h"

/* Append the schema in the body of an answer to the question for id. Errors as those of registry_schema. */
MUST_USE enum err registry_answer_schema(struct slice body, int32_t id, struct bytes *out, struct error *e);
#endif
