/* rest_session.h: talking to an Iceberg REST catalog: where it is, what it configures, how it knows us.
 * The server's /v1/config is asked once, at first use; its defaults lie under the client's options and its
 * overrides over them. Tokens are fetched with client credentials (OAuth2), before they expire and after a
 * 401. Thread: any.
 */
#ifndef WEIR_ICEBERG_REST_SESSION_H
#define WEIR_ICEBERG_REST_SESSION_H
#include "iceberg/catalog.h"

struct rest_session;

MUST_USE enum err rest_session_new(const struct catalog_config *config, struct rest_session **out,
                                   struct error *e);
void rest_session_free(struct rest_session *s); /* NULL is fine */

struct rest_answer {
    int status;   /* 0: none came, the request may have been done or not */
    json_t *json; /* owned; NULL when the body is none */
};
void rest_answer_fini(struct rest_answer *a);

/* One request to path, below `/v1/{prefix}/`. OK when an answer came, whatever its status. body is borrowed,
 * NULL: none. */
MUST_USE enum err rest_session_send(struct rest_session *s, const char *method, const char *path,
                                    json_t *body, struct rest_answer *out, struct error *e);

/* An answer that is no success as an error: what went wrong, the server's own words, what to check. */
enum err rest_session_error(const struct rest_answer *a, struct error *e);

/* Append the path of a namespace or table: `namespaces/a%1Fb/tables/t`; table may be NULL. Asks for the
 * configuration if needed. */
MUST_USE enum err rest_session_path(struct rest_session *s, const char *name_space, const char *table,
                                    struct bytes *out, struct error *e);
#endif
