/* kafka_pattern.h: 'topic-pattern', a Java regular expression for whole topic names, as a POSIX one. */
#ifndef WEIR_CONNECTORS_KAFKA_PATTERN_H
#define WEIR_CONNECTORS_KAFKA_PATTERN_H
#include "base/error.h"
#include <regex.h>

/* *out is to be freed by regfree. What only Java's expressions have is ERR_UNSUPPORTED. */
MUST_USE enum err kafka_pattern_compile(const char *java, regex_t *out, struct error *e);
#endif
