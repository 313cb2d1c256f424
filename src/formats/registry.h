/* registry.h: a client of the Confluent Schema Registry's REST API, with a cache. What is in a registry under an id
 * never changes, so a schema is fetched once. Blocking: call from I/O threads. Thread: any.
 */
#ifndef WEIR_FORMATS_REGISTRY_H
#define WEIR_FORMATS_REGISTRY_H
#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"

struct registry;

/* Options by Flink's names without format prefix: url (may be a list: the next is tried when one does not answer),
 * basic-auth.credentials-source, basic-auth.user-info, bearer-auth.token, ssl.truststore.location (a PEM file),
 * ssl.keystore.location/.password. url `mock://name` is an in-process registry shared by all clients of that name. */
MUST_USE enum err registry_new(const struct map *options, struct registry **out, struct error *e);
void              registry_free(struct registry *r);

/* The schema document of id, appended to out. ERR_NOT_FOUND: the registry does not know it. ERR_INPUT: it answered
 * nonsense. ERR_DENIED, ERR_UNAVAILABLE as http.h. subject and version of it, when known, into the last two (may be NULL; version 0: unknown). */
MUST_USE enum err registry_schema(struct registry *r, int32_t id, struct bytes *out, int32_t *version, struct error *e);

/* Register a schema document under a subject and give its id; what is there already is found. */
MUST_USE enum err registry_register(struct registry *r, const char *subject, struct slice schema, int32_t *id,
                                    struct error *e);
#endif
