/* registry.c: see registry.h. Source: Confluent Schema Registry API reference, "Schemas" and "Subjects".
 * The URLs are tried in turn, beginning with the one that answered last. A 5xx counts as no answer: the
 * registry says so when its own storage is away. What was fetched is kept for ever: an id never changes its
 * meaning.
 */
#include "formats/registry.h"
#include "base/mem.h"
#include "formats/format.h"
#include "formats/registry_answer.h"
#include "formats/registry_mock.h"
#include "io/http.h"
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>

#define URL_COUNT_MAX   16
#define HTTP_TIMEOUT_MS 10000
#define MEDIA_TYPE      "application/vnd.schemaregistry.v1+json"

struct known {
    char *schema; /* owned */
    int32_t version;
};

struct registry {
    char *mock;                /* owned: the name behind mock://; NULL: a real one */
    struct http *http;         /* owned */
    char *urls[URL_COUNT_MAX]; /* owned, without a final slash */
    int url_count;
    pthread_mutex_t lock; /* for what follows */
    int url_at;           /* the one that answered last */
    struct map schemas;   /* id, as bytes, to struct known, owned */
};

/* --- making --- */

static const char *option(const struct map *options, const char *name)
{
    return map_get(options, slice_text(name));
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a schema registry client");
}

/* Credentials: the texts lie in text. */
struct login {
    struct http_config config;
    char *text; /* owned */
};

/* `user:password` into the two. */
static enum err set_user(struct login *l, struct slice user_info, struct error *e)
{
    char *colon;

    mem_free(l->text);
    if ((l->text = mem_strndup(user_info.ptr, user_info.len)) == NULL)
        return no_memory(e);
    if ((colon = strchr(l->text, ':')) == NULL)
        return error_set(e, ERR_CONFIG, "the user of the schema registry must be given as 'user:password'");
    *colon = '\0';
    l->config.user = l->text;
    l->config.password = colon + 1;
    return OK;
}

static enum err unsupported(const char *name, const char *value, const char *instead, struct error *e)
{
    return error_set(e, ERR_UNSUPPORTED, "option '%s' = '%s' is not supported; %s", name, value, instead);
}

/* PEM is all that is read: Java's own stores are refused before they fail as a certificate. */
static enum err read_stores(struct login *l, const struct map *options, struct error *e)
{
    static const char *const names[] = {"ssl.truststore.location", "ssl.keystore.location"};
    static const char *const java[] = {".jks", ".p12", ".pfx", ".keystore", ".truststore"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *path = option(options, names[i]);

        for (size_t k = 0; path && k < COUNT_OF(java); k++)
            if (slice_ends(slice_text(path), slice_text(java[k])))
                return unsupported(names[i], path,
                                   "give a file in PEM format: keytool and openssl convert it", e);
    }
    if (option(options, "ssl.truststore.password") || option(options, "ssl.keystore.password"))
        return error_set(e, ERR_UNSUPPORTED,
                         "options 'ssl.truststore.password' and 'ssl.keystore.password' are not "
                         "supported; give PEM files without a password, and remove the option");
    l->config.ca_file = option(options, names[0]);
    l->config.client_cert = l->config.client_key = option(options, names[1]);
    return OK;
}

static enum err read_login(struct login *l, const struct map *options, struct error *e)
{
    const char *source = option(options, "basic-auth.credentials-source");
    const char *user_info = option(options, "basic-auth.user-info");
    const char *bearer_source = option(options, "bearer-auth.credentials-source");
    enum err rc;

    if (source && strcmp(source, "USER_INFO") != 0 && strcmp(source, "URL") != 0)
        return unsupported("basic-auth.credentials-source", source, "use 'USER_INFO' or 'URL'", e);
    if (bearer_source && strcmp(bearer_source, "STATIC_TOKEN") != 0)
        return unsupported("bearer-auth.credentials-source", bearer_source, "use 'STATIC_TOKEN'", e);
    if (source && strcmp(source, "USER_INFO") == 0 && user_info == NULL)
        return error_set(e, ERR_CONFIG,
                         "option 'basic-auth.user-info' is missing, which 'USER_INFO' asks for");
    if (user_info && (source == NULL || strcmp(source, "USER_INFO") == 0) &&
        (rc = set_user(l, slice_text(user_info), e)) != OK)
        return rc;
    l->config.bearer = option(options, "bearer-auth.token");
    return read_stores(l, options, e);
}

static struct slice trim(struct slice s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len && strchr(" \t/", s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* One URL of the list; a `user:password@` in it goes to the login. */
static enum err add_url(struct registry *r, struct login *l, struct slice url, struct error *e)
{
    size_t scheme = slice_starts(url, SLICE("http://")) ? 7 : slice_starts(url, SLICE("https://")) ? 8 : 0;
    const char *host = url.ptr + scheme;
    const char *slash = scheme ? memchr(host, '/', url.len - scheme) : NULL;
    const char *at = scheme ? memrchr(host, '@', slash ? (size_t)(slash - host) : url.len - scheme) : NULL;
    enum err rc;

    if (scheme == 0)
        return error_set(e, ERR_CONFIG, "the schema registry's url must begin with http:// or https://");
    if (r->url_count == URL_COUNT_MAX)
        return error_set(e, ERR_CONFIG, "the schema registry may have at most %d urls", URL_COUNT_MAX);
    if (at && l->config.user == NULL && (rc = set_user(l, slice_of(host, (size_t)(at - host)), e)) != OK)
        return rc;
    host = at ? at + 1 : host;
    r->urls[r->url_count] = mem_printf("%.*s%.*s", (int)scheme, url.ptr, (int)(url.ptr + url.len - host),
                                       host);
    return r->urls[r->url_count++] ? OK : no_memory(e);
}

static enum err add_urls(struct registry *r, struct login *l, struct slice list, struct error *e)
{
    enum err rc;

    while (list.len) {
        const char *comma = memchr(list.ptr, ',', list.len);
        struct slice url = {list.ptr, comma ? (size_t)(comma - list.ptr) : list.len};

        list = slice_from(list, url.len + (comma != NULL));
        url = trim(url);
        if (url.len && (rc = add_url(r, l, url, e)) != OK)
            return rc;
    }
    if (r->url_count == 0)
        return error_set(e, ERR_CONFIG, "the schema registry's url is empty");
    return OK;
}

static enum err open_registry(struct registry *r, struct login *l, const struct map *options, struct error *e)
{
    const char *url = option(options, "url");
    enum err rc;

    if (url == NULL)
        return error_set(e, ERR_CONFIG, "option 'url' of the schema registry is missing");
    if (slice_starts(slice_text(url), SLICE("mock://")))
        return (r->mock = mem_strdup(url + 7)) ? OK : no_memory(e);
    if ((rc = read_login(l, options, e)) != OK || (rc = add_urls(r, l, slice_text(url), e)) != OK)
        return rc;
    if (l->config.user && l->config.bearer)
        return error_set(e, ERR_CONFIG,
                         "the schema registry is given both basic-auth and bearer-auth; remove one");
    l->config.timeout_ms = HTTP_TIMEOUT_MS;
    l->config.retries = r->url_count > 1 ? 1 : -1;
    return http_new(&l->config, &r->http, e);
}

enum err registry_new(const struct map *options, struct registry **out, struct error *e)
{
    struct registry *r = mem_zalloc(sizeof *r);
    struct login login = {0};
    enum err rc;

    if (r == NULL)
        return no_memory(e);
    pthread_mutex_init(&r->lock, NULL);
    rc = open_registry(r, &login, options, e);
    mem_free(login.text);
    if (rc != OK) {
        registry_free(r);
        return rc;
    }
    *out = r;
    return OK;
}

void registry_free(struct registry *r)
{
    struct map_entry *entry;
    size_t at = 0;

    if (r == NULL)
        return;
    while ((entry = map_next(&r->schemas, &at)) != NULL) {
        struct known *k = entry->value;

        mem_free(k->schema);
        mem_free(k);
    }
    map_fini(&r->schemas);
    for (int i = 0; i < r->url_count; i++)
        mem_free(r->urls[i]);
    http_free(r->http);
    mem_free(r->mock);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

/* --- asking --- */

/* What a status says that is not 200. The registry's own message is added when there is one. */
static enum err explain(const struct http_response *response, struct error *e)
{
    int status = response->status;
    json_t *json = json_loadb(response->body.ptr ? response->body.ptr : "", response->body.len, 0, NULL);
    const char *message = json_string_value(json_object_get(json, "message"));
    enum err rc = status == 401 || status == 403   ? ERR_DENIED
                  : status == 404                  ? ERR_NOT_FOUND
                  : status == 409                  ? ERR_CONFLICT
                  : status >= 500 || status == 429 ? ERR_UNAVAILABLE
                                                   : ERR_INPUT;

    error_set(e, rc, "the registry answers %d%s%.200s%s", status, message ? ", " : "", message ? message : "",
              rc == ERR_DENIED ? "; check basic-auth.user-info or bearer-auth.token" : "");
    json_decref(json);
    return rc;
}

static enum err send_to(struct registry *r, int url_number, const char *method, const char *path,
                        struct slice body, struct http_response *response, struct error *e)
{
    static const char *const headers[] = {"Accept: " MEDIA_TYPE ", application/json",
                                          "Content-Type: " MEDIA_TYPE, NULL};
    char *url = mem_printf("%s%s", r->urls[url_number], path);
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = headers,
                                   .body = body,
                                   .repeatable = true}; /* to register twice is to register once */
    enum err rc;

    if (url == NULL)
        return no_memory(e);
    *response = (struct http_response){0};
    rc = http_send(r->http, &request, response, e);
    if (rc == OK && response->status != 200)
        rc = error_add(e, explain(response, e), "%s %s", method, url);
    mem_free(url);
    return rc;
}

static enum err parse(struct slice body, json_t **out, struct error *e)
{
    json_error_t where;

    if ((*out = json_loadb(body.ptr ? body.ptr : "", body.len, 0, &where)) != NULL)
        return OK;
    if (where.line < 0)
        return no_memory(e);
    return error_set(e, ERR_INPUT,
                     "the registry's answer is not JSON; is the url that of a schema registry?");
}

/* Ask the URLs in turn until one answers; the document of the answer is *out (owned by the caller). */
static enum err ask(struct registry *r, const char *method, const char *path, struct slice body, json_t **out,
                    struct error *e)
{
    struct http_response response = {0};
    enum err rc = ERR_UNAVAILABLE;
    int first, number = 0;

    pthread_mutex_lock(&r->lock);
    first = r->url_at;
    pthread_mutex_unlock(&r->lock);
    for (int i = 0; rc == ERR_UNAVAILABLE && i < r->url_count; i++) {
        number = (first + i) % r->url_count;
        http_response_fini(&response);
        rc = send_to(r, number, method, path, body, &response, e);
        if (rc == ERR_UNAVAILABLE)
            continue;
        pthread_mutex_lock(&r->lock);
        r->url_at = number;
        pthread_mutex_unlock(&r->lock);
    }
    if (rc == OK && (rc = parse(bytes_all(&response.body), out, e)) != OK)
        rc = error_add(e, rc, "%s %s%s", method, r->urls[number], path);
    http_response_fini(&response);
    return rc;
}

static enum err take_schema(const json_t *json, int32_t id, struct bytes *out, struct error *e)
{
    const json_t *schema = json_object_get(json, "schema");
    const char *type = json_string_value(json_object_get(json, "schemaType"));

    if (type && strcmp(type, "AVRO") != 0)
        return error_set(e, ERR_UNSUPPORTED, "schema %" PRId32 " is of type %.40s, not AVRO", id, type);
    if (json_array_size(json_object_get(json, "references")))
        return error_set(e, ERR_UNSUPPORTED,
                         "schema %" PRId32 " has references to other schemas, which is not "
                         "supported; register it as one document",
                         id);
    if (!json_is_string(schema))
        return error_set(e, ERR_INPUT, "the registry's answer for schema %" PRId32 " has no schema in it",
                         id);
    bytes_append(out, json_string_value(schema), json_string_length(schema));
    return out->failed ? no_memory(e) : OK;
}

enum err registry_answer_schema(struct slice body, int32_t id, struct bytes *out, struct error *e)
{
    json_t *json = NULL;
    enum err rc = parse(body, &json, e);

    if (rc == OK)
        rc = take_schema(json, id, out, e);
    json_decref(json);
    return rc;
}

/* The version of the first subject that has id; 0 when the registry is too old to say, or will not. */
static int32_t ask_version(struct registry *r, int32_t id)
{
    struct error ignored;
    json_t *json = NULL;
    json_int_t version = 0;
    char path[64];

    snprintf(path, sizeof path, "/schemas/ids/%" PRId32 "/versions", id);
    if (ask(r, "GET", path, SLICE(""), &json, &ignored) == OK)
        version = json_integer_value(json_object_get(json_array_get(json, 0), "version"));
    json_decref(json);
    return version > 0 && version <= INT32_MAX ? (int32_t)version : 0;
}

static enum err fetch(struct registry *r, int32_t id, struct bytes *out, int32_t *version, struct error *e)
{
    json_t *json = NULL;
    char path[64];
    enum err rc;

    snprintf(path, sizeof path, "/schemas/ids/%" PRId32, id);
    if ((rc = ask(r, "GET", path, SLICE(""), &json, e)) == OK)
        rc = take_schema(json, id, out, e);
    json_decref(json);
    if (rc == OK)
        *version = ask_version(r, id);
    return rc;
}

/* --- the cache --- */

static bool find_known(struct registry *r, int32_t id, struct bytes *out, int32_t *version)
{
    struct known *k;

    pthread_mutex_lock(&r->lock);
    if ((k = map_get(&r->schemas, slice_of(&id, sizeof id))) != NULL) {
        bytes_text(out, k->schema);
        *version = k->version;
    }
    pthread_mutex_unlock(&r->lock);
    return k != NULL;
}

/* What cannot be remembered is asked for again. */
static void remember(struct registry *r, int32_t id, struct slice schema, int32_t version)
{
    struct known *k = mem_zalloc(sizeof *k);
    bool kept = false;

    if (k == NULL)
        return;
    k->version = version;
    k->schema = mem_strndup(schema.ptr ? schema.ptr : "", schema.len);
    pthread_mutex_lock(&r->lock);
    if (k->schema && map_get(&r->schemas, slice_of(&id, sizeof id)) == NULL)
        kept = map_put(&r->schemas, slice_of(&id, sizeof id), k);
    pthread_mutex_unlock(&r->lock);
    if (kept)
        return;
    mem_free(k->schema);
    mem_free(k);
}

enum err registry_schema(struct registry *r, int32_t id, struct bytes *out, int32_t *version, struct error *e)
{
    size_t before = out->len;
    int32_t found = 0;
    enum err rc = OK;

    if (r->mock) {
        rc = registry_mock_schema(r->mock, id, out, &found, e);
    } else if (!find_known(r, id, out, &found)) {
        if ((rc = fetch(r, id, out, &found, e)) == OK)
            remember(r, id, slice_of(out->ptr + before, out->len - before), found);
    }
    if (version)
        *version = found;
    if (rc == OK && out->failed)
        rc = no_memory(e);
    return rc == OK ? OK : error_add(e, rc, "schema registry");
}

/* --- registering --- */

/* A path segment: everything but letters, digits and -_.~ as %XX. */
static void append_segment(const char *text, struct bytes *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";

    for (; *text; text++)
        if (strchr(plain, *text))
            bytes_append(out, text, 1);
        else
            bytes_printf(out, "%%%02X", (uint8_t)*text);
}

static int append_piece(const char *piece, size_t len, void *arg)
{
    bytes_append(arg, piece, len);
    return 0;
}

/* {"schema": "..."} */
static void write_question(struct slice schema, struct bytes *out)
{
    json_t *question = json_pack("{s:s%}", "schema", schema.ptr, schema.len);

    if (question == NULL || json_dump_callback(question, append_piece, out, JSON_COMPACT) != 0)
        out->failed = true;
    json_decref(question);
}

static enum err post(struct registry *r, const char *subject, struct slice schema, int32_t *id,
                     struct error *e)
{
    struct bytes path = {0}, body = {0};
    json_t *json = NULL;
    json_int_t answer;
    enum err rc;

    if (!format_utf8(schema))
        return error_set(e, ERR_INPUT, "the schema is not UTF-8");
    write_question(schema, &body);
    bytes_text(&path, "/subjects/");
    append_segment(subject, &path);
    bytes_text(&path, "/versions");
    if (body.failed || bytes_cstr(&path) == NULL) {
        rc = no_memory(e);
        goto out;
    }
    if ((rc = ask(r, "POST", path.ptr, bytes_all(&body), &json, e)) != OK)
        goto out;
    answer = json_integer_value(json_object_get(json, "id"));
    if (answer < 1 || answer > INT32_MAX)
        rc = error_set(e, ERR_INPUT, "the registry's answer has no id in it");
    else
        *id = (int32_t)answer;
out:
    json_decref(json);
    bytes_fini(&body);
    bytes_fini(&path);
    return rc;
}

enum err registry_register(struct registry *r, const char *subject, struct slice schema, int32_t *id,
                           struct error *e)
{
    enum err rc = r->mock ? registry_mock_register(r->mock, subject, schema, id, e)
                          : post(r, subject, schema, id, e);

    return rc == OK ? OK : error_add(e, rc, "schema registry: registering subject %s", subject);
}
