/* rest_session.c: see rest_session.h. Source: Iceberg's REST catalog specification
 * (rest-catalog-open-api.yaml). */
#include "iceberg/rest_session.h"
#include "base/mem.h"
#include "iceberg/json_field.h"
#include "io/http.h"
#include "os/log.h"
#include <ctype.h>
#include <pthread.h>
#include <strings.h>

#define HEADERS_MAX      64
#define TOKEN_MARGIN_MS  30000 /* a token is fetched anew this long before it expires */
#define TOKEN_DEFAULT_MS 3600000
#define SEPARATOR        "%1F" /* between the levels of a namespace, unless the server says otherwise */

struct rest_session {
    const struct map *options; /* borrowed */
    struct clock *clock;
    struct http *http;     /* owned */
    pthread_mutex_t setup; /* held while the configuration is asked for: once is enough */
    bool configured;
    json_t *defaults, *overrides; /* owned, the server's; never changed once configured */
    pthread_mutex_t lock;         /* of the token, taken after setup */
    char *token;                  /* owned; NULL until fetched */
    int64_t token_until_ms;       /* monotonic */
};

/* --- options --- */

static const char *client_option(const struct rest_session *s, const char *key)
{
    return map_get(s->options, slice_text(key));
}

static const char *option(const struct rest_session *s, const char *key)
{
    const char *value = json_field_get(s->overrides, key);

    if (value == NULL)
        value = client_option(s, key);
    return value ? value : json_field_get(s->defaults, key);
}

static enum err check_auth(const struct map *options, struct error *e)
{
    const char *type = map_get(options, SLICE("rest.auth.type"));
    const char *sigv4 = map_get(options, SLICE("rest.sigv4-enabled"));

    if ((type && strcasecmp(type, "sigv4") == 0) || (sigv4 && strcasecmp(sigv4, "true") == 0))
        return error_set(
            e, ERR_UNSUPPORTED,
            "signed requests (sigv4) to REST catalogs are not supported; use a token or credential");
    if (type && strcasecmp(type, "none") != 0 && strcasecmp(type, "basic") != 0 &&
        strcasecmp(type, "oauth2") != 0)
        return error_set(e, ERR_CONFIG, "rest.auth.type %.40s is not known; there are none, basic and oauth2",
                         type);
    if (type && strcasecmp(type, "basic") == 0 &&
        (!map_get(options, SLICE("rest.auth.basic.username")) ||
         !map_get(options, SLICE("rest.auth.basic.password"))))
        return error_set(e, ERR_CONFIG,
                         "rest.auth.type basic needs rest.auth.basic.username and rest.auth.basic.password");
    return OK;
}

enum err rest_session_new(const struct catalog_config *config, struct rest_session **out, struct error *e)
{
    const char *uri = map_get(config->options, SLICE("uri"));
    const char *auth = map_get(config->options, SLICE("rest.auth.type"));
    struct http_config http = {.retries = -1};
    struct rest_session *s;
    enum err rc;

    if (uri == NULL || (strncasecmp(uri, "http://", 7) != 0 && strncasecmp(uri, "https://", 8) != 0))
        return error_set(e, ERR_CONFIG,
                         "uri is missing: where the REST catalog is, http://host:8181 for one");
    if ((rc = check_auth(config->options, e)) != OK)
        return rc;
    if ((s = mem_zalloc(sizeof *s)) == NULL)
        return error_memory(e, sizeof *s, "a catalog");
    s->options = config->options;
    s->clock = config->clock;
    pthread_mutex_init(&s->setup, NULL);
    pthread_mutex_init(&s->lock, NULL);
    if (auth && strcasecmp(auth, "basic") == 0) {
        http.user = client_option(s, "rest.auth.basic.username");
        http.password = client_option(s, "rest.auth.basic.password");
    }
    if ((rc = http_new(&http, &s->http, e)) != OK) {
        rest_session_free(s);
        return rc;
    }
    *out = s;
    return OK;
}

void rest_session_free(struct rest_session *s)
{
    if (s == NULL)
        return;
    http_free(s->http);
    json_decref(s->defaults);
    json_decref(s->overrides);
    mem_free(s->token);
    pthread_mutex_destroy(&s->setup);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

/* --- one request --- */

void rest_answer_fini(struct rest_answer *a)
{
    json_decref(a->json);
    *a = (struct rest_answer){0};
}

/* OK when there was an answer. What is not JSON is an answer without one (a proxy's page). */
static enum err exchange(struct rest_session *s, const struct http_request *request, struct rest_answer *out,
                         struct error *e)
{
    struct http_response response = {0};
    struct error ignored;
    enum err rc = http_send(s->http, request, &response, e);

    *out = (struct rest_answer){.status = response.status};
    if (rc == ERR_UNAVAILABLE && response.status != 0)
        rc = OK;
    if (rc == OK && response.body.len &&
        json_field_parse(bytes_all(&response.body), &out->json, &ignored) == ERR_MEMORY) {
        *e = ignored;
        rc = ERR_MEMORY;
    }
    http_response_fini(&response);
    return rc;
}

static void escape(struct slice text, struct bytes *out)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];

        if (c < 0x80 && (isalnum(c) || (c && strchr("-._~", c))))
            bytes_u8(out, c);
        else
            bytes_printf(out, "%%%02X", c);
    }
}

/* `uri` without its last slashes, then path. */
static const char *url_of(const struct rest_session *s, struct arena *arena, const char *path)
{
    struct slice uri = slice_text(option(s, "uri"));

    while (uri.len && uri.ptr[uri.len - 1] == '/')
        uri.len--;
    return arena_printf(arena, SLICE_FMT "/%s", SLICE_ARG(uri), path);
}

enum err rest_session_error(const struct rest_answer *a, struct error *e)
{
    static const struct {
        int status;
        enum err rc;
        const char *advice;
    } known[] = {
        {400, ERR_INPUT, "the catalog does not understand the request"},
        {401, ERR_DENIED, "the catalog does not know us; check token or credential"},
        {403, ERR_DENIED, "the catalog does not allow it; check the rights of token or credential"},
        {404, ERR_NOT_FOUND, "there is none"},
        {406, ERR_UNSUPPORTED, "the catalog cannot do that"},
        {409, ERR_CONFLICT, "somebody else was first"},
        {419, ERR_DENIED, "the session with the catalog has expired; check token or credential"},
        {422, ERR_INPUT, "the catalog cannot do that"},
        {429, ERR_UNAVAILABLE, "the catalog asks to be left alone for a while"},
        {500, ERR_UNAVAILABLE, "the catalog failed"},
        {503, ERR_UNAVAILABLE, "the catalog is too busy or not up"},
    };
    json_t *error = json_object_get(a->json, "error");
    const char *message = json_is_object(error) ? json_field_get(error, "message")
                                                : json_field_get(a->json, "error_description");
    const char *type = json_is_object(error) ? json_field_get(error, "type") : json_string_value(error);
    const char *advice = a->status >= 500 ? "the catalog failed" : "unexpected answer";
    enum err rc = a->status >= 500 ? ERR_UNAVAILABLE : ERR_INPUT;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].status == a->status) {
            advice = known[i].advice;
            rc = known[i].rc;
        }
    return error_set(e, rc, "%s (HTTP %d%s%.80s)%s%.500s", advice, a->status, type ? ", " : "",
                     type ? type : "", message ? ": " : "", message ? message : "");
}

/* --- tokens --- */

static void form_field(struct bytes *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    bytes_printf(out, "%s%s=", out->len ? "&" : "", name);
    escape(slice_text(value), out);
}

/* The form of a client credentials grant. credential is `id:secret` or a secret alone. */
static void token_form(const struct rest_session *s, const char *credential, struct bytes *out)
{
    const char *colon = strchr(credential, ':'), *scope = option(s, "scope");
    struct bytes id = {0};

    bytes_text(out, "grant_type=client_credentials");
    if (colon) {
        bytes_append(&id, credential, (size_t)(colon - credential));
        form_field(out, "client_id", bytes_cstr(&id));
    }
    form_field(out, "client_secret", colon ? colon + 1 : credential);
    form_field(out, "scope", scope ? scope : "catalog");
    form_field(out, "audience", option(s, "audience"));
    form_field(out, "resource", option(s, "resource"));
    out->failed |= id.failed;
    bytes_fini(&id);
}

static enum err keep_token(struct rest_session *s, const struct rest_answer *answer, struct error *e)
{
    const char *text = json_field_get(answer->json, "access_token");
    json_t *expires = json_object_get(answer->json, "expires_in");
    int64_t life_ms = json_is_integer(expires) ? json_integer_value(expires) * 1000 : TOKEN_DEFAULT_MS;
    char *token;

    if (text == NULL)
        return error_set(e, ERR_INPUT, "the answer has no access_token");
    if ((token = mem_strdup(text)) == NULL)
        return error_memory(e, strlen(text), "a token");
    mem_free(s->token);
    s->token = token;
    s->token_until_ms = clock_mono_ms(s->clock) + MAX(life_ms - TOKEN_MARGIN_MS, life_ms / 2);
    return OK;
}

static enum err fetch_token(struct rest_session *s, const char *credential, struct error *e)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    struct arena arena = {0};
    struct bytes form = {0};
    struct rest_answer answer = {0};
    const char *url = option(s, "oauth2-server-uri");
    struct http_request request = {.method = "POST", .headers = headers, .repeatable = true};
    enum err rc;

    if (url == NULL || strstr(url, "://") == NULL) /* a path of the catalog's */
        url = url_of(s, &arena, url ? url + (*url == '/') : "v1/oauth/tokens");
    token_form(s, credential, &form);
    request.url = url;
    request.body = bytes_all(&form);
    if (url == NULL || form.failed)
        rc = error_memory(e, form.len, "a token request");
    else if ((rc = exchange(s, &request, &answer, e)) == OK)
        rc = answer.status == 200 ? keep_token(s, &answer, e) : rest_session_error(&answer, e);
    if (rc != OK)
        error_add(e, rc, "fetching a token from %.200s", url ? url : "the catalog");
    rest_answer_fini(&answer);
    bytes_fini(&form);
    arena_fini(&arena);
    return rc;
}

/* The bearer token to use, in arena; NULL when there is none. stale, when not NULL, has just been refused. */
static enum err current_token(struct rest_session *s, struct arena *arena, const char *stale,
                              const char **out, struct error *e)
{
    const char *type = option(s, "rest.auth.type"), *credential = option(s, "credential"),
               *token = option(s, "token");
    bool oauth = type == NULL || strcasecmp(type, "oauth2") == 0;
    enum err rc = OK;

    *out = NULL;
    if (!oauth)
        return OK;
    if (token && (stale == NULL || credential == NULL)) {
        *out = arena_strdup(arena, token);
    } else if (credential) {
        if (s->token == NULL || clock_mono_ms(s->clock) >= s->token_until_ms ||
            (stale && strcmp(s->token, stale) == 0))
            rc = fetch_token(s, credential, e);
        if (rc == OK)
            *out = arena_strdup(arena, s->token);
    }
    return rc == OK && arena->failed ? error_memory(e, 0, "a token") : rc;
}

/* --- requests with headers and token --- */

struct headers {
    const char *list[HEADERS_MAX + 1];
    size_t count;
};

static void add_header(struct headers *h, const char *line)
{
    if (line && h->count < HEADERS_MAX)
        h->list[h->count++] = line;
}

/* header.X-Name = value of the client's options and the server's overrides. */
static void add_option_headers(const struct rest_session *s, struct arena *arena, struct headers *h)
{
    struct slice prefix = SLICE("header.");
    struct map_entry *entry;
    const char *key;
    json_t *value;

    for (size_t at = 0; (entry = map_next(s->options, &at)) != NULL;)
        if (slice_starts(entry->key, prefix) && json_object_get(s->overrides, entry->key.ptr) == NULL)
            add_header(
                h, arena_printf(arena, "%s: %s", entry->key.ptr + prefix.len, (const char *)entry->value));
    json_object_foreach(s->overrides, key, value)
    {
        if (slice_starts(slice_text(key), prefix) && json_is_string(value))
            add_header(h, arena_printf(arena, "%s: %s", key + prefix.len, json_string_value(value)));
    }
}

/* Send with the current token; *used is that token. */
static enum err send_once(struct rest_session *s, struct http_request *request, struct arena *arena,
                          const char *stale, const char **used, struct rest_answer *out, struct error *e)
{
    struct headers headers = {0};
    enum err rc;

    pthread_mutex_lock(&s->lock);
    rc = current_token(s, arena, stale, used, e);
    add_option_headers(s, arena, &headers);
    pthread_mutex_unlock(&s->lock);
    if (rc != OK)
        return rc;
    add_header(&headers, "Accept: application/json");
    if (request->body.len)
        add_header(&headers, "Content-Type: application/json");
    if (*used)
        add_header(&headers, arena_printf(arena, "Authorization: Bearer %s", *used));
    if (arena->failed)
        return error_memory(e, 0, "a request");
    request->headers = headers.list;
    return exchange(s, request, out, e);
}

static enum err send_as_us(struct rest_session *s, struct http_request *request, struct rest_answer *out,
                           struct error *e)
{
    struct arena arena = {0};
    const char *used = NULL, *again = NULL;
    enum err rc = send_once(s, request, &arena, NULL, &used, out, e);

    /* 401 and 419: not done. A new token may be better, when one can be had. */
    if (rc == OK && (out->status == 401 || out->status == 419) && used && client_option(s, "credential")) {
        log_info("iceberg", "the catalog has refused its token; fetching another");
        rest_answer_fini(out);
        rc = send_once(s, request, &arena, used, &again, out, e);
    }
    arena_fini(&arena);
    return rc;
}

/* --- configuration --- */

static enum err fetch_config(struct rest_session *s, struct rest_answer *answer, struct error *e)
{
    struct arena arena = {0};
    struct bytes path = {0};
    struct http_request request = {.method = "GET"};
    enum err rc;

    bytes_text(&path, "v1/config");
    if (client_option(s, "warehouse")) {
        bytes_text(&path, "?warehouse=");
        escape(slice_text(client_option(s, "warehouse")), &path);
    }
    request.url = bytes_cstr(&path) ? url_of(s, &arena, path.ptr) : NULL;
    if (request.url == NULL)
        rc = error_memory(e, path.len, "a request");
    else if ((rc = send_as_us(s, &request, answer, e)) == OK && answer->status != 200)
        rc = rest_session_error(answer, e);
    else if (rc == OK && !json_is_object(answer->json))
        rc = error_set(e, ERR_INPUT, "the answer is not JSON; is this an Iceberg REST catalog?");
    if (rc != OK)
        error_add(e, rc, "asking %.200s for its configuration", option(s, "uri"));
    bytes_fini(&path);
    arena_fini(&arena);
    return rc;
}

static enum err configure(struct rest_session *s, struct error *e)
{
    struct rest_answer answer = {0};
    enum err rc = OK;

    pthread_mutex_lock(&s->setup);
    if (!s->configured && (rc = fetch_config(s, &answer, e)) == OK) {
        pthread_mutex_lock(&s->lock);
        s->defaults = json_incref(json_object_get(answer.json, "defaults"));
        s->overrides = json_incref(json_object_get(answer.json, "overrides"));
        s->configured = true;
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_unlock(&s->setup);
    rest_answer_fini(&answer);
    return rc;
}

/* --- what the catalog uses --- */

enum err rest_session_send(struct rest_session *s, const char *method, const char *path, json_t *body,
                           struct rest_answer *out, struct error *e)
{
    struct arena arena = {0};
    struct bytes text = {0};
    struct http_request request = {.method = method};
    const char *prefix;
    enum err rc = configure(s, e);

    *out = (struct rest_answer){0};
    if (rc == OK && body)
        rc = json_field_print(body, &text, e);
    if (rc == OK) {
        prefix = option(s, "prefix");
        path = arena_printf(&arena, "v1/%s%s%s", prefix ? prefix : "", prefix && *prefix ? "/" : "", path);
        request.url = path ? url_of(s, &arena, path) : NULL;
        request.body = bytes_all(&text);
        rc = request.url ? send_as_us(s, &request, out, e) : error_memory(e, 0, "a request");
    }
    bytes_fini(&text);
    arena_fini(&arena);
    return rc;
}

enum err rest_session_path(struct rest_session *s, const char *name_space, const char *table,
                           struct bytes *out, struct error *e)
{
    const char *separator;
    enum err rc = configure(s, e);

    if (rc != OK)
        return rc;
    separator = option(s, "namespace-separator");
    bytes_text(out, "namespaces/");
    for (const char *at = name_space;;) {
        size_t len = strcspn(at, ".");

        escape(slice_of(at, len), out);
        if (at[len] == '\0')
            break;
        bytes_text(out, separator ? separator : SEPARATOR);
        at += len + 1;
    }
    if (table) {
        bytes_text(out, "/tables/");
        escape(slice_text(table), out);
    }
    return bytes_cstr(out) ? OK : error_memory(e, out->len, "a request");
}
