/* registry.h: a client of the Confluent Schema Registry's REST API, with a cache. What is in a registry under
 * an id never changes, so a schema is fetched once. Blocking: call from I/O threads. Thread: any.
 */
#ifndef WEIR_FORMATS_REGISTRY_H
#define WEIR_FORMATS_REGISTRY_H
#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"

struct registry;

/* Options by Flink's names without format prefix: url (may be a list: the next is tried when one does not
 * answer), basic-auth.credentials-source, basic-auth.user-info, bearer-auth.token, ssl.truststore.location (a
 * PEM file), ssl.keystore.location/.password. url `mock://name` is an in-process registry shared by all
 * clients of that name. */
MUST_USE enum err registry_new(const struct map *options, struct registry **out, struct error *e);
void registry_free(struct registry *r);

/* The schema document of id, appended to out. ERR_NOT_FOUND: the registry does not know it. ERR_INPUT: it
 * answered nonsense. ERR_UNSUPPORTED: it is no Avro schema, or has references to others. ERR_DENIED,
 * ERR_UNAVAILABLE as http.h. *version (may be NULL) is that of the first subject which has it, 0: unknown. */
MUST_USE enum err registry_schema(struct registry *r, int32_t id, struct bytes *out, int32_t *version,
                                  struct error *e);

/* Register a schema document under a subject and give its id; what is there already is found. */
MUST_USE enum err registry_register(struct registry *r, const char *subject, struct slice schema, int32_t *id,
                                    struct error *e);

/* --- mock:// --- */

/* A registry in this process: ids from 1 in order of registration, versions from 1 for each subject; it lives
 * until registry_mock_forget, whoever comes and goes. For demos and tests, which may make it answer wrongly.
 */
enum registry_mock_answer {
    REGISTRY_MOCK_TRUE,        /* what it has */
    REGISTRY_MOCK_UNKNOWN,     /* as 404 */
    REGISTRY_MOCK_UNAVAILABLE, /* as 500, or no answer */
    REGISTRY_MOCK_NONSENSE,    /* as a page of HTML */
    REGISTRY_MOCK_DENIED,      /* as 401 */
    REGISTRY_MOCK_BROKEN,      /* a document that is no Avro schema */
};

/* From now on every question for id is answered so; id 0: whoever registers a schema. False when there is no memory. name is what follows
 * `mock://`. */
MUST_USE bool registry_mock_answer(const char *name, int32_t id, enum registry_mock_answer answer);

/* Questions for id so far. */
int64_t registry_mock_asked(const char *name, int32_t id);

/* Drop it with all that is in it. No client of that name may be in use. */
void registry_mock_forget(const char *name);
#endif
